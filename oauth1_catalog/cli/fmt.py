"""``oauth1-catalog fmt``: put the fields of provider files in order, and quote in one way; comments stay."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from oauth1_catalog.catalog.diagnostics import one_line
from oauth1_catalog.catalog.masking import mask_lines
from oauth1_catalog.catalog.reader import read_bytes
from oauth1_catalog.catalog.repair import formatted
from oauth1_catalog.catalog.survey import provider_files


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Do not write. Show the differences, and exit with 1 if there are any.")
def fmt(paths: tuple[Path, ...], check: bool) -> None:
    """Sort the fields of provider files, and unify quotes. PATHS are files or folders."""
    changed = 0
    for path in provider_files(paths):
        try:
            before = read_bytes(path).decode("utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # validate says what is wrong with it
        after = formatted(before)
        if after != before:
            changed += 1
            if check:
                click.echo(difference(path, before, after), nl=False)
            else:
                write(path, after)
                click.echo(f"{one_line(str(path))} put in order")
    sys.exit(1 if check and changed else 0)


def difference(path: Path, before: str, after: str) -> str:
    """What would change, as a patch; credentials are masked."""
    shown = one_line(str(path))
    old, new = mask_lines(before.splitlines()), mask_lines(after.splitlines())
    return "".join(f"{one_line(line)}\n" for line in difflib.unified_diff(old, new, shown, shown, lineterm=""))


def write(path: Path, text: str) -> None:
    """Write the file, line ends as they are in the text."""
    path.write_bytes(text.encode("utf-8"))
