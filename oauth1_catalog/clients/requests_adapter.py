"""What a pool asks of urllib3 beyond what ``requests.adapters.HTTPAdapter`` gives.

- The TLS context is made once (``tls.py``); requests gives urllib3 a file name, which is read for each connection.
- A connection that was idle for too long is not used again, and TCP's keepalive is on.
- Reading an answer can be held to a deadline: a timeout alone bounds each wait, not their sum.

``send`` is not overridden, so that what replaces ``HTTPAdapter.send`` in an application's tests keeps working.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry

from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.log_filter import filter_logs_of
from oauth1_catalog.clients.tls import Certificate, Verify, requests_context
from oauth1_catalog.errors import ConfigurationError

filter_logs_of("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")

_deadline: ContextVar[float | None] = ContextVar("oauth1_catalog_deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[float]:
    """Within this block, an answer is to be read whole within ``seconds``; gives the moment (``time.monotonic``)."""
    moment = time.monotonic() + seconds
    token = _deadline.set(moment)
    try:
        yield moment
    finally:
        _deadline.reset(token)


class PoolAdapter(HTTPAdapter):
    """An adapter whose connections keep to ``limits``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # total=None: only what is counted here is retried, and that is the making of a connection.
        retries = Retry(
            total=None,
            connect=limits.connect_retries,
            read=False,
            redirect=0,
            status=0,
            other=0,
            respect_retry_after_header=False,
        )
        super().__init__(pool_maxsize=limits.max_connections, max_retries=retries)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pools of this adapter, of connections that know their limits."""
        super().init_poolmanager(connections, maxsize, block, socket_options=_keepalive_options(), **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._limits.keepalive)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """The pools of ``proxy``, the same way; an HTTPS proxy is verified as requests would verify it."""
        if proxy not in self.proxy_manager:
            if proxy.lower().startswith("https"):
                proxy_kwargs.setdefault("proxy_ssl_context", requests_context(True, None))
            manager = super().proxy_manager_for(proxy, **proxy_kwargs)
            manager.pool_classes_by_scheme = _pool_classes(self._limits.keepalive)
        return self.proxy_manager[proxy]

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Verify | None,
        proxies: dict[str, str] | None = None,
        cert: Certificate | None = None,
    ) -> HTTPConnectionPool:
        """As in requests, which would make an InvalidURL of our error about a TLS file."""
        try:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)  # type: ignore[arg-type] # an SSLContext goes through to the method below
        except requests.exceptions.InvalidURL as error:
            if isinstance(error.__context__, ConfigurationError):
                raise error.__context__ from None
            raise

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Verify | None, cert: Certificate | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Which pool serves ``request``: the one of its origin and its TLS context."""
        host, _ = super().build_connection_pool_key_attributes(request, True)
        if host["scheme"] != "https":
            return host, {}
        context = verify if isinstance(verify, ssl.SSLContext) else requests_context(_authorities(verify), cert)
        return host, {"ssl_context": context, "cert_reqs": context.verify_mode}

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Nothing is left to do: the TLS context has it all."""


def _authorities(verify: bool | str | None) -> bool | str:
    return True if verify is None else verify


def _keepalive_options() -> list[tuple[int, int, int]]:
    options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    if hasattr(socket, "TCP_KEEPIDLE"):
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60))
    return options


@lru_cache
def _pool_classes(keepalive: float) -> dict[str, type[HTTPConnectionPool]]:
    class KeptHTTPConnection(_Kept, HTTPConnection):
        keepalive_seconds = keepalive

    class KeptHTTPSConnection(_Kept, HTTPSConnection):
        keepalive_seconds = keepalive

    class KeptHTTPConnectionPool(HTTPConnectionPool):
        ConnectionCls = KeptHTTPConnection

    class KeptHTTPSConnectionPool(HTTPSConnectionPool):
        ConnectionCls = KeptHTTPSConnection

    return {"http": KeptHTTPConnectionPool, "https": KeptHTTPSConnectionPool}


class _Kept(HTTPConnection):
    """A connection that ages, and that reads its answers within the deadline in force."""

    keepalive_seconds: float
    _last_used = float("inf")

    @property
    def is_connected(self) -> bool:
        idle = time.monotonic() - self._last_used
        return idle <= self.keepalive_seconds and super().is_connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3's own override, which mypy cannot follow
        moment = _deadline.get()
        if moment is not None:
            self.response_class = partial(_response_until, moment)  # type: ignore[assignment] # called, never subclassed
        try:
            return super().getresponse()
        finally:
            self.response_class = http.client.HTTPResponse
            self._last_used = time.monotonic()


def _response_until(moment: float, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
    """A response that is read from ``sock`` until ``moment`` at the latest."""
    return http.client.HTTPResponse(cast("socket.socket", _Until(sock, moment)), *args, **kwargs)


class _Until:
    """All that ``http.client.HTTPResponse`` asks of a socket."""

    def __init__(self, sock: socket.socket, moment: float) -> None:
        self._sock = sock
        self._moment = moment

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_ReaderUntil(self._sock, self._moment))


class _ReaderUntil(io.RawIOBase):
    def __init__(self, sock: socket.socket, moment: float) -> None:
        self._sock = sock
        self._moment = moment
        self._each = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._moment - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._sock.settimeout(left if self._each is None else min(left, self._each))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
