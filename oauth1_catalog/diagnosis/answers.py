"""Read what a server reports about a signature: its problem, its base string, its signature, its time."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from oauth1_catalog.diagnosis.problems import read_problem
from oauth1_catalog.diagnosis.signing import SentRequest
from oauth1_catalog.rfc5849.messages import Response

_BASE_STRING = re.compile(
    r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)&https?%3A%2F%2F[^\s\"'<>,;&]+(?:&[^\s\"'<>,;&]*)?", re.IGNORECASE
)
_SIGNATURE = re.compile(
    r"(?:expected|computed|calculated|server|our)[ _-]{0,2}signature[\"']?\s{0,3}(?:[:=]|is|was)\s{0,3}[\"']?"
    r"(?P<signature>[A-Za-z0-9+/]{27,700}={0,2})",
    re.IGNORECASE,
)
_ERROR = re.compile(r"\s*(?:error\b|\{\s*\"errors?\"\s*:)", re.IGNORECASE)
"""The beginning of an error that a server sends with status 200, as MediaWiki does."""
_READ = 64 * 1024
"""How much of an answer is examined, in characters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The content of a server's answer.

    Attributes:
        status: the HTTP status.
        code: the ``oauth_problem``, or the closest one to its words; ``None`` without one.
        words: its words, shortened and masked.
        advice: what to do, as a sentence; with the difference of the clocks, if there is one.
        base_string: the base string that it contains.
        signature: the signature that it expects.
    """

    status: int
    code: str | None
    words: str
    advice: str
    base_string: str | None = field(default=None, repr=False)
    signature: str | None = field(default=None, repr=False)


def read_answer(response: Response, sent: SentRequest, now: float, secrets: Iterable[str | None] = ()) -> Answer:
    """Read the server's answer to a request.

    Args:
        response: the answer.
        sent: the request.
        now: when the request was sent, if it has no timestamp.
        secrets: what must not be shown.

    >>> sent = SentRequest(None, (), "")
    >>> body = b"oauth_problem=signature_invalid&debug_sbs=GET%26http%253A%252F%252Fa.example%252F%26a%253D1"
    >>> read_answer(Response(401, {}, body), sent, 0).base_string
    'GET&http%3A%2F%2Fa.example%2F&a%3D1'
    """
    problem = read_problem(response, tuple(secret for secret in secrets if secret))
    if response.status < 400 and not problem.reported and not re.match(_ERROR, response.text):
        problem = problem._replace(code=None)  # words of a success
    timestamp = sent.protocol("oauth_timestamp")
    moment = float(timestamp) if timestamp.isdecimal() and len(timestamp) < 12 else now
    texts = list(_texts(response))
    return Answer(
        response.status,
        problem.code,
        problem.words,
        problem.next_step(response, moment),
        next((found[0] for found in map(_BASE_STRING.search, texts) if found), None),
        next((found["signature"] for found in map(_SIGNATURE.search, texts) if found), None),
    )


def _texts(response: Response) -> Iterable[str]:
    """The forms in which an answer can contain a base string: as it is, in JSON, in a form, in HTML, in a header."""
    text = response.text[:_READ]
    yield text
    for name in ("WWW-Authenticate", "X-OAuth-Base-String"):
        header = response.header(name)
        yield header
        yield unquote(header)
    yield html.unescape(text)
    if text.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            yield from _strings(json.loads(response.text))
    yield from (value for _, value in parse_qsl(text, max_num_fields=None))
    yield unquote(text)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
