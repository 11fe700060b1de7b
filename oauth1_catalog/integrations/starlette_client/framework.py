"""What a client needs of Starlette: ``Config`` and the session of ``SessionMiddleware``."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Collection, Iterable, Mapping, Set
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from starlette.applications import Starlette
from starlette.config import Config
from starlette.datastructures import ImmutableMultiDict
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.types import Scope

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.base_client import (
    AsyncFramework,
    CurrentToken,
    RequestBoundary,
    RequestContext,
    Settings,
    query_of,
)
from oauth1_catalog.registry.current_token import RequestTokens
from oauth1_catalog.registry.settings import KeyIndex, names_under, suggestion

_signature = lru_cache(maxsize=64)(inspect.signature)  # it takes longer than to sign a request


class StarletteSettings(Settings):
    """Keys of a ``Config`` (``.env`` and the environment) or of a mapping: ``TWITTER_CLIENT_ID``."""

    def __init__(self, config: Config | Mapping[str, object], registered: Collection[str], index: KeyIndex) -> None:
        self._config = config
        self._index = index
        self.registered = registered

    def get(self, client: str, parameter: str) -> object | None:
        """The value of a client's parameter."""
        key = f"{client}_{parameter}".upper()
        if isinstance(self._config, Config):
            value: object | None = self._config.get(key, default=None)
            return value
        return self._config.get(key)

    def describe_location(self, client: str, parameter: str) -> str:
        """Such as ``TWITTER_CLIENT_ID in the environment or .env``."""
        where = "the environment or .env"
        if not isinstance(self._config, Config):
            where = "the configuration" if self._config else "a Config and give that to OAuth(config)"
        return f"{client}_{parameter}".upper() + f" in {where}"

    def names(self, client: str, known: Set[str]) -> Collection[str]:
        """The parameters under the client's prefix in the file; the environment belongs to others too."""
        config = self._config.file_values if isinstance(self._config, Config) else self._config
        keys = self._index.beginning_with(f"{client}_".upper(), config)
        return names_under(client, keys, self.registered, known)

    def configured_names(self) -> Mapping[str, str]:
        """The keys of the configuration, and the environment's, which a mapping does not hold."""
        if isinstance(self._config, Config):
            # A variable whose value is asked for cannot be set any more, so that only the names are looked at.
            keys = [key for key in self._config.environ if os.environ.get(key) != ""]
            keys += [key for key, value in self._config.file_values.items() if value]
            return {key: suggestion(key, "the environment or .env") for key in keys}
        advice = "It is not read without a Config. Pass OAuth(Config())."
        there = {key: f"{suggestion(key, 'the environment')} {advice}" for key, value in os.environ.items() if value}
        own = [key for key, value in self._config.items() if isinstance(value, str | int) and value]
        return there | {key: suggestion(key, "the configuration") for key in own}


class StarletteCurrentToken(CurrentToken[Request]):
    """The current token, on the scope that all ``Request`` objects of one request share."""

    def __init__(self) -> None:
        super().__init__(lambda request: request.scope)

    def serve(self, request: Request) -> RequestTokens:
        """As for every framework; other requests of the application are kept apart from now on."""
        draw_boundary(request.scope)
        return super().serve(request)


class StarletteFramework(AsyncFramework[Request]):
    """Starlette's session, configuration and cache.

    Args:
        cache: as for ``Framework``, like the other options.
        applications: those that the registry has seen. A request names only the innermost one, and the session may be
            that of an application around it.
    """

    request_class = HTTPConnection
    current_token: StarletteCurrentToken = StarletteCurrentToken()

    def __init__(
        self, cache: object | None = None, *, applications: WeakSet[Any] | None = None, **options: Any
    ) -> None:
        super().__init__(cache, **options)
        self.applications: WeakSet[Any] = WeakSet() if applications is None else applications

    def context(self, request: Request) -> RequestContext:
        """The session, the keys and the query of a request."""
        if "session" not in request.scope:
            raise ConfigurationError(
                description="A login needs a session.",
                advice="Add it to the application: app.add_middleware(SessionMiddleware, secret_key=...).",
            )
        return RequestContext(
            session=request.session,
            keys=self.found_keys(request.scope.get("app")),
            in_cookie=True,
            query=query_of(request.scope),
            path=request.scope.get("path", ""),
        )

    def found_keys(self, app: object) -> list[str | bytes]:
        """The keys of the ``SessionMiddleware`` of ``app``, or of an application that may have it mounted."""
        found = [session_settings(app).get("secret_key")]
        if isinstance(app, Starlette) and app not in self.applications:
            self.applications.add(app)
        for other in [one for one in self.applications if one is not app]:
            with contextlib.suppress(ConfigurationError):
                found.append(session_settings(other).get("secret_key"))
        return [str(key) for key in found if key]

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> RedirectResponse:
        """A redirect."""
        return RedirectResponse(url, status_code=302, headers=dict(headers))

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, such as ``await request.form()`` or ``await request.json()``."""
        return parameters.multi_items() if isinstance(parameters, ImmutableMultiDict) else parameters.items()


def session_settings(app: object) -> Mapping[str, Any]:
    """The arguments of an application's own ``SessionMiddleware``; none where it has another one, or wraps it.

    Raises:
        ConfigurationError: the secret key is empty, so that anyone could sign a session.
    """
    for middleware in getattr(app, "user_middleware", ()):
        if isinstance(middleware.cls, type) and issubclass(middleware.cls, SessionMiddleware):
            given: Mapping[str, Any] = middleware.kwargs
            if middleware.cls is not SessionMiddleware or middleware.args:
                try:
                    signature = _signature(middleware.cls)  # type: ignore[arg-type] # a class can be hashed
                    given = signature.bind_partial(None, *middleware.args, **middleware.kwargs).arguments
                except TypeError:
                    continue  # Starlette itself reports what is wrong with it
                if middleware.cls is not SessionMiddleware and "secret_key" not in given:
                    continue  # a subclass that gets its key elsewhere
            if not given.get("secret_key"):
                raise ConfigurationError(
                    description="A login needs a session, and the secret_key of SessionMiddleware is empty.",
                    advice="Set it to a long random text: app.add_middleware(SessionMiddleware, secret_key=...).",
                )
            return given
    return {}


def trusts_hosts(app: object) -> bool:
    """Whether an application answers only to hosts that its own ``TrustedHostMiddleware`` lists."""
    for middleware in getattr(app, "user_middleware", ()):
        if isinstance(middleware.cls, type) and issubclass(middleware.cls, TrustedHostMiddleware):
            given = _signature(TrustedHostMiddleware).bind_partial(None, *middleware.args, **middleware.kwargs)
            return "*" not in (given.arguments.get("allowed_hosts") or ["*"])
    return False


def draw_boundary(scope: Scope) -> None:
    """Have all requests of the application that serves ``scope`` begin without a token of another request.

    ``scope["router"]`` is the outermost one, which leads to mounted applications, too.
    """
    for served in (scope.get("app"), scope.get("router")):
        stack: Any = getattr(served, "middleware_stack", None)
        if served is not None and stack is not None and not isinstance(stack, RequestBoundary):
            served.middleware_stack = RequestBoundary(stack)
