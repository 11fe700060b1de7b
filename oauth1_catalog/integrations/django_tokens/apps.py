"""The installed app."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.encryption import SETTING
from oauth1_catalog.registry.migration import MigrationTable

LABEL = "oauth1_catalog_tokens"


class OAuth1TokensConfig(AppConfig):
    """``INSTALLED_APPS = [..., "oauth1_catalog.integrations.django_tokens"]``."""

    name = "oauth1_catalog.integrations.django_tokens"
    label = LABEL
    verbose_name: str = "OAuth 1.0 tokens"
    default_auto_field: str = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the keys checked: by ``manage.py``, or at once where a server starts, which runs no checks.

        Raises:
            ConfigurationError: the settings hold no key, and ``manage.py`` does not run to report it.
        """
        register(check_keys, LABEL)
        if not _runs_a_command(sys.argv[0]):
            from oauth1_catalog.integrations.django_tokens.models import configured_cipher

            configured_cipher()

    def migration(self, name: str, database: str) -> MigrationTable:
        """The two tables, for ``manage.py oauth1_migrate``.

        Args:
            name: the client's name.
            database: which of ``DATABASES`` they are in.

        Raises:
            ConfigurationError: the settings hold no key.
        """
        from oauth1_catalog.integrations.django_tokens.migration import DjangoMigration
        from oauth1_catalog.integrations.django_tokens.models import configured_cipher

        configured_cipher()
        return DjangoMigration(name, database)


def _runs_a_command(program: str) -> bool:
    """Whether the process runs a command of Django's, which reports failed checks itself.

    >>> _runs_a_command("./manage.py"), _runs_a_command("/usr/bin/gunicorn")
    (True, False)
    """
    path = PurePath(program)
    return path.stem in {"manage", "django-admin"} or path.parts[-2:] == ("django", "__main__.py")


def check_keys(**options: Any) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Whether the settings hold keys that can be used."""
    from oauth1_catalog.integrations.django_tokens.models import configured_cipher

    try:
        configured_cipher()
    except ConfigurationError as error:
        place = f"{SETTING} in the settings"
        return [Error(error.cause, hint=error.advice or None, obj=place, id=f"{LABEL}.E001")]
    return []
