"""Where the proxy listens: a port of 127.0.0.1, or a Unix socket that only its owner can open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from oauth1_catalog.cli.loopback import listen
from oauth1_catalog.errors import needs
from oauth1_catalog.hosts import DEFAULT_PORTS

with needs("`proxy`", "proxy"):
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

DEFAULT_PORT = 8800

SECONDS_TO_END = 2
"""How long calls have to end when the proxy is stopped."""

SECONDS_FOR_A_HEAD = 10
"""How long the first request of a connection has to arrive, without its body."""


class Connection(H11Protocol):
    """A connection that is closed if the head of its first request does not come.

    Only who has the token can send a second one, because the answer to other requests closes the connection.
    """

    _waiting: asyncio.TimerHandle | None = None
    _end = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Start to wait."""
        super().connection_made(transport)
        self._waiting = asyncio.get_running_loop().call_later(SECONDS_FOR_A_HEAD, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Wait no longer after the blank line at the end of the head."""
        if self._waiting is not None:
            last = self._end + data
            if b"\n\r\n" in last or b"\n\n" in last:
                self._stop_waiting()
            self._end = last[-2:]
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has closed it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


@contextmanager
def tcp_socket(port: int) -> Iterator[socket.socket]:
    """A port of 127.0.0.1; 0 for any free one.

    Raises:
        ClickException: it is in use.
    """
    try:
        listening = listen(port)
    except OSError as error:
        raise click.ClickException(
            f"port {port}: {os.strerror(error.errno or 0)}. Choose another one with --port; 0 takes any free one."
        ) from error
    with listening:
        yield listening


def authorities_of(port: int) -> set[str]:
    """The values of the Host header for a port of 127.0.0.1.

    ``localhost`` is left out: it can be ``::1``, where another user can listen on the same port, and get the token.

    >>> authorities_of(8800), sorted(authorities_of(80))
    ({'127.0.0.1:8800'}, ['127.0.0.1', '127.0.0.1:80'])
    """
    return {f"127.0.0.1:{port}"} | ({"127.0.0.1"} if port == DEFAULT_PORTS["http"] else set())


@contextmanager
def unix_socket(path: Path) -> Iterator[socket.socket]:
    """A Unix socket of mode 0600, in a directory that only its owner can enter. It is removed at the end.

    Raises:
        UsageError: the directory is open to others, or the path is taken.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise click.UsageError("--socket: this system has no Unix sockets. Leave it out.")
    _check_directory(path.parent)
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # the socket has its mode from the beginning
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise click.UsageError(f"--socket {path}: {error.strerror or error}. Choose another path.") from error
    finally:
        os.umask(before)
    mine = path.stat().st_ino
    try:
        with listening:
            listening.listen(1024)
            yield listening
    finally:
        with contextlib.suppress(OSError):
            if path.stat().st_ino == mine:
                path.unlink()


def _check_directory(folder: Path) -> None:
    try:
        found = folder.resolve().stat()
    except OSError as error:
        raise click.UsageError(f"--socket: the directory {folder}: {error.strerror}. Create it first.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise click.UsageError(f"--socket: {folder} is not a directory.")
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise click.UsageError(
            f"--socket: others can enter the directory {folder}. Use one that belongs only to you: mkdir -m 700 "
            "DIRECTORY."
        )


def _remove_stale(path: Path) -> None:
    """Remove the socket of a proxy that was killed."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise click.UsageError(f"--socket {path} already exists, and is not a socket. Choose another path.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise click.UsageError(f"--socket {path}: another program listens there. Choose another path.")


@contextmanager
def serving(app: Any, listening: socket.socket) -> Iterator[threading.Thread]:
    """Serve an ASGI application in a thread, until the end of the block."""
    for name in ("uvicorn.error", "uvicorn.access"):  # the proxy has its own log
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,  # h11 is strict, and the same everywhere
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="proxy", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        if not server.started:
            raise click.ClickException(
                "the server did not start. Check the certificates and the proxies of the client."
            )
        yield thread
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_END + 3)
