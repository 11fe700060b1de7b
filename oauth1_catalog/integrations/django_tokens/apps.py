"""The installed app."""

from __future__ import annotations

from traceback import walk_stack

from django.apps import AppConfig
from django.core.checks import register

LABEL = "oauth1_catalog_tokens"


class OAuth1TokensConfig(AppConfig):
    """``INSTALLED_APPS = [..., "oauth1_catalog.integrations.django_tokens"]``."""

    name = "oauth1_catalog.integrations.django_tokens"
    label = LABEL
    verbose_name = "OAuth 1.0 tokens"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the keys checked: by ``manage.py``, or at once where a server starts, which runs no checks.

        Raises:
            ConfigurationError: the settings hold no key, and ``manage.py`` is not there to say so.
        """
        from oauth1_catalog.integrations.django_tokens.checks import check_keys
        from oauth1_catalog.integrations.django_tokens.keys import configured_cipher

        register(check_keys, LABEL)
        if not any(frame.f_globals.get("__name__") == "django.core.management" for frame, _ in walk_stack(None)):
            configured_cipher()
