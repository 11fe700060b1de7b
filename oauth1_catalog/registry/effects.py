"""The operations that the steps of a client yield: requests, and calls of the cache and the token store.

A sync and an async client perform the same effects, so each step is written once.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from oauth1_catalog.registry.token import TokenStore
from oauth1_catalog.rfc5849.messages import Request

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class CacheCall:
    """One thing for a cache to do: ``get(key)``, ``set(key, value, seconds)`` or ``delete(key)``."""

    operation: Literal["get", "set", "delete"]
    key: str
    value: str = field(default="", repr=False)
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class StoreCall:
    """One thing for a token store to do: the method, and its arguments."""

    operation: Literal["current_user", "find", "save_token", "delete_token", "claim_renewal", "release_renewal"]
    arguments: tuple[object, ...] = field(default=(), repr=False)

    def on(self, store: TokenStore) -> object:
        """Do it; an async store's result is to be awaited."""
        return getattr(store, self.operation)(*self.arguments)


class Pause(NamedTuple):
    """Wait for some seconds."""

    seconds: float


class Uninterrupted(NamedTuple):
    """Go through ``steps`` to their end, even where the one who waits for the result has gone; the answer is theirs.

    A provider may have changed a token, so that the answer must be saved: nobody can ask for it again.
    """

    steps: LoginSteps[Any]


Effect: TypeAlias = Request | CacheCall | StoreCall | Pause | Uninterrupted
"""``Request`` is for the provider, and is answered with a ``Response``."""

LoginSteps: TypeAlias = Generator[Effect, Any, Outcome]  # what comes back depends on what was yielded
