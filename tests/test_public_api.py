"""The public names: the list in docs/architecture.md, and no name of the documentation outside of it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import oauth1_catalog
import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog import errors

ROOT = Path(__file__).parents[1]
ERRORS = {
    name
    for name, value in vars(errors).items()
    if inspect.isclass(value)
    and issubclass(value, (errors.OAuthError, Warning))
    and value.__module__ == errors.__name__
}
SIGNATURES = {f"SIGNATURE_{kind}{bits}" for kind in ("HMAC_SHA", "RSA_SHA") for bits in (1, 256, 512)} | {
    "SIGNATURE_PLAINTEXT", "SIGNATURE_TYPE_BODY", "SIGNATURE_TYPE_HEADER", "SIGNATURE_TYPE_QUERY"
}  # fmt: skip
SESSIONS = {*SIGNATURES, "OAuth1Auth", "OAuth1Session", "OAuthError"}
CLIENTS = {*SIGNATURES, "AsyncOAuth1Client", "OAuth1Auth", "OAuth1Client", "OAuthError"}
PUBLIC = {
    "": {
        "AsyncCatalogClient", "Catalog", "CatalogClient", "Cause", "Explanation", "Limits", "NamedMistake",
        "OAuth2Token", "Provider", "Token", "TokenStore", "__version__", "async_client", "client", "explain",
        "local_path", *ERRORS
    },
    "catalog": {"Catalog"},
    "clients.httpx_client": CLIENTS,
    "clients.requests_client": SESSIONS,
    "emulator": {
        "Client", "EmulatedCatalog", "Emulator", "Exchange", "IssuedToken", "Journal", "Origins", "relocate"
    },
    "integrations.base_client": {
        "AsyncContextOAuth1App", "AsyncFramework", "AsyncWebOAuth1App", "BaseAsyncOAuth", "BaseOAuth",
        "ContextOAuth1App", "CurrentToken", "FetchToken", "Framework", "HostProblem", "MappingSettings", "OAuthError",
        "RegistryOptions", "RequestBoundary", "RequestContext", "Settings", "WebOAuth1App", "query_of",
        "serving_request", "session_cookie_notices"
    },
    "integrations.litestar_client": {"LitestarOAuth1App", "OAuth", "OAuthError"},
    "integrations.quart_client": {"OAuth", "OAuthError", "QuartOAuth1App"},
    "integrations.django_client": {"DjangoOAuth1App", "OAuth", "OAuthError"},
    "integrations.flask_client": {"FlaskOAuth1App", "OAuth", "OAuthError"},
    "integrations.httpx_client": CLIENTS,
    "integrations.requests_client": SESSIONS,
    "integrations.sqlalchemy_tokens": {"OAuth1TokenMixin", "OAuth2TokenMixin", "SQLAlchemyTokens"},
    "integrations.starlette_client": {"OAuth", "OAuthError", "StarletteOAuth1App"},
    "rfc5849": {
        "ClientCredentials", "Request", "Response", "SignatureMethod", "Signer", "TemporaryCredentials",
        "TokenCredentials", "add_to_query", "authorization_header", "base_string_uri", "collect_parameters",
        "form_decode", "form_encode", "normalize_parameters", "parse_authorization_header", "percent_encode",
        "register_signature_method", "signature_base_string", "signature_method",
    },
}  # fmt: skip
WITHOUT_ALL = {  # these modules have no __all__, or pass on the names of another
    "catalog.model": {"ProviderFile"},
    "errors": ERRORS,
    "integrations.django_tokens.models": {"OAuth1Token", "OAuth2Token"},
    "integrations.django_tokens.store": {"DjangoTokens"},
}


def module(name: str) -> object:
    return importlib.import_module(f"oauth1_catalog.{name}".rstrip("."))


@pytest.mark.parametrize("name", PUBLIC)
def test_all_holds_exactly_the_public_names(name):
    found = module(name)
    assert set(found.__all__) == PUBLIC[name]
    assert len(found.__all__) == len(PUBLIC[name])
    assert {public for public in PUBLIC[name] if not hasattr(found, public)} == set()
    assert set(dir(found)) >= PUBLIC[name] - {"Catalog"}


@pytest.mark.parametrize("name", [name for name in WITHOUT_ALL if "django_tokens" not in name])
def test_public_names_of_the_other_modules(name):
    assert {public for public in WITHOUT_ALL[name] if not hasattr(module(name), public)} == set()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'oauth1_catalog' has no attribute 'Katalog'"):
        oauth1_catalog.Katalog  # noqa: B018 - its lookup is the test
    with pytest.raises(ImportError):
        importlib.import_module("oauth1_catalog.Katalog")


def test_the_version_is_that_of_the_distribution():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{oauth1_catalog.__version__}"\n' in project


def loaded(program: str) -> set[str]:
    watched = {"pydantic", "yaml", "requests", "urllib3", "httpx2", "anyio", "cryptography", "click", "oauthlib"}
    watched |= {"flask", "django", "starlette", "sqlalchemy", "asyncio", "urllib.request"}
    code = f"import sys\n{program}\nprint(*(set(sys.modules) & {watched!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_is_cheap():
    assert loaded("import oauth1_catalog") == set()


@pytest.mark.parametrize("name", sorted(PUBLIC[""] - {"Catalog"} - ERRORS))
def test_a_name_loads_no_framework_and_no_http_library(name):
    assert loaded(f"from oauth1_catalog import {name}") == set()


def test_the_errors_and_the_catalog_load_nothing():
    assert loaded(f"from oauth1_catalog import {', '.join(sorted(ERRORS))}") == set()
    assert loaded("from oauth1_catalog import Catalog") == set()


def test_a_flask_application_starts_without_the_libraries_that_only_some_need():
    """A wheel's provider files are read as here, where the checkout's count as shipped: without pydantic."""
    program = (
        "from flask import Flask\n"
        "from oauth1_catalog.catalog import documents, files\n"
        "from oauth1_catalog.integrations.flask_client import OAuth\n"
        "documents.shipped_directory = files.builtin_directory\n"
        "app = Flask('x')\n"
        "app.config.update(TWITTER_CLIENT_ID='a', TWITTER_CLIENT_SECRET='b')\n"
        "OAuth(app).register_from_catalog('twitter')"
    )
    assert loaded(program) == {"flask", "click", "yaml"}  # click is Flask's


def pages() -> list[Path]:
    return [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]


def imported(text: str) -> set[tuple[str, str]]:
    """Module and name of every import from the package in the Python blocks of a page."""
    found = set()
    for block in re.findall(r"^ *```python\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        for line in re.findall(r"^ *(from oauth1_catalog\S* import [\w, ]+)$", block, re.MULTILINE):
            statement = ast.parse(line.strip()).body[0]
            found |= {(statement.module.partition(".")[2], alias.name) for alias in statement.names}
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_documentation_imports_public_names_alone(page):
    public = {(name, public) for name, names in {**PUBLIC, **WITHOUT_ALL}.items() for public in names}
    public.add(("", "errors"))
    assert imported(page.read_text(encoding="utf-8")) - public == set()


def test_imports_are_found_in_the_documentation():
    everywhere = set().union(*(imported(page.read_text(encoding="utf-8")) for page in pages()))
    assert {("", "OAuthError"), ("emulator", "Emulator"), ("integrations.flask_client", "OAuth")} <= everywhere


def test_the_architecture_lists_the_public_modules():
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The public API")[2]
    table = table.partition("\n## ")[0]
    for name in {**PUBLIC, **WITHOUT_ALL}:
        if name != "catalog":
            assert f"`oauth1_catalog.{name}`".replace(".`", "`") in table or name.rpartition(".")[2] in table, name


def public_definitions() -> set[tuple[Path, str]]:
    """File and name of each public class and function, and of the package's classes that a public one inherits from."""
    tokens = ROOT / "oauth1_catalog" / "integrations" / "django_tokens"  # a model exists only in a project
    found = {(tokens / "models.py", "OAuth1Token"), (tokens / "store.py", "DjangoTokens")}
    for name in [name for name in [*PUBLIC, *WITHOUT_ALL] if "django_tokens" not in name]:
        for public in (getattr(module(name), public) for public in {**PUBLIC, **WITHOUT_ALL}[name]):
            owners = public.__mro__ if inspect.isclass(public) else [public] if inspect.isfunction(public) else []
            ours = [owner for owner in owners if owner.__module__.startswith("oauth1_catalog")]
            found |= {(Path(inspect.getsourcefile(inspect.unwrap(owner))), owner.__name__) for owner in ours}
    return found


