"""The client of Flask and Django: drives a login's steps with the pooled ``requests`` transport."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from oauth1_catalog.clients.options import requests_options
from oauth1_catalog.flow.driver import run
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.api_calls import HttpOptions, Verbs
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.effects import CacheCall, Effect, LoginSteps, Outcome, Pause, Uninterrupted
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials, TokenLike

if TYPE_CHECKING:
    import requests

    from oauth1_catalog.clients.requests_pool import RequestsPool


class SyncOAuth1App(OAuth1App[FrameworkRequest], Verbs["requests.Response", FrameworkRequest]):
    """A client whose calls block."""

    @cached_property
    def pool(self) -> RequestsPool:
        """The connections of this client, kept for its life."""
        from oauth1_catalog.clients.requests_pool import RequestsPool

        with self._configuring():
            return RequestsPool(**self._transport)

    def _transport_options(self, client_kwargs: Mapping[str, object]) -> dict[str, Any]:
        return requests_options(client_kwargs, name=self.name)

    def create_authorization_url(
        self, redirect_uri: str | None = None, **kwargs: object
    ) -> dict[str, Any]:  # texts and mappings, as in Authlib
        """Ask for a request token, and return the address to send the browser to.

        Args:
            redirect_uri: where the user comes back to.
            kwargs: parameters of the authorize URL; each wins over the registered ``authorize_params``.

        Returns:
            ``url``, ``request_token`` and ``state``: what ``save_authorize_data`` wants.

        Raises:
            ConfigurationError: a setting is missing or wrong; nothing was sent.
            ProviderError: the provider gave no request token.
        """
        kwargs = MaskedMapping(kwargs)
        return self._run(self._authorization(redirect_uri, kwargs))

    def fetch_access_token(
        self,
        request_token: Mapping[str, str] | None = None,
        *,
        oauth_verifier: str | None = None,
        verifier: str | None = None,
        **kwargs: object,
    ) -> Token:
        """Change a request token for an access token, without callback and session: the last step alone.

        Args:
            request_token: what ``create_authorization_url`` gave.
            oauth_verifier: the verifier, or the PIN that the user typed.
            verifier: the same.
            kwargs: parameters of the request.

        Raises:
            MissingRequestTokenError: there is no ``request_token``.
            ProviderError: the provider gave no access token.
        """
        request_token, kwargs = masked(request_token), MaskedMapping(kwargs)
        oauth_verifier, verifier = masked(oauth_verifier), masked(verifier)
        return self._run(self._exchange(request_token, oauth_verifier or verifier, kwargs))

    def fetch_password_token(self, username: str, password: str, **kwargs: object) -> Token:
        """Change a user's name and password for an access token, at the providers that take them (xAuth: Instapaper).

        Args:
            username: the user's name or address at the provider.
            password: the user's password; it goes into the body of one signed request, and is not kept.
            kwargs: further parameters of the request.

        Raises:
            ConfigurationError: the provider's file does not list xAuth.
            ProviderError: the provider gave no token.
        """
        password, kwargs = masked(password), MaskedMapping(kwargs)
        return self._run(self._password_token(username, password, kwargs))

    def fetch_client_token(self, verifier: str | None = None, **kwargs: object) -> Token:
        """Ask for a token with the client's credentials alone, at the providers that give one (Magento, HERE).

        Args:
            verifier: what the provider has sent beforehand, in a two-legged flow.
            kwargs: further parameters of the request for the token.

        Raises:
            ConfigurationError: the provider's file lists neither two_legged nor signed_grant.
            ProviderError: the provider gave no token.
        """
        verifier, kwargs = masked(verifier), MaskedMapping(kwargs)
        return self._run(self._client_token(verifier, kwargs))

    def renew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """Renew an access token, also an expired one, at providers whose files describe renewal.

        A token of the token store is saved there. If several workers renew it at the same time, only one sends a
        request.

        Args:
            token: with every field that the provider's answer had, such as its session handle.
            user: whose token it is in the token store. Not needed for a token from the store.

        Returns:
            The token to use from now on; ``expires_at`` is the time when it expires.

        Raises:
            ConfigurationError: the provider's file does not describe it.
            MissingTokenError: the token store has no token of this user.
            ProviderError: the provider did not renew it; the user has to log in again.
        """
        token = masked(token)
        return self._run(self._renew(token, user))

    def revoke_token(self, token: TokenLike | None = None, *, user: object = None) -> None:
        """Revoke an access token at the provider, and remove it from the token store.

        Args:
            token: which one.
            user: whose token it is in the token store.

        Raises:
            ConfigurationError: the provider's file does not describe it.
            MissingTokenError: the token store has no token of this user.
            ProviderError: the provider did not revoke it.
        """
        token = masked(token)
        self._run(self._revoke(token, user))

    def exchange_token(
        self,
        token: TokenLike | None = None,
        *,
        user: object = None,
        oauth2_client_id: str | None = None,
        oauth2_client_secret: str | None = None,
        **kwargs: object,
    ) -> OAuth2Token:
        """Exchange a token for one of OAuth 2.0, at providers whose files describe it (``successor``: X, Garmin).

        It sends one request, and never repeats it. It does not change the token store. Do not run two exchanges for the
        same user at once: at X, each ends the tokens of the other.

        Args:
            token: the token of OAuth 1.0.
            user: whose token it is in the token store.
            oauth2_client_id: the OAuth 2.0 client, if the provider authenticates it (X), instead of the registered one.
                It can differ from ``client_id``.
            oauth2_client_secret: its secret; none for a public client.
            kwargs: other parameters of the request, such as ``scope``.

        Returns:
            ``access_token`` and, usually, ``refresh_token``; ``expires_at`` is the time when the access token expires.

        Raises:
            ConfigurationError: the provider's file does not describe it.
            MissingSettingError: ``oauth2_client_id`` is missing.
            MissingTokenError: the token store has no token of this user.
            TokenExchangeDeniedError: the provider refused; ``is_final`` and ``retry_after`` are for a repetition.
            ProviderError: the answer contains no token, or there was none. The provider can have made the exchange.
        """
        token, oauth2_client_secret, kwargs = masked(token), masked(oauth2_client_secret), MaskedMapping(kwargs)
        return self._run(self._exchange_token(token, user, oauth2_client_id, oauth2_client_secret, kwargs))

    def find_token(self, user: object) -> Token | None:
        """The token of ``user`` in the token store, ``None`` where there is none.

        Raises:
            ConfigurationError: there is no token store.
            TokenKeyError: the row was sealed with another key, or changed.
        """
        return self._run(self._find(user))

    def save_token(self, token: TokenLike, user: object) -> None:
        """Keep ``token`` in the token store, instead of the one that ``user`` had before.

        ``authorize_access_token`` does this itself if the user is known. If only the profile identifies the user, call
        this in your application.

        Raises:
            ConfigurationError: there is no token store.
        """
        token = masked(token)
        self._run(self._save(token, user))

    def forget_token(self, user: object) -> None:
        """Remove the token of ``user`` from the token store. The provider is not informed; see ``revoke_token``.

        Raises:
            ConfigurationError: there is no token store.
        """
        self._run(self._forget(user))

    def userinfo(
        self, token: TokenLike | None = None, *, request: FrameworkRequest | None = None
    ) -> dict[str, Any]:  # claims are JSON values
        """The user's profile as standard claims (``sub``, ``name``, ``email``, ...), as the provider's file maps it.

        Args:
            token: whose profile; as for ``request``.
            request: the framework's request, handed to ``fetch_token``.

        Raises:
            MissingSettingError: the address of the profile is not known.
            ProviderError: the response is not a profile.
        """
        token = masked(token)
        from oauth1_catalog.flow.userinfo import fetch_userinfo

        token = masked(self._any_token(token, request))
        credentials = self._call_credentials(token)
        return run(fetch_userinfo(self.provider, self.api_signer, credentials, token), self._send)

    def request(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: FrameworkRequest | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **kwargs: Unpack[HttpOptions],
    ) -> requests.Response:
        """Call the provider's API, signed.

        Args:
            method: the HTTP method.
            url: a path relative to ``api_base_url``, or an absolute URL of a host of this provider.
            token: whose call it is: a mapping, or an object with ``to_token()``.
            request: the framework's request, handed to ``fetch_token``.
            withhold_token: sign with the client's keys alone.
            allow_any_host: let an absolute URL name a host that the provider's file does not list.
            oauth_params: further protocol parameters, such as ``{"oauth_callback": "about:blank"}``.
            kwargs: arguments of ``requests.Session.request``.

        Raises:
            MissingTokenError: the call needs a token, and none was found.
            ConfigurationError: the URL is not one of this provider's.
        """
        token, oauth_params, options = masked(token), masked(oauth_params), MaskedMapping(kwargs)
        del kwargs
        if not withhold_token:
            token = masked(self._any_token(token, request))
        credentials = None if withhold_token else self._call_credentials(token)
        response = self._signed_request(method, url, credentials, oauth_params, options, allow_any_host=allow_any_host)
        if response.status_code == 401 and self.provider.session_token is not None:
            self._session_refused(credentials)
        if response.status_code >= 400 and self._may_be_rejected(token):
            from oauth1_catalog.clients.requests_exchange import beginning_of

            limits = self.pool.limits
            beginning = beginning_of(response, limits.token_bytes, limits.token_deadline)
            self._run(self._forget_rejected(token, response, beginning))
        return response

    def close(self) -> None:
        """Close the client's connections; the next call opens new ones."""
        if "pool" in self.__dict__:
            self.pool.close()

    def _signed_request(
        self,
        method: str,
        url: str,
        credentials: TokenCredentials | None,
        oauth_params: Mapping[str, str] | None,
        kwargs: dict[str, Any],  # those of requests
        *,
        allow_any_host: bool,
    ) -> requests.Response:
        """``request`` with a token that has been found; it touches neither the token store nor the session."""
        from oauth1_catalog.clients.requests_auth import OAuth1Auth

        url, kwargs = self._api_call(url, kwargs, allow_any_host=allow_any_host)
        if (header := self._token_header(credentials)) is not None:
            return self._unsigned_request(method, url, header, oauth_params, kwargs)
        with self._named():
            fields, kwargs = self._multipart_fields(kwargs)
            auth = OAuth1Auth.from_signer(self.api_signer, credentials, oauth_params, fields)
            with self.framework.connected.using(self.pool):
                return self.pool.request(method, url, auth=auth, **kwargs)

    def _unsigned_request(
        self, method: str, url: str, auth: Any, oauth_params: object, kwargs: dict[str, Any]
    ) -> requests.Response:
        """A call that carries the token itself."""
        from oauth1_catalog.flow.token_header import check_unsigned

        check_unsigned(self.provider, url=url, parameters=oauth_params)
        follow = kwargs.pop("allow_redirects", method.upper() != "HEAD")
        with self.framework.connected.using(self.pool):
            response = self.pool.request(method, url, auth=auth, allow_redirects=False, **kwargs)
        check_unsigned(self.provider, url=url, parameters=None, is_redirect=follow and response.is_redirect)
        return response

    def _call_credentials(self, token: TokenLike | None) -> TokenCredentials | None:
        """The credentials that sign a call; at a provider with session tokens this can ask for one."""
        if self.provider.session_token is None:
            return self._credentials(token)
        return self._run(self._session_credentials(token))

    def _any_token(self, token: TokenLike | None, request: FrameworkRequest | None) -> TokenLike | None:
        """The token of a call: the caller's, else the current user's."""
        if token is not None:
            return token
        fetched = self._fetched_token(request)
        return fetched if fetched is not None else self._current_token(token, request)

    def _fetched_token(self, request: FrameworkRequest | None) -> TokenLike | None:
        if request is None:
            return None
        if self._fetch_token is None:
            return self._stored_token(request)
        fetched: TokenLike | None = self._fetch_token(request)
        return fetched

    def _stored_token(self, request: FrameworkRequest) -> Token | None:
        return None if self.framework.token_store is None else self._run(self._current_users_token(request))

    def _run(self, steps: LoginSteps[Outcome]) -> Outcome:
        return run(steps, self._perform)

    def _send(self, request: Request) -> Response:
        with self.framework.connected.using(self.pool):
            return self.pool.send(request)

    def _perform(self, effect: Effect) -> object:
        if isinstance(effect, Request):
            return self._send(effect)
        if isinstance(effect, Pause):
            time.sleep(effect.seconds)
            return None
        if isinstance(effect, Uninterrupted):
            return self._run(effect.steps)
        answer = self.framework.call(effect)
        if inspect.iscoroutine(answer):
            answer.close()
            what = "cache" if isinstance(effect, CacheCall) else "token store"
            raise TypeError(f"the {what} is async, and this client is not")
        return answer
