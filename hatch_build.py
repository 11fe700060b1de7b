"""Validate the provider files when a wheel is built, and write them into the ``catalog.json`` that it contains.

The wheel contains a software bill of materials as well (PEP 770, CycloneDX): the package, its data, and what it
requires, which is not in the wheel. It has no time and no random number, so that the same files make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement
from packaging.version import Version

BILL = "oauth1-catalog.cdx.json"


class CatalogHook(BuildHookInterface):
    """Adds ``oauth1_catalog/_data/catalog.json`` and the bill of materials.

    An editable install reads the YAML files, and has neither.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files to a temporary directory, from which the wheel takes them."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from oauth1_catalog import Catalog
        from oauth1_catalog.catalog.published import catalog_json
        from oauth1_catalog.catalog.shipped import FILE

        catalog = Catalog(Path(self.root) / "providers", builtin=False)
        content = catalog_json(catalog)
        self._directory = TemporaryDirectory()
        folder = Path(self._directory.name)
        (folder / FILE).write_bytes(content)
        build_data["force_include"][str(folder / FILE)] = f"oauth1_catalog/_data/{FILE}"
        data = {FILE: content, "vectors/vectors.json": (Path(self.root) / "vectors" / "vectors.json").read_bytes()}
        (folder / BILL).write_text(self._bill_of_materials(str(catalog.version), data), encoding="utf-8")
        build_data["sbom_files"].append(str(folder / BILL))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's signature
        """Remove the temporary directory."""
        if version != "editable":
            self._directory.cleanup()

    def _bill_of_materials(self, data_version: str, data: dict[str, bytes]) -> str:
        """The bill as CycloneDX 1.7, in JSON.

        A requirement is external: it is expected where the package is installed, and is in a range of versions.
        """
        project = self.metadata.core
        licences = [{"license": {"id": project.license_expression}}]
        itself = f"pkg:pypi/{project.name}@{self.metadata.version}"
        contained = [
            {
                "type": "data",
                "bom-ref": f"{itself}#{name}",
                "name": Path(name).name,
                "version": data_version,
                "licenses": licences,
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
                "properties": [{"name": "oauth1-catalog:path", "value": f"oauth1_catalog/_data/{name}"}],
            }
            for name, content in sorted(data.items())
        ]
        required = [_external(name, ranges, extras) for name, (ranges, extras) in sorted(self._requirements().items())]
        bill = {
            "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.7",
            "version": 1,
            "metadata": {
                "component": {
                    "type": "library",
                    "bom-ref": itself,
                    "name": project.name,
                    "version": self.metadata.version,
                    "description": project.description,
                    "licenses": licences,
                    "purl": itself,
                }
            },
            "components": [*contained, *required],
            "dependencies": [
                {"ref": itself, "dependsOn": sorted(part["bom-ref"] for part in [*contained, *required])},
            ],
        }
        return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"

    def _requirements(self) -> dict[str, tuple[set[str], set[str]]]:
        """Each required package: its ranges of versions, and the extras that bring it; ``""`` is the package itself."""
        project = self.metadata.core
        stated = [("", text) for text in project.dependencies]
        stated += [(extra, text) for extra, texts in project.optional_dependencies.items() for text in texts]
        found: dict[str, tuple[set[str], set[str]]] = {}
        for extra, text in stated:
            requirement = Requirement(text)
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if name != project.name:
                ranges, extras = found.setdefault(name, (set(), set()))
                ranges.update(map(str, requirement.specifier))
                extras.add(extra)
        return found


def _version(stated: str) -> Version:
    """VERS has the bounds in the order of their versions, so that ``>=1.0|<2`` is one range."""
    return Version(stated.lstrip("<>=!~"))


def _external(name: str, ranges: set[str], extras: set[str]) -> dict[str, Any]:
    """A component that is not in the wheel."""
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}",
        "name": name,
        "scope": "required" if "" in extras else "optional",
        "isExternal": True,
        "versionRange": f"vers:pypi/{'|'.join(sorted(ranges, key=_version))}",
        "purl": f"pkg:pypi/{name}",
    }
    if brought_by := sorted(extras - {""}):
        component["properties"] = [{"name": "oauth1-catalog:extra", "value": extra} for extra in brought_by]
    return component
