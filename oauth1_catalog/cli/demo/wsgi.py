"""Serve a WSGI application on loopback, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from oauth1_catalog.cli.loopback import listen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _Quiet(WSGIRequestHandler):
    """Logs no requests, because the target can contain a verifier."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def serve_wsgi(application: WSGIApplication, port: int) -> Iterator[str]:
    """Serve ``application`` while the context is active; yields its origin.

    Raises:
        OSError: the port is in use.
    """
    # Werkzeug would print its own message and exit if the port is in use.
    with listen(port) as listening:
        server = make_server(
            "127.0.0.1", port, application, threaded=True, request_handler=_Quiet, fd=listening.fileno()
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
