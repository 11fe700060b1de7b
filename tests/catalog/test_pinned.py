"""A newer ``catalog.json`` under this version of the library: what its hash promises, and what it cannot do."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog, ConfigurationError, ProviderFileError, UnknownProviderError, async_client, client
from oauth1_catalog.catalog import pinned
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.errors import ConfigurationWarning

VARIABLE = "OAUTH1_CATALOG_DATA"
BUILTIN = Catalog()
CONTENT = catalog_json(BUILTIN, version="2999.01.31")
KEYS = {"client_id": "key", "client_secret": "hush"}


def changed(**providers: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The catalog, with a change of some providers."""
    data: dict[str, Any] = json.loads(CONTENT)
    for name, change in providers.items():
        change(data["providers"][name])
    return data


def write(folder: Path, data: object, name: str = "catalog.json") -> str:
    """Write the file, and return the value of the setting."""
    content = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    (folder / name).write_bytes(content)
    return f"{folder / name}#sha256={hashlib.sha256(content).hexdigest()}"


def setting(field: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(provider: dict[str, Any]) -> None:
        provider[field] = value

    return change


def cause(call: Callable[[], object], kind: type[ConfigurationError] = ConfigurationError) -> str:
    with pytest.raises(kind) as caught:
        call()
    return caught.value.description


@pytest.fixture
def newer(tmp_path: Path) -> str:
    return write(tmp_path, changed(twitter=setting("api_base_url", "https://api.newer.example/9/")))


class TestWhatItReplaces:
    def test_the_argument(self, newer: str) -> None:
        catalog = Catalog(data=newer)
        assert catalog.provider("twitter").api_base_url == "https://api.newer.example/9/"
        assert catalog.provider("flickr") == BUILTIN.provider("flickr")
        assert catalog.names() == BUILTIN.names()
        assert catalog.aliases() == BUILTIN.aliases()
        assert catalog.version == "2999.01.31"
        assert "twitter" in catalog
        assert "twiter" not in catalog

    def test_the_environment(self, newer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, newer)
        assert Catalog().version == "2999.01.31"
        assert Catalog(builtin=False).version is None
        assert client("twitter", **KEYS).api_base_url == "https://api.newer.example/9/"

    def test_an_empty_variable_is_not_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, "")
        assert Catalog().version == BUILTIN.version

    def test_the_argument_goes_before_the_environment(self, newer: str, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setenv(VARIABLE, f"{tmp_path / 'missing'}#sha256={'0' * 64}")
        assert Catalog(data=newer).version == "2999.01.31"

    @pytest.mark.parametrize("name", BUILTIN.names())
    def test_every_provider_is_the_same(self, name: str, newer: str) -> None:
        if name in {"twitter", "x"}:
            return
        file, theirs = BUILTIN.file(name), Catalog(data=newer).file(name)
        values = {key: value for key, value in BUILTIN.required(name).items() if value is not None}
        assert Catalog(data=newer).required(name) == BUILTIN.required(name)
        assert Catalog(data=newer).choices(name) == BUILTIN.choices(name)
        assert theirs.aliases == file.aliases
        assert theirs.evidence == file.evidence
        for environment in (None, *file.environments):
            ours = BUILTIN.provider(name, environment=environment, values=values)
            made = Catalog(data=newer).provider(name, environment=environment, values=values)
            assert made.api_base_url == ours.api_base_url
            assert made.callback == ours.callback
            assert made.token_response == ours.token_response
            assert made.userinfo == ours.userinfo

    def test_a_provider_that_it_does_not_have_is_unknown(self, tmp_path: Path) -> None:
        data = changed()
        del data["providers"]["flickr"]
        catalog = Catalog(data=write(tmp_path, data))
        assert "no provider `flickr` in the catalog" in cause(lambda: catalog.provider("flickr"), UnknownProviderError)

    def test_own_folders_come_first(self, newer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = tmp_path / "own"
        own.mkdir()
        (own / "twitter.yaml").write_text(
            "schema_version: 1\nname: twitter\nextends: twitter\nuserinfo_endpoint: own.json\n"
        )
        (own / "mine.yaml").write_text("schema_version: 1\nname: mine\nextends: twitter\n")
        (own / "flickr.yaml").write_text("schema_version: 1\nname: flickr\nflows: [static_token]\n")
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", str(own))
        catalog = Catalog(data=newer)
        for name in ("twitter", "mine"):
            assert catalog.provider(name).api_base_url == "https://api.newer.example/9/"
        assert catalog.provider("twitter").userinfo.endpoint == "own.json"
        assert "the catalog already has a provider `flickr`" in cause(
            lambda: catalog.provider("flickr"), ProviderFileError
        )

    def test_only_the_data(self, newer: str) -> None:
        assert Catalog(data=newer, builtin=False).names() == BUILTIN.names()

    def test_older_data_warns(self, tmp_path: Path) -> None:
        old = write(tmp_path, {**changed(), "version": "2007.10.03"})
        with pytest.warns(ConfigurationWarning, match="2007.10.03, is older than the built-in catalog"):
            Catalog(data=old)


class TestHash:
    @pytest.mark.parametrize(
        "value", ["{path}", "{path}#", "{path}#md5=0", "{path}?sha256={hash}", "{path}#SHA256={hash}"]
    )
    def test_without_one_it_is_not_read(self, value: str, newer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        path, _, digest = newer.partition("#sha256=")
        monkeypatch.setattr(pinned, "read_regular", lambda *_, **__: pytest.fail("it was read"))
        found = cause(lambda: Catalog(data=value.format(path=path, hash=digest)))
        assert found.startswith("Catalog(data=): ")
        assert "has no hash, so the file is not read. Write PATH#sha256=HASH" in found

    @pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n", " " + "0" * 63])
    def test_one_that_is_none(self, digest: str, newer: str) -> None:
        path = newer.partition("#")[0]
        assert "is not a SHA-256 hash" in cause(lambda: Catalog(data=f"{path}#sha256={digest}"))

    def test_upper_case(self, newer: str) -> None:
        path, mark, digest = newer.partition("#sha256=")
        assert Catalog(data=path + mark + digest.upper()).version == "2999.01.31"

    @pytest.mark.parametrize("at", [0, 1, 5_000, -1])
    def test_a_changed_byte(self, at: int, tmp_path: Path) -> None:
        value = write(tmp_path, CONTENT)
        content = bytearray(CONTENT)
        content[at] ^= 1
        (tmp_path / "catalog.json").write_bytes(content)
        found = cause(lambda: Catalog(data=value))
        assert hashlib.sha256(content).hexdigest() in found
        assert value.rpartition("=")[2] in found
        assert "is not the file that was pinned" in found

    def test_the_place_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, str(tmp_path / "x.json"))
        assert cause(Catalog).startswith(f"{VARIABLE} in the environment: ")
        assert cause(lambda: client("twitter", **KEYS)).startswith(f"{VARIABLE} in the environment: ")

    @pytest.mark.parametrize("value", [5, b"x#sha256=" + b"0" * 64, ["x"], Path("x")])
    def test_a_value_of_another_type(self, value: Any) -> None:
        assert f"cannot be of type {type(value).__name__}" in cause(lambda: Catalog(data=value))

    def test_the_file_is_read_once(self, newer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        pinned._load.cache_clear()  # private: another test has read the same file
        reads = []
        real = pinned.read_regular
        monkeypatch.setattr(pinned, "read_regular", lambda path, **how: reads.append(path) or real(path, **how))
        catalog = Catalog(data=newer)
        Path(newer.partition("#")[0]).unlink()
        assert catalog.provider("twitter").api_base_url == "https://api.newer.example/9/"
        assert Catalog(data=newer).provider("flickr").name == "flickr"
        assert len(reads) == 1

    def test_a_link_that_moves_between_hash_and_parser(self, newer: str, tmp_path: Path) -> None:
        """Whatever the link leads to at the time: bytes with another hash are never used."""
        evil = write(tmp_path, changed(twitter=setting("api_base_url", "https://evil.example/")), "evil.json")
        paths = [newer.partition("#")[0], evil.partition("#")[0]]
        link, stop = tmp_path / "link.json", threading.Event()
        link.symlink_to(paths[0])

        def swap() -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                (tmp_path / "next").symlink_to(paths[turn % 2])
                (tmp_path / "next").rename(link)

        thread = threading.Thread(target=swap)
        thread.start()
        value, seen = f"{link}#{newer.partition('#')[2]}", set()
        try:
            for _ in range(60):
                pinned._load.cache_clear()  # private: each time from the disk
                with contextlib.suppress(ConfigurationError):
                    seen.add(Catalog(data=value).provider("twitter").api_base_url)
        finally:
            stop.set()
            thread.join()
        assert seen <= {"https://api.newer.example/9/"}

    def test_a_working_directory_that_is_gone(
        self, newer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        assert Catalog(data=newer, builtin=False).version == "2999.01.31"


class TestFile:
    """Files that are not a catalog: each is refused with the cause, in little time and memory."""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", "line 1, column 1 is not JSON"),
            (b"\xff\xfe{}", "it is not UTF-8"),
            (b"\xef\xbb\xbf{}", "is not JSON (Unexpected UTF-8 BOM"),
            (b"[]", "it has no `format`"),
            (b"null", "it has no `format`"),
            (b"{}", "it has no `format`"),
            (b'{"format": 2}', "its `format` is '2', and this version knows 1"),
            (b'{"format": true}', "its `format` is 'True'"),
            (b'{"format": "1"}', "its `format` is '1'"),
            (b'{"format": 1}', "its `version` is not a date"),
            (b'{"format": 1, "version": "2026.13.01"}', "its `version` is not a date"),
            (b'{"format": 1, "version": "2026.11.30\\n"}', "its `version` is not a date"),
            (b'{"format": 1, "version": "2026.11.30"}', "its `providers` are not a mapping"),
            (b'{"format": 1, "version": "2026.11.30", "providers": []}', "its `providers` are not a mapping"),
            (b'{"format": 1, "version": "2026.11.30", "providers": {"x": 1}}', "its `providers` are not a mapping"),
            (b'{"format": 1, "version": "2026.11.30", "providers": {"x": {}}}', "has another name inside"),
            (b'{"format": 1, "version": "2026.11.30", "providers": {"../x": {"name": "../x"}}}', "has another name"),
            (b'{"format": 1, "version": "2026.11.30", "providers": {"x": {"name": "y"}}}', "has another name inside"),
            (b'{"format": 1, "format": 1}', "'format' appears twice"),
            (b'{"format": 1, "a": {"b": 1, "c": 2, "b": 3}}', "'b' appears twice"),
            (b'{"format": NaN}', "NaN is not a whole number"),
            (b'{"format": 1, "a": -Infinity}', "-Infinity is not a whole number"),
            (b'{"format": 1.0}', "1.0 is not a whole number"),
            (b'{"format": 1e999}', "1e999 is not a whole number"),
            (b'{"format": 1, "a": ' + b"9" * 100_000 + b"}", "has more than 10 digits"),
            (b'{"format": 1, "a": -' + b"9" * 100_000 + b"}", "has more than 10 digits"),
            (b"[" * 1_000_000, "it is nested too deeply"),
            (b'{"a":' * 500_000, "it is nested too deeply"),
            (b'{"format": 1}\n{"format": 1}', "is not JSON"),
            (b'{"format": 1} // catalog', "is not JSON"),
            (b'{"a": "\x00"}', "is not JSON"),
        ],
        ids=lambda value: None if isinstance(value, str) else "",
    )
    def test_hostile(self, content: bytes, expected: str, tmp_path: Path) -> None:
        found = cause(lambda: Catalog(data=write(tmp_path, content)))
        assert "is not a catalog that this version can read: " in found
        assert expected in found
        assert len(found) < 600
        assert found.isprintable()

    def test_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "large.json"
        with path.open("wb") as stream:
            stream.truncate(50_000_000)
        found = cause(lambda: Catalog(data=f"{path}#sha256={'0' * 64}"))
        assert "cannot be read (it is larger than 8,000,000 bytes)" in found

    def test_many_equal_keys(self, tmp_path: Path) -> None:
        """A million keys with the repetition at the end: no comparison of each with each."""
        keys = ",".join(f'"{number:x}":0' for number in range(500_000))
        found = cause(lambda: Catalog(data=write(tmp_path, f'{{{keys},"7a11f":0}}'.encode())))
        assert "'7a11f' appears twice" in found

    def test_not_a_regular_file(self, tmp_path: Path) -> None:
        fifo, folder = tmp_path / "fifo", tmp_path
        os.mkfifo(fifo)
        for path, expected in {
            fifo: "it is not a regular file",
            folder: "it is a directory",
            Path("/dev/zero"): "it is not a regular file",
            tmp_path / "missing": "No such file or directory",
        }.items():
            assert f"({expected})" in cause(lambda path=path: Catalog(data=f"{path}#sha256={'0' * 64}"))
        assert "its path contains a NUL character" in cause(lambda: Catalog(data=f"a\0b#sha256={'0' * 64}"))


class TestOneProvider:
    """What this version does not know refuses one provider, when it is asked for."""

    def refused(self, folder: Path, change: Callable[[dict[str, Any]], None], name: str = "twitter") -> str:
        catalog = Catalog(data=write(folder, changed(**{name: change})))
        assert catalog.provider("flickr").name == "flickr"
        assert name in catalog.names()
        with pytest.raises(ProviderFileError) as caught:
            catalog.provider(name)
        assert caught.value.provider == name
        assert "Update oauth1-catalog: its version " in caught.value.description
        assert "does not know all of the data 2999.01.31." in caught.value.description
        return f"{caught.value.field}: {caught.value.description}"

    def test_an_unknown_field(self, tmp_path: Path) -> None:
        found = self.refused(tmp_path, setting("frobnicate", True))
        assert found.startswith("frobnicate: ")
        assert "unknown field `frobnicate`" in found

    @pytest.mark.parametrize("name", ["extends", "replace", "schema_version", "emulated_at"])
    def test_a_field_of_files_only(self, name: str, tmp_path: Path) -> None:
        value = {"extends": "flickr", "emulated_at": "https://127.0.0.1:8443/"}.get(name, True)
        assert f"unknown field `{name}`" in self.refused(tmp_path, setting(name, value))

    def test_an_unknown_field_in_a_section(self, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            provider["callback"]["by_carrier_pigeon"] = True

        assert self.refused(tmp_path, change).startswith("callback.by_carrier_pigeon: ")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status", "zombie"),
            ("flows", ["redirect", "telepathy"]),
            ("categories", ["astrology"]),
            ("request_token_method", "BREW"),
            ("client_kwargs", {"signature_method": "ED25519"}),
            ("request_token_url", "javascript:alert(1)"),
            ("request_token_url", "http://api.twitter.com/oauth/request_token"),
            ("request_token_url", 7),
            ("request_token_url", ["https://api.twitter.com/"]),
            ("aliases", [None]),
            ("aliases", "x"),
            ("callback", "oob"),
            ("token_response", {"lifetime": {"seconds": -1}}),
            ("variables", {"x": {"pattern": "(a+)+(?=b)"}}),
            ("headers", {"Authorization": "Basic x"}),
        ],
    )
    def test_an_unknown_value(self, field: str, value: object, tmp_path: Path) -> None:
        assert self.refused(tmp_path, setting(field, value)).startswith(field)

    def test_a_credential(self, tmp_path: Path) -> None:
        found = self.refused(tmp_path, setting("client_secret", "kd94hf93k423kf44"))
        assert "kd94hf93k423kf44" not in found
        assert "`client_secret` is a credential" in found

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            ("\ud800", "U+D800"),
            ("a\u202eb", "U+202E"),
            ("a\0", "U+0000"),
            ("x" * 2_001, "more than 2,000 characters"),
            (["x"] * 251, "more values, entries or levels"),
            ({f"k{number}": "" for number in range(251)}, "more values, entries or levels"),
            ([["x"] * 200] * 50, "more values, entries or levels"),
        ],
        ids=lambda value: None if isinstance(value, str) else "",
    )
    def test_what_no_file_can_contain(self, value: object, code: str, tmp_path: Path) -> None:
        data = changed(twitter=setting("headers", {"X": value}))
        catalog = Catalog(data=write(tmp_path, json.dumps(data).encode()))
        assert catalog.provider("flickr").name == "flickr"
        found = cause(lambda: catalog.provider("twitter"), ProviderFileError)
        assert code in found
        assert found.isprintable()

    def test_deep_nesting(self, tmp_path: Path) -> None:
        value: object = "x"
        for _ in range(30):
            value = [value]
        data = changed(twitter=setting("headers", value))
        catalog = Catalog(data=write(tmp_path, data))
        assert "more values, entries or levels" in cause(lambda: catalog.provider("twitter"), ProviderFileError)

    def test_the_others_are_listed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from click.testing import CliRunner

        from oauth1_catalog.cli import cli

        monkeypatch.setenv(VARIABLE, write(tmp_path, changed(twitter=setting("frobnicate", True))))
        done = CliRunner().invoke(cli, ["list"])
        assert done.exit_code == 1
        assert "flickr" in done.stdout
        assert "unknown field `frobnicate`" in done.stderr

    def test_a_new_field_that_has_its_default_is_ignored(self, tmp_path: Path) -> None:
        """A later version writes its new fields into every provider; only those that use one need it."""
        data = changed()
        data["defaults"]["ProviderFile"] |= {"frobnicate": "never", "twist": {"turns": 1}}
        data["defaults"]["Callback"]["pigeon"] = False
        data["defaults"]["Evidence"]["page"] = None
        for provider in data["providers"].values():
            provider |= {"frobnicate": "never", "twist": {"turns": 1}}
            provider["callback"]["pigeon"] = False
            for row in provider["evidence"]:
                row["page"] = None
        data["providers"]["twitter"]["frobnicate"] = "always"
        data["providers"]["discogs"]["evidence"][0]["page"] = 7
        data["providers"]["trello"]["callback"]["pigeon"] = 0  # which is not false
        catalog = Catalog(data=write(tmp_path, data))
        assert catalog.provider("flickr") == BUILTIN.provider("flickr")
        assert "unknown field `frobnicate`" in cause(lambda: catalog.provider("twitter"), ProviderFileError)
        assert "unknown field `page`" in cause(lambda: catalog.provider("discogs"), ProviderFileError)
        assert "unknown field `pigeon`" in cause(lambda: catalog.provider("trello"), ProviderFileError)

    @pytest.mark.parametrize("defaults", [None, 1, [], {}, {"ProviderFile": 1}, {"ProviderFile": None}])
    def test_defaults_that_are_none(self, defaults: object, tmp_path: Path) -> None:
        catalog = Catalog(data=write(tmp_path, {**changed(), "defaults": defaults}))
        assert catalog.provider("flickr") == BUILTIN.provider("flickr")


