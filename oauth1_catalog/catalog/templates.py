"""``{variable}`` in URLs, parameters, headers and realm (RFC 6570, level 1): find it, check its value, fill it in.

Rule: a tenant's value decides where a signed request goes only as far as the file allows. A value is first checked with
the limits of its variable. Then the filled URL is parsed again: scheme, host and port must be those of the file's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, urlsplit

from oauth1_catalog.catalog.data import Data, Step
from oauth1_catalog.catalog.patterns import matches
from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import is_misspelt_address, parse_address, read_url
from oauth1_catalog.suggestions import did_you_mean, nearest

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_VALUE = 255

_HOST_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# A name in a private network (Docker Compose) can contain an underscore.
_NAME_LABEL = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"

Place = Literal["start", "host", "label", "end", "port", "path"]
"""The place of a variable in a URL: ``end`` is the last label of a host, which decides whose domain it is."""

Kind = Literal["url", "host", "path", "header", "realm", "parameter"]
"""The kind of a text in a provider file, on which the checks of a value depend."""

# The beginning that makes a text a whole URL: a relative one has no host that could change.
_BEFORE = {"url": "", "host": "https://", "path": "https://relative.invalid/"}


@lru_cache(maxsize=512)
def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, in order, each once.

    >>> placeholders("https://{account}.example.com/{account}/{kind}")
    ('account', 'kind')
    """
    return tuple(dict.fromkeys(PLACEHOLDER.findall(text)))


