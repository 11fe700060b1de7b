"""Threat 6: two logins with one key (Authlib's ``_state_{name}_{token}``), and tokens that inject into keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import StateError
from tests.registry.caches import DictCache, login, save, store, take

NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TOKEN = st.text(alphabet="ab_0é%\n :", min_size=1, max_size=12)


@given(st.lists(st.tuples(NAME, TOKEN), min_size=2, max_size=6, unique=True))
def test_logins_of_any_names_and_tokens_do_not_meet(logins: list[tuple[str, str]]) -> None:
    """In one cache: each ends with its own secret, and no two share a key."""
    cache = DictCache()
    kept = []
    for number, (name, token) in enumerate(logins):
        one, session = store(name, cached=True), {}
        save(one, session, login(token, f"secret{number}"), cache)
        kept.append((one, session, token, f"secret{number}"))
    assert len(cache.kept) == len(logins)
    for one, session, token, secret in kept:
        assert take(one, session, token, cache).temporary.oauth_token_secret == secret


@pytest.mark.parametrize(("one", "other"), [(("x", "y_t"), ("x_y", "t")), (("a", "b_c_d"), ("a_b", "c_d"))])
def test_the_names_and_tokens_that_make_one_key_in_a_session(one: tuple[str, str], other: tuple[str, str]) -> None:
    """The later takes the place; the earlier ends in an error and never with the other's secret."""
    session: dict[str, object] = {}
    first, second = store(one[0]), store(other[0])
    save(first, session, login(one[1], "first"))
    save(second, session, login(other[1], "second"))
    with pytest.raises(StateError):
        take(first, session, one[1])
    assert take(second, session, other[1]).temporary.oauth_token_secret == "second"


@pytest.mark.parametrize(
    "token", ["a b", "a\r\nset x 0 0 1\r\n1", "\x00", "é" * 300, "t" * 2000, "../../etc/passwd", "*", "{slot}a"]
)
def test_no_token_reaches_a_key(token: str) -> None:
    cache = DictCache()
    save(store(cached=True), {}, login(token), cache)
    (key,) = cache.kept
    assert re.fullmatch(r"oauth1_catalog:[0-9a-f]{43}", key)
