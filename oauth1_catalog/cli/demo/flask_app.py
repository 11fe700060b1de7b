"""The demo's application in Flask."""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager

from flask import Flask, abort, redirect, session, url_for
from werkzeug.wrappers import Response

from oauth1_catalog.cli.demo import pages
from oauth1_catalog.cli.demo.providers import Demo
from oauth1_catalog.cli.demo.wsgi import serve_wsgi
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.flask_client import OAuth


def create_app(demo: Demo) -> Flask:
    """The application, with every provider of the demo registered."""
    app = Flask(__name__)
    app.config.update(demo.flat_settings(), SECRET_KEY=secrets.token_hex(), SESSION_COOKIE_NAME="demo_flask")
    oauth = OAuth(app, catalog=demo.emulator.catalog)
    for name in demo.names:
        oauth.register_from_catalog(name)

    @app.get("/")
    def picker() -> str:
        return pages.picker(demo)

    @app.get("/login/<name>")
    def login(name: str) -> Response:
        client = oauth.create_client(name) or abort(404)
        redirect_uri = url_for("callback", name=name, _external=True)
        return client.authorize_redirect(demo.expect_callback(name, redirect_uri))

    @app.get("/callback/<name>")
    def callback(name: str) -> Response:
        client = oauth.create_client(name) or abort(404)
        token = client.authorize_access_token()
        claims = client.userinfo(token=token) if client.provider.userinfo else {}
        session[name] = pages.login_record(token, claims)
        return redirect(url_for("profile", name=name), code=303)

    @app.get("/profile/<name>")
    def profile(name: str) -> str | Response:
        offer = demo.offer(name) or abort(404)
        if name not in session:
            return redirect(url_for("picker"))
        return pages.profile(offer, session[name])

    @app.errorhandler(OAuthError)
    def failure(error: OAuthError) -> tuple[str, int]:
        return pages.failure(demo, error)

    return app


def serve(demo: Demo, port: int) -> AbstractContextManager[str]:
    """Serve it on loopback; gives its origin.

    Raises:
        OSError: the port is taken.
    """
    return serve_wsgi(create_app(demo), port)
