"""The pages on Flask-Dance, python-social-auth and allauth: the real library logs a user in, this one takes over."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, python_blocks
from tests.foreign.environments import python_of
from tests.installed.conftest import strangers_environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TAKEOVERS = {
    "from-flask-dance": ("flask_dance_takeover.py", "flask", ["flask-dance[sqla]>=7.1", "flask-sqlalchemy"]),
    "from-python-social-auth": ("django_takeover.py", "django", ["social-auth-app-django>=5.6"]),
    "from-django-allauth": ("django_takeover.py", "django", ["django-allauth[socialaccount]>=65"]),
}


@pytest.mark.parametrize("page", TAKEOVERS)
def test_a_stored_token_is_taken_over(page: str, tmp_path: Path) -> None:
    program, extra, packages = TAKEOVERS[page]
    own = [
        *PROJECT["dependencies"],
        *(one for name in (extra, "emulator") for one in PROJECT["optional-dependencies"][name]),
    ]
    python, missing = python_of(f"how_to_{extra}_{page.replace('-', '_')}", *packages, *own)
    if python is None:
        pytest.skip(missing)
    for block in python_blocks(f"docs/how-to/{page}.md"):
        named = re.match(r"# (\w+\.py)\n", block)
        assert named, block
        (tmp_path / named[1]).write_text(block, encoding="utf-8")
    shutil.copy(Path(__file__).with_name(program), tmp_path)
    done = subprocess.run(
        [python, program, tmp_path, page.rpartition("-")[2]], cwd=tmp_path,
        env=strangers_environment() | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("taken over\n"), done.stdout + done.stderr
