"""Log in with Twitter, keep the token with the user, and call the API in a later request."""

import os
import secrets

from flask import Flask, abort, redirect, request, session, url_for
from models import OAuth1Token, Session, User, create_tables

from oauth1_catalog.integrations.flask_client import OAuth
from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens

app = Flask(__name__)
for name in ("SECRET_KEY", "TWITTER_CLIENT_ID", "TWITTER_CLIENT_SECRET", "OAUTH1_CATALOG_TOKEN_KEYS"):
    app.config[name] = os.environ[name]
PORT = int(os.environ.get("PORT", "8000"))
app.config["OAUTH1_CATALOG_REDIRECT_BASE_URL"] = os.environ.get(
    "OAUTH1_CATALOG_REDIRECT_BASE_URL", f"http://127.0.0.1:{PORT}"
)

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
        return button("login", "Log in with Twitter")
    return '<a href="/profile">Your profile</a>' + button("logout", "log out")


def button(action, text):
    token = session.setdefault("form_token", secrets.token_urlsafe())
    return f"""<form method="post" action="{url_for(action)}">
        <input type="hidden" name="form_token" value="{token}"><button>{text}</button></form>"""


@app.before_request
def check_form():
    """A page of somebody else can make a browser send a form, but does not know what is in ours."""
    given, own = request.form.get("form_token", ""), session.get("form_token", "")
    if request.method == "POST" and not (own and secrets.compare_digest(given.encode(), own.encode())):
        abort(403)


@app.post("/login")
def login():
    return oauth.twitter.authorize_redirect(url_for("authorize"))


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


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("index"))


if __name__ == "__main__":
    app.run(port=PORT)
