"""Exchange all tokens of a token table for those of OAuth 2.0: which row is next, when, and what its answer means.

The table of OAuth 2.0 tokens has a row for each client's name and user. A row is in one of three states:
``exchanged``, ``refused`` (for good, with the reason), or ``again`` (to be asked, or to be asked again). Only a commit
changes it, so a worker that dies leaves ``again``.

Rule 1: a worker leases a row, and commits the lease, before it sends the request. The lease lasts longer than the
request can take, by the database's clock. The result is stored only if the row still has this lease. Therefore no user
is exchanged twice at once, by any number of workers.
Rule 2: a row counts when it is leased, and the provider's limit concerns these counts of all workers.

Nothing here sends, sleeps or opens a table: ``migrate`` takes the table and the exchange, and yields how long to wait.
``registry/migration_run.py`` runs it for the two commands.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from oauth1_catalog.catalog.provider import ExchangeLimit
from oauth1_catalog.errors import (
    MissingTokenError,
    OAuthError,
    ProviderError,
    TokenExchangeDeniedError,
    TokenKeyError,
    TokenResponseError,
    TransportError,
)
from oauth1_catalog.registry.encryption import SETTING
from oauth1_catalog.registry.token import OAuth2Token, Token

State = Literal["again", "exchanged", "refused"]

ATTEMPTS = 5
"""How often a run asks for one row."""

IN_VAIN = 10
"""A run ends after this number of failures in a row, since the next rows would fail as well."""

MAX_BACKOFF = 300.0
"""The longest time between two attempts of a row, in seconds, unless the provider asks for more."""

MAX_REASON = 200
"""The length of the column ``reason``."""

RECHECK = 1.0
"""The seconds after which a worker reads again what the others have sent, and whether the provider asked to wait."""

NO_MORE = 1_000_000
"""The number of attempts of a row that this run does not repeat; the next run begins at zero."""

_WRONG_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class Lease:
    """A row that only this worker exchanges, until the lease ends.

    Args:
        row: its primary key.
        user: whose token it is.
        owner: a random text, which identifies the lease.
        attempt: how often this row was leased in this run, from 1.
    """

    row: Any
    user: object
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row.

    Args:
        state: its new state.
        reason: the provider's code, or that of the error; without secrets.
        token: the token of OAuth 2.0.
        delay: the seconds before the row is asked again.
        pause: the seconds for which the provider asks all requests to wait.
        sent: whether a request was sent.
        unreadable: whether no key decrypts the token of OAuth 1.0.
        repeat: whether this run asks again; false where another attempt would fail in the same way.
    """

    state: State
    reason: str = ""
    token: OAuth2Token | None = field(default=None, repr=False)
    delay: float = 0.0
    pause: float = 0.0
    sent: bool = True
    unreadable: bool = False
    repeat: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """The rows of a client's name: in each state, and the tokens of OAuth 1.0 that have no row yet."""

    exchanged: int = 0
    refused: int = 0
    again: int = 0
    new: int = 0


