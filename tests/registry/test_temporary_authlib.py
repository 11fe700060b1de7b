"""Records as Authlib 1.9 writes them: a login that began before a deployment ends after it."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from oauth1_catalog.errors import ExpiredStateError
from oauth1_catalog.rfc5849.messages import TemporaryCredentials
from tests.registry.caches import NOW, DictCache, cookie, login, refused, save, store, take


class TestAuthlib:
    DATA: ClassVar[dict[str, Any]] = {
        "redirect_uri": "https://app.example/cb",
        "url": "https://a.example/authorize?oauth_token=rt",
        "request_token": {"oauth_token": "rt", "oauth_token_secret": "rs", "oauth_callback_confirmed": "true"},
    }

    @pytest.mark.parametrize("cached", [False, True])
    def test_a_record_in_the_session(self, cached: bool) -> None:
        kept = store(cached=cached)
        session = {"_state_twitter_rt": {"data": self.DATA, "exp": NOW + 3600}}
        back = take(kept, cookie(session))
        assert back.temporary == TemporaryCredentials("rt", "rs")
        assert back.redirect_uri == "https://app.example/cb"
        assert refused(kept, cookie(session)).error == "state_used"

    def test_a_record_in_the_cache(self) -> None:
        cache = DictCache()
        cache.kept["_state_twitter_rt"] = json.dumps({"data": self.DATA})
        session = {"_state_twitter_rt": {"exp": NOW + 3600}}
        assert refused(store(cached=True), {}, cache=cache).error == "invalid_state"
        assert take(store(cached=True), cookie(session), cache=cache).temporary.oauth_token_secret == "rs"
        assert cache.kept == {}

    def test_it_expires(self) -> None:
        session = {"_state_twitter_rt": {"data": self.DATA, "exp": NOW - 1}}
        assert type(refused(store(), session)) is ExpiredStateError

    @pytest.mark.parametrize(
        "entry",
        [
            {"data": {"request_token": {"oauth_token": "another"}}, "exp": NOW + 60},
            {"data": {"request_token": None}, "exp": NOW + 60},
            {"data": {"request_token": "rt"}, "exp": NOW + 60},
            {"data": [], "exp": NOW + 60},
            {"data": None, "exp": NOW + 60},
            {"data": 7, "exp": NOW + 60},
            {"exp": "soon"},
            {"exp": None, "data": "x"},
            {"data": "x"},
            {},
            [],
            "rt",
            7,
            None,
        ],
    )
    def test_garbage(self, entry: object) -> None:
        cache = DictCache()
        refused(store(cached=True), {"_state_twitter_rt": entry}, cache=cache)

    def test_its_oauth_2_logins_in_the_same_session_stay(self) -> None:
        theirs = {"_state_google_abc": {"data": {"redirect_uri": "x" * 300, "url": "y" * 500}, "exp": NOW + 100}}
        session: dict[str, Any] = {**theirs}
        kept = store()
        for n in range(8):
            save(kept, session, login(f"t{n}"), now=NOW + n)
        assert session["_state_google_abc"] == theirs["_state_google_abc"]
