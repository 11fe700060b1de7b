"""What a client must know of the web framework that it lives in; each integration says it once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from oauth1_catalog.registry.browser import Browser
from oauth1_catalog.registry.configuration import NoSettings, Settings
from oauth1_catalog.registry.current_token import CurrentToken
from oauth1_catalog.registry.temporary import LIFETIME, CacheCall

FrameworkRequest = TypeVar("FrameworkRequest")


class Framework(ABC, Generic[FrameworkRequest]):
    """The session, the configuration and the cache of an application.

    Args:
        cache: keeps the temporary credentials between redirect and callback, if the session is not to: an object with
            ``get(key)``, ``set(key, value, seconds)`` and ``delete(key)``.
        settings: the part of the configuration that speaks of clients.
        lifetime: how long a login may take, in seconds.
    """

    def __init__(
        self, cache: object | None = None, *, settings: Settings | None = None, lifetime: int = LIFETIME
    ) -> None:
        self.cache = cache
        self.settings: Settings = settings or NoSettings()
        self.lifetime = lifetime

    @property
    @abstractmethod
    def current_token(self) -> CurrentToken[FrameworkRequest]:
        """The token of the login that ends in the request being served."""

    @abstractmethod
    def browser(self, request: FrameworkRequest, fallback_key: str) -> Browser:
        """The session, the keys and the query of a request.

        ``fallback_key`` seals records where no secret key of the application can be found.
        """

    def call_cache(self, call: CacheCall) -> object:
        """Do what a login's steps want of the cache; an async cache's result is to be awaited."""
        cache: Any = self.cache
        if call.operation == "set":
            return cache.set(call.key, call.value, call.seconds)
        return getattr(cache, call.operation)(call.key)
