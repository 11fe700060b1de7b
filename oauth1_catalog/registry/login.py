"""One login from end to end, as steps that yield effects (``effects.py``), for the sync and the async clients.

This orchestrates a login: the requests are in ``flow``, the record of a login that has not finished is in
``temporary.py``, and the checks that protect a login are in ``login_checks.py``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingExtraError,
    MissingRequestTokenError,
    MissingSettingError,
    StateError,
)
from oauth1_catalog.flow.callback import read_callback, require_verifier
from oauth1_catalog.flow.redirection import (
    OUT_OF_BAND,
    authorization_url,
    check_flow,
    request_temporary_credentials,
    request_token_credentials,
)
from oauth1_catalog.flow.responses import expires_at
from oauth1_catalog.redaction import MaskedList, masked, shown_url
from oauth1_catalog.registry.effects import LoginSteps, StoreCall
from oauth1_catalog.registry.framework import FrameworkRequest, RequestContext
from oauth1_catalog.registry.login_checks import check_fixation, check_path, check_same_user
from oauth1_catalog.registry.provider_values import text_params
from oauth1_catalog.registry.session_tokens import SessionTokenMixin
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.token_store import save_confirmed
from oauth1_catalog.registry.urls import behind_base
from oauth1_catalog.rfc5849.messages import TemporaryCredentials

if TYPE_CHECKING:
    from oauth1_catalog.registry.temporary import TemporaryStore


class LoginMixin(SessionTokenMixin[FrameworkRequest]):
    """The steps of a client that lead to a token."""

    client_id: str | None
    client_secret: str | None
    redirect_uri: str | None
    allow_session_fixation: bool
    _can_log_in: bool
    _told_of_unused: bool

    if TYPE_CHECKING:

        def _missing_addresses(self) -> Iterator[MissingSettingError]: ...

    def _authorization(self, redirect_uri: object, params: Mapping[str, object]) -> LoginSteps[dict[str, Any]]:
        """Ask for a request token; the outcome is Authlib's dictionary, ``url``, ``request_token`` and ``state``."""
        temporary, url = yield from self._begin(redirect_uri, params)
        request_token = Token(
            oauth_token=temporary.oauth_token, oauth_token_secret=temporary.oauth_token_secret, **temporary.extra
        )
        return {"url": url, "request_token": request_token, "state": temporary.oauth_token}

    def _begin(
        self, redirect_uri: object, params: Mapping[str, object]
    ) -> LoginSteps[tuple[TemporaryCredentials, str]]:
        """Ask for a request token, and build the URL to send the user's browser to."""
        self._check_login()
        uri = self._redirect_uri(redirect_uri)
        if uri not in {None, OUT_OF_BAND} and self.provider.callback.value == "oob":
            self._warn_of_unused(str(uri))
        return self._ask_for_request_token(uri, self._texts(params))

    def _ask_for_request_token(
        self, uri: str | None, params: Mapping[str, str]
    ) -> LoginSteps[tuple[TemporaryCredentials, str]]:
        temporary = yield from request_temporary_credentials(self.provider, self.signer, redirect_uri=uri)
        client_id = self.client_id or ""
        url = authorization_url(self.provider, temporary, client_id=client_id, redirect_uri=uri, params=params)
        return temporary, url

    def _check_login(self) -> None:
        """Refuse a login that could not finish, before the user goes to the provider."""
        if not self._can_log_in:
            check_flow(self.provider, "redirect")
            for error in self._missing_addresses():
                raise error
            check_fixation(self.provider, allowed=self.allow_session_fixation, settings=self.framework.settings)
            self._can_log_in = True

    def _start_login(
        self,
        request: FrameworkRequest,
        redirect_uri: object,
        params: Mapping[str, object],
        *,
        state_data: Mapping[str, object] | None,
        user: object,
    ) -> LoginSteps[str]:
        """Start a login, store it until the callback, and return the URL to send the user's browser to."""
        context, keys = self._context(request)  # without a session nothing is sent
        temporary, url = yield from self._begin(redirect_uri, params)
        yield from self._remember(
            request, context, keys, temporary, redirect_uri=redirect_uri, state_data=state_data, user=user
        )
        return url

    def _remember(
        self,
        request: FrameworkRequest,
        context: RequestContext,
        keys: Sequence[str | bytes],
        temporary: TemporaryCredentials,
        *,
        redirect_uri: object,
        state_data: Mapping[str, object] | None,
        user: object,
    ) -> LoginSteps[None]:
        """Store a login in the session of ``request`` until the callback."""
        user = yield from self._user_of(request, user)
        yield from self.temporary.save(
            context.session,
            self.temporary.pending(
                temporary, self._redirect_uri(redirect_uri), state_data or {}, user_digest(self.name, user)
            ),
            keys=keys,
            in_cookie=context.in_cookie,
            compressed=context.compressed,
            now=time.time(),
        )

    def _finish(
        self,
        request: FrameworkRequest,
        params: Mapping[str, object],
        *,
        callback: Any,  # what callback_pairs() returned
        check_redirect_uri: bool,
        user: object,
    ) -> LoginSteps[Token]:
        """Read the callback, take the record of its login, and exchange the request token for an access token.

        Args:
            request: the framework's request.
            params: parameters of the token request.
            callback: the callback's parameters, if they are not in the query; nothing else is read from them.
            check_redirect_uri: whether the callback must have the path of the login's redirect URI.
            user: who is logged in to the application now.

        Raises:
            AuthorizationDeniedError: the user declined.
            StateError: this browser has no such login, or another user started it.
            MissingVerifierError: the callback has no verifier.
            ProviderError: the provider returned no access token.
            TokenNotSavedError: the token store failed to save the access token. The error has it.
        """
        provider, texts = self.provider, self._texts(params)
        context, keys = self._context(request)
        user = yield from self._user_of(request, user)
        digest, now = user_digest(self.name, user), time.time()
        ended = read_callback(provider, context.query, handed=callback)
        if ended.failure is not None:
            yield from self.temporary.discard(context.session, ended.oauth_token)
            raise ended.failure
        login = yield from self.temporary.take(context.session, ended.oauth_token, keys=keys, now=now)
        if login.user is not None:  # else nobody was logged in at its start, and any user can finish it
            check_same_user(provider.name, login.user, digest)
        if check_redirect_uri:
            check_path(provider, login.redirect_uri, context.path)
        verifier = require_verifier(provider, ended.oauth_verifier, login.temporary.extra.get("oauth_verifier"))
        fields = yield from request_token_credentials(
            provider, self.signer, login.temporary, verifier=verifier, params=texts
        )
        token = self._token_of(fields, now)
        token.update({name: value for name, value in ended.extra.items() if name not in token})
        token.state_data = dict(login.state_data)
        token.redirect_uri = login.redirect_uri
        self.framework.current_token.set(self.name, request, token)
        if login.user is not None:
            yield from self._keep_after_login(token, user)
        return token

    def _user_of(self, request: FrameworkRequest, given: object) -> LoginSteps[object]:
        """The user who is logged in to the application: the given one, else the one that the token store finds."""
        if given is not None or self.framework.token_store is None:
            return given
        user: object = yield StoreCall("current_user", (request,))
        return user

    def _keep_after_login(self, token: Token, user: object) -> LoginSteps[None]:
        """Save the token of a login that ``user`` started and finished."""
        if self.framework.token_store is not None:
            yield from save_confirmed(self.name, user, token, step="access_token")
            token.user = user

    def _exchange(
        self, request_token: Mapping[str, str] | None, verifier: str | None, params: Mapping[str, object]
    ) -> LoginSteps[Token]:
        """Only the last step, without callback and session."""
        temporary, now = self._temporary_credentials(request_token, step="access_token"), time.time()
        verifier = masked(require_verifier(self.provider, verifier, temporary.extra.get("oauth_verifier")))
        fields = yield from request_token_credentials(
            self.provider, self.signer, temporary, verifier=verifier, params=self._texts(params)
        )
        return self._token_of(fields, now)

    def _token_of(self, fields: Mapping[str, str], now: float) -> Token:
        """The token in a provider's response to a request that was sent at the time ``now``."""
        token = Token(fields)
        token.expires_at = expires_at(self.provider, token, now)
        return token

    def _password_token(self, username: str, password: str, params: Mapping[str, object]) -> LoginSteps[Token]:
        from oauth1_catalog.flow.grants import password_token

        texts = self._texts(params)
        fields = yield from password_token(
            self.provider, self.signer, username=username, password=password, params=texts
        )
        return self._token_of(fields, time.time())

    def _client_token(self, verifier: str | None, params: Mapping[str, object]) -> LoginSteps[Token]:
        from oauth1_catalog.flow.grants import client_token

        texts = self._texts(params)
        fields = yield from client_token(self.provider, self.signer, verifier=verifier, params=texts)
        return self._token_of(fields, time.time())

    def _save_data(self, request: FrameworkRequest, data: Mapping[str, Any]) -> LoginSteps[None]:
        """Store what ``create_authorization_url`` returned, with the arguments of ``authorize_redirect``."""
        given = {name: data.get(name) for name in ("redirect_uri", "state_data", "user")}
        temporary = self._temporary_credentials(data.get("request_token"), step="authorize")
        context, keys = self._context(request)
        yield from self._remember(request, context, keys, temporary, **given)

    def _warn_of_unused(self, redirect_uri: str) -> None:
        """Warn once that a redirect URI is not sent: the user may return to another address than expected."""
        if self._told_of_unused:
            return
        self._told_of_unused = True
        warn(
            f"{self.name}: the redirect URI {shown_url(redirect_uri)!r} is not sent. This provider accepts "
            "only oob, and sends the user to the callback that is registered for the key. Register this URI there, and "
            "omit the argument. If the provider's file has an option for it (oauth1-catalog show "
            f"{self.provider.name}), such as callback_is_prefix, pass that where you create the client."
        )

    def _redirect_uri(self, given: object) -> str | None:
        """The redirect URI: the argument of the call, else the configured one."""
        uri = self.redirect_uri if given is None else str(given)
        is_path = uri is not None and uri.startswith("/") and not uri.startswith("//")
        return behind_base(self.name, uri, self.framework.settings) if uri and is_path else uri

    def _temporary_credentials(self, given: object, *, step: str) -> TemporaryCredentials:
        """Authlib's request token, a dictionary, as temporary credentials."""
        if not isinstance(given, Mapping) or not given.get("oauth_token"):
            raise MissingRequestTokenError(
                description=f"{self.name}: no request_token.",
                provider=self.name,
                step=step,
                advice="Pass what create_authorization_url() returned.",
            )
        fields = masked(dict(given))
        return TemporaryCredentials(fields.pop("oauth_token"), fields.pop("oauth_token_secret", "") or "", fields)

    def _context(self, request: FrameworkRequest) -> tuple[RequestContext, Sequence[str | bytes]]:
        """The session and the query of a request, and the keys that encrypt a login's record."""
        with self._configuring():
            context = self.framework.context(request)
        return context, self._secret_keys(context.keys)

    def _secret_keys(self, found: Sequence[str | bytes]) -> Sequence[str | bytes]:
        """The keys that encrypt and decrypt a login's record, the one that encrypts first.

        Args:
            found: the application's own keys.

        Raises:
            ConfigurationError: there is no key, so anyone could decrypt a record.
        """
        keys = [*self.framework.secret_keys, *found, *self._fallback_keys]
        if not keys:
            raise ConfigurationError(
                "missing_secret_key",
                f"{self.name}: a login's record is encrypted with a secret key. The application has no key, and this "
                "client has no secret to derive one from.",
                provider=self.name,
                advice="Pass OAuth(secret_key=...), a long random text that all processes of the application share.",
            )
        return MaskedList(dict.fromkeys(keys))

    @cached_property
    def _fallback_keys(self) -> Sequence[str]:
        """The keys of an application without a secret key: what only this client knows, in each of its processes."""
        secret = masked(self.client_secret)
        if not secret and self.signer.signature_method.name.startswith("RSA"):
            secret = masked(self.signer.signature_method.sign("oauth1_catalog temporary credentials", "", ""))
        return MaskedList([f"{self.client_id}&{secret}"] if secret else [])

    def _texts(self, params: Mapping[str, object]) -> dict[str, str]:
        return text_params(self.name, params) if params else {}

    @cached_property
    def temporary(self) -> TemporaryStore:
        """The pending logins of this client."""
        from oauth1_catalog.registry.temporary import TemporaryStore

        return TemporaryStore(
            self.name,
            binding=(self.provider.name, self.client_id or "", self.provider.access_token_url or ""),
            cached=self.framework.cache is not None,
            lifetime=self.framework.lifetime,
        )

    @contextmanager
    def _configuring(self) -> Iterator[None]:
        """Name this client in a configuration error of a lower layer, which does not know the client."""
        try:
            yield
        except MissingExtraError as error:
            error.provider = self.name
            raise
        except ConfigurationError as error:
            if error.provider is None:
                error.name_client(self.name)
            raise error.with_traceback(None) from error.__cause__  # its frames may hold a key


