"""The report of an explanation: for people as text, for programs as JSON. Secrets are masked in both."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oauth1_catalog.diagnosis.signing import Parameter, Signing, encode
from oauth1_catalog.redaction import MASK, is_secret_name, one_line, shown_url

if TYPE_CHECKING:
    from oauth1_catalog.diagnosis.explanation import Cause, Explanation

_SHOWN = frozenset(f"oauth_{name}" for name in ("body_hash", "signature_method", "token"))
"""Parameters that are shown although they are named like a secret, because nobody can sign with them alone."""


_MARK = "HiddenSecretOfOneParameter"
"""Stands for a secret while it is encoded: no encoding changes letters."""


def summary(explanation: Explanation) -> str:
    """The result in a few sentences."""
    if explanation.verdict == "unsigned":
        return "The request has no signature."
    said = [_of_client(explanation), *_of_server(explanation)]
    return " ".join(filter(None, said))


def _of_client(explanation: Explanation) -> str:
    ours = [cause for cause in explanation.causes if cause.side == "client"]
    if explanation.verdict == "right":
        return "The signature is right for these secrets."
    if explanation.verdict == "unknown":
        return "The signature is not checked, because its key is not known."
    if ours:
        return f"The signature is wrong. {_either(ours)}"
    if not explanation.tried:
        return "The signature is wrong. The request is too long to try the known mistakes: make a shorter one."
    pairs = ", alone or in pairs" if explanation.in_pairs else ""
    return (
        f"The signature is wrong, and none of the known mistakes leads to it{pairs} ({explanation.tried} ways tried). "
        "Most likely it was made with other secrets: compare them with those of the provider, character by character."
    )


def _of_server(explanation: Explanation) -> Iterator[str]:
    theirs = [cause for cause in explanation.causes if cause.side == "server"]
    base_string = explanation.server_base_string
    if theirs:
        yield f"The server expects another signature. {_either(theirs)}"
    elif base_string and base_string == explanation.right.base_string:
        yield "The server builds the same base string" + (
            ", so its secrets are other ones: compare client_secret and the token's secret with those of the provider."
            if explanation.verdict == "right"
            else "."
        )
    elif base_string:
        yield f"The server builds another base string: {_difference(explanation.right.base_string, base_string)}"
    answer = explanation.answer
    if (
        answer is not None
        and (answer.status >= 400 or answer.code)
        and answer.advice
        and not explanation.causes
        and not base_string
    ):
        yield f"The server reports {answer.code or answer.words!r}. {answer.advice}"


def _either(causes: list[Cause]) -> str:
    return " Or: ".join(cause.sentences for cause in causes)


def _difference(ours: str, theirs: str) -> str:
    """Where two base strings differ, with some characters around."""
    place = next((i for i, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other), None)
    if place is None:
        place = min(len(ours), len(theirs))
    start = max(0, place - 20)
    end = place + 20
    return f"at character {place}, the request has {ours[start:end]!r} and the server {theirs[start:end]!r}."


def shown_base_string(signing: Signing) -> str:
    """The base string with masked values of parameters that are named like a secret."""
    masked = tuple(map(_without_secret, signing.parameters))
    if masked == signing.parameters:
        return signing.base_string
    return signing.changed(parameters=masked).base_string.replace(_MARK, MASK)


def _without_secret(parameter: Parameter) -> Parameter:
    """The parameter with a mark instead of its secret. A whole JSON text can be signed as a name."""
    if not is_hidden(parameter.name):
        return parameter
    if parameter.name.lstrip().startswith(("{", "[")):
        return replace(parameter, name=_MARK)
    return replace(parameter, value=_MARK) if parameter.value else parameter


def is_hidden(name: str) -> bool:
    """Whether the value of a parameter with this name is masked."""
    return is_secret_name(name) and name not in _SHOWN


def report(explanation: Explanation) -> str:
    """The whole report as text. What was pasted cannot control the terminal."""
    return "\n".join(map(one_line, _lines(explanation))) + "\n"


def _lines(explanation: Explanation) -> Iterator[str]:
    sent, right = explanation.sent, explanation.right
    yield f"{sent.request.method} {shown_url(sent.request.url)}"
    yield ""
    yield "Parameters that are signed:"
    width = max((len(one.name) for one in right.parameters), default=0)
    for one in sorted(right.parameters, key=lambda one: (encode(one.name), encode(one.value))):
        yield f"  {one.name:<{width}}  {MASK if is_hidden(one.name) else one.value}  ({one.place})"
    if explanation.verdict != "unsigned" and not right.is_plaintext:
        yield ""
        yield "Base string:"
        for part in shown_base_string(right).split("&"):
            yield f"  {part}"
    if explanation.verdict != "unsigned":
        yield ""
        yield f"Method: {right.method}"
        if not right.method.startswith("RSA"):
            yield f"Key: {sizes(right)}"
    for fault in explanation.faults:
        yield ""
        yield from textwrap.wrap(fault, 100)
    if explanation.answer is not None:
        yield ""
        said = explanation.answer.words or "nothing"
        yield from textwrap.wrap(f"The server answered {explanation.answer.status}: {said}", 100)
    yield ""
    yield from textwrap.wrap(explanation.summary, 100)


def sizes(signing: Signing) -> str:
    """How long the secrets are.

    >>> sizes(Signing("GET", "https://a.example/", (), "HMAC-SHA1", "secret"))
    'client secret of 6 characters, no token secret'
    """
    secrets = {"client": signing.client_secret, "token": signing.token_secret}
    return ", ".join(
        f"{whose} secret of {len(secret)} characters" if secret else f"no {whose} secret"
        for whose, secret in secrets.items()
    )


def as_data(explanation: Explanation) -> dict[str, Any]:  # JSON values
    """The report as JSON values."""
    sent, right, answer = explanation.sent, explanation.right, explanation.answer
    return {
        "request": {"method": sent.request.method, "url": shown_url(sent.request.url)},
        "verdict": explanation.verdict,
        "summary": explanation.summary,
        "parameters": [
            {
                "name": one.name,
                "value": MASK if is_hidden(one.name) else one.value,
                "place": one.place,
            }
            for one in right.parameters
        ],
        "signature_method": right.method,
        "base_string": None if right.is_plaintext else shown_base_string(right),
        "key": None if right.method.startswith("RSA") else sizes(right),
        "causes": [
            {
                "side": cause.side,
                "base_string": cause.base_string or None,
                "mistakes": [
                    {"code": mistake.code, "sentence": mistake.sentence, "advice": mistake.advice}
                    for mistake in cause.mistakes
                ],
            }
            for cause in explanation.causes
        ],
        "faults": list(explanation.faults),
        "answer": None
        if answer is None
        else {"status": answer.status, "problem": answer.code, "words": answer.words, "advice": answer.advice},
        "tried": explanation.tried,
    }
