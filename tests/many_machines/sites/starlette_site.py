"""A FastAPI application that keeps its logins in Redis; uvicorn runs two of it."""

import os

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware

from oauth1_catalog import Catalog, OAuthError
from oauth1_catalog.emulator import EmulatedCatalog, Origins
from oauth1_catalog.integrations.starlette_client import OAuth

# As docs/starlette.md has it, but for one retry.
connections = BlockingConnectionPool.from_url(
    os.environ["REDIS_URL"], max_connections=50, timeout=30, socket_timeout=5, retry=Retry(NoBackoff(), 1)
)
oauth = OAuth(
    Config(env_prefix="SITE_"),
    cache=Redis.from_pool(connections),
    catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])),
)
oauth.register_from_catalog("twitter")
app = FastAPI(lifespan=oauth.lifespan)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SITE_SECRET_KEY"])


@app.get("/login")
async def login(request: Request, browser: str):
    return await oauth.twitter.authorize_redirect(
        request, request.url_for("authorize"), state_data={"browser": browser}
    )


@app.get("/authorize")
async def authorize(request: Request):
    token = await oauth.twitter.authorize_access_token(request)
    profile = await oauth.twitter.userinfo(token=token)
    return {"user": profile["preferred_username"], "process": os.getpid(), **token.state_data}


@app.exception_handler(OAuthError)
async def failed(request: Request, error: OAuthError):
    status = 503 if error.error == "cache_unavailable" else 403
    return JSONResponse({"error": error.error, "description": error.description}, status_code=status)
