"""A package that an extra brings is missing: whoever needs it names the extra, whichever package it is."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from oauth1_catalog.errors import ConfigurationError, MissingExtraError, needs

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

BLOCKED = """
import sys
class Blocker:  # as where the package is not installed
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
from oauth1_catalog.errors import MissingExtraError
try:
{code}
except MissingExtraError as error:
    assert isinstance(error, ImportError)
    print(error.name, str(error), sep="\\n")
"""
FLASK = """
from flask import Flask
from oauth1_catalog.integrations.flask_client import OAuth
app = Flask("x"); app.secret_key = "s"
client = OAuth(app).register_from_catalog("twitter", client_id="k", client_secret="s")
"""
ASYNC = """
import anyio
from oauth1_catalog.clients.httpx_pool import HttpxPool
anyio.run(HttpxPool().request, "GET", "https://a.example/")
"""
ASYNC_REGISTRY = """
import anyio
from oauth1_catalog.integrations.starlette_client import OAuth
client = OAuth().register_from_catalog("twitter", client_id="k", client_secret="s")
anyio.run(lambda: client.get("account/verify_credentials.json", token={"oauth_token": "t", "oauth_token_secret": "s"}))
"""
LOGIN = FLASK + (
    "with app.test_request_context():\n"
    "    from oauth1_catalog.registry.encryption import encrypt\n    encrypt(b'record', ['a key'])\n"
)
RSA = """
from oauth1_catalog.integrations.requests_client import OAuth1Auth
OAuth1Auth("k", rsa_key="key.pem", signature_method="RSA-SHA1")
"""
PROFILE = "from oauth1_catalog.flow.profiles import JsonProfile; JsonProfile({}).find('$.id')"
CLAIMS = "from oauth1_catalog.catalog.patterns import path_problem; path_problem('$[0].id')"
KEYS = "from oauth1_catalog.registry.encryption import TokenCipher; TokenCipher.new_key()"
EMULATOR = """
from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
with Emulator(Catalog()) as emulator:
    emulator.approve
"""
FILE = """
from pathlib import Path
from oauth1_catalog.cli.login_targets import token_file
with token_file(Path("token.env"), "env", "twitter"):
    pass
