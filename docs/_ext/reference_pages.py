"""Pages of the reference that are made of the code: one for each command, and one for each rule of provider files.

They are written before Sphinx looks for pages, into ``docs/reference/commands`` and ``docs/reference/rules``, which git
ignores. A file is written only if its text has changed, so that Sphinx reads it again only then.
"""

from __future__ import annotations

from pathlib import Path

from command_pages import command_pages
from sphinx.application import Sphinx

from oauth1_catalog.catalog.rules import rule_codes, rule_page


def rule_pages() -> dict[str, str]:
    """The page of each rule, by its path below ``docs``.

    >>> rule_pages()["reference/rules/P010.md"].splitlines()[0]
    '# P010: unknown field'
    """
    pages = {f"reference/rules/{code}.md": rule_page(code).text for code in rule_codes()}
    rows = "\n".join(f"| [{code}]({code}.md) | {rule_page(code).title} |" for code in rule_codes())
    codes = "\n".join(rule_codes())
    pages["reference/rules/index.md"] = (
        "# The rules of provider files\n\n"
        "`oauth1-catalog validate` checks provider files by these rules. `oauth1-catalog rule P010` prints the page of "
        "one.\n\n"
        f"| rule | finding |\n| --- | --- |\n{rows}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{codes}\n```\n"
    )
    return pages


def write(folder: Path, pages: dict[str, str]) -> None:
    """Write the pages that have changed, and remove those that are gone from the same folders."""
    for path, text in pages.items():
        file = folder / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for parent in {(folder / path).parent for path in pages}:
        for file in parent.glob("*.md"):
            if file.relative_to(folder).as_posix() not in pages:
                file.unlink()


def _write_pages(app: Sphinx) -> None:
    write(Path(app.srcdir), command_pages() | rule_pages())


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
