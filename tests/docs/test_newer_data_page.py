"""The commands of docs/newer-data.md run."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from tests.docs.conftest import ROOT


def test_the_commands(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "newer-data.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    content = catalog_json(Catalog(), version="2999.01.31")
    (tmp_path / "catalog.json").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "-euc", block.replace("HASH", digest)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    checksum, version, *shown = done.stdout.splitlines()
    assert checksum == f"{digest}  catalog.json"
    assert version.endswith("(catalog 2999.01.31)")
    assert any(line.startswith("request_token_url ") and " catalog.json:" in line for line in shown)
