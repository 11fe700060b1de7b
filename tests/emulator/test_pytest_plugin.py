"""The pytest plugin, in a pytest of its own, as an application has it: three lines test a login view."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FLASK = """
from flask import Flask, jsonify
from oauth1_catalog.integrations.flask_client import OAuth, OAuthError

app = Flask(__name__)
app.config["SECRET_KEY"] = "a secret key"
app.config.from_prefixed_env()
oauth = OAuth(app)
oauth.register_from_catalog("twitter")

@app.get("/login")
def login():
    return oauth.twitter.authorize_redirect("http://localhost/callback")

@app.get("/callback")
def callback():
    try:
        token = oauth.twitter.authorize_access_token()
    except OAuthError as error:
        return jsonify(error=error.error), 403
    return jsonify(user=token["screen_name"])

@app.get("/elsewhere")
def elsewhere():
    return "", 302, {"Location": "https://other.example/?token=hush"}
"""
DJANGO = """
import os, django
from django.conf import settings
settings.configure(
    SECRET_KEY="a secret key", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    OAUTH1_CATALOG={"twitter": {
        "client_id": os.environ["TWITTER_CLIENT_ID"], "client_secret": os.environ["TWITTER_CLIENT_SECRET"]}},
)
django.setup()
from django.http import JsonResponse
from django.urls import path
from oauth1_catalog.integrations.django_client import OAuth, OAuthError

oauth = OAuth()
oauth.register_from_catalog("twitter")

def login(request):
    return oauth.twitter.authorize_redirect(request, "http://testserver/callback")

def callback(request):
    try:
        token = oauth.twitter.authorize_access_token(request)
    except OAuthError as error:
        return JsonResponse({"error": error.error}, status=403)
    return JsonResponse({"user": token["screen_name"]})

urlpatterns = [path("login", login), path("callback", callback)]
"""
STARLETTE = """
import os
from starlette.applications import Starlette
from starlette.config import Config
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from oauth1_catalog.integrations.starlette_client import OAuth, OAuthError

oauth = OAuth(Config())
oauth.register_from_catalog("twitter")

async def login(request):
    return await oauth.twitter.authorize_redirect(request, "http://testserver/callback")

async def callback(request):
    try:
        token = await oauth.twitter.authorize_access_token(request)
    except OAuthError as error:
        return JSONResponse({"error": error.error}, 403)
    return JSONResponse({"user": token["screen_name"]})

app = Starlette(
    routes=[Route("/login", login), Route("/callback", callback)],
    middleware=[Middleware(SessionMiddleware, secret_key="a secret key")],
)
"""
CLIENTS = {
    "flask": (FLASK, "from shop import app\nclient = app.test_client()"),
    "django": (DJANGO, "import shop\nfrom django.test import Client\nclient = Client()"),
    "starlette": (
        STARLETTE,
        "from shop import app\nfrom starlette.testclient import TestClient\nclient = TestClient(app)",
    ),
}
TESTS = """
{client}

def json_of(response):
    return response.json() if callable(response.json) else response.json

def test_login(oauth1_login):
    assert json_of(oauth1_login(client, "twitter", user="grace")) == {{"user": "grace"}}

def test_denied(oauth1_login):
    assert oauth1_login(client, "twitter", deny=True).status_code == 403

def test_a_failure_ends_with_its_test(oauth1_emulator, oauth1_login):
    oauth1_emulator.fail_next("access_token", status=503, times=5)
    assert oauth1_login(client, "twitter").status_code == 403

def test_login_again(oauth1_login):
    assert json_of(oauth1_login(client, "twitter")) == {{"user": "ada"}}
"""


def run(folder: Path, tests: str, *, shop: str = "", setting: str = "oauth1_providers = twitter", **more: str) -> str:
    """What pytest prints in an empty folder with these files."""
    (folder / "pytest.ini").write_text(f"[pytest]\n{setting}\n", encoding="utf-8")
    files = {"shop": shop, "test_shop": tests, **more}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("framework", CLIENTS)
def test_three_lines_test_a_login(tmp_path: Path, framework: str) -> None:
    shop, client = CLIENTS[framework]
    assert "4 passed" in run(tmp_path, TESTS.format(client=client), shop=shop)


def test_the_application_is_imported_by_a_conftest(tmp_path: Path) -> None:
    shop, client = CLIENTS["flask"]
    assert "4 passed" in run(tmp_path, TESTS.format(client=client), shop=shop, conftest="import shop")


def test_a_factory_without_the_setting(tmp_path: Path) -> None:
    shop = FLASK.replace('oauth = OAuth(app)\noauth.register_from_catalog("twitter")\n', "oauth = OAuth()\n")
    tests = """
import pytest
import shop

@pytest.fixture
def client(oauth1_emulator):
    keys = oauth1_emulator.client("twitter")
    shop.app.config.update(
        TWITTER_CLIENT_ID=keys.client_id, TWITTER_CLIENT_SECRET=keys.client_secret,
        TWITTER_CLIENT_KWARGS={"verify": oauth1_emulator.ca_file})
    shop.oauth.catalog = oauth1_emulator.catalog
    shop.oauth.init_app(shop.app)
    shop.oauth.register_from_catalog("twitter")
    return shop.app.test_client()

def test_login(client, oauth1_login):
    assert oauth1_login(client, "twitter").json == {"user": "ada"}
"""
    assert "1 passed" in run(tmp_path, tests, shop=shop, setting="")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('"twitter", url="/nowhere"', "Pass the path of your login view as url=."),
        ('"twitter", url="/elsewhere"', "302 and a redirect to https://other.example/, not with"),
        ('"flickr"', "GET /login begins a login at twitter, not at flickr."),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, call: str, message: str) -> None:
    shop, client = CLIENTS["flask"]
    tests = f"{client}\ndef test_login(oauth1_login):\n    oauth1_login(client, {call})\n"
    output = run(tmp_path, tests, shop=shop)
    assert message in " ".join(output.split())
    assert "1 failed" in output
    assert "hush" not in output


def test_an_unknown_provider_in_the_setting(tmp_path: Path) -> None:
    output = run(tmp_path, "def test_x(): pass", setting="oauth1_providers = twiter")
    assert "oauth1_providers: no provider `twiter` in the catalog. Did you mean `twitter`?" in output
    assert "Traceback" not in output


def test_nothing_is_imported_or_started_unless_asked_for(tmp_path: Path) -> None:
    tests = """
import os, sys

def test_x():
    ours = {name for name in sys.modules if name.startswith("oauth1_catalog")}
    assert ours == {"oauth1_catalog", "oauth1_catalog.pytest_plugin"}
    assert "oauthlib" not in sys.modules
    assert "OAUTH1_CATALOG_PATH" not in os.environ
"""
    assert "1 passed" in run(tmp_path, tests, setting="")
