"""Links of a page to files of the repository that are no pages of the site.

In a repository browser, ``[the file](../providers/x.yaml)`` leads to the file. In the site, it leads to the page
that is made of this file, if there is one; otherwise to the file in the repository, whose address ``pyproject.toml``
contains.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
PAGES = {
    "CHANGELOG.md": "contributing/changelog",
    "CONTRIBUTING.md": "contributing/index",
    "README.md": "index",
    "SECURITY.md": "contributing/security-policy",
    "docs/README.md": "index",
}
"""The page of the site for a file that is one in a repository browser."""
MADE_OF = (
    (re.compile(r"providers/(\w+)\.yaml"), r"providers/\1"),
    (re.compile(r"oauth1_catalog/catalog/rules/pages/(P\d{3})\.md"), r"reference/rules/\1"),
    (re.compile(r"docs/(.+)\.md"), r"\1"),
    (re.compile(r"docs/(.+)"), r"\1/README"),
)
"""The pages that are made of files, and the page of a folder."""


def page_of(path: str, pages: set[str]) -> str | None:
    """The page of the site for a path of the repository.

    >>> page_of("providers/x.yaml", {"providers/x"})
    'providers/x'
    >>> page_of("docs/examples/django", {"examples/django/README"})
    'examples/django/README'
    """
    if path in PAGES:
        return PAGES[path]
    for pattern, replacement in MADE_OF:
        if (match := pattern.fullmatch(path)) and (page := match.expand(replacement)) in pages:
            return page
    return None


class RepositoryLinks(SphinxTransform):
    """Replace the links of MyST to files that are no sources of pages."""

    default_priority = 500

    def apply(self) -> None:
        """Called by Sphinx, for each page."""
        for node in [
            *self.document.findall(addnodes.pending_xref),
            *self.document.findall(addnodes.download_reference),
        ]:
            if node.get("reftype") == "myst":
                path, anchor = self._target(node)
                if path is not None:
                    self._replace(node, path, anchor)

    def _target(self, node: nodes.Element) -> tuple[str | None, str | None]:
        """The path in the repository that a link leads to, and the heading; ``None`` for links that Sphinx resolves."""
        target, _, anchor = node["reftarget"].partition("#")
        folder = posixpath.dirname(f"docs/{self.env.docname}")
        if node.get("refdomain") == "doc":
            if target in self.env.found_docs:
                return None, None
            target, anchor = posixpath.normpath(posixpath.join(f"{ROOT}/docs", f"{target}.md")), node.get("reftargetid")
            target = posixpath.relpath(target, ROOT)
        else:
            target = posixpath.normpath(posixpath.join(folder, target)) if target else ""
        return (target, anchor or None) if target and (ROOT / target).exists() else (None, None)

    def _replace(self, node: nodes.Element, path: str, anchor: str | None) -> None:
        if page := page_of(path, self.env.found_docs):
            new: nodes.Element = addnodes.pending_xref(
                refdomain="doc",
                reftarget=page,
                reftargetid=anchor,
                refdoc=self.env.docname,
                reftype="myst",
                refexplicit=True,
            )
        else:
            kind = "tree" if (ROOT / path).is_dir() else "blob"
            new = nodes.reference("", "", refuri=f"{REPOSITORY}/{kind}/main/{path}" + (f"#{anchor}" if anchor else ""))
        new.source, new.line = node.source, node.line
        new += node.children
        node.replace_self(new)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
