"""What an application's type checker must understand; ``mypy --strict`` reads this file, nothing runs it."""

from __future__ import annotations

from typing import Any, assert_type

import cachelib
import httpx2
import redis
import redis.asyncio
import requests
from django.http import HttpRequest, HttpResponseRedirect
from flask import Flask
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from starlette.applications import Starlette
from starlette.config import Config
from starlette.requests import Request
from starlette.responses import RedirectResponse
from werkzeug.wrappers import Response

from oauth1_catalog import AsyncCatalogClient, CatalogClient, async_client, client
from oauth1_catalog.integrations import django_client, flask_client, httpx_client, requests_client, starlette_client
from oauth1_catalog.integrations.django_tokens.store import DjangoTokens
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens
from oauth1_catalog.registry.token import OAuth2Token, Token
from oauth1_catalog.rfc5849 import Request as SignedRequest


def flask_names(app: Flask) -> None:
    oauth = flask_client.OAuth(app, cache=redis.Redis())
    oauth.init_app(app, cache=cachelib.SimpleCache(), fetch_token=lambda name: None)
    assert_type(oauth.register_from_catalog("twitter"), flask_client.FlaskOAuth1App)
    assert_type(oauth.twitter, flask_client.FlaskOAuth1App)
    assert_type(oauth.create_client("twitter"), flask_client.FlaskOAuth1App | None)
    assert_type(oauth.twitter.authorize_redirect("/authorize", state_data={"next": "/"}), Response)
    assert_type(oauth.twitter.authorize_access_token(), Token)
    assert_type(oauth.twitter.get("account/verify_credentials.json"), requests.Response)
    assert_type(oauth.twitter.userinfo(), dict[str, Any])


def django_names(request: HttpRequest) -> None:
    oauth = django_client.OAuth(fetch_token=lambda name, request: request.session.get(name))
    assert_type(oauth.register("shop", client_id="key"), django_client.DjangoOAuth1App)
    assert_type(oauth.twitter, django_client.DjangoOAuth1App)
    assert_type(oauth.twitter.authorize_redirect(request, "/authorize"), HttpResponseRedirect)
    assert_type(oauth.twitter.authorize_access_token(request), Token)
    assert_type(oauth.twitter.get("me", request=request), requests.Response)


async def django_async_names(request: HttpRequest) -> None:
    oauth = django_client.OAuth()
    assert_type(await oauth.twitter.aauthorize_redirect(request, "/authorize"), HttpResponseRedirect)
    assert_type(await oauth.twitter.aauthorize_access_token(request), Token)
    assert_type(await oauth.twitter.aget("me", request=request), requests.Response)
    assert_type(await oauth.twitter.auserinfo(request=request), dict[str, Any])


async def starlette_names(request: Request) -> None:
    oauth = starlette_client.OAuth(Config(), cache=redis.asyncio.Redis())
    Starlette(lifespan=oauth.lifespan)
    assert_type(oauth.twitter, starlette_client.StarletteOAuth1App)
    assert_type(await oauth.twitter.authorize_redirect(request, request.url_for("authorize")), RedirectResponse)
    assert_type(await oauth.twitter.authorize_access_token(request), Token)
    assert_type(await oauth.twitter.get("account/verify_credentials.json"), httpx2.Response)
    assert_type(await oauth.twitter.userinfo(request=request), dict[str, Any])


def starlette_blocking_names(request: Request) -> None:
    twitter = starlette_client.OAuth().twitter.blocking
    assert_type(twitter.authorize_redirect(request, request.url_for("authorize")), RedirectResponse)
    assert_type(twitter.authorize_access_token(request), Token)
    assert_type(twitter.get("me", request=request), httpx2.Response)
    assert_type(twitter.userinfo(request=request), dict[str, Any])


class OAuth1Token(OAuth1TokenMixin, DeclarativeBase):
    """A table as an application declares it."""

    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


def token_store_names(session: Session, sessions: sessionmaker[Session]) -> None:
    store = SQLAlchemyTokens(sessions, OAuth1Token, keys="k", user=lambda request: 7)
    oauth = flask_client.OAuth(Flask(__name__), token_store=store, forget_rejected_tokens=True)
    assert_type(oauth.twitter.find_token(user=7), Token | None)
    assert_type(oauth.twitter.renew_token(user=7), Token)
    assert_type(oauth.twitter.exchange_token(user=7, oauth2_client_id="i", scope="users.read"), OAuth2Token)
    assert_type(OAuth1Token.find(session, name="twitter", user=7), OAuth1Token | None)
    django_client.OAuth(token_store=DjangoTokens())


async def async_token_store_names(session: AsyncSession, sessions: async_sessionmaker[AsyncSession]) -> None:
    oauth = starlette_client.OAuth(token_store=SQLAlchemyTokens(sessions, OAuth1Token, keys=["k", b"l"]))
    assert_type(await oauth.twitter.find_token(user=7), Token | None)
    assert_type(await oauth.twitter.exchange_token(user=7, oauth2_client_id="i"), OAuth2Token)
    assert_type(await OAuth1Token.find(session, name="twitter", user=7), OAuth1Token | None)
    await OAuth1Token.save_token(session, name="twitter", user=7, token={"oauth_token": "t"})


def script_names() -> None:
    with client("netsuite", account_id="1234567_SB1", env_file=".env") as netsuite:
        assert_type(netsuite, CatalogClient)
        assert_type(netsuite.get("record/v1/customer", params={"limit": 10}), requests.Response)
        assert_type(netsuite.fetch_client_token(), Token)
        assert_type(netsuite.sign("POST", "record/v1/customer", data={"a": [1, 2]}, params="b=c"), SignedRequest)
    assert_type(requests_client.OAuth1Session.from_catalog("netsuite"), requests_client.OAuth1Session)
    assert_type(requests_client.OAuth1Auth.from_catalog("netsuite"), requests_client.OAuth1Auth)
    requests.get("https://a.example/", auth=requests_client.OAuth1Auth.from_catalog("netsuite"))


async def async_script_names() -> None:
    async with async_client("discogs", token="t", token_secret="s") as discogs:
        assert_type(discogs, AsyncCatalogClient)
        assert_type(await discogs.get("oauth/identity"), httpx2.Response)
        assert_type(await discogs.userinfo(), dict[str, Any])
        assert_type(discogs.sign("GET", "oauth/identity", token={"oauth_token": "t"}), SignedRequest)
    async with httpx_client.AsyncOAuth1Client.from_catalog("netsuite") as session:
        assert_type(session, httpx_client.AsyncOAuth1Client)
        assert_type(await session.get("record/v1/customer"), httpx2.Response)
