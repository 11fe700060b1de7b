"""The text of a ``.env`` file, and a value that ``oauth1-catalog login`` writes into one."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from oauth1_catalog.cli.login_targets import token_file
from oauth1_catalog.errors import ConfigurationError, ProviderError
from oauth1_catalog.registry.environment import EnvironmentSettings, read_env_file
from oauth1_catalog.registry.token import Token
from tests.fuzz.target import Target, check_shown, joined, parts_of, raw

logging.getLogger("dotenv").setLevel(logging.ERROR)  # it warns of each line that it cannot read


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def check(data: bytes) -> None:
    text, value = parts_of(data, 2)
    path = Path(folder().name) / ".env"
    path.write_bytes(raw(text))
    before = read(path)
    if before is None:
        return
    EnvironmentSettings("client", path).configured_names()
    if not value or not value.isprintable():
        return
    # What is written is read again, and the other variables stay as they are.
    token = Token(oauth_token=value, oauth_token_secret="s")
    try:
        with token_file(path, "env", "fuzz_client") as save:
            save(token)
    except (ConfigurationError, ProviderError) as error:  # a file of JSON; a token that no such file can hold
        check_shown(error, value if len(value) > 12 else "\n")
        return
    after = read(path)
    assert after is not None
    own = {"FUZZ_CLIENT_OAUTH_TOKEN", "FUZZ_CLIENT_OAUTH_TOKEN_SECRET", "FUZZ_CLIENT_TOKEN", "FUZZ_CLIENT_TOKEN_SECRET"}
    assert value in after.values(), f"{value!r} was written, and is not read again"
    assert {k: v for k, v in after.items() if k not in own} == {k: v for k, v in before.items() if k not in own}


def read(path: Path) -> dict[str, str] | None:
    try:
        found = read_env_file(path)
    except ConfigurationError as error:
        check_shown(error)
        return None
    assert all(isinstance(value, str) for value in found.values())
    return {name: str(value) for name, value in found.items()}


def seeds() -> Iterator[bytes]:
    yield joined("TWITTER_CLIENT_ID=a\nTWITTER_CLIENT_SECRET='b c'\n# note\nexport X=\"1\\n\"\n", "abc")
    yield joined("A=${HOME}\nB\n=c\n", "it's")
    yield joined('A="not closed\nB=1\n', 'a"b\\c')
    yield joined("\ufeffA=1\r\nB=2\r\n", "x#y z")
    yield joined("FUZZ_CLIENT_TOKEN=old\n", "$HOME ${X}")


TARGET = Target(
    "a .env file, and a token that is written into it",
    check,
    seeds,
    (
        "export ", "=", "'", '"', "\\", "\n", "\r", "#", "${", "}", "\x00", "\ufeff", "FUZZ_CLIENT_TOKEN=", "\\'",
        " = ", "\u2028",
    ),
    longest=400,
)  # fmt: skip
