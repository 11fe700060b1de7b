"""``oauth1-catalog schema``: print the JSON Schema of provider files, or check that a committed one is up to date."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from oauth1_catalog.catalog.schema import SCHEMA_FILE, schema_text


@click.command()
@click.option(
    "--check",
    type=click.Path(exists=True, path_type=Path),
    help=f"Compare with a file, or with {SCHEMA_FILE} in a folder. Show differences, and exit with 1 if there are any.",
)
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Write {SCHEMA_FILE} to a folder. Editors find it by the first line of provider files.",
)
def schema(check: Path | None, write: Path | None) -> None:
    """Print the JSON Schema (2020-12) of provider files."""
    text = schema_text()
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        (write / SCHEMA_FILE).write_text(text, encoding="utf-8")
        click.echo(f"Wrote {write / SCHEMA_FILE}")
        return
    if check is None:
        click.echo(text, nl=False)
        return
    path = check / SCHEMA_FILE if check.is_dir() else check
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    if written == text:
        click.echo(f"{path} is up to date")
        return
    lines = difflib.unified_diff(written.splitlines(), text.splitlines(), str(path), "the models", lineterm="")
    click.echo("\n".join(lines))
    click.echo(f"{path} is stale. Run: oauth1-catalog schema --write {path.parent}", err=True)
    sys.exit(1)
