"""Options and arguments that several commands share: folders, values of variables, a provider by name or file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.validate_files import catalog_of
from oauth1_catalog.errors import OAuthError

DIRECTORY = click.option(
    "--directory",
    "directories",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with your own provider files. You can repeat this option.",
)

SETTINGS = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Value of a variable or an option."
)
LOCAL_HOSTS = click.option(
    "--allow-local-hosts", is_flag=True, help="Allow private hosts and IP addresses in variables."
)
INSECURE = click.option(
    "--insecure-transport", is_flag=True, help="Allow http:// in variables, also for other hosts than this machine."
)


def pairs_of(settings: Sequence[str]) -> dict[str, object]:
    """The values of ``--set NAME=VALUE``.

    Raises:
        UsageError: one of them has no ``=``.

    >>> pairs_of(("base_url=http://127.0.0.1:8080/?a=b",))
    {'base_url': 'http://127.0.0.1:8080/?a=b'}
    """
    pairs: dict[str, object] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set {setting}: use NAME=VALUE")
        pairs[name] = value
    return pairs


def complete_provider(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Complete the name of a provider, or a path."""
    if os.sep in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="file")]
    try:
        names = Catalog(*ctx.params.get("directories") or ()).names()
    except OAuthError:
        return []  # the command itself reports the error
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def provider_named(text: str, directories: tuple[Path, ...]) -> tuple[str, Catalog]:
    """The provider's name, from a name or a file, and the catalog that contains it."""
    (name,), catalog = providers_named((text,), directories)
    return name, catalog


def providers_named(texts: Sequence[str], directories: tuple[Path, ...]) -> tuple[tuple[str, ...], Catalog]:
    """The same for several providers.

    Raises:
        UsageError: a file does not exist.
    """
    files = {text: Path(text) for text in texts if Path(text).suffix == ".yaml"}
    for path in files.values():
        if not path.is_file():
            raise click.UsageError(f"the file {path} does not exist")
    folders = (*directories, *(path.parent for path in files.values()))
    names = tuple(files[text].stem if text in files else text for text in texts)
    return names, (catalog_of(folders[-1], folders) if folders else Catalog())
