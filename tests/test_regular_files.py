"""Each place that reads a file that a user named refuses pipes, devices and large files, with the cause."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from click.testing import CliRunner

from oauth1_catalog import client
from oauth1_catalog.cli import cli
from oauth1_catalog.clients.transport import MAX_BUNDLE, check_files, httpx_context, requests_context
from oauth1_catalog.emulator.export import write_environment
from oauth1_catalog.errors import ConfigurationError, SigningError
from oauth1_catalog.regular_files import MAX_BYTES, open_to_write, read_regular
from oauth1_catalog.rfc5849.rsa import PrivateKeys, load_private_key

SECONDS = 20
BYTES = 400 * 1_048_576
NOBODY = 65534


def message(call: Callable[[], object], *kinds: type[Exception]) -> str:
    with pytest.raises(kinds) as caught:
        call()
    return str(caught.value)


def env_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return message(lambda: client("twitter", env_file=path), ConfigurationError)


def rsa_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shown = message(lambda: load_private_key(str(path)), SigningError)
    assert message(lambda: PrivateKeys().load(str(path)), SigningError) == shown
    return shown


def verify(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return message(lambda: check_files(str(path), None), ConfigurationError)


def cert(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return message(lambda: check_files(None, (str(path), "key.pem")), ConfigurationError)


def requests_ca_bundle(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return message(lambda: requests_context(str(path), None), ConfigurationError)


def ssl_cert_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return message(lambda: httpx_context(verify=True, cert=None, trust_env=True), ConfigurationError)


def schema_check(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    ended = CliRunner().invoke(cli, ["schema", "--check", str(path)])
    assert ended.exit_code in {1, 2}
    return ended.output


Reader = Callable[[Path, pytest.MonkeyPatch], str]
AUTHORITIES: tuple[Reader, ...] = (verify, cert, requests_ca_bundle, ssl_cert_file)
READERS: tuple[Reader, ...] = (env_file, rsa_key, *AUTHORITIES, schema_check)


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """An endless read ends the test, not the machine."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("the read did not end")

    before = signal.signal(signal.SIGALRM, give_up)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, limits[1]))
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_and_a_device_are_refused(reader: Reader, pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (pipe, Path("/dev/zero")):
        shown = reader(path, monkeypatch)
        assert "it is not a regular file" in shown
        assert str(path) in shown or reader is rsa_key


@pytest.mark.parametrize("reader", [env_file, rsa_key, schema_check])
def test_a_file_that_is_too_large_is_refused(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "it is larger than 1,048,576 bytes" in reader(path, monkeypatch)


@pytest.mark.parametrize("reader", AUTHORITIES)
def test_a_bundle_that_is_too_large_is_refused(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_BUNDLE + 1)
    assert "it is larger than 16,777,216 bytes" in reader(path, monkeypatch)


@pytest.mark.parametrize("reader", [env_file, rsa_key])
def test_a_directory_is_refused(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is a directory" in reader(tmp_path, monkeypatch)


@pytest.mark.parametrize("reader", [env_file, rsa_key, requests_ca_bundle])
def test_a_file_of_somebody_else_is_refused(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "private"
    path.write_text("canary\n")
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    assert "Permission denied" not in reader(path, monkeypatch)  # and what it needs is imported
    path.chmod(0)
    if root := os.geteuid() == 0:  # who may read every file
        os.seteuid(NOBODY)
    try:
        shown = reader(path, monkeypatch)
    finally:
        if root:
            os.seteuid(0)
    assert "Permission denied" in shown
    assert "canary" not in shown


def test_a_name_with_a_nul_character_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "its path contains a NUL character" in env_file(Path("keys\0.env"), monkeypatch)
    assert "is neither PEM text" in rsa_key(Path("keys\0.pem"), monkeypatch)


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "keys.env").write_bytes(b"TWITTER_CLIENT_ID=key\n")
    (tmp_path / "link").symlink_to("keys.env")
    assert read_regular(tmp_path / "link") == b"TWITTER_CLIENT_ID=key\n"


def test_a_file_that_becomes_a_pipe_meanwhile_is_refused(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regular = Path(__file__).stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: regular)
    with pytest.raises(OSError, match="it is not a regular file"):
        read_regular(pipe)


def test_emulate_does_not_read_what_it_would_overwrite(pipe: Path, tmp_path: Path) -> None:
    for path in (pipe, tmp_path):
        assert "`emulate` did not write it" in message(
            lambda path=path: write_environment(path, {}), ConfigurationError
        )


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
class TestWriting:
    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "other").write_text("kept")
        for target in ("other", "nowhere"):
            link = tmp_path / f"to {target}"
            link.symlink_to(tmp_path / target)
            for is_new in (False, True):
                with pytest.raises(OSError, match=r"Too many levels|exists"):
                    open_to_write(link, is_new=is_new)
        assert (tmp_path / "other").read_text() == "kept"
        assert not (tmp_path / "nowhere").exists()

    def test_neither_a_pipe_nor_a_device_is_written(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        for path in (tmp_path / "pipe", os.devnull):
            with pytest.raises(OSError, match="not a regular file"):
                open_to_write(path)
        os.close(reader)

    def test_a_new_file_replaces_none(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("longer than before")
        with pytest.raises(FileExistsError):
            open_to_write(path, is_new=True)
        with open_to_write(path) as file:
            file.write("short")
        assert path.read_text() == "short"

    def test_a_private_file_gets_its_mode(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch(0o644)
        with open_to_write(path, mode=0o600) as file:
            assert path.stat().st_mode & 0o777 == 0o600
            file.write("secret")
