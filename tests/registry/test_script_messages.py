"""No message to a script advises what only a web application can do: a session, a view, ``register(...)``, settings.

Each provider's client is used in the wrong ways that a script can use it, and the providers answer in wrong ways.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import responses

from oauth1_catalog import Catalog, client
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.registry.catalog_calls import catalog_client
from oauth1_catalog.registry.sync_script import CatalogClient

CATALOG = Catalog()
KEYS = {"client_id": "key", "client_secret": "hush", "user_agent": "shop/1.0"}
TOKEN = {"oauth_token": "t", "oauth_token_secret": "hush"}
OF_A_FRAMEWORK = re.compile(
    r"\bregister(_from_catalog)?\(|\bat registration|\bregistered client|\bOAuth\("
    r"|\bsessions?\b|\bviews?\b|\bcookies?\b"
    r"|app\.config|in the settings|\bauthorize_(redirect|access_token)\b|in the configuration"
)
ANSWERS: dict[str, dict[str, Any]] = {
    "refused": {"status": 401, "body": "no"},
    "problem": {"status": 401, "body": "oauth_problem=token_rejected"},
    "garbage": {"status": 200, "body": "<html>"},
    "token": {"status": 200, "body": "oauth_token=t&oauth_token_secret=s"},
    "not confirmed": {"status": 200, "body": "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=false"},
    "redirect": {"status": 302, "headers": {"Location": "https://evil.example/"}},
    "outage": {"body": requests.ConnectionError("down")},
}


def values_of(name: str) -> dict[str, str]:
    return {key: example or "x" for key, example in CATALOG.required(name).items()}


def operations(made: Any) -> dict[str, Callable[[], object]]:
    """What a script can do with a client, wrong in one way each."""
    return {
        "login": lambda: made.create_authorization_url("oob"),
        "login to an address": lambda: made.create_authorization_url("https://shop.example.com/back"),
        "login to a path": lambda: made.create_authorization_url("/back"),
        "login to nowhere": made.create_authorization_url,
        "exchange without a token": lambda: made.fetch_access_token(None, verifier="1"),
        "exchange without a verifier": lambda: made.fetch_access_token(TOKEN),
        "exchange": lambda: made.fetch_access_token(TOKEN, verifier="1"),
        "password": lambda: made.fetch_password_token("user", "hush"),
        "client's token": made.fetch_client_token,
        "renew": lambda: made.renew_token(TOKEN),
        "renew of a user": lambda: made.renew_token(user=7),
        "renew nothing": made.renew_token,
        "revoke": lambda: made.revoke_token(TOKEN),
        "OAuth 2": lambda: made.exchange_token(TOKEN),
        "find": lambda: made.find_token(7),
        "save": lambda: made.save_token(TOKEN, user=7),
        "profile": made.userinfo,
        "profile of a token": lambda: made.userinfo(TOKEN),
        "call": lambda: made.get("me"),
        "call of a half token": lambda: made.get("me", token={"oauth_token": "t"}),
        "call of nothing": lambda: made.get(None),
        "call with auth": lambda: made.get("me", auth=("a", "b"), token=TOKEN),
        "call elsewhere": lambda: made.get("https://evil.example/", token=TOKEN),
        "call in the clear": lambda: made.get("http://evil.example/", token=TOKEN, allow_any_host=True),
        "sign": lambda: made.sign("GET", "me"),
        "sign elsewhere": lambda: made.sign("GET", "https://evil.example/", token=TOKEN),
    }


def raised(action: Callable[[], object]) -> Iterator[str]:
    """The message of the error, and those of the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            action()
        except OAuthError as error:
            yield f"{error.error}: {error.description}"
        except requests.RequestException:
            pass  # it is the library's, as for any call of an API
    yield from (f"warning: {one.message}" for one in caught if "oauth1_catalog" in type(one.message).__module__)


def of_a_framework(messages: list[str]) -> list[str]:
    """Those that a script cannot follow. One that names ``client()`` as well can be followed."""
    return sorted({one for one in messages if OF_A_FRAMEWORK.search(one) and "client()" not in one})


