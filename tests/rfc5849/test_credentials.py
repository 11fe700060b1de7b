from __future__ import annotations

import pytest

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import ClientCredentials, TemporaryCredentials, TokenCredentials
from oauth1_catalog.rfc5849.credentials import check_credentials


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


@pytest.mark.parametrize("secret", ["", "secret", "åçñ", "&%= "])
def test_what_can_be_signed_with(secret):
    check_credentials("é", secret, "client_id", "client_secret")


@pytest.mark.parametrize(
    ("identifier", "secret", "message"),
    [
        ("", "s", "There is no client_id. Pass the text"),
        (None, "s", "There is no client_id"),
        (b"key", "s", "There is no client_id"),
        ("key", None, "client_secret is NoneType. Pass the text that the provider gave, or '' if it gave none"),
        ("key", b"s", "client_secret is bytes"),
        ("key", "hush\ud800", "client_secret has a lone surrogate"),
    ],
)
def test_what_cannot(identifier, secret, message):
    with pytest.raises(SigningError, match=message) as caught:
        check_credentials(identifier, secret, "client_id", "client_secret")
    assert caught.value.__context__ is None
