"""What autodoc does not know of this package: pages that docstrings name, and types under their public names.

A docstring names a page as ``docs/tokens.md``, which is right in an editor and in a repository browser. In the site, it
is a link. An annotation names a class by the module that defines it, or by its bare name; the reference documents it
under the name that applications import. A type that is not public, or that another library defines, is text. A role in
a page or a docstring has to name something that is documented.
"""

from __future__ import annotations

import re
from collections import defaultdict

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

_PAGE = re.compile(r"``docs/([\w/-]+)\.md``|(?<![`/\w])docs/([\w/-]+)\.md(?![\w`])")


def linked(line: str) -> str:
    """A line of a docstring, with links to the pages that it names.

    >>> linked("It is encrypted; see ``docs/tokens.md``.")
    'It is encrypted; see :doc:`/tokens`.'
    """
    return _PAGE.sub(lambda match: f":doc:`/{match[1] or match[2]}`", line)


def _link_pages(
    app: Sphinx,  # noqa: ARG001 - the signature that autodoc calls
    what: str,
    name: str,  # noqa: ARG001 - as above
    thing: object,  # noqa: ARG001 - as above
    options: object,  # noqa: ARG001 - as above
    lines: list[str],
) -> None:
    lines[:] = [linked(line) for line in lines]
    if what in {"attribute", "data", "property"}:
        lines.insert(0, "")  # else napoleon takes "The version of the data: a date" for a type and its description


def _skip_classes(
    app: Sphinx,  # noqa: ARG001 - the signature that autodoc calls
    what: str,
    name: str,  # noqa: ARG001 - as above
    thing: object,
    skip: bool,  # noqa: ARG001 - as above
    options: object,  # noqa: ARG001 - as above
) -> bool | None:
    """An attribute that is a class, such as ``OAuth.oauth1_client_cls``, is for those who subclass."""
    return True if what == "class" and isinstance(thing, type) else None


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    if node.get("refdomain") != "py":
        return None
    documented: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for name, entry in env.domains.python_domain.objects.items():
        if entry.objtype in {"class", "exception", "function", "data"} and not entry.aliased:
            documented[name.rpartition(".")[2]].append((name, entry.docname, entry.node_id))
    found = documented.get(node["reftarget"].rpartition(".")[2], ())
    if len(found) != 1:
        return None if isinstance(contnode, nodes.literal) else contnode  # a role's is literal, an annotation's is not
    ((name, page, anchor),) = found
    return make_refnode(app.builder, node["refdoc"], page, anchor, [contnode], name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _link_pages, priority=400)
    app.connect("autodoc-skip-member", _skip_classes)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
