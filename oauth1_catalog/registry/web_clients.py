"""The login of a client in a web framework whose views get the request as an argument, sync and async.

``context_clients.py`` is for frameworks that know the request that is being served, such as Flask.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.async_client import AsyncOAuth1App
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.framework import REDIRECT_HEADERS, FrameworkRequest, RequestContext, not_a_request
from oauth1_catalog.registry.login import callback_pairs
from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import Token

FrameworkResponse_co = TypeVar("FrameworkResponse_co", covariant=True)
"""The class of a web framework's redirects: what its ``Framework.redirect_response`` returns."""


class URLObject(Protocol):
    """A framework's own class of URLs, such as Starlette's; ``str()`` of it is the URL."""

    @property
    def scheme(self) -> str:
        """Such as ``https``."""

    @property
    def path(self) -> str:
        """The path."""


class RequestMixin(OAuth1App[FrameworkRequest]):
    """Refuses what is not a request."""

    def _context(self, request: FrameworkRequest) -> tuple[RequestContext, Sequence[str | bytes]]:
        if not self.framework.serves(request):
            raise not_a_request(request, client=self.name)
        return super()._context(request)


class WebOAuth1App(
    RequestMixin[FrameworkRequest], SyncOAuth1App[FrameworkRequest], Generic[FrameworkRequest, FrameworkResponse_co]
):
    """A client of one provider in a framework whose views block, and get the request as an argument."""

    def authorize_redirect(
        self,
        request: FrameworkRequest,
        redirect_uri: str | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> FrameworkResponse_co:
        """Send the user's browser to the provider, to log in and authorize the application.

        Args:
            request: the request being served.
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
        url = self._run(self._start_login(request, redirect_uri, kwargs, state_data=state_data, user=user))
        response: FrameworkResponse_co = self.framework.redirect_response(url, REDIRECT_HEADERS)
        return response

    def save_authorize_data(
        self,
        request: FrameworkRequest,
        **kwargs: Any,  # what create_authorization_url() gave
    ) -> None:
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        self._run(self._save_data(request, kwargs))

    def authorize_access_token(
        self,
        request: FrameworkRequest,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Token:
        """End the login, in the view that the user came back to.

        Args:
            request: the request being served.
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
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        return self._run(
            self._finish(request, kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user)
        )


class AsyncWebOAuth1App(
    RequestMixin[FrameworkRequest], AsyncOAuth1App[FrameworkRequest], Generic[FrameworkRequest, FrameworkResponse_co]
):
    """A client of one provider in a framework whose views are awaited, and get the request as an argument.

    ``WebOAuth1App`` documents the arguments and errors.
    """

    async def authorize_redirect(
        self,
        request: FrameworkRequest,
        redirect_uri: str | URLObject | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> FrameworkResponse_co:
        """Send the user's browser to the provider, to log in and authorize the application."""
        kwargs = MaskedMapping(kwargs)
        url = await self._run(self._start_login(request, redirect_uri, kwargs, state_data=state_data, user=user))
        response: FrameworkResponse_co = self.framework.redirect_response(url, REDIRECT_HEADERS)
        return response

    async def save_authorize_data(self, request: FrameworkRequest, **kwargs: object) -> None:
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        await self._run(self._save_data(request, kwargs))

    def authorize_access_token(
        self,
        request: FrameworkRequest,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Coroutine[Any, Any, Token]:
        """End the login, in the view that the user came back to."""
        # Not a coroutine function: the context that serves the request is the caller's, also where a task awaits this.
        if self.framework.serves(request):
            self.framework.current_token.serve(request)
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        steps = self._finish(request, kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user)
        return self._run(steps)
