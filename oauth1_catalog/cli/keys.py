"""``oauth1-catalog keys``: create a key for the token table, and encrypt its rows with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from oauth1_catalog.errors import needs
from oauth1_catalog.registry.encryption import SETTING, TokenCipher

if TYPE_CHECKING:
    from sqlalchemy import Engine

_EXAMPLE = "postgresql+psycopg://user@host/name."


@click.group()
def keys() -> None:
    """Create and change the keys of the token table."""


@keys.command()
def new() -> None:
    """Print a new key. Put it first in OAUTH1_CATALOG_TOKEN_KEYS."""
    click.echo(TokenCipher.new_key())


@keys.command()
@click.option(
    "--database",
    required=True,
    metavar="URL",
    envvar="DATABASE_URL",
    show_envvar=True,
    help=f"SQLAlchemy URL, such as {_EXAMPLE}",
)
@click.option("--table", required=True, help="Name of the table.")
@click.option(
    "--batch-size", type=click.IntRange(1), default=500, show_default=True, help="Number of rows in one transaction."
)
def rotate(database: str, table: str, batch_size: int) -> None:
    """Encrypt all tokens with the newest key.

    The environment variable OAUTH1_CATALOG_TOKEN_KEYS contains the keys: the new one first, then those that the rows
    are encrypted with. The application can run at the same time, with the same keys. You can stop the command at any
    time, and start it again to continue. For Django's table, run manage.py rotate_oauth1_keys instead.
    """
    with open_database("`keys rotate`", database) as engine:
        from oauth1_catalog.integrations.sqlalchemy_tokens.store import SQLAlchemyRows
        from oauth1_catalog.registry.token_table import rotate as rotate_rows

        cipher = TokenCipher(os.environ.get(SETTING))
        rows = SQLAlchemyRows(engine, table)
        total, unreadable = rows.count(cipher.key_id), 0
        with click.progressbar(length=total, label="Encrypting") as bar:
            for progress in rotate_rows(rows, cipher, batch=batch_size):
                bar.update(progress.rows)
                unreadable += len(progress.unreadable)
                for message in progress.unreadable:
                    click.echo(f"\n{message}", err=True)
    if unreadable:
        raise click.ClickException(f"{unreadable} of {total} tokens could not be decrypted, and were not changed.")
    click.echo(f"All tokens are encrypted with the key {cipher.key_id}.")


@contextmanager
def open_database(command: str, url: str) -> Iterator[Engine]:
    """An engine for the database at ``url``, with messages for what can fail.

    Args:
        command: the command that uses it, for messages.
        url: an SQLAlchemy URL.
    """
    with needs(command, "sqlalchemy"):
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError, SQLAlchemyError

        from oauth1_catalog.integrations import sqlalchemy_tokens  # noqa: F401 - it needs cryptography, too
    try:
        engine = create_engine(url)
    except (ArgumentError, ValueError) as error:
        # SQLAlchemy's message quotes a part of the URL, which can be the password.
        raise click.ClickException(f"--database: this is not an SQLAlchemy URL. Write it like {_EXAMPLE}") from error
    except ImportError as error:
        message = f"--database: its driver cannot be imported ({error}). Install it, or use another driver in the URL."
        raise click.ClickException(message) from error
    if engine.dialect.is_async:
        raise click.ClickException(
            f"--database: {engine.driver} is a driver for asyncio. Use another driver in the URL, such as psycopg."
        )
    try:
        yield engine
    except SQLAlchemyError as error:
        # Only the driver's message: SQLAlchemy's contains the statement.
        raise click.ClickException(f"the database failed: {getattr(error, 'orig', None) or error}") from error
    finally:
        engine.dispose()
