"""``oauth1-catalog migrate``: exchange the tokens of a table of SQLAlchemy for those of OAuth 2.0."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from oauth1_catalog.cli import (
    DIRECTORY,
    ENVIRONMENT,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    client_values,
    complete_provider,
    pairs_of,
    provider_of_client,
)
from oauth1_catalog.cli.database import DATABASE, open_database
from oauth1_catalog.errors import DeprecatedProviderWarning
from oauth1_catalog.registry.encryption import SETTING, TokenCipher
from oauth1_catalog.registry.migration import ATTEMPTS, Asked, Waiting
from oauth1_catalog.registry.migration_run import Lines, TokenFile, planned, run

EXAMPLES = """\b
Examples:
  oauth1-catalog migrate x --dry-run                         count the rows
  oauth1-catalog migrate x --limit 10                        ask for ten rows
  oauth1-catalog migrate x                                   ask for all of them
  oauth1-catalog migrate garmin --output tokens.jsonl        write a file
"""


@click.command(epilog=EXAMPLES)
@click.argument("provider", shell_complete=complete_provider)
@DATABASE
@click.option("--table", default="oauth1_token", show_default=True, help="Name of the table of OAuth 1.0 tokens.")
@click.option(
    "--oauth2-table", default="oauth2_token", show_default=True, help="Name of the table of OAuth 2.0 tokens."
)
@click.option("--sealed-as", metavar="NAME", help="Old name of the first table, if its model has sealed_as.")
@click.option("--name", help="Name of the client, in the tables and the environment. [default: PROVIDER]")
@ENVIRONMENT
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read keys from this file, if the environment does not have them: X_CLIENT_ID, X_OAUTH2_CLIENT_ID, "
    "OAUTH1_CATALOG_TOKEN_KEYS and so on.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the tokens to this file (JSON lines, mode 0600) instead of the table, which then has only the states.",
)
@click.option(
    "--param", "params", multiple=True, metavar="NAME=VALUE", help="Parameter of each exchange, such as scope."
)
@click.option("--limit", "most", type=click.IntRange(1), help="Send this number of requests at most.")
@click.option(
    "--attempts", type=click.IntRange(1), default=ATTEMPTS, show_default=True, help="Number of requests for one row."
)
@click.option("--dry-run", is_flag=True, help="Only count the rows. Nothing is sent or written.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and nothing else.")
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def migrate(
    provider: str,
    database: str,
    table: str,
    oauth2_table: str,
    sealed_as: str | None,
    name: str | None,
    environment: str | None,
    env_file: Path | None,
    output: Path | None,
    params: tuple[str, ...],
    most: int | None,
    attempts: int,
    dry_run: bool,
    as_json: bool,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Exchange all OAuth 1.0 tokens of a table for OAuth 2.0 tokens, without the users.

    Each row ends as exchanged, as refused with the provider's reason, or as one to be asked again. You can stop the
    command at any time, also with kill -9, and run it again to continue. Several processes can run at the same time, on
    several machines: no user is exchanged twice at once. Ctrl+C ends the command after the row in hand.

    Keys come from the environment or from --env-file. For Django's table, run manage.py oauth1_migrate instead.

    The exit status is 0 if no row is left, or if as many rows as --limit were asked and none of them failed. It is 1 if
    rows are left to be asked again, and 2 if a setting or an option is wrong.
    """
    values = client_values(settings, allow_local_hosts=allow_local_hosts, insecure_transport=insecure_transport)
    parameters = pairs_of(params, "--param")
    provider, catalog = provider_of_client(provider, directories)
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecatedProviderWarning)  # the user is about to leave
        from oauth1_catalog.clients.connected import ConnectedPools
        from oauth1_catalog.registry.standalone import standalone_client
        from oauth1_catalog.registry.sync_script import CatalogClient

        client = stack.enter_context(
            standalone_client(
                CatalogClient,
                "",  # a command: its user calls no function
                provider,
                values,
                connected=ConnectedPools(),
                name=name,
                environment=environment,
                env_file=env_file,
                catalog=catalog,
            )
        )
        limit = client.require_exchange().limit
        cipher = TokenCipher(_token_keys(env_file))
        engine = stack.enter_context(open_database("`migrate`", database))
        from oauth1_catalog.integrations.sqlalchemy_tokens.migration import SQLAlchemyMigration

        rows = SQLAlchemyMigration(
            engine, client.name, cipher, table=table, oauth2_table=oauth2_table, sealed_as=sealed_as
        )
        plan = planned(client, rows.counts(), most)
        if dry_run:
            click.echo(plan.json if as_json else "\n".join(plan.planned_lines(limit)))
            return
        file = None
        if output is not None:
            file = TokenFile(output, client.name)
            stack.callback(file.close)
        with _shown(client.name, plan.again, quiet=as_json) as show:
            summary, fault = run(client, rows, show=show, params=parameters, output=file, most=most, attempts=attempts)
        click.echo(summary.json if as_json else "\n".join(summary.lines))
        if fault is not None:
            raise fault
    if not summary.is_complete(most):
        sys.exit(1)


def _token_keys(env_file: Path | None) -> str | None:
    """The keys of the tables, from the environment, or else from the file."""
    keys = os.environ.get(SETTING)
    if not keys and env_file is not None:
        from oauth1_catalog.registry.environment import read_env_file

        keys = read_env_file(env_file).get(SETTING)
    return keys


@contextlib.contextmanager
def _shown(name: str, total: int, *, quiet: bool) -> Iterator[Callable[[Asked | Waiting], object]]:
    """How events are shown: not at all, as a bar on a terminal, or in lines."""
    if quiet:
        yield lambda event: None  # noqa: ARG005 - an event
    elif sys.stdout is not None and sys.stdout.isatty():
        with click.progressbar(length=total, label=f"Exchanging {name}", show_pos=True) as bar:
            yield lambda event: bar.update(int(isinstance(event, Asked) and event.is_done))
    else:
        yield Lines(name, total, click.echo)
