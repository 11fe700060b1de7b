"""What a client needs of Flask: ``app.config``, the session, and the request being served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import flask
from flask import Flask, Request, current_app, g, has_app_context, has_request_context, session
from flask import request as served
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from oauth1_catalog.integrations.base_client import CurrentToken, Framework, RequestContext
from oauth1_catalog.redaction import masked
from oauth1_catalog.registry.encryption import app_config_keys
from oauth1_catalog.registry.mapping_settings import AppSettings
from oauth1_catalog.rfc5849.messages import TokenLike

_TOKEN = "oauth1_catalog.token."
"""Begins the attribute of a request that holds the token of the client named after it."""


class FlaskSettings(AppSettings):
    """Those of Flask."""

    environment_prefix = "FLASK_"


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
            keys=keys_of_session(app),
            in_cookie=isinstance(app.session_interface, SecureCookieSessionInterface),
            query=parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True),
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


def keys_of_session(app: Flask) -> list[str | bytes]:
    """The keys that seal a login's record; ``app_config_keys`` has the errors."""
    return app_config_keys(app, in_cookie=isinstance(app.session_interface, SecureCookieSessionInterface))
