"""Questions to the person at the terminal, without standard output, which belongs to what a command gives out."""

from __future__ import annotations

import getpass
import re
import sys

import click

from oauth1_catalog.redaction import masked, one_line

ATTEMPTS = 3
"""How often a question is asked."""

_PASTE = re.compile("\x1b\\[20[01]~")
"""What a terminal sends around a pasted text (bracketed paste)."""


def can_ask() -> bool:
    """Whether a person can answer: both streams lead to a terminal, and a shell did not close them."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(question: str, *, hidden: bool = False) -> str:
    """An answer that is not empty.

    Args:
        question: without a colon.
        hidden: do not show what is typed.

    Raises:
        UsageError: the user gave none.
    """
    for _ in range(ATTEMPTS):
        if answer := read_answer(question, hidden=hidden):
            return answer
    raise click.UsageError(f"{question}: there is no answer.")


def read_answer(question: str, *, hidden: bool = False, strip: bool = True) -> str:
    """A line of standard input, without click's prompt, which writes to standard output.

    Args:
        question: without a colon.
        hidden: do not show what is typed.
        strip: remove blanks at its ends, which come along when a person copies something.

    Raises:
        Abort: there is no line.
    """
    if hidden and can_ask():
        try:
            text = getpass.getpass(f"{question}: ")
        except EOFError:
            raise click.Abort from None
    else:
        click.echo(f"{question}: ", nl=False, err=True)
        text = "" if sys.stdin is None else sys.stdin.readline()
        if not text:
            raise click.Abort
    text = _PASTE.sub("", text.removesuffix("\n"))
    return masked(text.strip() if strip else text)


def tell(text: str) -> None:
    """Write lines for the user to standard error. A provider's texts cannot control the terminal."""
    click.echo("\n".join(map(one_line, text.split("\n"))), err=True)
