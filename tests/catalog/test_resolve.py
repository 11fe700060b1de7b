"""Environment, options and variables, filled in and checked."""

from __future__ import annotations

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.resolve import resolve
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validation import check_filled
from oauth1_catalog.errors import ConfigurationError, MissingSettingError

SHOP = """schema_version: 1
name: shop
request_token_url: https://{host}.acme.example/oauth/request_token
authorize_url: https://{host}.acme.example/oauth/authorize
access_token_url: https://{host}.acme.example/oauth/access_token
api_base_url: https://{host}.acme.example/{version}/
authorize_params: {lang: en, key: "{client_id}"}
client_kwargs: {realm: "{shop}"}
headers: {X-Shop: "{shop}"}
user_agent: {required: true, example: "MyApp/1.0"}
variables:
  shop: {pattern: "[A-Z]+(_[0-9]+)?", description: The shop's id., example: ACME_1}
  host: {from: shop, apply: [lower, underscore_to_dash]}
  version: {enum: ["1", "2"], default: "1"}
options:
  scope:
    enum: [read, write]
    separator: " "
    default: read
    sets: {request_token_params: {scope: "{value}"}}
  lang: {pattern: "[a-z]{2}", sets: {authorize_params: {lang: "{value}"}}}
  remember: {enum: [true, false], sets: {authorize_params: {remember: "{value}"}}}
environments:
  sandbox: {api_base_url: "https://sandbox.acme.example/{version}/", headers: {X-Sandbox: yes}}
"""


@pytest.fixture
def catalog(tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return Catalog(tmp_path)


def shop(catalog, environment=None, **values):
    return catalog.provider("shop", environment=environment, values={"shop": "ACME_1", **values})


def test_one_value_in_two_spellings(catalog):
    provider = shop(catalog)
    assert provider.request_token_url == "https://acme-1.acme.example/oauth/request_token"
    assert provider.api_base_url == "https://acme-1.acme.example/1/"
    assert provider.client_kwargs == {"realm": "ACME_1"}
    assert provider.headers == {"X-Shop": "ACME_1"}
    assert provider.variables == {"shop": "ACME_1", "version": "1", "host": "acme-1"}


def test_what_only_a_request_can_fill_stays(catalog):
    assert shop(catalog).authorize_params["key"] == "{client_id}"


def test_options_set_parameters(catalog):
    assert shop(catalog).request_token_params == {"scope": "read"}
    assert shop(catalog, scope=["read", "write"]).request_token_params == {"scope": "read write"}
    assert shop(catalog, scope={"write", "read"}).request_token_params == {"scope": "read write"}
    assert shop(catalog, scope="write").request_token_params == {"scope": "write"}
    assert shop(catalog, lang="de", remember=True).authorize_params == {
        "lang": "de",
        "key": "{client_id}",
        "remember": "true",
    }
    assert shop(catalog, lang=None).authorize_params["lang"] == "en"


def test_an_environment_is_merged(catalog):
    provider = shop(catalog, "sandbox", version=2)
    assert provider.environment == "sandbox"
    assert provider.api_base_url == "https://sandbox.acme.example/2/"
    assert provider.request_token_url == "https://acme-1.acme.example/oauth/request_token"
    assert provider.headers == {"X-Shop": "ACME_1", "X-Sandbox": "yes"}


def test_a_user_agent_may_be_required(catalog):
    provider = shop(catalog)
    assert (provider.user_agent, provider.user_agent_required, provider.user_agent_example) == (None, True, "MyApp/1.0")


def test_a_missing_variable_is_named_with_its_meaning(catalog):
    with pytest.raises(MissingSettingError) as caught:
        catalog.provider("shop")
    assert caught.value.setting == "shop"
    assert caught.value.description == "shop: no shop (The shop's id). An example: ACME_1."


@pytest.mark.parametrize(
    ("environment", "values", "message"),
    [
        ("sandbx", {}, "no environment `sandbx`. Did you mean `sandbox`?"),
        ("live", {}, "no environment `live`. It has `sandbox`."),
        (None, {"shpo": "x"}, "no variable or option `shpo`. Did you mean `shop`?"),
        (None, {"zzzzzz": "x"}, "It accepts `shop`, `version`, `scope`, `lang`, `remember`."),
        (None, {"host": "x"}, "It is derived from `shop`: set that instead."),
        (None, {"shop": "acme"}, "shop='acme' is not allowed: it does not match"),
        (None, {"shop": "A" * 256}, "longer than 255"),
        (None, {"version": "3"}, "version='3' is not allowed: use one of 1, 2"),
        (None, {"scope": "raed"}, "scope='raed' is not allowed: did you mean `read`?"),
        (None, {"scope": ["read", "reed"]}, "scope='reed' is not allowed"),
        (None, {"lang": ["de", "en"]}, "lang accepts one value, not several"),
        (None, {"lang": b"de"}, "lang must be text, not bytes"),
        (None, {"lang": {"a": 1}}, "lang must be text, not dict"),
        (None, {"lang": object()}, "lang must be text, not object"),
        (None, {"remember": "yes"}, "remember='yes' is not allowed"),
    ],
)
def test_wrong_names_and_values(catalog, environment, values, message):
    with pytest.raises(ConfigurationError) as caught:
        shop(catalog, environment, **values)
    assert message in caught.value.description
    assert caught.value.description.startswith("shop: ")


@pytest.mark.parametrize(
    ("base_url", "api_base_url"),
    [
        ("https://j.example.com/", "https://j.example.com/rest/api/2/"),
        ("Https://j.example.com", "https://j.example.com/rest/api/2/"),
        ("HTTPS://J.Example.com/Jira/", "https://J.Example.com/Jira/rest/api/2/"),
    ],
)
def test_a_base_may_end_with_a_slash_and_have_a_scheme_in_any_case(base_url, api_base_url):
    assert Catalog().provider("jira", values={"base_url": base_url}).api_base_url == api_base_url


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("https://a.example/#x", "`api_base_url`: `https://a.example/#x` has a fragment; delete `#` and the rest"),
        ("https://a.example/{x", "`api_base_url`: `https://a.example/{x` has a brace outside a placeholder"),
        ("ftp://a.example/", "`api_base_url`: `ftp://a.example` is not https; write https://a.example"),
        ("", "`api_base_url`: "),
    ],
)
def test_values_that_make_the_provider_invalid(value, message):
    """The message has one line, and nothing of pydantic."""
    text = SHOP.replace("api_base_url: https://{host}.acme.example/{version}/", 'api_base_url: "{version}"')
    data = read(text.replace('{enum: ["1", "2"], default: "1"}', '{pattern: ".*"}'), path="shop.yaml").data
    with pytest.raises(ConfigurationError) as caught:
        resolve(data, check=check_filled, values={"shop": "ACME_1", "version": value})
    assert message in caught.value.description
    assert caught.value.description.startswith("shop: the provider cannot be used with these values: ")
    assert "\n" not in caught.value.description
    assert "type=" not in caught.value.description