class MigrationTable(Protocol):
    """What a table of OAuth 2.0 tokens must do. Each method is one transaction, and reads the database's clock."""

    def prepare(self) -> None:
        """Add a row for each token of OAuth 1.0 without one, and let a new run ask for all rows in ``again``.

        A refused row is in ``again`` if the token was replaced since.
        """

    def counts(self) -> Counts:
        """How many rows are in each state."""

    def reasons(self) -> dict[str, int]:
        """How many rows have each ``reason``, without those that are exchanged."""

    def sent(self, seconds: float) -> tuple[int, float]:
        """How many requests were leased in the last ``seconds``, and how long the provider asks to wait, in seconds."""

    def lease(self, seconds: float, *, period: float, attempts: int) -> Lease | None:
        """Lease a row in ``again`` that may be asked now; ``None`` without one.

        Args:
            seconds: how long the lease lasts.
            period: for how long the request counts.
            attempts: how often a run asks for one row.
        """

    def next_due(self, attempts: int) -> float | None:
        """The seconds until a row may be asked, or until another worker's lease ends; ``None`` if none is left."""

    def token(self, lease: Lease) -> Token | None:
        """The token of OAuth 1.0 of a leased row; ``None`` if it was deleted."""

    def finish(self, lease: Lease, outcome: Outcome, keep: Callable[[], None] | None = None) -> bool:
        """Store the outcome, and end the lease; false if another worker has leased the row since.

        ``attempts`` becomes ``NO_MORE`` unless ``outcome.repeat``.
        ``keep`` is called between the UPDATE and the COMMIT.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """An event: a row was taken, and asked if ``outcome.sent``.

    ``is_stored`` is false if another worker has leased the row in the meantime.
    """

    user: object
    outcome: Outcome
    is_stored: bool = True

    @property
    def is_done(self) -> bool:
        """Whether nothing asks for this row any more."""
        return self.is_stored and self.outcome.state != "again"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event: wait for some seconds before the next step."""

    seconds: float
    cause: Literal["limit", "provider", "rows"]


