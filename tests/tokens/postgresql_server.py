"""Debian's PostgreSQL as tests need it: on a free port, in a folder of its own, to be killed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
INITDB = shutil.which("initdb") or next((str(folder / "initdb") for folder in FOLDERS[::-1]), None)
USER = "nobody"  # the server refuses to run as root


class PostgreSQLServer:
    """A PostgreSQL of the test's own; what was committed survives a kill, as ``fsync`` is on."""

    def __init__(self) -> None:
        assert INITDB, "PostgreSQL is not installed"
        self._bin = Path(INITDB).resolve().parent
        # Not in pytest's own folder, which is closed to others: the server runs as one.
        self._folder = Path(tempfile.mkdtemp(prefix="oauth1-catalog-postgresql-"))
        self._data = self._folder / "data"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
        options = ("--auth=trust", "--username=tests", "--encoding=UTF8", "--no-sync", "--no-instructions")
        self._run("initdb", "--pgdata", str(self._data), *options)

    @property
    def url(self) -> str:
        """Where it listens, for SQLAlchemy; psycopg serves sync and async engines."""
        return f"postgresql+psycopg://tests@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers; after a kill it recovers first."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", str(self._data), "--wait", "--log", log, "--options", options, "start")

    def kill(self) -> None:
        """``kill -9`` the server and its workers, as a machine does that loses power."""
        parent = int((self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
        for process in (parent, *map(int, children)):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop it, and remove what it kept."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "--pgdata", str(self._data), "--wait", "--mode=immediate", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        options: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(USER)
            options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        # The output goes to a file: the server would keep a pipe open.
        with (self._folder / "output").open("a+b") as output:
            done = subprocess.run(
                [str(self._bin / program), *arguments], cwd="/", stdout=output, stderr=output, check=False, **options
            )
            output.seek(0)
            assert done.returncode == 0, output.read().decode()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
