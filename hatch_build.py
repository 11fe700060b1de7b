"""Validate the provider files when a wheel is built, and write them into the ``catalog.json`` that it contains."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface):
    """Adds ``oauth1_catalog/_data/catalog.json``; an editable install reads the YAML files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file to a temporary directory, from which the wheel takes it."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from oauth1_catalog import Catalog
        from oauth1_catalog.catalog.published import catalog_json
        from oauth1_catalog.catalog.shipped import FILE

        content = catalog_json(Catalog(Path(self.root) / "providers", builtin=False))
        self._directory = TemporaryDirectory()
        written = Path(self._directory.name) / FILE
        written.write_bytes(content)
        build_data["force_include"][str(written)] = f"oauth1_catalog/_data/{FILE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's signature
        """Remove the temporary directory."""
        if version != "editable":
            self._directory.cleanup()
