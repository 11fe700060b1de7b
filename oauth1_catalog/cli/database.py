"""The database of the commands that change a token table: its option, and its errors as messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from oauth1_catalog.errors import needs

if TYPE_CHECKING:
    from sqlalchemy import Engine

_EXAMPLE = "postgresql+psycopg://user@host/name."

DATABASE = click.option(
    "--database",
    required=True,
    metavar="URL",
    envvar="DATABASE_URL",
    show_envvar=True,
    help=f"SQLAlchemy URL, such as {_EXAMPLE}",
)


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
