"""One client among thousands: what it keeps, what is read for it, and what is said where the machine has no more."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from oauth1_catalog import Catalog
from oauth1_catalog.catalog import layers
from oauth1_catalog.errors import ConfigurationError, UnknownProviderError
from oauth1_catalog.integrations import flask_client, starlette_client
from oauth1_catalog.registry.settings import KeyIndex, names_under
from oauth1_catalog.rfc5849 import rsa

KEYS = {"client_id": "key", "client_secret": "secret"}
SETTLED = (1_000_000_000, 1_000_000_000)


def rsa_key() -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return generate_private_key(65537, 2048).private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def private_pem() -> str:
    return rsa_key()


@pytest.fixture(params=["flask", "starlette"])
def oauth(request: pytest.FixtureRequest) -> Any:
    if request.param == "starlette":
        return starlette_client.OAuth()
    app = request.node.app = Flask("many")  # the registry refers to it weakly
    return flask_client.OAuth(app)


@pytest.fixture(params=["flask", "starlette"])
def registry(request: pytest.FixtureRequest) -> Any:
    """Makes a registry on a configuration that stays the caller's."""

    def of(config: dict[str, object]) -> Any:
        if request.param == "starlette":
            return starlette_client.OAuth(config)
        app = request.node.app = Flask("many")
        config.update(app.config)
        app.config = config
        return flask_client.OAuth(app)

    return of


def tenants(oauth: Any, first: int, after: int) -> None:
    for number in range(first, after):
        oauth.register_from_catalog("netsuite", name=f"t{number}", account_id=str(1_000_000 + number), **KEYS)


def bytes_each(oauth: Any, first: int, after: int) -> float:
    gc.collect()
    tracemalloc.start()
    tenants(oauth, first, after)
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / (after - first)


@pytest.mark.long
def test_a_client_keeps_nothing_of_the_others(oauth: Any) -> None:
    tenants(oauth, 0, 180)  # beyond a dictionary's growth, and what urllib caches
    few = bytes_each(oauth, 180, 330)
    tenants(oauth, 330, 1500)
    many = bytes_each(oauth, 1500, 1650)
    assert few < 8192
    assert many < few * 1.1


def test_a_file_that_did_not_change_is_read_once(oauth: Any, monkeypatch: pytest.MonkeyPatch, private_pem: str) -> None:
    read: list[str] = []
    real = layers.read_file
    monkeypatch.setattr(layers, "read_file", lambda path: read.append(path.name) or real(path))
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10**12)  # a file that was changed just now may change again
    tenants(oauth, 0, 10)
    assert read == ["netsuite.yaml"]
    for number in range(10):
        oauth.register_from_catalog(
            "jira", name=f"j{number}", base_url="https://jira.example.com", **KEYS, rsa_key=private_pem
        )
    assert read.count("jira_data_center.yaml") <= 2  # found by its alias, which is looked up in the file


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    text = (
        "schema_version: 1\nname: acme\nrequest_token_url: https://a.example/1\nauthorize_url: https://a.example/2\n"
        "access_token_url: https://a.example/3\n"
    )
    catalog = Catalog(tmp_path)
    for host in ("a", "b"):  # the same size
        file.write_text(text.replace("//a.", f"//{host}."), encoding="utf-8")
        assert catalog.provider("acme").request_token_url == f"https://{host}.example/1"
    os.utime(file, SETTLED)
    assert catalog.provider("acme").request_token_url == "https://b.example/1"
    file.write_text(text.replace("//a.", "//c."), encoding="utf-8")
    assert catalog.provider("acme").request_token_url == "https://c.example/1"
    file.unlink()
    with pytest.raises(UnknownProviderError):
        catalog.provider("acme")


