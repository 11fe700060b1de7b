"""Run an example against an emulated Twitter: ``python docs/examples/emulated.py SCRIPT [ARGUMENT ...]``.

The first run starts the emulator, and tells the example by its environment what a real application is told in the same
way: keys, and where its own provider files are. A second run, for a background job, finds what the first one told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.registry.encryption import TokenCipher

TOLD = Path(__file__).with_name(".emulated.json")


def environment(emulator: Emulator, folder: Path) -> dict[str, str]:
    """What an application must know: at a real Twitter this is all but the first three."""
    moved = emulator.catalog.provider("twitter")
    urls = ("request_token_url", "authorize_url", "access_token_url", "api_base_url")
    lines = ["schema_version: 1", "name: twitter", "extends: twitter", *(f"{u}: {getattr(moved, u)}" for u in urls)]
    (folder / "twitter.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    twitter = emulator.client("twitter")
    return {
        "OAUTH1_CATALOG_PATH": str(folder),
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
        "TWITTER_CLIENT_ID": twitter.client_id,
        "TWITTER_CLIENT_SECRET": twitter.client_secret,
        "OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key(),
        "SECRET_KEY": "a secret key for an example",
        "DATABASE": str(folder / "example.db"),
    }


def main(*command: str) -> int:
    told = Path(os.environ.get("EXAMPLE_TOLD", TOLD))
    variables = read(told)
    if variables is not None:
        return subprocess.call([sys.executable, *command], env=os.environ | variables)
    with Emulator(Catalog()) as emulator, tempfile.TemporaryDirectory() as folder:
        variables = environment(emulator, Path(folder))
        told.touch(mode=0o600)
        told.write_text(json.dumps({"pid": os.getpid(), "variables": variables}), encoding="utf-8")
        try:
            return subprocess.call([sys.executable, *command], env=os.environ | variables)
        except KeyboardInterrupt:
            return 0
        finally:
            told.unlink()


def read(told: Path) -> dict[str, str] | None:
    """What another run has told; nothing where there is none, or it was killed."""
    try:
        content = json.loads(told.read_text(encoding="utf-8"))
        os.kill(content["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return content["variables"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
