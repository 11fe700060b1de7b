"""The page on RSA keys: OpenSSL makes them, a login and a call are signed with them, and oauthlib verifies."""

from __future__ import annotations

import sys

import pytest
from cryptography.x509 import load_pem_x509_certificate

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files
from tests.how_to.conftest import Place, commands, free_port

PAGE = "rsa-keys"
BROWSER = """
import sys
import requests
from oauth1_catalog.emulator.testing import submit_consent
requests.get(submit_consent(sys.argv[1], fields={"decision": "authorize", "user": "grace"}), timeout=60)
"""


@pytest.fixture
def keys(place: Place, new_emulator: Emulator) -> Place:
    """The page's key, registered at an emulated Jira."""
    for command in commands(PAGE):
        if command.startswith(("openssl ", "chmod ")):
            place.run(command)
    private = (place.folder / "jira.pem").read_text(encoding="ascii")
    new_emulator.client("jira_data_center", client_id="my-app", rsa_key=private)
    emulated = place.folder / "emulated"
    values = {"base_url": "https://jira.example.com"}
    write_files(new_emulator, [new_emulator.catalog.provider("jira_data_center", values=values)], emulated)
    (place.folder / "browser.py").write_text(BROWSER, encoding="utf-8")
    place.variables = {
        "OAUTH1_CATALOG_PATH": str(emulated),
        "REQUESTS_CA_BUNDLE": str(emulated / BUNDLE),
        "BROWSER": f"{sys.executable} browser.py %s",
    }
    return place


def test_the_key_signs_a_login_and_a_call(keys: Place) -> None:
    login = commands(PAGE)[-1]
    keys.write(PAGE)
    keys.run(f"{login} --port {free_port()}")
    assert keys.run("python -W ignore issues.py") == "grace\n"


@pytest.mark.parametrize("value", ["jira.pem", "text", "one line"])
def test_the_forms_of_the_key_in_a_variable(value: str, keys: Place) -> None:
    text = (keys.folder / "jira.pem").read_text(encoding="ascii")
    value = {"text": text, "one line": text.replace("\n", "\\n")}.get(value, value)
    login = commands(PAGE)[-1].replace("--set rsa_key=jira.pem ", "")
    keys.run(f"{login} --port {free_port()}", JIRA_DATA_CENTER_RSA_KEY=value)


def test_the_certificate_has_the_public_key(keys: Place) -> None:
    certificate = load_pem_x509_certificate((keys.folder / "jira.crt").read_bytes())
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert public == (keys.folder / "jira.pub.pem").read_bytes()
    assert (keys.folder / "jira.pem").stat().st_mode & 0o777 == 0o600
