"""``oauth1-catalog try`` for the flows that have no page to click through: a token is got, and a call is signed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping

import requests
from flask import Flask

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.cli.demo.offers import examples_of, settings_of
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.users import DEFAULT_USER
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.flask_client import FlaskOAuth1App, OAuth


def run_calls(catalog: Catalog, name: str, *, write: Callable[[str], object]) -> int:
    """Make a signed call in each flow without a browser; writes a line for each, and gives the exit status.

    Args:
        catalog: where the provider comes from.
        name: of the provider.
        write: is called with each line.
    """
    file = catalog.file(name)
    failed = False
    with Emulator(catalog) as emulator:
        app = Flask(__name__)
        settings = settings_of(emulator, file, emulator.catalog.provider(name, values=examples_of(file)))
        app.config.update({f"{name}_{key}".upper(): value for key, value in settings.items()})
        app.secret_key = secrets.token_hex()
        with app.app_context():
            client = OAuth(app, catalog=emulator.catalog).register_from_catalog(name)
            for flow in file.flows:
                if flow == "redirect":
                    continue
                try:
                    for told in _FLOWS[flow](client, emulator):
                        write(f"{flow:<13} {name:<18} {told:<61} ok")
                except (OAuthError, requests.RequestException) as error:
                    write(f"{flow:<13} {name:<18} FAILED: {error}")
                    failed = True
    return 1 if failed else 0


def _static_token(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:
    issued = emulator.issue_token(client.provider.name)
    token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
    yield _call(client, "a token of the provider's console", token=token)


def _signed_client(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:  # noqa: ARG001 - one signature
    yield _call(client, "the application's keys alone", withhold_token=True)


def _client_token(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:  # noqa: ARG001 - one signature
    token = client.fetch_client_token()
    yield "a token for the application's keys"
    if client.api_base_url is not None:
        yield _call(client, "that token", token=token)


def _xauth(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:  # noqa: ARG001 - one signature
    token = client.fetch_password_token(DEFAULT_USER.username, "a password")
    yield "a token for a name and a password"
    if client.api_base_url is not None:
        yield _call(client, "that token", token=token)


def _call(client: FlaskOAuth1App, signed_with: str, **kwargs: object) -> str:
    """Call the API once, as the provider's file says, and tell how it was signed."""
    if client.client_kwargs.get("signature_type") == "BODY":
        response = client.post("try", data={"a": "b c"}, **kwargs)
    else:
        response = client.get("try", params={"a": "b c"}, **kwargs)
    response.raise_for_status()
    method = client.client_kwargs.get("signature_method") or "HMAC-SHA1"
    return f"{method}, a call signed with {signed_with}"


_FLOWS: Mapping[str, Callable[[FlaskOAuth1App, Emulator], Iterator[str]]] = {
    "static_token": _static_token,
    "signed_client": _signed_client,
    "two_legged": _client_token,
    "signed_grant": _client_token,
    "xauth": _xauth,
}
