"""The oldest and the newest supported versions, for each framework and for all: ``nox -s "flask(oldest)"`` runs one.

Oldest is the floor that pyproject.toml states, for the package's own requirements too; newest is what constraints.txt
pins, on each newer Python that is there, since ``make test`` has the oldest one. ``oldest`` runs the tests without a
framework on all floors at once; ``newest`` and ``unreleased`` take what an index has today: .ci/test-versions runs them
each week, and a plain ``nox`` does not.
"""

import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

OLDEST_PYTHON = "3.11"
NEWER_PYTHONS = ["3.12", "3.13", "3.14"]
VERSIONS = [
    nox.param(OLDEST_PYTHON, "oldest", id="oldest"),
    *(nox.param(python, "newest", id=f"newest-{python}") for python in NEWER_PYTHONS),
]
OF_ITS_TIME = {
    "flask": ["werkzeug<3.1"],  # Flask's test client reads a version that Werkzeug 3.1 no longer has
    "starlette": ["fastapi<0.116", "httpx<1"],  # its test client is made for httpx
}
"""What an oldest framework needs beside it."""
NOT_BESIDE = {"starlette": ["multipart"]}
"""What an oldest framework fails beside: Starlette takes Litestar's ``multipart`` for python-multipart."""
OF_THE_TESTS = ["anyio"]
"""What tests/integrations imports with any framework: a version that runs on the oldest typing-extensions."""
DEPRECATIONS = ("-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning")
"""What an oldest framework does in ways that newer libraries call old is not ours."""
NOT_ON_THE_OLDEST = (
    "tests/cli/test_catalog.py::test_schema",  # the text of a schema is that of the newest pydantic
    "tests/catalog/test_schema.py::test_the_committed_schema_is_up_to_date",
    "tests/catalog/test_schema.py::test_our_files_pass",  # check-jsonschema needs a newer click than we do
    "tests/catalog/test_schema.py::test_invalid_files_fail",
    "tests/catalog/test_published.py::TestSchema::test_the_file_passes",
)
"""Tests whose subject is not the package with old dependencies."""
WITHOUT_A_FRAMEWORK = [f"tests/{folder}" for folder in ("catalog", "cli", "clients", "flow", "tokens")]


@nox.session
@nox.parametrize("python,versions", VERSIONS)
def flask(session: nox.Session, versions: str) -> None:
    """Flask's client."""
    _test(session, "flask", versions)


@nox.session
@nox.parametrize("python,versions", VERSIONS)
def django(session: nox.Session, versions: str) -> None:
    """Django's client."""
    _test(session, "django", versions)


@nox.session
@nox.parametrize("python,versions", VERSIONS)
def starlette(session: nox.Session, versions: str) -> None:
    """Starlette's client, and FastAPI's."""
    _test(session, "starlette", versions)


@nox.session(python=OLDEST_PYTHON, default=False)
def oldest(session: nox.Session) -> None:
    """What needs no framework, on the oldest version of every requirement at once."""
    session.install("--require-hashes", "-r", "constraints.txt")
    limits = Path(session.virtualenv.location) / "of-its-time.txt"  # create_tmp() moves TMPDIR into the repository
    limits.write_text("\n".join(one for found in OF_ITS_TIME.values() for one in found), encoding="utf-8")
    session.install("--resolution", "lowest-direct", "--upgrade", "-c", str(limits), *_stated())
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    left_out = [f"--deselect={name}" for name in NOT_ON_THE_OLDEST]
    markers = "not foreign and not server and not long"
    session.run("pytest", "-q", "-n", "2", "-m", markers, *left_out, *WITHOUT_A_FRAMEWORK, *DEPRECATIONS)


@nox.session(python=OLDEST_PYTHON, default=False)
def newest(session: nox.Session) -> None:
    """The newest release of every requirement, whether constraints.txt has it or not."""
    _test_unlocked(session)


@nox.session(python=OLDEST_PYTHON, default=False)
def unreleased(session: nox.Session) -> None:
    """The same with alphas, betas and release candidates."""
    _test_unlocked(session, "--prerelease", "allow")


def _test_unlocked(session: nox.Session, *options: str) -> None:
    session.install("--editable", ".[all]", "--group", "dev", "--upgrade", *options)
    session.run("pytest", "-q", "-n", "2", "-m", "not browser and not foreign and not server")


def _stated() -> list[str]:
    """Every requirement of pyproject.toml, those of the extras too."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    extras = project["optional-dependencies"]
    stated = [*project["dependencies"], *(one for name in extras if name != "bench" for one in extras[name])]
    return sorted({requirement for requirement in stated if not requirement.startswith("oauth1-catalog[")})


@nox.session
@nox.parametrize("python,versions", VERSIONS)
def litestar(session: nox.Session, versions: str) -> None:
    """Litestar's client."""
    _test(session, "litestar", versions)


@nox.session
@nox.parametrize("python,versions", VERSIONS)
def quart(session: nox.Session, versions: str) -> None:
    """Quart's client."""
    _test(session, "quart", versions)


def _test(session: nox.Session, framework: str, versions: str) -> None:
    session.install("--require-hashes", "-r", "constraints.txt")
    if versions == "oldest":
        project = nox.project.load_toml("pyproject.toml")["project"]
        extras = project["optional-dependencies"]
        stated = [*project["dependencies"], *extras[framework], *extras["emulator"]]
        floors = [requirement.replace(">=", "==") for requirement in stated]
        session.install(*floors, *OF_ITS_TIME.get(framework, ()), *OF_THE_TESTS)
        for name in NOT_BESIDE.get(framework, ()):
            uv = str(Path(sys.executable).with_name("uv"))
            session.run_install(uv, "pip", "uninstall", "--python", session.virtualenv.location, name, external=True)
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run("python", "-c", f"import importlib.metadata as m; print('{framework}', m.version('{framework}'))")
    warnings = DEPRECATIONS if versions == "oldest" else ()
    folders = ["tests/integrations", "tests/many_machines"]
    if framework in ("litestar", "quart"):  # `make test` runs few of these
        folders += ["tests/threats", "--more-frameworks", "-n", "2"]
    else:
        session.run("pytest", "-q", "-n", "2", "tests/registry", *warnings)
    session.run("pytest", "-q", "-n", "2", *folders, "-k", framework, *warnings)
