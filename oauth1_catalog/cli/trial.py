"""``oauth1-catalog try``: log in to one provider through the emulator, so that its author sees the file work."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import tempfile
from pathlib import Path

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.cli.arguments import DIRECTORY, complete_provider, not_installed, provider_named

FRAMEWORKS = ("flask", "django", "starlette")


@click.command("try")
@click.argument("name", shell_complete=complete_provider)
@click.option("--framework", type=click.Choice(FRAMEWORKS), default="flask", show_default=True)
@DIRECTORY
def trial(name: str, framework: str, directories: tuple[Path, ...]) -> None:
    """Try the provider NAME, a name or a file, without a browser and without an account.

    A login is clicked through in the framework; the flows that have none make a signed call. The emulator plays the
    provider as its file describes it, and verifies every request with oauthlib.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    name, catalog = provider_named(name, directories)
    try:
        file = catalog.file(name)
        if file.status == "retired":
            raise click.ClickException(f"{name}: OAuth 1.0 is switched off there, so there is nothing to try")
        with tempfile.TemporaryDirectory() as folder:
            alone = _alone(catalog, file.name, Path(folder))
            status = 0
            if "redirect" in file.flows:
                from oauth1_catalog.cli.demo.check import run_checks

                application = importlib.import_module(f"oauth1_catalog.cli.demo.{framework}_app")
                status = run_checks({framework: application}, write=click.echo, catalog=alone, names=[file.name])
            if set(file.flows) - {"redirect"}:
                from oauth1_catalog.cli.demo.calls import run_calls

                status = run_calls(alone, file.name, write=click.echo) or status
            sys.exit(status)
    except ModuleNotFoundError as error:
        raise not_installed(error, "try", "demo") from error


def _alone(catalog: Catalog, name: str, folder: Path) -> Catalog:
    """A catalog of that provider alone, after ``extends``: JSON is YAML."""
    data = {key: value for key, value in catalog.entry(name).data.items() if key not in {"extends", "replace"}}
    (folder / f"{name}.yaml").write_text(json.dumps(data), encoding="utf-8")
    return Catalog(folder, builtin=False)
