"""The example of docs/other-languages.md runs in Node, and its request is one that oauthlib accepts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from oauthlib import oauth1
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.rfc5849 import parse_authorization_header
from tests.docs.conftest import ROOT

PAGE = (ROOT / "docs" / "other-languages.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.mark.foreign
def test_the_example(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed (Debian: apt-get install nodejs)")
    (tmp_path / "example.mjs").write_text(block("javascript"), encoding="utf-8")
    (tmp_path / "catalog.json").write_bytes(catalog_json(Catalog()))
    command = [node, "example.mjs", "catalog.json", str(ROOT / "vectors" / "vectors.json")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    verified, request, header = done.stdout.splitlines()
    assert verified == "true"
    discogs = Catalog().provider("discogs")
    assert request == f"{discogs.request_token_method} {discogs.request_token_url}"
    parameters = dict(parse_authorization_header(header.removeprefix("Authorization: ")))
    signature = parameters.pop("oauth_signature")
    assert parameters["oauth_signature_method"] == "HMAC-SHA1"
    normalized = oauthlib_signature.normalize_parameters(list(parameters.items()))
    method, _, url = request.partition(" ")
    base_string = oauthlib_signature.signature_base_string(method, oauthlib_signature.base_string_uri(url), normalized)
    client = oauth1.Client("key", "secret", resource_owner_secret="")
    assert signature == oauthlib_signature.sign_hmac_sha1_with_client(base_string, client)


def test_the_shown_part_is_a_part_of_the_file() -> None:
    shown, whole = json.loads(block("json")), json.loads(catalog_json(Catalog()))
    assert shown["format"] == whole["format"]
    ((name, provider),) = shown["providers"].items()
    for field, value in provider.items():
        theirs = whole["providers"][name][field]
        assert theirs.items() >= value.items() if isinstance(value, dict) else theirs == value
