"""The token as applications see it: a dictionary of its own, with what belongs to it beside."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.registry.token import Token


def test_each_token_has_its_own_state_data() -> None:
    first, second = Token(oauth_token="a"), Token(oauth_token="b")
    first.state_data["next"] = "/inbox"
    assert first.state_data == {"next": "/inbox"}
    assert second.state_data == {}
    assert Token().state_data == {}
    assert "next" not in str(vars(Token))


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda token: pickle.loads(pickle.dumps(token))])
def test_a_copy_keeps_what_belongs_to_it(through: object) -> None:
    token = Token(oauth_token="t", oauth_token_secret="s")
    token.state_data["next"] = "/"
    token.redirect_uri, token.expires_at = "https://example.com/cb", 7.0
    again = through(token)
    assert isinstance(again, Token)
    assert (dict(again), again.state_data) == (dict(token), {"next": "/"})
    assert (again.redirect_uri, again.expires_at) == ("https://example.com/cb", 7.0)
    assert through(Token()).state_data == {}


def test_beside_its_fields_it_is_a_plain_dictionary() -> None:
    token = Token(oauth_token="t")
    token.state_data["next"] = "/"
    assert json.loads(json.dumps(token)) == {"oauth_token": "t"} == {**token}


def test_providers_share_nothing_that_can_be_changed() -> None:
    first, second = Provider(name="a"), Provider(name="b")
    first.token_response.fields["oauth_token"] = "key"
    assert second.token_response.fields == {} == Provider(name="c").token_response.fields
