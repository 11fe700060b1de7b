"""System check: ``manage.py`` says that a key is missing before anybody logs in."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.django_tokens.apps import LABEL
from oauth1_catalog.integrations.django_tokens.keys import configured_cipher
from oauth1_catalog.registry.token_cipher import SETTING


def check_keys(**options: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Whether the settings hold keys that can be used."""
    try:
        configured_cipher()
    except ConfigurationError as error:
        cause, _, advice = error.description.partition(". ")
        return [Error(f"{cause}.", hint=advice, obj=f"{SETTING} in the settings", id=f"{LABEL}.E001")]
    return []
