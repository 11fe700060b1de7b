from __future__ import annotations

import itertools
import os
import re
import threading
import time
from datetime import UTC, datetime

import freezegun
import pytest
import time_machine

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849 import Signer, nonces
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request
from oauth1_catalog.rfc5849.nonces import Clock, encoded_nonces, random_nonce, timestamps


class TestRandomNonce:
    def test_shape(self):
        for _ in range(1000):
            assert re.fullmatch("[a-f0-9]{30}", random_nonce())

    def test_new_on_each_call(self):
        assert len({random_nonce() for _ in range(10_000)}) == 10_000

    def test_every_digit_differs(self):
        """Each of the 120 bits is random: all digits occur in all places."""
        made = [random_nonce() for _ in range(1_000)]
        assert all(len({nonce[place] for nonce in made}) == 16 for place in range(30))

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_forked_children_differ(self):
        assert in_child(random_nonce) != in_child(random_nonce) != random_nonce()


def in_child(function):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(function()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        text = stream.read().decode()
    os.waitpid(child, 0)
    return text


class TestClock:
    def test_whole_seconds_of_the_system(self):
        before = int(time.time())
        assert before <= Clock()() <= time.time()

    def test_a_few_seconds_back_are_smoothed_over(self):
        readings = iter([100.9, 100.2, 99.0, 101.0, 96.0, 101.9, 102.0])
        clock = Clock(lambda: next(readings))
        assert [clock() for _ in range(7)] == [100, 100, 100, 101, 101, 101, 102]

    @pytest.mark.parametrize("ahead", [6, 60, 3600, 86_400 * 365 * 30])
    def test_a_clock_that_is_put_right_counts_at_once(self, ahead):
        readings = iter([1_800_000_000.0 + ahead, 1_800_000_000.0, 1_800_000_001.0, 1_799_999_999.0])
        clock = Clock(lambda: next(readings))
        assert [clock() - 1_800_000_000 for _ in range(4)] == [ahead, 0, 1, 1]

    def test_steps_back_do_not_add_up(self):
        readings = iter([100.0, 97.0, 94.0, 91.0])
        clock = Clock(lambda: next(readings))
        assert [clock() for _ in range(4)] == [100, 100, 94, 94]

    @pytest.mark.parametrize("tool", ["time_machine", "freezegun"])
    @pytest.mark.parametrize("seconds", [-86_400, -3600, 3600, 86_400 * 365])
    def test_a_test_that_travels_in_time(self, tool, seconds):
        """Requests are signed with the time that the test sees, and with the real one when it is over."""
        signer = Signer(ClientCredentials("key", "secret"))
        sent = []

        def timestamp():
            sent.append(signer.sign(Request("GET", "https://api.example.com/")).header("Authorization"))
            return int(re.search(r'oauth_timestamp="(\d+)"', sent[-1])[1])

        timestamp()
        there = datetime.fromtimestamp(int(time.time()) + seconds, UTC)
        travel = time_machine.travel(there) if tool == "time_machine" else freezegun.freeze_time(there)
        with travel:
            assert there.timestamp() <= timestamp() <= time.time()
        back = int(time.time())
        assert back <= timestamp() <= time.time()
        assert len({re.search(r'oauth_nonce="(\w+)"', header)[1] for header in sent}) == 3

    def test_from_the_epoch_on(self):
        assert Clock(lambda: 0.5)() == 0

    def test_it_goes_on_with_a_new_lock(self):
        readings = iter([5.0, 4.0])
        clock = Clock(lambda: next(readings))
        assert clock() == 5
        clock.renew_lock()
        assert clock() == 5

    def test_threads(self):
        ticks = itertools.count()

        def jumping():
            tick = next(ticks)
            return 1000 + tick / 1000 - 3 * (tick % 2)

        clock, seen = Clock(jumping), []

        def work():
            mine = [clock() for _ in range(2000)]
            seen.append(mine == sorted(mine))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [True] * 8

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_a_fork_while_a_thread_holds_the_lock(self, monkeypatch):
        monkeypatch.setattr(nonces.system_clock, "_last", int(time.time()) + 4)
        with nonces.system_clock._lock:  # private: a fork at this moment cannot be had otherwise
            child = in_child(nonces.system_clock)
        assert int(child) == nonces.system_clock._last  # private: as above


class TestSources:
    def test_defaults(self):
        assert encoded_nonces(None) is random_nonce
        assert timestamps(None) is nonces.system_clock

    def test_fixed_nonce(self):
        assert encoded_nonces("a b/é")() == "a%20b%2F%C3%A9"

    def test_made_nonces(self):
        made = iter(["a b", "c"])
        nonces = encoded_nonces(lambda: next(made))
        assert [nonces(), nonces()] == ["a%20b", "c"]

    @pytest.mark.parametrize("nonce", ["", 5, b"abc"])
    def test_no_nonce(self, nonce):
        with pytest.raises(SigningError, match=r"nonce is .*\. Pass text, or a function that returns text"):
            encoded_nonces(nonce)
        nonces = encoded_nonces(lambda: nonce)
        with pytest.raises(SigningError, match="nonce is"):
            nonces()

    @pytest.mark.parametrize("timestamp", [1, "1", 137131200, "137131200", 10**19 - 1])
    def test_fixed_timestamp(self, timestamp):
        assert timestamps(timestamp)() == timestamp
        assert timestamps(lambda: timestamp)() == timestamp

    @pytest.mark.parametrize(
        "timestamp", [0, -1, "0", "-1", "", "1.5", 1.5, True, "1 ", "\u0661", "x", b"1", 10**19, "9" * 5000]
    )
    def test_no_timestamp(self, timestamp):
        with pytest.raises(SigningError, match=r"timestamp is .*\. Pass seconds since the epoch as a positive integer"):
            timestamps(timestamp)
        made = timestamps(lambda: timestamp)
        with pytest.raises(SigningError, match="timestamp is"):
            made()
