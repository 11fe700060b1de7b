"""Servers of one's own network on the command line: ``show``, ``try`` and ``emulate``."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from oauth1_catalog.cli import cli
from tests.servers import child_process

WIKI = ("--set", "wiki_url=http://wiki:8081/w")
SWITCHES = ("--allow-local-hosts", "--insecure-transport")


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081/w", "http://127.0.0.2/w", "https://localhost/w"])
def test_this_machine_needs_nothing(url: str) -> None:
    assert f"{url}/index.php?title=Special:OAuth/token" in run("show", "mediawiki", "--set", f"wiki_url={url}")


@pytest.mark.parametrize("command", ["show", "try", "emulate"])
def test_the_message_names_flags_that_work(command: str) -> None:
    said = run(command, "mediawiki", *WIKI, status=2)
    assert "needs allow_local_hosts=True and insecure_transport=True" in said
    assert "commands take --allow-local-hosts and --insecure-transport" in said
    run(command, "mediawiki", *WIKI, SWITCHES[0], status=2)
    run(command, "mediawiki", *WIKI, SWITCHES[1], status=2)


def test_show_allows_local_hosts_by_a_switch() -> None:
    assert "http://wiki:8081/w/index.php?title=Special:OAuth/token" in run("show", "mediawiki", *WIKI, *SWITCHES)


def test_the_switches_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTH1_CATALOG_ALLOW_LOCAL_HOSTS", "wiki")
    monkeypatch.setenv("OAUTH1_CATALOG_INSECURE_TRANSPORT", "yes")
    assert "http://wiki:8081/w/index.php" in run("show", "mediawiki", *WIKI)
    run("show", "mediawiki", "--set", "wiki_url=http://wiki2:8081", status=2)


def test_try_allows_local_hosts_by_a_switch() -> None:
    said = run("try", "mediawiki", *WIKI, *SWITCHES)
    assert "1 login, all succeeded" in said
    assert "PLAINTEXT, a call signed" in run("try", "maas", "--set", "base_url=http://maas:5240/MAAS", *SWITCHES)


def test_try_takes_options() -> None:
    said = run("try", "opencaching", "--set", "base_url=https://geo.corp.local", "--set", "langpref=de", SWITCHES[0])
    assert "1 login, all succeeded" in said
    run("try", "mediawiki", "--set", "nothing=1", status=2)
    run("try", "mediawiki", "--set", "wiki_url", status=2)


def test_emulate_allows_local_hosts_by_a_switch() -> None:
    command = [sys.executable, "-u", "-m", "oauth1_catalog", "emulate", "mediawiki", *WIKI, *SWITCHES]
    lines: list[str] = []
    with child_process(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while not lines or "The emulator runs until" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.poll()
        process.terminate()
    assert "wiki_url=http://wiki:8081/w" in "".join(lines)
