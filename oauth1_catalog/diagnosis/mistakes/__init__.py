"""The known mistakes of a signature: one module for each subject, one function for each mistake.

A mistake takes a ``Signing`` and yields others, each with a detail for the sentence: what one side signs that makes it.
``MISTAKES`` has all of them, in the order in which two are combined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from oauth1_catalog.diagnosis.signing import SentRequest, Signing


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the signature.

    Attributes:
        sent: the request.
        addresses: further addresses of the server: origins such as ``http://10.0.0.7:8080`` behind a proxy, or URLs.
    """

    sent: SentRequest
    addresses: tuple[str, ...] = ()


Variants = Iterator[tuple[str, Signing]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known mistake.

    Attributes:
        code: its name in ``--json`` and in the documentation, such as ``"query-left-out"``.
        sentence: what was signed; ``{detail}`` is filled in.
        advice: what to do.
        variants: the ways to make it.
    """

    code: str
    sentence: str
    advice: str
    variants: Callable[[Signing, Facts], Variants]


def all_mistakes() -> tuple[Mistake, ...]:
    """Every known mistake."""
    from oauth1_catalog.diagnosis.mistakes import address, encoding, key, parameters

    return (*parameters.MISTAKES, *address.MISTAKES, *encoding.MISTAKES, *key.MISTAKES)
