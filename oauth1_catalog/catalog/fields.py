"""The kinds of values in a provider file: text, flags, numbers, dates, names, URLs.

Every scalar arrives as text (``source.py``), so each kind reads its text itself. A URL stays as it is in the file:
pydantic's URL types normalize what they check, and OAuth 1.0 signs the URL. The JSON Schema of a kind describes the
value as an editor reads it from YAML: there ``registered: true`` is a boolean, and a text can look like a number. In
``mode="serialization"``, it describes the value in ``catalog.json``, where each kind has one type.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from oauth1_catalog.catalog.files import NAME
from oauth1_catalog.catalog.patterns import pattern_problem
from oauth1_catalog.catalog.provider import time_zone
from oauth1_catalog.catalog.templates import PLACEHOLDER
from oauth1_catalog.hosts import host_of, is_loopback, read_url
from oauth1_catalog.suggestions import did_you_mean, nearest

_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)


MAX_PLACEHOLDERS = 20
"""The largest number of placeholders in one text."""


def _problem(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """An error with the code of a rule; braces in the message have no meaning."""
    return PydanticCustomError(code, "{message}", {"message": message, "help": hint})


def _read_flag(value: object) -> object:
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    if isinstance(value, bool):
        return value
    raise _problem("P014", f"`{value}` is neither `true` nor `false`", "write true or false")


def _read_whole_number(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,9}", value):
        return int(value)
    raise _problem("P014", f"`{value}` is not a whole number", "write only digits, such as 3600")


def _read_date(value: object) -> object:
    if isinstance(value, dt.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise _problem("P014", f"`{value}` is not a date", "write it as year-month-day, such as 2026-11-25")


def _check_name(value: str) -> str:
    if not NAME.fullmatch(value):
        fixed = re.sub(r"[^a-z0-9]+", "_", value.casefold()).strip("_")
        hint = f"write `{fixed}`" if re.match("[a-z]", fixed) else "begin with a letter"
        raise _problem(
            "P021", f"`{value[:80]}` is not a name: lower-case letters, digits and `_`, a letter first", hint
        )
    return value


def check_template(value: str) -> str:
    """Refuse braces that are not a ``{placeholder}`` (RFC 6570, level 1), and too many placeholders."""
    rest, count = PLACEHOLDER.subn("", value)
    if count > MAX_PLACEHOLDERS:
        raise _problem("P038", f"`{value[:120]}` has more than {MAX_PLACEHOLDERS} placeholders", "write fewer")
    if "{" in rest or "}" in rest:
        raise _problem("P038", f"`{value[:120]}` has a brace outside a placeholder", "write {name}")
    return value


# Nearly every URL is of this form, and then needs no further check.
_PLAIN_URL = re.compile(
    r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,9}[a-z]{2,24}(?:/[A-Za-z0-9._~!$&'()*+,;=:%/-]*)?"
)


INSECURE = "insecure_transport"
"""The field of a file, and the key of the validation's context, that allows ``http://`` addresses."""


def check_url(value: str, *, insecure: bool = False) -> str:
    """Refuse text that cannot be the address of an endpoint (RFC 5849, section 2; RFC 3986).

    Args:
        value: the address.
        insecure: whether the file has ``insecure_transport``.

    >>> check_url("https://api.twitter.com/1.1/")
    'https://api.twitter.com/1.1/'
    """
    if _PLAIN_URL.fullmatch(value):
        return value
    check_template(value)
    plain = PLACEHOLDER.sub(
        "x", PLACEHOLDER.sub("https://variable.example", value, count=1) if value[:1] == "{" else value
    )
    scheme, host = _check_address(plain, shown=value)
    if scheme != "https" and not is_loopback(host) and not (insecure and scheme == "http"):
        raise _problem("P031", f"`{value}` is not https", f"write https://{value.partition('://')[2]}")
    parts = urlsplit(plain)
    if "#" in plain:
        raise _problem("P033", f"`{value}` has a fragment", "delete `#` and the rest, which is never sent")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name.startswith("oauth_"):
            raise _problem("P034", f"`{value}` has the protocol parameter `{name}`", "delete it; signing adds it")
    return value


def check_emulator_url(value: str) -> str:
    """Refuse an address of another machine: a file that looks like a provider's could send each call there.

    >>> check_emulator_url("https://127.0.0.1:8443/twitter/api/")
    'https://127.0.0.1:8443/twitter/api/'
    """
    if not is_loopback(host_of(value)):
        raise _problem("P032", f"`{value[:120]}` is not an address of this machine", "delete `emulated_at`")
    return value


def check_endpoint(value: str, *, insecure: bool = False) -> str:
    """A URL, or a path relative to ``api_base_url``, or the word ``token_response``."""
    if value == "token_response":
        return value
    if "://" in value or value.startswith(("{", "//")):
        return check_url(value, insecure=insecure)
    if re.search(r"[^\x21-\x7e]|[\"<>\\^`|#]", value):
        raise _problem(
            "P032", f"`{value[:120]}` is not a path", "percent-encode the characters that are not allowed in a URL"
        )
    return check_template(value)


def _in_context(check: Callable[..., str]) -> AfterValidator:
    """The check, with ``insecure`` from the validation's context."""

    def checked(value: str, info: ValidationInfo) -> str:
        return check(value, insecure=bool(info.context and info.context.get(INSECURE)))

    return AfterValidator(checked)


def check_link(value: str) -> str:
    """Refuse text that cannot be a link to a page."""
    if _PLAIN_URL.fullmatch(value):
        return value
    scheme, _ = _check_address(value, shown=value)
    if scheme not in {"https", "http"}:
        raise _problem("P032", f"`{value}` is not a link", "begin with https://")
    return value


