"""What registration and the checks of the frameworks tell of a provider: its end, its wishes, its variables."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import flask
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.validate_files import check_files
from oauth1_catalog.errors import (
    ConfigurationError,
    ConfigurationNotice,
    ConfigurationWarning,
    DeprecatedProviderWarning,
    MissingSettingError,
    ProviderFileError,
)
from oauth1_catalog.integrations import flask_client
from tests.integrations.applications import HERE, application_class, now, through, wrong

Registry = Callable[..., Any]
RSA_KEY = generate_private_key(65537, 2048)
KEYS = {"client_id": "k", "client_secret": "s"}
DEPRECATED = [name for name in Catalog().names() if Catalog().outline(name).status == "deprecated"]
WANT_A_USER_AGENT = [name for name in Catalog().names() if Catalog().outline(name).user_agent_required]


def key_of(name: str) -> dict[str, Any]:
    return {"rsa_key": RSA_KEY} if "rsa_key" in Catalog().outline(name).required_credentials else {}


def line_of(comment: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.endswith(f"  # {comment}"))


@contextmanager
def warned() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()  # Python's own, as an application has them
        warnings.simplefilter("default")
        yield caught


def test_the_end_of_a_provider_is_seen_where_it_is_registered(registry: Registry) -> None:
    oauth = registry()
    with warned() as caught:
        oauth.register_from_catalog("garmin", **KEYS)  # the line of the registration
    (warning,) = caught
    assert warning.category is DeprecatedProviderWarning
    assert issubclass(warning.category, FutureWarning)  # shown by default, whichever module it comes from
    assert (warning.filename, warning.lineno) == (__file__, line_of("the line of the registration"))
    assert str(warning.message).startswith("garmin: OAuth 1.0 will be switched off on 2026-12-31. Use OAuth 2.0 with")
    (found,) = oauth.check()
    assert isinstance(found, ConfigurationNotice)
    assert (found.error, found.severity, found.provider) == ("deprecated_provider", "warning", "garmin")
    assert "2026-12-31" in found.description
    assert found.advice.startswith("Call exchange_token() to exchange a user's token for one of OAuth 2.0")
    assert str(warning.message).endswith(found.advice)


def test_it_is_seen_in_flask_when_the_application_comes_later() -> None:
    oauth = flask_client.OAuth()
    with warned() as caught:
        oauth.register_from_catalog("garmin", **KEYS)
    assert caught == []
    with warned() as caught:
        oauth.init_app(flask.Flask("later"))  # the line of the application
    (warning,) = caught
    assert (warning.category, warning.filename, warning.lineno) == (
        DeprecatedProviderWarning,
        __file__,
        line_of("the line of the application"),
    )


def test_python_shows_it_by_default(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("import helper\n", encoding="utf-8")
    (tmp_path / "helper.py").write_text(
        "from oauth1_catalog.integrations.starlette_client import OAuth\noauth = OAuth()\n"
        "oauth.register_from_catalog('garmin', client_id='k', client_secret='s')\n",
        encoding="utf-8",
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    assert "helper.py:3: DeprecatedProviderWarning: garmin: OAuth 1.0 will be switched off on 2026-12-31." in ran.stderr


def test_the_tenants_of_a_provider_are_warned_of_once(registry: Registry) -> None:
    """Python shows a text once for each line, and keeps it. ``check()`` lists each tenant."""
    oauth = registry()
    with warned() as caught:
        for number in range(20):
            oauth.register_from_catalog("garmin", name=f"tenant_{number}", **KEYS)
    (warning,) = caught
    assert str(warning.message).startswith("garmin: OAuth 1.0 will be switched off on 2026-12-31.")
    assert sorted(found.provider for found in oauth.check()) == sorted(f"tenant_{number}" for number in range(20))


@pytest.mark.parametrize("name", DEPRECATED)
def test_every_provider_that_ends(registry: Registry, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if Catalog().file(name).insecure_transport:
        monkeypatch.setenv("OAUTH1_CATALOG_INSECURE_TRANSPORT", "1")
    oauth = registry()
    values = {key: value or "" for key, value in Catalog().required(name).items()}
    with pytest.warns(DeprecatedProviderWarning, match=f"{name}: OAuth 1.0 (will be switched off|is deprecated)"):
        oauth.register_from_catalog(name, name="mine", **KEYS, **values, **key_of(name))
    assert [found.error for found in oauth.check() if found.severity == "warning"] == ["deprecated_provider"]


def test_flask_s_command_lists_it(registry: Registry) -> None:
    app = flask.Flask("command")
    app.secret_key = "secret"
    oauth = flask_client.OAuth(app)
    with pytest.warns(DeprecatedProviderWarning):
        oauth.register_from_catalog("garmin", **KEYS)
    result = app.test_cli_runner().invoke(args=["oauth1", "check"])
    assert result.exit_code == 0
    assert "warning: garmin: OAuth 1.0 will be switched off on 2026-12-31." in result.output
    oauth.register("m")
    result = app.test_cli_runner().invoke(args=["oauth1", "check"])
    assert result.exit_code == 1
    assert "2026-12-31" in result.output


@pytest.mark.parametrize("name", WANT_A_USER_AGENT)
def test_a_user_agent_that_is_asked_for(registry: Registry, framework: str, name: str) -> None:
    oauth = registry()
    with warned() as caught:
        oauth.register_from_catalog(name, **KEYS)
    (warning,) = caught
    example = Catalog().outline(name).user_agent_example
    assert (warning.category, warning.filename) == (ConfigurationWarning, __file__)
    where = HERE[framework](name, "user_agent")
    said = f"Set {where}, or pass user_agent= to register_from_catalog(), such as {example!r}"
    assert said in str(warning.message)
    (found,) = oauth.check()
    assert (found.error, found.severity) == ("missing_user_agent", "warning")
    assert found.description == str(warning.message)


def test_who_wants_one() -> None:
    assert {"discogs", "tumblr", "wikimedia"} <= set(WANT_A_USER_AGENT)


@pytest.mark.parametrize(
    "given",
    [
        {"user_agent": "Mine/1.0"},
        {"headers": {"user-agent": "Mine/1.0"}},
        {"client_kwargs": {"headers": {"User-Agent": "Mine/1.0"}}},
    ],
)
def test_a_user_agent_that_is_given(registry: Registry, given: dict[str, Any]) -> None:
    oauth = registry()
    oauth.register_from_catalog("discogs", **KEYS, **given)
    assert oauth.check() == []


def test_a_user_agent_of_the_configuration(registry: Registry) -> None:
    oauth = registry({"discogs": {**KEYS, "user_agent": "Mine/1.0"}})
    oauth.register_from_catalog("discogs")
    assert oauth.check() == []


ALL_VARIABLES = {name: wanted for name in Catalog().names() if (wanted := Catalog().required(name))}


@pytest.mark.parametrize("name", ALL_VARIABLES)
def test_a_misnamed_variable(registry: Registry, name: str) -> None:
    oauth = registry()
    first = next(iter(ALL_VARIABLES[name]))
    for other in ("base_url", "site_url", "customer"):
        if other in ALL_VARIABLES[name]:
            continue
        error = wrong(oauth.register_from_catalog, name, **KEYS, **{other: "https://mine.example.com"})
        assert error.error == "unknown_parameter"
        assert f"register_from_catalog() was given {other}, which this provider does not have. " in error.description
        assert f"pass {first}=" in error.description
        assert "client_kwargs" not in error.description


def test_the_variable_is_named(registry: Registry) -> None:
    error = wrong(registry().register_from_catalog, "wordpress_oauth1", base_url="https://blog.example.com", **KEYS)
    assert error.description == (
        "wordpress_oauth1: register_from_catalog() was given base_url, which this provider does not have. The variable "
        f"is site_url: pass site_url={Catalog().required('wordpress_oauth1')['site_url']!r}."
    )


def test_a_misnamed_variable_in_the_configuration(registry: Registry, framework: str) -> None:
    oauth = registry({"wordpress_oauth1": {**KEYS, "base_url": "https://blog.example.com"}})
    error = wrong(oauth.register_from_catalog, "wordpress_oauth1")
    assert "was given base_url, which this provider does not have. The variable is site_url" in error.description


def test_a_misspelt_variable_and_an_option_of_the_library_are_told_as_before(registry: Registry) -> None:
    oauth = registry()
    assert (
        "Did you mean 'site_url'?" in wrong(oauth.register_from_catalog, "wordpress_oauth1", site_ulr="x").description
    )
    said = wrong(oauth.register_from_catalog, "wordpress_oauth1", timeout=3, **KEYS).description
    assert "belongs in client_kwargs" in said
    with pytest.raises(MissingSettingError, match="no site_url"):
        oauth.register_from_catalog("wordpress_oauth1", **KEYS)


@pytest.mark.parametrize(("name", "is_there"), [("twitter", True), ("jira", True), ("m", False)])
def test_a_provider_of_the_catalog_that_is_registered_by_hand(registry: Registry, name: str, is_there: bool) -> None:
    oauth = registry()
    client = oauth.register(name, **KEYS)
    said = [error.description for error in oauth.check()]
    hint = f"The catalog has {name}, with its addresses: call register_from_catalog({name!r}) instead."
    assert (hint in said[0]) is is_there
    assert said[0].startswith(f"{name}: no request_token_url.")
    with pytest.raises(MissingSettingError) as told:
        through(now(client.create_authorization_url("https://example.com/authorize")))
    assert (hint in told.value.description) is is_there


OWN = """schema_version: 1
name: acme
flows: [static_token]
api_base_url: https://api.example.com/
userinfo_endpoint: me
"""


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("userinfo_followup: https://evil.example/{id}\nuserinfo_claims: {sub: $.id}\n", "P044"),
        ("userinfo_followup: https://api.example.com.evil.example/{id}\nuserinfo_claims: {sub: $.id}\n", "P044"),
        ("userinfo_claims: {sub: '$.['}\n", "P040"),
        ("userinfo_claims: {sub: id}\n", "P040"),
        ("userinfo_claims: {name: $.name}\n", "P042"),
        ("userinfo_claims: {sub: $.id, nick: $.nick}\n", "P041"),
        ("", "P043"),
        ("userinfo_claims: {sub: $.id}\nstatus: retired\n", "P053"),
    ],
)
def test_registration_refuses_what_validation_refuses(framework: str, tmp_path: Path, lines: str, code: str) -> None:
    (tmp_path / "acme.yaml").write_text(OWN + lines, encoding="utf-8")
    catalog = Catalog(tmp_path)
    oauth = application_class(framework).integration.OAuth(catalog=catalog)
    if framework in {"flask", "quart"}:
        oauth.init_app(app := import_module(framework).__dict__[framework.capitalize()]("own"))
        assert app
    with pytest.raises(ProviderFileError) as told:
        oauth.register_from_catalog("acme", **KEYS)
    (checked,) = check_files([tmp_path / "acme.yaml"], today=dt.date(2026, 11, 30))
    (finding,) = [one for one in checked.findings if one.severity == "error"]
    assert finding.code == code
    assert finding.text in told.value.description


def test_a_file_with_warnings_alone_registers(framework: str, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(f"{OWN}userinfo_claims: {{sub: $.id}}\n", encoding="utf-8")
    oauth = application_class(framework).integration.OAuth(catalog=Catalog(tmp_path))
    if framework in {"flask", "quart"}:
        oauth.init_app(app := import_module(framework).__dict__[framework.capitalize()]("own"))
        assert app
    assert oauth.register_from_catalog("acme", **KEYS).name == "acme"


BY_HAND = {"api_base_url": "https://api.example.com/", **KEYS}


@pytest.mark.parametrize(
    ("provider", "arguments", "told"),
    [
        ("", {"userinfo_endpoint": "me", "userinfo_claims": {"sub": "$.[[["}}, "which is not a path: "),
        ("", {"userinfo_endpoint": "me", "userinfo_claims": {"sub": "$.id", "name": "$..["}}, "for name, which is not"),
        (
            "",
            {"userinfo_endpoint": "me", "userinfo_claims": {"sub": "id"}},
            "does not begin with `$` and has no {field}",
        ),
        ("", {"userinfo_claims": {"sub": "$.id"}}, "with userinfo_endpoint= alone"),
        ("twitter", {"userinfo_claims": {"sub": "$.[[["}}, "which is not a path: "),
        (
            "goodreads",
            {"allow_retired": True, "userinfo_claims": {"sub": "user/@"}},
            "the part after /@ is not an attribute name",
        ),
    ],
)
def test_claims_that_cannot_be_read_are_refused_where_they_are_passed(
    registry: Registry, provider: str, arguments: dict[str, Any], told: str
) -> None:
    oauth = registry()
    register = partial(oauth.register_from_catalog, provider) if provider else partial(oauth.register, "acme")
    with pytest.raises(ConfigurationError) as refused:
        register(**(KEYS if provider else BY_HAND), **arguments)
    assert told in refused.value.description
    assert "userinfo_claims" in refused.value.description


def test_claims_of_the_application_take_the_place_of_the_files(registry: Registry) -> None:
    client = registry().register_from_catalog("twitter", userinfo_claims={"sub": "$.id_str"}, **KEYS)
    of_the_file = Catalog().provider("twitter").userinfo
    assert (client.provider.userinfo.endpoint, dict(client.provider.userinfo.claims)) == (
        of_the_file.endpoint,
        {"sub": "$.id_str"},
    )


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "old": partial(pickle.dumps, protocol=0),
}


@pytest.mark.parametrize("made", COPIES)
def test_a_copy_of_a_registered_client_is_refused_with_what_to_do(registry: Registry, made: str) -> None:
    oauth = registry()
    client = oauth.register("acme", **BY_HAND)
    with pytest.raises(TypeError, match=r"^acme: .*oauth\.create_client\('acme'\)") as refused:
        COPIES[made](client)
    assert KEYS["client_secret"] not in str(refused.value).split()
    assert oauth.create_client("acme") is client
