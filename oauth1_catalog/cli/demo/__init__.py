"""``oauth1-catalog demo``: a small application and emulated providers, to be clicked through or checked."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
import threading
from contextlib import ExitStack
from types import ModuleType

import click

FRAMEWORKS = ("flask", "django", "starlette")
PREFERRED_PORT = 8000


@click.command()
@click.option("--framework", type=click.Choice(FRAMEWORKS), help="Which framework serves the application.")
@click.option("--port", type=click.IntRange(1, 65535), help="Of the application; a free one near 8000 by default.")
@click.option("--check", is_flag=True, help="Log in without a browser, in all frameworks or the given one, and exit.")
def demo(framework: str | None, port: int | None, check: bool) -> None:
    """Log in to emulated providers: in a browser, or with --check without one.

    Everything is on this machine: a small web application, and the emulation of every provider of the catalog, which
    verifies each request with oauthlib. No real account is involved.
    """
    # A request is told by the demo itself; what a library finds worth a warning is still shown.
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    if check:
        from oauth1_catalog.cli.demo.check import run_checks

        sys.exit(run_checks([framework] if framework else FRAMEWORKS, application_of, write=click.echo))
    _show(framework or "flask", port)


def application_of(framework: str) -> ModuleType:
    """The module that has the demo's application in that framework: it has ``serve(demo, port)``."""
    module = f"oauth1_catalog.cli.demo.{framework}_app"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("oauth1_catalog"):
            raise
        raise click.ClickException(
            f"the demo needs {error.name}. Install it: pip install 'oauth1-catalog[demo]'"
        ) from error


def _show(framework: str, port: int | None) -> None:
    """Serve the application until somebody stops it."""
    application = application_of(framework)
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.cli.demo.offers import Demo
    from oauth1_catalog.emulator import Emulator

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        emulator = stack.enter_context(Emulator(Catalog()))
        demo = Demo(emulator, framework)
        try:
            origin = stack.enter_context(application.serve(demo, port or PREFERRED_PORT))
        except OSError as error:
            if port is not None:
                raise click.ClickException(
                    f"port {port} cannot be used: {error.strerror}. Choose another one with --port."
                ) from error
            origin = stack.enter_context(application.serve(demo, 0))
        click.echo("A demonstration: every provider is emulated on this machine, and no real account is involved.")
        click.echo(f"{len(demo.offers)} providers; their consent pages are on {emulator.origins.consent}")
        click.echo(f"\n    Open {click.style(origin + '/', bold=True)}   ({framework}; stop with Ctrl+C)\n")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")
