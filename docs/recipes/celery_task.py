"""A task that calls an API for a user: ``celery -A celery_task worker``, and ``accounts.delay(7)`` in your application.

A task has the user's id as its argument, never a token: arguments are in the broker, in logs and in monitors.
"""

import os
from functools import cache

import requests
from celery import Celery
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from oauth1_catalog import TransportError, client
from oauth1_catalog.integrations.sqlalchemy_tokens import OAuth1TokenMixin, SQLAlchemyTokens

app = Celery("portfolio", broker=os.environ["CELERY_BROKER_URL"], backend=os.environ.get("CELERY_RESULT_BACKEND"))


class Base(DeclarativeBase):
    pass


class OAuth1Token(OAuth1TokenMixin, Base):
    __tablename__ = "oauth1_token"
    user_id: Mapped[int] = mapped_column()


@cache
def etrade():
    """The client of this process: a worker forks, and connections must not be shared with the parent."""
    tokens = SQLAlchemyTokens(
        sessionmaker(create_engine(os.environ["DATABASE_URL"])),
        OAuth1Token,
        keys=os.environ["OAUTH1_CATALOG_TOKEN_KEYS"],
    )
    return client("etrade", token_store=tokens)


class LoginRequiredError(Exception):
    """The user has no token, or it cannot be renewed: ask the user to log in."""


@app.task(autoretry_for=(requests.ConnectionError, requests.Timeout, TransportError), retry_backoff=True, max_retries=5)
def accounts(user_id):
    token = etrade().find_token(user_id)
    if token is None:
        raise LoginRequiredError(user_id)
    response = etrade().get("accounts/list", token=token)
    if response.status_code == 401:  # the token has expired: of all workers that notice it, one renews it
        token = etrade().renew_token(token)
        response = etrade().get("accounts/list", token=token)
    response.raise_for_status()
    return response.json()
