"""Explain the signatures of requests, after oauthlib has decided about them.

The only module of the emulator that uses the package's own signing code, by way of ``diagnosis``. It changes no
decision: it names the mistakes of a request that oauthlib refuses, and describes the requests on the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from oauth1_catalog.diagnosis import Explanation, explain
from oauth1_catalog.diagnosis.report import as_data, is_hidden
from oauth1_catalog.emulator.providers import Registration, real_url
from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import MASK, MaskedText
from oauth1_catalog.rfc5849.messages import Request

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LONGEST = 64 * 1024
"""The longest request that is explained, in bytes: for each known mistake, all of it is signed again."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets with which a request should have been signed."""

    client_secret: str = field(repr=False)
    token_secret: str = field(repr=False)
    public_key: RSAPublicKey = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("client_secret", "token_secret"):
            object.__setattr__(self, name, MaskedText(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Explained:
    """What the answer to a wrong signature contains.

    Attributes:
        advice: the mistake, and what to do, as sentences.
        details: further parameters of the answer.
        lines: for the terminal, without secrets.
    """

    advice: str
    details: Mapping[str, str]
    lines: tuple[str, ...]


def explain_refusal(registration: Registration, request: Request, keys: Keys, base_string: str) -> Explained:
    """Explain a signature that oauthlib has refused.

    Args:
        registration: the provider.
        request: the request, as it was on the wire.
        keys: the right secrets.
        base_string: oauthlib's base string; empty for PLAINTEXT.
    """
    # PECL's OAuthProvider uses this name.
    details = {"debug_sbs": base_string} if base_string else {}
    explanation = _explanation(registration, request, keys, in_pairs=registration.explain_pairs)
    if explanation is None:
        return Explained("The signature is wrong. The request is too long to be examined.", details, ())
    causes = [cause for cause in explanation.causes if cause.side == "client"]
    if codes := list(dict.fromkeys(mistake.code for cause in causes for mistake in cause.mistakes)):
        details["mistakes"] = " ".join(codes)
    lines = []
    if base_string:
        ours = _without_secrets(base_string, explanation)
        lines.append(f"base string of the emulator: {ours}")
        theirs = dict.fromkeys(cause.base_string for cause in causes)
        lines += [f"base string of the client:   {text}" for text in theirs if text and text != ours]
    is_wrong = explanation.verdict == "wrong"
    advice = explanation.summary if is_wrong else "The signature is wrong. Compare the base strings."
    return Explained(" ".join((advice, *explanation.faults)), details, tuple(lines))


def _without_secrets(base_string: str, explanation: Explanation) -> str:
    """A right base string with masked values of the parameters that are masked in a report."""
    for name in {one.name for one in explanation.right.parameters if is_hidden(one.name)}:
        encoded = re.escape(quote(quote(name, safe="~"), safe="~"))
        base_string = re.sub(rf"((?:&|%26){encoded}%3D).*?(?=%26|$)", rf"\g<1>{MASK}", base_string)
    return base_string


def report_of(registration: Registration, request: Request, keys: Keys | None) -> dict[str, Any] | None:
    """The report of a request for its page, as JSON values without secrets; ``None`` if it is too long, or no URL.

    Args:
        registration: the provider.
        request: the request, as it was on the wire.
        keys: the right secrets, if the request was refused before they were known.
    """
    explanation = _explanation(registration, request, keys, in_pairs=True)
    return None if explanation is None else as_data(explanation)


def _explanation(
    registration: Registration, request: Request, keys: Keys | None, *, in_pairs: bool
) -> Explanation | None:
    size = len(request.url) + len(request.body or b"") + len(request.header("Authorization"))
    if size > LONGEST:
        return None
    real = real_url(request.url)
    try:
        return explain(
            request,
            client_secret=None if keys is None else keys.client_secret,
            token_secret=None if keys is None else keys.token_secret,
            rsa_key=None if keys is None else keys.public_key,
            addresses=(real,) if real else (),
            signs_multipart=registration.original.multipart == "sign_fields",
            in_pairs=in_pairs,
        )
    except (SigningError, ValueError):
        return None
