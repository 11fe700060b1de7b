"""OAuth 1.0 clients for Django: ``from oauth1_catalog.integrations.django_client import OAuth``."""

from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.django_client.client import DjangoOAuth1App
from oauth1_catalog.integrations.django_client.oauth import OAuth

__all__ = ["DjangoOAuth1App", "OAuth", "OAuthError"]
