"""System checks: ``manage.py check`` names each client that cannot work, and says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    ProviderFileError,
    RetiredProviderError,
    UnknownProviderError,
)
from oauth1_catalog.integrations.django_client.apps import LABEL, installed_app

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
    # What is told of the application itself comes from each of its registries.
    found = [_message(error) for error in {(error.provider, error.description): error for error in errors}.values()]
    return sorted(found, key=lambda message: (str(message.obj), str(message.id), message.msg))


def _message(error: ConfigurationError) -> CheckMessage:
    kind = checks.Warning if error.severity == "warning" else Error
    number = NUMBERS.get(error.error) or next(number for kind, number in IDS.items() if isinstance(error, kind))
    # Our messages are "name: cause. What to do."
    cause, _, advice = error.description.removeprefix(f"{error.provider}: ").partition(". ")
    return kind(cause.removesuffix(".") + ".", hint=advice or None, obj=error.provider, id=f"{LABEL}.{number}")
