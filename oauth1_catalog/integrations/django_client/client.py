"""A registered client in Django: Authlib's remote app. The names that begin with ``a`` are for async views."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponseRedirect

from oauth1_catalog.integrations.django_client.async_client import AsyncCalls, in_thread
from oauth1_catalog.integrations.django_client.framework import own_request
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.client import callback_pairs
from oauth1_catalog.registry.token import Token


class DjangoOAuth1App(AsyncCalls):
    """A client of one provider."""

    def authorize_redirect(
        self,
        request: HttpRequest,
        redirect_uri: str | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> HttpResponseRedirect:
        """Send the user's browser to the provider, to log in and authorize the application.

        Args:
            request: the request being served.
            redirect_uri: where the user comes back to; the address of the view that calls ``authorize_access_token``. A
                path is put behind the configured base, ``OAUTH1_CATALOG_REDIRECT_BASE_URL``. By default the client's
                own ``redirect_uri``, ``OAUTH1_CATALOG["twitter"]["redirect_uri"]``. Do not build it from the request's
                Host header, which anybody can send.
            state_data: the application's own data, given back at the callback as ``token.state_data``. It is kept as
                JSON.
            user: for whom the login begins, where somebody is logged in already and links an account: an identifier, or
                an object that has one. It ends for nobody else. By default the token store's ``user=`` finds it.
            kwargs: parameters of the authorize URL.

        Returns:
            The redirect, to be returned by the view.

        Raises:
            ConfigurationError: a setting is missing or wrong; nothing was sent.
            ProviderError: the provider gave no request token.
        """
        kwargs = MaskedMapping(kwargs)
        self._browser(request)
        data = MaskedMapping(self.create_authorization_url(redirect_uri, **kwargs))
        self.save_authorize_data(request, redirect_uri=redirect_uri, state_data=state_data, user=user, **data)
        response = HttpResponseRedirect(data["url"])
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    def save_authorize_data(self, request: HttpRequest, **kwargs: Any) -> None:  # what create_authorization_url() gave
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        self._run(self._remember(request, kwargs))

    def authorize_access_token(
        self,
        request: HttpRequest,
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
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        return self._run(
            self._finish(request, kwargs, callback=callback, check_redirect_uri=check_redirect_uri, user=user)
        )

    async def aauthorize_redirect(
        self,
        request: HttpRequest,
        redirect_uri: str | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> HttpResponseRedirect:
        """As ``authorize_redirect``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return await in_thread(self.authorize_redirect)(
            request, redirect_uri, state_data=state_data, user=user, **kwargs
        )

    async def asave_authorize_data(self, request: HttpRequest, **kwargs: Any) -> None:
        """As ``save_authorize_data``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        await in_thread(self.save_authorize_data)(request, **kwargs)

    @markcoroutinefunction
    def aauthorize_access_token(
        self,
        request: HttpRequest,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Coroutine[Any, Any, Token]:
        """As ``authorize_access_token``, in an async view."""
        callback, kwargs = callback_pairs(self, callback), MaskedMapping(kwargs)
        # Not a coroutine function: the context that serves the request is the caller's, also where a task awaits this.
        if isinstance(own_request(request), HttpRequest):
            self.framework.current_token.serve(request)
        finish = in_thread(self.authorize_access_token)
        return finish(request, callback=callback, check_redirect_uri=check_redirect_uri, user=user, **kwargs)
