"""OAuth 1.0 clients for Flask: ``from oauth1_catalog.integrations.flask_client import OAuth``."""

from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.flask_client.client import FlaskOAuth1App
from oauth1_catalog.integrations.flask_client.oauth import OAuth

__all__ = ["FlaskOAuth1App", "OAuth", "OAuthError"]
