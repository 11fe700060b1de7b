"""``oauth1-catalog list``, ``search`` and ``show``: the providers of the catalog."""

from __future__ import annotations

import dataclasses
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.data import Step, dotted
from oauth1_catalog.catalog.document import Entry
from oauth1_catalog.catalog.grade import support_of
from oauth1_catalog.catalog.model import Category, ProviderFile, Status
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli import (
    DIRECTORY,
    ENVIRONMENT,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    complete_provider,
    pairs_of,
    provider_named,
)
from oauth1_catalog.errors import ProviderFileError
from oauth1_catalog.redaction import mask_text
from oauth1_catalog.registry.login_checks import RISK, has_fixable_login
from oauth1_catalog.suggestions import nearest

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_FIXATION = (
    f"Warning: {RISK}. Registering this provider for logins needs allow_session_fixation=True; docs/security.md "
    "explains when that is acceptable."
)
# Shown in other lines, or of no use to a reader.
_LEFT_OUT = frozenset({"from_catalog", "required_credentials", "variables", "environment", "credential_labels"})


@click.command("list")
@click.option("--status", type=click.Choice(get_args(Status)), help="Only providers with this status.")
@click.option(
    "--category", type=click.Choice(get_args(Category)), metavar="CATEGORY", help="Only providers of this category."
)
@_JSON
@DIRECTORY
def list_providers(status: str | None, category: str | None, as_json: bool, directories: tuple[Path, ...]) -> None:
    """List the providers of the catalog.

    A file that cannot be used is reported on standard error. The exit status is 1 then.
    """
    usable, broken = _files(Catalog(*directories))
    files = [
        file
        for file in usable
        if (status is None or file.status == status) and (category is None or category in file.categories)
    ]
    _print(files, as_json=as_json)
    if not files:
        click.echo("No provider of the catalog has this status and category.", err=True)
    sys.exit(broken)


@click.command()
@click.argument("word")
@_JSON
@DIRECTORY
def search(word: str, as_json: bool, directories: tuple[Path, ...]) -> None:
    """Find providers by category, or by a part of a name, an alias or an address.

    Exact matches come first. The exit status is 1 if nothing matches, or if a file cannot be used.
    """
    files, broken = _files(Catalog(*directories))
    sought = word.strip().casefold()
    found = [file for file in files if sought and any(sought in text.casefold() for text in _texts(file))]
    found.sort(key=lambda file: _distance(file, sought))
    _print(found, as_json=as_json)
    if not found:
        click.echo(f"no provider matches `{word}`{_near(word, files)}", err=True)
    sys.exit(broken or not found)


def _distance(file: ProviderFile, sought: str) -> int:
    """The rank of a match: the same name, a name that starts with the word, a name that contains it, the rest."""
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


def _files(catalog: Catalog) -> tuple[Sequence[ProviderFile], bool]:
    """The valid files, and whether there are others; their errors are printed to standard error."""
    files, broken = [], False
    for name in catalog.names():
        try:
            files.append(catalog.file(name))
        except ProviderFileError as error:
            click.echo(error.description, err=True)
            broken = True
    return files, broken


def _texts(file: ProviderFile) -> tuple[str, ...]:
    urls = (file.homepage, file.docs_url, file.request_token_url, file.api_base_url)
    return (file.name, *file.aliases, file.display_name or "", *file.categories, *filter(None, urls))


def _print(files: Sequence[ProviderFile], *, as_json: bool) -> None:
    if as_json:
        fields = {"name", "aliases", "display_name", "status", "flows", "categories", "docs_url", "replaced_by"}
        listed = [file.model_dump(mode="json", include=fields) | _support(file) for file in files]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    width = max((len(file.name) for file in files), default=0)
    shown = max((len(file.display_name or file.name) for file in files), default=0)
    for file in files:
        support = support_of(file)
        aliases = f"also {', '.join(file.aliases)}" if file.aliases else ""
        columns = (
            f"{file.name:{width}}",
            f"{file.display_name or file.name:{shown}}",
            f"{file.status:10}",
            f"{support.grade:6}",
            f"{support.oldest or 'never'!s:10}",
            aliases,
        )
        click.echo("  ".join(columns).rstrip())


def _support(file: ProviderFile) -> dict[str, Any]:
    """The grade of a file, the days of its checks, and the last probe."""
    support = support_of(file)
    oldest, newest = support.oldest, support.newest
    return {
        "grade": support.grade,
        "decided_by": support.decided_by,
        "checked": {"oldest": oldest and str(oldest), "newest": newest and str(newest)},
        "probed": file.probed and file.probed.model_dump(mode="json"),
    }


