"""OAuth 1.0 clients for Quart: ``from oauth1_catalog.integrations.quart_client import OAuth``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

from oauth1_catalog.errors import ConfigurationError, NotInitializedError, OAuthError, needs
from oauth1_catalog.integrations.base_client import (
    AsyncContextOAuth1App,
    AsyncFramework,
    BaseAsyncOAuth,
    CurrentToken,
    FetchToken,
    HostProblem,
    RegistryOptions,
    RequestBoundary,
    RequestContext,
    query_of,
    session_cookie_notices,
)
from oauth1_catalog.registry.encryption import app_config_keys
from oauth1_catalog.registry.mapping_settings import AppSettings

with needs(__name__, "quart"):
    from quart import Quart, Request, Response, current_app, has_request_context, session
    from quart import request as served
    from quart.sessions import SecureCookieSessionInterface
    from werkzeug.datastructures import MultiDict

__all__ = ["OAuth", "OAuthError", "QuartOAuth1App"]


class QuartOAuth1App(AsyncContextOAuth1App[Request, Response]):
    """A client of one provider."""


class QuartFramework(AsyncFramework[Request]):
    """Quart's session, configuration and cache."""

    request_class = Request
    current_token: CurrentToken[Request] = CurrentToken(lambda request: request.scope)

    def context(self, request: Request) -> RequestContext:
        """The session, the keys and the query of the request being served."""
        return RequestContext(
            session=session,
            keys=keys_of_session(current_app),
            in_cookie=isinstance(current_app.session_interface, SecureCookieSessionInterface),
            query=query_of(request.scope),
            path=request.root_path + request.path,
            compressed=True,
        )

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> Response:
        """A redirect."""
        return Response("", 302, {"Location": url, **headers})

    def served_request(self) -> Request | None:
        """The request being served, ``None`` outside of one."""
        if not has_request_context():
            return None
        request: Request = served._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Werkzeug's documented way
        return request

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, such as ``await request.form`` or ``await request.json``."""
        return parameters.items(multi=True) if isinstance(parameters, MultiDict) else parameters.items()


class QuartSettings(AppSettings):
    """Those of Quart."""

    environment_prefix = "QUART_"


def keys_of_session(app: Quart) -> list[str | bytes]:
    """The keys that seal a login's record; ``app_config_keys`` has the errors."""
    return app_config_keys(app, in_cookie=isinstance(app.session_interface, SecureCookieSessionInterface))


class OAuth(BaseAsyncOAuth[QuartOAuth1App]):
    """OAuth 1.0 clients for Quart; keys come from ``app.config`` (``TWITTER_CLIENT_ID``).

    Args:
        app: the application; or pass it to ``init_app``, before you register clients.
        cache: keeps the temporary credentials between redirect and callback, instead of the session; its methods may be
            async.
        fetch_token: returns the current user's token for a client's name; it may be async.
        update_token: accepted for Authlib's users.
        options: the other arguments of ``BaseOAuth``.
    """

    oauth1_client_cls = QuartOAuth1App
    framework_cls = QuartFramework

    def __init__(
        self,
        app: Quart | None = None,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        **options: Unpack[RegistryOptions],
    ) -> None:
        super().__init__(cache, fetch_token, update_token, **options)
        self.app: Quart | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Quart) -> None:
        """Give the registry its application, which closes the clients' connections when it stops."""
        self.app = app
        app.extensions["oauth1_catalog"] = self
        app.asgi_app = RequestBoundary(app.asgi_app)  # type: ignore[method-assign] # Quart's documented way
        app.after_serving(self.aclose)

    def settings(self) -> QuartSettings:
        """The configuration of the application."""
        return QuartSettings(self._app().config, "app.config", self._registry.keys(), self._config_keys)

    def session_problems(self) -> list[ConfigurationError]:
        """What is wrong with the secret key, or with the cookie of the session."""
        app = self._app()
        try:
            keys_of_session(app)
        except ConfigurationError as error:
            return [error]
        same_site = app.config.get("SESSION_COOKIE_SAMESITE")
        return list(session_cookie_notices(same_site, "SESSION_COOKIE_SAMESITE in app.config"))

    def sealing_keys(self) -> list[str | bytes] | None:
        """The application's keys; ``None`` where ``session_problems`` reports that they are wrong."""
        try:
            return keys_of_session(self._app())
        except ConfigurationError:
            return None

    def host_problem(self) -> HostProblem | None:
        """Quart answers to every host; ``url_for`` of a URL uses it unless ``SERVER_NAME`` is set."""
        return None if self._app().config.get("SERVER_NAME") else HostProblem("SERVER_NAME is not set in app.config")

    def _app(self) -> Quart:
        if self.app is None:
            raise NotInitializedError(
                description="OAuth has no application.",
                advice="Pass the application to OAuth(app), or call oauth.init_app(app) before you register clients.",
            )
        return self.app
