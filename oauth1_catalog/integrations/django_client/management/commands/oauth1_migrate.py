"""``manage.py oauth1_migrate``: exchange the tokens of Django's table for those of OAuth 2.0.

The client belongs to this app, and the tables to ``django_tokens``, whose models Django finds by the name of that app.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from oauth1_catalog.errors import ConfigurationError, DeprecatedProviderWarning, OAuthError
from oauth1_catalog.integrations.django_client.apps import installed_app
from oauth1_catalog.integrations.django_client.client import DjangoOAuth1App
from oauth1_catalog.integrations.django_client.oauth import OAuth
from oauth1_catalog.registry.migration import ATTEMPTS, MigrationTable
from oauth1_catalog.registry.migration_run import Lines, TokenFile, planned, run
from oauth1_catalog.registry.register_arguments import is_secret_argument

TABLES = "oauth1_catalog_tokens"
"""The label of the app with the tables."""


class Command(BaseCommand):
    """Resumes when it is started again; several processes can run at the same time."""

    help = (
        "Exchange all OAuth 1.0 tokens of a client for OAuth 2.0 tokens, without the users. Each row ends as "
        "exchanged, as refused (with the provider's reason), or as one to be asked again. Stop the command at any "
        "time, and run it again to continue. Several processes can run at once. The exit status is 0 if no row is "
        "left, or if as many rows as --limit were asked and none of them failed. It is 1 if rows are left to be asked "
        "again, and 2 if a setting is wrong. "
        "Examples: manage.py oauth1_migrate x --dry-run; manage.py oauth1_migrate x --limit 10"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The options."""
        parser.add_argument(
            "name", help="the name of the client: that of the provider, or the one it is registered with"
        )
        parser.add_argument("--database", default="default", help="which of DATABASES the tables are in")
        parser.add_argument("--output", type=Path, help="write the tokens to this file (JSON lines, mode 0600)")
        parser.add_argument("--param", action="append", default=[], help="NAME=VALUE: parameter of each exchange")
        parser.add_argument("--limit", type=int, help="send this number of requests at most")
        parser.add_argument("--attempts", type=int, default=ATTEMPTS, help="number of requests for one row")
        parser.add_argument("--dry-run", action="store_true", help="only count the rows")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON, and nothing else")

    def handle(
        self,
        *,
        name: str,
        database: str,
        output: Path | None,
        param: list[str],
        limit: int | None,
        attempts: int,
        dry_run: bool,
        json: bool,
        **_: Any,
    ) -> None:
        """Run it."""
        if any(number is not None and number < 1 for number in (limit, attempts)):
            raise CommandError("--limit and --attempts are at least 1.", returncode=2)
        if wrong := [one for one in param if "=" not in one]:
            raise CommandError(f"--param {wrong[0]}: use NAME=VALUE", returncode=2)
        params = dict(one.partition("=")[::2] for one in param)
        for secret in (one for one, value in params.items() if is_secret_argument(one, value)):
            raise CommandError(
                f"--param {secret}: other users of this machine can read a command line. Set the value "
                "in Django's settings.",
                returncode=2,
            )
        try:
            client = _client(name)
            successor = client.require_exchange()
            table = _table(name, database)
            plan = planned(client, table.counts(), limit)
            if dry_run:
                self._print(plan.json if json else "\n".join(plan.planned_lines(successor.limit)))
                return
            file = None if output is None else TokenFile(output, name)
            show = (lambda _: None) if json else Lines(name, plan.again, self._print)
            try:
                summary, fault = run(
                    client, table, show=show, params=params, output=file, most=limit, attempts=attempts
                )
            finally:
                client.close()
                if file is not None:
                    file.close()
        except OAuthError as error:
            raise _failed(error) from error
        except DatabaseError as error:
            raise CommandError(f"the database failed: {error}") from error
        except OSError as error:  # such as a full disk
            what = f"{error.filename}: " if error.filename else ""
            raise CommandError(f"{what}{error.strerror or error}.") from error
        self._print(summary.json if json else "\n".join(summary.lines))
        if fault is not None:
            raise _failed(fault)
        if not summary.is_complete(limit):
            raise CommandError(f"{summary.again} rows are to be asked again.")

    def _print(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _failed(error: OAuthError) -> CommandError:
    return CommandError(error.description, returncode=2 if isinstance(error, ConfigurationError) else 1)


def _client(name: str) -> DjangoOAuth1App:
    """The client that the project has registered, or else a provider of the catalog, with the keys of the settings."""
    app = installed_app()
    if getattr(settings, "ROOT_URLCONF", None):
        import_module(settings.ROOT_URLCONF)  # whose views register the clients
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecatedProviderWarning)  # the user is about to leave
        for registry in list(app.registries) if app is not None else []:
            if (client := registry.create_client(name)) is not None:
                return client
        own = OAuth()
        own.register_from_catalog(name)
        client = own.create_client(name)
    assert client is not None  # noqa: S101 - it has just been registered
    return client


def _table(name: str, database: str) -> MigrationTable:
    try:
        tables: Any = apps.get_app_config(TABLES)
    except LookupError:
        raise CommandError(
            "The tables of tokens are not installed. Add 'oauth1_catalog.integrations.django_tokens' to INSTALLED_APPS."
        ) from None
    table: MigrationTable = tables.migration(name, database)
    return table
