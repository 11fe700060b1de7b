"""The wheel as strangers install it: each extra alone and none, with the newest of everything and the lowest let in."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from oauth1_catalog.cli.demo import FRAMEWORKS
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_environment, write_files
from tests.docs.conftest import python_blocks
from tests.installed.conftest import ROOT, Environment, run, strangers_environment

PROBE = Path(__file__).with_name("probe.py")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED = ["", *EXTRAS, "flask,sqlalchemy", "cli,emulator"]
"""Each extra alone, none, and those that the pages name together."""
VERSIONS = ("newest", "lowest")
FLASK, DJANGO, STARLETTE, _ = python_blocks("README.md")
FACES = {
    "integrations.flask_client": "flask",
    "integrations.django_client": "django",
    "integrations.django_tokens.models": "django",
    "integrations.starlette_client": "starlette",
    "integrations.litestar_client": "litestar",
    "integrations.quart_client": "quart",
    "integrations.httpx_client": "starlette",
    "integrations.sqlalchemy_tokens": "sqlalchemy",
    "emulator": "emulator",
    "cli": "cli",
}
"""What cannot be imported without an extra, and which one its message names."""
OF_ITS_TIME = {"flask": ["werkzeug<3.1"]}
"""What an oldest framework needs beside it, and says itself too loosely."""


def expanded(extras: str) -> set[str]:
    """The extras with those that they bring.

    >>> sorted(expanded("cli,emulator"))
    ['cli', 'emulator']
    """
    found = set(filter(None, extras.split(",")))
    for extra in tuple(found):
        for requirement in EXTRAS[extra]:
            if own := re.fullmatch(r"oauth1-catalog\[(.*)\]", requirement):
                found |= expanded(own[1])
    return found


@pytest.fixture
def installed(extras: str, versions: str, wheel: Path, environment: Environment, tmp_path: Path) -> Environment:
    own = f"[{extras}]" if extras else ""
    if versions == "newest":
        environment.install(f"oauth1-catalog{own} @ {wheel.as_uri()}")
        return environment
    lowest = tmp_path / "lowest.txt"
    words = [word for extra in filter(None, extras.split(",")) for word in ("--extra", extra)]
    beside = tmp_path / "beside.txt"
    beside.write_text("\n".join(line for extra in expanded(extras) for line in OF_ITS_TIME.get(extra, ())))
    compiled = ["-m", "uv", "pip", "compile", "-q", "--resolution", "lowest-direct", *words, "-o", lowest]
    run(sys.executable, *compiled, "-c", beside, ROOT / "pyproject.toml", cwd=tmp_path)
    environment.install("-r", lowest)
    environment.install("--no-deps", wheel)
    return environment


@pytest.mark.parametrize("versions", VERSIONS)
@pytest.mark.parametrize("extras", INSTALLED, ids=lambda extras: extras or "none")
def test_every_module_imports_and_the_first_example_runs(
    extras: str, versions: str, installed: Environment, tmp_path: Path, twitter: dict[str, str], emulator: Emulator
) -> None:
    installed.run("python", "-m", "pip", "check")
    told = installed.run("python", "-W", "error::DeprecationWarning:oauth1_catalog", PROBE, *sorted(expanded(extras)))
    assert int(told.stdout.split()[0]) > 50
    for extra in dict.fromkeys((extras, *sorted(expanded(extras)))):
        if extra in EXAMPLES:
            folder = tmp_path / f"example-{extra}"
            folder.mkdir()
            EXAMPLES[extra](installed, folder, twitter, emulator)


def has(installed: Environment, module: str) -> bool:
    return installed.run("python", "-c", f"import {module}", status=None).returncode == 0


def without_extras(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """A script signs with requests; the command says what it needs."""
    code = """
        import requests
        from oauth1_catalog import Catalog
        from oauth1_catalog.integrations.requests_client import OAuth1Auth
        url = Catalog().provider("twitter").api_base_url + "account/verify_credentials.json"
        signed = requests.Request("GET", url, auth=OAuth1Auth("key", "secret", "token", "token secret")).prepare()
        print(signed.headers["Authorization"])
    """
    lines = "\n".join(line.strip() for line in code.splitlines())
    assert 'oauth_consumer_key="key"' in installed.run("python", "-c", lines).stdout
    if (
        not (installed.folder / "bin" / "click").exists()
        and installed.run("python", "-c", "import click", status=None).returncode
    ):
        told = installed.run("oauth1-catalog", "list", status=1).stderr
        assert "pip install 'oauth1-catalog[cli]'" in told
    for module, extra in FACES.items():
        code = f"try: import oauth1_catalog.{module}\nexcept ImportError as error: print(error)"
        told = installed.run("python", "-c", code).stdout
        assert re.search(
            rf"needs the package \w+\. Install it: pip install 'oauth1-catalog\[{extra}\]'( \(or .*\))?\.$", told
        ), told


def with_rsa(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    (folder / "key.pem").write_text(emulator.client("twitter").rsa_key, encoding="ascii")
    code = (
        "import requests; from oauth1_catalog.integrations.requests_client import OAuth1Auth; "
        "auth = OAuth1Auth('k', rsa_key=open('key.pem').read(), signature_method='RSA-SHA1'); "
        "print(requests.Request('GET', 'https://a.example/', auth=auth).prepare().headers['Authorization'])"
    )
    assert "RSA-SHA1" in installed.run("python", "-c", code, cwd=folder).stdout


def with_script(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """The page's async script, with keys that are in a file."""
    values = {"account_id": "1234567_SB1"}
    write_files(emulator, [emulator.catalog.provider("netsuite", values=values)], folder / "emulated")
    keys, token = emulator.client("netsuite"), emulator.issue_token("netsuite", user="grace")
    variables = {
        "NETSUITE_ACCOUNT_ID": "1234567_SB1",
        "NETSUITE_CLIENT_ID": keys.client_id,
        "NETSUITE_CLIENT_SECRET": keys.client_secret,
        "NETSUITE_TOKEN": token.oauth_token,
        "NETSUITE_TOKEN_SECRET": token.oauth_token_secret,
    }
    write_environment(folder / ".env", variables)
    script = python_blocks("docs/scripts.md")[1].replace('"netsuite")', '"netsuite", env_file=".env")')
    trust = {"OAUTH1_CATALOG_PATH": str(folder / "emulated"), "SSL_CERT_FILE": twitter["SSL_CERT_FILE"]}
    assert "'user': 'grace'" in installed.run("python", "-c", script, cwd=folder, **trust).stdout


