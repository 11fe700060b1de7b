"""A login that begins on one machine ends on another: two processes of each framework, with a real Redis between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauth1_catalog.emulator import Emulator
from tests.many_machines.browser import Answer, Browser
from tests.many_machines.conftest import SERVERS, SESSION_IN_COOKIE, machines
from tests.many_machines.redis_server import RedisServer

LOGINS = 500
BURST = 300
THREADS = 8
ROUNDS = 25


@pytest.fixture(scope="module", params=SERVERS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pair(framework: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The ports of two processes."""
    with machines(framework, environment, environment) as (one, two):
        yield one, two


@pytest.fixture
def running_redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """Redis, which the test may stop."""
    yield redis_server
    redis_server.stop()
    redis_server.start()


def begin(browser: Browser, emulator: Emulator, *, port: int, user: str = "ada") -> str:
    """Begin a login and let the user say yes; gives the callback's address."""
    sent = browser.get(f"/login?browser={user}", port=port)
    assert sent.status == 302, sent
    return emulator.approve(sent.location, user=user)


@pytest.mark.long
def test_three_hundred_logins_at_once_in_starlette(environment: dict[str, str], emulator: Emulator) -> None:
    """The cache of docs/starlette.md has fewer connections than there are logins; each login waits for one."""

    def at_once(urls: list[str]) -> list[Answer]:
        with ThreadPoolExecutor(len(urls)) as pool:
            return list(pool.map(lambda browser, url: browser.get(url, port=port, timeout=120), browsers, urls))

    browsers = [Browser() for _ in range(BURST)]
    with machines("starlette", environment) as (port,):
        sent = at_once([f"/login?browser={number}" for number in range(BURST)])
        assert {answer.status for answer in sent} == {302}, {answer.text for answer in sent}
        ended = at_once([emulator.approve(answer.location, user="ada") for answer in sent])
        assert {answer.status for answer in ended} == {200}, {answer.text for answer in ended}
    assert [answer.json()["browser"] for answer in ended] == [str(number) for number in range(BURST)]


@pytest.mark.long
def test_no_login_is_lost_and_none_is_crossed(pair: tuple[int, int], emulator: Emulator) -> None:
    def log_in(number: int) -> Answer:
        browser, user = Browser(), f"user{number}"
        there, back = pair if number % 2 else reversed(pair)
        return browser.get(begin(browser, emulator, port=there, user=user), port=back)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(log_in, range(LOGINS)))
    failed = [answer for answer in answers if answer.status != 200]
    assert failed == []
    profiles = [answer.json() for answer in answers]
    assert [profile["user"] for profile in profiles] == [f"user{number}" for number in range(LOGINS)]
    assert [profile["browser"] for profile in profiles] == [f"user{number}" for number in range(LOGINS)]
    assert len({profile["process"] for profile in profiles}) == 2


def test_a_callback_that_both_machines_get_is_exchanged_once(pair: tuple[int, int], emulator: Emulator) -> None:
    emulator.journal.clear()
    start = threading.Barrier(len(pair))

    def send(browser: Browser, callback: str, port: int) -> Answer:
        copy = Browser()
        copy.cookies = dict(browser.cookies)
        start.wait()
        return copy.get(callback, port=port)

    with ThreadPoolExecutor(len(pair)) as pool:
        for _ in range(ROUNDS):
            browser = Browser()
            callback = begin(browser, emulator, port=pair[0])
            sent = [pool.submit(send, browser, callback, port) for port in pair]
            answers = sorted((future.result() for future in sent), key=lambda answer: answer.status)
            assert [answer.status for answer in answers] == [200, 403]
            assert answers[1].json()["error"] in {"state_used", "expired_state", "invalid_state"}
    assert emulator.journal.count("twitter", role="access_token") == ROUNDS


def test_a_restart_of_redis_ends_the_logins_under_way_and_no_others(
    pair: tuple[int, int], emulator: Emulator, running_redis: RedisServer
) -> None:
    browsers = [Browser() for _ in range(5)]
    callbacks = [begin(browser, emulator, port=pair[0]) for browser in browsers]
    running_redis.stop()
    running_redis.start()
    lost = [browser.get(callback, port=pair[1]) for browser, callback in zip(browsers, callbacks, strict=True)]
    assert {answer.status for answer in lost} == {403}
    assert {answer.json()["error"] for answer in lost} <= {"expired_state", "invalid_state"}
    assert all("log in again" in answer.json()["description"] for answer in lost)
    again = [browser.get(begin(browser, emulator, port=pair[0]), port=pair[1]) for browser in browsers]
    assert {answer.status for answer in again} == {200}


def test_without_redis_a_login_fails_in_one_error_of_ours_and_keeps_nothing_elsewhere(
    framework: str, environment: dict[str, str], emulator: Emulator, running_redis: RedisServer
) -> None:
    in_cookie = {**environment, "SESSION_ENGINE": SESSION_IN_COOKIE}
    with machines(framework, in_cookie) as (port,):
        before, browser = Browser(), Browser()
        callback = begin(before, emulator, port=port)
        running_redis.stop()
        refused = [browser.get("/login?browser=ada", port=port), before.get(callback, port=port)]
        assert [answer.status for answer in refused] == [503, 503]
        for answer in refused:
            assert answer.json()["error"] == "cache_unavailable"
            assert "ConnectionError" in answer.json()["description"]
            assert str(running_redis.port) not in answer.text
        assert browser.cookies == {}
        running_redis.start()
        assert browser.get(begin(browser, emulator, port=port), port=port).status == 200


def test_two_applications_on_one_redis_do_not_meet(
    framework: str, environment: dict[str, str], emulator: Emulator
) -> None:
    # The sessions are in cookies: in one Redis, Django's own would be one user's in both applications.
    ours = {**environment, "SESSION_ENGINE": SESSION_IN_COOKIE}
    other = {**ours, "SITE_SECRET_KEY": "the secret key of another application"}
    with machines(framework, ours, other) as (one, two):
        browsers = {port: Browser() for port in (one, two)}
        callbacks = {port: begin(browser, emulator, port=port) for port, browser in browsers.items()}
        stranger = Browser()
        stranger.cookies = dict(browsers[one].cookies)
        refused = stranger.get(callbacks[one], port=two)
        assert refused.status == 403, refused
        assert [browsers[port].get(callbacks[port], port=port).status for port in (one, two)] == [200, 200]
