"""Why a signature does not match: what was signed, and the known mistake that leads to the other side's signature.

``explain`` is pure: it takes a request as it was sent, the keys, and what is known of the server's side. It is imported
when you first use it, because every client imports ``oauth1_catalog.diagnosis.problems``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oauth1_catalog.diagnosis.explanation import Cause, Explanation, NamedMistake, explain

__all__ = ["Cause", "Explanation", "NamedMistake", "explain"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("oauth1_catalog.diagnosis.explanation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
