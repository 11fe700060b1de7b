"""The two drivers: results, exceptions, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from oauth1_catalog.errors import TokenNotSavedError
from oauth1_catalog.flow.driver import arun, run, uninterrupted

Log = list[str]


def steps(log: Log, *, recover: bool = False) -> Generator[str, str, str]:
    try:
        first = yield "one"
        try:
            second = yield "two"
        except ConnectionError:
            if not recover:
                raise
            second = yield "again"
        return f"{first}, {second}"
    finally:
        log.append("closed")


def perform(effect: str) -> str:
    return effect.upper()


def fail_at_two(effect: str) -> str:
    if effect == "two":
        raise ConnectionError("gone")
    return effect.upper()


def awaited(function: object) -> object:
    async def call(effect: str) -> str:
        await asyncio.sleep(0)
        return function(effect)

    return call


@pytest.mark.parametrize("drive", ["run", "arun"])
class TestBoth:
    def drive(self, how: str, generator: Generator[str, str, str], function: object) -> str:
        if how == "run":
            return run(generator, function)
        return asyncio.run(arun(generator, awaited(function)))

    def test_results_go_in_and_the_outcome_comes_out(self, drive: str) -> None:
        log: Log = []
        assert self.drive(drive, steps(log), perform) == "ONE, TWO"
        assert log == ["closed"]

    def test_an_exception_reaches_the_steps_and_then_the_caller(self, drive: str) -> None:
        log: Log = []
        with pytest.raises(ConnectionError, match="gone"):
            self.drive(drive, steps(log), fail_at_two)
        assert log == ["closed"]

    def test_steps_can_recover(self, drive: str) -> None:
        assert self.drive(drive, steps([], recover=True), fail_at_two) == "ONE, AGAIN"

    def test_what_the_steps_raise_reaches_the_caller(self, drive: str) -> None:
        def wrong() -> Generator[str, str, str]:
            yield "one"
            raise ValueError("unreadable")

        with pytest.raises(ValueError, match="unreadable"):
            self.drive(drive, wrong(), perform)

    def test_steps_that_want_nothing(self, drive: str) -> None:
        def nothing() -> Generator[str, str, str]:
            return "done"
            yield "never"  # makes it a generator

        assert self.drive(drive, nothing(), perform) == "done"


def test_an_interrupt_closes_the_steps() -> None:
    log: Log = []

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    generator = steps(log)
    with pytest.raises(KeyboardInterrupt):
        run(generator, interrupt)
    assert log == ["closed"]


@pytest.mark.parametrize("error", [TokenNotSavedError("not saved", token={"oauth_token": "t"}), ValueError("other")])
def test_only_an_error_with_a_token_is_raised_instead_of_a_cancellation(error: Exception) -> None:
    async def main() -> None:
        reached, go = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            reached.set()
            await go.wait()
            raise error

        task = asyncio.create_task(uninterrupted(work()))
        await reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(TokenNotSavedError if isinstance(error, TokenNotSavedError) else asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("at", ["one", "two"])
def test_a_cancellation_closes_the_steps_and_goes_on(at: str) -> None:
    log: Log = []
    reached = asyncio.Event()

    async def hang(effect: str) -> str:
        if effect == at:
            reached.set()
            await asyncio.Event().wait()
        return effect.upper()

    async def main() -> None:
        task = asyncio.create_task(arun(steps(log, recover=True), hang))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == ["closed"]
