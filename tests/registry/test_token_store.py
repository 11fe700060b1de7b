"""The steps of a renewal, one by one: who asks the provider, who waits, and what happens when one of them dies."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from typing import Any

import pytest

from oauth1_catalog.errors import MissingTokenError, TokenNotSavedError, TokenRequestDeniedError
from oauth1_catalog.registry.effects import Pause, StoreCall, Uninterrupted
from oauth1_catalog.registry.token import Token, TokenStore
from oauth1_catalog.registry.token_store import renew_stored
from oauth1_catalog.rfc5849.messages import Request


class DictTokens:
    """A store of one's own, as small as one can be."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, object], Token] = {}
        self.claimed: dict[tuple[str, object], float] = {}
        self.now = 0.0

    def current_user(self, request: Any) -> object:
        return request

    def find(self, name: str, user: object) -> Token | None:
        row = self.rows.get((name, user))
        if row is None:
            return None
        found = Token(row)
        found.user, found.version = user, row.version
        return found

    def save_token(self, name: str, user: object, token: Any) -> None:
        before = self.rows.get((name, user))
        row = self.rows[name, user] = Token(token)
        row.version = 1 + ((before.version or 0) if before is not None else 0)
        self.claimed.pop((name, user), None)

    def delete_token(self, name: str, user: object, token: Any = None) -> None:
        row = self.rows.get((name, user))
        if token is None or row == token:
            self.rows.pop((name, user), None)

    def claim_renewal(self, name: str, user: object, version: int, seconds: float) -> bool:
        since = self.claimed.get((name, user))
        free = since is None or since < self.now - seconds
        if free and self.rows[name, user].version == version:
            self.claimed[name, user] = self.now
            return True
        return False

    def release_renewal(self, name: str, user: object) -> None:
        self.claimed.pop((name, user), None)


