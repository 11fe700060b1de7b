"""A token store and a cache behind a server on loopback, which fails as a network does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import requests

from oauth1_catalog.registry.token import Token
from tests.battery.faults import BY_NAME
from tests.clients.conftest import Arrived, serving

SECONDS = 0.4
"""How long the clients of the database wait for one that is silent; otherwise they are patient."""

FAULTS = [
    "connection refused", "reset before the answer", "closed before the answer", "closed inside the headers",
    "reset inside the body", "closed inside a chunk", "silent", "silent inside the body", "not HTTP", "length below 0",
    "empty", "HTML", "broken UTF-8", "NUL bytes", "unknown charset", "401", "429 with Retry-After",
    "500", "502", "redirect to itself",
]  # fmt: skip
"""What a database behind a network can do; those of ``faults.py``."""


class Database:
    """Keeps rows and values; ``failing`` has the operations that meet a fault instead, by the fault's name."""

    def __init__(self, wire: Any) -> None:
        self.failing: dict[str, str] = {}
        self.rows: dict[str, Any] = {}
        self.garbage: list[Any] = []  # what the cache gives instead of what was stored
        self.asked: list[str] = []
        self._wire = wire
        wire.answer = self._answer

    def url(self, operation: str) -> str:
        """Where an operation is asked for."""
        refused = self.failing.get(operation) == "connection refused"
        return f"{'http://127.0.0.1:9' if refused else self._wire.url}/{operation}"

    def seconds(self, operation: str) -> float:
        """How long to wait for an operation."""
        return SECONDS if self.failing.get(operation, "").startswith("silent") else 30.0

    def _answer(self, arrived: Arrived) -> Any:
        operation = arrived.target.strip("/")
        self.asked.append(operation)
        if operation in self.failing:
            fault = BY_NAME[self.failing[operation]]
            return fault.answer("")(arrived)
        body = json.dumps(getattr(self, f"_{operation}")(**json.loads(arrived.body))).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def _find(self, key: str) -> Any:
        return self.rows.get(key)

    def _save_token(self, key: str, token: dict[str, str]) -> None:
        version = self.rows[key]["version"] + 1 if key in self.rows else 1
        self.rows[key] = {"token": token, "version": version, "claimed": False}

    def _delete_token(self, key: str) -> None:
        self.rows.pop(key, None)

    def _claim_renewal(self, key: str) -> bool:
        free = not self.rows[key]["claimed"]
        self.rows[key]["claimed"] = True
        return free

    def _release_renewal(self, key: str) -> None:
        self.rows[key]["claimed"] = False

    def _set(self, key: str, value: str) -> bool:
        self.rows[key] = value
        return True

    def _get(self, key: str) -> Any:
        return self.garbage[0] if self.garbage else self.rows.get(key)

    def _delete(self, key: str) -> bool:
        return self.rows.pop(key, None) is not None


@contextmanager
def database() -> Iterator[Database]:
    """A running one."""
    with serving() as wire:
        yield Database(wire)


class Clients:
    """Asks the database, with requests or, where the client awaits it, with httpx2."""

    def __init__(self, database: Database, *, is_async: bool) -> None:
        self.database = database
        self.is_async = is_async

    def ask(self, operation: str, read: Any = lambda answer: answer, **given: Any) -> Any:
        """What the database answers, read by ``read``; an awaitable where the client is async."""
        if self.is_async:
            return self._awaited(operation, given, read)
        url = self.database.url(operation)
        answer = requests.post(url, json=given, timeout=self.database.seconds(operation), proxies={"no_proxy": "*"})
        answer.raise_for_status()
        return read(json.loads(answer.text))

    async def _awaited(self, operation: str, given: Any, read: Any) -> Any:
        async with httpx2.AsyncClient(timeout=self.database.seconds(operation), trust_env=False) as client:
            answer = await client.post(self.database.url(operation), json=given)
            answer.raise_for_status()
            return read(json.loads(answer.text))


class RemoteTokens(Clients):
    """A token store of the application's own."""

    def current_user(self, request: Any) -> Any:
        return 7

    def find(self, name: str, user: Any) -> Any:
        return self.ask("find", _token, key=f"{name}:{user}")

    def save_token(self, name: str, user: Any, token: Any) -> Any:
        return self.ask("save_token", key=f"{name}:{user}", token=dict(token))

    def delete_token(self, name: str, user: Any, token: Any = None) -> Any:
        return self.ask("delete_token", key=f"{name}:{user}")

    def claim_renewal(self, name: str, user: Any, version: int, seconds: float) -> Any:
        return self.ask("claim_renewal", key=f"{name}:{user}")

    def release_renewal(self, name: str, user: Any) -> Any:
        return self.ask("release_renewal", key=f"{name}:{user}")


def _token(row: Any) -> Token | None:
    if row is None:
        return None
    token = Token(row["token"])
    token.user, token.version = 7, row["version"]
    return token


class RemoteCache(Clients):
    """A cache of the application's own."""

    def get(self, key: str) -> Any:
        return self.ask("get", key=key)

    def set(self, key: str, value: Any, seconds: int) -> Any:
        return self.ask("set", key=key, value=value)

    def delete(self, key: str) -> Any:
        return self.ask("delete", key=key)
