"""What is built is what works: the contents of the wheel, and the checkout installed as editable.

``tests/installed/test_wheel.py`` installs the wheel into empty environments, for which it needs an index.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

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


def is_editable():
    """Whether the installed package is this checkout; a distributor has installed a wheel of it."""
    installed = json.loads(distribution("oauth1-catalog").read_text("direct_url.json") or "{}")
    return installed.get("dir_info", {}).get("editable", False)


@pytest.mark.skipif(not is_editable(), reason="a wheel is installed, and no checkout")
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


@pytest.fixture(scope="module")
def bill(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if ".dist-info/sboms/" in name]
        return archive.read(name).decode()


def test_cyclonedx_s_own_library_takes_the_bill_of_materials(bill):
    validator = JsonStrictValidator(SchemaVersion.V1_7)
    assert validator.validate_str(bill) is None
    assert validator.validate_str(bill.replace('"library"', '"a kind that there is not"')) is not None


def test_the_bill_has_the_hashes_of_the_data_and_every_requirement(bill, wheel):
    components = {component["name"]: component for component in json.loads(bill)["components"]}
    with zipfile.ZipFile(wheel) as archive:
        for name in ("catalog.json", "vectors.json"):
            content = archive.read(components[name]["properties"][0]["value"])
            assert components[name]["hashes"][0]["content"] == hashlib.sha256(content).hexdigest()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[<>=;\[ ]", text)[0].lower() for text in stated} - {"oauth1-catalog"}
    assert components.keys() == names | {"catalog.json", "vectors.json"}
    assert all(components[name]["isExternal"] for name in names), "the wheel contains none of them"
    assert components["pydantic"]["versionRange"] == "vers:pypi/>=2.10"
    assert components["jsonpath-rfc9535"]["versionRange"] == "vers:pypi/>=1.0|<2"
    assert components["pydantic"]["scope"] == "required"
    assert components["flask"]["scope"] == "optional"


def test_the_bill_has_nothing_that_differs_between_two_builds(bill):
    assert not {"serialNumber"} & json.loads(bill).keys()
    assert "timestamp" not in bill
