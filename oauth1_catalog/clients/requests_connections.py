"""The connections of requests to a provider: an adapter that keeps to a client's limits.

It adds this to ``requests.adapters.HTTPAdapter``:

- The TLS context is made once (``transport.py``); requests gives urllib3 a file name, read for each connection.
- A connection is closed when it has been idle for too long, or when there are too many, and TCP's keepalive is on.
- Reading an answer can be held to a deadline.
- Interim answers are passed over, and an answer whose head is cut off or has no valid length is refused.
- Connecting is tried again where it was refused, not where it took too long.

``send`` is not overridden, so that tests of applications can replace ``HTTPAdapter.send``, and the pools are urllib3's
own, which tools such as vcrpy patch.
"""

from __future__ import annotations

import http.client
import io
import math
import queue
import socket
import ssl
import time
import weakref
from collections import OrderedDict, deque
from functools import lru_cache
from threading import Lock
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, port_by_scheme
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError
from urllib3.util.retry import Retry

from oauth1_catalog.clients.failures import filter_logs_of
from oauth1_catalog.clients.limits import DEADLINE, Limits
from oauth1_catalog.clients.requests_exchange import MAX_ORIGINS, bound_answer
from oauth1_catalog.clients.transport import Certificate, Verify, requests_context
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import MaskedList

