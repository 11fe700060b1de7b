"""The installed app."""

from __future__ import annotations

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
        """Have the keys checked."""
        from oauth1_catalog.integrations.django_tokens.checks import check_keys

        register(check_keys, LABEL)
