"""A FastAPI application whose endpoints are not async."""

import os

from fastapi import FastAPI, Request
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import EmulatedCatalog, Origins
from oauth1_catalog.integrations.starlette_client import OAuth

oauth = OAuth(Config(), catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])))
oauth.register_from_catalog("twitter")
app = FastAPI(lifespan=oauth.lifespan)
app.add_middleware(SessionMiddleware, secret_key="a secret key of the tests")
TOKEN = {"oauth_token": os.environ["TOKEN"], "oauth_token_secret": os.environ["TOKEN_SECRET"]}


@app.get("/login")
def login(request: Request):
    return oauth.twitter.blocking.authorize_redirect(request, request.url_for("authorize"))


@app.get("/authorize")
def authorize(request: Request):
    return oauth.twitter.blocking.authorize_access_token(request)


@app.get("/call")
def call():
    return oauth.twitter.blocking.get("account/verify_credentials.json", token=TOKEN).json()


@app.get("/awaited")
async def awaited():
    return (await oauth.twitter.get("account/verify_credentials.json", token=TOKEN)).json()
