"""What is installed for these tests alone: npm's packages, and environments of Python outside constraints.txt.

They are made once and kept, where ``OAUTH1_CATALOG_REQUIRE_FOREIGN`` is set; without it, what is there is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REQUIRED

NODE = Path(__file__).parent / "servers" / "node"
BRUNO = Path(__file__).parent / "bruno"
ENVIRONMENTS = Path(__file__).parents[2] / ".foreign"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time installs into a folder."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{folder.parent.name}-{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(folder: Path, fingerprint: bytes, *commands: list[str], cwd: Path = NODE) -> bool:
    """Run the commands unless that was done with this fingerprint; whether all is there."""
    stamp, wanted = folder / ".installed", hashlib.sha256(fingerprint).hexdigest()
    with _alone(folder):
        if stamp.is_file() and stamp.read_text() == wanted:
            return True
        if not os.environ.get(REQUIRED):
            return False
        shutil.rmtree(folder, ignore_errors=True)
        for command in commands:
            run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
            assert run.returncode == 0, f"{' '.join(command)}\n{run.stdout}{run.stderr}"
        stamp.write_text(wanted)
    return True


def node_missing(folder: Path = NODE) -> str:
    """What is missing of npm's packages that a folder pins; those of the verifiers by default."""
    if not shutil.which("npm"):
        return "Node is not installed (Debian: apt-get install nodejs npm)"
    pinned = (folder / "package.json").read_bytes()
    # Without a lock file: npm writes the address of its registry into one.
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    if _install(folder / "node_modules", pinned, ["npm", "install", *options], cwd=folder):
        return ""
    return f"npm's packages are not installed ({REQUIRED}=1 in the environment installs them)"


def python_of(name: str, *requirements: str, built: str = "") -> tuple[Path | None, str]:
    """The interpreter of an environment that has these packages, or what is missing.

    ``built`` is a package of which there is only source; all others are installed from wheels.
    """
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    make = [*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    source = ["--only-binary", ":all:", "--no-binary", built] if built else ["--no-build"]
    fill = [*uv, "pip", "install", "--quiet", *source, "--python", str(python), *requirements]
    if _install(folder, repr((sys.version, requirements)).encode(), make, fill):
        return python, ""
    packages = " ".join(requirements)
    return None, f"{packages} of PyPI is not installed ({REQUIRED}=1 in the environment installs it)"
