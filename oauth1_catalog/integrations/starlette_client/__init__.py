"""OAuth 1.0 clients for Starlette and FastAPI: ``from oauth1_catalog.integrations.starlette_client import OAuth``."""

from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.starlette_client.client import StarletteOAuth1App
from oauth1_catalog.integrations.starlette_client.oauth import OAuth

__all__ = ["OAuth", "OAuthError", "StarletteOAuth1App"]
