"""What an application's start costs: a new process that imports Flask and a registry, and registers Twitter.

Ours is measured from the wheel, as it is installed: there the catalog's files have been validated before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from tests.benchmarks.conftest import OURS, TABLE, Row

ROW = Row("a process that imports Flask and a registry, and registers Twitter", ("Authlib",), faster=1.0)
ROOT = Path(__file__).resolve().parents[2]
START = (
    "from flask import Flask\napp = Flask('x')\napp.config.update(TWITTER_CLIENT_ID='a', TWITTER_CLIENT_SECRET='b')\n"
)
PROGRAMS = {
    OURS: START + "from oauth1_catalog.integrations.flask_client import OAuth\n"
    "OAuth(app).register_from_catalog('twitter')\n",
    "Authlib": START + "from authlib.integrations.flask_client import OAuth\n"
    "OAuth(app).register('twitter', request_token_url='https://api.twitter.com/oauth/request_token',\n"
    "    access_token_url='https://api.twitter.com/oauth/access_token',\n"
    "    authorize_url='https://api.twitter.com/oauth/authenticate', api_base_url='https://api.twitter.com/1.1/')\n",
}
STARTS = 5


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel's content, in a folder of its own; compiled, as an installer does."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(folder / "site")], check=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "site")], check=True)
    return folder / "site"


@pytest.mark.parametrize("contender", ROW.contenders)
def test_start(turn, contender, installed, request):
    # -S and -I leave out the editable install; both get the same path, the wheel's content first.
    path = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
    program = f"import sys; sys.path[:0] = {path.split(os.pathsep)!r}\n" + PROGRAMS[contender]
    command = [sys.executable, "-I", "-S", "-c", program]
    subprocess.run(command, check=True)
    times = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - began)
    request.config.stash[TABLE].add(ROW, contender, sorted(times)[STARTS // 2])
