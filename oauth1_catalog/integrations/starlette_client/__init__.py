"""OAuth 1.0 clients for Starlette and FastAPI: ``from oauth1_catalog.integrations.starlette_client import OAuth``."""

from typing import TYPE_CHECKING, NoReturn

from oauth1_catalog.errors import OAuthError, needs
from oauth1_catalog.integrations import absent

with needs(__name__, "starlette"):
    from oauth1_catalog.integrations.starlette_client.client import StarletteOAuth1App
    from oauth1_catalog.integrations.starlette_client.oauth import OAuth

__all__ = ["OAuth", "OAuthError", "StarletteOAuth1App"]

if not TYPE_CHECKING:  # a type checker is to find a name that is not there

    def __getattr__(name: str) -> NoReturn:
        raise absent(__name__, name)
