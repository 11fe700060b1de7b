"""A Flask application with its logins in Redis and its tokens in PostgreSQL; gunicorn runs two processes of it."""

import os

from flask import Flask, jsonify, redirect, request, session, url_for
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from oauth1_catalog import OAuthError
from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from tests.tokens.models import OAuth1Token

engine = create_engine(os.environ["DATABASE_URL"], pool_size=32, max_overflow=0, pool_pre_ping=True)
app = Flask(__name__)
app.config.from_prefixed_env("SITE")
oauth = OAuth(
    app,
    cache=Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5, retry=Retry(NoBackoff(), 1)),
    token_store=SQLAlchemyTokens(
        sessionmaker(engine),
        OAuth1Token,
        keys=os.environ["TOKEN_KEYS"],
        user=lambda request: session.get("user"),
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


@app.get("/login")
def login():
    session["user"] = int(request.args["user"])
    return oauth.shop.authorize_redirect(url_for("authorize", _external=True))


@app.get("/authorize")
def authorize():
    oauth.shop.authorize_access_token()
    session["profile"] = oauth.shop.get("me").json()["user"]
    return redirect(url_for("me"))


@app.get("/me")
def me():
    again = oauth.shop.get("me").json()["user"]  # with the token of the table
    return {"user": session["user"], "profile": session["profile"], "again": again, "process": os.getpid()}


@app.errorhandler(OAuthError)
def failed(error):
    return jsonify(error=error.error, description=error.description), 503 if error.error == "cache_unavailable" else 403


@app.errorhandler(DBAPIError)
def no_database(error):
    return jsonify(error="database", description=type(error).__name__), 503
