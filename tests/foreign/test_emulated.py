"""Programs in other languages log in to ``oauth1-catalog emulate``: with its ``--env-file`` and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oauth1_catalog.emulator.testing import submit_consent
from tests.foreign.environments import NODE, node_missing
from tests.foreign.verifiers import VERIFIERS

PROGRAMS = Path(__file__).parent / "emulated"
CALLBACK = "https://app.example/callback"
COMMANDS: dict[str, tuple[tuple[str, ...], Callable[[], str]]] = {
    "oauth-1.0a (npm)": (("node", str(PROGRAMS / "login.mjs"), str(NODE)), node_missing),
    "OAuth (PECL)": (("php", str(PROGRAMS / "login.php")), VERIFIERS["oauth_provider"].missing),
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file that the running command has written."""
    file = tmp_path_factory.mktemp("emulated") / ".env"
    options = ["--callback", CALLBACK, "--client-id", "the-app", "--env-file", str(file)]
    command = [sys.executable, "-m", "oauth1_catalog", "emulate", "twitter", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any("until you press Ctrl+C" in line for line in process.stdout)
            yield file
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("language", COMMANDS)
def test_a_program_logs_in_and_calls(environment: Path, language: str) -> None:
    program, missing = COMMANDS[language]
    if missing():
        pytest.skip(missing())
    with subprocess.Popen(
        ["sh", "-c", 'set -a; . "$0"; set +a; exec "$@"', str(environment), *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = process.stdout.readline().strip()
            assert url, process.stderr.read()
            bundle = _value(environment, "SSL_CERT_FILE")
            back = submit_consent(url, fields={"decision": "authorize", "user": "grace"}, verify=bundle)
            assert back.startswith(CALLBACK)
            told, errors = process.communicate(f"{back}\n", timeout=60)
            assert (told.split(), errors, process.returncode) == (["grace", "grace"], "", 0)
        finally:
            process.kill()


CLOSING = """
const https = require("https");
const ask = () => new Promise((done) => {
  const headers = { Connection: "close" };
  const request = https.request(process.env.EMULATED_TWITTER_API_BASE_URL + "me", { headers }, (answer) => {
    answer.resume().on("end", () => done(answer.statusCode));
  });
  request.on("error", (error) => done(error.message)).end();
});
(async () => console.log(await ask(), await ask(), await ask()))();
"""


def test_node_ends_its_connections(environment: Path) -> None:
    """As npm's ``oauth`` does for each request."""
    if node_missing():
        pytest.skip(node_missing())
    command = ["sh", "-c", 'set -a; . "$0"; set +a; exec node --eval "$1"', str(environment), CLOSING]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]}
    )
    assert (done.stdout.split(), done.stderr) == (["400", "400", "400"], "")


def _value(file: Path, name: str) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))
