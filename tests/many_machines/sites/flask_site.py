"""A Flask application that keeps its logins in Redis; gunicorn runs two of it."""

import os

from flask import Flask, jsonify, request, url_for
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from oauth1_catalog import Catalog, OAuthError
from oauth1_catalog.emulator import EmulatedCatalog, Origins
from oauth1_catalog.integrations.flask_client import OAuth

app = Flask(__name__)
app.config.from_prefixed_env("SITE")
oauth = OAuth(
    app,
    cache=Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5, retry=Retry(NoBackoff(), 1)),
    catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])),
)
oauth.register_from_catalog("twitter")


@app.get("/login")
def login():
    callback = url_for("authorize", _external=True)
    return oauth.twitter.authorize_redirect(callback, state_data={"browser": request.args["browser"]})


@app.get("/authorize")
def authorize():
    token = oauth.twitter.authorize_access_token()
    profile = oauth.twitter.userinfo(token=token)
    return {"user": profile["preferred_username"], "process": os.getpid(), **token.state_data}


@app.errorhandler(OAuthError)
def failed(error):
    return jsonify(error=error.error, description=error.description), 503 if error.error == "cache_unavailable" else 403
