"""A FastAPI application with its logins in Redis and its tokens in PostgreSQL; uvicorn runs two processes of it."""

import os

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware

from oauth1_catalog import OAuthError
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.integrations.starlette_client import OAuth
from tests.tokens.models import OAuth1Token

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=32, max_overflow=0, pool_pre_ping=True)
# As docs/starlette.md has it, but for one retry.
connections = BlockingConnectionPool.from_url(
    os.environ["REDIS_URL"], max_connections=50, timeout=30, socket_timeout=5, retry=Retry(NoBackoff(), 1)
)
oauth = OAuth(
    Config(env_prefix="SITE_"),
    cache=Redis.from_pool(connections),
    token_store=SQLAlchemyTokens(
        async_sessionmaker(engine),
        OAuth1Token,
        keys=os.environ["TOKEN_KEYS"],
        user=lambda request: request.session.get("user"),
    ),
)
provider = os.environ["PROVIDER"]
oauth.register(
    "shop",
    request_token_url=f"{provider}/request_token",
    authorize_url=f"{provider}/authorize",
    access_token_url=f"{provider}/access_token",
    api_base_url=f"{provider}/",
    client_kwargs={"timeout": 60},  # how fast this machine is, is not the question
)
app = FastAPI(lifespan=oauth.lifespan)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SITE_SECRET_KEY"])


@app.get("/login")
async def login(request: Request, user: int):
    request.session["user"] = user
    return await oauth.shop.authorize_redirect(request, request.url_for("authorize"))


@app.get("/authorize")
async def authorize(request: Request):
    await oauth.shop.authorize_access_token(request)
    request.session["profile"] = (await oauth.shop.get("me")).json()["user"]
    return RedirectResponse(request.url_for("me"), status_code=302)


@app.get("/me")
async def me(request: Request):
    again = (await oauth.shop.get("me", request=request)).json()["user"]  # with the token of the table
    return {**{name: request.session[name] for name in ("user", "profile")}, "again": again, "process": os.getpid()}


@app.exception_handler(OAuthError)
async def failed(request: Request, error: OAuthError):
    status = 503 if error.error == "cache_unavailable" else 403
    return JSONResponse({"error": error.error, "description": error.description}, status_code=status)


@app.exception_handler(DBAPIError)
async def no_database(request: Request, error: DBAPIError):
    return JSONResponse({"error": "database", "description": type(error).__name__}, status_code=503)
