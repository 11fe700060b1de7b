"""A FastAPI application whose endpoints keep an exception, and with it the request, for ever."""

import os

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware
from token_twitter import ME, catalog, fail, kept

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.starlette_client import OAuth

oauth = OAuth(Config(env_prefix="SITE_"), catalog=catalog)
oauth.register_from_catalog("twitter")
app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SITE_SECRET_KEY"])


@app.get("/login")
async def login(request: Request):
    return await oauth.twitter.authorize_redirect(request, "http://127.0.0.1/authorize")


if os.environ.get("SITE_ASYNC") == "1":

    @app.get("/authorize", response_class=PlainTextResponse)
    async def authorize(request: Request):
        await oauth.twitter.authorize_access_token(request)
        try:
            fail()
        except RuntimeError as error:
            kept.append(error)
        return (await oauth.twitter.get(ME)).json()["screen_name"]

    @app.get("/somebody", response_class=PlainTextResponse)
    async def somebody():
        try:
            return (await oauth.twitter.get(ME)).json()["screen_name"]
        except MissingTokenError:
            return "nobody"

else:

    @app.get("/authorize", response_class=PlainTextResponse)
    def authorize(request: Request):
        oauth.twitter.blocking.authorize_access_token(request)
        try:
            fail()
        except RuntimeError as error:
            kept.append(error)
        return oauth.twitter.blocking.get(ME).json()["screen_name"]

    @app.get("/somebody", response_class=PlainTextResponse)
    def somebody():
        try:
            return oauth.twitter.blocking.get(ME).json()["screen_name"]
        except MissingTokenError:
            return "nobody"
