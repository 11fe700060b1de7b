"""A pasted curl command: its words are those of a shell, and no message shows what it sends."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from oauth1_catalog.diagnosis.curl import read_curl, words_of
from oauth1_catalog.errors import ConfigurationError
from tests.diagnosis.test_pasted import BASH, COMMANDS
from tests.fuzz.target import Target, check_shown, joined, parts_of

HIDDEN = "hunter2hunter2"


def check(data: bytes) -> None:
    (text,) = parts_of(data, 1)
    check_words(text)
    command = f"curl {text}"
    # After this header nothing else is read: an option that is unknown stands before it.
    for whole in (command, f"curl -H 'Authorization: OAuth oauth_signature={HIDDEN}' -d x={HIDDEN} {text}"):
        try:
            request = read_curl(whole)
        except ConfigurationError as error:
            check_shown(error)
            assert HIDDEN in text or HIDDEN not in str(error)
            continue
        assert request.method == request.method.upper()
        assert request.url.lower().startswith(("http://", "https://"))
        assert request.body is None or request.body


def check_words(text: str) -> None:
    try:
        ours = words_of(text)
    except ConfigurationError as error:
        check_shown(error)
        ours = None
    if not is_plain_shell(text):
        return
    try:
        theirs = shlex.split(text)
    except ValueError:
        theirs = None
    assert ours == theirs, f"a shell reads {theirs}"


def is_plain_shell(text: str) -> bool:
    """Whether ``shlex`` reads a text as bash does: no ``$'...'``, no escape in double quotes that only bash knows."""
    has_dollar = "$'" in text or '$"' in text or "\\$" in text or "\\`" in text
    return not has_dollar and "\\\n" not in text and '^"' not in text and not re.search(r"[^\S \t\r\n]|\\\r", text)


def seeds() -> Iterator[bytes]:
    for command in (*COMMANDS, *BASH):
        yield joined(command.format(url="https://a.example").removeprefix("$ ").removeprefix("curl "))
    yield joined("https://a.example/ --unknown-option x")
    yield joined("-d @file https://a.example/")
    yield joined(f"'ftp://user:{HIDDEN}@a.example/?oauth_token={HIDDEN}'")
    yield joined("https://a.example/ --data-raw $'\\u00e9\\xff\\U0001F600'")
    yield joined('^"https://a.example/1^" ^\n -H ^"X-A: b^"')


TARGET = Target(
    "a pasted curl command; shlex judges its words",
    check,
    seeds,
    (
        "https://a.example/", "-X ", "-H ", "-d ", "--data-urlencode ", "--data-raw ", "--json ", "-F ", "-G ", "-I ",
        "--url ", "--url-query ", "$'", "\\'", "\\x", "\\u", "\\U", "\\ud83d", '"', "'", "\\\n", '^"', "^\n", "--",
        "@", "http://[", "-u ",
    ),
    longest=512,
)  # fmt: skip
