"""A Flask application whose view keeps an exception, and with it the request, for ever."""

from flask import Flask
from token_twitter import ME, catalog, fail, kept

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.flask_client import OAuth

app = Flask(__name__)
app.config.from_prefixed_env("SITE")
oauth = OAuth(app, catalog=catalog)
oauth.register_from_catalog("twitter")


@app.get("/login")
def login():
    return oauth.twitter.authorize_redirect("http://127.0.0.1/authorize")


@app.get("/authorize")
def authorize():
    oauth.twitter.authorize_access_token()
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    return oauth.twitter.get(ME).json()["screen_name"]


@app.get("/somebody")
def somebody():
    try:
        return oauth.twitter.get(ME).json()["screen_name"]
    except MissingTokenError:
        return "nobody"
