"""What a provider's file says beside the signature is demanded, and said in the refusal."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from oauth1_catalog.rfc5849.messages import Request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(photos, **options):
    options.setdefault("callback_uri", "oob")
    return photos.send(photos.provider.request_token_url, **options)


def advice(response):
    return dict(parse_qsl(response.text))["oauth_problem_advice"]


class TestProtocol:
    def test_another_signature_method(self, dance, problem):
        response = ask(dance(client_kwargs={"signature_method": "HMAC-SHA256"}), signature_method="HMAC-SHA1")
        assert problem(response) == "signature_method_rejected"
        assert "HMAC-SHA256" in advice(response)

    def test_an_unknown_client(self, dance, problem):
        assert problem(ask(dance(), client_id="nobody")) == "consumer_key_unknown"

    def test_a_nonce_counts_once_for_each_timestamp(self, dance, problem):
        photos = dance()
        now = str(int(time.time()))
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob", nonce="n" * 20, timestamp=now)
        assert photos.server.handle(request).status == 200
        assert problem(photos.server.handle(request)) == "nonce_used"
        later = str(int(now) + 1)
        assert ask(photos, nonce="n" * 20, timestamp=later).status == 200

    @pytest.mark.parametrize(
        "timestamp",
        ["-5", "soon", "1.5e9", str(int(time.time()) - 3600), "99999999999"],
        ids=["negative", "a word", "a fraction", "an hour ago", "in a distant future"],
    )
    def test_a_wrong_clock(self, dance, problem, timestamp):
        response = ask(dance(), timestamp=timestamp)
        assert problem(response) == "timestamp_refused"
        assert "oauth_acceptable_timestamps" in response.text

    def test_no_parameters_at_all(self, dance, problem):
        photos = dance()
        assert problem(photos.server.handle(Request("POST", photos.provider.request_token_url))) == "parameter_absent"

    @pytest.mark.parametrize(
        "header",
        [
            "OAuth",
            "OAuth nonsense",
            "Bearer abc",
            'OAuth oauth_consumer_key="a", oauth_consumer_key="b"',
            'OAuth oauth_nonce="%zz"',
        ],
    )
    def test_a_header_that_says_nothing(self, dance, header):
        photos = dance()
        request = Request("POST", photos.provider.request_token_url, {"Authorization": header})
        assert photos.server.handle(request).status == 400

    def test_two_authorization_headers(self, dance, problem):
        photos = dance()
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob")
        twice = f"{request.header('Authorization')}, {request.header('Authorization')}"
        assert problem(photos.server.handle(replace(request, headers={"Authorization": twice}))) == "parameter_rejected"

    def test_parameters_in_two_places(self, dance, problem):
        photos = dance()
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob")
        both = replace(request, url=f"{request.url}?oauth_callback=oob")
        assert problem(photos.server.handle(both)) == "parameter_rejected"

    def test_another_version(self, dance, problem):
        photos = dance()
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob")
        header = request.header("Authorization").replace('oauth_version="1.0"', 'oauth_version="2.0"')
        assert problem(photos.server.handle(replace(request, headers={"Authorization": header}))) == "version_rejected"

    def test_a_query_that_cannot_be_decoded(self, dance, problem):
        photos = dance()
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob")
        assert problem(photos.server.handle(replace(request, url=request.url + "?a=%zz"))) == "parameter_rejected"

    def test_a_form_that_is_not_utf_8(self, dance, problem):
        photos = dance()
        request = photos.signed(photos.provider.request_token_url, callback_uri="oob", body="a=b", headers=FORM)
        assert problem(photos.server.handle(replace(request, body=b"a=\xff"))) == "parameter_rejected"

    @pytest.mark.parametrize("change", [{"url": "?added=1"}, {"body": b"a=c"}, {"method": "PUT"}])
    def test_what_was_changed_on_the_way(self, dance, problem, change):
        photos = dance()
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        request = photos.signed(photos.provider.api_base_url + "x", token=pair, body="a=b", headers=FORM)
        if "url" in change:
            change = {"url": request.url + change["url"]}
        assert problem(photos.server.handle(replace(request, **change))) == "signature_invalid"


class TestProvider:
    def test_the_http_method(self, dance):
        photos = dance(request_token_method="GET")
        response = ask(photos)
        assert response.status == 405
        assert "GET, not POST" in advice(response)
        assert photos.send(photos.provider.request_token_url, "GET", callback_uri="oob").status == 200

    @pytest.mark.parametrize("wanted", ["HEADER", "QUERY", "BODY"])
    @pytest.mark.parametrize("found", ["AUTH_HEADER", "QUERY", "BODY"])
    def test_the_place(self, dance, wanted, found):
        photos = dance(client_kwargs={"signature_type": wanted})
        body, headers = ("", FORM) if found == "BODY" else (None, {})
        response = ask(photos, signature_type=found, body=body, headers=headers)
        fits = found.removeprefix("AUTH_") == wanted
        assert response.status == (200 if fits else 400)
        if not fits:
            assert f"in the {wanted}, not in the" in advice(response)

    def test_the_realm(self, dance, problem):
        photos = dance(client_kwargs={"realm": "1234567_SB1"})
        assert ask(photos, realm="1234567_SB1").status == 200
        assert problem(ask(photos)) == "parameter_rejected"
        assert problem(ask(photos, realm="1234567-sb1")) == "parameter_rejected"
        assert 'realm="1234567_SB1"' in ask(photos).header("WWW-Authenticate")

    def test_parameters_of_the_token_requests(self, dance, problem):
        photos = dance(request_token_params={"scope": "read"})
        assert problem(ask(photos)) == "parameter_absent"
        url = photos.provider.request_token_url
        assert photos.send(f"{url}?scope=write", callback_uri="oob").status == 200
        assert problem(ask(photos, body="scope=read", headers=FORM)) == "parameter_absent"

    def test_parameters_in_the_body(self, dance, problem):
        photos = dance(request_token_params={"scope": "read"}, request_token_params_in="body")
        assert ask(photos, body="scope=read", headers=FORM).status == 200
        url = photos.provider.request_token_url
        assert problem(photos.send(f"{url}?scope=read", callback_uri="oob")) == "parameter_absent"

    def test_a_query_in_the_endpoints_address(self, dance):
        photos = dance(request_token_url="https://photos.example/index.php?title=Special:OAuth/initiate")
        assert ask(photos).status == 200
        bare = photos.provider.request_token_url.partition("?")[0]
        assert photos.send(bare, callback_uri="oob").status == 404

    def test_parameters_of_the_api(self, dance, problem):
        photos = dance(api_params={"format": "json"})
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        url = photos.provider.api_base_url
        assert problem(photos.send(url, "GET", token=pair)) == "parameter_absent"
        assert photos.send(f"{url}?format=json", "GET", token=pair).status == 200
        assert photos.send(url, token=pair, body="format=json", headers=FORM).status == 200


class TestBodyHash:
    BODY = '{"a": 1}'

    def call(self, photos, *, algorithm="sha1", body=BODY, headers=None, protocol=None):
        token = photos.access_token()
        digest = base64.b64encode(hashlib.new(algorithm, body.encode()).digest()).decode()
        protocol = {"oauth_body_hash": digest} if protocol is None else protocol
        # a content type would make oauthlib's client add a hash of its own
        request = photos.signed(
            photos.provider.api_base_url + "x",
            token=(token["oauth_token"], token["oauth_token_secret"]),
            body=body,
            headers=headers,
            protocol=protocol,
        )
        return photos.server.handle(request)

    @pytest.mark.parametrize("required", ["non_form", "always"])
    def test_it_is_demanded_where_the_file_says_so(self, dance, problem, required):
        photos = dance(client_kwargs={"signature_method": "HMAC-SHA256", "body_hash": required})
        assert self.call(photos, algorithm="sha256").status == 200
        assert problem(self.call(photos, algorithm="sha1")) == "parameter_rejected"
        assert problem(self.call(photos, protocol={})) == "parameter_absent"
        token = photos.access_token()
        pair = (token["oauth_token"], token["oauth_token_secret"])
        without_body = photos.send(photos.provider.api_base_url + "x", "GET", token=pair)
        assert problem(without_body) == ("parameter_absent" if required == "always" else None)

    @pytest.mark.parametrize(("method", "algorithm"), [("HMAC-SHA1", "sha1"), ("HMAC-SHA512", "sha512")])
    def test_one_that_is_sent_without_need_must_be_right(self, dance, problem, method, algorithm):
        photos = dance(client_kwargs={"signature_method": method})
        assert self.call(photos, protocol={}).status == 200
        assert self.call(photos, algorithm=algorithm).status == 200
        assert problem(self.call(photos, algorithm="sha224")) == "parameter_rejected"

    def test_a_form_has_none(self, dance, problem):
        assert problem(self.call(dance(), body="a=1", headers=FORM)) == "parameter_rejected"


class TestQuirks:
    def test_another_place_at_the_token_endpoints(self, dance):
        photos = dance(token_signature_type="QUERY")
        assert ask(photos).status == 400
        assert ask(photos, signature_type="QUERY").status == 200

    def test_headers_of_the_first_request(self, dance):
        photos = dance(request_token_headers={"X-App": "1"})
        assert "X-App: 1" in advice(ask(photos))
        assert ask(photos, headers={"X-App": "1"}).status == 200

    def test_a_realm_that_is_the_url(self, dance):
        photos = dance(client_kwargs={"realm": "{request_url}"})
        assert ask(photos, realm=photos.provider.request_token_url).status == 200
        assert ask(photos, realm="https://elsewhere.example").status == 400

    @pytest.mark.parametrize(
        ("agent", "status"), [(None, 400), ("python-requests/2.34", 400), ("python-httpx2/2.1", 400), ("Mine/1.0", 200)]
    )
    def test_a_user_agent_of_the_applications_own(self, dance, agent, status):
        photos = dance(user_agent_required=True)
        assert ask(photos, headers={"User-Agent": agent} if agent else {}).status == status

    def test_an_api_call_may_ask_for_another_format(self, dance):
        photos = dance(headers={"Accept": "application/json"})
        accept = {"Accept": "application/json"}
        token = photos.access_token(headers=accept)
        pair = (token["oauth_token"], token["oauth_token_secret"])
        url = photos.provider.api_base_url
        assert photos.send(url, "GET", token=pair, headers={"Accept": "text/csv"}).status == 200
        assert photos.send(url, "GET", token=pair, headers={"Accept": "*/*"}).status == 400
        assert ask(photos, headers={"Accept": "text/csv"}).status == 400

    @pytest.mark.parametrize("place", ["HEADER", "QUERY", "BODY"])
    def test_a_percent_sign_in_a_callback(self, dance, place):
        # not signed by oauthlib: its client, like its server, decodes such a value twice outside the header
        callback = "https://app.example/back?note=100%25%20sure"
        photos = dance(client_kwargs={"signature_type": place, "signature_method": "PLAINTEXT"})
        client = photos.store.client_of("photos")
        protocol = {
            "oauth_consumer_key": client.client_id,
            "oauth_signature_method": "PLAINTEXT",
            "oauth_signature": f"{quote(client.client_secret, safe='')}&",
            "oauth_timestamp": str(int(time.time())),
            "oauth_nonce": "n" * 20,
            "oauth_callback": callback,
        }
        url, headers, body = photos.provider.request_token_url, {}, None
        if place == "HEADER":
            headers = {"Authorization": "OAuth " + ",".join(f'{k}="{quote(v, safe="")}"' for k, v in protocol.items())}
        elif place == "QUERY":
            url = f"{url}?{urlencode(protocol)}"
        else:
            headers, body = FORM, urlencode(protocol).encode()
        answer = photos.server.handle(Request("POST", url, headers, body))
        assert answer.status == 200, answer.text
        token = dict(parse_qsl(answer.text))["oauth_token"]
        assert photos.store.temporary(token, "photos").callback == callback
