"""The registry of clients for Django."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Unpack, cast

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.functional import SimpleLazyObject

from oauth1_catalog.errors import ConfigurationError, ConfigurationNotice
from oauth1_catalog.integrations.base_client import (
    BaseOAuth,
    FetchToken,
    Framework,
    HostProblem,
    RegistryOptions,
    session_cookie_notices,
)
from oauth1_catalog.integrations.django_client.apps import installed_app
from oauth1_catalog.integrations.django_client.client import DjangoOAuth1App
from oauth1_catalog.integrations.django_client.framework import (
    SECTIONS,
    TOKEN_STORE,
    DjangoFramework,
    DjangoSettings,
    observe_requests,
    token_store_of_settings,
)
from oauth1_catalog.registry.notices import notices
from oauth1_catalog.registry.registration import Registration


class OAuth(BaseOAuth[DjangoOAuth1App]):
    """OAuth 1.0 clients for Django; keys come from ``OAUTH1_CATALOG`` or ``AUTHLIB_OAUTH_CLIENTS`` in the settings.

    With ``oauth1_catalog.integrations.django_client`` in ``INSTALLED_APPS``, ``manage.py check`` finds what is wrong
    with the clients, and a client is built when it is first used; without it, when it is registered.

    Args:
        cache: keeps the temporary credentials between redirect and callback, instead of the session.
        fetch_token: gives the current user's token for a client's name and a request.
        update_token: accepted for Authlib's users.
        catalog: where ``register_from_catalog`` looks providers up.
        login_lifetime: how long a login may take, in seconds.
        token_store: keeps the users' tokens: ``DjangoTokens()``, or your own;
            the setting ``OAUTH1_CATALOG_TOKEN_STORE`` names one for all registries. See ``docs/tokens.md``.
        forget_rejected_tokens: remove a token from the store when the provider rejects it as revoked or expired.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which refuses this machine, too. See ``docs/self-hosted.md``.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        max_connected_clients: how many clients keep their connections open between calls. See
            ``docs/many-tenants.md``.
        secret_key: seals the record of a login, instead of ``SECRET_KEY``; one key, or a list, newest first.
    """

    oauth1_client_cls = DjangoOAuth1App
    framework_cls = DjangoFramework

    def __init__(
        self,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        **options: Unpack[RegistryOptions],
    ) -> None:
        super().__init__(cache, fetch_token, update_token, **options)
        setting_changed.connect(self._forget_clients)
        observe_requests()

    def _framework(self, **options: Any) -> Framework[Any]:
        store = self.token_store if self.token_store is not None else token_store_of_settings()
        return super()._framework(token_store=store, **options)

    def session_problems(self) -> list[ConfigurationError]:
        """As ``BaseOAuth.session_problems``."""
        return list(session_cookie_notices(settings.SESSION_COOKIE_SAMESITE, "SESSION_COOKIE_SAMESITE in the settings"))

    def host_problem(self) -> HostProblem | None:
        """As ``BaseOAuth.host_problem``."""
        if "*" in settings.ALLOWED_HOSTS:
            return HostProblem("ALLOWED_HOSTS in the settings holds '*'", "list your own hosts in ALLOWED_HOSTS")
        if settings.USE_X_FORWARDED_HOST:
            return HostProblem(
                "USE_X_FORWARDED_HOST is set, and a browser can send X-Forwarded-Host, too",
                "have your proxy overwrite X-Forwarded-Host, and silence this check",
            )
        return None

    def _add(self, registration: Registration) -> DjangoOAuth1App:
        app = installed_app()
        if app is None:
            return super()._add(registration)
        app.registries.add(self)
        name = registration.name
        with self._lock:
            self._registry[name] = registration
            self._discard(name)
        return cast("DjangoOAuth1App", SimpleLazyObject(lambda: self.create_client(name)))

    def _notices(self, name: str) -> list[ConfigurationNotice]:
        """The notices of the provider's file if the client is built later; ``manage.py check`` reports the rest."""
        if name in self._clients:
            return super()._notices(name)
        try:
            provider = self._catalog().outline(self._registry[name].provider or name)
        except ConfigurationError:
            return []
        found = notices(name, dataclasses.replace(provider, name=name), self.settings())
        return [notice for notice in found if notice.error == "deprecated_provider"]

    def settings(self) -> DjangoSettings:
        """The configuration, for the application being served."""
        return DjangoSettings(self._registry.keys())

    def _forget_clients(self, *, setting: str, **_: object) -> None:
        """A test overrides the settings: build the clients again."""
        if setting not in {*SECTIONS, "OAUTH1_CATALOG_PATH", "OAUTH1_CATALOG_DATA", TOKEN_STORE}:
            return
        with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()
