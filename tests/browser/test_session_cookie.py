"""A session cookie that is ``SameSite=Strict``, in a real Chromium: it does not come back from the provider.

The application is at ``localhost`` and the provider at ``127.0.0.1``, which are two sites. Where the callback is a page
of a front end, which hands it on, the cookie is there.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import flask
import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.flask_client import OAuth

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]

FRONT_END = """<!doctype html><title>Signed in</title><h1>Please wait</h1><script>
const parameters = Object.fromEntries(new URLSearchParams(location.search));
fetch("/api/authorize", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(parameters),
  credentials: "same-origin",
}).then((response) => response.json()).then((answer) => {
  document.querySelector("h1").textContent = answer.error || "Hello, " + answer.user;
});
</script>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def site(emulator: Emulator, same_site: str, callback: str) -> Iterator[str]:
    """An application that begins its logins at ``/login``, and ends them at ``/authorize`` and in its API."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret key of the test", SESSION_COOKIE_SAMESITE=same_site)
    twitter = emulator.client("twitter")
    oauth = OAuth(app, catalog=emulator.catalog)
    keys = {"client_id": twitter.client_id, "client_secret": twitter.client_secret}
    oauth.register_from_catalog("twitter", **keys, client_kwargs={"verify": emulator.ca_file})

    @app.get("/login")
    def login():
        return oauth.twitter.authorize_redirect(f"{flask.request.host_url}{callback}")

    @app.get("/authorize")
    def authorize():
        return f"<title>x</title><h1>Hello, {oauth.twitter.authorize_access_token()['screen_name']}</h1>"

    @app.get("/signed-in")
    def signed_in():
        return FRONT_END

    @app.post("/api/authorize")
    def hand_on():
        return {"user": oauth.twitter.authorize_access_token(callback=flask.request.get_json())["screen_name"]}

    @app.errorhandler(OAuthError)
    def failed(error):
        if flask.request.path.startswith("/api/"):
            return {"error": error.error}, 400
        return f"<title>x</title><h1>{error.error}</h1>", 400

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("same_site", "callback", "ends"),
    [
        ("Lax", "authorize", "Hello, ada"),
        ("Strict", "authorize", "invalid_state"),
        ("Strict", "signed-in", "Hello, ada"),
        ("Lax", "signed-in", "Hello, ada"),
    ],
)
def test_the_cookie_on_the_way_back(
    chromium: Browser, emulator: Emulator, same_site: str, callback: str, ends: str
) -> None:
    with site(emulator, same_site, callback) as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/login")
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(ends)
        assert page.url.startswith(f"{address}/{callback}?")


def test_a_login_that_begins_under_another_host_name(chromium: Browser, emulator: Emulator) -> None:
    with site(emulator, "Lax", "authorize") as address, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/login")  # the redirect URI is that of localhost
        consent = page.url
        page.context.clear_cookies()
        page.goto(f"{address.replace('localhost', '127.0.0.1')}/login")  # a session of another host
        page.goto(consent)
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("invalid_state")
