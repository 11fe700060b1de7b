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
from oauth1_catalog.cli.arguments import DIRECTORY, not_installed, provider_named

FRAMEWORKS = ("flask", "django", "starlette")


@click.command("try")
@click.argument("name")
@click.option("--framework", type=click.Choice(FRAMEWORKS), default="flask", show_default=True)
@DIRECTORY
def trial(name: str, framework: str, directories: tuple[Path, ...]) -> None:
    """Log in to the provider NAME, a name or a file, without a browser and without an account.

    The emulator plays the provider as its file describes it, and verifies every request with oauthlib.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    name, catalog = provider_named(name, directories)
    try:
        file = catalog.file(name)
        if "redirect" not in file.flows:
            raise click.ClickException(f"{name}: there is nothing to click through in the flow {file.flows[0]}")
        if file.status == "retired":
            raise click.ClickException(f"{name}: OAuth 1.0 is switched off there, so the demo does not offer it")
        application = importlib.import_module(f"oauth1_catalog.cli.demo.{framework}_app")
        from oauth1_catalog.cli.demo.check import run_checks

        with tempfile.TemporaryDirectory() as folder:
            alone = _alone(catalog, file.name, Path(folder))
            sys.exit(run_checks({framework: application}, write=click.echo, catalog=alone, names=[file.name]))
    except ModuleNotFoundError as error:
        raise not_installed(error, "try", "demo") from error


def _alone(catalog: Catalog, name: str, folder: Path) -> Catalog:
    """A catalog of that provider alone, after ``extends``: JSON is YAML."""
    data = {key: value for key, value in catalog.entry(name).data.items() if key not in {"extends", "replace"}}
    (folder / f"{name}.yaml").write_text(json.dumps(data), encoding="utf-8")
    return Catalog(folder, builtin=False)