"""
OWN = "from oauth1_catalog.integrations import {0}"

CASES = [
    ("flask", "flask", OWN.format("flask_client")),
    ("flask", "werkzeug", OWN.format("flask_client")),
    ("flask", "markupsafe", OWN.format("flask_client")),
    ("flask", "itsdangerous", OWN.format("flask_client")),
    ("flask", "click", OWN.format("flask_client")),
    ("flask", "cryptography", LOGIN),
    ("flask", "jsonpath_rfc9535", PROFILE),
    ("django", "django", OWN.format("django_client")),
    ("django", "asgiref", OWN.format("django_client")),
    ("django", "django", OWN.format("django_tokens")),
    ("django", "asgiref", OWN.format("django_tokens")),
    ("django", "asgiref", "import oauth1_catalog.integrations.django_tokens.models"),
    ("django", "django", "import oauth1_catalog.integrations.django_client.apps"),
    ("starlette", "starlette", OWN.format("starlette_client")),
    ("starlette", "anyio", OWN.format("starlette_client")),
    ("starlette", "itsdangerous", OWN.format("starlette_client")),
    ("starlette", "httpx2", OWN.format("httpx_client")),
    ("starlette", "httpcore2", OWN.format("httpx_client")),
    ("starlette", "httpx2", ASYNC),
    ("starlette", "httpcore2", ASYNC),
    ("starlette", "httpx2", ASYNC_REGISTRY),
    ("litestar", "litestar", OWN.format("litestar_client")),
    ("quart", "quart", OWN.format("quart_client")),
    ("sqlalchemy", "sqlalchemy", OWN.format("sqlalchemy_tokens")),
    ("sqlalchemy", "cryptography", KEYS),
    ("cli", "click", "from oauth1_catalog.cli import cli"),
    ("cli", "jsonpath_rfc9535", CLAIMS),
    ("cli", "dotenv", FILE),
    ("cli", "protego", "import oauth1_catalog.cli.probe"),
    ("emulator", "oauthlib", "import oauth1_catalog.emulator"),
    ("emulator", "markupsafe", "import oauth1_catalog.emulator"),
    ("emulator", "trustme", EMULATOR),
    ("emulator", "cryptography", EMULATOR),
    ("emulator", "jsonpath_rfc9535", "from oauth1_catalog.emulator.examples import way_to; way_to('$.id')"),
    ("rsa", "cryptography", RSA),
    ("proxy", "uvicorn", "import oauth1_catalog.cli.proxy.listening"),
    ("script", "dotenv", "from oauth1_catalog import client; client('twitter', env_file='.env')"),
    ("script", "anyio", "from oauth1_catalog import async_client; async_client('twitter')"),
]


def run(packages: set[str], code: str) -> subprocess.CompletedProcess[str]:
    indented = "\n".join("    " + line for line in code.splitlines())
    text = BLOCKED.format(packages=packages, code=indented)
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("extra", "package", "code"), CASES)
def test_the_extra_is_named(extra: str, package: str, code: str) -> None:
    done = run({package}, code)
    assert done.returncode == 0, done.stderr
    name, message = done.stdout.splitlines()
    assert name.partition(".")[0] == package
    assert f"needs the package {package}. Install it: pip install 'oauth1-catalog[{extra}]'" in message


@pytest.mark.parametrize(
    ("extra", "package", "words"),
    [
        ("cli", "click", ["list"]),
        ("emulator", "oauthlib", ["emulate", "twitter"]),
        ("emulator", "trustme", ["emulate", "twitter"]),
        ("proxy", "uvicorn", ["proxy", "twitter", "--show-secrets"]),
        ("proxy", "httpx2", ["proxy", "twitter", "--show-secrets"]),
        ("demo", "flask", ["demo", "--check"]),
        ("demo", "uvicorn", ["demo", "--check", "--framework", "starlette"]),
        ("demo", "django", ["demo", "--check", "--framework", "django"]),
        ("demo", "oauthlib", ["try", "twitter"]),
        ("demo", "uvicorn", ["try", "twitter", "--framework", "starlette"]),
        ("sqlalchemy", "sqlalchemy", ["keys", "rotate", "--database", "sqlite://", "--table", "t"]),
        ("sqlalchemy", "cryptography", ["keys", "new"]),
        ("cli", "dotenv", ["login", "twitter", "--env-file", str(ROOT / "README.md")]),
    ],
)
def test_a_command_names_it_in_a_sentence(extra: str, package: str, words: list[str]) -> None:
    done = run({package}, f"sys.argv[1:] = {words!r}\nfrom oauth1_catalog.__main__ import main\nmain()")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"needs the package {package}. Install it: pip install 'oauth1-catalog[{extra}]'" in done.stderr


def test_every_package_of_every_extra_is_tried() -> None:
    """What only a rule of ``validate`` reads, and does without, is not missed: publicsuffixlist."""
    wanted = {
        (extra, re.split(r"[<>=\[]", requirement)[0].replace("-", "_"))
        for extra, requirements in EXTRAS.items()
        if extra not in {"all", "bench", "demo"}
        for requirement in requirements
        if not requirement.startswith("oauth1-catalog[")
    }
    # One sentence names every extra that brings these.
    shared = {"cryptography", "httpx2", "jsonpath_rfc9535"}
    imported_as = {"dotenv": "python_dotenv"}
    tried = {(extra, imported_as.get(package, package)) for extra, package, _ in CASES}
    assert {(extra, package) for extra, package in wanted - tried if package not in shared} == {
        ("cli", "publicsuffixlist")
    }


def test_what_is_not_an_extra_is_left_alone() -> None:
    for name in ("oauth1_catalog.absent", None):
        missing = ModuleNotFoundError("No module", name=name)
        with pytest.raises(ModuleNotFoundError) as caught, needs("x", "flask"):
            raise missing
        assert caught.value is missing


def test_the_outermost_place_is_named() -> None:
    with (
        pytest.raises(
            MissingExtraError, match=r"^outer needs the package a\. .*\[rsa\]' \(or \[django\], \[flask\]\)\.$"
        ),
        needs("outer", "rsa", "django", "flask"),
        needs("inner", "cli"),
    ):
        raise ModuleNotFoundError(name="a.b")


def test_it_is_both_kinds_and_can_be_moved() -> None:
    error = MissingExtraError("x needs y.", name="y.z")
    assert isinstance(error, ConfigurationError)
    for moved in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (moved.name, moved.description, moved.error, str(moved)) == (
            "y.z",
            "x needs y.",
            "missing_extra",
            "x needs y.",
        )
