"""``manage.py rotate_oauth1_keys``: encrypt all tokens with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oauth1_catalog.integrations.django_tokens.models import configured_cipher
from oauth1_catalog.integrations.django_tokens.rotation import DjangoRows
from oauth1_catalog.registry.token_table import BATCH, rotate

WIDTH = 36
"""Of the progress bar, in characters; click, which draws the other command's, is not among Django's requirements."""


class Command(BaseCommand):
    """Encrypts in batches; it can be stopped at any time, and goes on when it is started again."""

    help = "Encrypt all OAuth 1.0 tokens with the first key of OAUTH1_CATALOG_TOKEN_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        """The options."""
        parser.add_argument("--database", default="default", help="which of DATABASES the table is in")
        parser.add_argument("--batch-size", type=int, default=BATCH, help="rows in one transaction")

    def handle(self, *, database: str, batch_size: int, **_: Any) -> None:
        """Run it."""
        cipher = configured_cipher()
        table = DjangoRows(database)
        total, done, unreadable = table.count(cipher.key_id), 0, 0
        for progress in rotate(table, cipher, batch=batch_size):
            done += progress.rows
            unreadable += len(progress.unreadable)
            for message in progress.unreadable:
                self.stderr.write(message)
            bar = "#" * round(WIDTH * done / max(total, done, 1))
            # On a terminal each line is written over the one before.
            self.stdout.write(f"[{bar:.<{WIDTH}}] {done} of {total}", ending="\r" if self.stdout.isatty() else "\n")
        if done and self.stdout.isatty():
            self.stdout.write("")
        if unreadable:
            raise CommandError(f"{unreadable} of {total} tokens could not be decrypted, and were not changed.")
        self.stdout.write(self.style.SUCCESS(f"All tokens are encrypted with the key {cipher.key_id}."))
