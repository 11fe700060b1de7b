"""OAuth 1.0 clients for Flask: ``from oauth1_catalog.integrations.flask_client import OAuth``."""

from typing import TYPE_CHECKING, NoReturn

from oauth1_catalog.errors import OAuthError, needs
from oauth1_catalog.integrations import absent

with needs(__name__, "flask"):
    from oauth1_catalog.integrations.flask_client.client import FlaskOAuth1App
    from oauth1_catalog.integrations.flask_client.oauth import OAuth

__all__ = ["FlaskOAuth1App", "OAuth", "OAuthError"]

if not TYPE_CHECKING:  # a type checker is to find a name that is not there

    def __getattr__(name: str) -> NoReturn:
        raise absent(__name__, name)
