"""Nodes whose text the Markdown of a page would lose, because its builder does not know them."""

from __future__ import annotations

from docutils import nodes
from docutils.nodes import NodeVisitor
from sphinx.application import Sphinx
from sphinx_design.shared import PassthroughTextElement


def _write_the_text(visitor: NodeVisitor, node: nodes.Node) -> None:
    """The text of a node is its child, which the builder writes itself."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for node in (nodes.abbreviation, PassthroughTextElement):
        app.add_node(node, override=True, markdown=(_write_the_text, _write_the_text))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
