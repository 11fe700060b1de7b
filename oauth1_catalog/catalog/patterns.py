"""The patterns of provider files: regular expressions for values, wildcards for hosts, paths of claims.

Python's ``re`` backtracks: ``(a+)+b`` takes years for 50 letters. A file and a tenant's value both come from outside,
so patterns run in the engine of pydantic, Rust's ``regex``, whose time grows only with the value. It has no look-around
and no back references; otherwise its syntax is Python's. ``(a{1000}){1000}`` is short, but needs much memory, so its
size is limited here.

A wildcard in ``api_hosts``, such as ``*.example.org``, widens where a user's token may go, so it is narrow in each
respect: it matches one label, as in a certificate (RFC 9525, section 6.3), for https on the usual port, and only for
signed calls. PLAINTEXT, a bearer token and a key in a header reveal the secret itself to the server that responds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from oauth1_catalog.errors import needs

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

MAX_LENGTH = 255
"""The longest pattern, in characters."""

MAX_STATES = 250
"""How many characters a pattern may match, with each repetition counted; a value has at most 255."""

_TOKEN = (
    r"(?s)(?P<property>\\[pP])|(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\()|(?P<close>\))"
    r"|\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\}|(?P<repeat>[*+?|])|."
)
# How many characters an escape counts as: Unicode has many letters and digits.
_WEIGHTS = {"w": 50, "W": 50, "d": 10, "D": 10, "s": 5, "S": 5, "b": 50, "B": 50}
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_WILDCARD = rf"(?i)\*(\.{_LABEL}){{2,}}"
_FIRST_LABEL = rf"(?i){_LABEL}\."


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot be used; ``None`` if it can.

    >>> pattern_problem("[a-z]+(-[a-z]+)*")
    >>> pattern_problem("(?=a)b")
    'look-around, including look-ahead and look-behind, is not supported'
    >>> pattern_problem("(a{100}){100}")
    'it matches more than 250 characters'
    """
    from pydantic_core import SchemaError

    if len(pattern) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH} characters"
    if _states(pattern) > MAX_STATES:
        return f"it matches more than {MAX_STATES} characters"
    try:
        _compiled(pattern)
        _whole(pattern)
    except SchemaError as error:
        last = str(error).strip().rpartition("\n")[2]
        return last.removeprefix("error: ") or "it cannot be read"
    return None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches a pattern that ``pattern_problem`` accepts.

    >>> matches("[a-z]+", "acme"), matches("[a-z]+", "acme!")
    (True, False)
    """
    from pydantic_core import ValidationError

    try:
        _whole(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=256)
def _whole(pattern: str) -> SchemaValidator:
    return _compiled(rf"\A(?:{pattern})\z")


def _compiled(pattern: str) -> SchemaValidator:
    # Most providers have no patterns, and their applications start without pydantic.
    from pydantic_core import SchemaValidator, core_schema

    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _states(pattern: str) -> int:
    """About how many characters a pattern matches, with each numbered repetition counted."""
    groups = [[0, 0]]  # of each open group: the sum of its parts, and the last part
    for token in re.finditer(_TOKEN, pattern):
        here = groups[-1]
        if token["open"]:
            groups.append([0, 0])
        elif token["close"] and len(groups) > 1:
            size = sum(groups.pop())
            groups[-1] = [sum(groups[-1]), size]
        elif token["least"]:
            here[1] *= max(int(token["least"][:6]), int((token["most"] or "1")[:6]), 1)
        elif token["repeat"]:
            continue
        else:
            letter = token["escape"][1] if token["escape"] else ""
            inside = re.findall(r"\\(.)", token["set"] or "", re.DOTALL)
            heavy = MAX_STATES + 1 if token["property"] or {"p", "P"} & set(inside) else 1
            weight = max(heavy, _WEIGHTS.get(letter, 1), *(_WEIGHTS.get(one, 1) for one in inside), 1)
            groups[-1] = [sum(here), weight]
    return sum(sum(group) for group in groups)


def is_wildcard(host: str) -> bool:
    """Whether an entry of ``api_hosts`` contains a wildcard, valid or not."""
    return "*" in host


def wildcard_fault(host: str) -> str | None:
    """Why a wildcard is not valid; ``None`` if it is.

    >>> wildcard_fault("*.wikipedia.org")
    >>> wildcard_fault("en.*.org"), wildcard_fault("*.{shop}.example.org"), wildcard_fault("*.org")
    ('`*` must be the whole first label', 'it contains a variable', 'no domain follows `*`')
    """
    if "{" in host:
        return "it contains a variable"
    if not host.startswith("*.") or host.count("*") > 1:
        return "`*` must be the whole first label"
    if host.count(".") < 2:
        return "no domain follows `*`"
    return None if re.fullmatch(_WILDCARD, host) else "it is not a host name"


def matches_host(wildcard: str, host: str) -> bool:
    """Whether a wildcard matches a host.

    >>> matches_host("*.wikipedia.org", "en.wikipedia.org"), matches_host("*.wikipedia.org", "EN.Wikipedia.org")
    (True, True)
    >>> matches_host("*.wikipedia.org", "wikipedia.org"), matches_host("*.wikipedia.org", "a.b.wikipedia.org")
    (False, False)
    """
    if wildcard_fault(wildcard):
        return False
    first = re.match(_FIRST_LABEL, host)
    return first is not None and host[first.end() :].lower() == wildcard[2:].lower()


def path_problem(source: str, *, xml: bool = False) -> str | None:
    """Why a claim's path is not valid; ``None`` if it is.

    Args:
        source: the value of the claim in ``userinfo_claims``.
        xml: whether the profile is an XML document, with ElementTree's paths; otherwise JSONPath (RFC 9535).

    >>> path_problem("$.data[0].id"), path_problem("https://example.com/{id}"), path_problem("user/@id", xml=True)
    (None, None, None)
    >>> path_problem("id")
    'it does not begin with `$` and has no {field}'
    """
    if re.search(r"\{\w+\}", source) and (xml or not source.startswith("$")):
        return None
    if xml:
        return _xml_problem(source)
    if source.startswith("$"):
        return _jsonpath_problem(source)
    return "it does not begin with `$` and has no {field}"


@lru_cache(maxsize=4096)
def _jsonpath_problem(path: str) -> str | None:
    # Nearly every path is a chain of names, and the parser is slow.
    if re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*)+", path):
        return None
    with needs("To check a JSONPath", "cli", "flask", "django", "starlette"):
        import jsonpath_rfc9535

    try:
        jsonpath_rfc9535.compile(path)
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as error:
        return str(error).partition("\n")[0] or "it cannot be read"
    # The provider decides the size of a profile: each `..` multiplies the work, and a function contains an expression.
    costly = ".." in path or "match(" in path or "search(" in path
    return "it searches with `..`, match() or search(); name the field" if costly else None


def _xml_problem(path: str) -> str | None:
    from xml.etree import ElementTree as ET

    element, _, attribute = path.partition("/@") if "/@" in path else (path, "", "x")
    if path.count("//") > 1:
        return "it searches with `//` more than once"
    try:
        ET.Element("root").find(element)
    except (SyntaxError, KeyError, ValueError) as error:
        return str(error) or "it cannot be read"
    except (TypeError, IndexError, AttributeError, StopIteration, RecursionError):  # bugs of ElementTree
        return "it cannot be read"
    return None if re.fullmatch(r"[\w:.-]+", attribute) else "the part after /@ is not an attribute name"
