"""``oauth1-catalog keys``: create a key for the token tables, and encrypt their rows with it."""

from __future__ import annotations

import os

import click

from oauth1_catalog.cli.database import DATABASE, open_database
from oauth1_catalog.registry.encryption import SETTING, TokenCipher


@click.group()
def keys() -> None:
    """Create and change the keys of the token tables."""


@keys.command()
def new() -> None:
    """Print a new key. Put it first in OAUTH1_CATALOG_TOKEN_KEYS."""
    click.echo(TokenCipher.new_key())


@keys.command()
@DATABASE
@click.option("--table", "tables", required=True, multiple=True, help="Name of a table. You can repeat this option.")
@click.option(
    "--batch-size", type=click.IntRange(1), default=500, show_default=True, help="Number of rows in one transaction."
)
def rotate(database: str, tables: tuple[str, ...], batch_size: int) -> None:
    """Encrypt all tokens with the newest key.

    The environment variable OAUTH1_CATALOG_TOKEN_KEYS contains the keys: the new one first, then those that the rows
    are encrypted with. The application can run at the same time, with the same keys. You can stop the command at any
    time, and start it again to continue. For Django's tables, run manage.py rotate_oauth1_keys instead.
    """
    with open_database("`keys rotate`", database) as engine:
        from oauth1_catalog.integrations.sqlalchemy_tokens.store import SQLAlchemyRows
        from oauth1_catalog.registry.token_table import rotate as rotate_rows

        cipher = TokenCipher(os.environ.get(SETTING))
        total = unreadable = 0
        for rows in [SQLAlchemyRows(engine, table) for table in tables]:
            count = rows.count(cipher.key_id)
            total += count
            with click.progressbar(length=count, label="Encrypting") as bar:
                for progress in rotate_rows(rows, cipher, batch=batch_size):
                    bar.update(progress.rows)
                    unreadable += len(progress.unreadable)
                    for message in progress.unreadable:
                        click.echo(f"\n{message}", err=True)
    if unreadable:
        raise click.ClickException(f"{unreadable} of {total} tokens could not be decrypted, and were not changed.")
    click.echo(f"All tokens are encrypted with the key {cipher.key_id}.")
