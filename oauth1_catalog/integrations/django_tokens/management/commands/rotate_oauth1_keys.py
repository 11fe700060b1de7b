"""``manage.py rotate_oauth1_keys``: encrypt all tokens with the newest key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Model

from oauth1_catalog.integrations.django_tokens.models import OAuth1Token, OAuth2Token, configured_cipher
from oauth1_catalog.registry.token_table import BATCH, OAUTH2_SEALED, SEALED, StoredRow, rotate


class Command(BaseCommand):
    """Encrypts in batches; it can be stopped at any time, and goes on when it is started again."""

    help = "Encrypt all tokens with the first key of OAUTH1_CATALOG_TOKEN_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options."""
        parser.add_argument("--database", default="default", help="which of DATABASES the tables are in")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="rows in one transaction")

    def handle(self, *, database: str, batch_size: int, **_: Any) -> None:
        """Run it."""
        cipher = configured_cipher()
        tables = [DjangoRows(database, OAuth1Token, SEALED), DjangoRows(database, OAuth2Token, OAUTH2_SEALED)]
        total, done, unreadable = sum(table.count(cipher.key_id) for table in tables), 0, 0
        for progress in (progress for table in tables for progress in rotate(table, cipher, batch=batch_size)):
            done += progress.rows
            unreadable += len(progress.unreadable)
            for message in progress.unreadable:
                self.stderr.write(message)
            self.stdout.write(f"{done} of {total}")
        if unreadable:
            raise CommandError(f"{unreadable} of {total} tokens could not be decrypted, and were not changed.")
        self.stdout.write(self.style.SUCCESS(f"All tokens are encrypted with the key {cipher.key_id}."))


class DjangoRows:
    """A table in one database of the project.

    Args:
        database: which of ``DATABASES``.
        model: the table's.
        sealed: its encrypted columns.
    """

    def __init__(self, database: str, model: type[Model], sealed: Sequence[str]) -> None:
        self._database = database
        # Rows without a token have no key either.
        self._rows = model._default_manager.using(database).exclude(key_id=None)  # noqa: SLF001 - Django's documented name
        self._sealed = sealed

    def count(self, key_id: str) -> int:
        """How many rows are not of this key."""
        return self._rows.exclude(key_id=key_id).count()

    def batch(self, key_id: str, after: Any, limit: int) -> Sequence[StoredRow]:
        """Rows that are not of this key, behind the row ``after``."""
        wanted = self._rows.exclude(key_id=key_id).order_by("pk")
        if after is not None:
            wanted = wanted.filter(pk__gt=after)
        found = wanted.values_list("pk", "name", "user_id", *self._sealed)[:limit]
        return [StoredRow(row[0], row[1], row[2], dict(zip(self._sealed, row[3:], strict=True))) for row in found]

    def replace(self, changes: Sequence[tuple[StoredRow, dict[str, str]]]) -> None:
        """Write the new columns of these rows, each if its token is as it was read."""
        token = self._sealed[0]
        with transaction.atomic(using=self._database):
            for row, changed in changes:
                self._rows.filter(pk=row.id, **{token: row.sealed[token]}).update(**changed)
