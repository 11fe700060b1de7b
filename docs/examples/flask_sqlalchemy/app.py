"""Log in with Twitter, keep the token with the user, and call the API in a later request."""

import os

from flask import Flask, redirect, session, url_for
from models import OAuth1Token, Session, User, create_tables

from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens

app = Flask(__name__)
for name in ("SECRET_KEY", "TWITTER_CLIENT_ID", "TWITTER_CLIENT_SECRET", "OAUTH1_CATALOG_TOKEN_KEYS"):
    app.config[name] = os.environ[name]

tokens = SQLAlchemyTokens(
    Session,
    OAuth1Token,
    keys=app.config["OAUTH1_CATALOG_TOKEN_KEYS"],
    user=lambda request: session.get("user_id"),
)
oauth = OAuth(app, token_store=tokens, forget_rejected_tokens=True)
oauth.register_from_catalog("twitter")
create_tables()


@app.get("/")
def index():
    if "user_id" not in session:
        return '<a href="/login">Log in with Twitter</a>'
    return '<a href="/profile">Your profile</a>, <a href="/logout">log out</a>'


@app.get("/login")
def login():
    return oauth.twitter.authorize_redirect(url_for("authorize", _external=True))


@app.get("/authorize")
def authorize():
    token = oauth.twitter.authorize_access_token()
    profile = oauth.twitter.userinfo(token=token)
    with Session.begin() as database:
        user = User.of(database, twitter_id=profile["sub"], name=profile["name"])
        user_id = user.id
    # Who the user is, is known only now: so the token is saved by hand, when the user's row is committed.
    oauth.twitter.save_token(token, user=user_id)
    session.clear()
    session["user_id"] = user_id
    return redirect(url_for("index"))


@app.get("/profile")
def profile():
    # No token is passed: the store finds that of the user who is logged in.
    response = oauth.twitter.get("account/verify_credentials.json")
    response.raise_for_status()
    return {"name": response.json()["name"]}


@app.get("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8000")))
