"""A Quart application whose views keep an exception, and with it the request, for ever."""

from quart import Quart
from token_twitter import ME, catalog, fail, kept

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.quart_client import OAuth

app = Quart(__name__)
app.config.from_prefixed_env("SITE")
oauth = OAuth(app, catalog=catalog)
oauth.register_from_catalog("twitter")


@app.get("/login")
async def login():
    return await oauth.twitter.authorize_redirect("http://127.0.0.1/authorize")


@app.get("/authorize")
async def authorize():
    await oauth.twitter.authorize_access_token()
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    return (await oauth.twitter.get(ME)).json()["screen_name"]


@app.get("/somebody")
async def somebody():
    try:
        return (await oauth.twitter.get(ME)).json()["screen_name"]
    except MissingTokenError:
        return "nobody"
