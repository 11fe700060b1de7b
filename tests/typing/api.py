"""What an application's type checker must understand; ``mypy --strict`` reads this file, nothing runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

import httpx2
import requests
from flask import Flask
from starlette.requests import Request

from oauth1_catalog.integrations import django_client, flask_client, starlette_client

if TYPE_CHECKING:
    from oauth1_catalog.registry.token import Token


def flask_names(app: Flask) -> None:
    oauth = flask_client.OAuth(app)
    oauth.register_from_catalog("twitter")
    assert_type(oauth.twitter, flask_client.FlaskOAuth1App)
    assert_type(oauth.create_client("twitter"), flask_client.FlaskOAuth1App | None)
    assert_type(oauth.twitter.authorize_access_token(), "Token")
    assert_type(oauth.twitter.get("account/verify_credentials.json"), requests.Response)


def django_names() -> None:
    oauth = django_client.OAuth()
    assert_type(oauth.twitter, django_client.DjangoOAuth1App)


async def starlette_names(request: Request) -> None:
    oauth = starlette_client.OAuth()
    assert_type(oauth.twitter, starlette_client.StarletteOAuth1App)
    assert_type(await oauth.twitter.authorize_access_token(request), "Token")
    assert_type(await oauth.twitter.get("account/verify_credentials.json"), httpx2.Response)
