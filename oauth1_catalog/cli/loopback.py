"""A socket that listens on a port of 127.0.0.1."""

from __future__ import annotations

import socket


def listen(port: int) -> socket.socket:
    """Listen on a port of this machine; 0 for any free one.

    >>> with listen(0) as listening:
    ...     listening.getsockname()[0]
    '127.0.0.1'

    Raises:
        OSError: it is in use.
    """
    listening = socket.create_server(("127.0.0.1", port), backlog=1024)
    # With the protocol named, asyncio sends each piece at once (TCP_NODELAY). Otherwise an answer takes 40 ms more.
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listening.detach())
