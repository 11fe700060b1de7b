"""The oldest and the newest supported version of each framework: ``nox`` runs all, ``nox -s "flask(oldest)"`` one.

Oldest is the floor that pyproject.toml states, for the package's own requirements too; newest is what constraints.txt
pins, on each Python that is there.
"""

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

OLDEST_PYTHON = "3.11"
NEWER_PYTHONS = ["3.12", "3.13", "3.14"]
VERSIONS = [
    nox.param(OLDEST_PYTHON, "oldest", id="oldest"),
    *(nox.param(python, "newest", id=f"newest-{python}") for python in [OLDEST_PYTHON, *NEWER_PYTHONS]),
]
OF_ITS_TIME = {
    "flask": ["werkzeug<3.1"],  # Flask's test client reads a version that Werkzeug 3.1 no longer has
    "starlette": ["fastapi<0.116", "httpx<1"],  # its test client is made for httpx
}
"""What an oldest framework needs beside it."""
DEPRECATIONS = ("-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning")
"""What an oldest framework does in ways that newer libraries call old is not ours."""


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


def _test(session: nox.Session, framework: str, versions: str) -> None:
    session.install("--require-hashes", "-r", "constraints.txt")
    if versions == "oldest":
        project = nox.project.load_toml("pyproject.toml")["project"]
        extras = project["optional-dependencies"]
        stated = [*project["dependencies"], *extras[framework], *extras["emulator"]]
        session.install(*(requirement.replace(">=", "==") for requirement in stated), *OF_ITS_TIME.get(framework, ()))
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run("python", "-c", f"import importlib.metadata as m; print('{framework}', m.version('{framework}'))")
    warnings = DEPRECATIONS if versions == "oldest" else ()
    session.run("pytest", "-q", "tests/registry", *warnings)
    session.run("pytest", "-q", "tests/integrations", "tests/many_machines", "-k", framework, *warnings)