def _check_address(url: str, *, shown: str) -> tuple[str, str]:
    """Scheme and host of an absolute URL without user information."""
    if not url.isascii():
        raise _problem(
            "P032",
            f"`{shown}` has characters that are not allowed in a URL",
            "percent-encode them; write a host as xn--",
        )
    if re.search(r"[\x00-\x20\x7f\"<>\\^`|]", url):
        raise _problem(
            "P032", f"`{shown[:120]}` has a space or a character that is not allowed in a URL", "percent-encode it"
        )
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise _problem("P031", f"`{shown}` is not an absolute URL", f"write https://{shown.lstrip('/')}")
    try:
        parts = read_url(url)
    except ValueError:
        raise _problem("P032", f"`{shown}` is not a URL", "write https://host/path") from None
    if "@" in parts.netloc:
        raise _problem("P033", "the URL has user information before its host", "delete everything up to `@`")
    if not (host := parts.hostname):
        raise _problem("P032", f"`{shown}` has no host", "write https://host/path")
    if parts.port == 0 or not (_HOST.fullmatch(host) or ":" in host):
        raise _problem("P032", f"`{host}` is not a host", "write it with letters, digits, hyphens and dots")
    return scheme, host


def _check_pattern(value: str) -> str:
    if wrong := pattern_problem(value):
        hint = "write a short one without look-around and back references; see docs/provider-file.md"
        raise _problem("P037", f"`{value[:80]}` is not a usable regular expression: {wrong}", hint)
    return value


def _check_header_name(value: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", value):
        raise _problem("P015", f"`{value[:80]}` is not a header name", "see RFC 9110, section 5.6.2")
    if value.lower() in _NOT_A_FILES:
        raise _problem("P015", f"a provider file cannot set the header `{value}`", "delete it")
    return value


def _check_header_value(value: str) -> str:
    if re.search(r"[^\x20-\x7e]", value):
        raise _problem("P015", "a header's value has a character that is not printable ASCII", "delete it")
    return check_template(value)


def _check_realm(value: str) -> str:
    if re.search(r"[^\x20-\x7e]|[\"\\]", value):
        raise _problem(
            "P015", "a realm contains only printable ASCII without quotes and backslashes (RFC 5849, section 3.5.1)"
        )
    return check_template(value)


def _check_protocol_name(value: str) -> str:
    if not value or re.search(r"[\x00-\x20\x7f{}]", value):
        raise _problem("P015", f"`{value[:80]}` is not a parameter name", "write the name as the provider does")
    return value


def _check_time_zone(value: str) -> str:
    if time_zone(value) is None and time_zone("Etc/UTC") is not None:  # otherwise this machine has no time zones
        near = nearest(value, zoneinfo.available_timezones(), limit=1)
        hint = did_you_mean(near) or "write a name of the IANA database, such as America/New_York"
        raise _problem("P015", f"`{value[:80]}` is not a time zone", hint)
    return value


def _check_positive(value: int) -> int:
    if value < 1:
        raise _problem(
            "P014", f"`{value}` is not a positive number", "write a number of at least 1, or delete the line"
        )
    return value


def _check_one(value: int) -> int:
    if value != 1:
        raise _problem("P017", f"unknown schema version {value}", "write `schema_version: 1`, or update oauth1-catalog")
    return value


_NOT_A_FILES = frozenset(
    {"authorization", "cookie", "host", "proxy-authorization", "content-length", "content-type", "transfer-encoding"}
    | {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"}
)
"""Headers of authentication, of the message's length and of its connection."""

_TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}
_URL_SCHEMA = {
    "type": "string",
    "pattern": r"^(https?://|\{[A-Za-z_])[^\s#]*$",
}

Text = Annotated[str, WithJsonSchema(_TEXT_SCHEMA, mode="validation")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Flag = Annotated[bool, BeforeValidator(_read_flag), WithJsonSchema({"type": "boolean"})]
WholeNumber = Annotated[int, BeforeValidator(_read_whole_number), WithJsonSchema({"type": "integer", "minimum": 0})]
PositiveNumber = Annotated[
    int,
    BeforeValidator(_read_whole_number),
    AfterValidator(_check_positive),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
SchemaVersion = Annotated[
    int, BeforeValidator(_read_whole_number), AfterValidator(_check_one), WithJsonSchema({"const": 1})
]
Date = Annotated[dt.date, BeforeValidator(_read_date), WithJsonSchema({"type": "string", "format": "date"})]
# ISO 8601 with reduced precision: often only the year is known.
Moment = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"},
                {"type": "integer", "minimum": 2007, "maximum": 2100},
            ]
        },
        mode="validation",
    ),
]
Name = Annotated[str, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME.pattern}$"})]
Url = Annotated[str, _in_context(check_url), WithJsonSchema(_URL_SCHEMA)]
EmulatorUrl = Annotated[Url, AfterValidator(check_emulator_url)]
Path = Annotated[str, _in_context(check_endpoint)]
Link = Annotated[str, AfterValidator(check_link), WithJsonSchema({"type": "string", "pattern": r"^https?://[^\s]+$"})]
Template = Annotated[str, AfterValidator(check_template), WithJsonSchema(_TEXT_SCHEMA, mode="validation")]
Pattern = Annotated[str, AfterValidator(_check_pattern), WithJsonSchema({"type": "string", "format": "regex"})]
ParameterName = Annotated[str, AfterValidator(_check_protocol_name)]
HeaderName = Annotated[str, AfterValidator(_check_header_name)]
HeaderValue = Annotated[str, AfterValidator(_check_header_value), WithJsonSchema(_TEXT_SCHEMA, mode="validation")]
Realm = Annotated[str, AfterValidator(_check_realm)]
TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
