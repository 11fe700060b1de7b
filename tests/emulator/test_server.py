"""The whole dance, with oauthlib on both sides and without sockets."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from oauth1_catalog.catalog.provider import CallbackRules, Endpoint, TokenResponseRules, UserinfoRules
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.rfc5849.messages import Request

METHODS = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"]


@pytest.mark.parametrize("method", METHODS)
def test_a_login_and_an_api_call_with_each_signature_method(dance, method):
    photos = dance(client_kwargs={"signature_method": method})
    token = photos.access_token(user="grace")
    assert token["screen_name"] == "grace"
    pair = (token["oauth_token"], token["oauth_token_secret"])
    profile = photos.send(f"{photos.provider.userinfo.endpoint}", "GET", token=pair)
    assert json.loads(profile.text)["login"] == "grace"


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_secret_or_key_is_refused(dance, problem, method):
    photos = dance(client_kwargs={"signature_method": method})
    options = {"client_secret": "wrong", "rsa_key": _another_key()}
    response = photos.send(photos.provider.request_token_url, callback_uri="oob", **options)
    assert problem(response) == "signature_invalid"
    assert ("debug_sbs" in response.text) == (method != "PLAINTEXT")


def _another_key() -> str:
    pem = generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


def test_an_echo_says_what_arrived(dance):
    photos = dance()
    token = photos.access_token()
    request = photos.signed(
        f"{photos.provider.api_base_url}items?b=2&a%5B%5D=1",
        "PUT",
        token=(token["oauth_token"], token["oauth_token_secret"]),
        body='{"name": "é"}',
        headers={"Content-Type": "application/json"},
    )
    # Some clients leave brackets raw; decoded, and so signed, both are the same.
    request = replace(request, url=request.url.replace("%5B%5D", "[]"))
    echo = json.loads(photos.server.handle(request).text)
    assert echo["method"] == "PUT"
    assert echo["query"] == [["b", "2"], ["a[]", "1"]]
    assert echo["body"] == '{"name": "é"}'
    assert echo["user"] == "ada"
    assert "Authorization" not in echo["headers"]


@pytest.mark.parametrize(("place", "kwargs"), [("AUTH_HEADER", {}), ("QUERY", {"signature_type": "QUERY"})])
def test_a_path_from_the_root_finds_its_provider_by_the_consumer_key(dance, place, kwargs):
    photos = dance(client_kwargs=kwargs)
    token = photos.access_token(signature_type=place)
    pair = (token["oauth_token"], token["oauth_token_secret"])
    answer = photos.send("https://127.0.0.1:8443/v2/photos?page=2", "GET", token=pair, signature_type=place)
    echo = json.loads(answer.text)
    assert (echo["path"], echo["query"]) == ("/v2/photos", [["page", "2"]])


class TestTemporaryCredentials:
    def test_no_callback(self, dance, problem):
        photos = dance()
        response = photos.send(photos.provider.request_token_url)
        assert (response.status, problem(response)) == (400, "parameter_absent")
        assert "oauth_parameters_absent=oauth_callback" in response.text

    def test_a_1_0_provider_wants_none_and_confirms_none(self, dance):
        photos = dance(callback=CallbackRules(confirmed="none", verifier="none", send_at_authorize="always"))
        response = photos.send(photos.provider.request_token_url)
        assert "oauth_callback_confirmed" not in response.text
        temporary = dict(parse_qsl(response.text))
        answer = photos.decide(temporary["oauth_token"], query="&oauth_callback=https%3A%2F%2Fapp.example%2Fback")
        assert answer.header("Location") == f"https://app.example/back?oauth_token={temporary['oauth_token']}"
        assert photos.exchange(temporary, "").status == 200

    def test_a_secret_that_is_left_out(self, dance):
        photos = dance(callback=CallbackRules(secret="optional"))
        assert "oauth_token_secret" not in photos.request_token()
        assert photos.access_token()["oauth_token"]

    @pytest.mark.parametrize(
        "callback", ["/relative", "javascript:alert(1)", "OOB", "https://[", "https://app.example:port/", "https://"]
    )
    def test_a_callback_that_is_none(self, dance, problem, callback):
        photos = dance()
        response = photos.send(photos.provider.request_token_url, callback_uri=callback)
        assert problem(response) == "parameter_rejected"

    def test_a_registered_callback_is_the_only_one(self, dance, problem):
        photos = dance()
        photos.store.client_of("photos", redirect_uri="https://app.example/registered")
        assert problem(photos.send(photos.provider.request_token_url, callback_uri="https://app.example/other"))
        temporary = photos.request_token("oob")
        assert photos.decide(temporary["oauth_token"]).header("Location").startswith("https://app.example/registered?")

    @pytest.mark.parametrize(
        ("registered", "begins", "begins_not"),
        [
            (
                "https://app.example/cb",
                ["https://app.example/cb", "https://app.example/cb/more?x=1", "https://app.example/cbs"],
                [
                    "http://app.example/cb",
                    "https://app.example",
                    "https://app.example/CB",
                    "https://app.example:443/cb",
                    "https://APP.example/cb",
                    "https://app.example.evil.example/cb",
                    "https://app.example@evil.example/cb",
                    "https://me@app.example/cb",
                ],
            ),
            ("http://app.example", ["https://app.example/any?x", "http://app.example"], ["https://app.example.x/"]),
            (
                "https://app.example/cb?a=1",
                ["https://app.example/cb?a=1&b=2", "https://app.example/cb?a=12"],
                ["https://app.example/cb", "https://app.example/cb/more?a=1", "https://app.example/cb?b=2&a=1"],
            ),
            ("http://127.0.0.1:1/", ["http://127.0.0.1:5000/cb", "http://127.0.0.1/cb"], ["http://localhost:5000/cb"]),
        ],
    )
    def test_a_registered_callback_may_be_a_prefix(self, dance, problem, registered, begins, begins_not):
        """MediaWiki compares part by part."""
        photos = dance(callback=CallbackRules(registered=True, registered_match="prefix"))
        photos.store.client_of("photos", redirect_uri=registered)
        for callback in begins:
            temporary = photos.request_token(callback)
            assert photos.decide(temporary["oauth_token"]).header("Location").startswith(callback)
        for callback in begins_not:
            response = photos.send(photos.provider.request_token_url, callback_uri=callback)
            assert problem(response) == "parameter_rejected", callback

    def test_a_callback_that_begins_right_is_no_signature(self, dance, problem):
        photos = dance(callback=CallbackRules(registered=True, registered_match="prefix"))
        photos.store.client_of("photos", redirect_uri="https://app.example/cb")
        callback = {"callback_uri": "https://app.example/cb/more"}
        response = photos.send(photos.provider.request_token_url, client_secret="another", **callback)
        assert problem(response) == "signature_invalid"

    def test_a_provider_of_pins_takes_oob_alone(self, dance, problem):
        photos = dance(callback=CallbackRules(value="oob"))
        assert problem(photos.send(photos.provider.request_token_url, callback_uri="https://app.example/"))
        temporary = photos.request_token("oob")
        page = photos.decide(temporary["oauth_token"])
        assert page.status == 200
        pin = page.text.partition('<output id="pin">')[2].partition("<")[0]
        assert pin.isdecimal()
        assert len(pin) == 7
        assert photos.exchange(temporary, pin).status == 200


class TestConsent:
    def test_the_callback_keeps_its_query(self, dance):
        photos = dance()
        temporary = photos.request_token()
        location = photos.decide(temporary["oauth_token"]).header("Location")
        query = parse_qs(urlsplit(location).query)
        assert query["from"] == ["here"]
        assert query["oauth_token"] == [temporary["oauth_token"]]
        assert query["oauth_verifier"][0]

    @pytest.mark.parametrize(
        ("rules", "form", "expected"),
        [
            (CallbackRules(denied_param="denied"), {}, {"denied": "TOKEN"}),
            (CallbackRules(denied_param="go", denied_value="0"), {}, {"oauth_token": "TOKEN", "go": "0"}),
            (CallbackRules(denied_when="empty_verifier"), {}, {"oauth_token": "TOKEN", "oauth_verifier": ""}),
            (CallbackRules(denied_when="no_verifier"), {}, {"oauth_token": "TOKEN"}),
            (CallbackRules(), {"problem": "user_refused"}, {"oauth_token": "TOKEN", "oauth_problem": "user_refused"}),
        ],
    )
    def test_a_denial_is_said_in_the_providers_way(self, dance, problem, rules, form, expected):
        photos = dance(callback=rules)
        temporary = photos.request_token("https://app.example/callback")
        location = photos.decide(temporary["oauth_token"], "deny", **form).header("Location")
        query = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
        assert query == {name: value.replace("TOKEN", temporary["oauth_token"]) for name, value in expected.items()}
        assert problem(photos.exchange(temporary, "anything")) == "user_refused"

    def test_a_denial_without_a_callback_is_a_page(self, dance):
        photos = dance()
        answer = photos.decide(photos.request_token("oob")["oauth_token"], "deny")
        assert (answer.status, answer.header("Location")) == (200, "")
        assert "Denied" in answer.text

    def test_it_is_decided_once(self, dance):
        photos = dance()
        token = photos.request_token()["oauth_token"]
        assert photos.decide(token).status == 302
        url = f"{photos.provider.authorize_url}?oauth_token={token}"
        again = photos.server.handle(
            Request("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, b"decision=deny")
        )
        assert again.status == 401
        assert "token_used" in again.text

    @pytest.mark.parametrize("query", ["", "?oauth_token=unknown", "?token=TOKEN"])
    def test_a_browser_without_a_request_token(self, dance, query):
        photos = dance()
        token = photos.request_token()["oauth_token"]
        url = photos.provider.authorize_url + query.replace("TOKEN", token)
        page = photos.server.handle(Request("GET", url))
        assert page.status >= 400
        assert "begin again" in page.text

    def test_parameters_under_other_names(self, dance):
        photos = dance(authorize_token_param="token", authorize_params={"key": "{client_id}"})
        token = photos.request_token()["oauth_token"]
        client_id = photos.store.client_of("photos").client_id
        url = f"{photos.provider.authorize_url}?token={token}"
        assert "parameter_absent" in photos.server.handle(Request("GET", url)).text
        assert "key must be the client_id" in photos.server.handle(Request("GET", f"{url}&key=other")).text
        assert photos.server.handle(Request("GET", f"{url}&key={client_id}")).status == 200

    @pytest.mark.parametrize("rule", ["never", "if_unconfirmed"])
    def test_a_callback_belongs_to_step_one(self, dance, rule):
        photos = dance(callback=CallbackRules(send_at_authorize=rule))
        query = "&oauth_callback=https%3A%2F%2Fevil.example%2F"
        back = photos.decide(photos.request_token()["oauth_token"], query=query).header("Location")
        assert back.startswith("https://app.example/callback?from=here&")
        pin = photos.decide(photos.request_token(callback="oob")["oauth_token"], query=query)
        assert pin.status == 200
        assert "Your PIN" in pin.text

    def test_a_state_parameter_and_extras_come_back(self, dance):
        photos = dance(callback=CallbackRules(state_param="state", extra=("company",)))
        location = photos.decide(photos.request_token()["oauth_token"], query="&state=abc").header("Location")
        query = dict(parse_qsl(urlsplit(location).query))
        assert (query["state"], query["company"]) == ("abc", "example-company")

    def test_the_page_says_that_it_is_an_emulation_and_escapes(self, dance):
        photos = dance(display_name="<Photos>", authorize_params={"perms": "read"})
        token = photos.request_token()["oauth_token"]
        url = f"{photos.provider.authorize_url}?oauth_token={token}&perms=%3Cwrite%3E"
        page = photos.server.handle(Request("GET", url)).text
        assert "Emulation of &lt;Photos&gt;" in page
        assert "no real account" in page
        assert "perms = &lt;write&gt;" in page
        assert "<write>" not in page
        assert '<html lang="en">' in page
        assert '<label for="user">' in page

    def test_a_callback_under_other_names(self, dance):
        photos = dance(callback=CallbackRules(token_param="token", verifier_param="code"))
        temporary = photos.request_token()
        query = dict(parse_qsl(urlsplit(photos.decide(temporary["oauth_token"]).header("Location")).query))
        assert query["token"] == temporary["oauth_token"]
        assert photos.exchange(temporary, query["code"]).status == 200

    def test_the_consent_address_comes_with_the_answer(self, dance):
        photos = dance(authorize_url=None, authorize_url_field="login_url", authorize_params={"key": "{client_id}"})
        answer = photos.request_token()
        assert answer["login_url"].startswith("http://127.0.0.1:8080/photos/authorize/")
        assert photos.server.handle(Request("GET", answer["login_url"])).status == 200


class TestTokenCredentials:
    def test_a_request_token_is_exchanged_once(self, dance, problem):
        photos = dance()
        temporary = photos.request_token()
        location = photos.decide(temporary["oauth_token"]).header("Location")
        verifier = parse_qs(urlsplit(location).query)["oauth_verifier"][0]
        assert photos.exchange(temporary, verifier).status == 200
        assert problem(photos.exchange(temporary, verifier)) == "token_used"

    def test_many_threads_get_one_token(self, dance):
        photos = dance()
        temporary = photos.request_token()
        location = photos.decide(temporary["oauth_token"]).header("Location")
        verifier = parse_qs(urlsplit(location).query)["oauth_verifier"][0]
        statuses = []
        barrier = threading.Barrier(20)

        def exchange():
            barrier.wait()
            statuses.append(photos.exchange(temporary, verifier).status)

        threads = [threading.Thread(target=exchange) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [401] * 19

    def test_the_verifier_is_checked(self, dance, problem):
        photos = dance()
        temporary = photos.request_token()
        photos.decide(temporary["oauth_token"])
        assert problem(photos.exchange(temporary, "guessed")) == "parameter_rejected"
        assert problem(photos.exchange(temporary, "")) == "parameter_absent"

    def test_not_before_the_user_has_decided(self, dance, problem):
        photos = dance()
        assert problem(photos.exchange(photos.request_token(), "early")) == "permission_unknown"

    def test_a_token_of_another_provider(self, dance, problem):
        photos, films = dance(), dance()
        assert problem(films.exchange(photos.request_token(), "any")) == "token_rejected"

    @pytest.mark.parametrize("written_as", ["json", "xml"])
    def test_its_own_format_and_names(self, dance, written_as):
        rules = TokenResponseRules(format=written_as, fields={"oauth_token": "request_token"}, extra=("user_id",))
        photos = dance(token_response=rules)
        response = photos.send(photos.provider.request_token_url, callback_uri="oob")
        assert written_as in response.header("Content-Type")
        assert "request_token" in response.text
        assert '"oauth_token"' not in response.text

    def test_the_profile_can_come_with_the_token(self, dance):
        claims = {"sub": "$.user_nsid", "name": "$.fullname", "profile": "https://photos.example/{user_nsid}"}
        photos = dance(
            userinfo=UserinfoRules(endpoint="token_response", claims=claims),
            token_response=TokenResponseRules(extra=("user_nsid", "fullname")),
        )
        token = photos.access_token(user="grace")
        assert token["fullname"] == "Grace Example"
        assert token["user_nsid"].isdecimal()


def test_a_profile_as_a_jwt(dance):
    rules = UserinfoRules(endpoint="index.php?title=Identify", format="jwt", claims={"sub": "$.sub"})
    photos = dance(userinfo=rules)
    token = photos.access_token()
    pair = (token["oauth_token"], token["oauth_token_secret"])
    answer = photos.send(photos.provider.userinfo.endpoint, "GET", token=pair)
    signed, _, mac = answer.text.rpartition(".")
    client = photos.store.client_of("photos")
    expected = hmac.digest(client.client_secret.encode(), signed.encode(), "sha256")
    assert base64.urlsafe_b64decode(mac + "=") == expected
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    assert (claims["sub"], claims["aud"]) == (User("ada").claim("sub"), client.client_id)
    echo = photos.send(photos.provider.api_base_url + "index.php?title=Other", "GET", token=pair)
    assert json.loads(echo.text)["emulation"] is True


@pytest.mark.parametrize(
    ("written_as", "path", "body"),
    [("xml", "user/@login", '<answer><user login="ada" /></answer>'), ("text", "$.text", "ada")],
)
def test_a_profile_that_is_not_json(dance, written_as, path, body):
    rules = UserinfoRules(endpoint="me", format=written_as, claims={"sub": path, "preferred_username": path})
    photos = dance(userinfo=rules)
    token = photos.access_token()
    answer = photos.send(
        photos.provider.userinfo.endpoint, "GET", token=(token["oauth_token"], token["oauth_token_secret"])
    )
    assert answer.text == body


class TestLife:
    def test_renewal_with_a_session_handle(self, dance, problem):
        photos = dance(
            token_response=TokenResponseRules(expires_in="oauth_expires_in", session_handle="oauth_session_handle"),
            renew=Endpoint(url="https://photos.example/token", method="POST", session_handle=True),
        )
        old = photos.access_token()
        assert old["oauth_expires_in"] == "3600"
        pair = (old["oauth_token"], old["oauth_token_secret"])
        assert photos.store.expire_all() == 1
        assert problem(photos.send(photos.provider.api_base_url + "x", "GET", token=pair)) == "token_expired"
        url = photos.provider.renew.url
        assert problem(photos.send(url, token=pair)) == "parameter_absent"
        handle = {"oauth_session_handle": old["oauth_session_handle"]}
        new = dict(parse_qsl(photos.send(url, token=pair, protocol=handle).text))
        assert new["oauth_token"] != old["oauth_token"]
        assert problem(photos.send(url, token=pair, protocol=handle)) == "token_revoked"
        new_pair = (new["oauth_token"], new["oauth_token_secret"])
        assert photos.send(photos.provider.api_base_url + "x", "GET", token=new_pair).status == 200
        assert problem(photos.send(url, token=new_pair, protocol=handle)) == "parameter_rejected"

    def test_the_moment_of_its_end_and_its_unit(self, dance):
        rules = TokenResponseRules(expires_at="ends", expires_in="lasts", expires_unit="milliseconds")
        before = int(time.time()) * 1000
        token = dance(token_response=rules).access_token()
        assert token["lasts"] == "3600000"
        assert before <= int(token["ends"]) - 3600_000 <= time.time() * 1000

    def test_parameters_of_a_renewal(self, dance, problem):
        renew = Endpoint(url="https://photos.example/renew", params={"token": "{oauth_token}"})
        photos = dance(renew=renew)
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        assert problem(photos.send(photos.provider.renew.url, token=pair)) == "parameter_absent"
        assert photos.send(f"{photos.provider.renew.url}?token={pair[0]}", token=pair).status == 200
        assert problem(photos.send(f"{photos.provider.renew.url}?token=x", token=pair)) == "parameter_rejected"

    def test_renewal_in_place(self, dance):
        photos = dance(renew=Endpoint(url="https://photos.example/renew", method="GET"))
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        photos.store.expire_all()
        assert photos.send(photos.provider.renew.url, "GET", token=pair).status == 200
        assert photos.send(photos.provider.api_base_url + "x", "GET", token=pair).status == 200

    def test_revocation(self, dance, problem):
        photos = dance(revoke=Endpoint(url="https://photos.example/revoke", method="GET"))
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        assert photos.send(photos.provider.revoke.url, "GET", token=pair).status == 200
        assert problem(photos.send(photos.provider.api_base_url + "x", "GET", token=pair)) == "token_revoked"


class TestOtherFlows:
    def test_client_credentials_alone(self, dance):
        photos = dance(flows=("signed_client",))
        echo = json.loads(photos.send(photos.provider.api_base_url + "icons", "GET").text)
        assert echo["client_id"] == photos.store.client_of("photos").client_id
        assert echo["user"] is None

    def test_not_where_the_provider_wants_a_token(self, dance, problem):
        photos = dance()
        assert problem(photos.send(photos.provider.api_base_url + "icons", "GET")) == "parameter_absent"

    def test_a_request_token_without_a_user(self, dance):
        photos = dance(flows=("two_legged",))
        assert photos.exchange(photos.request_token("oob"), "").status == 200

    def test_xauth(self, dance, problem):
        photos = dance(flows=("xauth",))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = "x_auth_mode=client_auth&x_auth_username=grace&x_auth_password=secret"
        response = photos.send(photos.provider.access_token_url, body=body, headers=form)
        assert dict(parse_qsl(response.text))["screen_name"] == "grace"
        without = body.replace("secret", "")
        assert problem(photos.send(photos.provider.access_token_url, body=without, headers=form)) == "parameter_absent"

    def test_xauth_is_a_post_where_a_login_ends_with_get(self, dance):
        photos = dance(flows=("redirect", "xauth"), access_token_method="GET")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = "x_auth_mode=client_auth&x_auth_username=grace&x_auth_password=secret"
        assert photos.send(photos.provider.access_token_url, body=body, headers=form).status == 200
        assert photos.send(photos.provider.access_token_url).status == 405

    def test_a_verifier_that_came_beforehand(self, dance):
        photos = dance(flows=("two_legged",))
        assert photos.exchange(photos.request_token("oob"), "sentbefore").status == 200

    def test_a_signed_grant(self, dance, problem):
        photos = dance(flows=("signed_grant",))
        assert photos.send(photos.provider.access_token_url).status == 200
        assert problem(photos.send(photos.provider.access_token_url, client_secret="other")) == "signature_invalid"

    def test_a_static_token(self, dance):
        photos = dance(flows=("static_token",))
        token = photos.store.issue("photos", photos.store.client_of("photos").client_id, User("grace"))
        echo = photos.send(photos.provider.api_base_url + "x", "GET", token=(token.token, token.secret))
        assert json.loads(echo.text)["user"] == "grace"


def test_a_consumer_key_in_the_path_of_the_consent_page(dance):
    photos = dance(authorize_url="https://photos.example/{client_id}/authorize")
    temporary = photos.request_token()
    asked = photos.provider.authorize_url.replace("{client_id}", "key") + f"?oauth_token={temporary['oauth_token']}"
    assert photos.server.handle(Request("GET", asked)).status == 200
    assert photos.server.handle(Request("GET", asked.replace("/key/", "/a/b/"))).status == 404


def test_plain_http_is_refused_with_words(dance):
    photos = dance()
    url = photos.provider.request_token_url.replace("https:", "http:")
    response = photos.send(url, callback_uri="oob")
    assert response.status == 403
    assert "https" in response.text


def test_an_unknown_address_says_what_is_emulated(dance):
    photos = dance()
    for path in ("/", "/photos", "/photos/api/other.example/", "/photos/request_token/elsewhere.example/x", "/x/api/y"):
        answer = photos.server.handle(Request("GET", f"https://127.0.0.1:8443{path}"))
        assert answer.status == 404
        assert "photos" in answer.text


def test_the_log_says_emulation_and_no_secret(dance, caplog):
    caplog.set_level(logging.DEBUG, logger="oauth1_catalog")
    photos = dance()
    token = photos.access_token()
    photos.send(photos.provider.request_token_url, callback_uri="oob", client_secret="wrong")
    assert "emulation of photos" in caplog.text
    for secret in (photos.store.client_of("photos").client_secret, *token.values()):
        assert secret not in caplog.text
