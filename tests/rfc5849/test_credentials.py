from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import ClientCredentials, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.encoding import percent_encode
from oauth1_catalog.rfc5849.messages import check_credentials


@pytest.mark.parametrize(
    "credentials",
    [
        ClientCredentials("identifier", "hush"),
        TemporaryCredentials("identifier", "hush", {"extra": "hush"}),
        TokenCredentials("identifier", "hush"),
    ],
)
def test_repr_shows_no_secret(credentials):
    assert "hush" not in repr(credentials)
    assert "identifier" in repr(credentials)


class TestEncoded:
    @pytest.fixture(params=[TemporaryCredentials, TokenCredentials])
    def kind(self, request):
        return request.param

    def test_once(self, kind):
        credentials = kind("a/b", "hush & é")
        assert credentials.encoded() == ("a%2Fb", "hush%20%26%20%C3%A9")
        assert credentials.encoded() is credentials.encoded()

    @given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
    def test_as_everything_else_is_encoded(self, identifier, secret):
        encoded = TokenCredentials(identifier, secret).encoded()
        assert encoded == (percent_encode(identifier), percent_encode(secret))

    def test_what_was_encoded_is_shown_nowhere_and_makes_no_difference(self, kind):
        used, unused = kind("identifier", "hush"), kind("identifier", "hush")
        assert "hush" not in f"{used.encoded()} {used}"
        for same in (unused, pickle.loads(pickle.dumps(used)), deepcopy(used)):
            assert same == used
            assert same.encoded() == used.encoded()
        assert hash(TokenCredentials("a", "b")) == hash(TokenCredentials("a", "b"))
        assert replace(used, oauth_token_secret="other").encoded() == ("identifier", "other")

    def test_what_cannot_be_signed_with_is_refused_each_time(self, kind):
        credentials = kind("identifier", None)
        for _ in range(2):
            with pytest.raises(SigningError, match="oauth_token_secret is NoneType"):
                credentials.encoded()


@pytest.mark.parametrize("secret", ["", "secret", "åçñ", "&%= "])
def test_credentials_that_can_sign_pass(secret):
    assert check_credentials("é", secret, "client_id", "client_secret") is None


@pytest.mark.parametrize(
    ("identifier", "secret", "message"),
    [
        ("", "s", "There is no client_id. Pass the text"),
        (None, "s", "There is no client_id"),
        (b"key", "s", "There is no client_id"),
        ("key", None, "client_secret is NoneType. Pass the text that the provider gave, or '' if it gave none"),
        ("key", b"s", "client_secret is bytes"),
        ("key", "hush\ud800", "client_secret has a lone surrogate"),
        ("hush\ud800", "s", "client_id has a lone surrogate"),
    ],
)
def test_credentials_that_cannot_sign_are_refused(identifier, secret, message):
    with pytest.raises(SigningError, match=message) as caught:
        check_credentials(identifier, secret, "client_id", "client_secret")
    assert caught.value.__context__ is None
