"""Explain a signature: compare it with the right one, and try the known mistakes, alone and in pairs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from oauth1_catalog.diagnosis.answers import Answer, read_answer
from oauth1_catalog.diagnosis.mistakes import Facts, Mistake, all_mistakes
from oauth1_catalog.diagnosis.report import shown_base_string
from oauth1_catalog.diagnosis.signing import (
    HASHES,
    SentRequest,
    Signing,
    decode_base64,
    encode_once,
    read_sent,
    right_signing,
)
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.messages import Request, Response
from oauth1_catalog.rfc5849.rsa import public_key_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from oauth1_catalog.rfc5849.rsa import RSAKey
    from oauth1_catalog.rfc5849.signer import Signer

Side: TypeAlias = Literal["client", "server"]
Verdict: TypeAlias = Literal["right", "wrong", "unsigned", "unknown"]

_APART = 300
"""The difference of a timestamp from the time that is reported, in seconds."""
_REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_timestamp", "oauth_nonce")
_LONGEST = 128 * 1024
"""The longest base string of which mistakes are tried, in characters: for each of them it is built again."""
_LONGEST_IN_PAIRS = 4 * 1024
"""The longest base string of which pairs of mistakes are tried."""
_SAME_KIND = 8
"""How many causes are reported at most: more of them say nothing."""


@dataclass(frozen=True, slots=True)
class NamedMistake:
    """A mistake that was found.

    Attributes:
        code: its name, as in ``docs/invalid-signature.md``.
        sentence: what was signed.
        advice: what to do.
    """

    code: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One mistake, or two together, which lead to exactly the signature (or the base string) of one side.

    Attributes:
        side: who made it: ``"client"`` signed so, or ``"server"`` expects it so.
        mistakes: one or two.
        base_string: the base string that this side builds, with masked passwords; empty for PLAINTEXT.
    """

    side: Side
    mistakes: tuple[NamedMistake, ...]
    base_string: str = field(default="", repr=False)

    @property
    def sentences(self) -> str:
        """What was signed, and what to do, in one paragraph."""
        return " ".join(f"{mistake.sentence} {mistake.advice}" for mistake in self.mistakes)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was signed, and why it does not match.

    ``str()`` is the report for people. No field of it shows a secret in its ``repr``.

    Attributes:
        sent: the request, with its parameters.
        right: how RFC 5849 signs it.
        verdict: ``"right"`` or ``"wrong"``; ``"unsigned"`` without a signature; ``"unknown"`` without the secrets.
        causes: what leads to the signature of the client, or to that of the server. If there are several, each leads to
            the same bytes.
        faults: what is wrong apart from the signature.
        answer: what the server reports.
        tried: how many ways were tried.
        in_pairs: whether two mistakes together were tried.
    """

    sent: SentRequest
    right: Signing = field(repr=False)
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    faults: tuple[str, ...] = ()
    answer: Answer | None = None
    server_base_string: str | None = field(default=None, repr=False)
    tried: int = 0
    in_pairs: bool = True

    @property
    def summary(self) -> str:
        """The result in one or two sentences."""
        from oauth1_catalog.diagnosis.report import summary

        return summary(self)

    def __str__(self) -> str:
        from oauth1_catalog.diagnosis.report import report

        return report(self)


def explain(
    request: Request,
    *,
    client_secret: str | None = None,
    token_secret: str | None = None,
    rsa_key: RSAKey | RSAPublicKey | None = None,
    response: Response | None = None,
    server_base_string: str | None = None,
    server_signature: str | None = None,
    addresses: Sequence[str] = (),
    profile: Literal["rfc5849", "mastercard"] = "rfc5849",
    signs_multipart: bool = False,
    in_pairs: bool = True,
    now: float | None = None,
) -> Explanation:
    """Explain the signature of a request.

    Args:
        request: the request, as it was sent.
        client_secret: the consumer secret; ``None`` if it is not known.
        token_secret: the token's secret; ``None`` or ``""`` without a token.
        rsa_key: the key, for the RSA methods: the private one, or a public key object of ``cryptography``.
        response: the server's answer. Its problem, its base string, its signature and its time are read.
        server_base_string: the base string that the server built, if you know it, such as from its log.
        server_signature: the signature that the server expects, if you know it.
        addresses: further addresses of the server: its public address, if it is behind a proxy, and the internal one.
        profile: ``"mastercard"`` if the values of the protocol parameters are not encoded.
        signs_multipart: whether the provider signs the text fields of a multipart body (Flickr).
        in_pairs: try two mistakes together, if no single one is found, which takes about a second. It is not done for
            a base string or a body of more than 4 KiB; for more than 128 KiB, no mistake is tried.
        now: the time at which the request was sent, in seconds since the epoch. Default: now.

    Raises:
        SigningError: the URL cannot be signed, or the key cannot be used.

    >>> request = Request("GET", "https://a.example/?b=1", {
    ...     "Authorization": 'OAuth oauth_consumer_key="k", oauth_nonce="n", oauth_timestamp="1", '
    ...     'oauth_signature_method="HMAC-SHA1", oauth_signature="xzom2lZo4QVTuJKNlg%2F9%2FabrMA0%3D"'})
    >>> explanation = explain(request, client_secret="secret", now=1)
    >>> explanation.verdict, [mistake.code for cause in explanation.causes for mistake in cause.mistakes]
    ('wrong', ['query-left-out'])
    """
    client_secret, token_secret, rsa_key = masked(client_secret), masked(token_secret), masked(rsa_key)
    sent = read_sent(request)
    public_key = None if rsa_key is None else public_key_of(rsa_key)
    right = right_signing(
        sent,
        client_secret=client_secret or "",
        token_secret=token_secret or "",
        public_key=public_key,
        raw_protocol=profile == "mastercard",
        signs_multipart=signs_multipart,
    )
    moment = time.time() if now is None else now
    answer = None if response is None else read_answer(response, sent, moment, (client_secret, token_secret))
    base_string = server_base_string or (answer.base_string if answer else None)
    expected = server_signature or (answer.signature if answer else None)
    is_known = public_key is not None if right.method.startswith("RSA") else client_secret is not None

    size = max(len(right.base_string), len(request.body or b""))
    in_pairs = in_pairs and size <= _LONGEST_IN_PAIRS
    search = _Search(right, Facts(sent, tuple(addresses)), in_pairs=in_pairs)
    verdict: Verdict = "unsigned" if not sent.signature else "unknown"
    if sent.signature and is_known:
        verdict = "right" if right.matches(sent.signature) else "wrong"
        if verdict == "wrong" and size <= _LONGEST:
            search.run("client", lambda way: way.matches(sent.signature))
    if size > _LONGEST:
        pass
    elif base_string and not right.is_plaintext and not _same_text(right, base_string):
        search.run("server", lambda way: way.base_string == base_string, compare=_same_base_string)
    elif expected and is_known and not right.matches(expected):
        search.run("server", lambda way: way.matches(expected))
    faults = (*sent.faults, *_faults(sent, moment), *_faults_of_secrets(right))
    return Explanation(sent, right, verdict, tuple(search.causes), faults, answer, base_string, search.tried, in_pairs)


def explain_signed_by(
    signer: Signer,
    request: Request,
    *,
    token_secret: str | None,
    response: Response,
    signs_multipart: bool = False,
    in_pairs: bool = True,
) -> Explanation:
    """Explain the signature of a request that ``signer`` made; the arguments are those of ``explain``."""
    from oauth1_catalog.rfc5849.signature import Rsa

    method = signer.signature_method
    return explain(
        request,
        client_secret=signer.client.client_secret,
        token_secret=token_secret,
        rsa_key=method.public_key if isinstance(method, Rsa) else None,
        response=response,
        profile=signer.profile,
        signs_multipart=signs_multipart,
        in_pairs=in_pairs,
    )


def _same_text(right: Signing, base_string: str) -> bool:
    return right.base_string == base_string


def _same_base_string(one: Signing, other: Signing) -> bool:
    return one.base_string == other.base_string


Found: TypeAlias = tuple[tuple[NamedMistake, ...], Signing]


class _Search:
    """Tries the mistakes, alone and then in pairs, until one leads to what was found on the other side."""

    def __init__(self, right: Signing, facts: Facts, *, in_pairs: bool) -> None:
        self.in_pairs = in_pairs
        self.right = right
        self.facts = facts
        self.causes: list[Cause] = []
        self.tried = 0

    def run(
        self,
        side: Side,
        matches: Callable[[Signing], bool],
        *,
        compare: Callable[[Signing, Signing], bool] = Signing.is_like,
    ) -> None:
        """Add the causes for which ``matches`` is true."""
        try:
            alone = list(self._variants((), self.right, all_mistakes(), compare))
            found = self._matching(alone, matches)
            if not found and self.in_pairs:
                found = self._matching(self._pairs(alone, compare), matches)
        finally:
            encode_once.cache_clear()
        self.causes += [
            Cause(side, mistakes, "" if way.is_plaintext else shown_base_string(way)) for mistakes, way in found
        ]

    def _matching(self, ways: Iterable[Found], matches: Callable[[Signing], bool]) -> list[Found]:
        found: dict[frozenset[str], Found] = {}
        for mistakes, way in ways:
            self.tried += 1
            if matches(way):
                found.setdefault(frozenset(mistake.code for mistake in mistakes), (mistakes, way))
        return list(islice(found.values(), _SAME_KIND))

    def _pairs(self, alone: Sequence[Found], compare: Callable[[Signing, Signing], bool]) -> Iterator[Found]:
        every = all_mistakes()
        places = {mistake.code: place for place, mistake in enumerate(every)}
        for mistakes, way in alone:
            yield from self._variants(mistakes, way, every[places[mistakes[0].code] :], compare)

    def _variants(
        self,
        before: tuple[NamedMistake, ...],
        way: Signing,
        mistakes: Iterable[Mistake],
        compare: Callable[[Signing, Signing], bool],
    ) -> Iterator[Found]:
        """``way`` with one further mistake, without those that change nothing."""
        for mistake in mistakes:
            for detail, other in mistake.variants(way, self.facts):
                if not compare(other, way) and not (before and compare(other, self.right)):
                    sentence = mistake.sentence.format(detail=detail)
                    yield (*before, NamedMistake(mistake.code, sentence, mistake.advice)), other


def _faults_of_secrets(right: Signing) -> Iterator[str]:
    """What looks wrong with a secret, without the secret."""
    for whose, secret in (("client", right.client_secret), ("token", right.token_secret)):
        if len(secret.strip()) < len(secret):
            kind = "a line break" if "\n" in secret or "\r" in secret else "a blank"
            yield f"The {whose} secret has {kind} at an end. Remove it, if the provider did not give it."
        elif len(secret) > 2 and any(secret.startswith(mark) and secret.endswith(mark) for mark in "\"'"):
            yield f"The {whose} secret is in quotation marks. Remove them, if the provider did not give them."


def _faults(sent: SentRequest, now: float) -> Iterator[str]:
    """What is wrong with the protocol parameters, apart from the signature."""
    if not sent.signature:
        return
    missing = [name for name in _REQUIRED if not sent.protocol(name)]
    if sent.protocol("oauth_signature_method").upper() == "PLAINTEXT":
        missing = [name for name in missing if name not in {"oauth_timestamp", "oauth_nonce"}]
    if missing:
        yield f"Not sent: {', '.join(missing)}."
    timestamp = sent.protocol("oauth_timestamp")
    if timestamp and not timestamp.isdecimal():
        yield f"oauth_timestamp is {timestamp[:40]!r}. Send the seconds since 1970 as digits."
    elif len(timestamp) == 13:
        yield "oauth_timestamp has 13 digits, so it is in milliseconds. Send seconds."
    elif timestamp and abs(float(timestamp) - now) > _APART:
        difference = float(timestamp) - now
        side = "ahead of" if difference > 0 else "behind"
        yield (
            f"oauth_timestamp is {abs(difference):.0f} s {side} the time here. If the request was sent just now, set "
            "the clock right."
        )
    body_hash, body = sent.protocol("oauth_body_hash"), sent.request.body or b""
    if body_hash and decode_base64(body_hash) not in {hashlib.new(name, body).digest() for name in HASHES.values()}:
        yield "oauth_body_hash is not the hash of the body. Hash exactly the bytes that you send."
    version = sent.protocol("oauth_version")
    if version not in {"", "1.0"}:
        yield f"oauth_version is {version[:40]!r}. Send 1.0, or leave it out."
