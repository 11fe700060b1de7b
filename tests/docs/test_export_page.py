"""The page on ``export``: its commands run as they stand, with the emulator, a shell and curl."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from oauth1_catalog.emulator import Emulator
from tests.cli.users import User
from tests.docs.conftest import ROOT
from tests.programs import needs_curl

PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
BROWSER = """
import sys
import requests
from oauth1_catalog.emulator.testing import submit_consent
requests.get(submit_consent(sys.argv[1], fields={"decision": "authorize", "user": "grace"}), timeout=60)
"""


@needs_curl
def test_the_commands_run(emulator: Emulator, tmp_path: Path) -> None:
    user = User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])
    user.has_keys("twitter")
    (tmp_path / "browser.py").write_text(BROWSER, encoding="utf-8")
    environment = user.env | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "BROWSER": f"{sys.executable} browser.py %s",
        "CURL_CA_BUNDLE": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
    }
    said: dict[str, str] = {}
    for command in COMMANDS:
        free = command.replace(" login ", " login --port 0 ")  # another test can have the usual port
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", free],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        said[command] = done.stdout
    calls = [out for command, out in said.items() if re.search(r" (profile|call|sign) ", command)]
    assert len(calls) == 4
    assert all('"grace"' in out for out in calls), calls
    assert (tmp_path / "twitter-collection" / "bruno.json").is_file()
    assert "TWITTER_TOKEN=" in (tmp_path / ".env").read_text(encoding="utf-8")
