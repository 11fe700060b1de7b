"""``python -m oauth1_catalog``, and the ``oauth1-catalog`` command."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys


def main() -> None:
    """Run the command, or print which package is missing."""
    try:
        _run()
    finally:
        _drop_unwritable_output()


def _run() -> None:
    try:
        _stop_once()
        from oauth1_catalog.errors import MissingExtraError

        try:
            from oauth1_catalog.cli import cli
        except MissingExtraError as error:
            sys.exit(str(error))
        cli(prog_name="oauth1-catalog")
    except KeyboardInterrupt:
        sys.exit("Aborted!")  # like click, which may not be imported yet


def _drop_unwritable_output() -> None:
    """Forget what could not be written, to a full disk or a pipe without a reader.

    Its error is printed, and the status is set. Python would try to write it again when it ends, print that error as
    well, and end with status 120.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # it is closed
            continue
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _stop_once() -> None:
    """Let Ctrl+C and SIGTERM interrupt the command once, so that it stops its servers and removes its folders.

    A second signal is ignored, because it would interrupt this. A third one ends the process immediately.
    """
    times = itertools.count(1)

    def stop(number: int, _frame: object) -> None:
        time = next(times)
        if time == 1:
            raise KeyboardInterrupt
        if time > 2:
            os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # a shell leaves it ignored in the background
        signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    main()
