"""Finding one file by name, and what may stand in whose place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.documents import MAX_EXTENDS
from oauth1_catalog.catalog.files import builtin_directory
from oauth1_catalog.catalog.rules.flows import REGISTRY
from oauth1_catalog.errors import ConfigurationError, ProviderFileError, UnknownProviderError
from oauth1_catalog.integrations import django_client as django
from oauth1_catalog.integrations import flask_client as flask
from oauth1_catalog.integrations import litestar_client as litestar
from oauth1_catalog.integrations import starlette_client as starlette

ACME = """schema_version: 1
name: acme
aliases: [acme_corp]
request_token_url: https://api.acme.example/oauth/request_token
authorize_url: https://acme.example/oauth/authorize
access_token_url: https://api.acme.example/oauth/access_token
api_base_url: https://api.acme.example/1/
callback: {verifier: none, confirmed: none}
client_kwargs: {signature_method: HMAC-SHA256, realm: Acme}
"""


@pytest.fixture
def own(tmp_path):
    directory = tmp_path / "own"
    directory.mkdir()
    (directory / "acme.yaml").write_text(ACME, encoding="utf-8")
    return directory


def write(directory: Path, name: str, text: str) -> None:
    (directory / f"{name}.yaml").write_text(f"schema_version: 1\nname: {name}\n{text}", encoding="utf-8")


def test_twitter_is_the_page_s_twitter():
    twitter = Catalog().provider("twitter")
    assert twitter.request_token_url == "https://api.twitter.com/oauth/request_token"
    assert twitter.access_token_url == "https://api.twitter.com/oauth/access_token"
    assert twitter.authorize_url == "https://api.twitter.com/oauth/authenticate"
    assert twitter.api_base_url == "https://api.twitter.com/1.1/"
    assert twitter.from_catalog


def test_one_name_opens_one_file(own):
    for number in range(50):
        write(own, f"neighbour_{number}", "{{{ not YAML")
    program = """
import json, sys
from oauth1_catalog import Catalog
from oauth1_catalog.catalog.catalog import Catalog as loaded
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
Catalog(sys.argv[1]).provider("acme")
Catalog(sys.argv[1]).provider("twitter")
print(json.dumps([name for name in opened if name.endswith(".yaml")]))
"""
    run = subprocess.run([sys.executable, "-c", program, str(own)], capture_output=True, text=True, check=True)
    opened = json.loads(run.stdout)
    assert [Path(name).name for name in opened] == ["acme.yaml", "twitter.yaml"]


def test_the_light_half_loads_neither_pydantic_nor_yaml():
    program = """
