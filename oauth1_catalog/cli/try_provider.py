"""``oauth1-catalog try``: log in to a provider of the emulator, to test its file."""

from __future__ import annotations

import copy
import importlib
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli import (
    DIRECTORY,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    complete_provider,
    pairs_of,
    provider_named,
)
from oauth1_catalog.cli.demo import FRAMEWORKS
from oauth1_catalog.errors import DeprecatedProviderWarning, needs


@click.command("try")
@click.argument("name", shell_complete=complete_provider)
@click.option("--framework", type=click.Choice(FRAMEWORKS), default="flask", show_default=True)
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def try_(
    name: str,
    framework: str,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Try a provider without a browser and without an account. NAME is a name or a file.

    The command logs in to an application of the framework. For a flow without a login, it makes a signed call. The
    emulator follows the provider's file, and verifies every request with oauthlib. Variables that you
    do not set have the values of the file's examples.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    name, catalog = provider_named(name, directories)
    file = catalog.file(name)
    if file.status == "retired":
        raise click.ClickException(f"{name}: the provider has switched OAuth 1.0 off, so there is nothing to try.")
    values = pairs_of(settings)
    if values:  # reject wrong values as an application would
        examples = {key: about.example for key, about in file.variables.items() if about.source is None}
        catalog.provider(
            name,
            values={**examples, **values},
            allow_local_hosts=allow_local_hosts or None,
            insecure_transport=insecure_transport or None,
        )
    if file.status == "deprecated":
        facts = Provider(name=name, status=file.status, sunset=file.sunset, replaced_by=file.replaced_by)
        click.echo(facts.status_sentence, err=True)
    warnings.simplefilter("ignore", DeprecatedProviderWarning)  # printed above
    with tempfile.TemporaryDirectory() as folder:
        alone = _alone(catalog, file.name, values, Path(folder))
        status = 0
        if "redirect" in file.flows:
            with needs("`try`", "demo"):
                from oauth1_catalog.cli.demo.check import run_checks

                application = importlib.import_module(f"oauth1_catalog.cli.demo.{framework}_app")
            status = run_checks({framework: application}, write=click.echo, catalog=alone, names=[file.name])
        if set(file.flows) - {"redirect"}:
            with needs("`try`", "demo"):
                from oauth1_catalog.cli.demo.check import run_calls

            status = run_calls(alone, file.name, write=click.echo) or status
        sys.exit(status)


def _alone(catalog: Catalog, name: str, values: Mapping[str, object], folder: Path) -> Catalog:
    """A catalog of only this provider, after ``extends``, with the values as its defaults. JSON is valid YAML."""
    data: dict[str, Any] = copy.deepcopy(dict(catalog.entry(name).data))
    for key in ("extends", "replace"):
        data.pop(key, None)
    for key, value in values.items():
        section = "variables" if key in data.get("variables", {}) else "options"
        data[section][key]["default"] = value
        if str(value).startswith("http://"):
            data["insecure_transport"] = "true"
    (folder / f"{name}.yaml").write_text(json.dumps(data), encoding="utf-8")
    return Catalog(folder, builtin=False)