filter_logs_of("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


class ConnectRetry(Retry):
    """Tries again where a connection was refused: nothing was sent. A timeout has had its time, and ends the call."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        """As in urllib3, with no try left after a timeout."""
        cause = kwargs.get("error")
        cause = cause.original_error if isinstance(cause, ProxyError) else cause
        timed_out = isinstance(cause, ConnectTimeoutError) and not isinstance(cause, NewConnectionError)
        retry = self.new(connect=0) if timed_out else self
        passed_on = MaskedList(args)
        args = ()
        return super(ConnectRetry, retry).increment(*passed_on, **kwargs)


class PoolAdapter(HTTPAdapter):
    """An adapter whose connections keep to ``limits``."""

    __attrs__: list[str] = [*HTTPAdapter.__attrs__, "_limits"]  # noqa: RUF012 - as requests declares it

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # total=None: only what is counted here is retried, and that is the making of a connection.
        retries = ConnectRetry(
            total=None,
            connect=limits.connect_retries,
            read=False,
            redirect=0,
            status=0,
            other=0,
            respect_retry_after_header=False,
        )
        super().__init__(pool_maxsize=1, max_retries=retries)  # a number that the idle connections do not keep to

    def __setstate__(self, state: dict[str, Any]) -> None:
        """After unpickling: no connection is open."""
        self._limits = state["_limits"]
        super().__setstate__(state)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pools of this adapter, with TCP's keepalive."""
        self._idle = IdleConnections(self._limits.keepalive, self._limits.max_connections)
        self._pool_keys: dict[tuple[object, ...], tuple[Any, dict[str, Any]]] = {}
        super().init_poolmanager(connections, maxsize, block, socket_options=_keepalive_options(), **pool_kwargs)

    def close(self) -> None:
        """Close the idle connections, those too whose pool an answer in the application's hands still refers to."""
        super().close()
        self._idle.close()

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """The pools of ``proxy``, the same way; an HTTPS proxy is verified as requests would verify it."""
        if proxy.lower().startswith("https") and proxy not in self.proxy_manager:
            proxy_kwargs.setdefault("proxy_ssl_context", requests_context(True, None))
        return super().proxy_manager_for(proxy, **proxy_kwargs)

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Verify | None,
        proxies: dict[str, str] | None = None,
        cert: Certificate | None = None,
    ) -> HTTPConnectionPool:
        """As in requests, which would make an InvalidURL of our error about a TLS file."""
        try:
            if proxies:
                pool = super().get_connection_with_tls_context(request, verify, proxies, cert)  # type: ignore[arg-type] # an SSLContext goes through to the method below
            else:
                key, context = self._pool_key(request, verify, cert)
                pool = self.poolmanager.connection_from_pool_key(key, context.copy())  # urllib3 takes out of it
        except requests.exceptions.InvalidURL as error:
            if isinstance(error.__context__, ConfigurationError):
                raise error.__context__ from None
            raise
        read_within_deadline(pool)
        self._idle.keep_for(pool)
        return pool

    def _pool_key(
        self, request: requests.PreparedRequest, verify: Verify | None, cert: Certificate | None
    ) -> tuple[Any, dict[str, Any]]:
        """Return urllib3's pool key for this request, cached because computing it takes 10 % of a call."""
        parts = urlsplit(str(request.url))
        cert = tuple(cert) if isinstance(cert, list) else cert
        origin = (parts.scheme, parts.netloc, verify, cert)
        known = self._pool_keys.get(origin)
        if known is None:
            if len(self._pool_keys) >= MAX_ORIGINS:
                self._pool_keys.clear()
            try:
                host, options = self.build_connection_pool_key_attributes(request, verify, cert)
            except ConfigurationError:
                raise
            except ValueError as error:  # as requests does it
                raise requests.exceptions.InvalidURL(error, request=request) from error
            port = host["port"] or port_by_scheme.get(host["scheme"], 80)
            context = {**self.poolmanager.connection_pool_kw, **options, **host, "port": port}
            known = self.poolmanager.key_fn_by_scheme[host["scheme"]](context), context
            self._pool_keys[origin] = known
        return known

    def request_url(self, request: requests.PreparedRequest, proxies: dict[str, str] | None) -> str:
        """As in requests, which looks for a proxy although there is none."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """As in requests; an answer that is read at once keeps to its bounds."""
        response: requests.Response = bound_answer(super().build_response(req, resp))
        return response

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Verify | None, cert: Certificate | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Which pool serves ``request``: the one of its origin and its TLS context."""
        host, _ = super().build_connection_pool_key_attributes(request, True)
        if host["scheme"] != "https":
            return host, {}
        if not isinstance(verify, ssl.SSLContext):
            verify = requests_context(True if verify is None else verify, cert)
        return host, {"ssl_context": verify, "cert_reqs": verify.verify_mode}

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Nothing is left to do: the TLS context has it all."""


def _keepalive_options() -> list[tuple[int, int, int]]:
    options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    if hasattr(socket, "TCP_KEEPIDLE"):
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60))
    return options


class IdleConnections:
    """The idle connections of all the pools that were given to ``keep_for``, in the order in which they became idle.

    urllib3 looks at an idle connection when it wants to use it again. The one that was put back last is used first, so
    that after a burst the others would stay, long after the provider has closed its end, and one that finds its pool
    full is closed with a warning. Here a queue stands in for that of the pool (``HTTPConnectionPool.pool``); the pool
    itself stays urllib3's.

    Args:
        keepalive: seconds after which an idle connection is closed: at the next call through any of the pools.
        per_pool: how many idle connections one pool keeps.
    """

    def __init__(self, keepalive: float, per_pool: int) -> None:
        self._keepalive = keepalive
        self._per_pool = per_pool
        self._lock = Lock()
        self._since: OrderedDict[HTTPConnection, tuple[float, IdleQueue]] = OrderedDict()
        self._abandoned: deque[IdleQueue] = deque()

    def __len__(self) -> int:
        return len(self._since)

    def keep_for(self, pool: HTTPConnectionPool) -> None:
        """Keep the idle connections of ``pool`` from now on. It may be given any number of times."""
        if type(pool.pool) is not queue.LifoQueue:  # it is ours already, or closed
            return
        mine = IdleQueue(self)
        weakref.finalize(pool, self.abandon, mine)
        with self._lock:
            if type(pool.pool) is queue.LifoQueue:
                pool.pool = mine

    def put(self, connection: HTTPConnection, owner: IdleQueue) -> None:
        """``connection`` has become idle."""
        with self._lock:
            now = time.monotonic()
            self._since[connection] = now, owner
            owner.idle[connection] = None
            dropped = self._overdue(now)
            if len(owner.idle) > self._per_pool:
                dropped.append(self._dropped(next(iter(owner.idle))))
        _close(dropped)

    def take(self, owner: IdleQueue) -> HTTPConnection | None:
        """The connection of ``owner`` that became idle last; ``None`` if it has none."""
        with self._lock:
            dropped = self._overdue(time.monotonic())
            connection = None
            if owner.idle:
                connection, _ = owner.idle.popitem()
                del self._since[connection]
        _close(dropped)
        return connection

    def close(self) -> None:
        """Close all of them; the pools go on, and make new ones."""
        with self._lock:
            dropped = [self._dropped(connection) for connection in list(self._since)]
        _close(dropped)

    def abandon(self, owner: IdleQueue) -> None:
        """Close what ``owner`` has, whose pool is gone.

        The garbage collector calls this, perhaps while this very thread holds the lock: then the next call closes them.
        """
        self._abandoned.append(owner)
        if self._lock.acquire(blocking=False):
            try:
                dropped = self._overdue(time.monotonic())
            finally:
                self._lock.release()
            _close(dropped)

    def _overdue(self, now: float) -> list[HTTPConnection]:
        """Those that nobody may use any more, taken out; the lock is held."""
        overdue = []
        while self._abandoned:
            overdue += [self._dropped(connection) for connection in list(self._abandoned.popleft().idle)]
        while self._since:
            connection = next(iter(self._since))
            if now - self._since[connection][0] <= self._keepalive:
                break
            overdue.append(self._dropped(connection))
        return overdue

    def _dropped(self, connection: HTTPConnection) -> HTTPConnection:
        _, owner = self._since.pop(connection)
        del owner.idle[connection]
        return connection


def _close(connections: list[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


class IdleQueue(queue.LifoQueue[Any]):
    """What a pool of urllib3 takes for its queue: ``put`` is never refused, ``get`` never waits."""

    def __init__(self, shared: IdleConnections) -> None:
        super().__init__()
        self._shared = shared
        self.idle: OrderedDict[HTTPConnection, None] = OrderedDict()

    def put(self, item: HTTPConnection | None, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002 - urllib3 gives them
        """``item`` is idle now; ``None`` stands for a connection that was given up."""
        if item is not None and not item.is_closed:
            self._shared.put(item, self)

    def get(self, block: bool = True, timeout: float | None = None) -> HTTPConnection | None:  # noqa: ARG002 - urllib3 gives it
        """A connection that is idle no longer; for a caller who would wait, ``None``, of which urllib3 makes a new one.

        Raises:
            queue.Empty: there is none.
        """
        connection = self._shared.take(self)
        if connection is None and not block:
            raise queue.Empty
        return connection

    def qsize(self) -> int:
        """How many connections are idle."""
        return len(self.idle)

    def empty(self) -> bool:
        """Whether no connection is idle."""
        return not self.idle


def read_within_deadline(pool: HTTPConnectionPool) -> None:
    """Let the connections that ``pool`` makes from now on read their answers within the deadline in force."""
    theirs: type = type(pool).ConnectionCls
    is_urllib3s = theirs.__module__.startswith("urllib3.")
    pool.ConnectionCls = _reading_within_deadline(theirs) if is_urllib3s else theirs


def keep_bounds(adapter: BaseAdapter) -> None:
    """Let an application's adapter keep to the deadline in force, and its answers to their bounds."""
    if "send" in vars(adapter) or "build_response" in vars(adapter):
        return
    if not isinstance(adapter, HTTPAdapter):
        sent = adapter.send
        adapter.send = lambda *args, **how: bound_answer(sent(*args, **how))  # type: ignore[method-assign] # its own
        return
    connection, response = adapter.get_connection_with_tls_context, adapter.build_response

    def get_connection_with_tls_context(*args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = connection(*args, **kwargs)
        read_within_deadline(pool)
        return pool

    def build_response(*args: Any, **kwargs: Any) -> Any:
        return bound_answer(response(*args, **kwargs))

    adapter.get_connection_with_tls_context = get_connection_with_tls_context  # type: ignore[method-assign] # its own
    adapter.build_response = build_response  # type: ignore[method-assign] # its own


@lru_cache
def _reading_within_deadline(theirs: type) -> type[Any]:
    return type(theirs.__name__, (_ReadsWithinDeadline, theirs), {})


class _FinalResponse(http.client.HTTPResponse):
    """The answer of a connection, after the interim ones (RFC 9110, section 15.2), such as 103 Early Hints.

    ``http.client`` passes over 100 alone. It takes any other for the answer, and the real one, when it comes, for the
    answer to the next request of this connection, which can be another user's. It also takes the end of the connection
    for the end of the headers, and leaves out a length that it cannot read.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if type(self.fp) is io.BufferedReader:  # else a tool has replaced the socket
            raw, moment = self.fp.detach(), DEADLINE.get()
            self.fp = _Lines(raw if moment == math.inf else _ReaderWithinDeadline(sock, raw, moment))

    def begin(self) -> None:
        """Read the head of the answer.

        Raises:
            http.client.HTTPException: it is cut off, or its length is not valid.
        """
        super().begin()
        while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self._check_head()
            self.headers = self.msg = None  # type: ignore[assignment] # as before the first one
            super().begin()
        self._check_head()

    def _check_head(self) -> None:
        if isinstance(self.fp, _Lines) and self.fp.last not in {b"\r\n", b"\n"}:
            raise http.client.RemoteDisconnected("the connection was closed inside the headers")
        for length in self.headers.get_all("Content-Length", ()):
            if not all(part.strip().isdecimal() and part.isascii() for part in length.split(",")):
                raise http.client.HTTPException("the Content-Length is not a number")


class _Lines(io.BufferedReader):
    """A reader that remembers the last line: an empty one ends a head."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _ReadsWithinDeadline:
    # Not derived from urllib3's class: under vcrpy that name stands for another one, perhaps while this is imported.
    response_class = _FinalResponse
    """What ``http.client`` reads the answer of a server with, and that of a proxy to CONNECT."""


class _ReaderWithinDeadline(io.RawIOBase):
    """Reads from ``raw``, the file of ``sock``: what is read is there until ``moment``, or an error."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, moment: float) -> None:
        self._sock = sock
        self._moment = moment
        self._each = sock.gettimeout()
        self._raw = raw

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
