"""``oauth1-catalog validate``: check provider files. Exit status 0: clean, 1: findings, 2: wrong use."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.directories import builtin_directory
from oauth1_catalog.catalog.loader import Catalog
from oauth1_catalog.catalog.reader import read_file
from oauth1_catalog.catalog.repair import repaired
from oauth1_catalog.catalog.survey import CHUNK, Across, Checked, check_files, provider_files
from oauth1_catalog.cli.fmt import difference, write
from oauth1_catalog.cli.render import LINE_BY_LINE
from oauth1_catalog.cli.reports import REPORTS

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
    changed_since: str | None,
    fix: bool,
    jobs: int | None,
) -> None:
    """Check provider files. PATHS are files or folders.

    Without PATHS, checks the folder providers/ if there is one, otherwise the built-in catalog.
    """
    form = form or ("github" if os.environ.get("GITHUB_ACTIONS") else "full")
    looked = paths or (_default_folder(),)
    files = provider_files(looked)
    if not files:
        raise click.UsageError(_nothing_in(looked))
    changed = _changed_files(changed_since) if changed_since else None
    if fix:
        _fix([path for path in files if changed is None or path.resolve() in changed])
    seen: list[str] = []
    findings: list[Diagnostic] = []
    counts = {"error": 0, "warning": 0}
    broken: set[str] = set()
    stream: TextIO = output.open("w", encoding="utf-8") if output else sys.stdout
    try:
        for item in _all_findings(files, jobs=jobs, seen=seen):
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
    """What was looked for, where, and where there would be some."""
    near = next((path.parent for folder in folders for path in sorted(folder.glob("[!.]*/*.yaml"))), None)
    hint = f"there are some in {near}" if near else "name the folder that holds them, or the files"
    where = ", ".join(map(str, folders))
    return f"nothing to check: no *.yaml or *.yml file in {where} (folders below are not looked through); {hint}"


def _fix(files: Sequence[Path]) -> None:
    """Repair the files, and show on standard error what was changed."""
    today = dt.datetime.now(tz=dt.UTC).date()
    for path, checked in zip(files, check_files(files, today=today), strict=True):
        document = read_file(path)
        after = repaired(document, checked.findings)
        before = document.text
        if before and after != before:
            click.echo(difference(path, before, after), nl=False, err=True)
            write(path, after)


def _default_folder() -> Path:
    here = Path("providers")
    return here if here.is_dir() else builtin_directory()


def _all_findings(files: Sequence[Path], *, jobs: int | None, seen: list[str]) -> Iterator[Diagnostic]:
    """Each file's own findings as they come, and at the end those that take several files."""
    across = Across(Catalog().names())
    count = jobs or (os.cpu_count() or 1 if len(files) > 5 * CHUNK else 1)
    checked: Iterator[Checked] = check_files(files, today=dt.datetime.now(tz=dt.UTC).date(), jobs=count)
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
    """The files that Git says are different from, or not in, a revision."""
    commands = (
        ["git", "diff", "--name-only", "-z", "--diff-filter=d", "--relative", "--end-of-options", revision, "--"],
        ["git", "ls-files", "--others", "--exclude-standard", "-z"],
    )
    changed: set[Path] = set()
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - no shell
        except (OSError, subprocess.CalledProcessError) as error:
            words = (getattr(error, "stderr", "") or str(error)).strip().partition("\n")[0]
            raise click.UsageError(f"--changed-since {revision}: {words}") from error
        changed.update(Path(name).resolve() for name in done.stdout.split("\0") if name)
    return changed


def _summary(files: int, broken: int, counts: dict[str, int]) -> str:
    def many(number: int, word: str) -> str:
        return f"{number:,} {word}{'' if number == 1 else 's'}"

    if not broken:
        return f"{many(files, 'file')} checked, no problems found"
    wrong = f"{many(counts['error'], 'error')} and {many(counts['warning'], 'warning')} in {many(broken, 'file')}"
    return f"{many(files, 'file')} checked, {wrong}"
