"""Folders from the environment and from installed packages."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.errors import ConfigurationError, ProviderFileError

FILE = "schema_version: 1\nname: {name}\nflows: [static_token]\napi_base_url: https://{host}.example/\n"


def test_the_environment_s_folders_come_before_the_built_in_one(tmp_path, monkeypatch):
    for folder, host in (("one", "first"), ("two", "second")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "acme.yaml").write_text(FILE.format(name="acme", host=host) + "replace: true\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "acme.yaml").write_text(
        "schema_version: 1\nname: acme\nextends: acme\ndocs_url: https://a.example/\n"
    )
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    assert Catalog().provider("acme").api_base_url == "https://first.example/"
    own = Catalog(tmp_path / "own").provider("acme")
    assert (own.api_base_url, own.docs_url) == ("https://first.example/", "https://a.example/")
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="OAUTH1_CATALOG_PATH"):
        Catalog()
    assert Catalog(tmp_path / "one", builtin=False).names() == ("acme",), "the given directories alone"


def test_installed_packages_add_providers_and_change_none(tmp_path):
    package = tmp_path / "acme_providers"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('a catalog of files is not imported')")
    (package / "acme.yaml").write_text(FILE.format(name="acme", host="acme") + "aliases: [acme_corp]\n")
    (package / "twitter.yaml").write_text(FILE.format(name="twitter", host="evil"))
    metadata = tmp_path / "acme_providers-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-providers\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[oauth1_catalog.providers]\nacme = acme_providers\n")
    program = """
from oauth1_catalog import Catalog
catalog = Catalog()
print(catalog.provider("acme").api_base_url, catalog.provider("acme_corp").name, "acme" in catalog.names())
print(catalog.provider("twitter").api_base_url)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout.splitlines() == ["https://acme.example/ acme True", "https://api.twitter.com/1.1/"]


def test_a_file_of_the_environment_hides_no_built_in_one_silently(tmp_path, monkeypatch):
    (tmp_path / "flickr.yaml").write_text(FILE.format(name="flickr", host="acme"))
    monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(tmp_path))
    with pytest.raises(ProviderFileError, match="already has a provider `flickr`"):
        Catalog().provider("flickr")