def test_local_hosts_need_a_word(catalog):
    values = {"base_url": "https://jira.corp.local:8443/jira"}
    with pytest.raises(ConfigurationError, match="allow_local_hosts=True"):
        Catalog().provider("jira", values=values)
    for provider in (
        Catalog().provider("jira", values=values, allow_local_hosts=True),
        Catalog(allow_local_hosts=True).provider("jira", values=values),
    ):
        assert provider.api_base_url == "https://jira.corp.local:8443/jira/rest/api/2/"


# None of these files is one that the validator accepts; what fills them in does not rely on that.
WIDE = """schema_version: 1
name: wide
request_token_url: https://acme.example/oauth/request_token
authorize_url: https://acme.example/oauth/authorize
access_token_url: https://acme.example/oauth/access_token
api_base_url: https://acme.example/
api_hosts: ["{shop}.acme.example"]
variables:
  shop: {pattern: ".*", default: main}
options:
  region: {pattern: ".*", sets: {api_base_url: "https://{value}.acme.example/"}}
  media: {pattern: ".*", sets: {api_hosts: ["{value}.media.example"]}}
  version: {pattern: ".*", sets: {api_base_url: "https://acme.example/{value}/"}}
  renewal: {pattern: ".*", sets: {renew: {url: "https://{value}.acme.example/"}}}
"""
OUT = ["evil.example/x?", "evil.example/", "evil.example#", "a@evil.example", "evil.example:443/", "a.b", "", "*"]


@pytest.mark.parametrize("value", OUT)
@pytest.mark.parametrize("name", ["shop", "region", "media", "renewal"])
def test_no_value_leaves_its_place_in_a_host(name, value):

    data = dict(read(WIDE, path="wide.yaml").data)
    with pytest.raises(ConfigurationError) as caught:
        resolve(data, check=lambda data: None, values={name: value})
    assert "wide" in caught.value.description


def test_values_that_keep_to_their_place():
    data = dict(read(WIDE, path="wide.yaml").data)
    provider = resolve(data, check=lambda data: None, values={"shop": "one", "version": "2/../x?y=1"})
    assert provider.api_hosts == ("one.acme.example",)
    assert provider.api_base_url == "https://acme.example/2%2F..%2Fx%3Fy%3D1/"
    assert resolve(data, check=lambda data: None, values={"media": "two"}).api_hosts == ("two.media.example",)