def test_a_file_that_came_later_goes_before(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    before = catalog.provider("twitter").request_token_url
    (tmp_path / "twitter.yaml").write_text(
        "schema_version: 1\nname: twitter\nextends: twitter\nrequest_token_url: https://b.example/1\n", encoding="utf-8"
    )
    assert catalog.provider("twitter").request_token_url == "https://b.example/1" != before
    (tmp_path / "twitter.yaml").unlink()
    assert catalog.provider("twitter").request_token_url == before


def test_what_is_read_once_is_not_changed_by_a_tenant() -> None:
    catalog = Catalog()
    first = catalog.provider("netsuite", values={"account_id": "1"})
    assert catalog.provider("netsuite", values={"account_id": "2"}).client_kwargs["realm"] == "2"
    assert first.client_kwargs["realm"] == "1"
    assert catalog.provider("netsuite", values={"account_id": "1"}) == first


def test_one_key_is_parsed_once(oauth: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_pem: str) -> None:
    parsed: list[bytes] = []
    real = serialization.load_pem_private_key
    monkeypatch.setattr(serialization, "load_pem_private_key", lambda pem, *a: parsed.append(pem) or real(pem, *a))
    file = tmp_path / "key.pem"
    file.write_text(private_pem)
    for number in range(10):
        given = (private_pem, private_pem.encode(), file, str(file), private_pem.replace("\n", "\\n"))[number % 5]
        kwargs = {"rsa_key": given} if number < 5 else {"client_kwargs": {"rsa_key": given}}
        name, url = f"j{number}", f"https://jira{number}.example.com"
        oauth.register_from_catalog("jira", name=name, client_id="key", base_url=url, **kwargs)
    assert len(parsed) == 1
    signatures = {oauth.create_client(f"j{number}").signer.signature_method.sign("x", "", "") for number in range(10)}
    assert len(signatures) == 1


def test_keys_are_bounded_and_hold_no_text(private_pem: str) -> None:
    keys = rsa.PrivateKeys(limit=2)
    key = keys.load(private_pem)
    assert keys.load(private_pem.encode()) is key
    for passphrase in ("one", "two", "three"):
        sealed = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase.encode()),
        )
        assert keys.load(sealed, passphrase).private_numbers() == key.private_numbers()
        with pytest.raises(rsa.SigningError, match="rsa_key_passphrase is wrong"):
            keys.load(sealed, f"{passphrase}!")
    assert len(keys) == 2
    held: list[Any] = [keys]
    for thing in held:
        held += [
            one for one in gc.get_referents(thing) if not isinstance(one, type) and all(one is not h for h in held)
        ]
        assert len(held) < 100
    assert not any(isinstance(one, str | bytes) and re.search("BEGIN|two|three", str(one)) for one in held)


def test_a_key_file_that_was_replaced(private_pem: str, tmp_path: Path) -> None:
    keys, file = rsa.PrivateKeys(), tmp_path / "key.pem"
    file.write_text(private_pem)
    first = keys.load(file)
    other = rsa_key()
    file.write_text(other)
    assert keys.load(file) is not first
    assert keys.load(other) is keys.load(file)


def test_an_unknown_client_among_thousands(oauth: Any) -> None:
    for number in range(2000):
        oauth.register(f"tenant_{number}", **KEYS)
    with pytest.raises(AttributeError) as told:
        _ = oauth.acme
    assert str(told.value).startswith("No such client: acme (registered: tenant_0, tenant_1, ")
    assert str(told.value).endswith(" and 1990 more)")
    assert len(str(told.value)) < 200
    assert not hasattr(oauth, "another")


@pytest.mark.parametrize(
    ("keys", "registered", "left"),
    [
        (["X_CLIENT_ID", "X_ADS_BASE_URL"], ["x", "x_ads"], ["client_id"]),
        (["X_CLIENT_ID", "X_ADS_BASE_URL"], ["x"], ["client_id", "ads_base_url"]),
        (["X_CLIENT_ID", "X_ADS_CLIENT_ID"], [], ["client_id"]),
        (["X_CLIENT_SECERT"], ["x", "X_Client"], []),
        (["X_CLIENT_SECERT"], ["x", "X_Cli"], ["client_secert"]),
    ],
)
def test_whose_settings_they_are(keys: list[str], registered: list[str], left: list[str]) -> None:
    assert names_under("x", keys, registered) == left


AT_THE_LIMIT = """
import os, resource, sys
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from oauth1_catalog.integrations.flask_client import OAuth

app = Flask("limit")
oauth = OAuth(app)
keys = {"client_id": "key", "client_secret": "secret"}
oauth.register_from_catalog("twitter", **keys)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
oauth.register_from_catalog("twitter", name="another", **keys)
for provider in ("flickr", "x_twitter", "jira"):
    try:
        oauth.register_from_catalog(provider, **keys)
    except Exception as error:
        print(type(error).__name__, error, "|", repr(error.__cause__))
"""


