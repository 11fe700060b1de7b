"""The command as a process: the programs that it starts, signals, sockets, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from oauth1_catalog.cli import cli
from tests.cli.proxies import COMMAND, KEYS, LAST, Upstream, acme, refused, running
from tests.cli.terminal import Terminal
from tests.servers import child_process


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream().running() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proxy")


@pytest.fixture(scope="module")
def env(folder: Path, upstream: Upstream) -> dict[str, str]:
    return acme(folder, upstream)


def test_a_provider_that_cannot_be_reached(folder: Path, env: dict[str, str], tmp_path: Path) -> None:
    gone = Upstream(origin="http://127.0.0.1:9")
    with running(tmp_path, acme(tmp_path, gone), "acme") as proxy:
        text = refused(proxy.raw(f"GET /{proxy.token}/1/me?q=hush HTTP/1.1"), 502, "provider_unreachable")
    assert "127.0.0.1:9: the connection was refused" in text
    assert "hush" not in text + proxy.log()


def test_by_default_only_reading_is_allowed(folder: Path, env: dict[str, str], tmp_path: Path) -> None:
    with running(tmp_path, env, "acme") as proxy:
        assert proxy.raw(f"GET /{proxy.token}/9/x HTTP/1.1")[0] == 200
        assert proxy.raw(f"HEAD /{proxy.token}/ HTTP/1.1")[0] == 200
        text = refused(proxy.raw(f"POST /{proxy.token}/9/it's HTTP/1.1"), 403, "not_allowed")
        assert text.endswith("""start the proxy with --allow 'POST /9/it'"'"'s'.""")
        assert "Allowed: GET */*." in proxy.log()


PRINT = "import json, os; print(json.dumps(dict(os.environ)))"


class TestPrograms:
    def run(self, folder: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "acme", *arguments],
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_its_environment_has_the_address_and_no_key(
        self, folder: Path, env: dict[str, str], tmp_path: Path
    ) -> None:
        file = tmp_path / "keys.env"
        of_file = {name: KEYS[name] for name in ("ACME_TOKEN", "ACME_TOKEN_SECRET")}
        file.write_text("".join(f"{name}={value}\n" for name, value in of_file.items()) + "OTHER_KEY=other-value\n")
        given = {name: value for name, value in env.items() if name not in of_file} | {
            "OTHER_KEY": "x",
            "COPY_OF_SECRET": f"Bearer {KEYS['ACME_TOKEN_SECRET']}",
            "OAUTH1_CATALOG_TOKEN_KEYS": "k",
            "OAUTH1_PROXY_TOKEN": "of another proxy",
            "NO_PROXY": "intranet.example",
            "KEPT": "yes",
        }
        ran = self.run(folder, given, "--env-file", str(file), "--", sys.executable, "-c", PRINT)
        assert ran.returncode == 0, ran.stderr
        found = json.loads(ran.stdout)
        assert [value for value in KEYS.values() if any(value in other for other in found.values())] == []
        gone = {"OTHER_KEY", "COPY_OF_SECRET", "OAUTH1_CATALOG_TOKEN_KEYS", *KEYS}
        assert gone.isdisjoint(found)
        assert found["OAUTH1_PROXY_URL"].endswith(f"/{found['OAUTH1_PROXY_TOKEN']}/")
        assert len(found["OAUTH1_PROXY_TOKEN"]) >= 43
        assert (found["KEPT"], found["NO_PROXY"]) == ("yes", "intranet.example,127.0.0.1,localhost")
        assert found["OAUTH1_PROXY_TOKEN"] not in ran.stderr

    def test_it_calls_and_its_status_is_the_status_of_the_command(
        self, folder: Path, env: dict[str, str], upstream: Upstream
    ) -> None:
        upstream.answer = None
        program = (
            "import os, sys, urllib.request as u; print(u.urlopen(os.environ['OAUTH1_PROXY_URL'] + '1/me').read()); "
            "sys.exit(7)"
        )
        ran = self.run(folder, env, "--", sys.executable, "-c", program)
        assert (ran.returncode, ran.stdout) == (7, "b'hello'\n")
        assert "/1/me 200, 0 B sent, 5 B received" in ran.stderr
        quiet = self.run(folder, env, "--quiet", "--", sys.executable, "-c", program)
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (7, "b'hello'\n", "")

    @pytest.mark.parametrize(
        ("program", "status"), [("kill -TERM $$", 143), ("kill -KILL $$", 137), ("exit 3", 3), ("true", 0)]
    )
    def test_how_it_ends(self, program: str, status: int, folder: Path, env: dict[str, str]) -> None:
        assert self.run(folder, env, "--", "sh", "-c", program).returncode == status

    def test_what_cannot_be_started(self, folder: Path, env: dict[str, str], tmp_path: Path) -> None:
        ran = self.run(folder, env, "--", "/no/such/program")
        assert (ran.returncode, ran.stderr) == (127, "Error: /no/such/program: No such file or directory.\n")
        (tmp_path / "plain").write_text("")
        assert self.run(folder, env, "--", str(tmp_path / "plain")).returncode == 126

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
    def test_signals_are_passed_on(self, number: int, folder: Path, env: dict[str, str]) -> None:
        program = (
            "import signal, sys, time; number = int(sys.argv[1]); "
            "signal.signal(number, lambda *_: (print('caught', flush=True), sys.exit(5))); "
            "print('ready', flush=True); time.sleep(60)"
        )
        command = [*COMMAND, "acme", "--", sys.executable, "-c", program, str(int(number))]
        with child_process(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            start_new_session=True,  # without a terminal
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert process.stdout.readline() == "caught\n"
            assert process.wait(30) == 5

    def test_ctrl_c_in_a_terminal_reaches_it_once(self, folder: Path, env: dict[str, str]) -> None:
        program = (
            "import signal, sys, time; caught = []; signal.signal(signal.SIGINT, lambda *_: caught.append(1)); "
            "print('ready', flush=True); time.sleep(1.5); print('caught', len(caught)); sys.exit(4)"
        )
        command = [*COMMAND, "acme", "--", sys.executable, "-c", program]
        with Terminal(command, env={**os.environ, **env}, cwd=folder) as terminal:
            terminal.expect("ready")
            terminal.press_ctrl_c()
            assert terminal.end() == 4
        assert "caught 1" in terminal.screen

    def test_the_parents_environment_cannot_be_read(self, folder: Path, env: dict[str, str]) -> None:
        if sys.platform != "linux":
            pytest.skip("other systems have no prctl")
        program = (
            "stat -c %U /proc/$PPID/environ /proc/$PPID/mem; stat -c %a /proc/$PPID/environ; cat /proc/self/status"
        )
        ran = self.run(folder, env, "--", "sh", "-c", program)
        assert ran.stdout.splitlines()[:3] == ["root", "root", "400"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_proxy_ends_and_removes_its_file(number: int, env: dict[str, str], tmp_path: Path) -> None:
    with (
        running(tmp_path, env, "acme") as proxy,
        proxy.connected(),
        contextlib.closing(proxy.connected()) as idle,
    ):
        assert proxy.file.stat().st_mode & 0o777 == 0o600
        idle.sendall(b"GET ")
        began = time.monotonic()
        proxy.process.send_signal(number)
        assert proxy.process.wait(30) == 0
        assert time.monotonic() - began < 20
    assert proxy.log().splitlines()[-1] == "Stopped."
    assert not proxy.file.exists()


def test_a_unix_socket(env: dict[str, str], tmp_path: Path, upstream: Upstream) -> None:
    upstream.answer = None
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o700)
    path = folder / "proxy.sock"
    with running(tmp_path, env, "acme", "--socket", path) as proxy:
        assert (proxy.url, proxy.socket) == (f"http://localhost/{proxy.token}/", str(path))
        assert path.stat().st_mode & 0o777 == 0o600
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", host="localhost")[0] == 200
        refused(proxy.raw("GET /1/me HTTP/1.1", host="localhost"), 403, "token")
        refused(proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", host="evil.example"), 421, "host")
        again = CliRunner().invoke(cli, ["proxy", "acme", "--socket", str(path), "--show-secrets"], env=env)
        assert "another program listens there" in again.stderr
        proxy.process.kill()
        proxy.process.wait()
    assert path.exists()
    with running(tmp_path, env, "acme", "--socket", path) as proxy:  # what a killed one has left is replaced
        assert proxy.raw(f"GET /{proxy.token}/1/me HTTP/1.1", host="localhost")[0] == 200
    assert not path.exists()


def test_the_address_is_printed_only_where_asked(env: dict[str, str], folder: Path) -> None:
    with Terminal([*COMMAND, "acme", "--port", "0", "--show-secrets"], env={**os.environ, **env}, cwd=folder) as shown:
        assert len(shown.expect(r"OAUTH1_PROXY_TOKEN=(\S+)")[1]) >= 43
        shown.expect(re.escape(LAST))
        shown.press_ctrl_c()
        assert shown.end() == 0
