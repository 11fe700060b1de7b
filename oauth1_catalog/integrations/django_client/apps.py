"""The installed app: Django's check framework reports what is wrong with the registered clients.

It is optional. Without it a mistake is raised where the client is registered; with it, ``manage.py check`` finds all of
them at once, and one that is ignored is raised when its client is first used.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    ProviderFileError,
    RetiredProviderError,
    UnknownProviderError,
)

if TYPE_CHECKING:
    from oauth1_catalog.integrations.django_client.oauth import OAuth


LABEL = "oauth1_catalog"


class OAuth1CatalogConfig(AppConfig):
    """``INSTALLED_APPS = [..., "oauth1_catalog.integrations.django_client"]``.

    Attributes:
        registries: the ``OAuth`` objects in which something is registered.
    """

    name = "oauth1_catalog.integrations.django_client"
    label = LABEL
    verbose_name: str = "OAuth 1.0 clients"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        super().__init__(app_name, app_module)
        self.registries: weakref.WeakSet[OAuth] = weakref.WeakSet()

    def ready(self) -> None:
        """Have the clients checked."""
        register(check_clients, LABEL)


def installed_app() -> OAuth1CatalogConfig | None:
    """The app as it is installed, ``None`` if it is not."""
    app = installed.app_configs.get(LABEL)
    return app if isinstance(app, OAuth1CatalogConfig) else None


IDS: dict[type[ConfigurationError], str] = {
    UnknownProviderError: "E001",
    MissingSettingError: "E002",
    RetiredProviderError: "E003",
    ProviderFileError: "E004",
    ConfigurationError: "E005",
}
"""Stable, for ``SILENCED_SYSTEM_CHECKS``; the first class that fits counts."""

NUMBERS = {
    "session_fixation": "E006",
    "deprecated_provider": "W001",
    "missing_user_agent": "W002",
    "strict_session_cookie": "W003",
    "untrusted_host": "W004",
    "session_fixation_allowed": "W005",
    "unused_catalog_path": "W006",
    "unused_catalog_data": "W007",
}
"""Those of single codes: what works today and needs attention, and a login that was not allowed."""


def check_clients(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """What is wrong with the clients of every registry; nothing is sent."""
    app = installed_app()
    if app is None or (app_configs is not None and app not in app_configs):
        return []
    if getattr(settings, "ROOT_URLCONF", None):
        # The views register their clients when they are imported, which nothing else may have done yet.
        import_module(settings.ROOT_URLCONF)
    errors = [error for registry in list(app.registries) for error in registry.check()]
    # Each registry reports the findings about the application itself.
    found = [_message(error) for error in {(error.provider, error.description): error for error in errors}.values()]
    return sorted(found, key=lambda message: (str(message.obj), str(message.id), message.msg))


def _message(error: ConfigurationError) -> CheckMessage:
    kind = checks.Warning if error.severity == "warning" else Error
    number = NUMBERS.get(error.error) or next(number for kind, number in IDS.items() if isinstance(error, kind))
    cause = error.cause.removeprefix(f"{error.provider}: ")  # Django shows the object in front of the message
    return kind(cause, hint=error.advice or None, obj=error.provider, id=f"{LABEL}.{number}")