@lru_cache(maxsize=512)
def places(url: str) -> Mapping[str, Set[Place]]:
    """The places of each variable in a URL template.

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
            end = host_start + len(host) - len(host.rpartition(".")[2])
            place = "host" if host == match[0] else "end" if match.end() > end else "label"
        found.setdefault(match[1], set()).add(place)
    return found


def kind_of_text(path: tuple[str | int, ...], text: str) -> Kind:
    """The kind of the text at a path of a provider file.

    >>> kind_of_text(("api_hosts", 0), "{shop}.example.com"), kind_of_text(("api_params", "url"), "{shop}")
    ('host', 'parameter')
    >>> kind_of_text(("successor", "params", "url"), "{oauth_token}")
    'parameter'
    >>> kind_of_text(("options", "kind", "sets", "renew", "url"), "https://a.example/{value}")
    'url'
    """
    fields = path[3:] if path[:1] == ("options",) else path[2:] if path[:1] == ("environments",) else path
    field, last = fields[0], fields[-1]
    if field == "api_hosts":
        return "host"
    is_endpoint = field in {"renew", "revoke", "session_token", "successor"} and fields[1:] == ("url",)
    if field in ADDRESSES or field == "userinfo_endpoint" or is_endpoint:
        return "url" if "://" in text or text[:1] == "{" else "path"
    if field in {"headers", "request_token_headers", "user_agent"} or last == "headers":
        return "header"
    return "realm" if fields == ("client_kwargs", "realm") else "parameter"


def places_in(kind: Kind, text: str) -> Mapping[str, Set[Place]]:
    """As ``places``, for a URL or a part of one; other kinds have no places."""
    if kind not in _BEFORE:
        return {}
    return places(_BEFORE[kind] + text)


def fill_at(path: tuple[str | int, ...], text: str, values: Mapping[str, str]) -> str:
    r"""Put values into the text at a path of a provider file, so that none of them leaves its place.

    Every value from outside the file passes through here. The value of a parameter can be any text: it is
    percent-encoded when it is sent.

    Raises:
        ConfigurationError: a value would change the host, leave its path segment, or begin another header.

    >>> fill_at(("userinfo_endpoint",), "users/{user}", {"user": "../admin?x="})
    'users/..%2Fadmin%3Fx%3D'
    >>> fill_at(("headers", "X-Account"), "{account}", {"account": "a\nX: y"})
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: `account` is part of a header: ...
    """
    kind = kind_of_text(path, text)
    if kind in _BEFORE:
        before = _BEFORE[kind]
        return fill_url(before + text, values).removeprefix(before)
    for name in placeholders(text):
        value = values.get(name, "")
        if kind == "header" and re.search(r"[^\x20-\x7e]", value):
            raise ConfigurationError(
                description=f"`{name}` is part of a header: use printable ASCII, not {value[:80]!r}."
            )
        if kind == "realm" and re.search(r"[^\x20-\x7e]|[\"\\]", value):
            raise ConfigurationError(
                description=f"`{name}` is part of a realm: use printable ASCII without quotes and backslashes, not "
                f"{value[:80]!r}."
            )
    return fill(text, values)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in as they are; names without a value stay.

    >>> fill("{account_id}/{client_id}", {"account_id": "1234567_SB1"})
    '1234567_SB1/{client_id}'
    """
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def fill_url(url: str, values: Mapping[str, str]) -> str:
    """Put values into a URL template so that none of them leaves its place.

    Raises:
        ConfigurationError: a value would change the host, or leave its path segment.

    >>> fill_url("https://{account}.example.com/{kind}/", {"account": "acme", "kind": "a/b"})
    'https://acme.example.com/a%2Fb/'
    >>> fill_url("https://{account}.example.com/", {"account": "evil.test/x"})
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: `account` is part of a host name: ...
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
            if "host" in where[name]:
                wrong = check_hostname(value)
            else:
                wrong = "" if re.fullmatch(_HOST_LABEL, value) else f"use letters, digits and hyphens, not {value!r}"
            if wrong:
                part = "the host" if "host" in where[name] else "part of a host name"
                raise ConfigurationError(description=f"`{name}` is {part}: {wrong}.")
            return f"[{value}]" if ":" in value else value
        if value in {".", ".."}:
            raise ConfigurationError(description=f"`{name}` is part of a path, and cannot be {value!r}.")
        try:
            return quote(value, safe="")
        except UnicodeEncodeError:
            raise ConfigurationError(
                description=f"`{name}` has a lone surrogate, which UTF-8 cannot represent: use UTF-8, not {value!r}."
            ) from None

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
    """Refuse a result whose scheme, host and port are not those of the template."""
    if "://" not in filled:
        return
    expected = re.split(r"[/?#]", template, maxsplit=3)
    try:
        parts = read_url(filled)
        if template.startswith("{"):
            expected_netloc = urlsplit(values.get(template[1 : template.index("}")], filled)).netloc
        else:
            bracketed = {name: f"[{value}]" if ":" in value else value for name, value in values.items()}
            expected_netloc = fill(expected[2] if len(expected) > 2 else "", bracketed)
    except ValueError:
        raise ConfigurationError(description=f"{filled!r} is not a URL.") from None
    if parts.netloc.lower() != expected_netloc.lower() or "@" in parts.netloc or not parts.hostname or parts.port == 0:
        raise ConfigurationError(description=f"a value would send requests to {parts.netloc!r}.")


def host_in(url: str) -> str:
    """The host and port of a URL template, in lower case, with its placeholders.

    >>> host_in("https://{shop}.Example.com/a?b")
    '{shop}.example.com'
    """
    return re.split(r"[/?#]", url.partition("://")[2] or url, maxsplit=1)[0].lower()


def check_uri(value: str) -> str | None:
    """Why a value is not of ``format: uri``; ``None`` if it is.

    ``access.Access`` decides whether an application allows its host and its scheme.

    >>> check_uri("https://jira.example.com/jira")
    >>> check_uri("jira.example.com")
    'it does not begin with https:// or http://'
    """
    if re.search(r"[^\x21-\x7e]|[\"<>\\^`|{}]", value):
        return "it has a space or a character that is not allowed in a URL"
    try:
        parts = read_url(value)
    except ValueError:
        return "it is not a URL"
    if parts.scheme not in {"https", "http"}:
        return "it does not begin with https:// or http://"
    if "@" in parts.netloc:
        return "it has user information before its host"
    if "?" in value or "#" in value:
        return "it has a query or a fragment"
    if not parts.hostname or parts.port == 0:
        return "it has no host; write https://host"
    if any(segment in {".", ".."} for segment in re.sub("%2e", ".", parts.path, flags=re.IGNORECASE).split("/")):
        return "its path has `.` or `..`"
    return check_hostname(parts.hostname)


def check_hostname(value: str) -> str | None:
    """Why a value is not a host name or an IP address; ``None`` if it is.

    >>> check_hostname("jira.example.com"), check_hostname("10.0.0.5"), check_hostname("::1")
    (None, None, None)
    >>> check_hostname("0x7f.1")
    'its host is an IP address in an unusual spelling; write four numbers, such as 10.0.0.5'
    """
    if "%" not in value and "[" not in value and parse_address(value):
        return None
    if is_misspelt_address(value):
        return "its host is an IP address in an unusual spelling; write four numbers, such as 10.0.0.5"
    if len(value) > 253 or not all(re.fullmatch(_NAME_LABEL, label) for label in value.split(".")):
        return "it is not a host name"
    return None


TEMPLATED = (
    *sorted(ADDRESSES),
    "api_hosts",
    "request_token_params",
    "request_token_headers",
    "authorize_params",
    "access_token_params",
    "api_params",
    "headers",
    "client_kwargs",
    "renew",
    "revoke",
    "session_token",
    "successor",
    "userinfo_endpoint",
    "userinfo_params",
)
Steps = tuple[Step, ...]


def templates_of(data: dict[str, Data]) -> Iterator[tuple[Steps, str, str, bool]]:
    """Every text that can contain variables: path, text, field, and whether it belongs to an option."""
    for section, is_option in ((data, False), *_overrides(data)):
        prefix, fields = section if isinstance(section, tuple) else ((), section)
        for field in TEMPLATED:
            if field in fields:
                for path, text in texts_in(fields[field], (*prefix, field)):
                    yield path, text, field, is_option
    agent = data.get("user_agent")
    for path, text in texts_in(agent, ("user_agent",)):
        if path[1:] in {(), ("value",)}:
            yield path, text, "headers", False


def _overrides(data: dict[str, Data]) -> Iterator[tuple[tuple[Steps, dict[str, Data]], bool]]:
    for name, environment in _mapping(data.get("environments")).items():
        yield (("environments", name), _mapping(environment)), False
    for name, option in _mapping(data.get("options")).items():
        yield (("options", name, "sets"), _mapping(_mapping(option).get("sets"))), True


def _mapping(data: Data) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}


def texts_in(data: Data, path: Steps) -> Iterator[tuple[Steps, str]]:
    """Every text at or below ``path``."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from texts_in(value, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from texts_in(item, (*path, index))


def constraint_error(
    value: str,
    pattern: str | None,
    enum: tuple[str, ...] | None,
    value_format: str | None,
) -> str | None:
    """Why a variable does not accept a value; ``None`` if it does.

    >>> constraint_error("b", "[0-9]+", None, None)
    'it does not match [0-9]+'
    """
    if len(value) > 255:
        return "it is longer than 255 characters"
    if enum is not None and value not in enum:
        return did_you_mean(nearest(value, enum)) or f"use one of {', '.join(enum)}"
    if pattern is not None and not matches(pattern, value):
        return f"it does not match {pattern}"
    if value_format == "uri":
        return check_uri(value)
    if value_format == "hostname":
        return check_hostname(value)
    return None
