"""The temporary credentials between redirect and callback: whose they are, how often, how long, how large."""

from __future__ import annotations

import base64
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import freezegun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog.errors import CacheError, ExpiredStateError, StateError
from oauth1_catalog.registry.effects import CacheCall
from oauth1_catalog.registry.encryption import encrypt
from oauth1_catalog.registry.temporary import PendingLogin, TemporaryStore
from oauth1_catalog.rfc5849.messages import TemporaryCredentials
from tests.registry.caches import CACHES, KEYS, NOW, DictCache, Silent, cookie, drive, login, refused, save, store, take


class TestTheWayThereAndBack:
    def test_a_login_comes_back_once(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {"user": 1}
        pending = login(next="/inbox", n=[1, {"a": None}])
        save(kept, session, pending, cache)
        session = cookie(session)
        assert take(kept, session, cache=cache) == pending
        assert session == {"user": 1}
        assert refused(kept, session, cache=cache).error == "invalid_state"
        if cache is not None:
            assert cache.kept == {}

    def test_an_early_verifier_is_kept_and_nothing_else_of_the_answer(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        credentials = TemporaryCredentials("rt", "s", {"oauth_verifier": "v", "other": "x" * 3000})
        save(kept, session, PendingLogin(credentials), cache)
        assert take(kept, cookie(session), cache=cache).temporary.extra == {"oauth_verifier": "v"}

    def test_the_secret_is_readable_nowhere(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login(token="rt", secret="canary-secret", mine="canary-data"), cache)
        seen = json.dumps([session, cache.kept if cache else {}])
        decoded = [base64.urlsafe_b64decode(run + "===") for run in re.findall(r"[\w-]{20,}", seen)]
        for text in (seen.encode(), *decoded):
            assert b"canary" not in text

    def test_another_browser_has_no_such_login(self, kept: TemporaryStore, cache: Any) -> None:
        attacker: dict[str, Any] = {}
        save(kept, attacker, login(), cache)
        victim: dict[str, Any] = {"user": 2}
        assert refused(kept, victim, cache=cache).error == "invalid_state"
        assert take(kept, attacker, cache=cache).temporary.oauth_token == "rt"

    def test_another_login_of_the_same_browser_stays(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login("one"), cache, now=NOW)
        save(kept, session, login("two"), cache, now=NOW + 1)
        assert take(kept, session, "two", cache).temporary.oauth_token == "two"
        assert take(kept, session, "one", cache).temporary.oauth_token == "one"

    def test_a_denied_login_is_forgotten(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        assert drive(kept.discard(session, "rt"), cache) is True
        assert drive(kept.discard(session, "rt"), cache) is False
        assert session == {}
        assert not cache or cache.kept == {}


class TestTime:
    def test_it_lives_for_ten_minutes(self, kept: TemporaryStore, cache: Any) -> None:
        for late, fine in ((599, True), (601, False)):
            session: dict[str, Any] = {}
            save(kept, session, login(f"t{late}"), cache)
            if fine:
                assert take(kept, session, f"t{late}", cache, now=NOW + late)
            else:
                error = refused(kept, session, f"t{late}", cache, now=NOW + late)
                assert type(error) is ExpiredStateError
                assert "600 s" in error.description
            assert session == {}

    def test_the_lifetime_is_the_caches_too(self, cache: Any) -> None:
        kept = store(cached=cache is not None, lifetime=60)
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        assert session["_state_twitter_rt"]["exp"] == NOW + 60
        assert not cache or list(cache.seconds.values()) == [60]

    def test_an_expiry_that_was_moved_in_the_session_does_not_help(self) -> None:
        kept, session = store(), {}
        save(kept, session, login())
        session["_state_twitter_rt"]["exp"] = NOW + 10_000
        assert type(refused(kept, session, now=NOW + 601)) is ExpiredStateError

    def test_what_has_expired_is_pruned_and_the_applications_own_keys_stay(self) -> None:
        own = {"_state_twitter": "mine", "_state_x": {"a": 1}, "_state_y": [], "user": 1}
        kept, session = store(), {**own}
        save(kept, session, login("old"))
        save(kept, session, login("new"), now=NOW + 700)
        assert set(session) == {*own, "_state_twitter_new"}


class TestAClockThatIsPutRight:
    """It was ahead for a while, in which logins began."""

    @pytest.mark.parametrize("ahead", [3600, 86_400 * 400])
    def test_a_login_under_way_goes_on(self, kept: TemporaryStore, cache: Any, ahead: int) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login(), cache, now=NOW + ahead)
        assert take(kept, cookie(session), cache=cache, now=NOW).temporary.oauth_token == "rt"

    def test_new_logins_are_not_taken_for_the_oldest(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        for n in range(5):
            save(kept, session, login(f"ahead{n}"), cache, now=NOW + 3600 + n)
        for n in range(20):
            save(kept, session, login(f"t{n}"), cache, now=NOW + n)
            save(kept, session, login(f"u{n}"), cache, now=NOW + n)
            assert take(kept, session, f"t{n}", cache, now=NOW + n)
            assert take(kept, session, f"u{n}", cache, now=NOW + n)

    def test_the_cookie_is_kept_small_by_what_is_old(self) -> None:
        kept, session = store(), {}
        for n in range(3):
            save(kept, session, login(f"ahead{n}", more="x" * 300), now=NOW + 3600 + n)
        for n in range(3):
            save(kept, session, login(f"t{n}", more="x" * 300), now=NOW + n)
        assert [key for key in session if "ahead" in key] == []
        assert take(kept, session, "t2", now=NOW + 3)


class TestOnce:
    def test_200_threads_on_one_callback(self, cache: Any) -> None:
        kept = store(cached=cache is not None)
        jar: dict[str, Any] = {}
        save(kept, jar, login(), cache)
        together = Barrier(200)

        def call_back() -> str:
            session = cookie(jar)
            together.wait()
            try:
                return take(kept, session, cache=cache).temporary.oauth_token
            except StateError as error:
                return error.error

        with ThreadPoolExecutor(200) as threads:
            outcomes = [f.result() for f in [threads.submit(call_back) for _ in range(200)]]
        assert outcomes.count("rt") == 1
        assert outcomes.count("state_used") == 199

    @pytest.mark.parametrize("kind", ["dict", "redis"])
    def test_two_processes_on_one_callback(self, kind: str) -> None:
        """Each has a store of its own; both have read the record before either deletes it."""
        cache: Any = CACHES[kind]()
        first, second = store(cached=True), store(cached=True)
        jar: dict[str, Any] = {}
        save(first, jar, login(), cache)
        one, other = (
            first.take(cookie(jar), "rt", keys=KEYS, now=NOW),
            second.take(cookie(jar), "rt", keys=KEYS, now=NOW),
        )
        reads = [next(one), next(other)]
        deletes = [steps.send(cache.get(read.key)) for steps, read in zip((one, other), reads, strict=True)]
        assert {call.operation for call in deletes} == {"delete"}
        answers = [cache.delete(call.key) for call in deletes]
        with pytest.raises(StopIteration) as done:
            one.send(answers[0])
        assert done.value.value.temporary.oauth_token == "rt"
        with pytest.raises(StateError) as caught:
            other.send(answers[1])
        assert caught.value.error == "state_used"

    def test_an_old_cookie_put_back(self, kept: TemporaryStore, cache: Any) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        old = cookie(session)
        take(kept, session, cache=cache)
        assert refused(kept, old, cache=cache).error == "state_used"

    def test_what_was_taken_is_remembered_no_longer_than_it_lives(self) -> None:
        kept = store(lifetime=10)
        with freezegun.freeze_time("2026-11-30") as clock:  # the monotonic clock, too
            for n in range(50):
                session: dict[str, Any] = {}
                save(kept, session, login(f"t{n}"), now=NOW + n)
                take(kept, session, f"t{n}", now=NOW + n)
                clock.tick(1)
        assert len(kept._taken) <= 12  # private: how much memory it takes

    @pytest.mark.parametrize("ahead", [700, 3600, 86_400])
    def test_a_clock_that_is_put_right_brings_nothing_back(self, kept: TemporaryStore, cache: Any, ahead: int) -> None:
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        old = cookie(session)
        assert take(kept, session, cache=cache)
        other: dict[str, Any] = {}
        save(kept, other, login("other"), cache, now=NOW + ahead)
        assert take(kept, other, "other", cache, now=NOW + ahead)  # what has expired is forgotten here
        assert refused(kept, old, cache=cache, now=NOW + 1).error == "state_used"


class TestBinding:
    @pytest.mark.parametrize("change", [{"key": "other"}, {"url": "https://b.example"}])
    def test_a_record_of_another_consumer_key_or_address(self, change: dict[str, str], cache: Any) -> None:
        session: dict[str, Any] = {}
        save(store(cached=cache is not None), session, login(), cache)
        error = refused(store(cached=cache is not None, **change), session, cache=cache)
        assert error.error == "mismatching_state"

    def test_clients_with_equal_request_tokens_do_not_meet(self, cache: Any) -> None:
        names = ["a", "b", "a_b", "twitter"]
        stores = {name: store(name, cached=cache is not None) for name in names}
        for began in names:
            for ends in names:
                session: dict[str, Any] = {}
                save(stores[began], session, login("rt"), cache)
                if began == ends:
                    assert take(stores[ends], session, "rt", cache)
                else:
                    refused(stores[ends], session, "rt", cache)
                    assert take(stores[began], session, "rt", cache)

    def test_names_and_tokens_that_make_the_same_key(self, cache: Any) -> None:
        short, long = store("x", cached=cache is not None), store("x_y", cached=cache is not None)
        session: dict[str, Any] = {}
        save(short, session, login("y_t"), cache)
        refused(long, session, "t", cache)
        assert drive(long.discard(session, "t"), cache) is False
        assert take(short, session, "y_t", cache)

    def test_an_entry_moved_to_another_token(self, cache: Any) -> None:
        kept = store(cached=cache is not None)
        session: dict[str, Any] = {}
        save(kept, session, login("mine"), cache)
        session["_state_twitter_yours"] = session.pop("_state_twitter_mine")
        assert isinstance(refused(kept, session, "yours", cache), StateError)

    def test_a_cache_hit_without_the_session_is_refused(self) -> None:
        """CVE-2025-68158 and CVE-2026-41425."""
        kept, cache = store(cached=True), DictCache()
        attacker: dict[str, Any] = {}
        save(kept, attacker, login(), cache)
        assert cache.kept
        assert refused(kept, {}, cache=cache).error == "invalid_state"
        for forged in (
            {"exp": NOW + 60, "client": "twitter", "handle": "guess"},
            {"exp": NOW + 60, "client": "twitter", "handle": ""},
            {"exp": NOW + 60},
        ):
            refused(kept, {"_state_twitter_rt": forged}, cache=cache)
        assert take(kept, attacker, cache=cache)

    def test_a_secret_key_that_changed(self, cache: Any) -> None:
        for keys, fine in ((["new", *KEYS], True), (["new"], False)):
            kept = store(cached=cache is not None)
            session: dict[str, Any] = {}
            save(kept, session, login(), cache)
            if fine:
                assert take(kept, session, cache=cache, keys=keys)
            else:
                assert "secret key" in refused(kept, session, cache=cache, keys=keys).description


class TestCaches:
    def test_keys_are_hashed_whatever_the_token_is(self) -> None:
        kept, cache = store(cached=True), DictCache()
        for token in ("a b\r\nflush_all", "é" * 300, "x" * 2048, "\u2028", "%00"):
            session: dict[str, Any] = {}
            save(kept, session, login(token), cache, in_cookie=False)
            (key,) = cache.kept
            assert re.fullmatch(r"oauth1_catalog:[0-9a-f]{43}", key)
            assert take(kept, session, token, cache).temporary.oauth_token == token

    @given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), min_size=2, max_size=6, unique=True))
    def test_no_two_logins_share_a_key(self, pairs: list[tuple[str, str]]) -> None:
        # private: save() makes a handle of its own
        keys = {store(name, cached=True)._cache_key(token, "same") for name, token in pairs}
        assert len(keys) == len(pairs)

    @pytest.mark.parametrize(
        "planted",
        [
            pickle.dumps({"evil": 1}),
            b"\xff\xfe\x00",
            "",
            "null",
            '{"data":{"request_token":{"oauth_token":"rt","oauth_token_secret":"evil"}}}',
            encrypt(b'{"v":1}', ["another key"]),
            encrypt(b"[]", KEYS),
            encrypt(b"not json", KEYS),
            encrypt(b'{"v":2,"secret":"s"}', KEYS),
            encrypt(b"{}", KEYS),
        ],
        ids=[
            "pickle",
            "no UTF-8",
            "nothing",
            "null",
            "Authlib's",
            "another key",
            "a list",
            "no JSON",
            "a version",
            "{}",
        ],
    )
    def test_what_others_wrote_into_the_cache_is_refused(
        self, planted: str | bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("a pickle was loaded"))
        kept, cache = store(cached=True), DictCache()
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        cache.kept = dict.fromkeys(cache.kept, planted)
        assert isinstance(refused(kept, session, cache=cache), StateError)

    def test_every_flipped_byte_is_noticed(self) -> None:
        kept, cache = store(cached=True), DictCache()
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        (key,), (sealed,) = cache.kept, cache.kept.values()
        for at in range(0, len(sealed) - 2, 7):
            flipped = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
            fresh = store(cached=True)
            cache.kept[key] = flipped
            refused(fresh, cookie(session), cache=cache)

    def test_two_applications_on_one_cache(self) -> None:
        cache = DictCache()
        sessions: list[dict[str, Any]] = [{}, {}]
        stores = [store(cached=True), store(cached=True)]
        for number, (kept, session) in enumerate(zip(stores, sessions, strict=True)):
            save(kept, session, login(secret=f"s{number}"), cache)
        secrets_back = [
            take(k, s, cache=cache).temporary.oauth_token_secret for k, s in zip(stores, sessions, strict=True)
        ]
        assert secrets_back == ["s0", "s1"]

    def test_a_flushed_cache(self) -> None:
        kept, cache = store(cached=True), DictCache()
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        cache.kept.clear()
        assert type(refused(kept, session, cache=cache)) is ExpiredStateError

    def test_a_cache_that_fails(self) -> None:
        class Broken(DictCache):
            def get(self, key: str) -> Any:
                raise ConnectionError("redis://:canary-password@host")

        kept, cache = store(cached=True), Broken()
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        error = refused(kept, session, cache=cache)
        assert type(error) is CacheError
        assert "get() raised ConnectionError" in error.description

    def test_an_empty_cache_is_a_cache(self) -> None:
        class Falsy(Silent):
            def __len__(self) -> int:
                return 0

        kept, cache = store(cached=True), Falsy()
        session: dict[str, Any] = {}
        save(kept, session, login(), cache)
        assert cache.kept
        assert take(kept, session, cache=cache)

    def test_real_caches(self) -> None:
        import cachelib
        from django.core.cache.backends.locmem import LocMemCache

        for real in (cachelib.SimpleCache(), LocMemCache("logins", {})):
            kept = store(cached=True)
            session: dict[str, Any] = {}
            save(kept, session, login(), real)
            old = cookie(session)
            assert take(kept, session, cache=real)
            assert refused(store(cached=True), old, cache=real).error in {"state_used", "expired_state"}

    def test_a_cache_that_was_added_or_taken_away_meanwhile(self) -> None:
        cache = DictCache()
        session: dict[str, Any] = {}
        save(store(), session, login("early"))
        assert take(store(cached=True), session, "early", cache)
        save(store(cached=True), session, login("late"), cache)
        steps = store().take(session, "late", keys=KEYS, now=NOW)
        assert isinstance(next(steps), CacheCall)
        with pytest.raises(CacheError):
            steps.throw(AttributeError("'NoneType' object has no attribute 'get'"))
