"""The tables of a migration in Django: ``manage.py oauth1_migrate`` exchanges their tokens.

The database's clock decides about leases: the clocks of the workers' machines do not matter.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from oauth1_catalog.integrations.django_tokens.models import OAuth1Token, OAuth2Token
from oauth1_catalog.registry.migration import NO_MORE, Counts, Lease, Outcome
from oauth1_catalog.registry.token import Token

_BATCH = 50
_INSERTED = 500


class DjangoMigration:
    """The two tables in one database of the project.

    Args:
        name: the client's name.
        database: which of ``DATABASES``.
    """

    def __init__(self, name: str, database: str) -> None:
        self._name = name
        self._database = database
        self._old = OAuth1Token._default_manager.using(database).filter(name=name)  # noqa: SLF001 - Django's documented name
        self._new = OAuth2Token._default_manager.using(database).filter(name=name)  # noqa: SLF001 - as above
        self._due: list[Any] = []

    def prepare(self) -> None:
        """Add a row for each token without one, and let this run ask for all rows in ``again``."""
        while users := list(self._without_row().values_list("user_id", flat=True)[:_INSERTED]):
            now = timezone.now()
            rows = [
                OAuth2Token(name=self._name, user_id=user, state="again", created_at=now, updated_at=now)
                for user in users
            ]
            self._new.bulk_create(rows, ignore_conflicts=True)  # another worker can add them at the same time
        same = self._old.filter(user_id=OuterRef("user_id"))
        changed = same.filter(~Q(updated_at=OuterRef("source_saved_at")))
        replaced = Q(Exists(changed)) | Q(Exists(same), source_saved_at=None)
        self._new.filter(replaced, state="refused").update(state="again", reason="", attempts=0, not_before=None)
        self._new.filter(state="again", lease=None).update(attempts=0, not_before=None)
        self._new.filter(state="again").exclude(lease=None).update(attempts=0)

    def counts(self) -> Counts:
        """How many rows are in each state."""
        found = dict(self._new.values_list("state").annotate(count=Count("pk")).order_by())
        return Counts(**found, new=self._without_row().count())

    def reasons(self) -> dict[str, int]:
        """How many rows have each ``reason``, without those that are exchanged."""
        rows = self._new.exclude(state="exchanged").exclude(reason="")
        return dict(rows.values_list("reason").annotate(count=Count("pk")).order_by())

    def sent(self, seconds: float) -> tuple[int, float]:
        """How many requests were leased in the last ``seconds``, and how long the provider asks to wait."""
        recent = self._new.filter(leased_at__gt=Now() - timedelta(seconds=seconds)).aggregate(sent=Sum("requests"))
        paused = self._new.filter(paused_until__gt=Now()).aggregate(until=Max("paused_until"), now=Max(Now()))
        return int(recent["sent"] or 0), _seconds(paused["until"], paused["now"])

    def lease(self, seconds: float, *, period: float, attempts: int) -> Lease | None:
        """Lease a row that may be asked now."""
        while True:
            while self._due:
                if lease := self._lease(self._due.pop(), seconds, period, attempts):
                    return lease
            self._due = list(self._may_be_asked(attempts).order_by("pk").values_list("pk", flat=True)[:_BATCH])
            if not self._due:
                return None
            secrets.SystemRandom().shuffle(self._due)  # so that two workers seldom want the same row

    def next_due(self, attempts: int) -> float | None:
        """The seconds until a row may be asked."""
        # Another worker can have the row's last attempt in hand.
        is_leased = Q(lease__isnull=False, not_before__gt=Now())
        rows = self._new.filter(Q(attempts__lt=attempts) | is_leased, state="again")
        found = rows.aggregate(rows=Count("pk"), later=Count("not_before"), first=Min("not_before"), now=Max(Now()))
        if not found["rows"]:
            return None
        return 0.0 if found["later"] < found["rows"] else _seconds(found["first"], found["now"])

    def token(self, lease: Lease) -> Token | None:
        """The token of OAuth 1.0 of a leased row."""
        row = self._old.filter(user_id=lease.user).first()
        return None if row is None else row.to_token()

    def finish(self, lease: Lease, outcome: Outcome, keep: Callable[[], None] | None = None) -> bool:
        """Store the outcome, if the row still has this lease."""
        values: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason, "lease": None, "updated_at": Now()}
        values["not_before"] = Now() + timedelta(seconds=outcome.delay) if outcome.delay else None
        if not outcome.repeat:
            values["attempts"] = NO_MORE
        if outcome.pause:
            values["paused_until"] = Now() + timedelta(seconds=outcome.pause)
        if outcome.token is not None:
            values |= OAuth2Token.sealed(name=self._name, user=lease.user, token=outcome.token)
        with transaction.atomic(using=self._database):
            if self._new.filter(pk=lease.row, lease=lease.owner).update(**values) != 1:
                return False
            if keep is not None:
                keep()
        return True

    def _lease(self, row: Any, seconds: float, period: float, attempts: int) -> Lease | None:
        owner = secrets.token_hex(16)
        recent = When(leased_at__gt=Now() - timedelta(seconds=period), then=F("requests") + 1)
        source = self._old.filter(user_id=OuterRef("user_id")).values("updated_at")[:1]
        with transaction.atomic(using=self._database):
            # MySQL assigns in this order, and `requests` needs the old `leased_at`.
            leased = (
                self._may_be_asked(attempts)
                .filter(pk=row)
                .update(
                    requests=Case(recent, default=Value(1)),
                    leased_at=Now(),
                    lease=owner,
                    not_before=Now() + timedelta(seconds=seconds),
                    attempts=F("attempts") + 1,
                    source_saved_at=Subquery(source),
                )
            )
            if leased != 1:
                return None
            user, attempt = self._new.values_list("user_id", "attempts").get(pk=row)
        return Lease(row, user, owner, attempt)

    def _may_be_asked(self, attempts: int) -> QuerySet[OAuth2Token]:
        free = Q(not_before=None) | Q(not_before__lt=Now())
        return self._new.filter(free, state="again", attempts__lt=attempts)

    def _without_row(self) -> QuerySet[OAuth1Token]:
        return self._old.filter(~Exists(self._new.filter(user_id=OuterRef("user_id")))).order_by("pk")


def _seconds(until: datetime | None, now: datetime | None) -> float:
    return 0.0 if until is None or now is None else (until - now).total_seconds()
