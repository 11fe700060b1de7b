"""The pages of the commands, in Markdown: what ``oauth1-catalog COMMAND --help`` prints.

The help is plain text for a terminal, so that a ``*`` or the ``_`` of ``FLASK_`` has no meaning in it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from oauth1_catalog.cli import COMMANDS, cli

_CODE = re.compile(r"(`[^`]*`)")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*)")


def markdown(text: str) -> str:
    r"""A paragraph of help as Markdown, with the names of options as code.

    >>> print(markdown("Like --format json, for <name>_* and `a_*`."))
    Like `--format` json, for \<name>_\* and `a_*`.
    """
    parts = _CODE.split(" ".join(text.split()))
    prose = (_OPTION.sub(r"`\1`", re.sub(r"([\\*<|\[])", r"\\\1", part)) for part in parts[::2])
    return "".join(part for pair in zip(prose, [*parts[1::2], ""], strict=True) for part in pair)


def paragraphs(help_text: str | None) -> Iterator[str]:
    r"""The paragraphs of a help text; one that begins with ``\b`` keeps its lines, as in the terminal.

    >>> list(paragraphs("Sign it.\n\n\b\nExamples:\n  sign a\n  sign b"))
    ['Sign it.', 'Examples:', '```text\nsign a\nsign b\n```']
    """
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(help_text or "").partition("\f")[0].strip()):
        first, _, rest = paragraph.partition("\n")
        if first.strip() != "\b":
            yield markdown(paragraph)
            continue
        if rest.partition("\n")[0].endswith(":"):
            title, _, rest = rest.partition("\n")
            yield markdown(title)
        yield f"```text\n{inspect.cleandoc(rest)}\n```"


def sections(command: click.Command, name: str, heading: str = "#") -> Iterator[str]:
    """The parts of a command's page, and of the commands below it."""
    context = click.Context(command, info_name=name)
    yield f"{heading} {name}"
    yield from paragraphs(command.help)
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    options = [option for option in command.params if isinstance(option, click.Option)]  # without --help
    records = [record for option in options if (record := option.get_help_record(context))]
    rows = [f"| `{names.replace('|', chr(92) + '|')}` | {markdown(about)} |" for names, about in records]
    if rows:
        yield "\n".join(["| option | meaning |", "| --- | --- |", *rows])
    yield from paragraphs(command.epilog) if command.epilog else ()
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None  # noqa: S101 - it is in the list
            yield from sections(found, f"{name} {below}", f"{heading}#")


def command_pages() -> dict[str, str]:
    """The page of each command, by its path below ``docs``.

    >>> command_pages()["reference/commands/rule.md"].splitlines()[0]
    '# oauth1-catalog rule'
    """
    pages = {}
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None  # noqa: S101 - it is in the table
        pages[f"reference/commands/{name}.md"] = "\n\n".join(sections(command, f"oauth1-catalog {name}")) + "\n"
    rows = "\n".join(f"| [`{name}`]({name}.md) | {about} |" for name, (_, about) in COMMANDS.items())
    names = "\n".join(COMMANDS)
    pages["reference/commands/index.md"] = (
        "# The commands\n\n"
        "`pip install 'oauth1-catalog[cli]'` installs the command `oauth1-catalog`. "
        "`oauth1-catalog COMMAND --help` prints what these pages contain, and `oauth1-catalog --version` the versions "
        "of the package and of its data.\n\n"
        f"| command | what it does |\n| --- | --- |\n{rows}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )
    return pages
