"""Real servers in processes of their own, for tests that need an application as it is deployed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def child_process(
    command: Sequence[object], *, seconds: float = 600, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process for a block, which is killed where the block raises: ``with subprocess.Popen(...)`` waits for it there.

    It is killed after so many seconds as well, so that reading its output ends. With ``start_new_session=True``, all
    that it has started is killed with it.
    """
    with subprocess.Popen([str(word) for word in command], text=True, **options) as process:

        def kill() -> None:
            if options.get("start_new_session"):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield process
        except BaseException:
            kill()
            raise
        finally:
            timer.cancel()


@contextmanager
def serving(*arguments: str, folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Run ``python -m arguments...``, which listens where ``{fd}`` in its arguments says; gives the port.

    The socket is open before the server is: no port is taken by others meanwhile, and the first request waits until the
    server has started.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        # uvicorn does not see that it is a TCP socket, and a head and a body that come separately take 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
