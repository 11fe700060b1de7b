"""Read what a token endpoint answers (RFC 5849, sections 2.1 and 2.3): a token, a refusal, or something else.

Status and content type decide nothing by themselves: MediaWiki reports every error with status 200, WordPress sends
prose as ``application/x-www-form-urlencoded``. Only an answer that holds a token is a token.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.catalog.provider import Lifetime, Provider, time_zone
from oauth1_catalog.diagnosis.problems import excerpt, read_problem
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    OAuthError,
    TokenRequestDeniedError,
    TokenResponseError,
    TransportError,
)
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.hosts import host_of
from oauth1_catalog.rfc5849.messages import Request, Response

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from oauth1_catalog.rfc5849.messages import TemporaryCredentials, TokenCredentials
    from oauth1_catalog.rfc5849.signer import Signer

    SignsFor = TemporaryCredentials | TokenCredentials | None

MAX_FIELDS = 100
MAX_VALUE = 4096
"""The longest value of one field, in characters."""

_ESCAPE = re.compile(
    r"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|u(?P<half>d[89a-f])[0-9a-f]{2}|.)", re.IGNORECASE | re.DOTALL
)
_DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")


def answer(request: Request, provider: Provider, *, step: str) -> Steps[Response]:
    """Send a request; if no response comes, name the provider and the step in the error.

    Raises:
        TransportError: no answer.
    """
    try:
        response = yield request
    except TransportError as error:
        raise TransportError(
            error.error,
            f"{provider.name}: the {step} request got no {'answer' if error.status is None else 'usable answer'}. "
            f"{error.description}",
            provider=provider.name,
            step=step,
            status=error.status,
        ) from error.__cause__
    return response


def read_token(
    response: Response,
    provider: Provider,
    *,
    step: str,
    secrets: tuple[str, ...] = (),
    clock: Callable[[], float] | None = None,
) -> dict[str, str]:
    """The fields of a token answer, under their standard names; ``oauth_token`` is there and is not empty.

    Args:
        response: the provider's answer.
        provider: which one answered, and in which format.
        step: ``"request_token"``, ``"access_token"`` or ``"renew"``, for the error.
        secrets: values that no message may show.
        clock: seconds since the epoch, ``time.time`` by default; to report how far the clocks are apart.

    Raises:
        AuthorizationDeniedError: the provider reports that the user declined.
        TokenRequestDeniedError: the provider refused, in a problem report, a status or words.
        TokenResponseError: the answer is neither a token nor a refusal.
    """
    pairs: list[tuple[str, str]] = []
    if 200 <= response.status < 300:
        pairs = parse_fields(response, provider.token_response.format)
        if theirs := {theirs: standard for standard, theirs in provider.token_response.fields.items()}:
            pairs = [(theirs.get(name, name), value) for name, value in pairs]
    token = dict(pairs)  # the last of several counts, as in Authlib
    if "oauth_problem" in token or not token.get("oauth_token"):
        raise refusal(response, provider, step=step, secrets=secrets, clock=clock)
    names = [name for name, _ in pairs if name.startswith("oauth_")]
    if twice := [name for name in names if names.count(name) > 1] if len(token) < len(pairs) else []:
        raise TokenResponseError(
            description=f"{provider.name}: the {step} answer has {excerpt(twice[0], secrets)[:40]} more than once, and "
            "the protocol allows it only once. It is not used; ask the provider.",
            provider=provider.name,
            step=step,
            status=response.status,
        )
    for name, value in token.items():
        if len(value) > MAX_VALUE or (name.startswith("oauth_") and not _is_plain(value)):
            raise TokenResponseError(
                description=f"{provider.name}: the {step} answer's field {excerpt(name, secrets)[:40]!r} is longer "
                f"than {MAX_VALUE} characters, or holds control characters or no UTF-8. It is not used; ask the "
                "provider.",
                provider=provider.name,
                step=step,
                status=response.status,
            )
    return token


def _is_plain(value: str) -> bool:
    """Whether a protocol field can be what the provider meant; a user's name among the others may be anything."""
    return value.isprintable() and "\ufffd" not in value


