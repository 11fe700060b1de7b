"""Answers with a profile, in each format."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from oauth1_catalog.flow.profiles import LEEWAY, Profile, read_profile
from oauth1_catalog.rfc5849.messages import ClientCredentials

CLIENT = ClientCredentials("key", "hush")
NOW = 1_800_000_000


def read(text: str, written_as: str, **options: Any) -> Profile:
    return read_profile(text, written_as, client=options.pop("client", CLIENT), clock=lambda: NOW, **options)


def part(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def jwt(claims: object, *, header: object = None, secret: str = "hush", signature: str | None = None) -> str:
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'} if header is None else header)}.{part(claims)}"
    digest = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{signature or base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


CLAIMS = {"aud": "key", "sub": 7, "username": "Ada", "iat": NOW, "exp": NOW + 100, "nonce": "n"}


class TestJson:
    def test_an_object(self) -> None:
        profile = read('{"user": {"id": 7}, "login": "ada"}', "json")
        assert (profile.find("$.user.id"), profile.find("$.none"), profile.field("login")) == (7, None, "ada")
        assert profile.names() == ["login", "user"]

    def test_a_list(self) -> None:
        profile = read('[{"user_id": 7}]', "json")
        assert (profile.find("$[0].user_id"), profile.field("user_id"), profile.names()) == (7, None, [])

    @pytest.mark.parametrize("text", ["", "7", '"ada"', "[]", "null", "[" * 9999, "<user/>"])
    def test_no_object(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"it is not (a )?JSON"):
            read(text, "json")


class TestXml:
    DOCUMENT = (
        '<?xml version="1.0"?><Response xmlns="urn:x"><Profile ref="r7"><name> Ada </name><mails>'
        "<mail><is_primary>false</is_primary><address>b@example.com</address></mail>"
        "<mail><is_primary>true</is_primary><address>a@example.com</address></mail></mails></Profile></Response>"
    )

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("Profile/@ref", "r7"),
            ("Profile/name", "Ada"),
            ("Profile/mails/mail[is_primary='true']/address", "a@example.com"),
            ("Profile/@id", None),
            ("Profile/none", None),
            ("Nobody/@ref", None),
        ],
    )
    def test_paths(self, path: str, value: str | None) -> None:
        assert read(self.DOCUMENT, "xml").find(path) == value

    def test_fields(self) -> None:
        profile = read(self.DOCUMENT, "xml")
        assert profile.field("address") == "b@example.com"
        assert "mails" in profile.names()

    @pytest.mark.parametrize("text", ["", "{}", "<a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
    def test_no_xml(self, text: str) -> None:
        with pytest.raises(ValueError, match="XML"):
            read(text, "xml")


class TestText:
    def test_one_line(self) -> None:
        assert read("ada\n", "text").field("text") == "ada"

    @pytest.mark.parametrize("text", ["", " ", "<html>Sign in</html>", '{"a": 1}', "two\nlines", "x" * 256])
    def test_no_line(self, text: str) -> None:
        with pytest.raises(ValueError, match="plain text"):
            read(text, "text")


class TestJwt:
    @pytest.mark.parametrize("claims", [CLAIMS, {**CLAIMS, "aud": ["x", "key"]}, {**CLAIMS, "iat": NOW + LEEWAY}])
    def test_signed_by_the_client_s_secret(self, claims: dict[str, Any]) -> None:
        assert read(jwt(claims), "jwt", nonce="n").find("$.sub") == 7

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (jwt(CLAIMS, secret="other"), "signature"),
            (jwt(CLAIMS, signature="AAAA"), "signature"),
            (jwt(CLAIMS, header={"alg": "none"}), "HS256"),
            (jwt(CLAIMS, header={"alg": "HS512"}), "HS256"),
            (jwt(CLAIMS, header=[]), "not a JWT"),
            (jwt({**CLAIMS, "aud": "another"}), "another client"),
            (jwt({"sub": 7}), "another client"),
            (jwt({**CLAIMS, "nonce": "other"}), "another request"),
            (jwt({**CLAIMS, "iat": NOW + LEEWAY + 1}), "clocks"),
            (jwt({**CLAIMS, "exp": NOW - LEEWAY - 1}), "clocks"),
            (jwt({**CLAIMS, "exp": "soon"}), "times"),
            (jwt({name: value for name, value in CLAIMS.items() if name != "exp"}), "times"),
            (jwt({name: value for name, value in CLAIMS.items() if name != "nonce"}), "another request"),
            (jwt({**CLAIMS, "nonce": None}), "another request"),
            (jwt([1]), "no claims"),
            ('{"error": "mwoauth-oauth-exception"}', "not a JWT"),
            ("Error: An error occurred", "not a JWT"),
            ("a.b", "not a JWT"),
            ("a.b.c", "not a JWT"),
        ],
    )
    def test_refused(self, text: str, why: str) -> None:
        with pytest.raises(ValueError, match=why) as caught:
            read(text, "jwt", nonce="n")
        assert "Ada" not in str(caught.value)

    def test_without_a_secret_anybody_could_sign(self) -> None:
        with pytest.raises(ValueError, match="HS256"):
            read(jwt({**CLAIMS, "nonce": ""}, secret=""), "jwt", client=ClientCredentials("key"))
