"""The code of the pages about tests and about files of one's own runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from oauth1_catalog.__main__ import main
from tests.docs.conftest import ROOT, python_blocks


def test_the_code_of_the_testing_page_runs() -> None:
    blocks = python_blocks("docs/testing.md")
    assert blocks
    for code in blocks:
        exec(compile(code, "docs/testing.md", "exec"), {})


def test_own_providers_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "own-providers.md").read_text(encoding="utf-8")
    first, workflow, hooks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    own = tmp_path / "our_providers"
    own.mkdir()
    (own / "twitter_eu.yaml").write_text(first, encoding="utf-8")
    (own / "corp_erp.yaml").write_text(first.replace("twitter_eu", "corp_erp"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for command in re.findall(r"^\$ oauth1-catalog ((?:validate|schema) --.*)$", page, re.MULTILINE):
        monkeypatch.setattr("sys.argv", ["oauth1-catalog", *command.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
    assert (tmp_path / "schemas" / "provider.schema.json").is_file()

    monkeypatch.setenv("FLASK_CORP_ERP_CLIENT_ID", "key")
    monkeypatch.setenv("FLASK_CORP_ERP_CLIENT_SECRET", "secret")
    (code,) = python_blocks("docs/own-providers.md")
    names = {"__name__": "shop", "__file__": str(tmp_path / "shop.py")}
    exec(compile(code, "docs/own-providers.md", "exec"), names)
    assert names["oauth"].corp_erp.client_id == "key"

    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert yaml.safe_load(workflow)[0]["with"].keys() <= action["inputs"].keys()
    there = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {hook["id"] for hook in yaml.safe_load(hooks)["repos"][0]["hooks"]} == there
