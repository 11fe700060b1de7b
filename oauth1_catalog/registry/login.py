"""One login from end to end, as steps that the sync and the async clients drive alike.

The steps yield effects: a ``Request`` for the provider, answered with a ``Response``, a ``CacheCall`` or ``StoreCall``
for the application's cache or token store, answered with what that returns, a ``Pause``, and steps
that are ``Uninterrupted``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from oauth1_catalog.errors import StateError
from oauth1_catalog.flow.callback import read_callback, require_verifier
from oauth1_catalog.flow.lifetime import expires_at
from oauth1_catalog.flow.redirection import (
    OUT_OF_BAND,
    authorization_url,
    request_temporary_credentials,
    request_token_credentials,
)
from oauth1_catalog.registry.browser import Browser
from oauth1_catalog.registry.login_user import check_same_user
from oauth1_catalog.registry.temporary import CacheCall, PendingLogin, TemporaryStore
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_store import Pause, StoreCall, Uninterrupted
from oauth1_catalog.rfc5849.credentials import TemporaryCredentials
from oauth1_catalog.rfc5849.messages import Request

if TYPE_CHECKING:
    from oauth1_catalog.catalog.provider import Provider
    from oauth1_catalog.rfc5849 import Signer

Outcome = TypeVar("Outcome")
Effect: TypeAlias = Request | CacheCall | StoreCall | Pause | Uninterrupted
LoginSteps: TypeAlias = Generator[Effect, Any, Outcome]  # what comes back depends on what was yielded


def begin(
    provider: Provider,
    signer: Signer,
    *,
    redirect_uri: str | None,
    params: Mapping[str, str],
) -> LoginSteps[dict[str, Any]]:
    """Ask for a request token, and say where to send the browser.

    Returns:
        Authlib's dictionary: ``url``, ``request_token`` and ``state``.
    """
    temporary = yield from request_temporary_credentials(provider, signer, redirect_uri=redirect_uri)
    url = authorization_url(
        provider, temporary, client_id=signer.client.client_id, redirect_uri=redirect_uri, params=params
    )
    request_token = Token(
        oauth_token=temporary.oauth_token, oauth_token_secret=temporary.oauth_token_secret, **temporary.extra
    )
    return {"url": url, "request_token": request_token, "state": temporary.oauth_token}


def remember(
    store: TemporaryStore,
    browser: Browser,
    *,
    request_token: Mapping[str, str],
    redirect_uri: str | None,
    state_data: Mapping[str, object],
    user: str | None,
    now: float,
) -> LoginSteps[None]:
    """Keep the request token of ``begin`` until the callback, and the user for whom the login begins."""
    login = PendingLogin(temporary_credentials(request_token), redirect_uri, state_data, user)
    yield from store.save(
        browser.session,
        login,
        keys=browser.keys,
        in_cookie=browser.in_cookie,
        compressed=browser.compressed,
        now=now,
    )


def finish(
    provider: Provider,
    signer: Signer,
    store: TemporaryStore,
    browser: Browser,
    *,
    params: Mapping[str, str],
    user: str | None,
    now: float,
    handed: Iterable[tuple[str, object]] | None = None,
    check_redirect_uri: bool = False,
) -> LoginSteps[tuple[Token, bool]]:
    """Read the callback, take back the login that it ends, and change its request token for an access token.

    Args:
        provider: whose login it is.
        signer: signs with the client's credentials.
        store: has the login.
        browser: who comes back.
        params: parameters of the token request.
        user: who is logged in to the application now.
        now: seconds since the epoch.
        handed: the callback's parameters, where they are not in the query; nothing else is read from them.
        check_redirect_uri: whether the login must end at the path that it was begun for.

    Returns:
        The token, and whether the login was begun by the user who is logged in now.

    Raises:
        AuthorizationDeniedError: the user said no.
        StateError: the callback belongs to no login of this browser, or to one that another user began.
        MissingVerifierError: the callback has no verifier.
        ProviderError: the provider gave no access token.
    """
    callback = read_callback(provider, browser.query, handed=handed)
    if callback.failure is not None:
        yield from store.discard(browser.session, callback.oauth_token)
        raise callback.failure
    login = yield from store.take(browser.session, callback.oauth_token, keys=browser.keys, now=now)
    check_same_user(provider.name, login.user, user)
    if check_redirect_uri:
        _check_path(provider, login.redirect_uri, browser.path)
    verifier = require_verifier(provider, callback.oauth_verifier, login.temporary.extra.get("oauth_verifier"))
    token = yield from exchange(provider, signer, login.temporary, verifier=verifier, params=params, now=now)
    token.update({name: value for name, value in callback.extra.items() if name not in token})
    token.state_data = dict(login.state_data)
    token.redirect_uri = login.redirect_uri
    return token, login.user is not None


def exchange(
    provider: Provider,
    signer: Signer,
    temporary: TemporaryCredentials,
    *,
    verifier: str | None,
    params: Mapping[str, str],
    now: float,
) -> LoginSteps[Token]:
    """Change the request token for an access token."""
    fields = yield from request_token_credentials(provider, signer, temporary, verifier=verifier, params=params)
    return token_of(provider, fields, now=now)


def token_of(provider: Provider, fields: Mapping[str, str], *, now: float) -> Token:
    """The token in a provider's answer that came ``now``."""
    token = Token(fields)
    token.expires_at = expires_at(provider, token, now)
    return token


def temporary_credentials(request_token: Mapping[str, str]) -> TemporaryCredentials:
    """Authlib's request token, a dictionary, as temporary credentials."""
    fields = dict(request_token)
    return TemporaryCredentials(fields.pop("oauth_token"), fields.pop("oauth_token_secret", "") or "", fields)


def _check_path(provider: Provider, redirect_uri: str | None, path: str) -> None:
    """A login that was begun for one callback ends at no other one, where the application asks for that."""
    if redirect_uri is None or redirect_uri == OUT_OF_BAND:
        begun = "without a redirect URI to check"
    else:
        begun_for = unquote(urlsplit(redirect_uri).path) or "/"
        if begun_for.rstrip("/") == path.rstrip("/"):
            return
        begun = f"to end at {begun_for!r}, not at {path!r}"
    raise StateError(
        "mismatching_redirect_uri",
        f"{provider.name}: this login was begun {begun}. Ask the user to log in again. Where a proxy changes paths, "
        "leave check_redirect_uri out and compare token.redirect_uri.",
        provider=provider.name,
        step="callback",
    )
