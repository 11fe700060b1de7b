"""``oauth1_catalog.clients.httpx_client` under the name that Authlib has for it."""

from oauth1_catalog.errors import needs

with needs(__name__, "starlette"):
    from oauth1_catalog.clients.httpx_client import *  # noqa: F403 - all of it
