"""Inspects the wheel and the sdist in a directory. Usage: python .ci/inspect_distributions.py DIRECTORY.

The wheel has everything that it needs and nothing else; the sdist has every file of the repository.
"""

from __future__ import annotations

import email.parser
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_IN_THE_SDIST = {".gitignore"}
"""hatchling adds this one to each sdist itself, where it is."""


def problems_of_the_wheel(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        info = next(name.partition("/")[0] for name in names if ".dist-info/" in name)
        metadata = email.parser.BytesParser().parsebytes(wheel.read(f"{info}/METADATA"))
        needed = {
            "oauth1_catalog/py.typed",
            "oauth1_catalog/_data/catalog.json",
            "oauth1_catalog/_data/vectors/vectors.json",
            f"{info}/licenses/LICENSE",
            f"{info}/sboms/oauth1-catalog.cdx.json",
        }
        needed |= {f"oauth1_catalog/_data/providers/{file.name}" for file in (ROOT / "providers").iterdir()}
        needed |= {f"oauth1_catalog/_data/schemas/{file.name}" for file in (ROOT / "schemas").iterdir()}
        yield from (f"{path.name} has no {name}" for name in sorted(needed - names))
        strange = [name for name in names if not name.startswith(("oauth1_catalog/", f"{info}/"))]
        yield from (f"{path.name} has {name}" for name in sorted(strange))
        if metadata["License-Expression"] != "BSD-3-Clause" or metadata.get_all("License-File") != ["LICENSE"]:
            yield f"{path.name}: the metadata does not contain the licence"
        if not any(
            name.startswith("Programming Language :: Python :: 3.") for name in metadata.get_all("Classifier", [])
        ):
            yield f"{path.name}: no classifier names a version of Python"
        bill = json.loads(wheel.read(f"{info}/sboms/oauth1-catalog.cdx.json"))
        for component in bill["components"]:
            for entry in component.get("hashes", ()):
                content = wheel.read(component["properties"][0]["value"])
                if hashlib.sha256(content).hexdigest() != entry["content"]:
                    yield f"{path.name}: the SBOM has another hash of {component['name']}"


def problems_of_the_sdist(path: Path) -> Iterator[str]:
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        print("No Git here: the files of the sdist are not compared with those of the repository.")
        return
    files = set(listed.stdout.splitlines())
    yield from (f"{path.name} has no {name}" for name in sorted(files - names - NOT_IN_THE_SDIST))
    yield from (f"{path.name} has {name}" for name in sorted(names - files - {"PKG-INFO"}))


def main() -> None:
    folder = Path(sys.argv[1])
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    found = [*problems_of_the_wheel(wheel), *problems_of_the_sdist(sdist)]
    for problem in found:
        print(problem, file=sys.stderr)
    for file in (sdist, wheel):
        print(f"{file.name}: {file.stat().st_size:,} bytes")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
