"""What ``export --format bruno`` writes is read by Bruno's parser, and run by Bruno against the emulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from oauth1_catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.emulator import Emulator
from tests.cli.users import User
from tests.foreign.environments import BRUNO, node_missing

CATALOG = Catalog()
CALLBACK = "https://app.example/callback"
EXPORTED = [
    name
    for name in CATALOG.names()
    if (file := CATALOG.file(name)).status != "retired" and (file.client_kwargs.profile or "rfc5849") == "rfc5849"
]
RUN = {
    "twitter": "a signature in the header",
    "discogs": "a User-Agent",
    "flickr": "GET, and parameters of the consent page",
    "hatena": "parameters in a form",
    "fatsecret": "a signature in the query",
    "clever_cloud": "a signature in the form",
    "jira_data_center": "RSA-SHA1, and an address of a customer",
    "netsuite": "HMAC-SHA256, and a realm",
    "zotero": "the token in another header",
    "sellsy_v1": "the address of the consent page in the answer, PLAINTEXT",
}  # fmt: skip
"""Providers that Bruno logs in to, and what is special about each."""


def export(*arguments: object) -> None:
    result = CliRunner().invoke(cli, ["export", *map(str, arguments)])
    assert result.exit_code == 0, result.output


@pytest.fixture(autouse=True)
def _bruno() -> None:
    if missing := node_missing(BRUNO):
        pytest.skip(missing)


def test_bruno_s_parser_reads_every_collection(tmp_path: Path) -> None:
    for name in EXPORTED:
        export(name, "--format", "bruno", "--output", tmp_path / name)
    done = subprocess.run(
        ["node", "read.cjs", str(tmp_path)], cwd=BRUNO, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        one = json.loads(line)
        name, _, path = one["path"].partition("/")
        found.setdefault(name, {})[path] = one["read"]
    assert list(found) == sorted(EXPORTED)
    for name, files in found.items():
        provider = CATALOG.provider(name, values={k: v for k, v in CATALOG.required(name).items() if v is not None})
        method = provider.client_kwargs.get("signature_method") or "HMAC-SHA1"
        assert files["collection.bru"]["auth"]["oauth1"]["signatureMethod"] == method, name
        expects_more = provider.client_kwargs.get("empty_token") or provider.client_kwargs.get("version", "1.0") is None
        assert bool(expects_more) == ("The provider expects" in files["collection.bru"]["docs"]), name
        addresses = {one["name"]: one["value"] for one in files["environments/production.bru"]["variables"]}
        assert addresses.get("api_base_url") == provider.api_base_url, name
        assert {f"environments/{one}.bru" for one in CATALOG.file(name).environments} <= files.keys()
        if "redirect" in provider.flows:
            asked = files["Request token.bru"]
            assert asked["http"]["method"] == provider.request_token_method.lower()
            assert asked["auth"]["oauth1"]["callbackUrl"] == "{{callback}}"
            placement = provider.token_signature_type or provider.client_kwargs.get("signature_type") or "HEADER"
            assert asked["auth"]["oauth1"]["placement"] == str(placement).lower()
            assert addresses["request_token_url"] == provider.request_token_url
            form = {one["name"]: one["value"] for one in asked.get("body", {}).get("formUrlEncoded", ())}
            query = {one["name"]: one["value"] for one in asked.get("params", ())}
            assert (form | query).keys() == provider.request_token_params.keys()


class Bruno:
    """A collection, and Bruno's own command."""

    def __init__(self, folder: Path, ca_file: str) -> None:
        self.folder = folder
        self.ca_file = ca_file

    def run(self, *requests: str, **variables: str) -> tuple[str, list[dict[str, Any]]]:
        """What the scripts print, and the results."""
        given = [f"--env-var={name}={value}" for name, value in variables.items()]
        words = ["node", str(BRUNO / "node_modules" / "@usebruno" / "cli" / "bin" / "bru.js"), "run", *requests]
        report = self.folder.parent / "report.json"
        done = subprocess.run(
            [*words, "--env=production", f"--cacert={self.ca_file}", f"--reporter-json={report}", *given],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder.parent), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        results: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))[0]["results"]
        for one in results:
            assert one["response"]["status"] == 200, one["response"]
        return done.stdout, results


@pytest.mark.parametrize("name", RUN)
def test_bruno_logs_in_and_calls(name: str, emulator: Emulator, tmp_path: Path) -> None:
    user = User(emulator, tmp_path, [sys.executable, "-m", "oauth1_catalog"])
    keys = user.has_keys(name)
    rules = CATALOG.file(name).callback
    if rules.registered:
        emulator.client(name, redirect_uri=CALLBACK)
    collection = tmp_path / "collection"
    with user.environment():
        values = [f"--set={key}={value}" for key, value in CATALOG.required(name).items()]
        export(name, "--format", "bruno", "--output", collection, *values)
        export(name, "--format", "env", "--with-secrets", "--output", collection / ".env")
    if CATALOG.outline(name).required_credentials == ("client_id", "rsa_key"):
        (collection / "private-key.pem").write_text(keys.rsa_key, encoding="utf-8")
    bruno = Bruno(collection, emulator.ca_file)

    said, (asked,) = bruno.run("Request token.bru", callback="oob" if rules.value == "oob" else CALLBACK)
    (address,) = re.findall(r"Open in your browser: (\S+)", said)
    back = emulator.approve(address, user="grace")
    verifier = parse_qs(urlsplit(back).query).get("oauth_verifier", [back])[0]
    body = asked["response"]["data"]
    token = body if isinstance(body, dict) else {key: value for key, (value,) in parse_qs(body).items()}
    known = {"request_token": token["oauth_token"], "request_token_secret": token.get("oauth_token_secret", "")}
    requests = ["Access token.bru", *(["Profile.bru"] if (collection / "Profile.bru").exists() else [])]
    _, answers = bruno.run(*requests, verifier=verifier, **known)
    if len(answers) > 1:
        assert "grace" in json.dumps(answers[-1]["response"]["data"]).lower()
