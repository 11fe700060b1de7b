"""Real servers in processes of their own, for tests that need an application as it is deployed."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def serving(*arguments: str, folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Run ``python -m arguments...``, which listens where ``{fd}`` in its arguments says; gives the port.

    The socket is open before the server is: no port is taken by others meanwhile, and the first request waits until the
    server has started.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        port: int = listening.getsockname()[1]
        descriptor = listening.fileno()
        command = [sys.executable, "-m", *(argument.format(fd=descriptor) for argument in arguments)]
        path = f"{folder}:{ROOT}"
        process = subprocess.Popen(command, cwd=folder, env={**environment, "PYTHONPATH": path}, pass_fds=[descriptor])
    try:
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()  # where it hangs, which is what a test may be about
