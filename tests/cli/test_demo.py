"""The demo without a browser: the command as people run it, and what it says when something is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.cli import cli
from oauth1_catalog.cli.demo import FRAMEWORKS, pages
from oauth1_catalog.cli.demo.check import CHECKED, run_checks
from oauth1_catalog.cli.demo.providers import Demo
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.serving import HTTPServer
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    ConfigurationError,
    ExpiredStateError,
    MissingTokenError,
    MissingVerifierError,
    TokenRequestDeniedError,
)
from oauth1_catalog.rfc5849.messages import Response


@pytest.fixture(scope="module")
def demo():
    with Emulator(Catalog()) as emulator:
        yield Demo(emulator, "flask")


def test_check_logs_in_with_all_three_frameworks():
    # in a process of its own: Django can be set up once in each
    command = [sys.executable, "-m", "oauth1_catalog", "demo", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    for framework in FRAMEWORKS:
        for name in CHECKED:
            steps = [line for line in lines if line.split()[:2] == [framework, name]]
            assert len(steps) == 4
            assert all(line.endswith(" ok") for line in steps)
    assert lines[-1] == f"flask, django, starlette: {3 * len(CHECKED)} logins, all succeeded."


def test_check_says_which_step_failed():
    @contextmanager
    def serve(demo, port):
        def answer(request, connection):
            return Response(500, {}, b"<main><h1>Down</h1><p>for repair</p></main>")

        with HTTPServer("127.0.0.1", port, answer=answer, opened=lambda: 1) as server:
            yield server.origin

    lines = []
    assert run_checks({"broken": SimpleNamespace(serve=serve)}, write=lines.append) == 1
    assert "twitter            FAILED: the start page has no link to /login/twitter; its status is 500" in lines[1]
    assert lines[-1].startswith(f"FAILED: {len(CHECKED)} of {len(CHECKED)} logins failed")


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(cli, ["demo", "--port", str(port)])
    assert result.exit_code == 1
    assert f"port {port}: Address already in use. Choose another one with --port." in result.output


def test_every_active_provider_with_a_login_is_offered(demo):
    catalog = Catalog()
    files = [catalog.file(name) for name in catalog.names()]
    expected = {file.name for file in files if "redirect" in file.flows and file.status != "retired"}
    assert {offer.name for offer in demo.offers} == expected
    assert demo.left_out == []
    signatures = {offer.signature for offer in demo.offers if offer.name in CHECKED}
    assert {"HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT", "RSA-SHA1"} <= signatures


def test_what_cannot_be_offered_is_said(tmp_path):
    (tmp_path / "odd.yaml").write_text("schema_version: 1\nname: odd\nrequest_tokn_url: https://odd.example/\n")
    with Emulator(Catalog(tmp_path)) as emulator:
        reasons = Demo(emulator, "flask").left_out
    assert len(reasons) == 1
    assert "odd.yaml:3:1" in reasons[0]


def test_an_offer_shows_no_secret(demo):
    secrets = {demo.emulator.client(offer.name).client_secret for offer in demo.offers}
    assert not any(secret in repr(demo.offers) for secret in secrets - {""})


class TestPages:
    def test_the_picker_has_a_named_link_for_each_provider(self, demo):
        page = pages.picker(demo)
        for offer in demo.offers:
            assert f'href="/login/{offer.name}"' in page
        assert 'aria-label="Log in with Flickr"' in page
        assert "demo --framework django" in page
        assert "demo --framework starlette" in page

    def test_a_profile_is_escaped_and_has_no_secret(self, demo):
        token = {"oauth_token": "abcdefgh", "oauth_token_secret": "s3cret", "oauth_session_handle": "h4ndle"}
        record = pages.login_record(token, {"sub": "1", "name": "<script>"})
        page = pages.profile(demo.offer("flickr"), record)
        assert "&lt;script&gt;" in page
        assert "abcd…" in page
        assert not any(secret in page for secret in ("abcdefgh", "s3cret", "h4ndle", "<script>"))

    def test_a_login_without_a_profile(self, demo):
        page = pages.profile(demo.offer("etrade"), pages.login_record({"oauth_token": "t"}, {}))
        assert "does not describe a profile" in page

    @pytest.mark.parametrize(
        ("error", "title", "status"),
        [
            (AuthorizationDeniedError("flickr: no.", provider="flickr"), "You denied access", 403),
            (ExpiredStateError(description="flickr: old.", provider="flickr"), "This login cannot continue", 400),
            (MissingVerifierError(description="x"), "This login cannot continue", 400),
            (TokenRequestDeniedError(description="x"), "The provider did not let you in", 502),
            (ConfigurationError(description="<b>x</b>"), "The application is not set up", 500),
            (MissingTokenError(description="x"), "The login failed", 400),
        ],
    )
    def test_each_failure_says_what_to_do(self, demo, error, title, status):
        page, answered = pages.failure(demo, error)
        assert answered == status
        assert f"<h1>{title}</h1>" in page
        assert type(error).__name__ in page
        assert "<b>x" not in page
        assert ('href="/login/flickr"' in page) == (error.provider == "flickr")
