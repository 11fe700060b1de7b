"""The login of a client in a web framework that knows the request being served, such as Flask, sync and async."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Generic

from oauth1_catalog.errors import NotInitializedError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.async_client import AsyncOAuth1App, awaited
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.framework import REDIRECT_HEADERS, FrameworkRequest
from oauth1_catalog.registry.login import callback_pairs
from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import Token
from oauth1_catalog.registry.web_clients import FrameworkResponse_co, URLObject
from oauth1_catalog.rfc5849.messages import TokenLike


class ContextMixin(OAuth1App[FrameworkRequest]):
    """Takes the request from the framework."""

    def _served_request(self) -> FrameworkRequest:
        served = self.framework.served_request()
        if served is None:
            raise NotInitializedError(
                description=f"{self.name}: a login needs a request, and none is being served.",
                provider=self.name,
                advice="Call this in a view.",
            )
        return served


class ContextOAuth1App(
    ContextMixin[FrameworkRequest], SyncOAuth1App[FrameworkRequest], Generic[FrameworkRequest, FrameworkResponse_co]
):
    """A client of one provider in a framework whose views block, and which knows the request."""

    def authorize_redirect(
        self,
        redirect_uri: str | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> FrameworkResponse_co:
        """Send the user's browser to the provider, to log in and authorize the application.

        Args:
            redirect_uri: where the user returns to: the address of the view that calls ``authorize_access_token``. A
                path is put behind the configured base, ``OAUTH1_CATALOG_REDIRECT_BASE_URL``. By default the client's
                own ``redirect_uri`` of the configuration. Do not build it from the request's Host header, which anyone
                can send.
            state_data: the application's own data, given back at the callback as ``token.state_data``. It is kept as
                JSON.
            user: the user who begins the login to link an account, if a user is logged in: an identifier, or an
                object that has one. Nobody else can end this login. By default the token store's ``user=`` finds it.
            kwargs: parameters of the authorize URL.

        Returns:
            The redirect, to be returned by the view.

        Raises:
            ConfigurationError: a setting is missing or wrong; nothing was sent.
            ProviderError: the provider gave no request token.
        """
        kwargs = MaskedMapping(kwargs)
        login = self._start_login(self._served_request(), redirect_uri, kwargs, state_data=state_data, user=user)
        url = run(login, self._perform)
        response: FrameworkResponse_co = self.framework.redirect_response(url, REDIRECT_HEADERS)
        return response

    def save_authorize_data(self, **kwargs: Any) -> None:  # what create_authorization_url() gave
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        self._run(self._save_data(self._served_request(), kwargs))

    def authorize_access_token(
        self,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Token:
        """End the login, in the view that the user came back to.

        Args:
            callback: the callback's parameters, where a front end hands them on in JSON or a form: ``oauth_token`` and
                ``oauth_verifier``, or what the provider sends when the user declines. They are read instead of the
                query, which must not differ. Nothing else in it is used: this browser must have started the login.
            check_redirect_uri: whether the callback must have the path of the ``redirect_uri`` of the login's start;
                for an application with several callbacks.
            user: the user who is logged in now, if ``authorize_redirect`` was given ``user``. By default the token
                store's ``user=`` finds it.
            kwargs: parameters of the token request.

        Returns:
            ``oauth_token``, ``oauth_token_secret`` and the provider's other fields.

        Raises:
            OAuthError: the login failed; ``error`` is the reason, see ``docs/errors.md``.
        """
        callback, kwargs = None if callback is None else callback_pairs(self, callback), MaskedMapping(kwargs)
        steps = self._finish(
            self._served_request(), kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user
        )
        return run(steps, self._perform)

    @property
    def token(self) -> TokenLike | None:
        """The current user's token: of the login that ended in this request, else what ``fetch_token`` gives.

        Without a ``fetch_token`` it is looked up in the token store.
        """
        current: TokenLike | None = self.framework.current_token.get(self.name)
        if current is not None:
            return current
        # For this call alone: whose token it is can be another user's by the next one.
        if self._fetch_token is not None:
            fetched: TokenLike | None = self._fetch_token()
            return fetched
        return self._fetched_token(self.framework.served_request())

    @token.setter
    def token(self, token: TokenLike) -> None:
        served: Any = self.framework.served_request()  # Flask keeps a token without a request, too
        self.framework.current_token.set(self.name, served, token)

    def renew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """As ``SyncOAuth1App.renew_token``; the request being served goes on with the new token."""
        token = masked(token)
        renewed = super().renew_token(token, user=user)
        current = self.framework.current_token.get(self.name)
        if isinstance(current, Token) and current.user is not None and current.user == renewed.user:
            self.token = renewed
        return renewed

    def _any_token(self, token: TokenLike | None, request: FrameworkRequest | None) -> TokenLike | None:  # noqa: ARG002 - the framework knows it
        return token if token is not None else self.token


class AsyncContextOAuth1App(
    ContextMixin[FrameworkRequest], AsyncOAuth1App[FrameworkRequest], Generic[FrameworkRequest, FrameworkResponse_co]
):
    """A client of one provider in a framework whose views are awaited, and which knows the request.

    ``ContextOAuth1App`` documents the arguments and errors.
    """

    async def authorize_redirect(
        self,
        redirect_uri: str | URLObject | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> FrameworkResponse_co:
        """Send the user's browser to the provider, to log in and authorize the application."""
        kwargs = MaskedMapping(kwargs)
        url = await self._run(
            self._start_login(self._served_request(), redirect_uri, kwargs, state_data=state_data, user=user)
        )
        response: FrameworkResponse_co = self.framework.redirect_response(url, REDIRECT_HEADERS)
        return response

    async def save_authorize_data(self, **kwargs: object) -> None:
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        await self._run(self._save_data(self._served_request(), kwargs))

    def authorize_access_token(
        self,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Coroutine[Any, Any, Token]:
        """End the login, in the view that the user came back to."""
        # Not a coroutine function: the context that serves the request is the caller's, also where a task awaits this.
        request = self._served_request()
        self.framework.current_token.serve(request)
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        steps = self._finish(request, kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user)
        return self._run(steps)

    async def _any_token(
        self, token: TokenLike | None, request: FrameworkRequest | None, current: TokenLike | None
    ) -> TokenLike | None:
        """As in ``ContextOAuth1App``: that of a login which ended in this request goes before the one of its user."""
        token = token if token is not None else current
        if token is None and self._fetch_token is not None:
            token = await awaited(self._fetch_token())
        elif token is None:
            token = await super()._any_token(None, request or self.framework.served_request(), None)
        return token
