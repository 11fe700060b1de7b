"""``oauth1-catalog validate``, ``fmt``, ``schema`` and ``rule``: the commands for provider files.

The exit status is 0 without findings, 1 with findings, and 2 for wrong arguments.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click
from click.shell_completion import CompletionItem

from oauth1_catalog.catalog.catalog import Catalog
from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.files import builtin_directory, read_bytes
from oauth1_catalog.catalog.fmt import apply_fixes, sort_fields
from oauth1_catalog.catalog.layers import read_file
from oauth1_catalog.catalog.published_schema import CATALOG_SCHEMA_FILE, catalog_schema_text
from oauth1_catalog.catalog.rules import rule_codes, rule_page
from oauth1_catalog.catalog.schema import SCHEMA_FILE, schema_text
from oauth1_catalog.catalog.validate_files import CHUNK, CrossFileChecks, FileReport, check_files, provider_files
from oauth1_catalog.cli.reports import LINE_BY_LINE, REPORTS
from oauth1_catalog.redaction import mask_lines, one_line
from oauth1_catalog.regular_files import open_to_write, read_regular
from oauth1_catalog.suggestions import did_you_mean, nearest

FORMATS = (*LINE_BY_LINE, *REPORTS)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Output format. [default: github if GITHUB_ACTIONS is set, otherwise full]",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the output to a file.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--max-age", type=click.IntRange(min=0), metavar="DAYS", help="Evidence that was checked longer ago is an error."
)
@click.option("--changed-since", metavar="REV", help="Report only findings in files that changed since a Git revision.")
@click.option(
    "--fix", is_flag=True, help="Fix mistakes that have only one correction, show the differences, and check again."
)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Number of processes. [default: one for each core]")
def validate(
    paths: tuple[Path, ...],
    form: str | None,
    output: Path | None,
    strict: bool,
    max_age: int | None,
    changed_since: str | None,
    fix: bool,
    jobs: int | None,
) -> None:
    """Check provider files. PATHS are files or folders.

    Without PATHS, checks the folder providers/ if there is one, otherwise the built-in catalog.
    """
    form = form or ("github" if os.environ.get("GITHUB_ACTIONS") else "full")
    here = Path("providers")
    searched = paths or (here if here.is_dir() else builtin_directory(),)
    files = provider_files(searched)
    if not files:
        raise click.UsageError(_nothing_in(searched))
    changed = _changed_files(changed_since) if changed_since else None
    if fix:
        _fix([path for path in files if changed is None or path.resolve() in changed])
    seen: list[str] = []
    findings: list[Diagnostic] = []
    counts = {"error": 0, "warning": 0}
    broken: set[str] = set()
    stream: TextIO = output.open("w", encoding="utf-8") if output else sys.stdout
    try:
        for item in _all_findings(files, jobs=jobs, seen=seen, max_age=max_age):
            if changed is not None and Path(item.path).resolve() not in changed:
                continue
            counts[item.severity] += 1
            broken.add(item.path)
            if form in LINE_BY_LINE:
                click.echo(LINE_BY_LINE[form](item), file=stream)
            else:
                findings.append(item)
        if form in REPORTS:
            click.echo(REPORTS[form](findings, seen), file=stream)
    finally:
        if output:
            stream.close()
    if form in {"full", "concise"} or output:
        click.echo(_summary(len(seen), len(broken), counts), err=form != "full" or output is not None)
    sys.exit(1 if counts["error"] or (strict and counts["warning"]) else 0)


def _nothing_in(folders: Sequence[Path]) -> str:
    """The message if there are no files, with a folder that has some."""
    near = next((path.parent for folder in folders for path in sorted(folder.glob("[!.]*/*.yaml"))), None)
    hint = f"Did you mean {near}?" if near else "Name the files, or the folder that contains them."
    where = ", ".join(map(str, folders))
    return f"nothing to check: no *.yaml or *.yml file in {where} (subfolders are not searched). {hint}"


def _fix(files: Sequence[Path]) -> None:
    """Fix the files, and show the changes on standard error."""
    today = dt.datetime.now(tz=dt.UTC).date()
    for path, checked in zip(files, check_files(files, today=today), strict=True):
        document = read_file(path)
        after = apply_fixes(document, checked.findings)
        before = document.text
        if before and after != before:
            click.echo(_difference(path, before, after), nl=False, err=True)
            path.write_bytes(after.encode("utf-8"))


def _all_findings(
    files: Sequence[Path], *, jobs: int | None, seen: list[str], max_age: int | None
) -> Iterator[Diagnostic]:
    """The findings of each file, and at the end those that concern several files."""
    across = CrossFileChecks(Catalog().names())
    count = jobs or (os.cpu_count() or 1 if len(files) > 5 * CHUNK else 1)
    today = dt.datetime.now(tz=dt.UTC).date()
    checked: Iterator[FileReport] = check_files(files, today=today, jobs=count, max_age=max_age)
    with click.progressbar(
        checked,
        length=len(files),
        label="Checking",
        file=sys.stderr,
        hidden=len(files) < CHUNK or not sys.stderr.isatty(),
    ) as progress:
        for item in progress:
            seen.append(item.path)
            across.add(item)
            yield from item.findings
    yield from across.findings()


def _changed_files(revision: str) -> set[Path]:
    """The files that differ from a Git revision, or that Git does not track."""
    commands = (
        ["git", "diff", "--name-only", "-z", "--diff-filter=d", "--relative", "--end-of-options", revision, "--"],
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
    )
    changed: set[Path] = set()
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - no shell
        except (OSError, subprocess.CalledProcessError) as error:
            reason = (getattr(error, "stderr", "") or str(error)).strip().partition("\n")[0]
            raise click.UsageError(f"--changed-since {revision}: {reason}") from error
        changed.update(Path(name).resolve() for name in done.stdout.split("\0") if name)
    return changed


def _summary(files: int, broken: int, counts: dict[str, int]) -> str:
    def many(number: int, word: str) -> str:
        return f"{number:,} {word}{'' if number == 1 else 's'}"

    if not broken:
        return f"{many(files, 'file')} checked, no problems found"
    wrong = f"{many(counts['error'], 'error')} and {many(counts['warning'], 'warning')} in {many(broken, 'file')}"
    return f"{many(files, 'file')} checked, {wrong}"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Do not write. Show the differences, and exit with 1 if there are any.")
def fmt(paths: tuple[Path, ...], check: bool) -> None:
    """Sort the fields of provider files. PATHS are files or folders."""
    changed = 0
    for path in provider_files(paths):
        try:
            before = read_bytes(path).decode("utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # `validate` reports it
        after = sort_fields(before)
        if after != before:
            changed += 1
            if check:
                click.echo(_difference(path, before, after), nl=False)
            else:
                path.write_bytes(after.encode("utf-8"))
                click.echo(f"Sorted {one_line(str(path))}")
    sys.exit(1 if check and changed else 0)


def _difference(path: Path, before: str, after: str) -> str:
    """The changes as a patch; credentials are masked."""
    shown = one_line(str(path))
    old, new = mask_lines(before.splitlines()), mask_lines(after.splitlines())
    return "".join(f"{one_line(line)}\n" for line in difflib.unified_diff(old, new, shown, shown, lineterm=""))


_VECTORS_SCHEMA_FILE = "vectors.schema.json"
_SCHEMAS: dict[str, tuple[str, Callable[[], str]]] = {
    "provider": (SCHEMA_FILE, schema_text),
    "catalog": (CATALOG_SCHEMA_FILE, catalog_schema_text),
    "vectors": (_VECTORS_SCHEMA_FILE, lambda: _data_text(f"schemas/{_VECTORS_SCHEMA_FILE}")),
}


def _data_text(path: str) -> str:
    """The text of a file beside the built-in provider files."""
    return (builtin_directory().parent / path).read_text(encoding="utf-8")


@click.command()
@click.argument("kind", type=click.Choice(list(_SCHEMAS)), default="provider")
@click.option(
    "--check",
    type=click.Path(exists=True, path_type=Path),
    help="Compare with a file, or with the one in a folder. Show differences, and exit with 1 if there are any.",
)
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the schema to a folder. Editors find that of provider files by their first line.",
)
def schema(kind: str, check: Path | None, write: Path | None) -> None:
    """Print a JSON Schema (2020-12): of provider files, of catalog.json or of vectors.json."""
    file, make = _SCHEMAS[kind]
    text = make()
    if write is not None:
        target = write / file
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise click.UsageError(f"--write: {target} is not a regular file. Remove it, or choose another folder.")
        write.mkdir(parents=True, exist_ok=True)
        with open_to_write(target) as stream:
            stream.write(text)
        click.echo(f"Wrote {target}")
        return
    if check is None:
        click.echo(text, nl=False)
        return
    path = check / file if check.is_dir() else check
    try:
        written = read_regular(path).decode("utf-8", "replace")
    except FileNotFoundError:
        written = ""
    except OSError as error:
        raise click.ClickException(f"--check: {one_line(str(path))} cannot be read ({error.strerror}).") from error
    if written == text:
        click.echo(f"{path} is up to date")
        return
    lines = difflib.unified_diff(written.splitlines(), text.splitlines(), str(path), "the models", lineterm="")
    click.echo("\n".join(lines))
    which = "" if kind == "provider" else f" {kind}"
    click.echo(f"{path} is stale. Run: oauth1-catalog schema{which} --write {path.parent}", err=True)
    sys.exit(1)


@click.command()
def vectors() -> None:
    """Print vectors.json: requests with their base strings and signatures, for programs in other languages."""
    click.echo(_data_text("vectors/vectors.json"), nl=False)


def _complete_code(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Complete a code; shells that can show descriptions show the title."""
    codes = [code for code in rule_codes() if code.startswith(incomplete.upper())]
    return [CompletionItem(code, help=rule_page(code).title) for code in codes]


@click.command()
@click.argument("code", required=False, shell_complete=_complete_code)
def rule(code: str | None) -> None:
    """Explain the finding CODE, such as P036. Without CODE, list all findings."""
    if code is None:
        for known in rule_codes():
            click.echo(f"{known}  {rule_page(known).title}")
        return
    try:
        click.echo(rule_page(code.upper()).text, nl=False)
    except KeyError:
        hint = did_you_mean(nearest(code, rule_codes())) or "`oauth1-catalog rule` lists all."
        raise click.UsageError(f"no rule {code}; {hint}") from None
