"""Another user of the machine, who is not root, gets nothing from a proxy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.proxies import KEYS, RunningProxy, Upstream, acme, running

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("curl"),
    reason="it takes root, setpriv and curl to act as another user",
)
OTHER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream().running() as upstream:
        yield upstream


@pytest.fixture
def proxy(tmp_path: Path, upstream: Upstream) -> Iterator[RunningProxy]:
    upstream.arrived.clear()
    with running(tmp_path, acme(tmp_path, upstream), "acme") as proxy:
        yield proxy


def as_other(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*OTHER, *command], capture_output=True, text=True, timeout=60, check=False, cwd="/")


def test_the_port_answers_403_without_the_token(proxy: RunningProxy, upstream: Upstream) -> None:
    done = as_other("curl", "-q", "-sS", "-w", "%{http_code}", f"http://127.0.0.1:{proxy.port}/1/me")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("403")
    assert upstream.arrived == []


def test_the_unix_socket_cannot_be_opened(tmp_path: Path, upstream: Upstream) -> None:
    folder = Path(tempfile.gettempdir()) / f"proxy-{os.getpid()}"  # pytest's own folders are closed to others
    folder.mkdir(mode=0o700)
    try:
        with running(tmp_path, acme(tmp_path, upstream), "acme", "--socket", folder / "s") as proxy:
            command = ["curl", "-q", "-sS", "--unix-socket", proxy.socket, f"{proxy.url}1/me"]
            assert subprocess.run(command, capture_output=True, check=False).stdout == b"hello"
            assert as_other(*command).returncode == 7
            folder.chmod(0o711)  # also where the directory lets others through
            assert as_other(*command).returncode == 7
            folder.chmod(0o700)
    finally:
        shutil.rmtree(folder)


def test_its_files_cannot_be_read(proxy: RunningProxy) -> None:
    place = f"/proc/{proxy.process.pid}"
    for path in (f"{place}/environ", f"{place}/mem", f"{place}/fd", str(proxy.file)):
        done = as_other("sh", "-c", f'cat "{path}" || ls "{path}/"')
        assert done.returncode != 0, path
        assert done.stdout == ""
    shown = as_other("cat", f"{place}/cmdline").stdout
    assert [value for value in (*KEYS.values(), proxy.token) if value in shown] == []


def test_a_user_cannot_read_the_environment_of_an_own_proxy(tmp_path: Path, upstream: Upstream) -> None:
    """The program that it starts is of the same user: the proxy's environment has the keys."""
    if as_other(sys.executable, "-c", "import oauth1_catalog").returncode:
        pytest.skip("another user cannot run this interpreter here")
    providers = Path(tempfile.gettempdir()) / f"providers-{os.getpid()}"
    try:
        shutil.copytree(Path(acme(tmp_path, upstream)["OAUTH1_CATALOG_PATH"]), providers)
        command = [*OTHER, sys.executable, "-m", "oauth1_catalog", "proxy", "acme", "--"]
        env = {**os.environ, **KEYS, "OAUTH1_CATALOG_PATH": str(providers), "HOME": "/"}
        program = ["sh", "-c", "cat /proc/$PPID/environ /proc/$PPID/mem; id -u; test -r /proc/$$/environ && echo own"]
        done = subprocess.run(
            [*command, *program], env=env, cwd="/", capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.split() == ["65534", "own"], done.stderr
        assert done.stderr.count("Permission denied") == 2
    finally:
        shutil.rmtree(providers, ignore_errors=True)
