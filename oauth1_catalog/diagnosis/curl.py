"""Read a curl command: its words, as a shell reads them, and its options. Nothing is run, and no file is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import shown_url
from oauth1_catalog.rfc5849.messages import Request, find_header
from oauth1_catalog.rfc5849.parameters import FORM, add_to_query

_WITH_VALUE = {
    "-X": "method", "--request": "method", "-H": "header", "--header": "header", "-d": "data", "--data": "data",
    "--data-ascii": "data", "--data-raw": "raw", "--data-binary": "binary", "--data-urlencode": "urlencode",
    "--json": "json", "-F": "multipart", "--form": "multipart", "--url": "url", "--url-query": "query",
    "-A": "agent", "--user-agent": "agent", "-e": "referer", "--referer": "referer",
}  # fmt: skip
_IGNORED = """
-o --output -u --user -b --cookie -c --cookie-jar -x --proxy -m --max-time --connect-timeout --cacert --cert -E --key
--resolve -w --write-out --retry --retry-delay --retry-max-time --max-redirs --limit-rate --interface --connect-to
--proxy-user --tls-max --unix-socket --rate --speed-time --speed-limit -y -Y -T --upload-file -D --dump-header --ciphers
-K --config --noproxy
"""
_IGNORED_WITH_VALUE = frozenset(_IGNORED.split())
_SHORT_WITH_VALUE = frozenset("XHdFAeoubcxmEwTDK")


_FLAGS = """
-s -S -L -k -v -i -f -g -N -# -n -O -J -q -Z -a -0 -1 -2 -3 -4 -6 --silent --show-error --location --insecure --verbose
--include --fail --fail-with-body --globoff --no-buffer --compressed --http1.0 --http1.1 --http2 --http3 --ipv4 --ipv6
--location-trusted --netrc --progress-bar --path-as-is --raw --tlsv1.2 --tlsv1.3 --post301 --post302 --post303
--remote-name --ssl --ssl-reqd --tcp-nodelay --tr-encoding --trace-time --basic --digest --anyauth
--retry-connrefused --retry-all-errors
"""
_WITHOUT_VALUE = frozenset(_FLAGS.split())
_PIECE = re.compile(
    r"(?P<gap>\s+)|'(?P<single>[^']*)'|\$'(?P<ansi>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|\\(?P<escaped>.)|(?P<plain>[^\s'\"\\$]+|\$)",
    re.DOTALL,
)
_ANSI = re.compile(
    r"\\(?:x(?P<x>[0-9A-Fa-f]{1,2})|u(?P<u>[0-9A-Fa-f]{1,4})|U(?P<U>[0-9A-Fa-f]{1,8})|(?P<o>[0-7]{1,3})|(?P<c>.))",
    re.DOTALL,
)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}


def words_of(command: str) -> list[str]:
    r"""The words of a command, as bash reads them: quotes, escapes, ``$'...'``. Variables are not replaced.

    Also the quotes of Windows' command prompt, as browsers copy them.

    Raises:
        ConfigurationError: a quotation mark is not closed.

    >>> words_of(r"curl -d $'it\'s\u0021' 'a b'\''c'")
    ['curl', '-d', "it's!", "a b'c"]
    """
    if '^"' in command:
        command = re.sub(r"\^(.)", r"\1", re.sub(r"\^\r?\n", " ", command))
    command = command.replace("\\\r\n", " ").replace("\\\n", " ")
    words: list[str] = []
    pieces: list[str] = []
    inside, place = False, 0
    while place < len(command):
        found = _PIECE.match(command, place)
        if found is None:
            raise unreadable("curl command", "a quotation mark is not closed.")
        place, kind = found.end(), str(found.lastgroup)
        if kind != "gap":
            pieces.append(_read(kind, found[kind]))
            inside = True
        elif inside:
            words.append("".join(pieces))
            pieces, inside = [], False
    return [*words, "".join(pieces)] if inside else words


def _read(kind: str, text: str) -> str:
    if kind == "double":
        return re.sub(r"\\([$`\"\\])", r"\1", text)
    # Escapes are bytes, so that several of them can be one character.
    return as_text(as_bytes(_ANSI.sub(_unescaped, text))) if kind == "ansi" else text


def _unescaped(escape: re.Match[str]) -> str:
    if digits := escape["u"] or escape["U"]:
        return as_text(chr(min(int(digits, 16), 0x10FFFF)).encode("utf-8", "surrogatepass"))
    if escape["x"] or escape["o"]:
        return as_text(bytes([int(escape["x"], 16) if escape["x"] else int(escape["o"], 8) & 0xFF]))
    return _CONTROLS.get(escape["c"], escape["c"])


def as_bytes(text: str) -> bytes:
    r"""The bytes of a text that was pasted. Those that are not UTF-8 are lone surrogates in it.

    >>> as_bytes("a\udcff"), as_bytes("\ud83d")
    (b'a\xff', b'\xed\xa0\xbd')
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, as JSON can escape it
        return text.encode("utf-8", "surrogatepass")


def as_text(content: bytes) -> str:
    """The text of bytes, from which ``as_bytes`` makes them again."""
    return content.decode("utf-8", "surrogateescape")


def read_curl(command: str) -> Request:
    """The request of a curl command.

    Raises:
        ConfigurationError: it cannot be read.
    """
    given = _curl_options(words_of(command)[1:])
    headers: dict[str, str] = {}
    for header in given["header"]:
        name, colon, value = header.partition(":")
        if colon and name.strip():
            headers[name.strip()] = value.strip()
    for option, name in (("agent", "User-Agent"), ("referer", "Referer")):
        if given[option]:
            headers.setdefault(name, given[option][-1])
    if len(given["url"]) != 1:
        raise unreadable("curl command", f"it has {len(given['url']) or 'no'} URLs. Paste one with one URL.")
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
    return request_of(given["method"][-1] if given["method"] else method, url, headers, as_bytes(body))


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
        elif option not in _WITHOUT_VALUE and not option.startswith("--no-"):
            understood = f" Understood so far: {shown_url(given['url'][0])}" if given["url"] else ""
            raise unreadable(
                "curl command",
                f"its option {option!r} is not known here. Leave it out, with its value if it has one.{understood}",
            )
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
        raise unreadable("curl command", f"its body is in the file {value[1:]!r}. Put the body into the command.")
    return _urlencoded(value) if kind == "urlencode" else value


def _urlencoded(value: str) -> str:
    """As curl's ``--data-urlencode`` writes it."""
    name, equals, content = value.partition("=")
    encoded = quote_plus(as_bytes(content if equals else value), safe="~")
    return f"{name}={encoded}" if name and equals else encoded


def _with_query(url: str, pieces: Iterable[str]) -> str:
    joined = "&".join(pieces)
    return add_to_query(url, joined) if joined else url


def request_of(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
    """A request, if its URL can be one.

    Raises:
        ConfigurationError: it cannot.
    """
    try:
        # urlsplit() alone leaves out control characters at the beginning, which are sent.
        is_absolute = bool(re.match("https?://", url, re.IGNORECASE) and urlsplit(url).netloc)
    except ValueError:
        is_absolute = False
    if not is_absolute:
        raise unreadable("request", f"its URL is {shown_url(url)!r}. Write a URL that begins with https:// or http://.")
    return Request(method.upper(), url, dict(headers), body or None)


def unreadable(kind: str, cause: str) -> ConfigurationError:
    """The error for what was pasted."""
    return ConfigurationError("unreadable_request", f"The {kind} cannot be read: {cause}")
