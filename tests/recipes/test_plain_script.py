"""The plain script, with the wheel in an environment that has nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.installed.conftest import new_environment
from tests.recipes.conftest import RECIPES


def test_it_prints_what_the_api_answers(wheel: Path, emulated: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    environment = new_environment(tmp_path / "environment")
    environment.install(f"oauth1-catalog @ {wheel.as_uri()}")
    variables = emulated("netsuite", account_id="1234567_SB1")
    script = RECIPES / "plain_script.py"
    done = environment.run("python", script, "netsuite", "record/v1/customer", "limit=10", "q=a b", **variables)
    answer = json.loads(done.stdout)
    assert (answer["user"], answer["query"]) == ("grace", [["limit", "10"], ["q", "a b"]])

    without = {name: value for name, value in variables.items() if name != "NETSUITE_TOKEN_SECRET"}
    for words, environ, cause in (
        (["netsuite", "record"], without, "401 Client Error"),
        (["netsuit", "record"], variables, "Did you mean `netsuite`?"),
        (["netsuite", "https://evil.example/"], variables, "is not a host of this provider"),
    ):
        failed = environment.run("python", script, *words, status=1, **environ)
        assert cause in failed.stderr
        assert "Traceback" not in failed.stderr
        assert variables["NETSUITE_CLIENT_SECRET"] not in failed.stderr
