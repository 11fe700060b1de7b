"""What went wrong between us and the provider, in one sentence: the host, the cause, what to do.

requests and httpx2 wrap the same few errors of the operating system and of TLS; the texts are made from those, so that
both transports speak alike. A text never holds more of a URL than its host: a query can hold a signature.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from http.client import BadStatusLine
from socket import gaierror
from typing import Any, TypeVar

from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.diagnosis.problems import without_secret_fields
from oauth1_catalog.errors import ResourceError, SigningError, TransportError
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.redaction import MASK, causes, is_secret_name, was_raised_inside, without_frames
from oauth1_catalog.rfc5849.messages import find_header

FULL_POOL = (
    "all connections of this client were in use and none became free in time, so that nothing was sent. Set "
    "max_connections= higher in client_kwargs (max_token_connections= if this was a login), make fewer calls at once, "
    "or close the answers of stream=True."
)
"""A pool of connections is full: the provider has not been asked, and is not to blame."""

Failure = TypeVar("Failure", bound=BaseException)
_LIBRARIES = {"requests", "urllib3", "httpx2", "httpcore2", "http", "h11"}
_QUERY = r"\?[^\s'\")]+"


def transport_error(url: str, error: BaseException) -> TransportError:
    """The error of ours for ``error``, which an HTTP library raised where ``url`` was asked.

    >>> print(transport_error("https://api.example.com/oauth?x=1", ConnectionRefusedError(111, "Connection refused")))
    provider_unreachable: api.example.com: the connection was refused. Is the address right, and is the provider up?

    Raises:
        ResourceError: the process may not open another socket; the provider was not asked.
    """
    for one in causes(error):
        ResourceError.check(one, f"a connection to {authority_of(url)}")
    return failure(url, _explanation(error))


def note_limits(url: str, error: BaseException) -> None:
    """Note on ``error``, which goes on as its library raised it, that the process is at its limit, where it is.

    >>> error = ConnectionError("Failed to establish a new connection")
    >>> error.__cause__ = OSError(24, "Too many open files")
    >>> note_limits("https://api.example.com/", error)
    >>> error.__notes__
    ['a connection to api.example.com cannot be opened: Too many open files. The process is at its limit: ...']
    """
    try:
        for one in causes(error):
            ResourceError.check(one, f"a connection to {authority_of(url)}")
    except ResourceError as limit:
        error.add_note(limit.description)


def failure(url: str, sentence: str) -> TransportError:
    """The error for a failed exchange with the host of ``url``, for the reason in ``sentence``."""
    return TransportError(description=f"{authority_of(url)}: {sentence}")


def token_answer_too_long(url: str, status: int, headers: Mapping[str, str], limits: Limits) -> TransportError:
    """The error that the answer to a token request is longer than ``token_bytes``. It names the status and the size.

    >>> print(token_answer_too_long("https://api.example.com/", 500, {"Content-Length": "70000"}, Limits()))
    provider_unreachable: api.example.com: the answer with status 500 is longer than 65536 bytes (70000); not read on.
    """
    size = find_header(headers, "Content-Length") or ""
    shown = f" ({int(size)})" if size.isascii() and size.isdigit() and len(size) < 20 else ""
    error = failure(
        url, f"the answer with status {status} is longer than {limits.token_bytes} bytes{shown}; not read on."
    )
    error.status = status
    return error


def answer_too_long(url: str, limits: Limits) -> TransportError:
    """The error that the answer to an API call is longer than ``answer_bytes``."""
    return failure(
        url,
        f"the answer is longer than {limits.answer_bytes} bytes after decompression; not read on. Pass stream=True and "
        "read it piece by piece, or set answer_bytes= in client_kwargs higher, or to None for no bound.",
    )


def answer_too_late(url: str, limits: Limits) -> TransportError:
    """The error that the answer to an API call took longer than ``answer_deadline``."""
    return failure(
        url,
        f"the whole answer was not there after {limits.answer_deadline} seconds. Pass stream=True and read it piece by "
        "piece, or set answer_deadline= in client_kwargs higher, or to None for no bound.",
    )


def unusable_url(error: Exception) -> SigningError:
    """The error that no request can be made for a URL, because of ``error``, which an HTTP library raised.

    >>> print(unusable_url(ValueError("Invalid URL '/x?secret=1': No scheme.")))
    signing_error: Invalid URL '/x?...': No scheme. Give an absolute URL that begins with https:// and the host.
    """
    text = re.sub(_QUERY, "?...", str(error))
    return SigningError(description=f"{text.rstrip('.')}. Give an absolute URL that begins with https:// and the host.")


def without_secrets(error: Failure) -> Failure:
    """``error`` without what a library adds to it: query strings, what came in the place of a status, frames."""
    for one in causes(error):
        if type(one).__module__.partition(".")[0] not in _LIBRARIES and not was_raised_inside(one):
            continue  # an exception that the caller was handling already
        one.args = tuple(_shown(part) if isinstance(part, str) else part for part in one.args)
        if isinstance(getattr(one, "length", None), bytes):  # what came where a chunk's length should be
            one.length = MASK.encode()  # type: ignore[attr-defined] # of urllib3's InvalidChunkLength
        if isinstance(one, BadStatusLine):
            one.line = _shown(one.line)  # type: ignore[attr-defined] # typeshed does not know it
    return without_frames(error)


def _shown(text: str) -> str:
    return without_secret_fields(re.sub(_QUERY, "?...", text))


def _explanation(error: BaseException) -> str:
    chain = list(causes(error))
    names = {type(one).__name__ for one in chain}
    if "ProxyError" in names:
        return "the proxy could not be used. Check proxies= or proxy=, and HTTPS_PROXY in the environment."
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"its certificate could not be verified ({one.verify_message}). If your own authority signed it, "
                "pass verify='/path/to/authorities.pem'; never verify=False outside of a test."
            )
        if isinstance(one, gaierror):
            return "there is no such host. Check the address, and this machine's DNS."
        if isinstance(one, ConnectionRefusedError):
            return "the connection was refused. Is the address right, and is the provider up?"
    handshake_timed_out = any(isinstance(one, TimeoutError) and "handshake" in str(one) for one in chain)
    if handshake_timed_out or names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return "no connection in time. Is the provider up, and may this machine reach it? Set timeout= to wait longer."
    if "PoolTimeout" in names:
        return FULL_POOL
    if names & {"ReadTimeout", "ReadTimeoutError", "WriteTimeout"}:
        return "no answer in time. Try again later, or set timeout= higher."
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "no TLS connection could be made. Does the address speak HTTPS, and with a TLS version of today?"
    if names & {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError", "RemoteProtocolError", "ReadError"}:
        return "the connection was closed before the whole answer was there. Try again later."
    return f"the exchange failed ({type(error).__name__}). The cause is in __cause__."


_NAME = r"[?&]([^?&=]*)="
_LOGGED_QUERY = r"\?[^\s'\"]+"
_HEADER = r"(\(b'([A-Za-z0-9-]{1,100})', )b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"


class SecretQueryFilter(logging.Filter):
    """Removes the query of each URL whose parameter names suggest a secret.

    >>> record = logging.LogRecord("x", 10, "x", 1, "GET %s %d", ("/me?a=1&oauth_signature=hush", 200), None)
    >>> SecretQueryFilter().filter(record), record.getMessage()
    (True, 'GET /me?... 200')
    >>> record = logging.LogRecord("x", 10, "x", 1, "[(b'Set-Cookie', b'a=hush'), (b'A', b'?token=x')]", (), None)
    >>> SecretQueryFilter().filter(record), record.getMessage()
    (True, "[(b'Set-Cookie', b'********'), (b'A', b'?...')]")
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, cut where it must be."""
        if not record.args and isinstance(record.msg, str):
            cut = re.sub(_LOGGED_QUERY, lambda query: _cut(query[0]), re.sub(_HEADER, _masked, record.msg))
            record.msg = without_secret_fields(cut)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _masked(header: re.Match[str]) -> str:
    return f"{header[1]}b'{MASK}'" if is_secret_name(header[2]) else header[0]


def _without_query(argument: object) -> object:
    return argument if isinstance(argument, int | float) else _cut(argument)


def _cut(argument: Any) -> Any:
    text = str(argument)
    return f"{text.partition('?')[0]}?..." if any(map(_is_secret, re.findall(_NAME, text))) else argument


def _is_secret(name: str) -> bool:
    return is_secret_name(name) or "key" in name.lower()


def filter_logs_of(*names: str) -> None:
    """Attach the filter to the loggers of these names; what passes through them otherwise is not changed."""
    for name in names:
        logging.getLogger(name).addFilter(SECRET_QUERIES)


SECRET_QUERIES = SecretQueryFilter()
