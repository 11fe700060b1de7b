"""Each warning points at the application's line: what to change is there, and Python shows each line's once."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.integrations import flask_client
from oauth1_catalog.rfc5849 import ClientCredentials, Signer
from tests.clients.conftest import response, serving
from tests.secrecy import operations

KEYS = {"client_id": "k", "client_secret": "s"}
SHORT = generate_private_key(65537, 1024)
RSA = {"signature_method": "RSA-SHA1"}


@contextmanager
def at_the_line(of: str, says: str) -> Iterator[None]:
    """What is done here warns once, with the text ``says``, at a line of this file that holds ``of``."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert [says in str(one.message) for one in caught] == [True], [str(one.message) for one in caught]
    assert caught[0].filename == __file__
    assert of in linecache.getline(__file__, caught[0].lineno)


REGISTRATIONS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "parameter": ("unknown option 'colour'", lambda oauth: oauth.register("shop", colour="red")),
    "client_kwargs": ("unknown option 'colour'", lambda oauth: oauth.register("shop", client_kwargs={"colour": "red"})),
    "elsewhere": ("is ignored there", lambda oauth: oauth.register("shop", client_kwargs={"token": "t"})),
    "end": ("will be switched off", lambda oauth: oauth.register_from_catalog("garmin", **KEYS)),
    "User-Agent": ("User-Agent", lambda oauth: oauth.register_from_catalog("discogs", **KEYS)),
    "fixation": (
        "allow_session_fixation is set",
        lambda oauth: oauth.register_from_catalog("launchpad", **KEYS, allow_session_fixation=True),
    ),
    "key": (
        "rsa_key has 1024 bits",
        lambda oauth: oauth.register_from_catalog(
            "bitbucket_data_center", base_url="https://x.example", client_id="k", rsa_key=SHORT
        ),
    ),
}


@pytest.mark.parametrize(("says", "register"), REGISTRATIONS.values(), ids=REGISTRATIONS.keys())
def test_a_warning_of_a_registration_is_at_the_applications_line(
    registry: Callable[..., Any], says: str, register: Callable[[Any], object]
) -> None:
    oauth = registry()
    with at_the_line("oauth.register", says):
        register(oauth)


@pytest.mark.parametrize(("says", "register"), REGISTRATIONS.values(), ids=REGISTRATIONS.keys())
def test_a_registration_before_the_application_is_there(says: str, register: Callable[[Any], object]) -> None:
    app, oauth = flask.Flask("later"), flask_client.OAuth()
    register(oauth)
    with at_the_line("init_app", says):
        oauth.init_app(app)


def test_a_client_that_is_built_when_it_is_first_asked_for() -> None:
    app = flask.Flask("first")
    oauth = flask_client.OAuth(app)
    oauth.register("shop", client_id="k", rsa_key=SHORT, client_kwargs=RSA)
    with at_the_line("oauth.shop", "rsa_key has 1024 bits"):
        _ = oauth.shop.signer


def test_a_name_in_the_settings_of_django(registry: Callable[..., Any], framework: str) -> None:
    """Where names stand together with those of others, an unknown one is nobody's mistake."""
    oauth = registry({"shop": {"colour": "red"}})
    if framework == "django":
        with at_the_line("oauth.register", "unknown option 'colour'"):
            oauth.register("shop", **KEYS)
    else:
        oauth.register("shop", **KEYS)


CONSTRUCTORS = {
    "OAuth1Session": requests_client.OAuth1Session,
    "OAuth1Client": httpx_client.OAuth1Client,
    "AsyncOAuth1Client": httpx_client.AsyncOAuth1Client,
    "OAuth1Auth, requests": requests_client.OAuth1Auth,
    "OAuth1Auth, httpx2": httpx_client.OAuth1Auth,
}


@pytest.mark.parametrize("make", CONSTRUCTORS.values(), ids=CONSTRUCTORS.keys())
def test_a_warning_of_a_constructor_is_at_the_applications_line(make: Callable[..., Any]) -> None:
    with at_the_line("colour", "unknown option 'colour'"):
        make("k", colour="red")
    with at_the_line("SHORT", "rsa_key has 1024 bits"):
        make("k", rsa_key=SHORT, **RSA)


def test_a_warning_of_a_signer_is_at_the_applications_line() -> None:
    with at_the_line("Signer(", "rsa_key has 1024 bits"):
        Signer(ClientCredentials("k"), rsa_key=SHORT, signature_method="RSA-SHA1")


@pytest.mark.parametrize("face", [name for name in operations.FACES if "Auth," not in name])
def test_a_warning_of_a_login_is_at_the_applications_line(face: str) -> None:
    """The application is ``tests/secrecy/operations.py``; in the blocking face it waits in another thread."""
    with serving() as wire:
        wire.answer = lambda _: response("oauth_token=t&oauth_token_secret=s")
        opened = operations.FACES[face](wire.url, "HMAC-SHA1", "HEADER")
        with opened.running(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            name = next(
                name for name in ("create_authorization_url", "fetch_request_token") if name in opened.operations()
            )
            opened.operations()[name]()
    assert ["no oauth_callback_confirmed" in str(one.message) for one in caught] == [True]
    assert Path(caught[0].filename) == Path(operations.__file__)