def steady_clock() -> float:
    """Seconds of a clock that nobody sets, and that counts while the machine is suspended, if the system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def lease_seconds(deadline: float) -> float:
    """How long a lease lasts, for a request with this deadline. The rest is for the database and the signature.

    >>> lease_seconds(30.0)
    70.0
    """
    return 2 * deadline + 10


def migrate(
    table: MigrationTable,
    exchange: Callable[[Token], OAuth2Token],
    *,
    provider: str,
    limit: ExchangeLimit | None,
    deadline: float,
    most: int | None = None,
    attempts: int = ATTEMPTS,
    keep: Callable[[Lease, OAuth2Token], None] | None = None,
    clock: Callable[[], float] = steady_clock,
) -> Iterator[Asked | Waiting]:
    """Exchange the rows of a table; stop the iteration between two events to end it.

    Args:
        table: the rows.
        exchange: sends one request.
        provider: the client's name, for messages.
        limit: the provider's limit, if its file has one.
        deadline: the longest time that ``exchange`` takes, in seconds.
        most: the largest number of requests.
        attempts: how often one row is asked for.
        keep: stores a token outside of the table, before its row is committed. The table then has only the state.
        clock: seconds of a clock that is not set.

    Raises:
        OAuthError: the next rows would fail as well: the configuration is wrong, or the provider does not answer.
        TokenKeyError: the first tokens cannot be decrypted. Nothing was sent.
    """
    lease = lease_seconds(deadline)
    pace = _Pace(table, limit, lease)
    asked = in_vain = unreadable = 0
    is_key_right = False
    table.prepare()
    while most is None or asked < most:
        if wait := pace.wait(clock()):
            if table.next_due(attempts) is None:
                break
            yield wait
            continue
        leased_at = clock()
        row = table.lease(lease, period=pace.period, attempts=attempts)
        if row is None:
            due = table.next_due(attempts)
            if due is None:
                break
            yield Waiting(min(max(due, 0.1), 5.0), "rows")
            continue
        outcome, fault = _outcome(table, exchange, row, leased_at + lease - deadline, clock)
        unreadable += outcome.unreadable
        is_key_right = is_key_right or outcome.sent
        if outcome.sent:
            asked += 1
            pace.count(outcome)
            in_vain = in_vain + 1 if outcome.state == "again" else 0
        yield Asked(row.user, outcome, _finish(table, row, outcome, keep))
        if fault is not None:
            raise fault
        if unreadable == IN_VAIN and not is_key_right:
            break
        if in_vain == IN_VAIN:
            raise ProviderError(
                description=f"{provider}: the last {IN_VAIN} exchanges failed, the last one with: {outcome.reason}. "
                "Run the command again later.",
                provider=provider,
                step="exchange",
            )
    if unreadable and not is_key_right:
        raise TokenKeyError(
            description=f"{provider}: none of the first {unreadable} tokens can be decrypted, so nothing was sent.",
            provider=provider,
            advice=f"Set {SETTING} to the keys of the application that saved the tokens. If a key is lost, ask the "
            "users to log in again. If the table was renamed, its model needs sealed_as with the old name.",
        )


def _finish(
    table: MigrationTable, row: Lease, outcome: Outcome, keep: Callable[[Lease, OAuth2Token], None] | None
) -> bool:
    token = outcome.token
    if keep is None or token is None:
        return table.finish(row, outcome)
    return table.finish(row, Outcome(outcome.state), lambda: keep(row, token))


def _outcome(
    table: MigrationTable,
    exchange: Callable[[Token], OAuth2Token],
    row: Lease,
    send_before: float,
    clock: Callable[[], float],
) -> tuple[Outcome, OAuthError | None]:
    """What becomes of a leased row, and the error that ends the run."""
    backoff = min(2.0**row.attempt, MAX_BACKOFF)
    try:
        token = table.token(row)
        if token is None:
            return Outcome("refused", "the token of OAuth 1.0 was deleted", sent=False), None
        # The process can have been stopped since: the request must end before the lease does.
        if clock() > send_before:
            return Outcome("again", "the worker was stopped before it sent the request", sent=False), None
        return Outcome("exchanged", token=exchange(token)), None
    except TokenExchangeDeniedError as error:
        reason = _reason(error.status, error.problem)
        if error.is_final:
            return Outcome("refused", reason), None
        delay = backoff if error.retry_after is None else error.retry_after
        outcome = Outcome("again", reason, delay=delay, pause=delay if error.status == 429 else 0.0)
        return outcome, error if error.problem in _WRONG_CLIENT else None
    except (TokenResponseError, TransportError) as error:
        return Outcome("again", _reason(error.error, error.status), delay=backoff), None
    except TokenKeyError as error:  # of this row; others can have another key
        return Outcome("again", error.error, sent=False, unreadable=True, repeat=False), None
    except MissingTokenError as error:  # others can have more fields
        return Outcome("again", error.error, sent=False, repeat=False), None
    except OAuthError as error:
        return Outcome("again", error.error, sent=False), error


def _reason(*parts: str | int | None) -> str:
    """A text that any database and terminal takes, from parts that the provider can have chosen.

    >>> _reason(400, "invalid→grant"), _reason("provider_unreachable", None)
    ('400 invalid?grant', 'provider_unreachable')
    """
    text = " ".join(str(part) for part in parts if part)[:MAX_REASON]
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


class _Pace:
    """How many requests may be sent now, by all workers that share the table.

    A request can arrive at the provider until its lease ends, so it counts for the period of the limit and the lease.
    Workers read their common number of requests at least every ``RECHECK`` seconds, and after a fiftieth of what is
    left, so that up to fifty workers exceed it by one request each at most. A twentieth of the limit is kept for these.
    """

    def __init__(self, table: MigrationTable, limit: ExchangeLimit | None, lease: float) -> None:
        self._table = table
        self._most = math.inf if limit is None else max(limit.requests - math.ceil(limit.requests / 20), 1)
        self.period: float = lease + (limit.seconds if limit else 0)
        self._left = 0
        self._until = -math.inf

    def wait(self, now: float) -> Waiting | None:
        """How long to wait before the next request."""
        if self._left > 0 and now < self._until:
            return None
        sent, pause = self._table.sent(self.period)
        if pause > 0:
            return Waiting(min(pause, 5.0), "provider")
        if sent >= self._most:
            return Waiting(RECHECK, "limit")
        self._left = max(1, int(min(self._most - sent, 10_000) // 50))
        self._until = now + RECHECK
        return None

    def count(self, outcome: Outcome) -> None:
        """Count a request."""
        self._left = 0 if outcome.pause else self._left - 1
