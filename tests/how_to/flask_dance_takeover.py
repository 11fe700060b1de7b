"""Run in an environment with Flask-Dance: python flask_dance_takeover.py FOLDER, which has the files of the page.

A user logs in through Flask-Dance, and is still logged in after the change; the table of Flask-Dance is read as well.
"""

import os
import sys
from pathlib import Path

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files

folder = sys.argv[1]
sys.path.insert(0, folder)
ORIGIN = "https://example.com"


def consent(browser, url):
    answer = browser.get(url, base_url=ORIGIN)
    assert answer.status_code == 302, answer.text
    return answer.location


def path(url):
    assert url.startswith(f"{ORIGIN}/login/twitter/authorized?"), url  # the address that is registered
    return url.removeprefix(ORIGIN)


with Emulator(Catalog()) as emulator:
    keys = emulator.client("twitter")
    write_files(emulator, [emulator.catalog.provider("twitter")], Path(folder, "emulated"))
    os.environ |= {
        "SECRET_KEY": "a secret key",
        "PUBLIC_ADDRESS": ORIGIN,
        "TWITTER_CLIENT_ID": keys.client_id,
        "TWITTER_CLIENT_SECRET": keys.client_secret,
        "FLASK_SECRET_KEY": "a secret key",
        "FLASK_TWITTER_CLIENT_ID": keys.client_id,
        "FLASK_TWITTER_CLIENT_SECRET": keys.client_secret,
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/dance.db",
        "OAUTH1_CATALOG_PATH": f"{folder}/emulated",
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
    }
    provider = emulator.catalog.provider("twitter")

    import before

    before.blueprint.request_token_url = provider.request_token_url
    before.blueprint.authorization_url = provider.authorize_url
    before.blueprint.access_token_url = provider.access_token_url
    before.blueprint.base_url = provider.api_base_url
    # Flask-Dance forgets the request token's secret with the end of the request, and signs the exchange without it. A
    # provider that verifies refuses that, as the emulator does; so here it keeps its session to the next request.
    before.app.teardown_request_funcs.clear()
    old = before.app.test_client()
    assert consent(old, "/") == "/login/twitter"
    ended = old.get(path(emulator.approve(consent(old, "/login/twitter"), user="grace")), base_url=ORIGIN)
    assert ended.location == "/", ended.text
    assert old.get("/", base_url=ORIGIN).json["user"] == "grace"

    import after

    new = after.app.test_client()
    new.set_cookie("session", old.get_cookie("session", domain="example.com").value, domain="example.com")
    assert new.get("/", base_url=ORIGIN).json["user"] == "grace", "the user of Flask-Dance is logged in"
    another = after.app.test_client()
    assert consent(another, "/") == "/login/twitter"
    assert (
        another.get(path(emulator.approve(consent(another, "/login/twitter"), user="ada")), base_url=ORIGIN).location
        == "/"
    )
    assert another.get("/", base_url=ORIGIN).json["user"] == "ada"

    import stored
    from flask_dance.consumer.storage.sqla import SQLAlchemyStorage

    with stored.app.app_context():
        stored.db.create_all()
    with old.session_transaction(base_url=ORIGIN) as session:
        token = dict(session["twitter_oauth_token"])
    with stored.app.test_request_context():  # written by Flask-Dance's own storage
        row = SQLAlchemyStorage(stored.OAuthToken, stored.db.session, user_id=7, user_required=False)
        row.set(before.blueprint, token)
    third = stored.app.test_client()
    with third.session_transaction() as session:
        session["user"] = 7
    assert third.get("/settings").json["user"] == "grace", "the token of Flask-Dance's table"
print("taken over")
