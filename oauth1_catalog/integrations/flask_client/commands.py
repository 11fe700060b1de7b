"""``flask oauth1 check``: what is wrong with the clients that an application has registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

if TYPE_CHECKING:
    from oauth1_catalog.integrations.flask_client.oauth import OAuth

EXTENSION = "oauth1_catalog"
"""The key in ``app.extensions``."""

oauth1 = AppGroup("oauth1", help="The application's OAuth 1.0 clients.")


@oauth1.command("check")
def check_clients() -> None:
    """Say what is wrong with the clients. Nothing is sent; the exit status is 1 if anything is wrong.

    What works today and needs attention, such as a provider whose OAuth 1.0 ends, is a warning.
    """
    registry: OAuth = current_app.extensions[EXTENSION]
    problems = registry.check()
    for problem in problems:
        click.echo(f"{'warning: ' if problem.severity == 'warning' else ''}{problem.description}", err=True)
    if any(problem.severity == "error" for problem in problems):
        raise click.exceptions.Exit(1)
    click.echo("The OAuth 1.0 clients are configured.")
