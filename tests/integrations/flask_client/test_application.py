"""What Flask's people do with an extension: an application factory, a blueprint, the shell, commands of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Blueprint, Flask, current_app, url_for

from oauth1_catalog import OAuthError
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.flask_client import OAuth

ROOT = Path(__file__).resolve().parents[3]


def test_a_factory_a_blueprint_and_a_fresh_application_for_each_test(emulator: Emulator) -> None:
    oauth = OAuth(catalog=emulator.catalog)
    oauth.register_from_catalog("twitter", client_kwargs={"verify": emulator.ca_file})
    accounts = Blueprint("accounts", __name__, url_prefix="/accounts")

    @accounts.get("/login")
    def login():
        return oauth.twitter.authorize_redirect(url_for("accounts.authorize", _external=True))

    @accounts.get("/authorize")
    def authorize():
        token = current_app.extensions["oauth1_catalog"].twitter.authorize_access_token()
        return oauth.twitter.userinfo(token=token)

    def create_app() -> Flask:
        app = Flask(__name__)
        twitter = emulator.client("twitter")
        app.config.update(
            SECRET_KEY="a secret key", TWITTER_CLIENT_ID=twitter.client_id, TWITTER_CLIENT_SECRET=twitter.client_secret
        )
        oauth.init_app(app)
        app.register_blueprint(accounts)
        return app

    for user in ("ada", "grace"):
        app = create_app()
        assert app.extensions["oauth1_catalog"] is oauth
        browser = app.test_client()
        callback = emulator.approve(browser.get("/accounts/login").headers["Location"], user=user)
        assert browser.get(callback).get_json()["preferred_username"] == user


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def flask(tmp_path: Path) -> Command:
    """Run ``flask --app site:create_app`` in a folder of its own."""
    site = """
        from flask import Flask
        from oauth1_catalog.integrations.flask_client import OAuth

        oauth = OAuth()
        oauth.register_from_catalog("twitter")
        oauth.register("shop", request_token_url="https://shop.example.com/request_token")

        def create_app():
            app = Flask("site")
            app.config.from_prefixed_env()
            oauth.init_app(app)

            @app.cli.command("whose")
            def whose():
                print(oauth.twitter.client_id)

            return app
    """
    (tmp_path / "site_of_the_test.py").write_text(textwrap.dedent(site), encoding="utf-8")

    def run(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        keys = {"FLASK_SECRET_KEY": "s", "FLASK_TWITTER_CLIENT_ID": "k", "FLASK_TWITTER_CLIENT_SECRET": "s"}
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "site_of_the_test:create_app", *arguments],
            cwd=tmp_path,
            env={**os.environ, **keys, **environment, "PYTHONPATH": str(ROOT)},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_in_the_shell(flask: Command) -> None:
    done = flask("shell", typed="app.extensions['oauth1_catalog'].twitter\n")
    assert "<FlaskOAuth1App 'twitter'>" in done.stdout, done.stderr


def test_in_a_command_of_the_application(flask: Command) -> None:
    assert flask("whose").stdout == "k\n"


def test_the_check_command_names_what_is_missing(flask: Command) -> None:
    done = flask("oauth1", "check")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("shop: no client_id. Set SHOP_CLIENT_ID in app.config")
    urls = {"AUTHORIZE_URL": "https://shop.example.com/a", "ACCESS_TOKEN_URL": "https://shop.example.com/t"}
    keys = {"CLIENT_ID": "k", "CLIENT_SECRET": "s"}
    shop = {f"FLASK_SHOP_{name}": value for name, value in (urls | keys).items()}
    done = flask("oauth1", "check", **shop)
    assert (done.returncode, done.stdout) == (0, "The OAuth 1.0 clients are configured.\n"), done.stderr
    done = flask("oauth1", "check", **shop, FLASK_SECRET_KEY="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Set SECRET_KEY in app.config" in done.stderr


def test_an_application_whose_keys_are_missing_does_not_start(emulator: Emulator) -> None:
    app = Flask(__name__)
    oauth = OAuth(app)
    with pytest.raises(OAuthError, match=r"TWITTER_CLIENT_ID and TWITTER_CLIENT_SECRET in app\.config"):
        oauth.register_from_catalog("twitter")
