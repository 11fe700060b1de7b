"""For every provider of the catalog, the example profile gives the claims that its file promises."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import jsonpath_rfc9535
import pytest

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import UserinfoRules
from oauth1_catalog.emulator.examples import User, example_profile, example_xml, token_fields, way_to

CATALOG = Catalog()
GRACE = User("grace")


def resolved(name):
    variables = CATALOG.file(name).variables
    return CATALOG.provider(name, values={key: v.example for key, v in variables.items() if v.example is not None})


def find(path, document):
    """An independent reading of a claim's path."""
    if path.startswith("$"):
        return jsonpath_rfc9535.find_one(path, document).value
    way, _, attribute = path.partition("@")
    element = document.find(way.rstrip("/"))
    return element.get(attribute) if attribute else element.text


@pytest.mark.parametrize("name", [name for name in CATALOG.names() if CATALOG.file(name).userinfo_claims])
def test_each_claim_of_each_provider_finds_a_value(name):
    provider = resolved(name)
    rules = provider.userinfo
    if rules.endpoint == "token_response":
        document = token_fields(rules, provider.token_response.extra, GRACE)
    elif rules.format == "xml":
        document = ET.fromstring(example_xml(rules.claims, GRACE))
    else:
        document = example_profile(rules, GRACE)
    found = {claim: find(path, document) for claim, path in rules.claims.items() if "{" not in path}
    assert all(found.values()), found
    # Where another claim has the same place, that claim's value stands there.
    there = {GRACE.claim(claim) for claim, path in rules.claims.items() if path == rules.claims["sub"]}
    assert str(found["sub"]) in there


def test_two_users_differ():
    rules = UserinfoRules(endpoint="me", claims={"sub": "$.data.id"})
    assert example_profile(rules, User("a")) != example_profile(rules, User("b"))


def test_a_name_that_is_the_subject_stays_a_name():
    rules = UserinfoRules(endpoint="me", claims={"sub": "$.login", "preferred_username": "$.login"})
    assert example_profile(rules, GRACE) == {"login": "grace"}


def test_arrays_wildcards_and_a_profile_that_is_an_array():
    claims = {"sub": "$[0].id", "email": "$[0].emails[*].value", "picture": "$[0].photos[1]"}
    assert example_profile(UserinfoRules(endpoint="me", claims=claims), GRACE) == [
        {
            "emails": [{"value": "grace@example.com"}],
            "photos": [None, "https://example.com/grace/portrait.png"],
            "id": int(GRACE.claim("sub")),
        }
    ]


def test_a_filter_finds_what_it_asks_for():
    rules = UserinfoRules(endpoint="me", claims={"sub": "$.blogs[?@.is.main == 'yes'].id"})
    assert example_profile(rules, GRACE) == {"blogs": [{"id": int(GRACE.claim("sub")), "is": {"main": "yes"}}]}


@pytest.mark.parametrize("path", ["$.emails[?@.primary].value", "$.emails[?@.order < 2].value", "$.emails[0:1].value"])
def test_a_path_that_no_example_can_be_made_for(path):
    with pytest.raises(ValueError, match="no example can be made"):
        way_to(path)


@pytest.mark.parametrize("path", ["user/*", "//user", "user[1]", "text()"])
def test_an_xml_path_that_no_example_can_be_made_for(path):
    with pytest.raises(ValueError, match="no example can be made"):
        example_xml({"sub": path}, GRACE)
