"""Threat 33: a provider file, or a tenant's value, that holds up or fills the machine of whoever reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.files import NAME
from oauth1_catalog.catalog.layers import read_file
from oauth1_catalog.catalog.patterns import matches, pattern_problem
from oauth1_catalog.errors import ConfigurationError, ProviderFileError
from oauth1_catalog.suggestions import nearest
from tests.threats import hostile_files

HANG = 5.0
"""Seconds of work after which a file has held the reader up: ten times what is promised, of five readings."""

MEMORY = 200 * 1024**2


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process of its own, with bounds on time and memory, tells of every hostile file."""
    command = [sys.executable, "-m", "tests.threats.hostile_files", str(tmp_path_factory.mktemp("hostile"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, f"it ended at {done.stderr[-2000:]}"
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_no_file_holds_the_reader_up(read: dict[str, Any]) -> None:
    assert len(read["seconds"]) >= 90
    assert {name: seconds for name, seconds in read["seconds"].items() if seconds > HANG} == {}


def test_no_file_fills_the_memory(read: dict[str, Any]) -> None:
    assert read["peak"] <= MEMORY


def test_every_file_is_answered(read: dict[str, Any]) -> None:
    answers = {"usable", "ProviderFileError", "UnknownProviderError", "MissingSettingError"}
    assert set(read["outcomes"].values()) <= answers
    # Their patterns go back without end in Python's engine, and are as good as any here.
    assert {name for name, outcome in read["outcomes"].items() if outcome == "MissingSettingError"} == {
        "usable_0", "usable_1", "usable_2",
    }  # fmt: skip


def write(folder: Path, name: str, more: str) -> None:
    text = hostile_files.HEAD.replace("{name}", name) + more
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("value", ["a" * 41, "a-" * 20, "ab-" * 80])
def test_a_pattern_that_goes_back_without_end_is_matched_at_once(tmp_path: Path, value: str) -> None:
    write(tmp_path, "acme", "variables: {shop: {pattern: '([a-z]+-?)+'}}\napi_params: {shop: '{shop}'}\n")
    catalog = Catalog(tmp_path, builtin=False)
    assert catalog.provider("acme", values={"shop": value}).api_params == {"shop": value}
    with pytest.raises(ConfigurationError, match="does not match"):
        catalog.provider("acme", values={"shop": f"{value}!"})


@pytest.mark.parametrize("value", ["acme\n", "\nacme", "acme\nevil"])
def test_a_pattern_is_of_the_whole_value(value: str) -> None:
    assert not matches("[a-z]+", value)
    assert not matches("a|acme", f"{value}x")


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(?=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        ("(a{100}){100}", "250"),
        ("(((a{9}){9}){9}){9}", "250"),
        (r"\pL{2}", "250"),
        ("a" * 256, "255"),
        ("a)|(b", "unopened group"),
        ("[a-z", "unclosed"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str, problem: str) -> None:
    assert problem in str(pattern_problem(pattern))


def test_nothing_is_likened_to_a_long_word() -> None:
    class Counted(list[str]):
        read = 0

        def __iter__(self) -> Any:
            for item in super().__iter__():
                Counted.read += 1
                yield item

    assert nearest("verifie" * 1_000, Counted(["verifier"] * 1_000)) == ()
    assert Counted.read == 0
    assert nearest("verifie", ["verifier", "v" * 1_000]) == ("verifier",)


class TestOnlyRegularFilesBelowTheFolder:
    """What may be put into a folder does not choose what else is read, or waited for."""

    def told(self, folder: Path, name: str = "acme") -> str:
        with pytest.raises(ProviderFileError) as caught:
            Catalog(folder, builtin=False).provider(name)
        return caught.value.description

    @pytest.mark.parametrize("target", ["/dev/zero", "/etc/hostname", "/proc/self/environ", "../secret.yaml"])
    def test_a_link_that_leads_out(self, tmp_path: Path, target: str) -> None:
        folder = tmp_path / "catalog"
        folder.mkdir()
        (tmp_path / "secret.yaml").write_text("client_secret: hunter2", encoding="utf-8")
        (folder / "acme.yaml").symlink_to(target)
        told = self.told(folder)
        assert "it is a link to a file outside its folder" in told
        assert "hunter2" not in told

    def test_a_link_to_a_folder_of_ones_own_may_be_the_catalog(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        write(tmp_path / "real", "acme", "")
        (tmp_path / "catalog").symlink_to("real")
        assert Catalog(tmp_path / "catalog", builtin=False).provider("acme").name == "acme"

    def test_a_mounted_configuration_is_read(self, tmp_path: Path) -> None:
        """Kubernetes: a link to a link, both below the folder."""
        (tmp_path / "..2026_11_30").mkdir()
        write(tmp_path / "..2026_11_30", "acme", "")
        (tmp_path / "..data").symlink_to("..2026_11_30")
        (tmp_path / "acme.yaml").symlink_to("..data/acme.yaml")
        assert Catalog(tmp_path, builtin=False).provider("acme").name == "acme"

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "acme.yaml")
        assert "it is not a regular file" in self.told(tmp_path)

    def test_a_pipe_behind_extends(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "base.yaml")
        (tmp_path / "acme.yaml").write_text("schema_version: 1\nname: acme\nextends: base\n", encoding="utf-8")
        assert "it is not a regular file" in str(
            [str(one) for one in Catalog(tmp_path, builtin=False).findings("acme")]
        )

    def test_the_index_of_aliases_opens_none(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "acme.yaml")
        (tmp_path / "zero.yaml").symlink_to("/dev/zero")
        write(tmp_path, "other", "aliases: [another]\n")
        assert Catalog(tmp_path, builtin=False).provider("another").name == "other"

    def test_a_circle_of_links(self, tmp_path: Path) -> None:
        (tmp_path / "acme.yaml").symlink_to("acme.yaml")
        assert "cannot be read" in self.told(tmp_path)

    def test_a_file_that_is_named_itself(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "A pipe.yaml")
        assert not NAME.fullmatch("A pipe")
        assert [finding.code for finding in read_file(tmp_path / "A pipe.yaml").findings] == ["P001"]
