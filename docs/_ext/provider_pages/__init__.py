"""The pages of the providers, made of ``catalog.json`` and of nothing else.

``pages`` makes the Markdown, as pure functions. The Sphinx extension writes it to ``docs/providers``, which git
ignores, before Sphinx looks for pages, and puts the JSON of each provider beside its page.
``docs/build_providers.py`` writes the index and the calendar, which a repository browser shows as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from provider_pages.facts import Provider
from provider_pages.page import page, provider_json

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "providers"
WITH_FILTER = "providers"
"""The page of the index."""


def pages(catalog: bytes) -> dict[str, str]:
    """The pages of a ``catalog.json``, by their path below ``docs``.

    Args:
        catalog: the content of the file.
    """
    providers: Mapping[str, Provider] = json.loads(catalog)["providers"]
    return {f"{FOLDER}/{name}.md": page(provider, providers) for name, provider in providers.items()}


def write(folder: Path, texts: Mapping[str, str], suffix: str = ".md") -> None:
    """Write the files that have changed, and remove those of providers that are gone."""
    for path, text in texts.items():
        file = folder / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for file in (folder / FOLDER).glob(f"*{suffix}"):
        if f"{FOLDER}/{file.name}" not in texts:
            file.unlink()


def _write_pages(app: Sphinx) -> None:
    if _has_index(app):
        write(Path(app.srcdir), pages(catalog_json(Catalog())))


def _has_index(app: Sphinx) -> bool:
    """Whether the folder is ``docs``. A test builds a small folder of its own with the same configuration."""
    return Path(app.srcdir, f"{WITH_FILTER}.md").is_file()


def _write_json(app: Sphinx, error: Exception | None) -> None:
    """Put the JSON beside the pages, and the calendar beside its page."""
    if error is not None or app.builder.format != "html" or not _has_index(app):
        return
    providers: Mapping[str, Provider] = json.loads(catalog_json(Catalog()))["providers"]
    texts = {f"{FOLDER}/{name}.json": provider_json(provider) for name, provider in providers.items()}
    write(Path(app.outdir), texts, ".json")
    Path(app.outdir, "calendar.ics").write_bytes(Path(app.srcdir, "calendar.ics").read_bytes())


def _add_files(app: Sphinx, pagename: str, *context: Any) -> None:  # noqa: ARG001 - Sphinx's event
    if pagename == WITH_FILTER:
        app.add_js_file("provider-index.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write_pages)
    app.connect("html-page-context", _add_files)
    app.connect("build-finished", _write_json)
    app.add_css_file("provider-pages.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
