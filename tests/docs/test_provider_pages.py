"""The pages of the providers: complete, without empty sections, and with the catalog's texts as texts only."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from markdown_it import MarkdownIt
from myst_parser.parsers.docutils_ import Parser
from provider_pages import pages, write
from provider_pages.facts import settings, variable
from provider_pages.page import page, provider_json
from repository_links import REPOSITORY

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog import Catalog
from oauth1_catalog.catalog.grade import support_of
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.emulator import Emulator
from tests.cli.users import User
from tests.programs import needs_curl
from tests.site.snippets import COMMAND, TABS, Reader, tabs_of

CATALOG = Catalog()
DATA = catalog_json(CATALOG)
PROVIDERS: dict[str, dict[str, Any]] = json.loads(DATA)["providers"]
PAGES = {path.partition("/")[2].removesuffix(".md"): text for path, text in pages(DATA).items()}


def section(name: str, title: str) -> str:
    """A section of a page, without its heading."""
    (text,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |^---$|\Z)", PAGES[name], re.MULTILINE | re.DOTALL)
    return text


def test_there_is_a_page_for_every_provider() -> None:
    assert PAGES.keys() == set(CATALOG.names())


@pytest.mark.parametrize(
    "name", ["twitter", "netsuite", "maas", "dropbox", "mastercard", "etrade", "openstack_keystone"]
)
def test_no_section_is_empty_and_nothing_is_left_open(name: str) -> None:
    text = PAGES[name]
    assert not re.search(r"^##+ .*\n+(?=##|---|\Z)", text, re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"`None`|`null`|\[\]|  \|", prose)
    assert len(text) < 20_000


@pytest.mark.parametrize("name", PAGES)
def test_the_grade_is_that_of_the_file(name: str) -> None:
    support = support_of(CATALOG.file(name))
    assert f"**Facts:** [{support.grade}](" in PAGES[name]
    assert str(support.oldest) in PAGES[name]


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_has_of_the_file(name: str) -> None:
    """Each fact of the file that a reader needs has a place on the page."""
    provider, text = PROVIDERS[name], PAGES[name]
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    plain = re.sub(r"<(https?://[^>]+)>", r"\1", plain)
    wanted = [f"`{name}`", *(f"`{alias}`" for alias in provider["aliases"]), *provider["categories"]]
    wanted += [provider["status"], *(quirk["note"] for quirk in provider["quirks"])]
    wanted += [entry["checked"] for entry in provider["evidence"]] + [f"`{flow}`" for flow in provider["flows"]]
    wanted += [provider["client_kwargs"]["signature_method"], provider["api_base_url"]]
    wanted += [provider["authorize_url_field"] or provider["authorize_url"]]
    if provider["status"] == "retired":
        wanted += [provider["sunset"], "was switched off"]
    else:
        wanted += [f"`{variable(provider, setting.name)}`" for setting in settings(provider)]
        wanted += [*provider["setup"], *(f"`{option}`" for option in provider["options"])]
        wanted += [f"`{claim}`" for claim in provider["userinfo_claims"]] + [provider["access"]["state"]]
    assert [one for one in filter(None, wanted) if " ".join(one.split()) not in plain] == []
    assert f"{REPOSITORY}/edit/main/providers/{name}.yaml" in text
    assert f'<a href="{name}.json">' in text


def test_the_names_to_configure() -> None:
    assert "| `NETSUITE_ACCOUNT_ID` | Account ID" in section("netsuite", "Configure")
    assert "such as `1234567_SB1`" in section("netsuite", "Configure")
    assert "of the file | `rsa_key` |" in section("jira_data_center", "Configure")
    assert "self-hosted.md" in section("jira_data_center", "Configure")
    assert "self-hosted.md" not in section("netsuite", "Configure")
    assert "`http://127.0.0.1:5849/callback`" in section("twitter", "Callback URL")
    assert "asks for the PIN" in section("etrade", "Callback URL")
    assert "`read` (Only read), `write` (Read and write)" in section("twitter", "Options")
    assert '`environment="sandbox"`' in section("etrade", "Environments")


def test_tokens_profile_and_limits() -> None:
    assert "Each token ends at midnight (America/New\\_York)" in section("etrade", "Tokens").replace(
        "New_York", "New\\_York"
    )
    assert "for 2 hours" in section("etrade", "Tokens")
    assert "| `sub` | `$.id_str` |" in section("twitter", "Profile")
    limited = next(name for name, provider in PROVIDERS.items() if provider["rate_limits"])
    assert "| rate limit | " in section(limited, "Addresses and signature")
    assert "10,000 exchanges in 15 minutes" in section("twitter", "Exchange tokens for OAuth 2.0")


def test_a_retired_provider_leads_on() -> None:
    assert "**OAuth 1.0 was switched off on 2017-09-28.** Use API v2 with OAuth 2.0 instead." in PAGES["dropbox"]
    assert "Use [Adobe Commerce (Magento 2) integration](magento2.md) instead." in PAGES["magento1"]
    assert tabs_of(PAGES["dropbox"]) == {}


def test_the_json_beside_a_page_is_the_provider_s_part() -> None:
    assert json.loads(provider_json(PROVIDERS["twitter"])) == PROVIDERS["twitter"]


def test_pages_of_providers_that_are_gone_are_removed(tmp_path: Path) -> None:
    write(tmp_path, {"providers/a.md": "a", "providers/b.md": "b"})
    before = (tmp_path / "providers" / "a.md").stat().st_mtime_ns
    write(tmp_path, {"providers/a.md": "a"})
    assert [file.name for file in (tmp_path / "providers").iterdir()] == ["a.md"]
    assert (tmp_path / "providers" / "a.md").stat().st_mtime_ns == before, "Sphinx would read it again"


EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/track.png)",
    "`code` *strong* **bold** __bold__ _em_ ~~gone~~",
    "{raw}`html <b>x</b>` {{ config }} $x$ &lt;b&gt;",
    "x | y | z",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "a\n\n# heading\n\n```{raw} html\n<b>x</b>\n```\n",
    "(target)=",
    "% comment",
    "+++ block",
    "::::",
    "``````",
    "[^1] [x]: https://evil.example",
    '<https://evil.example/"onclick=x>',
    "\\[x](https://evil.example)",
    "https://evil.example/`x`<b>",
]


def poisoned(value: Any, evil: str) -> Any:
    """A value of a provider, with each text replaced."""
    if isinstance(value, str):
        return evil
    if isinstance(value, list):
        return [poisoned(item, evil) for item in value]
    return {key: poisoned(item, evil) for key, item in value.items()} if isinstance(value, dict) else value


FREE = {
    "twitter": ["display_name", "categories", "homepage", "docs_url", "registration_url", "setup", "status_note"],
    "netsuite": ["credential_labels", "replaced_by", "sunset", "api_hosts"],
    "dropbox": ["replaced_by", "sunset", "status_note", "request_token_url", "authorize_url"],
}
"""Fields with any text; those of the others have a pattern, or a list of values."""


def hostile(name: str, evil: str) -> dict[str, Any]:
    """A provider with a hostile text in each field that can have one."""
    provider = copy.deepcopy(PROVIDERS[name])
    for field in [*FREE[name], "userinfo_claims"]:
        provider[field] = poisoned(provider[field], evil)
    if access := provider["access"]:
        access["note"] = access["since"] = evil
    for option in provider["options"].values():
        option["description"] = option["default"] = option["example"] = evil
        option["enum"] = [evil]
    for about in provider["variables"].values():
        about["description"] = about["example"] = evil
    for quirk in provider["quirks"]:
        quirk["note"] = evil
    for entry in provider["evidence"]:
        entry["note"] = entry["source"] = evil
        entry["fields"] = [*entry["fields"], evil]
    return provider


def evil_page(name: str, evil: str) -> str:
    return page(hostile(name, evil), PROVIDERS, support_of(CATALOG.file(name)))


class Found(HTMLParser):
    """The elements of a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {str(value) for name, value in attrs if name in {"href", "src"}}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Found:
    found = Found()
    found.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    return found


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_text_of_the_catalog_is_no_markup(name: str, evil: str) -> None:
    friendly, found = read(PAGES[name]), read(evil_page(name, evil))
    assert found.elements <= friendly.elements | {"pre", "ol", "li", "ul", "a", "thead", "tbody"}
    assert found.attributes <= {"href", "class", "start"}
    assert all(re.match(r"https?://|\.\./|\w+\.(json|md)$", link) for link in found.links)
    evils = {link for link in found.links if "evil.example" in link}
    assert all(link.startswith("https://evil.example") and not set(link) & set("\"'<>`") for link in evils)
    assert " ".join(evil.split()).replace("<", "").split("evil.example")[0][:9].strip() in found.text.replace("<", "")


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_a_text_of_the_catalog_adds_no_directive(evil: str) -> None:
    friendly, text = PAGES["twitter"], evil_page("twitter", evil)
    assert re.findall(r"^[`:]{3,}\{.*", text, re.MULTILINE) == re.findall(r"^[`:]{3,}\{.*", friendly, re.MULTILINE)
    assert re.findall(r"^##.*", text, re.MULTILINE) == re.findall(r"^##.*", friendly, re.MULTILINE)
    assert len(re.findall(r"^# \S", text, re.MULTILINE)) == len(re.findall(r"^# \S", friendly, re.MULTILINE))


