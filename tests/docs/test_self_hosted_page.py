"""The page on servers of one's own: its registrations work as they stand, and not without the switches they show."""

from __future__ import annotations

import re
from typing import Any

import flask
import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.flask_client import OAuth
from tests.docs.conftest import ROOT, python_blocks

REGISTRATIONS, TENANTS = python_blocks("docs/self-hosted.md")


@pytest.fixture(autouse=True)
def settings(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page's application reads from its environment."""
    for name in ("MEDIAWIKI", "WIKI", "MAAS"):
        for parameter, value in {"CLIENT_ID": "key", "CLIENT_SECRET": "hush", "USER_AGENT": "docs/1.0"}.items():
            monkeypatch.setenv(f"FLASK_{name}_{parameter}", value)
    rsa_key = emulator.client("jira").rsa_key
    assert rsa_key
    monkeypatch.setenv("FLASK_JIRA_CLIENT_ID", "key")
    monkeypatch.setenv("FLASK_JIRA_RSA_KEY", rsa_key)
    monkeypatch.setenv("FLASK_SECRET_KEY", "s")
    monkeypatch.setenv("FLASK_OAUTH1_CATALOG_REDIRECT_BASE_URL", "https://shop.example")


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.from_prefixed_env()
    return app


def run(code: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(code, "docs/self-hosted.md", "exec", dont_inherit=True), names)
    return names


def test_the_registrations_of_the_page_work() -> None:
    page = run(REGISTRATIONS, {"__name__": "page"})
    oauth = page["oauth"]
    assert {notice.error for notice in oauth.check()} == {"deprecated_provider"}  # Jira Data Center
    assert oauth.maas.api_base_url == "http://maas:5240/MAAS/api/2.0/"


@pytest.mark.parametrize(
    "switch", ["allow_local_hosts=True", "insecure_transport=True", "allow_plaintext_over_http=True"]
)
def test_each_switch_is_needed(switch: str) -> None:
    without = re.sub(rf",?\s*{switch}", "", REGISTRATIONS)
    assert without != REGISTRATIONS
    with pytest.raises(ConfigurationError, match=switch):
        run(without, {"__name__": "page"})


def test_what_customers_enter(app: flask.Flask) -> None:
    names: dict[str, Any] = {"app": app, "OAuth": OAuth}
    run(TENANTS, names)
    with pytest.raises(ConfigurationError, match="is refused by allow_local_hosts=False"):
        names["oauth"].register_from_catalog("mediawiki", wiki_url="https://127.0.0.1:6379")


def test_the_table_of_addresses(app: flask.Flask) -> None:
    """Each address that the table shows in full is accepted with what its row says, and not with less."""
    text = (ROOT / "docs" / "self-hosted.md").read_text(encoding="utf-8")
    table = text.partition("| address | without switches |")[2].partition("\n\n")[0]
    tried = 0
    for row in table.splitlines()[2:]:
        addresses, nothing, local, http = (cell.strip() for cell in row.strip("|").split("|"))
        switches = {"allow_local_hosts": True} if local.startswith("`True`") else {}
        switches |= {"insecure_transport": True} if http == "`True`" else {}
        for url in re.findall(r"`(https?://[^`]+)`", addresses):
            tried += 1
            oauth = OAuth(app)
            if nothing == "never":
                switches = {"allow_local_hosts": True, "insecure_transport": True}
            if nothing != "yes":
                with pytest.raises(ConfigurationError):
                    oauth.register_from_catalog("mediawiki", wiki_url=url, **(switches if nothing == "never" else {}))
            if nothing != "never":
                oauth.register_from_catalog("mediawiki", wiki_url=url, **switches)
    assert tried >= 9