def test_at_the_limit_of_open_files_the_limit_is_named() -> None:
    ran = subprocess.run([sys.executable, "-c", AT_THE_LIMIT], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert len(lines) == 3, ran.stdout
    for line in lines:
        assert line.startswith("ResourceError resource_limit: ")
        assert "cannot be opened: Too many open files. The process is at its limit: raise the limit of open" in line
        assert line.endswith("| OSError(24, 'Too many open files')")


class Counting(dict):
    """A configuration that counts how many of its keys are looked at."""

    looked_at = 0

    def __iter__(self):
        for key in super().__iter__():
            type(self).looked_at += 1
            yield key

    def __reversed__(self):
        for key in super().__reversed__():
            type(self).looked_at += 1
            yield key


def test_the_configuration_of_all_the_others_is_not_looked_at(registry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tenant's keys stand in the configuration, and come before its registration, as they do with a database."""
    config, looked_at = Counting(), []
    oauth = registry(config)
    oauth._registry = Counting()  # private: what is looked at shows nowhere else
    for number in range(300):
        keys = {"CLIENT_ID": "k", "CLIENT_SECRET": "s", "ACCOUNT_ID": str(1_000_000 + number)}
        config |= {f"TENANT_{number}_{name}": value for name, value in keys.items()}
        monkeypatch.setattr(Counting, "looked_at", 0)
        oauth.register_from_catalog("netsuite", name=f"tenant_{number}")
        looked_at.append(Counting.looked_at)
    assert max(looked_at[10:]) <= 8  # 900 keys: more than are kept apart
    assert oauth.create_client("tenant_299").client_id == "k"


def test_a_misspelt_key_is_still_found_among_thousands(registry: Any) -> None:
    config = Counting({f"T{number}_CLIENT_ID": "k" for number in range(2000)})
    oauth = registry(config)
    oauth.register("other", **KEYS)
    config["TWITTER_USER_AGNET"] = "mine"
    with pytest.raises(ConfigurationError, match="user_agent"):
        oauth.register_from_catalog("twitter", **KEYS)
    del config["TWITTER_USER_AGNET"]
    oauth.register_from_catalog("twitter", **KEYS)


@given(st.lists(st.tuples(st.booleans(), st.text("AB_", min_size=1, max_size=4), st.text("AB_", max_size=3))))
def test_the_index_finds_what_a_scan_finds(steps: list[tuple[bool, str, str]]) -> None:
    index, config = KeyIndex(), {}
    for added, key, prefix in steps:
        config[key] = 1
        if not added:
            config.pop(next(iter(config)))
        assert sorted(index.beginning_with(prefix, config)) == sorted(key for key in config if key.startswith(prefix))


CALLS_AT_THE_LIMIT = """
import anyio, os, resource, sys
from flask import Flask
from oauth1_catalog.errors import ResourceError
from oauth1_catalog.integrations import flask_client, starlette_client
there = "https://127.0.0.1:9/"
known = {"client_id": "k", "client_secret": "s", "api_base_url": there, "request_token_url": there + "request"}
known |= {"access_token_url": there + "access", "authorize_url": there + "authorize"}
token = {"oauth_token": "t", "oauth_token_secret": "s"}
app = Flask("limit")
sync = flask_client.OAuth(app).register("x", **known)
async def main():
    client = starlette_client.OAuth().register("x", **known)
    calls = [
        lambda: client.get("x", token=token), client.create_authorization_url,
        lambda: sync.get("x", token=token), sync.create_authorization_url,
    ]
    async def tell(call):
        try:
            waiting = call()
            if hasattr(waiting, "__await__"):
                await waiting
        except Exception as error:
            shown = error if isinstance(error, ResourceError) else "".join(getattr(error, "__notes__", ["nothing"]))
            print(type(error).__module__.partition(".")[0], type(error).__name__, shown, sep="|")
    for call in calls:  # imports and files of authorities
        await tell(call)
    print("---")
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for call in calls:
        await tell(call)
anyio.run(main)
"""


def test_calls_at_the_limit_of_open_files_name_it() -> None:
    """A token request raises what it is; an API call goes on as its library raises it, with a note."""
    code = [sys.executable, "-c", CALLS_AT_THE_LIMIT]
    ran = subprocess.run(code, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    before, _, after = ran.stdout.partition("---\n")
    assert "at its limit" not in before
    told = [line.split("|") for line in after.splitlines()]
    assert [(module, name) for module, name, _ in told] == [
        ("httpx2", "ConnectError"),
        ("oauth1_catalog", "ResourceError"),
        ("requests", "ConnectionError"),
        ("oauth1_catalog", "ResourceError"),
    ]
    for *_, text in told:
        assert "a connection to 127.0.0.1:9 cannot be opened: Too many open files. The process is at its limit" in text
