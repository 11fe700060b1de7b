"""The registry of clients for Starlette and FastAPI, and its lifespan."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from oauth1_catalog.clients.connected import DEFAULT, AsyncConnectedPools
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.starlette_client.client import StarletteOAuth1App
from oauth1_catalog.integrations.starlette_client.framework import (
    StarletteFramework,
    StarletteSettings,
    session_settings,
    trusts_hosts,
)
from oauth1_catalog.registry.notices import HostProblem, session_cookie_notices
from oauth1_catalog.registry.oauth import BaseOAuth
from oauth1_catalog.registry.settings import KeyIndex
from oauth1_catalog.registry.token import FetchToken

if TYPE_CHECKING:
    from starlette.config import Config

    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.registry.token import TokenStore


class OAuth(BaseOAuth[StarletteOAuth1App]):
    """OAuth 1.0 clients for Starlette and FastAPI; keys come from a ``Config`` (``TWITTER_CLIENT_ID``).

    Args:
        config: ``Config(".env")``, or a mapping.
        cache: keeps the temporary credentials between redirect and callback, instead of the session; its methods may be
            async.
        fetch_token: gives the current user's token for a client's name and a request; may be async.
        update_token: accepted for Authlib's users.
        catalog: where ``register_from_catalog`` looks providers up.
        login_lifetime: how long a login may take, in seconds.
        token_store: keeps the users' tokens: ``SQLAlchemyTokens`` on an ``async_sessionmaker``, or your own. See
            ``docs/tokens.md``.
        forget_rejected_tokens: remove a token from the store when the provider rejects it as revoked or expired.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which refuses this machine, too. See ``docs/self-hosted.md``.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        max_connected_clients: how many clients keep their connections open between calls. See
            ``docs/many-tenants.md``.
        secret_key: seals the record of a login, instead of the key of ``SessionMiddleware``; one key, or a list,
            newest first. It is needed where that middleware cannot be found: it is wrapped in a class or function of
            your own, or belongs to an application that another one is mounted in, without
            ``lifespan=oauth.lifespan``.
    """

    oauth1_client_cls = StarletteOAuth1App
    connected_class = AsyncConnectedPools

    def __init__(
        self,
        config: Config | Mapping[str, object] | None = None,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        *,
        catalog: Catalog | None = None,
        login_lifetime: int = 600,
        token_store: TokenStore | None = None,
        forget_rejected_tokens: bool = False,
        allow_local_hosts: bool | str | Iterable[str] | None = None,
        insecure_transport: bool | None = None,
        max_connected_clients: int = DEFAULT,
        secret_key: str | bytes | Sequence[str | bytes] | None = None,
    ) -> None:
        super().__init__(
            cache,
            fetch_token,
            update_token,
            catalog=catalog,
            login_lifetime=login_lifetime,
            token_store=token_store,
            forget_rejected_tokens=forget_rejected_tokens,
            allow_local_hosts=allow_local_hosts,
            insecure_transport=insecure_transport,
            max_connected_clients=max_connected_clients,
            secret_key=secret_key,
        )
        self.config = config
        self._config_keys = KeyIndex()
        self._served: weakref.ref[object] | None = None
        self._applications: weakref.WeakSet[Any] = weakref.WeakSet()

    def check(self, app: object = None) -> list[ConfigurationError]:
        """As ``BaseOAuth.check``; it reports what the session of ``app`` lacks, too.

        Args:
            app: the application; the one that ``lifespan`` was started with by default.
        """
        if app is not None:
            self._served = weakref.ref(app)
            self._applications.add(app)  # its session may be that of a mounted one
        return super().check()

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Close the clients' connections when the application ends: ``Starlette(lifespan=oauth.lifespan)``."""
        if app is not None:
            self._served = weakref.ref(app)
            self._applications.add(app)  # its session may be that of a mounted one
        try:
            yield
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the clients' connections in this event loop."""
        for client in list(self._clients.values()):
            await client.aclose()

    def _framework(self) -> StarletteFramework:
        return StarletteFramework(
            self.cache,
            settings=self._settings(),
            lifetime=self.login_lifetime,
            token_store=self.token_store,
            forget_rejected_tokens=self.forget_rejected_tokens,
            private_keys=self._private_keys,
            catalog=self._catalog,
            connected=self._connected,
            secret_keys=self._secret_keys,
            applications=self._applications,
        )

    def _session_problems(self) -> list[ConfigurationError]:
        try:
            session = session_settings(self._served() if self._served is not None else None)
        except ConfigurationError as error:
            return [error]
        return list(session_cookie_notices(session.get("same_site"), "same_site= of SessionMiddleware"))

    def _sealing_keys(self) -> list[str | bytes] | None:
        app = self._served() if self._served is not None else None
        try:
            return None if app is None else self._framework().found_keys(app)
        except ConfigurationError:
            return None  # _session_problems() reports it

    def _host_problem(self) -> HostProblem | None:
        app = self._served() if self._served is not None else None
        if app is None or trusts_hosts(app):
            return None
        return HostProblem(
            "the application has no TrustedHostMiddleware, or one that allows every host",
            "add TrustedHostMiddleware with your own hosts",
        )

    def _settings(self) -> StarletteSettings:
        return StarletteSettings({} if self.config is None else self.config, self._registry.keys(), self._config_keys)
