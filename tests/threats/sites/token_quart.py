"""A Quart application whose views keep an exception, and with it the request, for ever."""

import os

from quart import Quart

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import EmulatedCatalog, Origins
from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.quart_client import OAuth

ME = "account/verify_credentials.json"
app = Quart(__name__)
app.config.from_prefixed_env("SITE")
oauth = OAuth(app, catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])))
oauth.register_from_catalog("twitter")
kept = []


def fail():
    raise RuntimeError


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
