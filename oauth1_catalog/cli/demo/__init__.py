"""``oauth1-catalog demo``: a small application and emulated providers, in a browser or checked without one."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import warnings
from types import ModuleType

import click

from oauth1_catalog.cli.loopback import listen
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
    # The demo reports requests itself; only errors of libraries are shown.
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    # The demo offers all providers; `list` and `show` print these warnings.
    warnings.simplefilter("ignore", DeprecatedProviderWarning)
    warnings.simplefilter("ignore", ConfigurationWarning)
    names = [framework] if framework else FRAMEWORKS if check else FRAMEWORKS[:1]
    applications = {name: _application(name) for name in names}
    if check:
        from oauth1_catalog.cli.demo.check import run_checks

        sys.exit(run_checks(applications, write=click.echo))
    _show(*applications.popitem(), _free_port(port))


def _application(framework: str) -> ModuleType:
    """The module of the demo's application in this framework, which has ``serve(demo, port)``."""
    with needs("`demo`", "demo"):
        return importlib.import_module(f"oauth1_catalog.cli.demo.{framework}_app")


def _free_port(port: int | None) -> int:
    """``port`` if it is free. Default: the preferred port, or 0 (any port) if that is in use."""
    try:
        with listen(port or PREFERRED_PORT):
            return port or PREFERRED_PORT
    except OSError as error:
        if port is None:
            return 0
        raise click.ClickException(
            f"port {port}: {os.strerror(error.errno or 0)}. Choose another one with --port."
        ) from error


def _show(framework: str, application: ModuleType, port: int) -> None:
    """Serve the application until Ctrl+C."""
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.cli.demo.providers import Demo
    from oauth1_catalog.emulator import Emulator

    # Ctrl+C can come at any time, also while the address is printed or the servers stop.
    try:
        with Emulator(Catalog(), explain_pairs=True) as emulator:
            demo = Demo(emulator, framework)
            with application.serve(demo, port) as origin:
                for reason in demo.left_out:
                    click.echo(reason, err=True)
                click.echo(
                    "This is a demo: every provider is emulated on this machine, and no real account is involved."
                )
                click.echo(f"{len(demo.offers)} providers; their consent pages are on {emulator.origins.consent}")
                click.echo(f"What each request signed, and why it was refused: {emulator.requests_url}")
                click.echo(f"\n    Open {click.style(origin + '/', bold=True)}   ({framework}; stop with Ctrl+C)\n")
                threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopped.")
