"""The client of Starlette and FastAPI: drives a login's steps with the pooled ``httpx2`` transport."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from oauth1_catalog.flow.drive import arun
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.login import LoginSteps
from oauth1_catalog.registry.temporary import CacheCall
from oauth1_catalog.registry.token import Token, TokenLike
from oauth1_catalog.registry.verbs import Verbs
from oauth1_catalog.rfc5849.messages import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import httpx2

    from oauth1_catalog.clients.httpx_pool import HttpxPool

    Reply: TypeAlias = Awaitable[httpx2.Response]

Outcome = TypeVar("Outcome")


class AsyncOAuth1App(OAuth1App[FrameworkRequest], Verbs["Reply"]):
    """A client whose calls are awaited."""

    @cached_property
    def pool(self) -> HttpxPool:
        """The connections of this client, kept for its life."""
        from oauth1_catalog.clients.httpx_pool import HttpxPool
        from oauth1_catalog.clients.options import httpx_options

        return HttpxPool(**httpx_options(self.provider.client_kwargs, name=self.name))

    async def create_authorization_url(self, redirect_uri: str | None = None, **kwargs: object) -> dict[str, Any]:
        """As the sync client's: ask for a request token, and say where to send the browser."""
        return await self._run(self._begin(redirect_uri, kwargs))

    async def fetch_access_token(
        self,
        request_token: Mapping[str, str] | None = None,
        *,
        oauth_verifier: str | None = None,
        verifier: str | None = None,
        **kwargs: object,
    ) -> Token:
        """As the sync client's: change a request token for an access token, without callback and session."""
        return await self._run(self._exchange(request_token, oauth_verifier or verifier, kwargs))

    async def userinfo(
        self, token: TokenLike | None = None, *, request: FrameworkRequest | None = None
    ) -> dict[str, Any]:  # claims are JSON values
        """As the sync client's: the user's profile as standard claims."""
        from oauth1_catalog.flow.userinfo import fetch_userinfo

        token = await self._any_token(token, request)
        return await arun(fetch_userinfo(self.provider, self.signer, self._credentials(token), token), self.pool.send)

    async def request(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: FrameworkRequest | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        **kwargs: Any,  # those of httpx2
    ) -> httpx2.Response:
        """As the sync client's: call the provider's API, signed; ``kwargs`` are those of ``httpx2.AsyncClient``."""
        from oauth1_catalog.clients.httpx_client import OAuth1Auth

        credentials = None if withhold_token else self._credentials(await self._any_token(token, request))
        url, kwargs = self._api_call(url, kwargs, allow_any_host=allow_any_host)
        return await self.pool.request(method, url, auth=OAuth1Auth.from_signer(self.signer, credentials), **kwargs)

    async def aclose(self) -> None:
        """Close this event loop's connections; the next call opens new ones."""
        pool = self.__dict__.pop("pool", None)
        if pool is not None:
            await pool.aclose()

    async def _any_token(self, token: TokenLike | None, request: FrameworkRequest | None) -> TokenLike | None:
        """The token of a call: the caller's, else the current user's."""
        if token is not None:
            return token
        if request is not None and self._fetch_token is not None:
            fetched: TokenLike | None = await _awaited(self._fetch_token(request))
            if fetched is not None:
                return fetched
        return self.framework.current_token.get(self.name, request)

    async def _run(self, steps: LoginSteps[Outcome]) -> Outcome:
        return await arun(steps, self._perform)

    async def _perform(self, effect: Request | CacheCall) -> object:
        if isinstance(effect, Request):
            return await self.pool.send(effect)
        return await _awaited(self.framework.call_cache(effect))


async def _awaited(result: Any) -> Any:
    """What a function of the application returned; it may be sync or async."""
    return await result if inspect.isawaitable(result) else result
