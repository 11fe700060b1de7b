"""``oauth1-catalog show``: one provider, with the origin of each value."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.document import Step
from oauth1_catalog.catalog.inheritance import Entry
from oauth1_catalog.catalog.masking import mask_text
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli.arguments import (
    DIRECTORY,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    complete_provider,
    pairs_of,
    provider_named,
)
from oauth1_catalog.registry.fixation import RISK, has_fixable_login

_FIXATION = (
    f"Attention: {RISK}. Registering this provider for logins needs allow_session_fixation=True; docs/security.md "
    "tells when that is acceptable."
)
# What is told in other lines, or says nothing to a reader.
_LEFT_OUT = frozenset({"from_catalog", "required_credentials", "variables", "environment", "credential_labels"})


@click.command()
@click.argument("name", shell_complete=complete_provider)
@click.option(
    "--resolved",
    is_flag=True,
    help="Apply extends, environment, options and variables, and show the origin of each value.",
)
@click.option("--environment", help="One of the provider's environments, such as sandbox.")
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
            yield ".".join(map(str, path)), text, _origin(_in_file(path), entry, provider.environment, values)


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every single value below a field; what is as it always is stays out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if inner != field.default and inner not in ({}, ()):
                yield from _leaves((*path, field.name), inner)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves((*path, str(key)), inner)
    elif isinstance(value, tuple):
        yield path, ", ".join(map(str, value))
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _in_file(path: tuple[str, ...]) -> tuple[Step, ...]:
    """The same field as the file spells it."""
    if path[0] == "userinfo":
        return (f"userinfo_{path[1]}", *path[2:])
    if path[0].startswith("user_agent_"):
        return ("user_agent", path[0].removeprefix("user_agent_"))
    return ("quirks",) if path[0] == "quirks" else path


def _origin(path: tuple[Step, ...], entry: Entry, environment: str | None, values: Mapping[str, object]) -> str:
    """The file and line that a value comes from: an option's, the environment's, or the field's own."""
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
    """The configuration keys that an application needs, with the provider's words for them."""
    for credential in provider.required_credentials:
        label = provider.credential_labels.get(credential)
        yield f"{provider.name.upper()}_{credential.upper()}" + (f" ({label})" if label else "")
