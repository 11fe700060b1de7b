"""The rows of this app's table, to be encrypted with another key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from oauth1_catalog.integrations.django_tokens.models import OAuth1Token
from oauth1_catalog.registry.token_table import SEALED, StoredRow


class DjangoRows:
    """The table in one database of the project."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._rows = OAuth1Token._default_manager.using(database)  # noqa: SLF001 - Django's documented name

    def count(self, key_id: str) -> int:
        """How many rows are not of this key."""
        return self._rows.exclude(key_id=key_id).count()

    def batch(self, key_id: str, after: Any, limit: int) -> Sequence[StoredRow]:
        """Rows that are not of this key, behind the row ``after``."""
        wanted = self._rows.exclude(key_id=key_id).order_by("pk")
        if after is not None:
            wanted = wanted.filter(pk__gt=after)
        return [
            StoredRow(row.pk, row.name, row.user_id, {column: getattr(row, column) for column in SEALED})
            for row in wanted[:limit]
        ]

    def replace(self, changes: Sequence[tuple[StoredRow, dict[str, str]]]) -> None:
        """Write the new columns of these rows, each if its token is as it was read."""
        with transaction.atomic(using=self._database):
            for row, changed in changes:
                self._rows.filter(pk=row.id, oauth_token=row.sealed["oauth_token"]).update(**changed)