def callback_pairs(client: LoginMixin[Any], callback: object) -> Any:
    """The masked pairs of what an application passed as ``callback=``. A browser may have sent anything.

    Raises:
        StateError: it is not a mapping.
    """
    if callback is None or isinstance(callback, MaskedList):
        return callback
    if not isinstance(callback, Mapping):
        kind, callback = type(callback).__name__, None
        raise StateError(
            "invalid_callback",
            f"{client.name}: callback= is of type {kind}.",
            provider=client.name,
            step="callback",
            advice="Pass a mapping with oauth_token and oauth_verifier, such as the request's JSON.",
        )
    return MaskedList(client.framework.pairs(callback))


_IDENTIFIERS = ("pk", "get_id", "id")
"""What the identifier of a user object is called: Django, Flask-Login, and the mapped classes of SQLAlchemy."""


def user_digest(client: str, user: object) -> str | None:
    """What a login's record contains of a user; ``None`` if nobody is logged in.

    Args:
        client: the registered name.
        user: an identifier, or an object that has one (``pk``, ``get_id()``, ``id``).

    Raises:
        ConfigurationError: the object has no identifier.

    >>> user_digest("twitter", 7) == user_digest("twitter", "7"), user_digest("twitter", None)
    (True, None)
    """
    identifier = user
    if user is not None and not _is_identifier(user):
        if getattr(user, "is_authenticated", True) is False:
            return None  # Django's AnonymousUser, Starlette's UnauthenticatedUser
        identifier = next((found for name in _IDENTIFIERS if (found := _attribute(user, name)) is not None), None)
        if not _is_identifier(identifier):
            raise ConfigurationError(
                "unknown_user",
                f"{client}: a login cannot remember a {type(user).__name__} as its user.",
                provider=client,
                advice="Pass an identifier as user=, such as the primary key: text, a number or a UUID.",
            )
    return None if identifier is None else hashlib.sha256(f"user:{identifier}".encode()).hexdigest()[:24]


def _is_identifier(value: object) -> bool:
    if isinstance(value, str | int):
        return True
    from uuid import UUID  # which is slow to import, and reads the platform

    return isinstance(value, UUID)


def _attribute(user: object, name: str) -> object:
    value = getattr(user, name, None)
    return value() if name == "get_id" and callable(value) else value
