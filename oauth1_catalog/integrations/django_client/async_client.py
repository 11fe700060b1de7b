"""The calls of a client that need no session, for async views: each name begins with ``a``, as Django's own do.

The transport is that of the sync client, in a thread. What may touch the database or the session, such as
``fetch_token``, runs where Django wants it (``thread_sensitive``); waiting for the provider does not hold that thread.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from oauth1_catalog.flow.drive import arun
from oauth1_catalog.registry.login import Effect, LoginSteps
from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import Token, TokenLike
from oauth1_catalog.registry.token_store import Pause, Uninterrupted
from oauth1_catalog.registry.uninterrupted import uninterrupted
from oauth1_catalog.rfc5849.messages import Request

if TYPE_CHECKING:
    import requests

    Reply: TypeAlias = Coroutine[Any, Any, requests.Response]

Outcome = TypeVar("Outcome")


class AsyncCalls(SyncOAuth1App[HttpRequest]):
    """The sync client's methods, awaited."""

    async def acreate_authorization_url(self, redirect_uri: str | None = None, **kwargs: object) -> dict[str, Any]:
        """As ``create_authorization_url``, in an async view."""
        create = sync_to_async(self.create_authorization_url, thread_sensitive=False)
        return await create(redirect_uri, **kwargs)

    async def afetch_access_token(self, request_token: Mapping[str, str] | None = None, **kwargs: Any) -> Token:
        """As ``fetch_access_token``, in an async view."""
        return await sync_to_async(self.fetch_access_token, thread_sensitive=False)(request_token, **kwargs)

    async def arenew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """As ``renew_token``, in an async view."""
        return await self._arun(self._renew(token, user))

    async def arevoke_token(self, token: TokenLike | None = None, *, user: object = None) -> None:
        """As ``revoke_token``, in an async view."""
        await self._arun(self._revoke(token, user))

    async def afind_token(self, user: object) -> Token | None:
        """As ``find_token``, in an async view."""
        return await self._arun(self._find(user))

    async def asave_token(self, token: TokenLike, user: object) -> None:
        """As ``save_token``, in an async view."""
        await self._arun(self._save(token, user))

    async def aforget_token(self, user: object) -> None:
        """As ``forget_token``, in an async view."""
        await self._arun(self._forget(user))

    def auserinfo(
        self, token: TokenLike | None = None, *, request: HttpRequest | None = None
    ) -> Coroutine[Any, Any, dict[str, Any]]:  # claims are JSON values
        """As ``userinfo``, in an async view."""
        return self._auserinfo(token, request, self._current_token(token, request))

    def arequest(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: HttpRequest | None = None,
        withhold_token: bool = False,
        **kwargs: Any,  # those of request()
    ) -> Reply:
        """As ``request``, in an async view. ``fetch_token`` may be async here."""
        # Not a coroutine function: the request being served is the caller's, and a task of its own would not know it.
        if withhold_token:
            return self._arequest(method, url, None, None, None, withhold_token=True, **kwargs)
        return self._arequest(method, url, token, request, self._current_token(token, request), **kwargs)

    def aget(self, url: str, **kwargs: Any) -> Reply:
        """As ``get``, in an async view."""
        return self.arequest("GET", url, **kwargs)

    def apost(self, url: str, **kwargs: Any) -> Reply:
        """As ``post``, in an async view."""
        return self.arequest("POST", url, **kwargs)

    def aput(self, url: str, **kwargs: Any) -> Reply:
        """As ``put``, in an async view."""
        return self.arequest("PUT", url, **kwargs)

    def apatch(self, url: str, **kwargs: Any) -> Reply:
        """As ``patch``, in an async view."""
        return self.arequest("PATCH", url, **kwargs)

    def adelete(self, url: str, **kwargs: Any) -> Reply:
        """As ``delete``, in an async view."""
        return self.arequest("DELETE", url, **kwargs)

    def ahead(self, url: str, **kwargs: Any) -> Reply:
        """As ``head``, in an async view."""
        return self.arequest("HEAD", url, **kwargs)

    def aoptions(self, url: str, **kwargs: Any) -> Reply:
        """As ``options``, in an async view."""
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
        token = await self._aany_token(token, request) or current
        response = await sync_to_async(self._signed_request, thread_sensitive=False)(method, url, token, **kwargs)
        await self._arun(self._forget_rejected(token, response))
        return response

    async def _auserinfo(
        self, token: TokenLike | None, request: HttpRequest | None, current: TokenLike | None
    ) -> dict[str, Any]:
        token = await self._aany_token(token, request) or current
        return await sync_to_async(self.userinfo, thread_sensitive=False)(token)

    async def _aany_token(self, token: TokenLike | None, request: HttpRequest | None) -> TokenLike | None:
        if token is None:
            token = await sync_to_async(self._fetched_token)(request)
        return await token if inspect.isawaitable(token) else token

    async def _arun(self, steps: LoginSteps[Outcome]) -> Outcome:
        return await arun(steps, self._aperform)

    async def _aperform(self, effect: Effect) -> object:
        if isinstance(effect, Pause):
            await asyncio.sleep(effect.seconds)
            return None
        if isinstance(effect, Uninterrupted):
            return await uninterrupted(self._arun(effect.steps))
        # A database's connections belong to Django's own thread; the provider can be waited for in any.
        return await sync_to_async(self._perform, thread_sensitive=not isinstance(effect, Request))(effect)