class TestSwitches:
    """The application's switches decide, not the data."""

    def catalog(self, folder: Path, **providers: Callable[[dict[str, Any]], None]) -> Catalog:
        return Catalog(data=write(folder, changed(**providers)))

    def test_http(self, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            for field in ("request_token_url", "authorize_url", "access_token_url", "api_base_url"):
                provider[field] = provider[field].replace("https:", "http:")
            provider["insecure_transport"] = True

        catalog = self.catalog(tmp_path, twitter=change)
        for make in (client, async_client):
            assert "needs insecure_transport=True" in cause(lambda make=make: make("twitter", catalog=catalog, **KEYS))
        assert client("twitter", catalog=catalog, insecure_transport=True, **KEYS).request_token_url.startswith("http:")

    @pytest.mark.parametrize("api_auth", ["bearer", "header"])
    def test_calls_with_the_token_itself(self, api_auth: str, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            provider |= {"api_auth": api_auth, "api_auth_header": "X-Token" if api_auth == "header" else None}

        catalog = self.catalog(tmp_path, twitter=change)
        found = cause(lambda: client("twitter", catalog=catalog, **KEYS))
        assert f"would send the user's token itself with each call (`api_auth: {api_auth}`)" in found
        assert catalog.provider("zotero").api_auth == "header"  # as in the built-in catalog
        own = tmp_path / "own"
        own.mkdir()
        (own / "mine.yaml").write_text(f"schema_version: 1\nname: mine\nextends: twitter\napi_auth: {api_auth}\n")
        (own / "other.yaml").write_text("schema_version: 1\nname: other\nextends: twitter\n")
        (own / "library.yaml").write_text("schema_version: 1\nname: library\nextends: zotero\n")
        with_own = Catalog(own, data=write(tmp_path, changed(twitter=change)))
        assert with_own.provider("mine").api_auth == api_auth
        assert with_own.provider("library").api_auth == "header"  # as in the built-in file that it extends
        assert "would send the user's token" in cause(lambda: with_own.provider("other"))

    def test_the_secrets_themselves_as_a_signature(self, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            provider["client_kwargs"]["signature_method"] = "PLAINTEXT"
            provider["signature_methods"] = []

        catalog = self.catalog(tmp_path, twitter=change)
        found = cause(lambda: client("twitter", catalog=catalog, **KEYS))
        assert (
            "would send the secrets themselves with each request (`client_kwargs.signature_method: PLAINTEXT`)" in found
        )
        assert catalog.provider("launchpad").client_kwargs["signature_method"] == "PLAINTEXT"  # as in the built-in one
        own = tmp_path / "own"
        own.mkdir()
        (own / "mine.yaml").write_text(
            "schema_version: 1\nname: mine\nextends: twitter\nclient_kwargs: {signature_method: PLAINTEXT}\n"
        )
        with_own = Catalog(own, data=write(tmp_path, changed(twitter=change)))
        assert with_own.provider("mine").client_kwargs["signature_method"] == "PLAINTEXT"

    def test_a_successor_that_gets_the_secret(self, tmp_path: Path) -> None:
        successor = {
            "url": "https://evil.example/token",
            "method": "POST",
            "auth": "client",
            "params": {"secret": "{oauth_token_secret}"},
            "fields": {},
        }

        def change(provider: dict[str, Any]) -> None:
            provider |= {"successor": successor, "sunset": "2027"}

        found = cause(lambda: client("flickr", catalog=self.catalog(tmp_path, flickr=change), **KEYS))
        assert (
            "would send the secret of the token to another address (`successor.url: https://evil.example/token`)"
            in found
        )
        assert self.catalog(tmp_path, flickr=change).provider("x").successor is not None  # as in the built-in catalog

    def test_a_new_provider_with_the_token_itself(self, tmp_path: Path) -> None:
        data = changed()
        data["providers"]["fresh"] = {**data["providers"]["zotero"], "name": "fresh", "aliases": []}
        catalog = Catalog(data=write(tmp_path, data))
        assert "would send the user's token" in cause(lambda: catalog.provider("fresh"))

    def test_the_token_itself_over_http(self, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            provider |= {"insecure_transport": True, "api_base_url": "http://api.zotero.org/"}

        catalog = self.catalog(tmp_path, zotero=change)
        assert "in the clear" in cause(lambda: catalog.provider("zotero"), ProviderFileError)

    @pytest.mark.parametrize(
        "host", ["localhost", "127.0.0.1:8080", "10.0.0.5", "[::1]", "db.corp.internal", "169.254.169.254"]
    )
    @pytest.mark.parametrize("field", ["request_token_url", "api_base_url", "userinfo_endpoint"])
    def test_local_hosts(self, field: str, host: str, tmp_path: Path) -> None:
        catalog = self.catalog(tmp_path, twitter=setting(field, f"https://{host}/x/"))
        found = cause(lambda: client("twitter", catalog=catalog, **KEYS))
        assert f"twitter: `{field}` of " in found
        assert "pass allow_local_hosts=[" in found
        name = host.strip("[]") if host.startswith("[") else host.partition(":")[0]
        allowed = client("twitter", catalog=catalog, allow_local_hosts=[name], **KEYS)
        assert f"//{host}/" in str(allowed.provider) or allowed.provider is not None

    def test_a_local_host_in_other_places(self, tmp_path: Path) -> None:
        places: dict[str, Callable[[dict[str, Any]], None]] = {
            "api_hosts[0]": setting("api_hosts", ["10.0.0.5"]),
            "renew.url": setting(
                "renew", {"url": "https://10.0.0.5/", "method": "POST", "params": {}, "session_handle": False}
            ),
            "environments.lab.api_base_url": setting(
                "environments", {"lab": {"description": None, "api_base_url": "https://10.0.0.5/"}}
            ),
        }
        for field, change in places.items():
            catalog = self.catalog(tmp_path, twitter=change)
            assert f"`{field}` of " in cause(lambda catalog=catalog: catalog.provider("twitter"))
        catalog = self.catalog(
            tmp_path,
            jira_data_center=lambda provider: provider["variables"]["base_url"].update(default="https://10.0.0.5"),
        )
        assert "`variables.base_url.default` of " in cause(lambda: catalog.provider("jira_data_center"))

    def test_a_host_that_the_application_sets(self, newer: str) -> None:
        """As with the built-in file: this machine without a switch, a private host with one."""
        catalog = Catalog(data=newer)
        here = catalog.provider("jira_data_center", values={"base_url": "http://localhost:8080"})
        assert here.api_base_url == "http://localhost:8080/rest/api/2/"
        values = {"base_url": "https://10.0.0.5"}
        assert "allow_local_hosts" in cause(lambda: catalog.provider("jira_data_center", values=values))
        assert catalog.provider("jira_data_center", values=values, allow_local_hosts=True)

    def test_logins_that_an_attacker_can_end(self, tmp_path: Path) -> None:
        def change(provider: dict[str, Any]) -> None:
            provider["callback"] |= {"verifier": "none", "confirmed": "none"}

        made = client("twitter", catalog=self.catalog(tmp_path, twitter=change), **KEYS)
        found = cause(lambda: made.create_authorization_url("https://app.example/callback"))
        assert "allow_session_fixation=True" in found
