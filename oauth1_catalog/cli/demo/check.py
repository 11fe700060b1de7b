"""``demo --check`` and ``try``: logins and API calls over real HTTP without a browser, one line for each step."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from urllib.parse import urljoin, urlsplit

import requests
from flask import Flask
from markupsafe import Markup

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.cli.demo.providers import Demo, DemoProvider, examples_of, settings_of
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.examples import DEFAULT_USER, User
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.integrations.flask_client import FlaskOAuth1App, OAuth
from oauth1_catalog.rfc5849.messages import TokenLike

CHECKED = ("twitter", "flickr", "etrade", "netsuite", "trademe", "jira_data_center")
"""The providers to log in to: HMAC-SHA1, parameters by GET, a callback of ``oob``, HMAC-SHA256 with a realm, PLAINTEXT,
RSA-SHA1 at a tenant's address."""

TIMEOUT = 30
"""Seconds to wait for one response."""

Write = Callable[[str], object]


class StepFailedError(Exception):
    """A step failed; the text describes the result."""


def run_checks(
    applications: Mapping[str, ModuleType],
    *,
    write: Write,
    catalog: Catalog | None = None,
    names: Sequence[str] = CHECKED,
) -> int:
    """Log in with each framework, one after another.

    Args:
        applications: for each framework's name, the module that serves its application.
        write: is called with each line.
        catalog: where the providers come from; by default the built-in catalog.
        names: the names of the providers to log in to.

    Returns:
        The exit status: 0 if every login succeeded.
    """
    succeeded = failed = 0
    for framework, application in applications.items():
        with Emulator(catalog or Catalog()) as emulator:
            demo = Demo(emulator, framework)
            for reason in demo.left_out:
                write(f"{framework:<10} {reason}")
            with application.serve(demo, 0) as origin:
                offered = f"{len(demo.offers)} provider{'' if len(demo.offers) == 1 else 's'}"
                write(f"{framework:<10} {'start':<18} {offered} at {origin}/")
                for name in names:
                    if _log_in(demo, name, origin, write):
                        succeeded += 1
                    else:
                        failed += 1
    total = succeeded + failed
    if failed or not total:
        write(f"FAILED: {failed} of {total} logins failed; see the lines above.")
        return 1
    write(f"{', '.join(applications)}: {total} login{'s' if total > 1 else ''}, all succeeded.")
    return 0


def _log_in(demo: Demo, name: str, origin: str, write: Write) -> bool:
    """Deny one login and complete another; writes a line for each step, and returns whether all succeeded."""
    prefix = f"{demo.framework:<10} {name:<18}"
    with requests.Session() as browser:
        browser.trust_env = False
        try:
            for text in _steps(demo, demo.offer(name), origin, browser):
                write(f"{prefix} {text:<64} ok")
        except (StepFailedError, OAuthError, requests.RequestException) as error:
            write(f"{prefix} FAILED: {error}")
            return False
    return True


def _steps(demo: Demo, offer: DemoProvider | None, origin: str, browser: requests.Session) -> Iterator[str]:
    if offer is None:
        raise StepFailedError("the demo does not offer this provider")
    yield from _deny(demo, offer, origin, browser)
    yield from _approve(demo, offer, origin, browser)


def _deny(demo: Demo, offer: DemoProvider, origin: str, browser: requests.Session) -> Iterator[str]:
    consent = _consent_address(demo, offer, origin, browser)
    answer = browser.get(demo.emulator.deny(consent), timeout=TIMEOUT)
    if answer.status_code != 403 or "You denied access" not in answer.text:
        raise StepFailedError(f"a denial led to status {answer.status_code} instead of a page that reports it")
    yield f"{offer.signature}, consent denied, and the page reports it"


def _approve(demo: Demo, offer: DemoProvider, origin: str, browser: requests.Session) -> Iterator[str]:
    consent = _consent_address(demo, offer, origin, browser)
    yield f"{offer.signature}, sent to the consent page"
    user = User(f"{demo.framework}_{offer.name}")
    callback = demo.emulator.approve(consent, user=user.username)
    if not callback.startswith(origin):
        raise StepFailedError(f"the provider sent the browser to {authority_of(callback)}, not back to {origin}")
    yield f"consent given, sent back to {urlsplit(callback).path}"
    answer = browser.get(callback, timeout=TIMEOUT)
    if answer.status_code != 200 or urlsplit(answer.url).path != f"/profile/{offer.name}":
        raise StepFailedError(f"the callback ended with status {answer.status_code}: {_words(answer.text)}")
    if offer.has_profile and not any(user.claim(name) in answer.text for name in ("sub", "preferred_username")):
        raise StepFailedError(f"the page does not show the profile of {user.username}")
    yield f"profile of {user.username}" if offer.has_profile else "token; the file describes no profile"


def _consent_address(demo: Demo, offer: DemoProvider, origin: str, browser: requests.Session) -> str:
    """Follow the provider's link in the list; returns the URL of its consent page."""
    link = f"/login/{offer.name}"
    start = browser.get(f"{origin}/", timeout=TIMEOUT)
    if start.status_code != 200 or f'href="{link}"' not in start.text:
        raise StepFailedError(f"the start page has no link to {link}; its status is {start.status_code}")
    answer = browser.get(urljoin(origin, link), timeout=TIMEOUT, allow_redirects=False)
    location = answer.headers.get("Location", "")
    if not location.startswith(demo.emulator.origins.consent):
        raise StepFailedError(f"{link} ended with status {answer.status_code}: {_words(answer.text)}")
    return location


def _words(page: str) -> str:
    """The details of a failure page, or the text of any other page, as one line."""
    part = page.partition("What the application received")[2] or page.partition("<main>")[2] or page
    return Markup(part.replace("<", " <")).striptags()[:600]  # noqa: S704 - only its text is used


def run_calls(catalog: Catalog, name: str, *, write: Callable[[str], object]) -> int:
    """Make a signed call in each flow without a login; writes a line for each, and returns the exit status.

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
                    for text in _FLOWS[flow](client, emulator):
                        write(f"{flow:<13} {name:<18} {text:<61} ok")
                except (OAuthError, requests.RequestException) as error:
                    write(f"{flow:<13} {name:<18} FAILED: {error}")
                    failed = True
    return 1 if failed else 0


def _static_token(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:
    issued = emulator.issue_token(client.provider.name)
    token = {"oauth_token": issued.oauth_token, "oauth_token_secret": issued.oauth_token_secret}
    yield _call(client, "a token of the provider's console", token=token)


def _signed_client(client: FlaskOAuth1App, emulator: Emulator) -> Iterator[str]:  # noqa: ARG001 - one signature
    yield _call(client, "only the application's keys", withhold_token=True)


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


def _call(
    client: FlaskOAuth1App,
    signed_with: str,
    *,
    token: TokenLike | None = None,
    withhold_token: bool = False,
) -> str:
    """Call the API once, and describe how the call was signed."""
    if client.client_kwargs.get("signature_type") == "BODY":
        response = client.post("try", data={"a": "b c"}, token=token, withhold_token=withhold_token)
    else:
        response = client.get("try", params={"a": "b c"}, token=token, withhold_token=withhold_token)
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
