"""An image without an alternative text is a warning, and so an error of ``make docs``."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)


def _check(app: Sphinx, doctree: nodes.document) -> None:  # noqa: ARG001 - the signature that Sphinx calls
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            _LOGGER.warning("the image %s has no alternative text", image.get("uri"), location=image)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("doctree-read", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
