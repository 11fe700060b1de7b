"""What several commands take: folders of one's own, and a provider by its name or by its file."""

from __future__ import annotations

from pathlib import Path

import click

DIRECTORY = click.option(
    "--directory",
    "directories",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of your own provider files; may be given several times.",
)


def provider_named(text: str, directories: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
    """The name of a provider that is given by its name or by its file, and the folders to look for it in.

    >>> provider_named("twitter", ())
    ('twitter', ())
    """
    path = Path(text)
    if path.suffix == ".yaml" and path.is_file():
        return path.stem, (*directories, path.parent)
    return text, directories