def parse_fields(response: Response, written_as: str) -> list[tuple[str, str]]:
    """The fields of an answer, in their order; none of one that cannot be read as ``written_as``.

    ``auto`` looks at the first character. The content type is not looked at: servers label their answers wrongly.
    """
    text = response.text.strip()
    if not text or len(text) > MAX_FIELDS * MAX_VALUE:
        return []
    if written_as == "auto":
        written_as = {"{": "json", "<": "xml"}.get(text[0], "form")
    try:
        pairs = _READERS[written_as](text)
    except (ValueError, RecursionError):
        return []
    return pairs if len(pairs) <= MAX_FIELDS else []


def _form_fields(text: str) -> list[tuple[str, str]]:
    if text.startswith("<"):
        raise ValueError("a page")
    return parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace", max_num_fields=MAX_FIELDS)


def _json_fields(text: str) -> list[tuple[str, str]]:
    if not text.startswith("{"):
        raise ValueError("not an object")
    document: list[tuple[str, object]] = read_json(text, pairs=list)
    return [(name, _as_text(value)) for name, value in document if isinstance(value, str | int | float)]


def read_json(text: str, *, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    r"""What a JSON text holds; half of a surrogate pair is U+FFFD.

    A name that was cut in the middle of an emoji ends with such a half, which no database and no answer takes.

    Args:
        text: the text.
        pairs: what becomes of the names and values of an object; by default a dictionary.

    Raises:
        ValueError: it is not JSON (RFC 8259), or has a number such as NaN.
        RecursionError: it is too deep.

    >>> read_json(r'{"name": "ada \ud83d", "smile": "\ud83d\ude00"}') == {"name": "ada \ufffd", "smile": "\U0001f600"}
    True
    """
    if "\\u" in text:
        text = _ESCAPE.sub(lambda escape: r"\ufffd" if escape["half"] else escape[0], text)
    return json.loads(text, object_pairs_hook=pairs, parse_constant=_finite, parse_float=_finite)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]} is not a number")
    return value