@click.command()
@click.argument("name", shell_complete=complete_provider)
@click.option(
    "--resolved",
    is_flag=True,
    help="Apply extends, environment, options and variables, and show the origin of each value.",
)
@ENVIRONMENT
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@_JSON
@DIRECTORY
def show(
    name: str,
    resolved: bool,
    environment: str | None,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    as_json: bool,
    directories: tuple[Path, ...],
) -> None:
    """Show the file of a provider, or its values with --resolved. NAME is a name or a file.

    --set and --environment imply --resolved.
    """
    name, catalog = provider_named(name, directories)
    if not (resolved or settings or environment):
        _show_file(catalog, name, as_json=as_json)
        return
    values = pairs_of(settings)
    provider = catalog.provider(
        name,
        environment=environment,
        values=values,
        allow_local_hosts=allow_local_hosts or None,
        insecure_transport=insecure_transport or None,
    )
    entry = catalog.entry(name)
    if as_json:
        click.echo(mask_text(json.dumps(dataclasses.asdict(provider), indent=2, ensure_ascii=False)))
        return
    rows = [*_variables(provider, entry), *_values(provider, entry, values)]
    width = max(18, *(len(row[0]) for row in rows))
    shown = min(max(len(row[1]) for row in rows), 80)
    for field, value, origin in rows:
        click.echo(f"{field:{width}}  {mask_text(value):{shown}}  {origin}".rstrip())
    click.echo(f"{'you must configure':{width}}  {', '.join(_settings(provider))}")
    support = support_of(catalog.file(name))
    click.echo(f"{'grade':{width}}  {support.grade} ({support.decided_by})")
    click.echo(f"{'sources':{width}}  {support.checked}")
    if has_fixable_login(provider):
        click.echo(f"{'logins':{width}}  need allow_session_fixation=True: {RISK}")


def _show_file(catalog: Catalog, name: str, *, as_json: bool) -> None:
    file = catalog.file(name)
    if as_json:
        click.echo(mask_text(file.model_dump_json(by_alias=True, exclude_defaults=True, indent=2)))
        return
    entry = catalog.entry(name)
    for document in entry.documents:
        click.echo(f"# {document.path}")
        click.echo("\n".join(document.lines()).rstrip("\n"))
    support = support_of(file)
    click.echo(f"# Grade: {support.grade} ({support.decided_by}). Sources: {support.checked}.")
    if "redirect" in file.flows and file.callback.verifier != "required":
        click.echo(textwrap.fill(_FIXATION, 100, initial_indent="# ", subsequent_indent="# "))


def _variables(provider: Provider, entry: Entry) -> Iterator[tuple[str, str, str]]:
    declared = entry.data.get("variables")
    for name, value in provider.variables.items():
        about = declared.get(name) if isinstance(declared, dict) else None
        source = about.get("from") if isinstance(about, dict) else None
        steps = about.get("apply") if isinstance(about, dict) else None
        made = f"from {source}: {', '.join(map(str, steps)) if isinstance(steps, list) else 'as it is'}"
        yield name, value, made if source else "given"


def _values(provider: Provider, entry: Entry, values: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    bare = Provider(name=provider.name)
    for field in dataclasses.fields(Provider):
        value = getattr(provider, field.name)
        if field.name in _LEFT_OUT or (value == getattr(bare, field.name) and field.name != "name"):
            continue
        for path, text in _leaves((field.name,), value):
            yield dotted(path), text, _origin(_in_file(path), entry, provider.environment, values)


def _leaves(path: tuple[Step, ...], value: Any) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every value below a field, without the defaults."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if inner != field.default and inner not in ({}, ()):
                yield from _leaves((*path, field.name), inner)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves((*path, str(key)), inner)
    elif isinstance(value, tuple) and any(" " in str(item) for item in value):  # sentences have a line each
        yield from (((*path, index), str(item)) for index, item in enumerate(value))
    elif isinstance(value, tuple):
        yield path, ", ".join(map(str, value))
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _in_file(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """The path of this field in the file."""
    field = str(path[0])
    if field == "userinfo":
        return (f"userinfo_{path[1]}", *path[2:])
    if field.startswith("user_agent_"):
        return ("user_agent", field.removeprefix("user_agent_"))
    return ("quirks",) if field == "quirks" else path


def _origin(path: tuple[Step, ...], entry: Entry, environment: str | None, values: Mapping[str, object]) -> str:
    """The file and line of a value: in an option, in the environment, or in the field itself."""
    options = entry.data.get("options")
    names = options if isinstance(options, dict) else {}
    chosen = [
        name for name, about in names.items() if name in values or (isinstance(about, dict) and "default" in about)
    ]
    places: list[tuple[Step, ...]] = [("options", name, "sets", *path) for name in reversed(chosen)]
    if environment is not None:
        places.append(("environments", environment, *path))
    for place in (*places, path):
        for document in entry.documents:
            if document.has(place):
                return f"{document.path}:{document.span(place).line}"
    return "by default"


def _settings(provider: Provider) -> Iterator[str]:
    """The configuration keys that an application needs, with the provider's names for them."""
    for credential in provider.required_credentials:
        label = provider.credential_labels.get(credential)
        yield f"{provider.name.upper()}_{credential.upper()}" + (f" ({label})" if label else "")
