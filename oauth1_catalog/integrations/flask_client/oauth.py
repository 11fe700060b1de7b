"""The registry of clients for Flask, with ``init_app`` for the application factory."""

from __future__ import annotations

import weakref
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack, cast

import click
from flask import Flask, current_app, has_app_context
from flask.cli import AppGroup
from werkzeug.local import LocalProxy

from oauth1_catalog.errors import ConfigurationError, NotInitializedError
from oauth1_catalog.integrations.base_client import (
    BaseOAuth,
    FetchToken,
    Framework,
    HostProblem,
    RegistryOptions,
    session_cookie_notices,
)
from oauth1_catalog.integrations.flask_client.client import FlaskOAuth1App
from oauth1_catalog.integrations.flask_client.framework import FlaskFramework, FlaskSettings, keys_of_session
from oauth1_catalog.registry.oauth import refuse_unusable
from oauth1_catalog.registry.registration import Registration, warn_about
from oauth1_catalog.registry.settings import KeyIndex

if TYPE_CHECKING:
    from oauth1_catalog.registry.token import TokenStore


@dataclass(slots=True)
class _Application:
    """What a registry has for one of its applications."""

    cache: object | None
    fetch_token: FetchToken | None
    token_store: TokenStore | None
    clients: dict[str, FlaskOAuth1App] = field(default_factory=dict)
    config_keys: KeyIndex = field(default_factory=KeyIndex)


