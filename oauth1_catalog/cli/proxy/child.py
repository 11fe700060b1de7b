"""The program that the proxy starts: its environment, its signals, and its exit status."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from oauth1_catalog.cli.terminal import tell
from oauth1_catalog.redaction import MaskedMapping, is_credential, masked

_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_OF_THE_KEYBOARD = ("SIGINT", "SIGQUIT")
_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE of prctl(2)."""

SHORTEST_SECRET = 6
"""A shorter value can be anything, such as the name of a user, so no variable is removed because it contains it."""


_SHORTEST_LINE = 16
"""A shorter line of a key could be a part of another value."""


def hide_memory() -> None:
    """Let no other process of this user read the memory or the environment of this one, as ssh-agent does (Linux).

    The files of ``/proc/PID`` then belong to root, and nothing but root can attach to the process.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def child_environment(
    environment: Mapping[str, str],
    added: Mapping[str, str],
    *,
    clients: Collection[str],
    of_file: Collection[str],
    secrets: Collection[str],
) -> MaskedMapping:
    """The environment of the program: without the provider's keys, and with the proxy's address.

    >>> given = {"HOME": "/root", "TWITTER_TOKEN": "a", "MY_KEY": "hush-hush", "REPORT_KEY": "b"}
    >>> secrets = ["hush-hush"]
    >>> found = child_environment(given, {}, clients=["twitter"], of_file=["REPORT_KEY"], secrets=secrets)
    >>> sorted(found)
    ['HOME', 'NO_PROXY', 'no_proxy']

    Args:
        environment: that of this process.
        added: variables of the proxy.
        clients: the names of the client and of the provider, with which variables begin.
        of_file: the names of the variables in the ``.env`` file.
        secrets: values that the program may not have under any name.
    """
    removed = {*of_file, "OAUTH1_CATALOG_TOKEN_KEYS"}
    prefixes = ("OAUTH1_PROXY_", *(f"{client}_".upper() for client in clients))
    pieces = masked([piece for secret in secrets for piece in _pieces(secret)])
    kept = {
        name: value
        for name, value in environment.items()
        if name not in removed
        and not name.upper().startswith(prefixes)
        and not any(piece in _compact(value) for piece in pieces)
    }
    # A proxy of the environment would get the address, and with it the token.
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), "127.0.0.1,localhost")))
    return MaskedMapping(kept, **added)


def credentials_of(values: Mapping[str, str], clients: Collection[str]) -> list[str]:
    """The values of the variables that contain credentials of a client: secrets, keys in PEM, passwords.

    >>> given = {"SHOP_RSA_KEY": "pem", "SHOP_TOKEN": "t", "SHOP_URL": "u", "OTHER_TOKEN": "o"}
    >>> sorted(list.copy(credentials_of(given, ["shop"])))
    ['pem', 't']
    """
    found = []
    for name, value in values.items():
        for client in clients:
            prefix = f"{client}_".upper()
            if name.upper().startswith(prefix) and value and is_credential(name[len(prefix) :]):
                found.append(value)
    return masked(found)


def _pieces(secret: str) -> Iterator[str]:
    """What no value may contain: the secret without whitespace, and the lines of a key.

    The first line of a key is left out, because other keys begin with the same one.
    """
    compact = _compact(secret)
    if len(compact) >= SHORTEST_SECRET:
        yield compact
    lines = [line for line in map(_compact, _lines(secret)) if line and not line.startswith("-----")]
    yield from (line for line in lines[1:] if len(line) >= _SHORTEST_LINE)


def _lines(text: str) -> list[str]:
    return text.replace("\\n", "\n").splitlines()


def _compact(text: str) -> str:
    r"""Without whitespace, and without ``\n``, which stands for a line break in a ``.env`` file."""
    return "".join(text.replace("\\r", "").replace("\\n", "").split())


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the program until it ends; returns its exit status, or 128 and the number of the signal that ended it.

    A program that cannot be started has the status 127 or 126, as in a shell.
    """
    environment = masked(environment)
    with _signals() as forward_to:
        try:
            child = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own command
        except OSError as error:
            tell(f"Error: {command[0]}: {error.strerror}.")
            return 127 if isinstance(error, FileNotFoundError) else 126
        forward_to(child)
        status = child.wait()
    return 128 - status if status < 0 else status


@contextmanager
def _signals() -> Iterator[Any]:
    """Pass signals on to the program, instead of ending the proxy."""
    children: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if number in keyboard and _is_in_foreground():
            return  # the terminal has sent it to the program, too
        for child in children:
            child.send_signal(number)
        if not children:
            waiting.append(number)

    def begin(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        while waiting:
            child.send_signal(waiting.pop(0))

    keyboard = {getattr(signal, name) for name in _OF_THE_KEYBOARD if hasattr(signal, name)}
    numbers = keyboard | {getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        if before[number] is not signal.SIG_IGN:  # nohup, and a shell's background jobs
            signal.signal(number, forward)
    try:
        yield begin
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Whether Ctrl+C of a terminal reaches the program without the proxy."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
