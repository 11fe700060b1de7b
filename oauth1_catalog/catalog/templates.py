"""``{variable}`` in URLs, parameters, headers and realm (RFC 6570, level 1): find, check a value, fill in.

Rule: a tenant's value never decides where a signed request goes beyond what the file leaves open. A value is checked
against the variable's own limits first; after filling in, the URL is parsed again, and scheme, host and port must be
what the file's text says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote, urlsplit

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import is_misspelt_address, parse_address

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_VALUE = 255

_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# A name in a network of one's own (Docker Compose) may have an underscore in it.
_NAME_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")

Place = Literal["start", "host", "label", "port", "path"]


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, in order, each once.

    >>> placeholders("https://{account}.example.com/{account}/{kind}")
    ('account', 'kind')
    """
    return tuple(dict.fromkeys(PLACEHOLDER.findall(text)))


def places(url: str) -> dict[str, set[Place]]:
    """Where in a URL template each variable stands.

    >>> places("https://{account}.example.com/{kind}") == {"account": {"label"}, "kind": {"path"}}
    True
    """
    found: dict[str, set[Place]] = {}
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0] if separator else ""
    host_start = len(scheme) + len(separator)
    for match in PLACEHOLDER.finditer(url):
        place: Place
        if match.start() == 0:
            place = "start"
        elif not separator or match.start() >= host_start + len(authority):
            place = "path"
        elif ":" in url[host_start : match.start()]:
            place = "port"
        else:
            host = re.sub(r":[^:]*$", "", authority)
            place = "host" if host == match[0] else "label"
        found.setdefault(match[1], set()).add(place)
    return found


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in as they are; a name that is not among them stays.

    >>> fill("{account_id}/{client_id}", {"account_id": "1234567_SB1"})
    '1234567_SB1/{client_id}'
    """
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def fill_url(url: str, values: Mapping[str, str]) -> str:
    """Put values into a URL template so that none of them leaves its place.

    Raises:
        ConfigurationError: a value would change the host, or step out of its path segment.

    >>> fill_url("https://{account}.example.com/{kind}/", {"account": "acme", "kind": "a/b"})
    'https://acme.example.com/a%2Fb/'
    >>> fill_url("https://{account}.example.com/", {"account": "evil.test/x"})
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: `account` is part of a host name there: ...
    """
    where = places(url)

    def put(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name)
        if value is None:
            return match[0]
        if match.start() == 0:
            return value.rstrip("/")
        if "path" not in where[name] or match.start() < _path_start(url):
            if "host" not in where[name] and not _HOST_LABEL.fullmatch(value):
                raise ConfigurationError(
                    description=f"`{name}` is part of a host name there: letters, digits and hyphens, not {value!r}."
                )
            return value
        if value in {".", ".."}:
            raise ConfigurationError(description=f"`{name}` is a part of a path there, and cannot be {value!r}.")
        return quote(value, safe="")

    filled = PLACEHOLDER.sub(put, url)
    _check_unmoved(url, filled, values)
    return filled


def _path_start(url: str) -> int:
    start = url.find("://")
    if start < 0:
        return 0
    rest = re.search(r"[/?#]", url[start + 3 :])
    return len(url) if rest is None else start + 3 + rest.start()


def _check_unmoved(template: str, filled: str, values: Mapping[str, str]) -> None:
    """Scheme, host and port of the result are those that the template says."""
    if "://" not in filled:
        return
    expected = re.split(r"[/?#]", template, maxsplit=3)
    try:
        parts = urlsplit(filled)
        if template.startswith("{"):
            expected_netloc = urlsplit(values.get(template[1 : template.index("}")], filled)).netloc
        else:
            expected_netloc = fill(expected[2] if len(expected) > 2 else "", values)
        port = parts.port
    except ValueError:
        raise ConfigurationError(description=f"{filled!r} is not a URL.") from None
    if parts.netloc.lower() != expected_netloc.lower() or "@" in parts.netloc or not parts.hostname or port == 0:
        raise ConfigurationError(description=f"a value would send requests to {parts.netloc!r}.")


def check_uri(value: str) -> str | None:
    """What is wrong with the form of a value of ``format: uri``; ``None`` if nothing is.

    Whether an application allows its host and its scheme, ``hosts.Access`` says.

    >>> check_uri("https://jira.example.com/jira")
    >>> check_uri("jira.example.com")
    'it does not begin with https:// or http://'
    """
    if re.search(r"[^\x21-\x7e]|[\"<>\\^`|{}]", value):
        return "it has a space or a character that no URL has"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is not a URL"
    if parts.scheme not in {"https", "http"}:
        return "it does not begin with https:// or http://"
    if "@" in parts.netloc:
        return "it has user information before its host"
    if "?" in value or "#" in value:
        return "it has a query or a fragment"
    if not host or port == 0:
        return "it has no host; write https://host"
    if any(segment in {".", ".."} for segment in re.sub("%2e", ".", parts.path, flags=re.IGNORECASE).split("/")):
        return "its path has `.` or `..`"
    return check_hostname(host)


def check_hostname(value: str) -> str | None:
    """What is wrong with the form of a host name or an IP address; ``None`` if nothing is.

    >>> check_hostname("jira.example.com"), check_hostname("10.0.0.5"), check_hostname("::1")
    (None, None, None)
    >>> check_hostname("0x7f.1")
    'its host is an IP address in an unusual spelling; write four numbers, such as 10.0.0.5'
    """
    if "%" not in value and "[" not in value and parse_address(value):
        return None
    if is_misspelt_address(value):
        return "its host is an IP address in an unusual spelling; write four numbers, such as 10.0.0.5"
    if len(value) > 253 or not all(_NAME_LABEL.fullmatch(label) for label in value.split(".")):
        return "it is not a host name"
    return None
