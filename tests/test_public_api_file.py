"""`make lint` compares `tests/public_api.txt` with the code: each kind of change is found, and a private one is not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = """
from oauth1_catalog.base import Base

class Client(Base):
    name: str

    def get(self, url: str, *, timeout: float = 1.0) -> bytes: ...
    def _private(self) -> None: ...

def client(name: str) -> Client: ...
"""
BASE = "class Base:\n    def close(self) -> None: ...\n"
NAMES = {"oauth1_catalog": {"Client", "client"}, "oauth1_catalog.base": {"Base"}}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("public_api", ROOT / ".ci" / "public_api.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def shown(script: ModuleType, root: Path, source: str = SOURCE, base: str = BASE) -> list[str]:
    package = root / "oauth1_catalog"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(source, encoding="utf-8")
    (package / "base.py").write_text(base, encoding="utf-8")
    text: str = script.snapshot(NAMES, root)
    return [line.strip() for line in text.removeprefix(script.HEAD).splitlines() if line]


def test_a_line_has_the_name_and_the_signature(script: ModuleType, tmp_path: Path) -> None:
    assert shown(script, tmp_path) == [
        "oauth1_catalog:",
        "class Client(Base):",
        "def close(self) -> None",
        "def get(self, url: str, *, timeout: float = 1.0) -> bytes",
        "name: str",
        "def client(name: str) -> Client",
        "oauth1_catalog.base:",
        "class Base:",
        "def close(self) -> None",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("url: str", "address: str"),
        ("*, timeout", "timeout"),
        ("timeout: float = 1.0", "timeout: float"),
        ("= 1.0", "= 2.0"),
        ("-> bytes", "-> str"),
        ("name: str\n", "name: int\n"),
        ("def get", "async def get"),
        ("def client(name: str)", "def client(name: str, key: str)"),
        ("class Client(Base)", "class Client"),
    ],
)
def test_a_change_is_found(script: ModuleType, tmp_path: Path, before: str, after: str) -> None:
    assert shown(script, tmp_path, SOURCE.replace(before, after)) != shown(script, tmp_path)


def test_a_change_of_an_inherited_method_is_found(script: ModuleType, tmp_path: Path) -> None:
    changed = BASE.replace("close(self)", "close(self, force: bool)")
    assert "def close(self, force: bool) -> None" in shown(script, tmp_path, base=changed)


@pytest.mark.parametrize(
    ("before", "after"), [("_private(self)", "_private(self, more: int)"), ("    def _private", "    def _other")]
)
def test_what_is_not_promised_can_change(script: ModuleType, tmp_path: Path, before: str, after: str) -> None:
    assert shown(script, tmp_path, SOURCE.replace(before, after)) == shown(script, tmp_path)


def test_a_name_that_is_gone_is_an_error(script: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        shown(script, tmp_path, SOURCE.replace("def client", "def other"))


def test_the_message_names_what_is_gone(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "public_names", lambda: {"oauth1_catalog": {"no_such_name"}})
    monkeypatch.setattr(script.sys, "argv", ["public_api.py"])
    assert script.main() == 1
    assert "A public name is gone: 'no_such_name'" in capsys.readouterr().out


def test_the_keywords_of_a_call_are_listed(script: ModuleType) -> None:
    """They are in a ``TypedDict`` that is not public; its keys are."""
    keywords = (
        script.SNAPSHOT.read_text(encoding="utf-8").partition("    class CallOptions")[2].partition("    class ")[0]
    )
    assert "        withhold_token: bool\n" in keywords
    assert "        timeout: " in keywords
