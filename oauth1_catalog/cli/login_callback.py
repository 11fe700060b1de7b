"""How a login comes back to ``oauth1-catalog login``: to a server on loopback, or as the text that the user pastes."""

from __future__ import annotations

import contextlib
import html
import os
import queue
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from secrets import compare_digest
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import AuthorizationDeniedError, OAuthError, StateError
from oauth1_catalog.flow.callback import MAX_VALUE, Callback, read_callback
from oauth1_catalog.hosts import authority_of

DEFAULT_PORT = 5849
"""The port of the callback; 5849 is the number of the RFC."""

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
}

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ background: Canvas; color: CanvasText; font: 1.1rem/1.5 system-ui, sans-serif; }}
main {{ max-width: 40rem; margin: 15vh auto 0; padding: 0 1rem; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""

_PASTE_AGAIN = "Paste the whole address that the browser shows after this login."
_BACK = "You can close this page, and go back to the terminal."


class CallbackServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Receives the callback of one login, on loopback. A ``with`` block closes it.

    A thread for each connection, because browsers open some that they do not use.

    Args:
        redirect_uri: the callback, on ``localhost`` or a loopback address; port 0 stands for any free port.

    Attributes:
        redirect_uri: the callback with the port that is used.

    Raises:
        OSError: the port is in use.
    """

    allow_reuse_address: bool = os.name == "posix"  # elsewhere another process could listen on the port, too
    daemon_threads = True

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        if ":" in host:
            self.address_family: int = socket.AF_INET6
        super().__init__((host, 80 if parts.port is None else parts.port), _Handler)
        self.redirect_uri: str = redirect_uri.replace(":0/", f":{self.server_address[1]}/", 1)
        self._authority = authority_of(self.redirect_uri).lower().removesuffix(":80")
        self._path = parts.path or "/"
        self._login: tuple[Provider, str] | None = None
        self._callbacks: queue.Queue[Callback] = queue.Queue()
        self._page = ("The login failed", f"The terminal shows the reason. {_BACK}")
        self._has_page, self._sent, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._is_taken = False
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Each step runs even if Ctrl+C interrupts the one before.
        with contextlib.ExitStack() as steps:
            steps.callback(self.server_close)
            if self._login is not None:
                steps.callback(self._thread.join)
                steps.callback(self.shutdown)
            if isinstance(error, AuthorizationDeniedError):
                steps.callback(self.answer, "Access was denied", "The login ended without a token.")
            elif isinstance(error, OAuthError):
                steps.callback(self.answer, "The login failed", error.description)
            else:
                steps.callback(self.answer, *self._page)

    def wait(self, provider: Provider, oauth_token: str, *, seconds: float) -> Callback | None:
        """Wait for the callback of the login with this request token; ``None`` if it does not come in time."""
        self._login = (provider, oauth_token)
        self._thread.start()
        with contextlib.suppress(queue.Empty):
            return self._callbacks.get(timeout=seconds)
        return None

    def answer(self, title: str, text: str) -> None:
        """Answer the browser, which waits for the result of the login. Only the first answer is sent."""
        if not self._is_taken or self._has_page.is_set():
            return
        self._page = (title, f"{text} {_BACK}" if _BACK not in text else text)
        self._has_page.set()
        self._sent.wait(timeout=5)

    def result_of(self, hosts: list[str], target: str) -> tuple[int, str, str]:
        """The status, the title and the text of the page for a request; waits for the result of the login.

        Args:
            hosts: the values of the Host header. Another name that leads to this machine is not for this login.
            target: the path and the query.
        """
        path, _, query = target.partition("?")
        if [host.lower() for host in hosts] != [self._authority]:
            return 421, "Wrong address", "This address does not belong to the login in the terminal."
        if self._login is None or not compare_digest(path.encode(), self._path.encode()):
            return 404, "Nothing here", "This address does not belong to the login in the terminal."
        provider, oauth_token = self._login
        try:
            callback = read_callback(provider, parse_qsl(query, keep_blank_values=True))
            check_token(callback, oauth_token)
        except OAuthError:
            return 403, "This is another login", "The address does not belong to the login in the terminal."
        with self._lock:
            is_first, self._is_taken = not self._is_taken, True
        if is_first:
            self._callbacks.put(callback)
        self._has_page.wait()
        return 200, *self._page

    def sent(self) -> None:
        """The browser has a page."""
        if self._has_page.is_set():
            self._sent.set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that closes a connection early is not an error of the command."""


class _Handler(BaseHTTPRequestHandler):
    """One request on a connection."""

    server_version = "oauth1-catalog"
    sys_version = ""
    timeout: ClassVar[float | None] = 10
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"
    server: CallbackServer

    def do_GET(self) -> None:
        """Answer with a page."""
        try:
            status, title, text = self.server.result_of(self.headers.get_all("Host") or [], self.path)
            body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode("utf-8", "replace")
            self.send_response(status)
            for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        finally:
            self.server.sent()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Log nothing: these lines contain the verifier."""


def check_token(callback: Callback, oauth_token: str) -> None:
    """Refuse the callback of another login.

    Raises:
        StateError: its request token is another one.
    """
    if not compare_digest(callback.oauth_token.encode(), oauth_token.encode()):
        raise StateError(
            description="This is the callback of another login.",
            advice=_PASTE_AGAIN,
        )


def read_pasted(provider: Provider, text: str, *, oauth_token: str, authorize_url: str) -> Callback:
    """What the user pastes: the PIN that the provider shows, or the address to which it sent the browser.

    >>> read_pasted(Provider(name="x"), "123 4567", oauth_token="t", authorize_url="https://a.example/").oauth_verifier
    '1234567'

    Args:
        provider: describes the callback.
        text: what was pasted.
        oauth_token: the request token of this login.
        authorize_url: the address that the user opened.

    Raises:
        StateError: it is neither of them, or belongs to another login.
        AuthorizationDeniedError: the address reports a denial without a request token.
    """
    rules = provider.callback
    text = "".join(text.split())
    if "?" in text or "://" in text or f"{rules.token_param}=" in text:
        address, mark, query = text.partition("?")
        if address == authorize_url.partition("?")[0]:
            raise StateError(
                description="This is the address to open, not the one to which the provider sends the browser.",
                advice="Allow access there first.",
            )
        query = (query if mark else text).partition("#")[0]
        try:
            callback = read_callback(provider, parse_qsl(query, keep_blank_values=True))
        except StateError as error:
            raise StateError(description=error.cause, advice=_PASTE_AGAIN) from None
        check_token(callback, oauth_token)
        if callback.failure is None and callback.oauth_verifier is None and rules.verifier == "required":
            raise StateError(
                description=f"The address has no {rules.verifier_param}.", advice="Copy all of it, to its end."
            )
        return callback
    if rules.verifier == "none":
        return Callback(oauth_token)
    if not text or len(text) > MAX_VALUE or not text.isprintable():
        raise StateError(
            description="This is neither a PIN nor an address.",
            advice="Copy the PIN that the provider shows, or the address to which it sends the browser.",
        )
    return Callback(oauth_token, text)
