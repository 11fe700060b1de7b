"""The parameters of a signature, one a line, without the definition list that Sphinx makes of them.

That list has definitions and no terms, so that a screen reader announces it wrongly, and axe reports it as serious.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_PARAMETERS = re.compile(r'(<span class="sig-paren">[(\[]</span>)\s*<dl>(.*?)</dl>', re.DOTALL)


def without_list(body: str) -> str:
    """The HTML of a page, in which each parameter is a span.

    >>> without_list('<span class="sig-paren">(</span> <dl><dd><em>x</em>, </dd></dl>')
    '<span class="sig-paren">(</span><span class="sig-line"><em>x</em>, </span>'
    """
    return _PARAMETERS.sub(
        lambda match: match[1] + match[2].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>"), body
    )


def _change(
    app: Sphinx,  # noqa: ARG001 - the signature that Sphinx calls
    pagename: str,  # noqa: ARG001 - as above
    templatename: str,  # noqa: ARG001 - as above
    context: dict[str, Any],
    doctree: nodes.document | None,  # noqa: ARG001 - as above
) -> None:
    if "body" in context:
        context["body"] = without_list(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("html-page-context", _change)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
