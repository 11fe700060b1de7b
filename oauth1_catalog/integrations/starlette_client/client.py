"""A registered client in Starlette and FastAPI: Authlib's remote app, awaited."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from starlette.datastructures import URL
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse

from oauth1_catalog.integrations.starlette_client.blocking import BlockingCalls
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.async_client import AsyncOAuth1App
from oauth1_catalog.registry.client import callback_pairs
from oauth1_catalog.registry.token import Token


class StarletteOAuth1App(AsyncOAuth1App[Request]):
    """A client of one provider."""

    @property
    def blocking(self) -> BlockingCalls:
        """The same calls for functions that are not async (FastAPI's ``def`` endpoints), which run in a thread."""
        return BlockingCalls(self)

    async def authorize_redirect(
        self,
        request: Request,
        redirect_uri: str | URL | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> RedirectResponse:
        """Send the user's browser to the provider, to log in and authorize the application.

        Args:
            request: the request being served.
            redirect_uri: where the user comes back to; the address of the endpoint that calls
                ``authorize_access_token``. A path is put behind the configured base,
                ``OAUTH1_CATALOG_REDIRECT_BASE_URL``. By default the client's own ``redirect_uri``, such as
                ``TWITTER_REDIRECT_URI``. Do not build it from the request's Host header, which anybody can send.
            state_data: the application's own data, given back at the callback as ``token.state_data``. It is kept as
                JSON.
            user: for whom the login begins, where somebody is logged in already and links an account: an identifier, or
                an object that has one. It ends for nobody else. By default the token store's ``user=`` finds it.
            kwargs: parameters of the authorize URL.

        Returns:
            The redirect, to be returned by the endpoint.

        Raises:
            ConfigurationError: a setting is missing or wrong; nothing was sent.
            ProviderError: the provider gave no request token.
        """
        kwargs = MaskedMapping(kwargs)
        self._browser(request)
        uri = None if redirect_uri is None else str(redirect_uri)
        data = MaskedMapping(await self.create_authorization_url(uri, **kwargs))
        await self.save_authorize_data(request, redirect_uri=uri, state_data=state_data, user=user, **data)
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(data["url"], status_code=302, headers=headers)

    async def save_authorize_data(self, request: Request, **kwargs: Any) -> None:
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        await self._run(self._remember(request, kwargs))

    def authorize_access_token(
        self,
        request: Request,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Coroutine[Any, Any, Token]:
        """End the login, in the endpoint that the user came back to.

        Args:
            request: the request being served.
            callback: the callback's parameters, where a front end hands them on in JSON or a form: ``oauth_token`` and
                ``oauth_verifier``, or what the provider sends when the user declines. They are read instead of the
                query, which must not differ. Nothing else of it is used: the login must be this browser's as ever.
            check_redirect_uri: whether the login must end at the path of the ``redirect_uri`` that it was begun with;
                for an application with several callbacks.
            user: who is logged in now, where the application said for whom the login began. By default the token
                store's ``user=`` finds it.
            kwargs: parameters of the token request.

        Returns:
            ``oauth_token``, ``oauth_token_secret`` and whatever else the provider sent.

        Raises:
            OAuthError: the login did not end well; ``error`` says how, see ``docs/errors.md``.
        """
        # Not a coroutine function: the context that serves the request is the caller's, also where a task awaits this.
        if isinstance(request, HTTPConnection):
            self.framework.current_token.serve(request)
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        steps = self._finish(request, kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user)
        return self._run(steps)
