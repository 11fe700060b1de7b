"""A registered client in Starlette and FastAPI: Authlib's remote app, awaited."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import anyio.from_thread
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse

from oauth1_catalog.application_warnings import WarnsHere
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.base_client import AsyncWebOAuth1App
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.api_calls import HttpOptions, Verbs
from oauth1_catalog.registry.login import callback_pairs
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849.messages import TokenLike

if TYPE_CHECKING:
    import httpx2


class StarletteOAuth1App(AsyncWebOAuth1App[Request, RedirectResponse]):
    """A client of one provider."""

    @property
    def blocking(self) -> BlockingCalls:
        """The same calls for functions that are not async (FastAPI's ``def`` endpoints), which run in a thread."""
        return BlockingCalls(self)


Outcome = TypeVar("Outcome")


class BlockingCalls(Verbs["httpx2.Response", Request]):
    """``oauth.twitter.blocking``: the methods of ``oauth.twitter``, each of which waits for its result."""

    def __init__(self, client: StarletteOAuth1App) -> None:
        self._client = client

    def authorize_redirect(
        self,
        request: Request,
        redirect_uri: str | URL | None = None,
        *,
        state_data: Mapping[str, object] | None = None,
        user: object = None,
        **kwargs: object,
    ) -> RedirectResponse:
        """Send the user's browser to the provider; see ``WebOAuth1App.authorize_redirect``."""
        kwargs = MaskedMapping(kwargs)
        return self._wait(
            self._client.authorize_redirect(request, redirect_uri, state_data=state_data, user=user, **kwargs)
        )

    def authorize_access_token(
        self,
        request: Request,
        *,
        callback: Mapping[str, object] | None = None,
        check_redirect_uri: bool = False,
        user: object = None,
        **kwargs: object,
    ) -> Token:
        """End the login; see ``WebOAuth1App.authorize_access_token``."""
        callback, kwargs = callback_pairs(self._client, callback), MaskedMapping(kwargs)
        finish = self._client.authorize_access_token
        return self._wait(
            finish(request, callback=callback, check_redirect_uri=check_redirect_uri, user=user, **kwargs)
        )

    def create_authorization_url(self, redirect_uri: str | None = None, **kwargs: object) -> dict[str, Any]:
        """Ask for a request token, and return the address to send the browser to."""
        kwargs = MaskedMapping(kwargs)
        return self._wait(self._client.create_authorization_url(redirect_uri, **kwargs))

    def save_authorize_data(self, request: Request, **kwargs: Any) -> None:  # what create_authorization_url() gave
        """Keep what ``create_authorization_url`` gave until the callback."""
        kwargs = MaskedMapping(kwargs)
        self._wait(self._client.save_authorize_data(request, **kwargs))

    def fetch_access_token(
        self,
        request_token: Mapping[str, str] | None = None,
        *,
        oauth_verifier: str | None = None,
        verifier: str | None = None,
        **kwargs: object,
    ) -> Token:
        """Change a request token for an access token, without callback and session."""
        request_token, kwargs = masked(request_token), MaskedMapping(kwargs)
        oauth_verifier, verifier = masked(oauth_verifier), masked(verifier)
        fetch = self._client.fetch_access_token
        return self._wait(fetch(request_token, oauth_verifier=oauth_verifier, verifier=verifier, **kwargs))

    def fetch_password_token(self, username: str, password: str, **kwargs: object) -> Token:
        """Change a user's name and password for an access token (xAuth)."""
        password, kwargs = masked(password), MaskedMapping(kwargs)
        return self._wait(self._client.fetch_password_token(username, password, **kwargs))

    def fetch_client_token(self, verifier: str | None = None, **kwargs: object) -> Token:
        """Ask for a token with the client's credentials alone."""
        verifier, kwargs = masked(verifier), MaskedMapping(kwargs)
        return self._wait(self._client.fetch_client_token(verifier, **kwargs))

    def userinfo(
        self, token: TokenLike | None = None, *, request: Request | None = None
    ) -> dict[str, Any]:  # claims are JSON values
        """The user's profile as standard claims."""
        token = masked(token)
        return self._wait(self._client.userinfo(token, request=request))

    def find_token(self, user: object) -> Token | None:
        """The token of ``user`` in the token store."""
        return self._wait(self._client.find_token(user))

    def save_token(self, token: TokenLike, user: object) -> None:
        """Keep ``token`` in the token store."""
        token = masked(token)
        self._wait(self._client.save_token(token, user))

    def forget_token(self, user: object) -> None:
        """Remove the token of ``user`` from the token store."""
        self._wait(self._client.forget_token(user))

    def renew_token(self, token: TokenLike | None = None, *, user: object = None) -> Token:
        """Renew an access token; see ``SyncOAuth1App.renew_token``."""
        token = masked(token)
        return self._wait(self._client.renew_token(token, user=user))

    def revoke_token(self, token: TokenLike | None = None, *, user: object = None) -> None:
        """Revoke an access token at the provider."""
        token = masked(token)
        self._wait(self._client.revoke_token(token, user=user))

    def exchange_token(
        self,
        token: TokenLike | None = None,
        *,
        user: object = None,
        oauth2_client_id: str | None = None,
        oauth2_client_secret: str | None = None,
        **kwargs: object,
    ) -> OAuth2Token:
        """Exchange a token for one of OAuth 2.0; see ``SyncOAuth1App.exchange_token``."""
        token, oauth2_client_secret, kwargs = masked(token), masked(oauth2_client_secret), MaskedMapping(kwargs)
        exchange = self._client.exchange_token
        return self._wait(
            exchange(
                token,
                user=user,
                oauth2_client_id=oauth2_client_id,
                oauth2_client_secret=oauth2_client_secret,
                **kwargs,
            )
        )

    def request(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: Request | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **kwargs: Unpack[HttpOptions],
    ) -> httpx2.Response:
        """Call the provider's API, signed; see ``SyncOAuth1App.request``."""
        token, oauth_params, options = masked(token), masked(oauth_params), MaskedMapping(kwargs)
        del kwargs
        call = self._client.request(
            method,
            url,
            token,
            request=request,
            withhold_token=withhold_token,
            allow_any_host=allow_any_host,
            oauth_params=oauth_params,
            **options,
        )
        return self._wait(call)

    def close(self) -> None:
        """Close the connections of the application's event loop; the next call opens new ones."""
        self._wait(self._client.aclose())

    def _wait(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        async def awaited() -> Outcome:
            return await work

        try:
            with WarnsHere():
                return anyio.from_thread.run(awaited)
        except RuntimeError as error:
            if work.cr_frame is None or work.cr_running:  # type: ignore[attr-defined]  # it ran, and the error is its own
                raise
            work.close()
            raise ConfigurationError(
                description=f"{self._client.name}: blocking calls wait for the application's event loop, and this "
                "thread has none to wait for.",
                provider=self._client.name,
                advice="Call them in a function that is not async and that FastAPI or Starlette runs; elsewhere "
                "await the client's own methods.",
            ) from error
