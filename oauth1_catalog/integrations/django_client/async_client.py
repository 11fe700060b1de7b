"""The calls of a client that need no session, for async views: each name begins with ``a``, as Django's own do.

The transport is that of the sync client, in a thread. What may touch the database or the session, such as
``fetch_token``, runs where Django wants it (``thread_sensitive``); waiting for the provider does not hold that thread.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest

from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import Token, TokenLike

if TYPE_CHECKING:
    import requests


class AsyncCalls(SyncOAuth1App[HttpRequest]):
    """The sync client's methods, awaited."""

    async def acreate_authorization_url(self, redirect_uri: str | None = None, **kwargs: object) -> dict[str, Any]:
        """As ``create_authorization_url``, in an async view."""
        create = sync_to_async(self.create_authorization_url, thread_sensitive=False)
        return await create(redirect_uri, **kwargs)

    async def afetch_access_token(self, request_token: Mapping[str, str] | None = None, **kwargs: Any) -> Token:
        """As ``fetch_access_token``, in an async view."""
        return await sync_to_async(self.fetch_access_token, thread_sensitive=False)(request_token, **kwargs)

    async def auserinfo(
        self, token: TokenLike | None = None, *, request: HttpRequest | None = None
    ) -> dict[str, Any]:  # claims are JSON values
        """As ``userinfo``, in an async view."""
        token = await self._aany_token(token, request)
        return await sync_to_async(self.userinfo, thread_sensitive=False)(token)

    async def arequest(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: HttpRequest | None = None,
        withhold_token: bool = False,
        **kwargs: Any,  # those of request()
    ) -> requests.Response:
        """As ``request``, in an async view. ``fetch_token`` may be async here."""
        token = None if withhold_token else await self._aany_token(token, request)
        call = sync_to_async(self.request, thread_sensitive=False)
        return await call(method, url, token, withhold_token=withhold_token, **kwargs)

    async def aget(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``get``, in an async view."""
        return await self.arequest("GET", url, **kwargs)

    async def apost(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``post``, in an async view."""
        return await self.arequest("POST", url, **kwargs)

    async def aput(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``put``, in an async view."""
        return await self.arequest("PUT", url, **kwargs)

    async def apatch(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``patch``, in an async view."""
        return await self.arequest("PATCH", url, **kwargs)

    async def adelete(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``delete``, in an async view."""
        return await self.arequest("DELETE", url, **kwargs)

    async def ahead(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``head``, in an async view."""
        return await self.arequest("HEAD", url, **kwargs)

    async def aoptions(self, url: str, **kwargs: Any) -> requests.Response:
        """As ``options``, in an async view."""
        return await self.arequest("OPTIONS", url, **kwargs)

    async def _aany_token(self, token: TokenLike | None, request: HttpRequest | None) -> TokenLike | None:
        if token is None:
            token = await sync_to_async(self._any_token)(token, request)
        return await token if inspect.isawaitable(token) else token
