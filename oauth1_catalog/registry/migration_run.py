"""Run a migration from a command: wait, stop after the row in hand, keep tokens in a file, and sum up.

``oauth1-catalog migrate`` and Django's ``oauth1_migrate`` differ only in their options, their tables, and how they show
events.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from oauth1_catalog.catalog.provider import ExchangeLimit
from oauth1_catalog.errors import ConfigurationError, OAuthError
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.encryption import SETTING
from oauth1_catalog.registry.migration import Asked, Counts, Lease, MigrationTable, Waiting, migrate
from oauth1_catalog.registry.sync_client import SyncOAuth1App
from oauth1_catalog.registry.token import OAuth2Token, Token

_SLICE = 0.2
"""How long one sleep is, in seconds: a signal is noticed after it."""

_BETWEEN = 10.0
"""The seconds between two lines of progress."""

_WAITS = {
    "limit": "the provider's limit is reached",
    "provider": "the provider asks to wait",
    "rows": "the remaining rows are to be asked again later, or another worker has them",
}


class Lines:
    """Progress in plain lines: one at the beginning, then one in ten seconds, and one when a wait begins.

    Args:
        provider: the client's name.
        total: how many rows are to be asked.
        write: writes a line.
    """

    def __init__(self, provider: str, total: int, write: Callable[[str], object]) -> None:
        self._provider = provider
        self._total = total
        self._write = write
        self._done = 0
        self._next = 0.0
        self._cause = ""

    def __call__(self, event: Asked | Waiting) -> None:
        """Write a line, if it is time for one."""
        cause = event.cause if isinstance(event, Waiting) else ""
        if isinstance(event, Asked):
            self._done += event.is_done
        elif cause != self._cause:
            self._write(f"{self._provider}: waiting, because {_WAITS[event.cause]}.")
        if isinstance(event, Asked) and time.monotonic() >= self._next:
            self._write(f"{self._provider}: {self._done} of {self._total}")
            self._next = time.monotonic() + _BETWEEN
        self._cause = cause


@dataclass(slots=True)
class Summary:
    """What a run did, and what the table contains after it.

    Attributes:
        asked: how many requests this run sent.
        unreadable: how many tokens this run could not decrypt; nothing was sent for them.
        failed: how many rows this run has tried, and left to be asked again.
        lost: how many results were not stored, because another worker had the row in the meantime.
        seconds: how long it took.
        exchanged: how many rows are exchanged, by all runs.
        refused: how many rows are refused for good.
        again: how many rows are to be asked, or to be asked again.
        reasons: how many of these rows have each reason.
        stopped: why the run ended early; empty if it did not.
    """

    provider: str
    asked: int = 0
    unreadable: int = 0
    failed: int = 0
    lost: int = 0
    seconds: float = 0.0
    exchanged: int = 0
    refused: int = 0
    again: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    stopped: str = ""

    @property
    def lines(self) -> Iterator[str]:
        """The summary in words."""
        rate = f", {self.asked / self.seconds:.1f} a second" if self.seconds > 0 and self.asked else ""
        yield f"{self.provider}: asked {self.asked} in {self.seconds:.1f} seconds{rate}."
        yield f"{self.exchanged} exchanged, {self.refused} refused, {self.again} to be asked again."
        for reason, count in sorted(self.reasons.items()):
            yield f"  {count} x {reason}"
        if self.unreadable:
            tokens = "1 token" if self.unreadable == 1 else f"{self.unreadable} tokens"
            yield f"{tokens} cannot be decrypted with {SETTING}; nothing was sent there."
        if self.lost:
            results = "1 result was" if self.lost == 1 else f"{self.lost} results were"
            yield f"{results} not stored, because another worker had leased the row."
        if self.stopped:
            yield f"Stopped: {self.stopped}. Run the command again to continue."

    def planned_lines(self, limit: ExchangeLimit | None) -> Iterator[str]:
        """What a run would do, in words."""
        yield f"{self.provider}: {self.exchanged} exchanged, {self.refused} refused, {self.again} to be asked."
        if limit is not None:
            yield f"The provider's limit is {limit.requests} requests in {limit.seconds} seconds."

    def is_complete(self, most: int | None) -> bool:
        """Whether no row is left, or ``most`` rows were asked and none of them failed.

        Another worker can have exchanged a row that failed in this one.
        """
        return not self.again or (most is not None and self.asked >= most and not self.failed)

    @property
    def json(self) -> str:
        """The summary as one JSON object."""
        return json.dumps(asdict(self))


class Interruption:
    """Ctrl+C and SIGTERM end the work after the row in hand: within the block, they only set ``requested``.

    A second signal changes nothing, and a third one ends the process: a row in hand stays to be asked again.
    """

    def __init__(self) -> None:
        self.requested: bool = False
        self._times = itertools.count(1)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def sleep(self, seconds: float) -> None:
        """Sleep, until a signal comes."""
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE))

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.requested = True
        if next(self._times) > 2:
            os._exit(128 + number)


class TokenFile:
    """A file of tokens, one JSON object on each line, that only its owner can read. The last line of a user counts.

    Args:
        path: it is created, or extended.
        name: the client's name.

    Raises:
        ConfigurationError: it is a link, or others can read it.
        OSError: it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], name: str) -> None:
        self._name = name
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        path = Path(path)
        if path.is_symlink():
            raise self._refused(path, "is a link")
        self._file = os.open(path, flags, 0o600)
        about = os.fstat(self._file)
        fault = "is not a file" if not stat.S_ISREG(about.st_mode) else ""
        if os.name == "posix" and (about.st_mode & 0o077 or about.st_uid != os.geteuid()):
            fault = fault or "can be read by others"
        if fault:
            os.close(self._file)
            raise self._refused(path, fault)
        if about.st_size and os.pread(self._file, 1, about.st_size - 1) != b"\n":
            self._write(b"\n")  # a full disk cut the last line
        with contextlib.suppress(OSError):  # Windows opens no folders
            folder = os.open(path.absolute().parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def keep(self, lease: Lease, token: OAuth2Token) -> None:
        """Write a token, and wait until it is on the disk."""
        user = lease.user if isinstance(lease.user, int) else str(lease.user)
        ends = {} if token.expires_at is None else {"expires_at": token.expires_at}
        line = MaskedMapping({"name": self._name, "user_id": user, **token, **ends})
        self._write(json.dumps(line).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Close it."""
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        data = masked(data)
        # One call for a whole line, so that two workers do not mix theirs.
        written = os.write(self._file, data)
        if written < len(data):
            os.write(self._file, data[written:])

    @staticmethod
    def _refused(path: Path, fault: str) -> ConfigurationError:
        return ConfigurationError(
            description=f"{path} {fault}, and tokens are not written there.",
            advice="Choose another file, or delete it; a new one has mode 0600.",
        )


def run(
    client: SyncOAuth1App[Any],
    table: MigrationTable,
    *,
    show: Callable[[Asked | Waiting], object],
    params: Mapping[str, object] | None = None,
    output: TokenFile | None = None,
    most: int | None = None,
    attempts: int,
) -> tuple[Summary, OAuthError | None]:
    """Exchange the tokens of a table with a client.

    Args:
        client: of the provider.
        table: the rows of this client's name.
        show: is told each event.
        params: other parameters of each exchange.
        output: keeps the tokens, instead of the table.
        most: the largest number of requests.
        attempts: how often one row is asked for.

    Returns:
        The summary, and the error that ended the run early, if one did.

    Raises:
        ConfigurationError: the provider's file does not describe an exchange.
        MissingSettingError: ``oauth2_client_id`` is missing.
    """
    successor = client.require_exchange()
    params = MaskedMapping(params or {})
    summary, fault, begun = Summary(client.name), None, time.monotonic()

    def exchange(token: Token) -> OAuth2Token:
        return client.exchange_token(token, **params)

    failed: set[object] = set()
    with Interruption() as interruption:
        try:
            for event in migrate(
                table,
                exchange,
                provider=client.name,
                limit=successor.limit,
                deadline=client.pool.limits.token_deadline,
                most=most,
                attempts=attempts,
                keep=None if output is None else output.keep,
            ):
                if isinstance(event, Asked):
                    summary.asked += event.outcome.sent
                    summary.unreadable += event.outcome.unreadable
                    summary.lost += not event.is_stored
                    failed.discard(event.user)
                    if event.is_stored and not event.is_done:
                        failed.add(event.user)
                show(event)
                if interruption.requested:
                    summary.stopped = "a signal ended it after the row in hand"
                    break
                if isinstance(event, Waiting):
                    interruption.sleep(event.seconds)
        except OAuthError as error:
            fault, summary.stopped = error, error.error
        summary.failed = len(failed)
        counts = table.counts()
        summary.exchanged, summary.refused, summary.again = counts.exchanged, counts.refused, counts.again + counts.new
        summary.reasons = table.reasons()
    summary.seconds = round(time.monotonic() - begun, 2)
    return summary, fault


def planned(client: SyncOAuth1App[Any], counts: Counts, most: int | None) -> Summary:
    """What a run has to do."""
    to_ask = counts.again + counts.new
    return Summary(
        client.name,
        exchanged=counts.exchanged,
        refused=counts.refused,
        again=to_ask if most is None else min(most, to_ask),
    )
