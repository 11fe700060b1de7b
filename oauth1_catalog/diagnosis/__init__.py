"""Why a signature does not match: what was signed, and the known mistake that leads to the other side's signature.

``explain`` is pure: it takes a request as it was sent, the keys, and what is known of the server's side.
"""

from __future__ import annotations

from oauth1_catalog.diagnosis.explanation import Cause, Explanation, NamedMistake, explain

__all__ = ["Cause", "Explanation", "NamedMistake", "explain"]
