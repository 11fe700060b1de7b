"""Where ``oauth1-catalog login`` puts a token: a file, a token table, or standard output.

Each target is checked before the login, because a token that cannot be saved is lost.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import click

from oauth1_catalog.errors import ConfigurationError, ProviderError, needs
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.encryption import SETTING
from oauth1_catalog.registry.token import Token
from oauth1_catalog.regular_files import read_regular

Save = Callable[[Token], str]
"""Saves a token, and returns a sentence that describes where it is."""


def print_token(form: str, client: str) -> Save:
    """Print the token to standard output."""

    def save(token: Token) -> str:
        token = masked(token)
        if form == "json":
            text = _as_json(token)
        else:
            text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in _variables(token, client).items())
        click.echo(masked(text), nl=False)
        return _warning_about_stdout()

    return save


@contextmanager
def token_file(path: Path, form: str, client: str) -> Iterator[Save]:
    """Write the token to a file that only you can read; in a ``.env`` file, other lines stay as they are.

    The file is replaced as a whole, so that neither a crash nor a link in its place can harm another one.

    Args:
        path: the file.
        form: ``env`` or ``json``.
        client: the client's name, with which the variables begin.

    Raises:
        ConfigurationError: the file exists, and is not of this form.
    """
    with needs("`login`", "cli"):
        from dotenv import set_key
    _existing(path, form)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    except OSError as error:
        raise click.ClickException(f"{path.parent}: {error.strerror}. Choose another file with --output.") from error
    os.close(handle)

    def save(token: Token) -> str:
        token = masked(token)
        if form == "json":
            Path(temporary).write_text(_as_json(token), encoding="utf-8")
        else:
            before = masked(_existing(path, form))
            Path(temporary).write_text(before.replace("\r\n", "\n"), encoding="utf-8", newline="")
            for name, value in _variables(token, client).items():
                export = re.search(rf"^\s*export\s+{name}\s*=", before, re.MULTILINE) is not None
                set_key(temporary, name, value, quote_mode="auto", export=export)
            if "\r\n" in before:  # set_key() writes \n
                written = masked(Path(temporary).read_text(encoding="utf-8"))
                Path(temporary).write_text(written, encoding="utf-8", newline="\r\n")
            Path(temporary).chmod(0o600)
        Path(temporary).replace(path)
        hidden = [] if form == "json" else [name for name in _variables(token, client) if os.environ.get(name)]
        note = f" The environment has {hidden[0]}, too, which client() prefers: unset it." if hidden else ""
        return f"The token is in {path}.{note}"

    try:
        yield save
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def token_table(database: str, table: str, user: str, client: str) -> Iterator[Save]:
    """Save the token in a token table, encrypted with the keys of the environment.

    Args:
        database: its SQLAlchemy URL.
        table: the table's name.
        user: the user's identifier in the column ``user_id``.
        client: the client's name.

    Raises:
        ConfigurationError: there is no such table or no key, or the user cannot be one of the table.
    """
    from oauth1_catalog.cli.database import open_database

    with open_database("`login --database`", database) as engine:
        from oauth1_catalog.integrations.sqlalchemy_tokens.store import tokens_in

        tokens = tokens_in(engine, table, keys=os.environ.get(SETTING))
        tokens.find(client, user)  # the table can be read, and the keys are the right ones

        def save(token: Token) -> str:
            tokens.save_token(client, user, token)
            return f"The token is in the table {table}, for the user {user}."

        yield save


def _warning_about_stdout() -> str:
    """The warning that standard output is a file that others can read; a shell created it."""
    try:
        found = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):  # not a file of the system
        return ""
    is_open = stat.S_ISREG(found.st_mode) and found.st_mode & 0o077
    return "Others can read the file with the token: next time, use --output." if is_open else ""


def _existing(path: Path, form: str) -> str:
    """The text of a file that may be replaced; empty if it does not exist."""
    fault = advice = ""
    text = ""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        fault, advice = "is not a regular file", "Name the file itself."
    elif path.exists():
        try:
            text = masked(masked(read_regular(path)).decode("utf-8-sig"))
        except UnicodeDecodeError:
            fault, advice = "is not UTF-8 text", "Choose another file."
        except OSError as error:
            fault, advice = f"cannot be read ({error.strerror})", "Choose another file."
        if not fault and form == "json" and not _is_token(text):
            fault, advice = "already exists, and does not contain a token", "Choose another file."
        if not fault and form == "env" and _is_json(text):
            fault, advice = "contains JSON, and not lines NAME=VALUE", "Add --format json, or choose another file."
        if not fault and form == "env" and {*re.findall(r"\r\n|\r|\n", text)} not in (set(), {"\n"}, {"\r\n"}):
            fault, advice = "has line breaks of several kinds", "Save it with one kind first."
        if not fault and form == "env" and not _can_go_on(text):
            fault = "has a line behind which nothing can be read, such as one with a quotation mark that is not closed"
            advice = "Correct it first."
    elif not path.parent.is_dir():
        fault, advice = f"is in the folder {path.parent}, which does not exist", "Create the folder first."
    if fault:
        raise ConfigurationError(description=f"--output: {path} {fault}.", advice=advice)
    return text


def _can_go_on(text: str) -> bool:
    """Whether a variable that is added to a ``.env`` file can be read, with quotation marks and without."""
    from dotenv import dotenv_values

    end = "" if not text or text.endswith("\n") else "\n"
    for written, value in (("1", "1"), ("'1'", "1"), ("'\"'", '"')):
        file = StringIO(f"{text}{end}ADDED={written}\n")
        if dotenv_values(stream=file, interpolate=False).get("ADDED") != value:
            return False
    return True


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_token(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "oauth_token" in found


def _as_json(token: Token) -> str:
    ends = {} if token.expires_at is None else {"expires_at": token.expires_at}
    return json.dumps({**token, **ends}, indent=2) + "\n"


def _variables(token: Token, client: str) -> MaskedMapping:
    """The variables that ``client()`` reads.

    Raises:
        ProviderError: a value contains a character with which a shell and a library read the file differently.
    """
    values = MaskedMapping(
        {
            f"{client}_TOKEN".upper(): token["oauth_token"],
            f"{client}_TOKEN_SECRET".upper(): token.get("oauth_token_secret") or "",
        }
    )
    for name, value in values.items():
        if not value.isascii() or not value.isprintable() or "'" in value or "\\" in value:
            raise ProviderError(
                description=f"{name} contains a quote, a backslash or a character that is not printable ASCII, which a "
                ".env file cannot hold safely. Log in again with --format json.",
                provider=client,
            )
    return values