def constructions(name: str) -> dict[str, Callable[[], object]]:
    """Ways to make a client that are wrong, each in one way."""
    values = values_of(name)
    return {
        "without keys": lambda: client(name, **values),
        "without variables": lambda: client(name, **KEYS),
        "with an unknown name": lambda: client(name, **KEYS, **values, shop_url="x"),
        "with a session's name": lambda: client(name, **KEYS, **values, fetch_token=print),
        "with a bad address": lambda: client(name, **KEYS, **values, api_base_url="http://192.0.2.1/"),
        "with a token in client_kwargs": lambda: client(name, **KEYS, **values, client_kwargs={"token": "t"}),
        "with an option of httpx2": lambda: client(name, **KEYS, **values, client_kwargs={"proxy": "x"}),
        "with a wrong option": lambda: client(name, **KEYS, **values, client_kwargs={"timeout": "soon"}),
        "in an unknown environment": lambda: client(name, **KEYS, **values, environment="moon"),
        "with a wrong method": lambda: client(name, **KEYS, **values, client_kwargs={"signature_method": "MD5"}),
        "as it is": lambda: client(name, **{**KEYS, "user_agent": None}, **values),
    }


def test_a_client_that_cannot_be_made() -> None:
    messages = [one for name in CATALOG.names() for action in constructions(name).values() for one in raised(action)]
    assert of_a_framework(messages) == []
    assert {"missing_setting", "unknown_parameter", "retired_provider", "session_fixation", "warning"} <= {
        one.partition(":")[0] for one in messages
    }
    assert len(set(messages)) > 500


def made_of(name: str, **arguments: Any) -> Any:
    if CATALOG.file(name).insecure_transport:
        arguments["insecure_transport"] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return client(name, allow_session_fixation=True, allow_retired=True, **KEYS, **values_of(name), **arguments)


def keyed(name: str) -> bool:
    """Whether these keys are enough: an RSA key takes a while, and changes no message."""
    return not str(CATALOG.file(name).client_kwargs.signature_method).startswith("RSA")


def test_a_client_that_is_used_in_a_wrong_way() -> None:
    """Nothing answers here."""
    messages = []
    with responses.RequestsMock(assert_all_requests_are_fired=False):
        for name in filter(keyed, CATALOG.names()):
            for action in operations(made_of(name)).values():
                messages += raised(action)
    assert of_a_framework(messages) == []
    assert {"missing_token", "forbidden_host", "missing_request_token", "no_token_store", "unknown_parameter"} <= {
        one.partition(":")[0] for one in messages
    }
    assert len(set(messages)) > 1000


PROVIDERS = ["twitter", "etrade", "yahoo", "xero", "magento2", "instapaper", "here", "zotero", "tripit", "mediawiki"]
"""Each kind of flow, renewal, revocation, and both of a missing and an ignored verifier."""


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_provider_that_answers_wrong(answer: str) -> None:
    messages = []
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST"):
            mock.add(method, re.compile(".*"), **ANSWERS[answer])
        for name in PROVIDERS:
            for action in operations(made_of(name)).values():
                messages += raised(action)
    assert of_a_framework(messages) == []
    assert len(set(messages)) > 50


def test_a_command_advises_no_function() -> None:
    """HTTPie's user can set variables, and cannot call ``client()``."""
    messages = []
    for name in filter(keyed, CATALOG.names()):
        for arguments in ({}, values_of(name), KEYS, {**KEYS, **values_of(name)}):

            def command(name: str = name, arguments: Any = arguments) -> None:
                made: Any = catalog_client(CatalogClient, "", name, arguments)
                made.sign("GET", "https://evil.example/", token=TOKEN)

            def call(name: str = name, arguments: Any = arguments) -> None:
                made: Any = catalog_client(CatalogClient, "", name, arguments)
                made.sign("GET", made.api_base_url or "https://evil.example/")

            messages += [*raised(command), *raised(call)]
    messages = [one for one in messages if " or set OAUTH1_CATALOG_" not in one]  # one of the ways is a variable
    assert not [
        one
        for one in messages
        if OF_A_FRAMEWORK.search(one) or "client()" in one or "withhold_token" in one or "allow_any_host" in one
    ]
    assert not [one for one in messages if re.search(r" to\b\W*$|\s{2}|\.\.| ,|^\W*$", one)]
    assert {"missing_setting", "retired_provider", "missing_token", "forbidden_host"} <= {
        one.partition(":")[0] for one in messages
    }


def test_advice_of_a_framework_is_found() -> None:
    found = ["Pass x= to register().", "the session is missing", "pass it at registration"]
    fine = ["Pass x= to register_from_catalog() or client().", "Register it there."]
    assert of_a_framework([*found, *fine]) == sorted(found)
