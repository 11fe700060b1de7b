"""OAuth 1.0 clients for Litestar: ``from oauth1_catalog.integrations.litestar_client import OAuth``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, Unpack

from oauth1_catalog.errors import ConfigurationError, OAuthError, needs
from oauth1_catalog.integrations.base_client import (
    AsyncFramework,
    AsyncWebOAuth1App,
    BaseAsyncOAuth,
    CurrentToken,
    FetchToken,
    HostProblem,
    MappingSettings,
    RegistryOptions,
    RequestBoundary,
    RequestContext,
    query_of,
    session_cookie_notices,
)

with needs(__name__, "litestar"):
    from litestar.config.app import AppConfig
    from litestar.connection import ASGIConnection
    from litestar.datastructures import MultiDict
    from litestar.middleware import DefineMiddleware
    from litestar.middleware.session.base import BaseBackendConfig, BaseSessionBackend
    from litestar.middleware.session.client_side import CookieBackendConfig
    from litestar.response import Redirect

__all__ = ["LitestarOAuth1App", "OAuth", "OAuthError"]

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]  # a handler's Request: any user, any state


class LitestarOAuth1App(AsyncWebOAuth1App[Connection, Redirect]):
    """A client of one provider."""


def session_config(middleware: Iterable[object]) -> BaseBackendConfig[Any] | None:
    """The configuration of the first session among middleware, ``None`` if there is none."""
    for one in middleware:
        backend = one.kwargs.get("backend") if isinstance(one, DefineMiddleware) else None
        if isinstance(backend, BaseSessionBackend):
            config: BaseBackendConfig[Any] = backend.config
            return config
    return None


class LitestarFramework(AsyncFramework[Connection]):
    """Litestar's session, and the key of a session in a cookie."""

    request_class = ASGIConnection
    current_token: CurrentToken[Connection] = CurrentToken(lambda request: request.scope)

    def context(self, request: Connection) -> RequestContext:
        """The session, the keys and the query of a request."""
        if "session" not in request.scope:
            raise ConfigurationError(
                description="A login needs a session.",
                advice="Add one: Litestar(middleware=[CookieBackendConfig(secret=...).middleware]).",
            )
        config = session_config(request.route_handler.resolve_middleware())
        in_cookie = isinstance(config, CookieBackendConfig)
        return RequestContext(
            session=request.session,
            keys=[config.secret] if isinstance(config, CookieBackendConfig) else [],
            in_cookie=in_cookie,
            query=query_of(request.scope),
            path=request.scope["root_path"].rstrip("/") + request.scope["path"],  # Litestar has cut the root off
        )

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> Redirect:
        """A redirect."""
        return Redirect(url, status_code=302, headers=dict(headers))

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, such as ``await request.form()`` or ``await request.json()``."""
        return parameters.multi_items() if isinstance(parameters, MultiDict) else parameters.items()


class OAuth(BaseAsyncOAuth[LitestarOAuth1App]):
    """OAuth 1.0 clients for Litestar: ``Litestar(..., on_app_init=[oauth.on_app_init])``.

    Args:
        config: a mapping with keys such as ``TWITTER_CLIENT_ID``; by default the environment.
        cache: keeps the temporary credentials between redirect and callback, instead of the session; its methods may be
            async.
        fetch_token: returns the current user's token for a client's name and a request; it may be async.
        update_token: accepted for Authlib's users.
        options: the other arguments of ``BaseOAuth``.
    """

    oauth1_client_cls = LitestarOAuth1App
    framework_cls = LitestarFramework

    def __init__(
        self,
        config: Mapping[str, object] | None = None,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        **options: Unpack[RegistryOptions],
    ) -> None:
        super().__init__(cache, fetch_token, update_token, **options)
        self.config: Mapping[str, object] = os.environ if config is None else config
        self._app_config: AppConfig | None = None

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Close the clients' connections when the application stops, and keep its requests apart."""
        app_config.lifespan.append(self.lifespan)
        app_config.middleware.insert(0, RequestBoundary)
        self._app_config = app_config
        return app_config

    def settings(self) -> MappingSettings:
        """The configuration."""
        place = "the environment" if self.config is os.environ else "the configuration"
        return self.mapping_settings(self.config, place)

    def session_problems(self) -> list[ConfigurationError]:
        """What is wrong with the cookie of the application's session."""
        config = session_config(self._app_config.middleware) if self._app_config else None
        return list(session_cookie_notices(getattr(config, "samesite", None), "samesite= of the session"))

    def host_problem(self) -> HostProblem | None:
        """Litestar answers to every host, unless ``allowed_hosts`` lists the application's own."""
        if self._app_config is None or self._app_config.allowed_hosts:
            return None
        return HostProblem("allowed_hosts= of Litestar is not set", "set allowed_hosts= of Litestar")