class OAuth(BaseOAuth[FlaskOAuth1App]):
    """OAuth 1.0 clients for Flask; keys come from ``app.config`` (``TWITTER_CLIENT_ID``).

    >>> from flask import Flask
    >>> app = Flask("example")
    >>> app.config.update(SECRET_KEY="dev", TWITTER_CLIENT_ID="key", TWITTER_CLIENT_SECRET="secret")
    >>> oauth = OAuth(app)
    >>> oauth.register_from_catalog("twitter")
    <FlaskOAuth1App 'twitter'>

    Args:
        app: the application; or give it to ``init_app`` later.
        cache: keeps the temporary credentials between redirect and callback, instead of the session.
        fetch_token: gives the current user's token for a client's name.
        update_token: accepted for Authlib's users.
        catalog: where ``register_from_catalog`` looks providers up.
        login_lifetime: how long a login may take, in seconds.
        token_store: keeps the users' tokens: ``SQLAlchemyTokens``, or your own. See ``docs/tokens.md``.
        forget_rejected_tokens: remove a token from the store when the provider rejects it as revoked or expired.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which refuses this machine, too. See ``docs/self-hosted.md``.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        max_connected_clients: how many clients keep their connections open between calls. See
            ``docs/many-tenants.md``.
        secret_key: seals the record of a login, instead of ``SECRET_KEY``; one key, or a list, newest first.
            It is needed where sessions live on the server, ``SECRET_KEY`` is not set, and a provider gives no client
            secret.
    """

    oauth1_client_cls = FlaskOAuth1App
    framework_cls = FlaskFramework

    def __init__(
        self,
        app: Flask | None = None,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        **options: Unpack[RegistryOptions],
    ) -> None:
        super().__init__(cache, fetch_token, update_token, **options)
        self._per_app: weakref.WeakKeyDictionary[Flask, _Application] = weakref.WeakKeyDictionary()
        self._latest: weakref.ReferenceType[Flask] | None = None
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        *,
        token_store: TokenStore | None = None,
    ) -> None:
        """Give the registry its application. Clients that were registered before are checked now.

        Args:
            app: the application. A registry can serve several; each has its own keys, cache and ``fetch_token``.
            cache: as for the constructor.
            fetch_token: as for the constructor.
            update_token: as for the constructor.
            token_store: as for the constructor.

        Raises:
            ConfigurationError: a client's parameter is wrong, or one of the catalog lacks a key; the message names it.
        """
        refuse_unusable(cache, fetch_token)
        self.cache: object | None = cache if cache is not None else self.cache
        self.fetch_token: FetchToken | None = fetch_token or self.fetch_token
        self.update_token: Callable[..., object] | None = update_token or self.update_token
        self.token_store: TokenStore | None = token_store if token_store is not None else self.token_store
        self._latest = weakref.ref(app)
        self._per_app[app] = _Application(self.cache, self.fetch_token, self.token_store)
        app.extensions[EXTENSION] = self
        app.cli.add_command(oauth1)
        with app.app_context():
            for registration in list(self._registry.values()):
                self._ready(registration)
                warn_about(registration, self._notices(registration.name))

    @property
    def app(self) -> Flask | None:
        """The application that was given last, or the one that is being served."""
        return self._app() if self._has_app() else None

    def create_client(self, name: str) -> FlaskOAuth1App | None:
        """The client registered as ``name`` for the application being served, ``None`` if there is none.

        Raises:
            NotInitializedError: there is no application yet.
        """
        client = self._per_app[self._app()].clients.get(name)
        return client if client is not None else super().create_client(name)

    def _app(self) -> Flask:
        if has_app_context():
            served: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Werkzeug's documented way
            if served in self._per_app:
                return served
        latest = self._latest() if self._latest is not None else None
        if latest is None:
            raise NotInitializedError(
                description="OAuth is not init with Flask app.",
                advice="Pass the application to OAuth(app), or call oauth.init_app(app).",
            )
        return latest

    def _built(self) -> MutableMapping[str, FlaskOAuth1App]:
        return self._per_app[self._app()].clients if self._has_app() else {}

    def _has_app(self) -> bool:
        return self._latest is not None and self._latest() is not None

    def _common_fetch_token(self) -> FetchToken | None:
        return self._per_app[self._app()].fetch_token

    def _framework(self, **options: Any) -> Framework[Any]:
        own = self._per_app[self._app()]
        return super()._framework(cache=own.cache, token_store=own.token_store, **options)

    def settings(self) -> FlaskSettings:
        """The configuration, for the application being served."""
        app = self._app()
        return FlaskSettings(app.config, "app.config", self._registry.keys(), self._per_app[app].config_keys)

    def session_problems(self) -> list[ConfigurationError]:
        """As ``BaseOAuth.session_problems``."""
        app = self._app()
        try:
            keys_of_session(app)
        except ConfigurationError as error:
            return [error]
        same_site = app.session_interface.get_cookie_samesite(app)
        return list(session_cookie_notices(same_site, "SESSION_COOKIE_SAMESITE in app.config"))

    def sealing_keys(self) -> list[str | bytes] | None:
        """As ``BaseOAuth.sealing_keys``."""
        try:
            return keys_of_session(self._app())
        except ConfigurationError:
            return None  # session_problems() reports it

    def host_problem(self) -> HostProblem | None:
        """As ``BaseOAuth.host_problem``."""
        app = self._app()
        if app.config.get("SERVER_NAME") and not app.url_map.host_matching:
            return None  # url_for() builds with that, and not with the request's host
        if "TRUSTED_HOSTS" not in Flask.default_config:
            return HostProblem("this version of Flask answers to every host")
        if app.config["TRUSTED_HOSTS"]:
            return None
        return HostProblem("TRUSTED_HOSTS is not set in app.config", "set TRUSTED_HOSTS in app.config")

    def _add(self, registration: Registration) -> FlaskOAuth1App:
        if self._has_app():
            return super()._add(registration)
        with self._lock:
            self._registry[registration.name] = registration
        name = registration.name
        return cast("FlaskOAuth1App", LocalProxy(lambda: self.create_client(name)))


EXTENSION = "oauth1_catalog"
"""The key in ``app.extensions``."""

oauth1: AppGroup = AppGroup("oauth1", help="The application's OAuth 1.0 clients.")


@oauth1.command("check")
def check_clients() -> None:
    """Say what is wrong with the clients. Nothing is sent; the exit status is 1 if anything is wrong.

    What works today and needs attention, such as a provider whose OAuth 1.0 ends, is a warning.
    """
    registry: OAuth = current_app.extensions[EXTENSION]
    problems = registry.check()
    for problem in problems:
        click.echo(f"{'warning: ' if problem.severity == 'warning' else ''}{problem.description}", err=True)
    if any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(1)
    click.echo("The OAuth 1.0 clients are configured.")
