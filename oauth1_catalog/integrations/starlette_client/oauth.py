"""The registry of clients for Starlette and FastAPI, and its lifespan."""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Unpack, cast

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.base_client import (
    BaseAsyncOAuth,
    FetchToken,
    HostProblem,
    RegistryOptions,
    session_cookie_notices,
)
from oauth1_catalog.integrations.starlette_client.client import StarletteOAuth1App
from oauth1_catalog.integrations.starlette_client.framework import (
    StarletteFramework,
    StarletteSettings,
    session_settings,
    trusts_hosts,
)

if TYPE_CHECKING:
    from starlette.config import Config


class OAuth(BaseAsyncOAuth[StarletteOAuth1App]):
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
    framework_cls = StarletteFramework

    def __init__(
        self,
        config: Config | Mapping[str, object] | None = None,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        **options: Unpack[RegistryOptions],
    ) -> None:
        super().__init__(cache, fetch_token, update_token, **options)
        self.config = config
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
        async with super().lifespan(app):
            yield

    def _framework(self, **options: Any) -> StarletteFramework:
        framework: Any = super()._framework(applications=self._applications, **options)
        return cast("StarletteFramework", framework)

    def session_problems(self) -> list[ConfigurationError]:
        """As ``BaseOAuth.session_problems``."""
        try:
            session = session_settings(self._served() if self._served is not None else None)
        except ConfigurationError as error:
            return [error]
        return list(session_cookie_notices(session.get("same_site"), "same_site= of SessionMiddleware"))

    def sealing_keys(self) -> list[str | bytes] | None:
        """As ``BaseOAuth.sealing_keys``."""
        app = self._served() if self._served is not None else None
        try:
            return None if app is None else self._framework().found_keys(app)
        except ConfigurationError:
            return None  # session_problems() reports it

    def host_problem(self) -> HostProblem | None:
        """As ``BaseOAuth.host_problem``."""
        app = self._served() if self._served is not None else None
        if app is None or trusts_hosts(app):
            return None
        return HostProblem(
            "the application has no TrustedHostMiddleware, or one that allows every host",
            "add TrustedHostMiddleware with your own hosts",
        )

    def settings(self) -> StarletteSettings:
        """The configuration, for the application being served."""
        return StarletteSettings({} if self.config is None else self.config, self._registry.keys(), self._config_keys)
