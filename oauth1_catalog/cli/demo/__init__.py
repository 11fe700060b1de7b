"""``oauth1-catalog demo``: a small application and emulated providers, to be clicked through or checked."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import sys
import threading
import warnings
from types import ModuleType

import click

from oauth1_catalog.errors import ConfigurationWarning, DeprecatedProviderWarning, needs

FRAMEWORKS = ("flask", "django", "starlette")
PREFERRED_PORT = 8000


@click.command()
@click.option("--framework", type=click.Choice(FRAMEWORKS), help="Framework of the application.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the application. [default: 8000, or a free port if it is in use]",
)
@click.option("--check", is_flag=True, help="Log in without a browser, in all frameworks or in --framework, and exit.")
def demo(framework: str | None, port: int | None, check: bool) -> None:
    """Log in to emulated providers in your browser, or without a browser with --check.

    Starts a small web application and an emulator of every provider of the catalog on this machine. The emulator
    verifies each request with oauthlib. You need no account.
    """
    # A request is told by the demo itself; what a library finds worth a warning is still shown.
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    # Everything is offered; what ends, and which logins can be fixated, `list` and `show` tell.
    warnings.simplefilter("ignore", DeprecatedProviderWarning)
    warnings.simplefilter("ignore", ConfigurationWarning)
    names = [framework] if framework else FRAMEWORKS if check else FRAMEWORKS[:1]
    applications = {name: _application(name) for name in names}
    if check:
        from oauth1_catalog.cli.demo.check import run_checks

        sys.exit(run_checks(applications, write=click.echo))
    _show(*applications.popitem(), _free_port(port))


def _application(framework: str) -> ModuleType:
    """The module that has the demo's application in that framework: it has ``serve(demo, port)``."""
    with needs("`demo`", "demo"):
        return importlib.import_module(f"oauth1_catalog.cli.demo.{framework}_app")


def _free_port(port: int | None) -> int:
    """``port`` if it is free; without one the usual port, or 0 for any where that is taken."""
    try:
        with socket.create_server(("127.0.0.1", port or PREFERRED_PORT)):
            return port or PREFERRED_PORT
    except OSError as error:
        if port is None:
            return 0
        raise click.ClickException(
            f"port {port}: {os.strerror(error.errno or 0)}. Choose another one with --port."
        ) from error


def _show(framework: str, application: ModuleType, port: int) -> None:
    """Serve the application until somebody stops it."""
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.cli.demo.providers import Demo
    from oauth1_catalog.emulator import Emulator

    # Ctrl+C may come at any moment, also while the address is being written or while everything ends.
    try:
        with Emulator(Catalog()) as emulator:
            demo = Demo(emulator, framework)
            with application.serve(demo, port) as origin:
                for reason in demo.left_out:
                    click.echo(reason, err=True)
                click.echo("A demonstration: every provider is emulated on this machine, no real account is involved.")
                click.echo(f"{len(demo.offers)} providers; their consent pages are on {emulator.origins.consent}")
                click.echo(f"\n    Open {click.style(origin + '/', bold=True)}   ({framework}; stop with Ctrl+C)\n")
                threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopped.")
