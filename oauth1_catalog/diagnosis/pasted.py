"""Read a pasted request: a curl command, raw HTTP, an entry of a HAR file.

The text is only read. No command is run, and no file that a curl command names is opened.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.messages import Request, Response, find_header
from oauth1_catalog.rfc5849.parameters import FORM

_REQUEST_LINE = re.compile(r"([A-Za-z]+) (\S+)(?: HTTP/[0-9.]+)?\s*")
_STATUS_LINE = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})\b.*")

_WITH_VALUE = {
    "-X": "method", "--request": "method", "-H": "header", "--header": "header", "-d": "data", "--data": "data",
    "--data-ascii": "data", "--data-raw": "raw", "--data-binary": "binary", "--data-urlencode": "urlencode",
    "--json": "json", "-F": "multipart", "--form": "multipart", "--url": "url", "--url-query": "query",
    "-A": "agent", "--user-agent": "agent", "-e": "referer", "--referer": "referer",
}  # fmt: skip
_IGNORED = """
-o --output -u --user -b --cookie -c --cookie-jar -x --proxy -m --max-time --connect-timeout --cacert --cert -E --key
--resolve -w --write-out --retry -T --upload-file -D --dump-header --ciphers -K --config --noproxy
"""
_IGNORED_WITH_VALUE = frozenset(_IGNORED.split())
_SHORT_WITH_VALUE = frozenset("XHdFAeoubcxmEwTDK")


def read_request(text: str) -> Request:
    """The request of a curl command, of raw HTTP, or of a HAR file's first entry.

    Args:
        text: what was pasted.

    Raises:
        ConfigurationError: it is not one of them, or cannot be read.

    >>> read_request("curl 'https://a.example/?b=1' -H 'Authorization: OAuth oauth_nonce=x' -d c=2")
    Request('POST', 'https://a.example/')
    """
    stripped = text.strip().removeprefix("$ ").lstrip()
    if stripped.startswith("curl"):
        return _from_curl(stripped)
    if stripped.startswith("{"):
        return _from_har(stripped)
    if _REQUEST_LINE.match(stripped):
        return _from_http(text.lstrip())
    raise ConfigurationError(
        "unreadable_request",
        "The text is not a request.",
        advice="Paste a curl command, raw HTTP that begins with a line such as GET https://..., or an entry of a HAR "
        "file.",
    )


def read_response(text: str) -> Response:
    r"""A server's answer: raw HTTP, or only its body, which is read as that of a 401.

    >>> read_response("HTTP/1.1 403 Forbidden\nX-A: b\n\noauth_problem=token_rejected").status
    403
    """
    first, _, rest = text.lstrip().partition("\n")
    status = _STATUS_LINE.fullmatch(first.strip())
    if status is None:
        return Response(401, {}, text.encode("utf-8", "surrogateescape"))
    headers, body = _headers_and_body(rest)
    return Response(int(status[1]), headers, body.encode("utf-8", "surrogateescape"))


def _headers_and_body(text: str) -> tuple[dict[str, str], str]:
    head, _, body = ("\n" + text.replace("\r\n", "\n")).partition("\n\n")
    headers: dict[str, str] = {}
    for line in head.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip():
            headers[name.strip()] = value.strip()
    return headers, body


def _from_http(text: str) -> Request:
    line, _, rest = text.partition("\n")
    found = _REQUEST_LINE.fullmatch(line.strip())
    if found is None:
        raise _unreadable("raw HTTP", f"its first line is {line.strip()[:80]!r}. Write METHOD, a blank and the URL.")
    method, target = found.groups()
    headers, body = _headers_and_body(rest)
    if target.startswith("/"):
        host = find_header(headers, "Host")
        if not host:
            raise _unreadable("raw HTTP", "it has no Host header. Add one, or write the whole URL in the first line.")
        target = f"https://{host}{target}"
    # A form has no line break at its end; an editor adds one.
    if FORM in find_header(headers, "Content-Type"):
        body = body.rstrip("\n")
    return _request(method, target, headers, body.encode("utf-8", "surrogateescape"))


def _from_har(text: str) -> Request:
    try:
        found: Any = json.loads(text)
        if isinstance(found.get("log"), Mapping):
            found = found["log"]["entries"][0]
        found = found.get("request", found)
        headers = {str(one["name"]): str(one["value"]) for one in found["headers"]}
        posted = found.get("postData") or {}
        body = posted.get("text", "")
        if posted.get("encoding") == "base64":
            return _request(found["method"], found["url"], headers, base64.b64decode(body))
        if not body and posted.get("params"):
            body = "&".join(f"{quote(one['name'])}={quote(one.get('value', ''))}" for one in posted["params"])
        return _request(found["method"], found["url"], headers, body.encode("utf-8", "surrogatepass"))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, binascii.Error) as error:
        raise _unreadable(
            "HAR", "an entry has a request with method, url and headers. Export it from the browser's network panel."
        ) from error


def _from_curl(text: str) -> Request:
    try:
        words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as error:
        raise _unreadable("curl command", f"{str(error).lower()}. Check its quotation marks.") from error
    given = _curl_options(words[1:])
    headers: dict[str, str] = {}
    for header in given["header"]:
        name, colon, value = header.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    for option, name in (("agent", "User-Agent"), ("referer", "Referer")):
        if given[option]:
            headers.setdefault(name, given[option][-1])
    if len(given["url"]) != 1:
        raise _unreadable("curl command", f"it has {len(given['url']) or 'no'} URLs. Paste one with one URL.")
    url = given["url"][0] if "://" in given["url"][0] else f"http://{given['url'][0]}"
    pieces = [_data(kind, value) for kind, value in given["body"]]
    if given["query"]:
        url = _with_query(url, map(_urlencoded, given["query"]))
    body = "&".join(pieces)
    if "get" in given["flags"]:
        url, body = _with_query(url, pieces), ""
    method = "GET"
    if "head" in given["flags"]:
        method = "HEAD"
    elif body or given["multipart"]:
        method = "POST"
        kind = FORM if not any(kind == "json" for kind, _ in given["body"]) else "application/json"
        if not find_header(headers, "Content-Type"):
            headers["Content-Type"] = "multipart/form-data" if given["multipart"] else kind
    return _request(given["method"][-1] if given["method"] else method, url, headers, body.encode())


def _curl_options(words: list[str]) -> dict[str, Any]:
    """The options of a curl command, by what they are for."""
    given: dict[str, Any] = {name: [] for name in dict.fromkeys(_WITH_VALUE.values())}
    given |= {"flags": set(), "body": []}
    rest = iter(words)
    for word in rest:
        option, value = word, None
        if word.startswith("--") and "=" in word:
            option, _, value = word.partition("=")
        elif re.match(r"-[A-Za-z].", word):  # -XPOST, -sSd x
            letters = word[1:]
            place = next((i for i, letter in enumerate(letters) if letter in _SHORT_WITH_VALUE), None)
            _flags(letters if place is None else letters[:place], given["flags"])
            if place is None:
                continue
            option, value = f"-{letters[place]}", letters[place + 1 :] or None
        if option in _WITH_VALUE or option in _IGNORED_WITH_VALUE:
            value = next(rest, "") if value is None else value
            name = _WITH_VALUE.get(option, "")
            if name in {"data", "raw", "binary", "urlencode", "json"}:
                given["body"].append((name, value))
            elif name:
                given[name].append(value)
        elif option in {"-G", "--get"}:
            given["flags"].add("get")
        elif option in {"-I", "--head"}:
            given["flags"].add("head")
        elif not option.startswith("-"):
            given["url"].append(option)
    return given


def _flags(letters: str, flags: set[str]) -> None:
    for letter, name in (("G", "get"), ("I", "head")):
        if letter in letters:
            flags.add(name)


def _data(kind: str, value: str) -> str:
    """The body of one option of curl.

    Raises:
        ConfigurationError: it is in a file.
    """
    if kind in {"data", "binary", "json", "urlencode"} and value.startswith("@"):
        raise _unreadable("curl command", f"its body is in the file {value[1:]!r}. Put the body into the command.")
    return _urlencoded(value) if kind == "urlencode" else value


def _urlencoded(value: str) -> str:
    """As curl's ``--data-urlencode`` writes it."""
    name, equals, content = value.partition("=")
    encoded = quote_plus(content if equals else value, safe="~")
    return f"{name}={encoded}" if name and equals else encoded


def _with_query(url: str, pieces: Iterable[str]) -> str:
    joined = "&".join(pieces)
    if not joined:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{joined}"


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
    parts = urlsplit(url)
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise _unreadable("request", f"its URL is {url[:80]!r}. Write a URL that begins with https:// or http://.")
    return Request(method.upper(), url, dict(headers), body or None)


def _unreadable(kind: str, cause: str) -> ConfigurationError:
    return ConfigurationError("unreadable_request", f"The {kind} cannot be read: {cause}")