def with_proxy(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """A program calls the API without a key."""
    token = emulator.issue_token("twitter", user="grace")
    keys = {"TWITTER_TOKEN": token.oauth_token, "TWITTER_TOKEN_SECRET": token.oauth_token_secret}
    program = (
        "import os, urllib.request as u; print(os.environ.get('TWITTER_CLIENT_SECRET')); "
        "print(u.urlopen(os.environ['OAUTH1_PROXY_URL'] + '1.1/account/settings.json').read())"
    )
    told = installed.run(
        "oauth1-catalog", "proxy", "twitter", "--", "python", "-c", program, cwd=folder, **twitter, **keys
    )
    assert told.stdout.startswith("None\n")
    assert "grace" in told.stdout


def with_flask(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """README's example: it is served as Flask serves it, and a visitor logs in, and another one does not."""
    (folder / "app.py").write_text(FLASK, encoding="utf-8")
    keys = {f"FLASK_{name}": value for name, value in twitter.items() if name.startswith("TWITTER_")}
    settings = {**twitter, **keys, "FLASK_SECRET_KEY": "a secret key"}
    with served(installed, folder, "flask", "run", "--port", "{port}", **settings) as origin:
        visit(origin, emulator)


def with_django(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """README's example, in the project that ``startproject`` makes."""
    installed.run("django-admin", "startproject", "site_of_mine", folder)
    (folder / "site_of_mine" / "urls.py").write_text(DJANGO, encoding="utf-8")
    with (folder / "site_of_mine" / "settings.py").open("a", encoding="utf-8") as settings:
        keys = {"client_id": twitter["TWITTER_CLIENT_ID"], "client_secret": twitter["TWITTER_CLIENT_SECRET"]}
        settings.write(f"\nOAUTH1_CATALOG = {{'twitter': {keys!r}}}\n")
        settings.write("import os\nOAUTH1_CATALOG_REDIRECT_BASE_URL = os.environ.get('ADDRESS')\n")
    installed.run("python", "manage.py", "migrate", cwd=folder, **twitter)
    with served(installed, folder, "python", "manage.py", "runserver", "--noreload", "{port}", **twitter) as origin:
        visit(origin, emulator)


def with_starlette(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """README's example; FastAPI and a server are the application's to add."""
    version = installed.run("python", "-c", "import starlette; print(starlette.__version__)").stdout.strip()
    installed.install("fastapi", "uvicorn", f"starlette=={version}")
    (folder / "app.py").write_text(STARLETTE, encoding="utf-8")
    with served(
        installed, folder, "uvicorn", "app:app", "--port", "{port}", SECRET_KEY="a secret key", **twitter
    ) as origin:
        visit(origin, emulator)


def with_litestar(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """The page's application; a server is the application's to add."""
    installed.install("uvicorn")
    (folder / "shop.py").write_text(python_blocks("docs/litestar.md")[0], encoding="utf-8")
    command = ("uvicorn", "--factory", "shop:create_app", "--port", "{port}")
    with served(installed, folder, *command, SECRET_KEY="00" * 16, **twitter) as origin:
        log_in_to_account(origin, emulator)


def with_quart(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    """The page's application, in the server that Quart brings."""
    (folder / "shop.py").write_text(python_blocks("docs/quart.md")[0], encoding="utf-8")
    keys = {f"QUART_{name}": value for name, value in twitter.items() if name.startswith("TWITTER_")}
    command = ("hypercorn", "--bind", "127.0.0.1:{port}", "shop:create_app()")
    with served(installed, folder, *command, QUART_SECRET_KEY="s", **twitter, **keys) as origin:
        log_in_to_account(origin, emulator)


def log_in_to_account(origin: str, emulator: Emulator) -> None:
    with requests.Session() as user:
        user.trust_env = False
        consent = user.get(f"{origin}/login", allow_redirects=False).headers["Location"]
        account = user.get(emulator.approve(consent, user="grace"))
        assert (account.status_code, account.json()) == (200, {"name": "grace"})


def with_sqlalchemy(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    code = """
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.registry.encryption import TokenCipher
class Base(DeclarativeBase): pass
class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[str] = mapped_column()
engine = create_engine("sqlite:///tokens.db")
Base.metadata.create_all(engine)
store = SQLAlchemyTokens(sessionmaker(engine), OAuth1Token, keys=TokenCipher.new_key())
store.save_token("twitter", "7", {"oauth_token": "t", "oauth_token_secret": "s"})
print(store.find("twitter", "7")["oauth_token"])
"""
    assert installed.run("python", "-c", code, cwd=folder).stdout == "t\n"


def with_flask_and_sqlalchemy(
    installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator
) -> None:
    """The application of docs/tokens.md."""
    (folder / "app.py").write_text(python_blocks("docs/tokens.md")[0], encoding="utf-8")
    key = installed.run(
        "python", "-c", "from oauth1_catalog.registry.encryption import *; print(TokenCipher.new_key())"
    )
    keys = {f"FLASK_{name}": value for name, value in twitter.items() if name.startswith("TWITTER_")}
    settings = {**twitter, **keys, "FLASK_SECRET_KEY": "s", "OAUTH1_CATALOG_TOKEN_KEYS": key.stdout.strip()}
    settings["DATABASE_URL"] = f"sqlite:///{folder / 'tokens.db'}"
    with (
        served(installed, folder, "flask", "run", "--port", "{port}", **settings) as origin,
        requests.Session() as user,
    ):
        user.trust_env = False
        consent = user.get(f"{origin}/login", allow_redirects=False).headers["Location"]
        timeline = user.get(emulator.approve(consent, user="grace"))
        assert (timeline.status_code, timeline.json()["user"]) == (200, "grace")


def with_cli(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    assert "twitter" in installed.run("oauth1-catalog", "search", "twitter", cwd=folder).stdout
    assert "no problems found" in installed.run("oauth1-catalog", "validate", cwd=folder).stdout
    shown = installed.run("oauth1-catalog", "show", "netsuite", "--resolved", "--set", "account_id=1_SB1", cwd=folder)
    assert "https://1-sb1.restlets.api.netsuite.com/" in shown.stdout
    if (
        "emulator" not in installed.folder.name
        and installed.run("python", "-c", "import oauthlib", status=None).returncode
    ):
        told = installed.run("oauth1-catalog", "emulate", "twitter", status=1).stderr
        # Which of the extra's packages is missed first depends on the order of imports.
        assert re.search(r"needs the package \w+\. Install it: pip install 'oauth1-catalog\[emulator\]'", told)


def with_emulator(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    installed.run("python", "-c", python_blocks("docs/testing.md")[0], cwd=folder)


def with_cli_and_emulator(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    command = [installed.folder / "bin" / "oauth1-catalog", "emulate", "twitter"]
    with subprocess.Popen(
        command, cwd=folder, env=strangers_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            assert any("until you press Ctrl+C" in line for line in process.stdout)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


def with_demo(installed: Environment, folder: Path, twitter: dict[str, str], emulator: Emulator) -> None:
    assert "all succeeded" in installed.run("oauth1-catalog", "demo", "--check", cwd=folder).stdout
    for framework in FRAMEWORKS:
        tried = installed.run("oauth1-catalog", "try", "twitter", "--framework", framework, cwd=folder)
        assert "all succeeded" in tried.stdout


EXAMPLES: dict[str, Callable[[Environment, Path, dict[str, str], Emulator], None]] = {
    "": without_extras,
    "rsa": with_rsa,
    "script": with_script,
    "flask": with_flask,
    "django": with_django,
    "starlette": with_starlette,
    "litestar": with_litestar,
    "quart": with_quart,
    "sqlalchemy": with_sqlalchemy,
    "flask,sqlalchemy": with_flask_and_sqlalchemy,
    "cli": with_cli,
    "proxy": with_proxy,
    "emulator": with_emulator,
    "cli,emulator": with_cli_and_emulator,
    "demo": with_demo,
}
"""The first documented command or example of each extra; ``all`` runs those of what it brings."""


def test_a_clone_is_installed_by_its_path(environment: Environment) -> None:
    """As the tutorials advise: the wheel is built with what ``build-system.requires`` lists, and nothing else."""
    environment.install(f"oauth1-catalog @ {ROOT.as_uri()}")
    shown = environment.run("python", "-c", "from oauth1_catalog import Catalog; print(len(Catalog().names()))").stdout
    assert int(shown) > 100


def test_every_extra_has_an_example() -> None:
    assert set(EXTRAS) - set(EXAMPLES) == {"all", "bench"}


def test_an_index_takes_what_is_built(tmp_path: Path, wheel: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    (sdist,) = tmp_path.glob("*.tar.gz")
    assert "PASSED" in run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel, cwd=tmp_path).stdout


@contextlib.contextmanager
def served(installed: Environment, folder: Path, *command: str, **settings: str) -> Iterator[str]:
    """Start a server on a free port, as its documentation says; gives its origin once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in command]
    words[0] = str(installed.folder / "bin" / words[0])
    origin = f"http://127.0.0.1:{port}"
    base = "OAUTH1_CATALOG_REDIRECT_BASE_URL"
    address = dict.fromkeys((base, f"FLASK_{base}", f"QUART_{base}", "ADDRESS"), origin)
    log = folder / "server.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            words, cwd=folder, env=strangers_environment() | address | settings, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield origin
        finally:
            process.terminate()
            process.wait(timeout=30)


def visit(origin: str, emulator: Emulator) -> None:
    """Log in at an application that answers with the profile."""
    with requests.Session() as browser:
        browser.trust_env = False
        login = browser.get(f"{origin}/login", allow_redirects=False)
        assert login.status_code in {302, 307}, login.text
        profile = browser.get(emulator.approve(login.headers["Location"], user="grace"))
        assert (profile.status_code, profile.json()["preferred_username"]) == (200, "grace")
