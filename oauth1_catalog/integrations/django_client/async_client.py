"""The calls of a client that need no session, for async views: each name begins with ``a``, as Django's own do.

The transport is that of the sync client, in threads of the client's own: as many as the connections that it may keep.
The default executor of the event loop would let a handful of calls through at a time, and every other view's
``to_thread`` would wait behind them. What may touch the database or the session, such as ``fetch_token``, runs where
Django wants it (``thread_sensitive``); waiting for the provider does not hold that thread.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from oauth1_catalog.application_warnings import WarnsHere
from oauth1_catalog.flow.drive import arun
from oauth1_catalog.redaction import MaskedList, MaskedMapping, masked
from oauth1_catalog.registry.login import Effect, LoginSteps
from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import Token, TokenLike
from oauth1_catalog.registry.token_store import Pause, Uninterrupted
from oauth1_catalog.registry.uninterrupted import uninterrupted
from oauth1_catalog.rfc5849.messages import Request

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


class AsyncCalls(SyncOAuth1App[HttpRequest]):
    """The sync client's methods, awaited."""

    async def acreate_authorization_url(self, redirect_uri: str | None = None, **kwargs: object) -> dict[str, Any]:
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
        **kwargs: Any,  # those of requests
    ) -> Reply:
        """As ``request``, in an async view. ``fetch_token`` may be async here."""
        # Not a coroutine function: the request being served is the caller's, and a task of its own would not know it.
        token, oauth_params = masked(token), masked(oauth_params)
        kwargs = MaskedMapping(kwargs, allow_any_host=allow_any_host, oauth_params=oauth_params)
        if withhold_token:
            return self._arequest(method, url, None, None, None, withhold_token=True, **kwargs)
        return self._arequest(method, url, token, request, self._current_token(token, request), **kwargs)

    def aget(self, url: str, **kwargs: Any) -> Reply:
        """As ``get``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("GET", url, **kwargs)

    def apost(self, url: str, **kwargs: Any) -> Reply:
        """As ``post``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("POST", url, **kwargs)

    def aput(self, url: str, **kwargs: Any) -> Reply:
        """As ``put``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("PUT", url, **kwargs)

    def apatch(self, url: str, **kwargs: Any) -> Reply:
        """As ``patch``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("PATCH", url, **kwargs)

    def adelete(self, url: str, **kwargs: Any) -> Reply:
        """As ``delete``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("DELETE", url, **kwargs)

    def ahead(self, url: str, **kwargs: Any) -> Reply:
        """As ``head``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("HEAD", url, **kwargs)

    def aoptions(self, url: str, **kwargs: Any) -> Reply:
        """As ``options``, in an async view."""
        kwargs = MaskedMapping(kwargs)
        return self.arequest("OPTIONS", url, **kwargs)

    async def _arequest(
        self,
        method: str,
        url: str,
        token: TokenLike | None,
        request: HttpRequest | None,
        current: TokenLike | None,
        **kwargs: Any,
    ) -> requests.Response:
        kwargs = MaskedMapping(kwargs)
        token = masked(await self._aany_token(token, request, current))
        response = await self._in_thread(self._signed_request)(method, url, token, **kwargs)
        if self._may_be_rejected(token, response.status_code):
            from oauth1_catalog.clients.requests_bounds import beginning_of

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
        """As the sync client's; calls that have begun end."""
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
