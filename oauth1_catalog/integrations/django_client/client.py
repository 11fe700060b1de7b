"""A registered client in Django: Authlib's remote app. The names that begin with ``a`` are for async views."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, Unpack

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseRedirect

from oauth1_catalog.application_warnings import WarnsHere
from oauth1_catalog.flow.driver import arun, uninterrupted
from oauth1_catalog.integrations.base_client import WebOAuth1App
from oauth1_catalog.redaction import MaskedList, MaskedMapping, masked
from oauth1_catalog.registry.api_calls import CallOptions, HttpOptions
from oauth1_catalog.registry.effects import Effect, LoginSteps, Pause, Uninterrupted
from oauth1_catalog.registry.login import callback_pairs
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import Request, TokenLike

if TYPE_CHECKING:
    import requests

    Reply: TypeAlias = Coroutine[Any, Any, requests.Response]

Arguments = ParamSpec("Arguments")
Outcome = TypeVar("Outcome")


def in_thread(function: Callable[Arguments, Outcome], **how: Any) -> Callable[Arguments, Coroutine[Any, Any, Outcome]]:
    """``sync_to_async(function, **how)``, which warns where it is awaited and not in the thread."""
    threaded = sync_to_async(function, **how)

    async def awaited(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Outcome:
        given, named = MaskedList(args), MaskedMapping(kwargs)
        del args, kwargs
        with WarnsHere():
            return await threaded(*given, **named)

    return awaited


class AsyncCalls(WebOAuth1App[HttpRequest, HttpResponseRedirect]):
    """The sync client's methods, awaited."""

    async def acreate_authorization_url(
        self, redirect_uri: str | None = None, **kwargs: object
    ) -> dict[str, Any]:  # texts and mappings, as in Authlib
        """As ``create_authorization_url``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return await self._in_thread(self.create_authorization_url)(redirect_uri, **kwargs)

    async def afetch_access_token(
        self,
        request_token: Mapping[str, str] | None = None,
        *,
        oauth_verifier: str | None = None,
        verifier: str | None = None,
        **kwargs: object,
    ) -> Token:
        """As ``fetch_access_token``, in an async view."""
        request_token, kwargs = masked(request_token), MaskedMapping(kwargs)
        oauth_verifier, verifier = masked(oauth_verifier), masked(verifier)
        return await self._arun(self._exchange(request_token, oauth_verifier or verifier, kwargs))

    async def afetch_password_token(self, username: str, password: str, **kwargs: object) -> Token:
        """As ``fetch_password_token``, in an async view."""
        password, kwargs = masked(password), MaskedMapping(kwargs)
        return await self._arun(self._password_token(username, password, kwargs))

    async def afetch_client_token(self, verifier: str | None = None, **kwargs: object) -> Token:
        """As ``fetch_client_token``, in an async view."""
        verifier, kwargs = masked(verifier), MaskedMapping(kwargs)
        return await self._arun(self._client_token(verifier, kwargs))

    async def arenew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """As ``renew_token``, in an async view."""
        token = masked(token)
        return await self._arun(self._renew(token, user))

    async def arevoke_token(self, token: TokenLike | None = None, *, user: object = None) -> None:
        """As ``revoke_token``, in an async view."""
        token = masked(token)
        await self._arun(self._revoke(token, user))

    async def aexchange_token(
        self,
        token: TokenLike | None = None,
        *,
        user: object = None,
        oauth2_client_id: str | None = None,
        oauth2_client_secret: str | None = None,
        **kwargs: object,
    ) -> OAuth2Token:
        """As ``exchange_token``, in an async view."""
        token, oauth2_client_secret, kwargs = masked(token), masked(oauth2_client_secret), MaskedMapping(kwargs)
        return await self._arun(self._exchange_token(token, user, oauth2_client_id, oauth2_client_secret, kwargs))

    async def afind_token(self, user: object) -> Token | None:
        """As ``find_token``, in an async view."""
        return await self._arun(self._find(user))

    async def asave_token(self, token: TokenLike, user: object) -> None:
        """As ``save_token``, in an async view."""
        token = masked(token)
        await self._arun(self._save(token, user))

    async def aforget_token(self, user: object) -> None:
        """As ``forget_token``, in an async view."""
        await self._arun(self._forget(user))

    def auserinfo(
        self, token: TokenLike | None = None, *, request: HttpRequest | None = None
    ) -> Coroutine[Any, Any, dict[str, Any]]:  # claims are JSON values
        """As ``userinfo``, in an async view."""
        token = masked(token)
        return self._auserinfo(token, request, self._current_token(token, request))

    def arequest(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: HttpRequest | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **kwargs: Unpack[HttpOptions],
    ) -> Reply:
        """As ``request``, in an async view. ``fetch_token`` may be async here."""
        # Not a coroutine function: the request being served is the caller's, and another task would not know it.
        token, oauth_params, options = masked(token), masked(oauth_params), MaskedMapping(kwargs)
        del kwargs
        return self._arequest(
            method,
            url,
            token,
            request,
            current=None if withhold_token else self._current_token(token, request),
            withhold_token=withhold_token,
            allow_any_host=allow_any_host,
            oauth_params=oauth_params,
            options=options,
        )

    def aget(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``get``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("GET", url, **options)

    def apost(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``post``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("POST", url, **options)

    def aput(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``put``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("PUT", url, **options)

    def apatch(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``patch``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("PATCH", url, **options)

    def adelete(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``delete``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("DELETE", url, **options)

    def ahead(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``head``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("HEAD", url, **options)

    def aoptions(self, url: str, **kwargs: Unpack[CallOptions[HttpRequest]]) -> Reply:
        """As ``options``, in an async view."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.arequest("OPTIONS", url, **options)

    async def _arequest(
        self,
        method: str,
        url: str,
        token: TokenLike | None,
        request: HttpRequest | None,
        *,
        current: TokenLike | None,
        withhold_token: bool,
        allow_any_host: bool,
        oauth_params: Mapping[str, str] | None,
        options: dict[str, Any],
    ) -> requests.Response:
        if not withhold_token:
            token = masked(await self._aany_token(token, request, current))
        credentials = None if withhold_token else self._credentials(token)
        send = self._in_thread(self._signed_request)
        response = await send(method, url, credentials, oauth_params, options, allow_any_host=allow_any_host)
        if response.status_code >= 400 and self._may_be_rejected(token):
            from oauth1_catalog.clients.requests_exchange import beginning_of

            limits = self.pool.limits
            beginning = await self._in_thread(beginning_of)(response, limits.token_bytes, limits.token_deadline)
            await self._arun(self._forget_rejected(token, response, beginning))
        return response

    async def _auserinfo(
        self, token: TokenLike | None, request: HttpRequest | None, current: TokenLike | None
    ) -> dict[str, Any]:
        token = masked(await self._aany_token(token, request, current))
        return await self._in_thread(self.userinfo)(token)

    async def _aany_token(
        self, token: TokenLike | None, request: HttpRequest | None, current: TokenLike | None
    ) -> TokenLike | None:
        if token is None:
            token = await in_thread(self._fetched_token)(request)
        token = await token if inspect.isawaitable(token) else token
        return token if token is not None else current

    async def _arun(self, steps: LoginSteps[Outcome]) -> Outcome:
        return await arun(steps, self._aperform)

    async def _aperform(self, effect: Effect) -> object:
        if isinstance(effect, Pause):
            await asyncio.sleep(effect.seconds)
            return None
        if isinstance(effect, Uninterrupted):
            return await uninterrupted(self._arun(effect.steps))
        # A database's connections belong to Django's own thread; the provider can be waited for in any.
        threaded = self._in_thread if isinstance(effect, Request) else in_thread
        return await threaded(self._perform)(effect)

    async def aclose(self) -> None:
        """As ``close``, in async code."""
        self.close()

    def close(self) -> None:
        """Close the client's connections and its threads; the next call opens new ones."""
        super().close()
        self._end_threads()

    def discard(self) -> None:
        """As the sync client's; calls that have started are finished."""
        super().discard()
        self._end_threads()

    def _end_threads(self) -> None:
        threads = self._threads.pop(os.getpid(), None)
        if threads is not None:
            threads.shutdown(wait=False)

    def _in_thread(self, function: Callable[Arguments, Outcome]) -> Callable[Arguments, Coroutine[Any, Any, Outcome]]:
        """``function``, awaited, in one of the client's threads."""
        process = os.getpid()  # after a fork there are no threads any more
        threads = self._threads.get(process)
        if threads is None:
            made = ThreadPoolExecutor(max(1, self.pool.limits.max_connections), f"oauth1_catalog-{self.name}")
            threads = self._threads.setdefault(process, made)
        return in_thread(function, thread_sensitive=False, executor=threads)

    @cached_property
    def _threads(self) -> dict[int, ThreadPoolExecutor]:
        return {}


class DjangoOAuth1App(AsyncCalls):
    """A client of one provider."""

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

    async def asave_authorize_data(self, request: HttpRequest, **kwargs: object) -> None:
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
        if self.framework.serves(request):
            self.framework.current_token.serve(request)
        finish = in_thread(self.authorize_access_token)
        return finish(request, callback=callback, check_redirect_uri=check_redirect_uri, user=user, **kwargs)
