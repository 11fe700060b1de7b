"""The HTTP methods by their names, for the sync and the async client alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from oauth1_catalog.redaction import MaskedMapping

Reply = TypeVar("Reply")
"""A response, or in the async client what is awaited for one."""


class Verbs(ABC, Generic[Reply]):
    """``get(url, ...)`` and its siblings; each takes what ``request`` takes."""

    @abstractmethod
    def request(self, method: str, url: str, token: Any = None, **kwargs: Any) -> Reply:
        """Call the provider's API, signed."""

    def get(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("GET", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("GET", url, **kwargs)

    def post(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("POST", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("POST", url, **kwargs)

    def put(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("PUT", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("PUT", url, **kwargs)

    def patch(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("PATCH", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("PATCH", url, **kwargs)

    def delete(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("DELETE", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("DELETE", url, **kwargs)

    def head(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("HEAD", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("HEAD", url, **kwargs)

    def options(self, url: str, **kwargs: Any) -> Reply:
        """As ``request("OPTIONS", ...)``."""
        kwargs = MaskedMapping(kwargs)
        return self.request("OPTIONS", url, **kwargs)
