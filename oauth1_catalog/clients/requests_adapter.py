"""What a pool asks of urllib3 beyond what ``requests.adapters.HTTPAdapter`` gives.

- The TLS context is made once (``tls.py``); requests gives urllib3 a file name, which is read for each connection.
- A connection that was idle for too long is closed (``requests_connections.py``), and TCP's keepalive is on.
- Reading an answer can be held to a deadline (``requests_connections.py``).
- Connecting is tried again where it was refused, not where it took too long.

``send`` is not overridden, so that what replaces ``HTTPAdapter.send`` in an application's tests keeps working, and
the pools are urllib3's own, which other tools patch.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError
from urllib3.util.retry import Retry

from oauth1_catalog.clients.failures import filter_logs_of
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.requests_answers import bound_answer
from oauth1_catalog.clients.requests_connections import IdleConnections, read_within_deadline
from oauth1_catalog.clients.tls import Certificate, Verify, requests_context
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
    """An adapter whose connections keep to ``limits``.

    Args:
        limits: of the connections.
        idle: keeps the idle connections; one that is shared with other adapters bounds them together.
    """

    __attrs__: list[str] = [*HTTPAdapter.__attrs__, "_limits"]  # noqa: RUF012 - as requests declares it

    def __init__(self, limits: Limits, idle: IdleConnections | None = None) -> None:
        self._limits = limits
        self._idle = IdleConnections(limits.keepalive, limits.max_connections) if idle is None else idle
        self._shares_idle = idle is not None
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
        limits: Limits = state["_limits"]
        self._idle = IdleConnections(limits.keepalive, limits.max_connections)
        super().__setstate__(state)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Make the pools of this adapter, with TCP's keepalive."""
        super().init_poolmanager(connections, maxsize, block, socket_options=_keepalive_options(), **pool_kwargs)

    def close(self) -> None:
        """Close the idle connections, those too whose pool an answer in the application's hands still refers to."""
        super().close()
        if not self._shares_idle:
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
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)  # type: ignore[arg-type] # an SSLContext goes through to the method below
        except requests.exceptions.InvalidURL as error:
            if isinstance(error.__context__, ConfigurationError):
                raise error.__context__ from None
            raise
        read_within_deadline(pool)
        self._idle.keep_for(pool)
        return pool

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
