"""Where the values of a client come from in each framework, and what is said about those that are wrong."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import (
    ConfigurationError,
    ConfigurationWarning,
    RetiredProviderError,
    UnknownProviderError,
)
from tests.integrations.applications import ADDRESSES, HERE, wrong

Registry = Callable[..., Any]


class TestData:
    """A newer ``catalog.json``, in the configuration of each framework or in the environment."""

    @pytest.fixture
    def data(self, tmp_path: Path) -> str:
        content = json.loads(catalog_json(Catalog(), version="2999.01.31"))
        content["providers"]["twitter"]["api_base_url"] = "https://newer.example/"
        path = tmp_path / "catalog.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return f"{path}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"

    def test_it_replaces_the_built_in_catalog(
        self, registry: Registry, data: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        oauth = registry({"oauth1_catalog": {"data": data}}, settings={"OAUTH1_CATALOG_DATA": data})
        assert oauth.register_from_catalog("twitter", **keys).api_base_url == "https://newer.example/"
        assert oauth.register_from_catalog("flickr", **keys).api_base_url == "https://api.flickr.com/services/rest/"
        unset = registry(settings={"OAUTH1_CATALOG_DATA": None})
        assert unset.register_from_catalog("twitter", **keys).api_base_url == "https://api.twitter.com/1.1/"
        monkeypatch.setenv("OAUTH1_CATALOG_DATA", data)
        of_environment = registry(settings={"OAUTH1_CATALOG_DATA": None})
        assert of_environment.register_from_catalog("twitter", **keys).api_base_url == "https://newer.example/"

    def test_a_changed_file_is_refused(self, registry: Registry, framework: str, data: str) -> None:
        where = HERE[framework]("oauth1_catalog", "x").partition(" in ")[2]
        path, _, expected = data.partition("#sha256=")
        with Path(path).open("a") as file:
            file.write(" ")
        oauth = registry({"oauth1_catalog": {"data": data}}, settings={"OAUTH1_CATALOG_DATA": data})
        with pytest.raises(ConfigurationError) as caught:
            oauth.register_from_catalog("twitter", client_id="k", client_secret="s")
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert caught.value.description == (
            f"OAUTH1_CATALOG_DATA in {where}: {path!r} is not the file that was pinned: its SHA-256 is "
            f"{found}, and not {expected}. Restore the file, or review the new one and change the hash."
        )

    def test_a_catalog_that_is_given_goes_before_it(self, registry: Registry, data: str) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        config = {"oauth1_catalog": {"data": data}}
        settings = {"OAUTH1_CATALOG_DATA": data}
        oauth = registry(config, settings=settings, catalog=Catalog())
        with pytest.warns(ConfigurationWarning, match=r"OAUTH1_CATALOG_DATA in .* is not used: OAuth\(catalog=\)"):
            assert oauth.register_from_catalog("twitter", **keys).api_base_url == "https://api.twitter.com/1.1/"
        assert "unused_catalog_data" in [notice.error for notice in oauth.check()]
        same = registry(config, settings=settings, catalog=Catalog(data=data))
        assert same.register_from_catalog("twitter", **keys).api_base_url == "https://newer.example/"


class TestPrecedence:
    def test_the_catalog_then_the_configuration_then_the_call(self, registry: Registry) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        oauth = registry({"twitter": {**keys, "api_base_url": "https://config.example/"}})
        assert oauth.register_from_catalog("twitter").api_base_url == "https://config.example/"
        mine = {"client_id": "mine", "api_base_url": "https://call.example/"}
        client = oauth.register_from_catalog("twitter", **mine)
        assert (client.client_id, client.client_secret) == ("mine", "s")
        assert client.api_base_url == "https://call.example/"
        client = oauth.register_from_catalog("twitter", overwrite=True, **mine)
        assert (client.client_id, client.api_base_url) == ("k", "https://config.example/")
        assert client.authorize_url == "https://api.twitter.com/oauth/authenticate"

    def test_the_first_directory_of_a_path_comes_first(
        self, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            folder.mkdir()
            own = f"schema_version: 1\nname: twitter\nextends: twitter\napi_base_url: https://{folder.name}.example/\n"
            (folder / "twitter.yaml").write_text(own, encoding="utf-8")
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", os.pathsep.join(map(str, folders)))
        client = registry().register_from_catalog("twitter", client_id="k", client_secret="s")
        assert client.api_base_url == "https://one.example/"

    def test_a_directory_that_is_not_there(
        self, registry: Registry, framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gone = str(tmp_path / "gone")
        keys = {"client_id": "k", "client_secret": "s"}
        where = HERE[framework]("oauth1_catalog", "x").partition(" in ")[2]
        for value, said in (
            (gone, f"the directory {gone!r} does not exist"),
            (Path(gone), f"the directory {gone!r} does not exist"),
            ([str(tmp_path), gone], f"the directory {gone!r} does not exist"),
            (7, "a directory cannot be of type int"),
        ):
            # Django's is a setting beside the section; elsewhere it has the form of a client's parameter.
            oauth = registry({"oauth1_catalog": {"path": value}}, settings={"OAUTH1_CATALOG_PATH": value})
            with pytest.raises(ConfigurationError, match=r"does not exist|cannot be of type") as caught:
                oauth.register_from_catalog("twitter", **keys)
            assert caught.value.description.startswith(f"OAUTH1_CATALOG_PATH in {where}: {said}")
        monkeypatch.setenv("OAUTH1_CATALOG_PATH", gone)
        with pytest.raises(ConfigurationError) as caught:
            registry(settings={"OAUTH1_CATALOG_PATH": None}).register_from_catalog("twitter", **keys)
        assert caught.value.description.startswith("OAUTH1_CATALOG_PATH in the environment: the directory")

    def test_mappings_are_merged_and_left_alone(self, registry: Registry) -> None:
        config = {"m": {"client_kwargs": {"realm": "config", "timeout": 5}, "authorize_params": '{"a": "config"}'}}
        mine: dict[str, Any] = {"client_kwargs": {"realm": "call"}, "authorize_params": {"b": 1, "c": None}}
        before = copy.deepcopy((config, mine))
        for overwrite, realm in ((False, "call"), (True, "config")):
            client = registry(config).register("m", overwrite=overwrite, **mine)
            assert client.client_kwargs == {"realm": realm, "timeout": 5}
            assert client.authorize_params == {"a": "config", "b": "1"}
        assert (config, mine) == before

    def test_none_is_nothing(self, registry: Registry) -> None:
        oauth = registry({"m": {"client_id": "k"}})
        nothing = dict.fromkeys((*ADDRESSES, "client_id", "request_token_params", "client_kwargs", "authorize_params"))
        assert oauth.register("m", **nothing, server_metadata_url=None).client_id == "k"

    def test_every_parameter_of_the_page(self, registry: Registry) -> None:
        given = {
            "client_id": "k",
            "client_secret": "s",
            "request_token_params": {"scope": "read"},
            "access_token_params": {"x": 1},
            "authorize_params": {"lang": "en"},
            "client_kwargs": {"signature_method": "PLAINTEXT"},
            **ADDRESSES,
        }
        for config, arguments in (({"m": given}, {}), (None, given)):
            client = registry(config).register("m", **arguments)
            assert (client.client_id, client.client_secret) == ("k", "s")
            assert {name: getattr(client, name) for name in ADDRESSES} == ADDRESSES
            assert client.provider.request_token_params == {"scope": "read"}
            assert client.provider.access_token_params == {"x": "1"}
            assert client.authorize_params == {"lang": "en"}
            assert client.signer.signature_method.name == "PLAINTEXT"

    def test_the_form_of_parameters_that_authlib_takes(self, registry: Registry) -> None:
        client = registry().register(
            "m",
            request_token_params={"params": {"scope": "read"}, "headers": {"X": "1"}, "timeout": 3},
            access_token_params={"data": {"y": "2"}},
        )
        assert client.provider.request_token_params == {"scope": "read"}
        assert client.provider.headers == {"X": "1"}
        assert (client.provider.access_token_params, client.provider.access_token_params_in) == ({"y": "2"}, "body")

    def test_variables_and_rsa_keys(self, registry: Registry, emulator: Emulator, tmp_path: Path) -> None:
        pem = tmp_path / "key.pem"
        pem.write_text(emulator.client("twitter").rsa_key)
        for key in (pem.read_text(), str(pem)):
            config = {"client_id": "k", "base_url": "https://jira.example.eu", "rsa_key": key}
            client = registry({"jira_data_center": config}).register_from_catalog("jira_data_center")
            assert client.request_token_url.startswith("https://jira.example.eu/")
            assert client.signer.signature_method.name.startswith("RSA")

    def test_a_class_of_ones_own(self, registry: Registry) -> None:
        base = registry().oauth1_client_cls

        class Mine(base):
            OAUTH_APP_CONFIG = {**ADDRESSES, "client_id": "of the class"}  # noqa: RUF012 - as Authlib's users write it

        oauth = registry({"one": {"client_id": "configured"}})
        one, two = oauth.register("one", client_cls=Mine), oauth.register("two", client_cls=Mine, client_secret="s2")
        assert type(one) is Mine
        assert (two.client_id, two.client_secret, two.api_base_url) == ("of the class", "s2", "https://p.example/1/")
        assert one.client_secret is None
        assert Mine.OAUTH_APP_CONFIG == {**ADDRESSES, "client_id": "of the class"}


class TestKeys:
    """The keys as they were typed."""

    def test_digits_that_something_has_parsed(self, registry: Registry) -> None:
        numbers = {"client_id": 12345, "client_secret": 0, "token": 7, "token_secret": 8}
        for config, arguments in (({"twitter": numbers}, {}), (None, numbers)):
            client = registry(config).register_from_catalog("twitter", **arguments)
            assert (client.client_id, client.client_secret) == ("12345", "0")
            assert (client.signer.client.client_id, client.static_token.oauth_token) == ("12345", "7")

    @pytest.mark.parametrize("parameter", ["client_id", "client_secret", "token", "token_secret"])
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (1.5e300, "is of type float"),
            (True, "is of type bool"),
            (b"canary", "is of type bytes"),
            ("canary\n", "begins or ends with white space"),
            (" canary", "begins or ends with white space"),
        ],
    )
    def test_what_no_provider_takes(
        self, registry: Registry, framework: str, parameter: str, value: object, said: str
    ) -> None:
        keys = {"client_id": "k", "client_secret": "s", parameter: value}
        error = wrong(registry({"twitter": keys}).register_from_catalog, "twitter")
        assert error.description.startswith(f"twitter: {HERE[framework]('twitter', parameter)} {said}")
        assert "canary" not in str(error)
        assert "1.5" not in str(error)
        if said.startswith("is a"):
            assert "Write it in quotes." in error.description
        error = wrong(registry().register_from_catalog, "twitter", **keys)
        assert error.description.startswith(f"twitter: {parameter}= {said}")


class TestNames:
    def test_an_unknown_provider(self, registry: Registry) -> None:
        error = wrong(registry().register_from_catalog, "twiter")
        assert isinstance(error, UnknownProviderError)
        assert "twitter" in error.suggestions
        assert "Did you mean `twitter`?" in error.description

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ({"request_token_uri": "x"}, "request_token_url"),
            ({"client_secert": "x"}, "client_secret"),
            ({"client_kwarg": {}}, "client_kwargs"),
            ({"client_kwargs": {"signature_metod": "x"}}, "signature_method"),
            ({"client_kwargs": {"rsa_keys": "x"}}, "rsa_key"),
        ],
    )
    def test_a_near_miss(self, registry: Registry, given: dict[str, Any], meant: str) -> None:
        assert f"Did you mean {meant!r}?" in wrong(registry().register, "m", **given).description
        oauth = registry({"m": given})
        if "client_kwarg" not in given:
            assert f"Did you mean {meant!r}?" in wrong(oauth.register, "m").description

    def test_a_near_miss_of_a_variable(self, registry: Registry) -> None:
        error = wrong(registry().register_from_catalog, "jira_data_center", base_ur="https://jira.example.com")
        assert "Did you mean 'base_url'?" in error.description

    def test_an_unrelated_name_is_a_warning(self, registry: Registry) -> None:
        for given in ({"colour": "red"}, {"client_kwargs": {"colour": "red"}}):
            with pytest.warns(UserWarning, match="m: .* has an unknown option 'colour'; it is ignored"):
                registry().register("m", **given)

    def test_an_unrelated_key_under_the_prefix_belongs_to_the_application(
        self, registry: Registry, framework: str
    ) -> None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            registry({"m": {"colour": "red"}}).register("m")
        # A section of its own is meant for the client; a prefix is not.
        assert len(told) == (framework == "django")

    @pytest.mark.parametrize("name", ["server_metadata_url", "refresh_token_url", "scope", "jwks"])
    def test_oauth_2(self, registry: Registry, name: str) -> None:
        error = wrong(registry().register, "google", **{name: "x"})
        assert error.error == "oauth2_parameter"
        assert "Authlib" in error.description

    def test_an_option_in_the_wrong_place(self, registry: Registry) -> None:
        error = wrong(registry().register, "m", signature_method="RSA-SHA1")
        assert "client_kwargs={'signature_method': ...}" in error.description

    @pytest.mark.parametrize("name", ["cache", "register", "fetch_token", "check", "unregister", "", "_m", 7])
    def test_names_that_no_client_can_have(self, registry: Registry, name: Any) -> None:
        wrong_names = registry()
        with pytest.raises(ConfigurationError):
            wrong_names.register(name)
        with pytest.raises(ConfigurationError):
            wrong_names.register_from_catalog("twitter", name=name or "_", client_id="k", client_secret="s")


class TestValues:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"client_kwargs": "{"}, "is text but no JSON"),
            ({"client_kwargs": [1]}, "is of type list"),
            ({"authorize_params": {"a": object()}}, "the parameter 'a' is of type object"),
            ({"request_token_params": 7}, "is of type int"),
            ({"client_kwargs": {"verify": 7}}, "verify is int"),
            ({"client_kwargs": {"timeout": -1}}, "cannot be a timeout"),
            ({"request_token_url": "p.example/request"}, "is not absolute"),
            ({"access_token_url": "http://p.example/"}, "needs insecure_transport=True"),
            ({"api_base_url": "https://u:p@p.example/"}, "holds a user name"),
            ({"request_token_url": "https://p.example:x/"}, "cannot be read"),
            ({"api_hosts": ["*.p.example"]}, "A wildcard can only stand in a provider's file"),
            ({"api_hosts": "a.p.example *.p.example"}, "A wildcard can only stand in a provider's file"),
            ({"api_hosts": ["https://a.p.example"]}, "api_hosts has 'https://a.p.example', which is not a host"),
            ({"api_hosts": ["a.p.example/path"]}, "which is not a host"),
            ({"api_hosts": ["a.p.example:x"]}, "which is not a host"),
            ({"api_hosts": ["a.p.example?x"]}, "which is not a host"),
            ({"api_hosts": ["ada:hush@a.p.example"]}, "api_hosts has '********@a.p.example', which is not a host"),
            ({"api_hosts": [" a.p.example"]}, "which is not a host"),
            ({"api_hosts": [""]}, "which is not a host"),
            ({"api_hosts": 7}, "api_hosts must be a list of hosts"),
            ({"api_hosts": {"a.p.example": True}}, "and not of type dict"),
        ],
    )
    def test_wrong_values(self, registry: Registry, given: dict[str, Any], said: str) -> None:
        error = wrong(registry().register, "m", **given)
        assert said in error.description
        assert error.description.startswith("m: ")
        assert error.provider == "m"

    @pytest.mark.parametrize("setting", ["authorize_url", "request_token_url", "access_token_url", "api_base_url"])
    @pytest.mark.parametrize(
        "url",
        [
            "javascript:alert(1)",
            "JavaScript://p.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//p.example/authorize",
            "/authorize",
            "https://p.example@evil.example/",
            "https://p.example\\@evil.example/",
            "https://p.example/\nx",
            "http://p.example/authorize",
            "https://[p.example/",
        ],
    )
    def test_addresses_that_no_browser_and_no_request_is_sent_to(
        self, registry: Registry, setting: str, url: str
    ) -> None:
        error = wrong(registry().register, "m", client_id="k", client_secret="s", **{**ADDRESSES, setting: url})
        assert setting in error.description

    def test_nor_do_they_come_from_the_configuration(self, registry: Registry) -> None:
        configured = {**ADDRESSES, "authorize_url": "javascript:alert(1)", "client_id": "k", "client_secret": "s"}
        assert "authorize_url" in wrong(registry({"m": configured}).register, "m").description

    @pytest.mark.parametrize(
        "hosts",
        [
            ["a.p.example", "b.p.example:8443"],
            ("a.p.example", "b.p.example:8443"),
            {"a.p.example", "b.p.example:8443"},
            "a.p.example b.p.example:8443",
            "a.p.example,b.p.example:8443",
            "a.p.example, b.p.example:8443",
        ],
    )
    def test_how_hosts_are_given(self, registry: Registry, hosts: Any) -> None:
        client = registry().register("m", client_id="k", client_secret="s", **ADDRESSES, api_hosts=hosts)
        assert set(client.provider.api_hosts) == {"a.p.example", "b.p.example:8443"}

    @pytest.mark.parametrize("setting", ["request_token_url", "access_token_url", "api_base_url"])
    def test_no_message_shows_a_password_of_an_address(self, registry: Registry, setting: str) -> None:
        error = wrong(registry().register, "m", **{**ADDRESSES, setting: "https://ada:hush@p.example/"})
        assert "hush" not in str(error)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"client_kwargs": {"signature_method": "hmac-sha1"}}, "Did you mean 'HMAC-SHA1'?"),
            ({"client_kwargs": {"signature_type": "header"}}, "HEADER"),
            ({"client_kwargs": {"signature_method": "RSA-SHA1"}}, "no rsa_key"),
            ({"client_kwargs": {"signature_method": "RSA-SHA1", "rsa_key": "junk-canary"}}, "rsa_key"),
            ({"client_kwargs": {"verify": "/nowhere.pem"}}, "there is no file '/nowhere.pem'"),
        ],
    )
    def test_what_check_finds(self, registry: Registry, given: dict[str, Any], said: str) -> None:
        oauth = registry()
        oauth.register("m", client_id="k", client_secret="s", **ADDRESSES, **given)
        (error,) = oauth.check()
        assert said in error.description
        assert error.description.startswith("m: ")
        assert "canary" not in str(error)

    def test_insecure_transport_on_ones_own_network(self, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in ("OAUTH1_CATALOG_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT"):
            with monkeypatch.context() as environment:
                environment.setenv(variable, "1")
                registry().register("m", request_token_url="http://p.example/")
        for local in ("http://127.0.0.1:1/", "http://localhost/", "http://[::1]:80/"):
            registry().register("m", request_token_url=local)
        for disguised in ("http://localhost.evil/", "http://127.1/", "http://[::ffff:127.0.0.1]/x", "http://0/"):
            wrong(registry().register, "m", request_token_url=disguised)

    def test_a_retired_provider(self, registry: Registry) -> None:
        keys = {"client_id": "k", "client_secret": "s"}
        error = wrong(registry().register_from_catalog, "openstreetmap", **keys)
        assert isinstance(error, RetiredProviderError)
        assert "allow_retired=True" in error.description
        registry().register_from_catalog("openstreetmap", allow_retired=True, **keys)
