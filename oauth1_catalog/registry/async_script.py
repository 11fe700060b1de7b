"""``async_client()``: a provider of the catalog for an async script, without a web framework, on httpx2."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oauth1_catalog.clients.connected import AsyncConnectedPools
from oauth1_catalog.errors import needs
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.async_client import AsyncOAuth1App
from oauth1_catalog.registry.standalone import standalone_client

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.registry.token import TokenStore


class AsyncCatalogClient(AsyncOAuth1App[object]):
    """A client of one provider, whose calls are awaited. ``async_client()`` makes it.

    An ``async with`` block closes its connections.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def async_client(
    provider: str,
    *,
    name: str | None = None,
    environment: str | None = None,
    env_file: str | os.PathLike[str] | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    rsa_key: object = None,
    token: str | None = None,
    token_secret: str | None = None,
    redirect_uri: str | None = None,
    catalog: Catalog | None = None,
    token_store: TokenStore | None = None,
    forget_rejected_tokens: bool = False,
    allow_retired: bool = False,
    allow_local_hosts: bool | str | Iterable[str] | None = None,
    insecure_transport: bool | None = None,
    allow_plaintext_over_http: bool = False,
    allow_session_fixation: bool | None = None,
    **values: object,
) -> AsyncCatalogClient:
    """A client whose calls are awaited, on httpx2; otherwise as ``client()``.

    >>> keys = {"client_id": "key", "client_secret": "hush", "user_agent": "shop/1.0"}
    >>> async_client("discogs", **keys)
    <AsyncCatalogClient 'discogs'>

    Call it with or without a running event loop, of asyncio or trio; reading ``env_file`` and the catalog blocks.

    Args:
        provider: as for ``client()``, like all the others.
        name: another name for the client, with which its variables begin.
        environment: one of the provider's environments.
        env_file: the path of a ``.env`` file.
        client_id: the consumer key.
        client_secret: the consumer secret.
        rsa_key: for the RSA methods.
        token: the identifier of a token, for calls without ``token=``.
        token_secret: its secret.
        redirect_uri: where users return to.
        catalog: where the provider is looked up.
        token_store: keeps the tokens of many users; it may be async.
        forget_rejected_tokens: remove a token from the store when the provider rejects it.
        allow_retired: allow a provider that has switched OAuth 1.0 off.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        allow_plaintext_over_http: sign with PLAINTEXT for ``http://`` as well.
        allow_session_fixation: allow logins at a provider whose callback has no verifier.
        values: the provider's variables and options, and any parameter of ``register``.

    Raises:
        UnknownProviderError, MissingSettingError, RetiredProviderError, ConfigurationError: as for ``client()``.
        MissingExtraError: httpx2 is not installed.
    """
    client_secret, rsa_key = masked(client_secret), masked(rsa_key)
    token, token_secret = masked(token), masked(token_secret)
    arguments = MaskedMapping(
        values,
        client_id=client_id,
        client_secret=client_secret,
        rsa_key=rsa_key,
        token=token,
        token_secret=token_secret,
        redirect_uri=redirect_uri,
        allow_local_hosts=allow_local_hosts,
        insecure_transport=insecure_transport,
        allow_plaintext_over_http=allow_plaintext_over_http or None,
        allow_session_fixation=allow_session_fixation,
    )
    del values
    with needs("async_client()", "script", "starlette"):
        connected = AsyncConnectedPools()
    return standalone_client(
        AsyncCatalogClient,
        "async_client()",
        provider,
        arguments,
        connected=connected,
        name=name,
        environment=environment,
        env_file=env_file,
        catalog=catalog,
        token_store=token_store,
        forget_rejected_tokens=forget_rejected_tokens,
        allow_retired=allow_retired,
    )