def flattened(steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The effects one by one, those of uninterrupted steps, too."""
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            effect = steps.send(answer) if error is None else steps.throw(error)
        except StopIteration as stop:
            return stop.value
        answer = error = None
        try:
            answer = (yield from flattened(effect.steps)) if isinstance(effect, Uninterrupted) else (yield effect)
        except Exception as raised:
            error = raised


class Worker:
    """Runs the steps of a renewal until they ask the provider, wait or end."""

    def __init__(self, store: TokenStore, token: Token | None = None, forget: tuple[str, ...] = ()) -> None:
        self.store = store
        self.steps = flattened(renew_stored("yahoo", 7, token, self.renew, forget=forget))
        self.result: Token | None = None

    def renew(self, token: Token) -> Generator[Any, Any, Token]:
        answer = yield Request("POST", "https://provider.example/renew")
        return Token({**token, "oauth_token": answer})

    def go(self, answer: Any = None) -> object:
        """Go on with what the provider said (an exception is raised); says at what it stops."""
        effect = self.steps.throw(answer) if isinstance(answer, Exception) else self._send(answer)
        while isinstance(effect, StoreCall):
            try:
                done = effect.on(self.store)
            except Exception as error:
                effect = self.steps.throw(error)
            else:
                effect = self._send(done)
        return effect

    def _send(self, value: Any) -> object:
        try:
            return self.steps.send(value)
        except StopIteration as stop:
            self.result = stop.value
            return None


@pytest.fixture
def store() -> DictTokens:
    store = DictTokens()
    store.save_token("yahoo", 7, Token(oauth_token="old", oauth_token_secret="s"))
    return store


def test_one_asks_and_the_others_wait(store: DictTokens) -> None:
    old = store.find("yahoo", 7)
    first, second, third = Worker(store, old), Worker(store, old), Worker(store)
    assert isinstance(first.go(), Request)
    assert isinstance(second.go(), Pause)
    assert isinstance(third.go(), Pause)
    assert isinstance(second.go(), Pause)
    assert first.go("new") is None
    assert second.go() is None
    assert third.go() is None
    for worker in (first, second, third):
        assert worker.result is not None
        assert (worker.result["oauth_token"], worker.result.user, worker.result.version) == ("new", 7, 2)
    late = Worker(store, old)
    assert late.go() is None, "it was renewed before this one asked"


def test_a_token_without_a_version_is_told_by_itself(store: DictTokens) -> None:
    assert isinstance(Worker(store, Token(oauth_token="old")).go(), Request)
    other = Worker(store, Token(oauth_token="older"))
    assert other.go() is None
    assert other.result is not None
    assert other.result["oauth_token"] == "old"


def test_a_worker_that_dies(store: DictTokens) -> None:
    dead, waiting = Worker(store), Worker(store)
    assert isinstance(dead.go(), Request)
    dead.steps.close()
    assert isinstance(waiting.go(), Pause)
    store.now = 61.0
    assert isinstance(waiting.go(), Request)


def test_a_failure_lets_the_next_one_try(store: DictTokens) -> None:
    first, second = Worker(store), Worker(store)
    first.go()
    second.go()
    refused = TokenRequestDeniedError(description="no", problem="token_rejected")
    with pytest.raises(TokenRequestDeniedError):
        first.go(refused)
    assert isinstance(second.go(), Request)
    assert second.go("new") is None


def test_a_token_that_has_ended_for_good_is_forgotten(store: DictTokens) -> None:
    worker, waiting = Worker(store, forget=("token_rejected",)), Worker(store)
    worker.go()
    waiting.go()
    with pytest.raises(TokenRequestDeniedError):
        worker.go(TokenRequestDeniedError(description="no", problem="token_rejected"))
    assert store.rows == {}
    with pytest.raises(MissingTokenError, match="yahoo: the token store has no token of user 7"):
        waiting.go()


class FailingTokens(DictTokens):
    """A store of which some operations fail, from a moment on."""

    failing: tuple[str, ...] = ()

    def save_token(self, name: str, user: object, token: Any) -> None:
        self._check("save_token")
        super().save_token(name, user, token)

    def release_renewal(self, name: str, user: object) -> None:
        self._check("release_renewal")
        super().release_renewal(name, user)

    def delete_token(self, name: str, user: object, token: Any = None) -> None:
        self._check("delete_token")
        super().delete_token(name, user, token)

    def _check(self, operation: str) -> None:
        if operation in self.failing:
            raise ConnectionError("the database hush has gone")


@pytest.fixture
def failing() -> FailingTokens:
    store = FailingTokens()
    store.save_token("yahoo", 7, Token(oauth_token="old", oauth_token_secret="hush"))
    return store


def test_a_token_that_cannot_be_saved_is_in_the_error(failing: FailingTokens) -> None:
    """It was lost: the provider sends it once, and may have ended the old one."""
    first, waiting = Worker(failing), Worker(failing)
    first.go()
    failing.failing = ("save_token",)
    with pytest.raises(TokenNotSavedError) as caught:
        first.go("new")
    error = caught.value
    assert isinstance(error.token, Token)
    assert (error.token["oauth_token"], error.token["oauth_token_secret"], error.user) == ("new", "hush", 7)
    assert (error.error, error.provider, error.step) == ("token_not_saved", "yahoo", "renew")
    assert isinstance(error.__cause__, ConnectionError)
    assert "hush" not in f"{error} {error!r} {error.token!r} {error.advice}"
    # Nobody renews with the old one meanwhile, and once it is saved, those who wait have it.
    assert isinstance(waiting.go(), Pause)
    failing.failing = ()
    failing.save_token("yahoo", error.user, error.token)
    assert waiting.go() is None
    assert waiting.result is not None
    assert waiting.result["oauth_token"] == "new"


def test_a_pickled_error_has_no_token(failing: FailingTokens) -> None:
    worker = Worker(failing)
    worker.go()
    failing.failing = ("save_token",)
    with pytest.raises(TokenNotSavedError) as caught:
        worker.go("new-hush")
    written = pickle.dumps(caught.value)
    assert b"hush" not in written
    read = pickle.loads(written)
    assert (read.token, read.user, str(read)) == (None, 7, str(caught.value))


@pytest.mark.parametrize("operation", ["release_renewal", "delete_token"])
def test_a_store_that_fails_after_the_provider_does_not_hide_the_reason(failing: FailingTokens, operation: str) -> None:
    worker = Worker(failing, forget=("token_rejected",))
    worker.go()
    failing.failing = (operation,)
    with pytest.raises(TokenRequestDeniedError) as caught:
        worker.go(TokenRequestDeniedError(description="no", problem="token_rejected"))
    assert "the token store failed, too (ConnectionError)" in caught.value.__notes__[0]
    assert "hush" not in caught.value.__notes__[0]
