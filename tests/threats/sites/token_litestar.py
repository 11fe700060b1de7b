"""A Litestar application whose handlers keep an exception, and with it the request, for ever."""

import os

from litestar import Litestar, Request, get
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.response import Redirect
from token_twitter import ME, catalog, fail, kept

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.litestar_client import OAuth

keys = {name.removeprefix("SITE_"): value for name, value in os.environ.items() if name.startswith("SITE_")}
oauth = OAuth(keys, catalog=catalog)
oauth.register_from_catalog("twitter")


@get("/login")
async def login(request: Request) -> Redirect:
    return await oauth.twitter.authorize_redirect(request, "http://127.0.0.1/authorize")


@get("/authorize", media_type="text/plain")
async def authorize(request: Request) -> str:
    await oauth.twitter.authorize_access_token(request)
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    return (await oauth.twitter.get(ME)).json()["screen_name"]


@get("/somebody", media_type="text/plain")
async def somebody() -> str:
    try:
        return (await oauth.twitter.get(ME)).json()["screen_name"]
    except MissingTokenError:
        return "nobody"


app = Litestar(
    [login, authorize, somebody],
    middleware=[CookieBackendConfig(secret=os.environ["SITE_SECRET_KEY"][:32].encode()).middleware],
    on_app_init=[oauth.on_app_init],
)
