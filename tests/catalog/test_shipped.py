"""The ``catalog.json`` of a wheel: what it contains is what the YAML files contain, and nothing older is used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json

ROOT = Path(__file__).resolve().parents[2]
DATA = "oauth1_catalog/_data"

EVERY = """
from dataclasses import replace
from unittest.mock import patch
from oauth1_catalog import Catalog
from oauth1_catalog.catalog import catalog
from oauth1_catalog.catalog.data import SIGNING_DEFAULTS
from oauth1_catalog.catalog.shipped import shipped_data

def whole(provider):
    return replace(provider, client_kwargs={**SIGNING_DEFAULTS, **provider.client_kwargs})

def seen():
    catalog = Catalog()
    return {
        name: (
            whole(catalog.outline(name)),
            catalog.choices(name),
            catalog.required(name),
            whole(catalog.provider(name, values=catalog.required(name))),  # the examples
        )
        for name in catalog.names()
    }

from_json = seen()
assert all(shipped_data(name) for name in from_json)
with patch.object(catalog, "shipped_data", lambda name: None):
    from_yaml = seen()
assert from_json == from_yaml
print(len(from_json))
"""
START = """
from oauth1_catalog import client
print(client("twitter", client_id="key", client_secret="hush").request_token_url)
slow = {"yaml", "pydantic", "html", "uuid", "difflib", "oauth1_catalog.diagnosis.explanation"}
print(sorted(slow & set(sys.modules)))
"""
OWN = """
from oauth1_catalog import Catalog, ProviderFileError
catalog = Catalog(sys.argv[1])
print(catalog.provider("ours").api_base_url, catalog.provider("ours").access_token_url)
print(catalog.provider("flickr").api_base_url)
try:
    catalog.provider("wrong")
except ProviderFileError as error:
    print(error)
"""


def build(target: str, root: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (path for path in folder.iterdir() if path.suffix in {".whl", ".gz"})
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as an installer unpacks it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, program: str, *arguments: object) -> list[str]:
    head = f"import sys; sys.path[:0] = {[str(site), sysconfig.get_path('purelib')]!r}\n"
    command = [sys.executable, "-I", "-S", "-c", head + program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=site)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_provider_is_what_its_yaml_file_makes_it(site: Path) -> None:
    assert run(site, EVERY) == [str(len(list((ROOT / "providers").glob("*.yaml"))))]


def test_a_provider_of_the_wheel_needs_no_yaml(site: Path) -> None:
    assert run(site, START) == ["https://api.twitter.com/oauth/request_token", "[]"]


def test_a_file_that_was_changed_after_the_build_is_read(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    file = tmp_path / "site" / DATA / "providers" / "twitter.yaml"
    file.write_text(file.read_text().replace("oauth/request_token", "oauth/changed"))
    assert run(tmp_path / "site", START) == ["https://api.twitter.com/oauth/changed", "['yaml']"]
    of_x = START.replace('"twitter"', '"x"')  # it extends twitter
    assert run(tmp_path / "site", of_x)[1] == "['yaml']"


@pytest.mark.parametrize(
    "damage",
    [
        None,
        b"",
        b'{"providers":{\n"twitter":{"name"\n}}\n',
        b'\n"twitter":{},\n',
        b'\n"twitter":{},\n"twitter.yaml":[],\n',
        b'\n"twitter":[],\n"twitter.yaml":{},\n',
        b'\n"twitter":{},\n"twitter.yaml":{"twitter.yaml":"0"},\n',
    ],
)
def test_without_the_json_the_yaml_is_read(site: Path, tmp_path: Path, damage: bytes | None) -> None:
    shutil.copytree(site, tmp_path / "site")
    file = tmp_path / "site" / DATA / "catalog.json"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    assert run(tmp_path / "site", START) == ["https://api.twitter.com/oauth/request_token", "['yaml']"]


def test_own_files_go_before_the_wheel_s(site: Path, tmp_path: Path) -> None:
    files = {
        "ours": "extends: twitter\napi_base_url: https://api.ours.example/\n",
        "flickr": "extends: flickr\napi_base_url: https://flickr.example/\n",
        "wrong": "extends: twitter\napi_base_ulr: https://api.ours.example/\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(f"schema_version: 1\nname: {name}\n{text}")
    first, second, error = run(site, OWN, tmp_path)
    assert first == "https://api.ours.example/ https://api.twitter.com/oauth/access_token"
    assert second == "https://flickr.example/"
    assert f"{tmp_path}/wrong.yaml:4:1" in error


def test_the_wheel_has_the_catalog_as_it_is_published(site: Path) -> None:
    content = (site / DATA / "catalog.json").read_bytes()
    assert content == catalog_json(Catalog())
    assert list(json.loads(content)["sources"]["x.yaml"]) == ["x.yaml", "twitter.yaml"]
    for folder in ("schemas", "vectors"):
        for file in (ROOT / folder).iterdir():
            assert (site / DATA / folder / file.name).read_bytes() == file.read_bytes()


def test_a_wheel_of_the_source_distribution_has_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (root,) = (tmp_path / "unpacked").iterdir()
    assert build("wheel", root, tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_a_provider_file_that_is_not_valid_is_in_no_wheel(tmp_path: Path) -> None:
    for folder in ("oauth1_catalog", "schemas"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for file in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "providers").mkdir()
    (tmp_path / "vectors").mkdir()
    (tmp_path / "providers" / "VERSION").write_text("2026.11.30\n")
    (tmp_path / "providers" / "acme.yaml").write_text(
        "schema_version: 1\nname: acme\nauthorise_url: https://x.example/\n"
    )
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "unknown field `authorise_url`: did you mean `authorize_url`?" in done.stderr
    assert not list((tmp_path / "dist").glob("*.whl"))
