"""``oauth1-catalog list`` and ``search``: which providers there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.categories import Category
from oauth1_catalog.catalog.diagnostics import nearest
from oauth1_catalog.catalog.model import ProviderFile, Status
from oauth1_catalog.cli.arguments import DIRECTORY
from oauth1_catalog.errors import ProviderFileError

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list")
@click.option("--status", type=click.Choice(get_args(Status)), help="Only providers with this status.")
@click.option(
    "--category", type=click.Choice(get_args(Category)), metavar="CATEGORY", help="Only providers of this category."
)
@_JSON
@DIRECTORY
def list_providers(status: str | None, category: str | None, as_json: bool, directories: tuple[Path, ...]) -> None:
    """List the providers of the catalog."""
    files = [
        file
        for file in _files(Catalog(*directories))
        if (status is None or file.status == status) and (category is None or category in file.categories)
    ]
    _print(files, as_json=as_json)
    if not files:
        click.echo("no provider of the catalog has that status and category", err=True)


@click.command()
@click.argument("word")
@_JSON
@DIRECTORY
def search(word: str, as_json: bool, directories: tuple[Path, ...]) -> None:
    """Find providers by category, or by a part of a name, an alias or an address.

    Exact matches come first. The exit status is 1 if nothing matches.
    """
    files = list(_files(Catalog(*directories)))
    sought = word.strip().casefold()
    found = [file for file in files if sought and any(sought in text.casefold() for text in _texts(file))]
    found.sort(key=lambda file: _distance(file, sought))
    _print(found, as_json=as_json)
    if not found:
        click.echo(f"no provider matches `{word}`{_near(word, files)}", err=True)
        sys.exit(1)


def _distance(file: ProviderFile, sought: str) -> int:
    """How far a match is from the word: that very name first, then what begins with it, then the rest."""
    names = [name.casefold() for name in (file.name, *file.aliases, file.display_name or "")]
    if sought in names:
        return 0
    if any(name.startswith(sought) for name in names):
        return 1
    return 2 if any(sought in name for name in names) else 3


def _near(word: str, files: Sequence[ProviderFile]) -> str:
    names = {name: file.name for file in files for name in (file.name, *file.aliases)}
    near = dict.fromkeys(names[name] for name in nearest(word, names))
    return f"; near: {', '.join(near)}" if near else ". `oauth1-catalog list` shows all."


def _files(catalog: Catalog) -> Sequence[ProviderFile]:
    """The usable files; of each other one, what is wrong goes to standard error."""
    files = []
    for name in catalog.names():
        try:
            files.append(catalog.file(name))
        except ProviderFileError as error:
            click.echo(error.description, err=True)
    return files


def _texts(file: ProviderFile) -> tuple[str, ...]:
    urls = (file.homepage, file.docs_url, file.request_token_url, file.api_base_url)
    return (file.name, *file.aliases, file.display_name or "", *file.categories, *filter(None, urls))


def _print(files: Sequence[ProviderFile], *, as_json: bool) -> None:
    if as_json:
        fields = {"name", "aliases", "display_name", "status", "flows", "categories", "docs_url", "replaced_by"}
        listed = [file.model_dump(mode="json", include=fields) for file in files]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    width = max((len(file.name) for file in files), default=0)
    shown = max((len(file.display_name or file.name) for file in files), default=0)
    for file in files:
        aliases = f"also {', '.join(file.aliases)}" if file.aliases else ""
        words = f"{file.name:{width}}  {file.display_name or file.name:{shown}}  {file.status:10}  {aliases}"
        click.echo(words.rstrip())
