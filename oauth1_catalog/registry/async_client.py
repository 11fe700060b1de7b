"""The client of Starlette and FastAPI: drives a login's steps with the pooled ``httpx2`` transport."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from oauth1_catalog.clients.options import httpx_options
from oauth1_catalog.flow.driver import arun, uninterrupted
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.api_calls import HttpOptions, Verbs
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.effects import Effect, LoginSteps, Outcome, Pause, Uninterrupted
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials, TokenLike

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import httpx2

    from oauth1_catalog.clients.httpx_pool import HttpxPool

    Reply: TypeAlias = Coroutine[Any, Any, httpx2.Response]


class AsyncOAuth1App(OAuth1App[FrameworkRequest], Verbs["Reply", FrameworkRequest]):
    """A client whose calls are awaited. ``SyncOAuth1App`` documents the arguments and errors."""

    @cached_property
    def pool(self) -> HttpxPool:
        """The connections of this client, kept for its life."""
        from oauth1_catalog.clients.httpx_pool import HttpxPool

        with self._configuring():
            return HttpxPool(**self._transport)

    def _transport_options(self, client_kwargs: Mapping[str, object]) -> dict[str, Any]:
        return httpx_options(client_kwargs, name=self.name)

    async def create_authorization_url(
        self, redirect_uri: str | None = None, **kwargs: object
    ) -> dict[str, Any]:  # texts and mappings, as in Authlib
        """Ask for a request token, and return the URL to send the browser to, as Authlib's dictionary."""
        kwargs = MaskedMapping(kwargs)
        return await self._run(self._authorization(redirect_uri, kwargs))

    async def fetch_access_token(
        self,
        request_token: Mapping[str, str] | None = None,
        *,
        oauth_verifier: str | None = None,
        verifier: str | None = None,
        **kwargs: object,
    ) -> Token:
        """Exchange a request token for an access token, without callback and session."""
        request_token, kwargs = masked(request_token), MaskedMapping(kwargs)
        oauth_verifier, verifier = masked(oauth_verifier), masked(verifier)
        return await self._run(self._exchange(request_token, oauth_verifier or verifier, kwargs))

    async def fetch_password_token(self, username: str, password: str, **kwargs: object) -> Token:
        """Exchange a user's name and password for an access token (xAuth)."""
        password, kwargs = masked(password), MaskedMapping(kwargs)
        return await self._run(self._password_token(username, password, kwargs))

    async def fetch_client_token(self, verifier: str | None = None, **kwargs: object) -> Token:
        """Ask for a token with only the client's credentials."""
        verifier, kwargs = masked(verifier), MaskedMapping(kwargs)
        return await self._run(self._client_token(verifier, kwargs))

    async def renew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """Renew an access token, at providers whose files describe renewal."""
        token = masked(token)
        return await self._run(self._renew(token, user))

    async def revoke_token(self, token: TokenLike | None = None, *, user: object = None) -> None:
        """Revoke an access token at the provider."""
        token = masked(token)
        await self._run(self._revoke(token, user))

    async def exchange_token(
        self,
        token: TokenLike | None = None,
        *,
        user: object = None,
        oauth2_client_id: str | None = None,
        oauth2_client_secret: str | None = None,
        **kwargs: object,
    ) -> OAuth2Token:
        """As the sync client's: exchange a token for one of OAuth 2.0."""
        token, oauth2_client_secret, kwargs = masked(token), masked(oauth2_client_secret), MaskedMapping(kwargs)
        return await self._run(self._exchange_token(token, user, oauth2_client_id, oauth2_client_secret, kwargs))

    async def find_token(self, user: object) -> Token | None:
        """Return the token of ``user`` from the token store."""
        return await self._run(self._find(user))

    async def save_token(self, token: TokenLike, user: object) -> None:
        """Save ``token`` in the token store."""
        token = masked(token)
        await self._run(self._save(token, user))

    async def forget_token(self, user: object) -> None:
        """Remove the token of ``user`` from the token store."""
        await self._run(self._forget(user))

    def userinfo(
        self, token: TokenLike | None = None, *, request: FrameworkRequest | None = None
    ) -> Coroutine[Any, Any, dict[str, Any]]:  # claims are JSON values
        """Return the user's profile as standard claims."""
        token = masked(token)
        return self._userinfo(token, request, current=self._current_token(token, request))

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
    ) -> Coroutine[Any, Any, httpx2.Response]:
        """Call the provider's API, signed; ``kwargs`` are those of ``httpx2.AsyncClient``."""
        # Not a coroutine function: the request being served is the caller's, and another task would not know it.
        token, oauth_params, options = masked(token), masked(oauth_params), MaskedMapping(kwargs)
        del kwargs
        return self._request(
            method,
            url,
            token,
            request,
            current=None if withhold_token else self._current_token(token, request),
            withhold_token=withhold_token,
            allow_any_host=allow_any_host,
            oauth_params=oauth_params,
            kwargs=options,
        )

    async def aclose(self) -> None:
        """Close this event loop's connections; the next call opens new ones."""
        if "pool" in self.__dict__:
            await self.pool.aclose()

    async def _userinfo(
        self, token: TokenLike | None, request: FrameworkRequest | None, *, current: TokenLike | None
    ) -> dict[str, Any]:
        from oauth1_catalog.flow.userinfo import fetch_userinfo

        token = masked(await self._any_token(token, request, current))
        credentials = await self._call_credentials(token)
        return await arun(fetch_userinfo(self.provider, self.api_signer, credentials, token), self._send)

    async def _request(
        self,
        method: str,
        url: str,
        token: TokenLike | None,
        request: FrameworkRequest | None,
        *,
        current: TokenLike | None,
        withhold_token: bool,
        allow_any_host: bool,
        oauth_params: Mapping[str, str] | None,
        kwargs: dict[str, Any],
    ) -> httpx2.Response:
        await self.pool.open()  # imports httpx2 in a thread, where the next line would hold up the event loop
        from oauth1_catalog.clients.httpx_auth import OAuth1Auth

        if not withhold_token:
            token = masked(await self._any_token(token, request, current))
        credentials = None if withhold_token else await self._call_credentials(token)
        url, kwargs = self._api_call(url, kwargs, allow_any_host=allow_any_host)
        if (header := self._token_header(credentials)) is not None:
            response = await self._unsigned_request(method, url, header, oauth_params, kwargs)
        else:
            with self._named():
                fields, kwargs = self._multipart_fields(kwargs)
                auth = OAuth1Auth.from_signer(self.api_signer, credentials, oauth_params, fields)
                response = await self._send_call(method, url, auth=auth, **kwargs)
        if response.status_code == 401 and self.provider.session_token is not None:
            self._session_refused(credentials)
        if response.status_code >= 400 and self._may_be_rejected(token):
            from oauth1_catalog.clients.httpx_answers import abeginning_of

            limits = self.pool.limits
            beginning = await abeginning_of(response, limits.token_bytes, limits.token_deadline)
            await self._run(self._forget_rejected(token, response, beginning))
        return response

    async def _unsigned_request(
        self, method: str, url: str, auth: Any, oauth_params: object, kwargs: dict[str, Any]
    ) -> httpx2.Response:
        """A call that carries the token itself."""
        from oauth1_catalog.flow.token_header import check_unsigned

        check_unsigned(self.provider, url=url, parameters=oauth_params)
        follow = kwargs.pop("follow_redirects", self.pool.follow_redirects)
        response = await self._send_call(method, url, auth=auth, follow_redirects=False, **kwargs)
        check_unsigned(self.provider, url=url, parameters=None, is_redirect=follow and response.has_redirect_location)
        return response

    async def _any_token(
        self, token: TokenLike | None, request: FrameworkRequest | None, current: TokenLike | None
    ) -> TokenLike | None:
        """The token of a call: the caller's, else the one that ``fetch_token`` gives, else the current one."""
        if token is None and request is not None:
            if self._fetch_token is not None:
                token = await awaited(self._fetch_token(request))
            elif self.framework.token_store is not None:
                token = await self._run(self._current_users_token(request))
        return token if token is not None else current  # an empty one is an error, and no leave to take another

    async def _call_credentials(self, token: TokenLike | None) -> TokenCredentials | None:
        if self.provider.session_token is None:
            return self._credentials(token)
        return await self._run(self._session_credentials(token))

    async def _run(self, steps: LoginSteps[Outcome]) -> Outcome:
        return await arun(steps, self._perform)

    async def _send_call(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        kwargs = MaskedMapping(kwargs)
        async with self.framework.connected.using(self.pool) as use:
            response = await self.pool.request(method, url, **kwargs)
            if not response.is_closed:
                use.unread.append(weakref.ref(response))
            return response

    async def _send(self, request: Request) -> Response:
        async with self.framework.connected.using(self.pool):
            return await self.pool.send(request)

    async def _perform(self, effect: Effect) -> object:
        if isinstance(effect, Request):
            return await self._send(effect)
        if isinstance(effect, Pause):
            import anyio  # of httpx2's: a script that is not async has neither

            await anyio.sleep(effect.seconds)
            return None
        if isinstance(effect, Uninterrupted):
            return await uninterrupted(self._run(effect.steps))
        return await awaited(self.framework.call(effect))


async def awaited(result: Any) -> Any:
    """What a function of the application returned; it may be sync or async."""
    return await result if inspect.isawaitable(result) else result