def nodes_of(text: str) -> tuple[set[str], list[str]]:
    """The kinds of nodes that MyST makes of a page, and its raw HTML."""
    settings = {"myst_enable_extensions": ["colon_fence"], "report_level": 5, "halt_level": 5}
    document = publish_doctree(text, parser=Parser(), settings_overrides=settings)
    # What begins in a directive of Sphinx is unknown here, and in both pages.
    kinds = {type(node).__name__ for node in document.findall(nodes.Element)}
    return kinds, [node.astext() for node in document.findall(nodes.raw)]


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_myst_makes_no_role_and_no_raw_html_of_a_text(evil: str) -> None:
    friendly, ours = nodes_of(PAGES["twitter"])
    kinds, raw = nodes_of(evil_page("twitter", evil))
    assert raw == ours == ['<a href="twitter.json">', "</a>"]
    assert kinds <= friendly | {"warning"}


@pytest.mark.parametrize("tab", [pytest.param(tab, marks=needs_curl if tab == "Terminal" else ()) for tab in TABS])
@pytest.mark.parametrize("name", ["flickr", "bricklink", "woocommerce", "magento2", "here", "tripit"])
def test_an_example_of_each_flow_runs(name: str, tab: str, emulator: Emulator, tmp_path: Path) -> None:
    """``tests/site`` runs those of every provider."""
    user = User(emulator, tmp_path, COMMAND)
    user.has_keys(name)
    assert Reader(user, PROVIDERS[name], PAGES[name]).runs(tab).strip()
