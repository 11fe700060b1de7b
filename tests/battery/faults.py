"""The faults of a network and of a server: each is a place to connect to, and what answers there.

``scene.py`` has the servers. Most answers are written as bytes, because a server that keeps to HTTP cannot make them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.clients.conftest import Arrived, Dripping, ResetError, response

MEBI = 1024**2
SECRET = "canary-"
"""How each secret begins: those of the client, and those that the server sends."""

SERVERS_TOKEN = f"oauth_token={SECRET}issued&oauth_token_secret={SECRET}issued-secret&oauth_callback_confirmed=true"
BEARER = f'{{"token_type":"bearer","access_token":"{SECRET}bearer","refresh_token":"{SECRET}refresh"}}'
PROFILE = '{"id":"7","name":"Ada"}'

Answer = Callable[[Arrived], "bytes | Iterator[bytes] | None"]


def good(arrived: Arrived) -> str:
    """The body that ends the step well whose request has arrived."""
    bodies = {"/exchange": BEARER, "/me": PROFILE, "/api/things": "{}", "/revoke": "revoked"}
    return bodies.get(arrived.target.partition("?")[0], SERVERS_TOKEN)


@dataclass(frozen=True)
class Fault:
    """A fault, and how it is met."""

    name: str
    answer: Callable[[str], Answer] = field(repr=False)
    """Makes what answers, for the URL of a stranger: one that drips has a state."""
    place: str = "server"
    """Where the client is sent: a key of ``Scene.places``."""
    proxy: str = ""
    """Through which proxy: a key of ``Scene.proxies``."""
    slow: str = ""
    """Which limit of the client has to end it: ``read``, ``connect`` or ``deadline``."""
    is_large: bool = False
    """Whether more comes than may be kept."""


FAULTS: list[Fault] = []


def _add(name: str, answer: Answer = lambda _: None, **how: Any) -> None:
    FAULTS.append(Fault(name, lambda _: answer, **how))


def pieces(*sent: bytes, ends: type[Exception] = ConnectionAbortedError) -> Answer:
    """Sends ``sent``, and ends the connection."""

    def answer(_: Arrived) -> Iterator[bytes]:
        yield from sent
        raise ends

    return answer


def _add_pieces(name: str, *sent: bytes, **how: Any) -> None:
    _add(name, pieces(*sent, **how))


def _add_dripping(name: str, head: bytes, piece: bytes, pause: float, **how: Any) -> None:
    FAULTS.append(Fault(name, lambda _: Dripping(head, piece, pause), **how))


def _add_answer(
    name: str, body: bytes | str = b"", status: str = "200 OK", *headers: tuple[str, str], **how: Any
) -> None:
    _add(name, lambda _: response(body, status, headers), **how)


HEAD = b"HTTP/1.1 200 OK\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
LONG = HEAD + FORM + b"Content-Length: 1000\r\n\r\n"
CHUNKED = HEAD + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
HALF = SERVERS_TOKEN.encode()[:60]

# No connection, or one that ends.
_add("connection refused", place="closed port")
_add("unknown host name", place="unknown host")
_add_pieces("reset before the answer", ends=ResetError)
_add("closed before the answer")
_add_pieces("reset inside the headers", HEAD + b"X-Part: ", ends=ResetError)
_add_pieces("closed inside the headers", HEAD + b"X-Part: ")
_add_pieces("reset inside the body", LONG + HALF, ends=ResetError)
_add_pieces("closed inside the body", LONG + HALF)
_add_pieces("closed inside a body without a length", HEAD + FORM + b"\r\n" + HALF)
_add_pieces("closed inside a chunk", CHUNKED + b"ff\r\n" + HALF)

# Silent, and slow.
_add_dripping("silent", b"", b"", 0.05, slow="read")
_add_dripping("silent after the headers", LONG, b"", 0.05, slow="read")
_add_dripping("silent inside the body", LONG + HALF, b"", 0.05, slow="read")
_add_dripping("status line, a byte at a time", b"HTTP/1.1 200 ", b"O", 0.05, slow="deadline")
_add_dripping("headers, a byte at a time", HEAD, b"X", 0.05, slow="deadline")
_add_dripping("body, a byte at a time", LONG, b"x", 0.05, slow="deadline")
_add_dripping("chunks, a byte at a time", CHUNKED, b"1\r\nx\r\n", 0.05, slow="deadline")
_add_dripping("100 Continue without end, slowly", b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, slow="deadline")

# Without end.
_add_dripping("body without end", HEAD + FORM + b"\r\n", b"x" * 4096, 0, is_large=True)
_add_dripping("chunks without end", CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n", 0, is_large=True)
_add_dripping("headers without end", HEAD, b"X-Padding: " + b"x" * 1000 + b"\r\n", 0, is_large=True)
_add_dripping("one header without end", HEAD + b"X-Padding: ", b"x" * 4096, 0, is_large=True)
_add_dripping("status line without end", b"HTTP/1.1 200 ", b"x" * 4096, 0, is_large=True)
_add_dripping("100 Continue without end", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40, 0, is_large=True, slow="deadline")
_add_dripping(
    "103 Early Hints without end",
    b"",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20,
    0,
    is_large=True,
    slow="deadline",
)
_add_dripping("trailers, one at a time", CHUNKED + b"0\r\n", b"X-A: b\r\n", 0.05, slow="deadline")
_add_dripping("length of a chunk without end", CHUNKED, b"0" * 4096, 0, is_large=True)
_add_answer("longer than the bound", b"x" * 2 * MEBI, is_large=True)


# Compressed: fifty mebibytes of zeros each. Neither library reads the last two without another package.
@cache
def _bomb(*codings: str) -> bytes:
    """A bomb of these codings, the outermost one last; it is made piece by piece."""
    pieces: Iterable[bytes] = (bytes(MEBI) for _ in range(50))
    for coding in codings:
        pieces = _compressed(pieces, zlib.compressobj(wbits=zlib.MAX_WBITS | (16 if coding == "gzip" else 0)))
    return b"".join(pieces)


def _compressed(pieces: Iterable[bytes], compressor: Any) -> Iterator[bytes]:
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


def _add_bomb(name: str, *codings: str) -> None:
    headers = (("Content-Encoding", ", ".join(codings)),)
    _add(name, lambda _: response(_bomb(*codings), headers=headers), is_large=True)


_add_bomb("gzip bomb", "gzip")
_add_bomb("gzip bomb inside gzip", "gzip", "gzip")
_add_bomb("deflate bomb", "deflate")
BROTLI_BOMB = bytes.fromhex(
    "cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffcfffff0f001200715800baf71f"
)


def _zstd_bomb() -> bytes:
    """Blocks of a repeated byte (RFC 8878, section 3.1.1.2)."""
    blocks = [((131072 << 3) | (1 << 1) | (number == 399)).to_bytes(3, "little") + b"\0" for number in range(400)]
    return bytes.fromhex("28b52ffd0038") + b"".join(blocks)


ZSTD_BOMB = _zstd_bomb()
_add_answer("brotli bomb", BROTLI_BOMB, "200 OK", ("Content-Encoding", "br"), is_large=True)
_add_answer("zstd bomb", ZSTD_BOMB, "200 OK", ("Content-Encoding", "zstd"), is_large=True)
_add_answer("broken gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 90, "200 OK", ("Content-Encoding", "gzip"))
_add_answer("gzip only by name", SERVERS_TOKEN, "200 OK", ("Content-Encoding", "gzip"))
_add_answer("hundred codings", b"x", "200 OK", ("Content-Encoding", ", ".join(["gzip"] * 100)))

# Wrong lengths, and what is not HTTP.
_add_pieces("length too large", HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + HALF)
_add_pieces("length below 0", HEAD + b"Content-Length: -5\r\n\r\n" + HALF)
_add_pieces("length that is not a number", HEAD + b"Content-Length: many\r\n\r\n" + HALF)
_add_pieces("two lengths", HEAD + b"Content-Length: 5\r\nContent-Length: 60\r\n\r\n" + HALF)
_add_pieces("chunk without a length", CHUNKED + b"many\r\n" + HALF)
_add_pieces("not HTTP", b"SSH-2.0-OpenSSH_9.2p1\r\n")
_add_pieces("status of four digits", b"HTTP/1.1 9999 Odd\r\n\r\n")
_add_pieces("header that cannot be read", HEAD + b"\x00\x01\x02\r\nContent-Length: 0\r\n\r\n")
_add_pieces(
    "another protocol (101)", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + HALF
)

# Answers that are whole, and nothing that the step can use.
HTML = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action=/login></form></body></html>"
_add_answer("empty")
_add_answer("no content (204)", b"", "204 No Content")
_add_answer("HTML", HTML, "200 OK", ("Content-Type", "text/html"))
_add_answer(
    "broken UTF-8",
    b"oauth_token=\xff\xfe\x80&oauth_token_secret=\xc3(",
    "200 OK",
    ("Content-Type", "text/plain; charset=utf-8"),
)
_add_answer("unknown charset", b"\xff\x00x", "200 OK", ("Content-Type", "application/json; charset=none-such"))
_add_answer("NUL bytes", b"\0" * 500)
_add_answer(
    "JSON of another kind", f'[{{"oauth_token":"{SECRET}issued"}}]', "200 OK", ("Content-Type", "application/json")
)
_add_answer("JSON, nested deeply", b"[" * 10_000, "200 OK", ("Content-Type", "application/json"))
_add_answer("number of 10,000 digits", b'{"id":' + b"9" * 10_000 + b"}", "200 OK", ("Content-Type", "application/json"))
_add_answer(
    "huge token values", f"oauth_token={SECRET}{'x' * 12_000}&oauth_token_secret=s&oauth_callback_confirmed=true"
)
_add_answer(
    "token that no header can hold", f"oauth_token={SECRET}%0D%0Ab&oauth_token_secret=s&oauth_callback_confirmed=true"
)
_add_answer("token, given twice", f"{SERVERS_TOKEN}&oauth_token={SECRET}other")
_add("wrong content type", lambda arrived: response(good(arrived), "200 OK", (("Content-Type", "image/png"),)))


# Redirects.
def _add_redirect(name: str, scheme: str) -> None:
    def answers(stranger: str) -> Answer:
        return lambda _: response(b"", "302 Found", (("Location", stranger.replace("https:", scheme)),))

    FAULTS.append(Fault(name, answers))


_add_redirect("redirect to a stranger", "https:")
_add_answer("redirect to file:", b"", "302 Found", ("Location", "file:///etc/passwd"))
_add("redirect to itself", lambda arrived: response(b"", "302 Found", (("Location", arrived.target),)))
_add_redirect("redirect to http:", "http:")
_add_answer("redirect to no address", b"", "302 Found", ("Location", "https://[::1"))
_add_answer("redirect without an address", b"", "302 Found")


# Refusals; the server repeats what it was sent.
def _echo(status: str, *headers: tuple[str, str]) -> Answer:
    return lambda arrived: response(
        f"{status}: {arrived.header('Authorization')} {arrived.body.decode()}", status, headers
    )


_add("400", _echo("400 Bad Request"))
_add("401", _echo("401 Unauthorized", ("WWW-Authenticate", 'OAuth realm="x", oauth_problem="token_expired"')))
_add("403", _echo("403 Forbidden"))
_add("404", _echo("404 Not Found"))
_add("429 with Retry-After", _echo("429 Too Many Requests", ("Retry-After", "7")))
_add("429, to wait for ever", _echo("429 Too Many Requests", ("Retry-After", "9" * 400)))
_add("500", _echo("500 Internal Server Error"))
_add_answer("502", HTML, "502 Bad Gateway", ("Content-Type", "text/html"))
_add("503 with Retry-After", _echo("503 Service Unavailable", ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")))
_add_answer("error longer than the bound", b"x" * 2 * MEBI, "500 Internal Server Error", is_large=True)

# TLS.
_add("certificate of another host", place="another host")
_add("expired certificate", place="expired")
_add("certificate of an unknown authority", place="untrusted")
_add("no TLS", place="plain")
_add("closed in the handshake", place="closing")
_add("reset in the handshake", place="resetting")
_add("silent in the handshake", place="silent", slow="connect")

# A proxy with credentials.
_add("proxy: connection refused", proxy="refusing")
_add("proxy: unknown host name", proxy="unknown host")
_add("proxy: closes", proxy="closing")
_add("proxy: silent", proxy="silent", slow="connect")
_add("proxy: asks for a login (407)", proxy="407")
_add("proxy: forbids (403)", proxy="403")
_add("proxy: bad gateway (502)", proxy="502")
_add("proxy: not HTTP", proxy="garbage")
_add("proxy: headers, a byte at a time", proxy="dripping", slow="deadline")
_add("proxy: closes the tunnel", proxy="tunnel that closes")

BY_NAME = {fault.name: fault for fault in FAULTS}
assert len(BY_NAME) == len(FAULTS)