def _as_text(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _xml_fields(text: str) -> list[tuple[str, str]]:
    """The elements that hold nothing but text, however deep: 7digital's stand in ``oauth_request_token``."""
    root = xml_root(text)
    if root.tag.lower() == "html":
        raise ValueError("a page")
    return [(e.tag, (e.text or "").strip()) for e in root.iter() if len(e) == 0 and e is not root]


def xml_root(text: str) -> ET.Element:
    """The root element of an XML document, whose tags have lost their namespaces.

    Raises:
        ValueError: it is not XML, or it has a document type, which can hold entities.

    >>> [child.tag for child in xml_root('<a xmlns="urn:x"><!-- c --><b/></a>')]
    ['b']
    """
    from xml.etree import ElementTree as ET  # few providers respond with XML

    if _DECLARATION.search(text):
        raise ValueError("its XML has a document type, which can hold entities")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 - entities need a document type, which is refused above
    except ET.ParseError:
        raise ValueError("it is not XML") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


_READERS = {"form": _form_fields, "json": _json_fields, "xml": _xml_fields}


_OF_A_SIGNATURE = frozenset({"signature_invalid", None})
"""Problems that a wrong signature can cause: many servers report none."""


def explained(
    error: OAuthError, request: Request, response: Response, signer: Signer, signs_for: SignsFor
) -> OAuthError:
    """``error`` with a note on the signature of the refused request, if this can be the reason.

    Args:
        error: what is raised.
        request: the signed request.
        response: the provider's answer.
        signer: has signed it.
        signs_for: the token that it was signed with.
    """
    if isinstance(error, TokenRequestDeniedError) and error.problem in _OF_A_SIGNATURE:
        from oauth1_catalog.diagnosis.explanation import explain_signed_by

        secret = signs_for.oauth_token_secret if signs_for else None
        explanation = explain_signed_by(signer, request, token_secret=secret, response=response, in_pairs=False)
        error.add_note(f"{explanation.summary} See docs/invalid-signature.md.")
    return error


def refusal(
    response: Response,
    provider: Provider,
    *,
    step: str,
    secrets: tuple[str, ...] = (),
    clock: Callable[[], float] | None = None,
) -> OAuthError:
    """The error for an answer that is not the one that was asked for; the arguments are those of ``read_token``.

    Returns:
        ``AuthorizationDeniedError``, ``TokenRequestDeniedError`` or ``TokenResponseError``, to be raised.
    """
    what = f"{provider.name}: the {step} request"
    problem = read_problem(response, secrets)
    if problem.refused_by_user:
        return AuthorizationDeniedError(
            f"{what} was refused: {problem.code}. The user declined, or the provider did so for them.",
            provider=provider.name,
            step=step,
            problem=problem.code,
        )
    if 300 <= response.status < 400:
        host = host_of(response.header("Location")) or "another address"
        return TokenResponseError(
            description=f"{what} was answered with a redirect ({response.status}) to {excerpt(host)}, and a signed "
            f"request is not sent elsewhere. Look up the {step}_url in the provider's documentation.",
            provider=provider.name,
            step=step,
            status=response.status,
        )
    told = [problem.code] if problem.reported and problem.code else []
    told += [problem.words] if problem.words and problem.words not in told else []
    said = f": {', '.join(told)}".removesuffix(".") if told else ""
    reported = problem.code if problem.reported else None
    if response.status >= 400 or problem.spoken:
        advice = problem.next_step(response, (clock or time.time)())
        return TokenRequestDeniedError(
            description=f"{what} was refused with status {response.status}{said}. {advice}".rstrip(),
            provider=provider.name,
            step=step,
            status=response.status,
            problem=reported,
            excerpt=problem.words,
        )
    return TokenResponseError(
        description=f"{what} was answered with status {response.status} and no token in it"
        f"{said or ', but an empty body'}. Check the {step}_url.",
        provider=provider.name,
        step=step,
        status=response.status,
        problem=reported,
        excerpt=problem.words,
    )


LAST = 253_402_214_400.0
"""The last day that a date can be, in every time zone: 9999-12-31. What ends later ends then."""


def expires_at(provider: Provider, token: Mapping[str, str], issued: float) -> float | None:
    """The end of a token's life, in seconds since the epoch; ``None`` for one that is valid until it is revoked.

    Args:
        provider: which fields of the response contain it, and how long a token lives if there is none.
        token: the token's answer.
        issued: when the token was issued, in seconds since the epoch.

    >>> from oauth1_catalog.catalog.provider import TokenResponseRules
    >>> jira = Provider(name="jira", token_response=TokenResponseRules(expires_in="oauth_expires_in"))
    >>> expires_at(jira, {"oauth_expires_in": "3600"}, issued=1000.0)
    4600.0
    """
    moment = _moment(provider, token, issued)
    return None if moment is None else min(max(moment, 0.0), LAST)


def _moment(provider: Provider, token: Mapping[str, str], issued: float) -> float | None:
    session = provider.session_token
    if session is not None and "session_token" in token:  # it ends before the token does
        moment = _number(token.get(session.expires_at or ""))
        return None if moment is None else moment / (1000 if session.expires_unit == "milliseconds" else 1)
    rules = provider.token_response
    unit = 1000 if rules.expires_unit == "milliseconds" else 1
    life, end = _number(token.get(rules.expires_in or "")), token.get(rules.expires_at or "")
    if life is not None:
        return issued + life / unit
    if (moment := _number(end)) is not None:
        return moment / unit
    if (moment := _date_and_time(end)) is not None:
        return moment
    return None if rules.lifetime is None else _end(provider.name, rules.lifetime, issued)


def _end(name: str, lifetime: Lifetime, issued: float) -> float | None:
    if lifetime.seconds is not None:
        return issued + lifetime.seconds
    if lifetime.until == "midnight":
        zone = time_zone(lifetime.timezone or "UTC")
        if zone is None:
            # The token must not be lost because the time when it expires is unknown.
            warn(f"{name}: {missing_time_zone(lifetime.timezone)}")
            return None
        day = datetime.fromtimestamp(issued, zone) + timedelta(days=1)
        return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return None


def missing_time_zone(name: str | None) -> str:
    """The sentence for a time zone that this machine does not know.

    >>> missing_time_zone("America/New_York")
    'the time zone America/New_York is not known on this machine. Install the database: pip install tzdata.'
    """
    return f"the time zone {name or 'UTC'} is not known on this machine. Install the database: pip install tzdata."


def _number(text: str | None) -> float | None:
    """The number in a field; ``None`` if it is not a number."""
    return float(text) if text and text.isdecimal() and len(text) < 16 else None


def _date_and_time(text: str | None) -> float | None:
    """A moment as ISO 8601 writes it (Keystone, Clever Cloud); in UTC where it names no offset."""
    if not text or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
