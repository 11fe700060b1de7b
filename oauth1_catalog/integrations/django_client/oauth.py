"""The registry of clients for Django."""

from __future__ import annotations

from oauth1_catalog.integrations.django_client.client import DjangoOAuth1App
from oauth1_catalog.integrations.django_client.framework import DjangoFramework, DjangoSettings
from oauth1_catalog.registry.base import BaseOAuth


class OAuth(BaseOAuth[DjangoOAuth1App]):
    """OAuth 1.0 clients for Django; keys come from ``OAUTH1_CATALOG`` or ``AUTHLIB_OAUTH_CLIENTS`` in the settings."""

    oauth1_client_cls = DjangoOAuth1App

    def _framework(self) -> DjangoFramework:
        return DjangoFramework(self.cache, settings=DjangoSettings(), lifetime=self.login_lifetime)
