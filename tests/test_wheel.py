"""What is built is what works: the wheel in an empty environment, and the checkout installed as editable."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REGISTER = """
from flask import Flask
from oauth1_catalog.catalog.files import builtin_directory
from oauth1_catalog.flow.profiles import JsonProfile
from oauth1_catalog.integrations.flask_client import OAuth

app = Flask(__name__)
app.config.update(TWITTER_CLIENT_ID="key", TWITTER_CLIENT_SECRET="secret")
oauth = OAuth(app)
oauth.register_from_catalog("twitter")
print(builtin_directory())
print(oauth.twitter.request_token_url)
JsonProfile({"id_str": "7"}).find("$.id_str")  # userinfo() needs no other package
"""


def run(*command: object, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(  # the project's own tools, and no shell
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=ROOT)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_registers_twitter_in_an_empty_environment(wheel, tmp_path):
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, environment, cwd=tmp_path)
    requirement = f"oauth1-catalog[flask] @ {wheel.as_uri()}"
    constraints = ROOT / "constraints.txt"
    run(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "-c",
        constraints,
        requirement,
        cwd=tmp_path,
    )
    directory, url = run(python, "-c", REGISTER, cwd=tmp_path).splitlines()
    assert Path(directory).is_relative_to(environment)
    assert Path(directory).parts[-3:] == ("oauth1_catalog", "_data", "providers")
    assert url == "https://api.twitter.com/oauth/request_token"


def test_an_editable_install_reads_the_checkout(tmp_path):
    directory, url = run(sys.executable, "-c", REGISTER, cwd=tmp_path).splitlines()
    assert Path(directory) == ROOT / "providers"
    assert url == "https://api.twitter.com/oauth/request_token"


def test_the_wheel_holds_every_provider_the_schema_the_templates_and_no_test(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    providers = {f"oauth1_catalog/_data/providers/{path.name}" for path in (ROOT / "providers").glob("*.yaml")}
    assert providers - names == set()
    assert "oauth1_catalog/_data/schemas/provider.schema.json" in names
    assert "oauth1_catalog/py.typed" in names
    package_data = {
        str(path.relative_to(ROOT))
        for pattern in ("*.html", "*.css", "*.md")
        for path in (ROOT / "oauth1_catalog").rglob(pattern)
    }
    assert "oauth1_catalog/emulator/templates/page.html" in package_data
    assert package_data - names == set()
    assert not [name for name in names if not name.startswith(("oauth1_catalog/", "oauth1_catalog-"))]
