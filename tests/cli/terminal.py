"""A pseudo-terminal with a command in it, as a person has: what is typed, and all that is on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

SECONDS = 60


class Terminal:
    """Runs a command in a terminal of its own.

    Args:
        command: the program and its arguments.
        env: its environment.
        cwd: its folder.
        stdout: where its standard output goes, instead of the terminal.
    """

    def __init__(
        self,
        command: Sequence[object],
        *,
        env: Mapping[str, str],
        cwd: Path,
        stdout: int | IO[str] | None = None,
    ) -> None:
        self.screen = ""
        self._read_to = 0
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 500, 0, 0))
        # A session without a terminal gets the first one that it opens: there, Ctrl+C is a signal.
        words = ["sh", "-c", 'exec "$@" <"$0"', os.ttyname(theirs), *map(str, command)]
        self.process = subprocess.Popen(
            words,
            env=dict(env),
            cwd=cwd,
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            text=True,
            start_new_session=True,
        )
        self._theirs = theirs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._mine)
        os.close(self._theirs)

    @property
    def shows_typing(self) -> bool:
        """Whether what is typed appears on the screen."""
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)

    def expect(self, pattern: str) -> re.Match[str]:
        """Read until the screen shows this, behind what was expected before."""
        ends = time.monotonic() + SECONDS
        while not (found := re.compile(pattern).search(self.screen, self._read_to)):
            is_running = self.process.poll() is None
            if not self._read(0.05) and not is_running:
                raise AssertionError(f"{pattern!r} is not on the screen, and the command has ended:\n{self.screen}")
            if time.monotonic() > ends:
                raise AssertionError(f"{pattern!r} is not on the screen:\n{self.screen}")
        self._read_to = found.end()
        return found

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._mine, f"{text}\n".encode())

    def answer(self, question: str, text: str) -> None:
        """Type the answer to a hidden question, as soon as the terminal hides what is typed."""
        self.expect(question)
        ends = time.monotonic() + SECONDS
        while self.shows_typing and time.monotonic() < ends:
            time.sleep(0.01)
        assert not self.shows_typing, self.screen
        self.type(text)

    def press_ctrl_c(self) -> None:
        os.write(self._mine, b"\x03")

    def end(self) -> int:
        """Wait for the end of the command, and return its status."""
        ends = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < ends:
            self._read(0.05)
        while self._read(0.05):
            pass
        assert self.process.returncode is not None, self.screen
        assert "Traceback" not in self.screen, self.screen
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        """Read what has come within this time."""
        if not select.select([self._mine], [], [], seconds)[0]:
            return False
        self.screen += os.read(self._mine, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        return True
