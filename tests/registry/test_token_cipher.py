"""What is encrypted for one place opens at that place alone, with the keys that it was made with."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import ConfigurationError, TokenKeyError
from oauth1_catalog.registry.encryption import TokenCipher

KEY = Fernet.generate_key().decode()
CIPHER = TokenCipher(KEY)
contexts = st.lists(st.text(max_size=5), max_size=3)


@given(value=st.text(), context=contexts, other=contexts)
def test_it_opens_at_its_place_alone(value: str, context: list[str], other: list[str]) -> None:
    sealed = CIPHER.encrypt(value, *context)
    assert CIPHER.decrypt(sealed, *context) == value
    if other != context:
        with pytest.raises(TokenKeyError):
            CIPHER.decrypt(sealed, *other)


@pytest.mark.parametrize("sealed", ["", "plain", "gAAAAA", "ä", CIPHER.encrypt("x")[:-5] + "AAAA=", "x" * 10_000])
def test_what_was_never_sealed(sealed: str) -> None:
    with pytest.raises(TokenKeyError, match="none of the 1 configured keys can decrypt this row"):
        CIPHER.decrypt(sealed)


@pytest.mark.parametrize("content", [b"", b"token", b"[]", b"3", b"{}", b'["value"]', b"\xff"])
def test_what_the_application_sealed_with_the_same_key(content: bytes) -> None:
    with pytest.raises(TokenKeyError, match="sealed for another place"):
        CIPHER.decrypt(Fernet(KEY).encrypt(content).decode(), "oauth_token", "twitter", "7")


def test_keys_are_one_text_or_a_list() -> None:
    newer = TokenCipher.new_key()
    for keys in (
        [newer, KEY],
        (newer.encode(), KEY.encode()),
        f"{newer},{KEY}",
        f" {newer} {KEY}\n",
        f"{newer},{KEY}".encode(),
    ):
        cipher = TokenCipher(keys)
        assert cipher.decrypt(CIPHER.encrypt("v", "c"), "c") == "v"
        assert cipher.key_ids == (TokenCipher(newer).key_id, CIPHER.key_id)
        with pytest.raises(TokenKeyError):
            CIPHER.decrypt(cipher.encrypt("v", "c"), "c")
        assert CIPHER.decrypt(TokenCipher([KEY, newer]).reseal(cipher.encrypt("v", "c")), "c") == "v"


@pytest.mark.parametrize("keys", [None, "", ",", [], [""], b""])
def test_a_cipher_without_a_key_is_refused(keys: object) -> None:
    with pytest.raises(ConfigurationError, match="there is no key") as caught:
        TokenCipher(keys)
    assert caught.value.error == "missing_token_keys"


@pytest.mark.parametrize("key", ["hunter2", KEY[:-2], "ä" * 44])
def test_a_key_that_cannot_be_used_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be used\. A key is 32 bytes") as caught:
        TokenCipher(key)
    assert key not in str(caught.value)
    assert caught.value.__suppress_context__


def test_no_key_is_in_a_repr() -> None:
    assert KEY not in repr(CIPHER)
    assert repr(CIPHER) == f"<TokenCipher {CIPHER.key_id}>"
