"""Debian's MariaDB as tests need it: on a free port, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SERVER = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
INSTALL = shutil.which("mariadb-install-db")
USER = "nobody"  # the server refuses to run as root


class MariaDBServer:
    """A MariaDB of the test's own.

    Args:
        durable: whether what was committed survives a kill, which is slower.
    """

    def __init__(self, *, durable: bool = False) -> None:
        assert SERVER, "MariaDB is not installed"
        assert INSTALL, "MariaDB is not installed"
        # Not in pytest's own folder, which is closed to others: the server runs as one.
        self._folder = Path(tempfile.mkdtemp(prefix="oauth1-catalog-mariadb-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._options: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
            nobody = pwd.getpwnam(USER)
            self._options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._log = (self._folder / "log").open("wb")
        options = ("--auth-root-authentication-method=normal", "--skip-test-db")
        subprocess.run(
            [INSTALL, "--no-defaults", f"--datadir={self._folder / 'data'}", *options],
            cwd="/", stdout=self._log, stderr=self._log, check=True, **self._options,
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._flush = int(durable)

    @property
    def url(self) -> str:
        """Where it listens, for SQLAlchemy."""
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/tests"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import pymysql

        self._process = subprocess.Popen(
            [
                str(SERVER), "--no-defaults", f"--datadir={self._folder / 'data'}", f"--port={self.port}",
                "--bind-address=127.0.0.1", f"--socket={self._folder / 'socket'}", "--max-connections=200",
                f"--pid-file={self._folder / 'pid'}", f"--innodb-flush-log-at-trx-commit={self._flush}",
            ],
            cwd="/", stdout=self._log, stderr=self._log, **self._options,
        )  # fmt: skip
        for _ in range(600):
            assert self._process.poll() is None, (self._folder / "log").read_text()
            try:
                with pymysql.connect(host="127.0.0.1", port=self.port, user="root") as connection:
                    connection.cursor().execute("CREATE DATABASE IF NOT EXISTS tests CHARACTER SET utf8mb4")
                    return
            except pymysql.err.OperationalError:
                time.sleep(0.1)
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """``kill -9`` the server, as a machine does that loses power."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it, and remove what it kept."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
        self._log.close()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
