"""What a client needs of Flask: ``app.config``, the session, and the request being served."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import flask
from flask import Flask, Request, current_app, g, has_app_context, has_request_context, session
from flask import request as served
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.base_client import CurrentToken, Framework, MappingSettings, RequestContext
from oauth1_catalog.redaction import masked
from oauth1_catalog.registry.settings import suggestion
from oauth1_catalog.rfc5849.messages import TokenLike

_QUOTING = (
    "Write it in quotes. app.config.from_prefixed_env() reads JSON, so in a variable it needs quotes within quotes: "
    "'\"...\"'."
)

_ENVIRONMENT_PREFIX = "FLASK_"
"""That of ``from_prefixed_env``."""

_TOKEN = "oauth1_catalog.token."
"""Begins the attribute of a request that holds the token of the client named after it."""


class FlaskSettings(MappingSettings):
    """Keys of ``app.config``: ``TWITTER_CLIENT_ID`` is the ``client_id`` of the client ``twitter``."""

    quoting = _QUOTING

    def configured_names(self) -> Mapping[str, str]:
        """The keys of ``app.config``, and the environment's, which Flask reads only on request."""
        there = {}
        for name, value in os.environ.items():
            key = name.removeprefix(_ENVIRONMENT_PREFIX)
            export = f"Export it as {_ENVIRONMENT_PREFIX}{name} and call" if key == name else "Call"
            if value:
                there[key] = (
                    f"{suggestion(name, 'the environment')} app.config does not read it by itself. {export} "
                    "app.config.from_prefixed_env()."
                )
        return {**there, **super().configured_names()}


class FlaskCurrentToken(CurrentToken[Request]):
    """The current token, on the request that Flask is serving.

    Not in ``g``: an application context that a test or a script has pushed serves many requests. ``g`` only shows it
    under Authlib's name.
    """

    def __init__(self) -> None:
        super().__init__(vars)

    def set(self, client: str, request: Request | None, token: TokenLike) -> None:
        """Remember ``token`` until ``request`` is over; outside a request, until the application context is."""
        vars(g if request is None else request)[_TOKEN + client] = masked(token)
        setattr(g, f"_oauth_token_{client}", token)

    def get(self, client: str, request: Request | None = None) -> TokenLike | None:  # noqa: ARG002 - Flask knows it
        """The token of the request being served; outside a request, what the application set."""
        owner = served if has_request_context() else g if has_app_context() else None
        return None if owner is None else vars(owner).get(_TOKEN + client)


class FlaskFramework(Framework[Request]):
    """Flask's session, configuration and cache."""

    current_token: FlaskCurrentToken = FlaskCurrentToken()

    def context(self, request: Request) -> RequestContext:
        """The session, the keys and the query of the request being served."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Werkzeug's documented way
        return RequestContext(
            session=session,
            keys=secret_keys(app),
            in_cookie=isinstance(app.session_interface, SecureCookieSessionInterface),
            query=list(request.args.items(multi=True)),
            path=request.script_root + request.path,
            compressed=True,
        )

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> Response:
        """A redirect."""
        response = flask.redirect(url)
        response.headers.update(headers)
        return response

    def served_request(self) -> Request | None:
        """The request being served, ``None`` outside of one."""
        if not has_request_context():
            return None
        request: Request = served._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Werkzeug's documented way
        return request

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, such as ``request.form`` or ``request.json``."""
        return parameters.items(multi=True) if isinstance(parameters, MultiDict) else parameters.items()


def secret_keys(app: Flask) -> list[str | bytes]:
    """The keys that seal a login's record, newest first; none where the session needs no secret key.

    Raises:
        ConfigurationError: the session needs a secret key and there is none, or one is not text.
    """
    if not app.secret_key and isinstance(app.session_interface, SecureCookieSessionInterface):
        raise ConfigurationError(
            description="A login needs a session, and app.secret_key is not set.",
            advice="Set SECRET_KEY in app.config to a long random text.",
        )
    keys = [key for key in (app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ())) if key]
    for key in keys:
        if not isinstance(key, str | bytes):
            raise ConfigurationError(
                description=f"SECRET_KEY or one of SECRET_KEY_FALLBACKS in app.config is of type {type(key).__name__}; "
                f"a secret key is text. {_QUOTING}"
            )
    return keys