import sys
import oauth1_catalog
import oauth1_catalog.catalog
from oauth1_catalog.catalog.provider import Provider
print(sorted({"pydantic", "yaml", "requests", "httpx2", "cryptography"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_own_directories_come_before_the_built_in_one_and_later_ones_first(tmp_path, own):
    second = tmp_path / "second"
    second.mkdir()
    write(second, "acme", "extends: acme\napi_base_url: https://api.acme.example/2/\n")
    catalog = Catalog(own, second)
    assert catalog.directories == (second, own, builtin_directory())
    assert catalog.provider("acme").api_base_url == "https://api.acme.example/2/"
    assert catalog.provider("acme").callback.verifier == "none"
    assert Catalog(own).provider("acme").api_base_url == "https://api.acme.example/1/"


def test_extends_merges_deeply_replaces_lists_and_removes_by_null(own):
    write(
        own,
        "acme_eu",
        "extends: acme\ncallback: {confirmed: optional}\nclient_kwargs: {realm: null}\nflows: [static_token]\n",
    )
    provider = Catalog(own).provider("acme_eu")
    assert provider.name == "acme_eu"
    assert (provider.callback.verifier, provider.callback.confirmed) == ("none", "optional")
    assert provider.client_kwargs == {"signature_method": "HMAC-SHA256"}
    assert provider.flows == ("static_token",)
    with pytest.raises(UnknownProviderError):
        Catalog(own).provider("acme_eu_corp")
    assert Catalog(own).provider("acme_corp").name == "acme", "aliases are not inherited"


def test_a_finding_in_the_base_is_told_in_the_base(own):
    (own / "acme.yaml").write_text(ACME.replace("HMAC-SHA256", "HMAC-SHA257"), encoding="utf-8")
    write(own, "acme_eu", "extends: acme\n")
    (finding,) = Catalog(own).findings("acme_eu")
    assert finding.path.endswith("acme.yaml")
    assert (finding.line, finding.code) == (9, "P013")


def test_a_circle_of_files_is_told(own):
    write(own, "one", "extends: two\n")
    write(own, "two", "extends: one\n")
    with pytest.raises(ProviderFileError, match="leads back"):
        Catalog(own).provider("one")


def test_a_file_that_leads_into_a_circle_is_told(own):
    write(own, "one", "extends: two\n")
    write(own, "two", "extends: one\n")
    write(own, "zero", "extends: one\n")
    with pytest.raises(ProviderFileError, match="leads back to a file") as caught:
        Catalog(own).provider("zero")
    assert caught.value.path.endswith("two.yaml")


def test_too_long_a_way_is_told_where_it_begins(own):
    for number in range(MAX_EXTENDS):
        write(own, f"step_{number}", f"extends: step_{number + 1}\n")
    write(own, f"step_{MAX_EXTENDS}", "extends: twitter\nreplace: true\n")
    with pytest.raises(ProviderFileError, match="more than 8 files") as caught:
        Catalog(own).provider("step_0")
    assert caught.value.path.endswith("step_0.yaml")
    assert Catalog(own).provider("step_2").request_token_url == Catalog().provider("twitter").request_token_url


@pytest.mark.parametrize("consent", ["extends: twitter", "replace: true"])
def test_a_file_of_a_built_in_name_says_so(tmp_path, consent):
    text = ACME.replace("name: acme", "name: twitter").replace("aliases: [acme_corp]\n", "")
    (tmp_path / "twitter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ProviderFileError, match="already has a provider `twitter`") as caught:
        Catalog(tmp_path).provider("twitter")
    assert caught.value.field == "name"
    (tmp_path / "twitter.yaml").write_text(text + consent + "\n", encoding="utf-8")
    provider = Catalog(tmp_path).provider("twitter")
    assert provider.api_base_url == "https://api.acme.example/1/"
    assert bool(provider.token_response.extra) == consent.startswith("extends")


def test_aliases_are_found_and_the_index_is_kept_valid(own):
    catalog = Catalog(own)
    assert catalog.provider("acme_corp").name == "acme"
    assert catalog.provider("jira", values={"base_url": "https://jira.example.com"}).name == "jira_data_center"
    (own / "acme.yaml").write_text(ACME.replace("acme_corp", "acme_inc"), encoding="utf-8")
    with pytest.raises(UnknownProviderError):
        catalog.provider("acme_corp")
    assert catalog.provider("acme_inc").name == "acme"
    write(own, "later", ACME.partition("acme_corp]\n")[2] + "aliases:\n  # old names\n  - earlier\n")
    os.utime(own)
    assert catalog.provider("earlier").name == "later"


def test_a_provider_that_is_changed_keeps_its_aliases(own):
    text = "extends: jira_data_center\nrequest_token_url: https://jira.acme.example/request\n"
    write(own, "jira_data_center", text)
    provider = Catalog(own).provider("jira", values={"base_url": "https://jira.acme.example"})
    assert provider.request_token_url == "https://jira.acme.example/request"
    write(own, "jira_data_center", ACME.partition("acme_corp]\n")[2] + "replace: true\n")
    with pytest.raises(UnknownProviderError):
        Catalog(own).provider("jira")


def test_a_provider_whose_addresses_are_one_s_own_may_lose_its_variable(own):
    fields = ("request_token_url", "authorize_url", "access_token_url", "api_base_url", "renew")
    urls = "".join(f"{name}: https://jira.acme.example/{name}\n" for name in fields[:-1])
    write(own, "jira_data_center", f"extends: jira_data_center\n{urls}renew: {{url: https://jira.acme.example/r}}\n")
    provider = Catalog(own).provider("jira_data_center", values={"base_url": "https://elsewhere.example"})
    assert provider.authorize_url == "https://jira.acme.example/authorize_url"


def test_without_https_options_and_environments_have_none_either():
    assert str(Catalog().provider("freelancer", environment="sandbox").api_base_url).startswith("http://api.sandbox.")
    assert str(Catalog().provider("digg", values={"always_prompt": "true"}).authorize_url).startswith("http://digg.com")


def test_a_folder_is_looked_through_once(own, monkeypatch):
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(own))
    assert Catalog(own).directories.count(own) == 1


def test_an_own_alias_wins_over_a_built_in_one(own):
    (own / "acme.yaml").write_text(ACME.replace("acme_corp", "jira"), encoding="utf-8")
    assert Catalog(own).provider("jira").name == "acme"


@pytest.mark.parametrize(
    ("name", "near"),
    [("twiter", "twitter"), ("Twitter", "twitter"), ("trelo", "trello"), ("wikipedai", "wikimedia"), ("JIRA", None)],
)
def test_an_unknown_name_lists_the_nearest(name, near):
    with pytest.raises(UnknownProviderError) as caught:
        Catalog().provider(name)
    assert caught.value.suggestions[0] == (near or "jira_data_center")
    assert f"`{name}`" in caught.value.description


@pytest.mark.parametrize(
    "name", ["../own/acme", "..", "", "acme.yaml", "acme/", "/etc/passwd", "acme\0", "a" * 5000, "-", "c:acme", "é"]
)
def test_a_name_never_leaves_the_directory(own, name):
    (own.parent / "secret.yaml").write_text(ACME, encoding="utf-8")
    for wanted in (name, "../secret"):
        with pytest.raises(UnknownProviderError):
            Catalog(own).provider(wanted)


def test_a_directory_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(ConfigurationError, match="does not exist"):
        Catalog(tmp_path / "nowhere")


def test_names_and_aliases(own):
    (own / "not a name.yaml").write_text("", encoding="utf-8")
    (own / "README.md").write_text("", encoding="utf-8")
    catalog = Catalog(own, builtin=False)
    assert catalog.names() == ("acme",)
    assert catalog.aliases() == {"acme_corp": "acme"}


def test_a_file_that_cannot_be_opened_is_a_finding(own):
    (own / "folder.yaml").mkdir()
    with pytest.raises(ProviderFileError, match="cannot be read"):
        Catalog(own).provider("folder")


def test_status_is_carried_for_the_registry(own):
    (own / "acme.yaml").write_text(
        f"{ACME}status: retired\nsunset: 2024-06\nreplaced_by: OAuth 2.0\nstatus_note: See the docs\n", encoding="utf-8"
    )
    provider = Catalog(own).provider("acme")
    assert (provider.status, provider.sunset, provider.replaced_by) == ("retired", "2024-06", "OAuth 2.0")
    assert provider.status_sentence == (
        "acme: OAuth 1.0 was switched off in 2024-06. Use OAuth 2.0 instead. See the docs."
    )


LINES = st.sampled_from(
    [*ACME.splitlines(), "extends: twitter", "replace: true", "name: [a]", "flows: []", "options: {a: {sets: {}}}"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(str.encode),
        st.lists(LINES, max_size=12).map(lambda lines: "\n".join(lines).encode()),
        st.tuples(st.sampled_from(range(len(ACME))), st.text("{}[]:,'\"-&*!<#\n\t0aé", max_size=4)).map(
            lambda edit: (ACME[: edit[0]] + edit[1] + ACME[edit[0] + 1 :]).encode()
        ),
    )
)
def test_whatever_a_file_holds_the_loader_raises_nothing_else(tmp_path, content):
    (tmp_path / "acme.yaml").write_bytes(content)
    catalog = Catalog(tmp_path)
    try:
        catalog.provider("acme")
    except ProviderFileError:
        assert catalog.findings("acme")
    except ConfigurationError:  # the file is right, and has a variable without a value
        assert not catalog.findings("acme")


def test_names_that_the_registry_has_itself_are_known():
    own = {
        name
        for oauth in (django.OAuth(), flask.OAuth(), litestar.OAuth(), starlette.OAuth())
        for name in (*dir(type(oauth)), *vars(oauth))
    }
    assert {name for name in own if not name.startswith("_")} <= REGISTRY