def unexplained(source: str, name: str) -> list[str]:
    """Each ``Any`` in the public signatures of ``name`` that has no comment beside it, nor beside its ``def``."""
    lines, functions = source.splitlines(), (ast.FunctionDef, ast.AsyncFunctionDef)
    (owner,) = [node for node in ast.parse(source).body if getattr(node, "name", None) == name]
    methods = [owner] if isinstance(owner, functions) else [node for node in owner.body if isinstance(node, functions)]
    found = []
    for method in [node for node in methods if not node.name.startswith("_") or node.name in {"__init__", "__call__"}]:
        arguments = [node for node in ast.walk(method.args) if isinstance(node, ast.arg)]
        for annotation in [*(argument.annotation for argument in arguments), method.returns]:
            typed = ast.unparse(annotation).replace("Coroutine[Any, Any, ", "") if annotation is not None else ""
            if re.search(r"\bAny\b", typed) and "#" not in lines[annotation.end_lineno - 1] + lines[method.lineno - 1]:
                found.append(f"{name}.{method.name}:{annotation.lineno}: {typed}")
    return found


def test_each_any_in_a_public_signature_has_a_reason():
    definitions = sorted(public_definitions())
    assert len(definitions) > 60
    found = [hit for path, name in definitions for hit in unexplained(path.read_text(encoding="utf-8"), name)]
    assert found == []


def test_an_unexplained_any_is_found():
    source = "class A:\n    def f(x: Any): ...\n    def g(x: Any): ...  # why\n    def _h(x: Any): ...\n"
    assert unexplained(source, "A") == ["A.f:2: Any"]
