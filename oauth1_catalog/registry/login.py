"""One login from end to end, as steps that the sync and the async clients drive alike.

The steps yield effects: a ``Request`` for the provider, answered with a ``Response``, a ``CacheCall`` or ``StoreCall``
for the application's cache or token store, answered with what that returns, a ``Pause``, and steps
that are ``Uninterrupted``.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, StateError
from oauth1_catalog.flow.callback import read_callback, require_verifier
from oauth1_catalog.flow.redirection import (
    OUT_OF_BAND,
    authorization_url,
    request_temporary_credentials,
    request_token_credentials,
)
from oauth1_catalog.flow.responses import expires_at
from oauth1_catalog.registry.framework import RequestContext
from oauth1_catalog.registry.temporary import CacheCall, PendingLogin, TemporaryStore
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_store import Pause, StoreCall, Uninterrupted
from oauth1_catalog.rfc5849.messages import Request, TemporaryCredentials

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
    browser: RequestContext,
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
    browser: RequestContext,
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


_IDENTIFIERS = ("pk", "get_id", "id")
"""What the identifier of a user object is called: Django, Flask-Login, and the mapped classes of SQLAlchemy."""


def user_digest(client: str, user: object) -> str | None:
    """What a login's record keeps of a user, ``None`` for nobody.

    Args:
        client: the registered name.
        user: an identifier, or an object that has one (``pk``, ``get_id()``, ``id``).

    Raises:
        ConfigurationError: the object has no identifier.

    >>> user_digest("twitter", 7) == user_digest("twitter", "7"), user_digest("twitter", None)
    (True, None)
    """
    identifier = user
    if not isinstance(user, str | int | UUID | None):
        if getattr(user, "is_authenticated", True) is False:
            return None  # Django's AnonymousUser, Starlette's UnauthenticatedUser
        identifier = next((found for name in _IDENTIFIERS if (found := _attribute(user, name)) is not None), None)
        if not isinstance(identifier, str | int | UUID):
            raise ConfigurationError(
                "unknown_user",
                f"{client}: a login cannot remember a {type(user).__name__} as its user. Pass an identifier as user=, "
                "such as the primary key: text, a number or a UUID.",
                provider=client,
            )
    return None if identifier is None else hashlib.sha256(f"user:{identifier}".encode()).hexdigest()[:24]


def check_same_user(client: str, begun_by: str | None, ended_by: str | None) -> None:
    """Refuse the end of a login that another user began. One that nobody in particular began ends for everybody.

    Raises:
        StateError: the users differ, or nobody is logged in any more.
    """
    if begun_by is None or begun_by == ended_by:
        return
    who = "nobody is logged in now" if ended_by is None else "another user is logged in now"
    raise StateError(
        "mismatching_user",
        f"{client}: this login was begun by a user of your application, and {who}. Ask the user to log in again, and "
        "to begin anew. Where authorize_redirect() is given user=, give authorize_access_token() the same.",
        provider=client,
        step="callback",
    )


def _attribute(user: object, name: str) -> object:
    value = getattr(user, name, None)
    return value() if name == "get_id" and callable(value) else value


RISK = (
    "the provider's callback need not have a verifier (OAuth Core 1.0), so a login can be fixated: an attacker who "
    "begins one, and has a victim agree to it, ends it with the victim's account (oauth.net advisory 2009-1)"
)
"""What is wrong with such a login, for messages."""


def has_fixable_login(provider: Provider) -> bool:
    """Whether users log in at this provider, and come back without a verifier."""
    return "redirect" in provider.flows and provider.callback.verifier != "required"


def check_fixation(provider: Provider, *, allowed: bool) -> None:
    """Refuse a login without verifier where the application has not allowed it.

    Raises:
        ConfigurationError: it was not allowed; nothing was sent.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> check_fixation(Provider(name="tripit", callback=CallbackRules(verifier="none")), allowed=True)
    """
    if allowed or not has_fixable_login(provider):
        return
    raise ConfigurationError(
        "session_fixation",
        f"{provider.name}: {RISK}.",
        provider=provider.name,
        advice="To accept that, pass allow_session_fixation=True at registration; docs/security.md tells what to do "
        "beside it.",
    )


def held_to_rfc5849(provider: Provider) -> Provider:
    """``provider``, where its file leaves open whether there is a verifier: the login then needs one.

    A server that does not confirm the callback ignores a verifier, which anybody can make up; so it must confirm.
    """
    if provider.callback.verifier != "optional":
        return provider
    rules = dataclasses.replace(provider.callback, verifier="required", confirmed="required")
    return dataclasses.replace(provider, callback=rules)
