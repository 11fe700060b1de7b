"""Over real sockets: a foreign client logs in, and the knobs that tests turn."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import CallbackRules, Provider
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.emulator.store import Store
from oauth1_catalog.errors import ConfigurationError, NotInitializedError, ProviderError, UnknownProviderError

CALLBACK = "http://app.example/callback"


@contextmanager
def foreign(emulator: Emulator, name: str = "twitter", **options: object) -> Iterator[OAuth1Session]:
    """requests-oauthlib with the keys of the application at ``name``."""
    client = emulator.client(name)
    with OAuth1Session(client.client_id, client.client_secret, **options) as session:
        session.verify = emulator.ca_file
        session.trust_env = False
        yield session


@pytest.fixture
def session(emulator) -> Iterator[OAuth1Session]:
    with foreign(emulator, callback_uri=CALLBACK) as session:
        yield session


def log_in(emulator: Emulator, session: OAuth1Session, user: str = "ada") -> Provider:
    provider = emulator.catalog.provider("twitter")
    session.fetch_request_token(provider.request_token_url)
    callback = emulator.approve(session.authorization_url(provider.authorize_url), user=user)
    session.parse_authorization_response(callback)
    session.fetch_access_token(provider.access_token_url)
    return provider


def test_a_foreign_client_logs_in_on_one_connection(emulator, session):
    provider = log_in(emulator, session, user="grace")
    profile = session.get(provider.userinfo.endpoint, params=provider.userinfo.params).json()
    assert profile["screen_name"] == "grace"
    journal = emulator.journal
    assert {e.role: e.status for e in journal.exchanges} == {
        "request_token": 200,
        "authorize": 302,
        "access_token": 200,
        "api": 200,
    }
    assert len({e.connection for e in journal.exchanges if e.role != "authorize"}) == 1
    assert journal.connections_opened == 2
    assert journal.count("twitter", role="authorize") == 2
    assert all("?" not in e.path for e in journal.exchanges)
    journal.clear()
    assert journal.exchanges == ()


def test_the_consent_page_is_plain_http_and_nothing_else_is(emulator):
    provider = emulator.catalog.provider("twitter")
    assert provider.authorize_url.startswith("http://127.0.0.1:")
    assert provider.request_token_url.startswith("https://127.0.0.1:")
    at_consent = provider.request_token_url.replace(emulator.origins.secure, emulator.origins.consent)
    answer = requests.post(at_consent, timeout=10)
    assert answer.status_code == 403
    assert "https" in answer.text


def test_without_its_authority_its_certificate_is_worth_nothing(emulator, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(emulator.origins.secure, timeout=10)


@pytest.mark.parametrize(
    ("problem", "expected"), [("", "denied="), ("permission_denied", "oauth_problem=permission_denied")]
)
def test_a_user_declines(emulator, session, problem, expected):
    provider = emulator.catalog.provider("twitter")
    session.fetch_request_token(provider.request_token_url)
    assert expected in emulator.deny(session.authorization_url(provider.authorize_url), problem=problem)


def test_a_pin_and_a_denial_without_a_callback(emulator):
    provider = emulator.add(
        Provider(
            name="pins",
            request_token_url="https://pins.example/request",
            authorize_url="https://pins.example/authorize",
            callback=CallbackRules(value="oob"),
        )
    )
    for decide, shows in ((emulator.approve, str.isdecimal), (emulator.deny, "".__eq__)):
        with foreign(emulator, "pins", callback_uri="oob") as session:
            session.fetch_request_token(provider.request_token_url)
            assert shows(decide(session.authorization_url(provider.authorize_url)))


@pytest.mark.parametrize(
    ("registered", "confirmed"), [(None, "false"), ("https://app.example/cb", "true")], ids=["a PIN", "a callback"]
)
def test_a_key_without_a_callback_is_not_confirmed(emulator, registered, confirmed):
    emulator.client("etrade", redirect_uri=registered)
    with foreign(emulator, "etrade", callback_uri="oob") as session:
        url = emulator.catalog.provider("etrade").request_token_url
        answer = session.get(url, headers={"Accept": "application/json"})
    assert dict(parse_qsl(answer.text))["oauth_callback_confirmed"] == confirmed


def test_no_consent_page_is_an_error_with_words(emulator):
    with pytest.raises(ProviderError, match="answered 404 instead of a consent page"):
        emulator.approve(f"{emulator.origins.consent}/nobody/authorize/x")


@pytest.mark.parametrize(
    "url", ["https://api.twitter.com/oauth/authenticate?oauth_token=x", "/login", "http://127.0.0.1:9/x"]
)
def test_a_consent_page_of_somebody_else_is_not_opened(emulator, url, monkeypatch):
    monkeypatch.setattr(requests.Session, "send", lambda *_, **__: pytest.fail("a request was sent"))
    for decide in (emulator.approve, emulator.deny):
        with pytest.raises(ProviderError, match=r"not this emulator.* OAuth\(catalog=emulator.catalog\)"):
            decide(url)


class TestFailures:
    def test_a_status_and_a_body(self, emulator, session):
        provider = emulator.catalog.provider("twitter")
        emulator.fail_next("access_token", status=503, body="<h1>Down</h1>", headers={"Content-Type": "text/html"})
        assert session.post(f"{provider.request_token_url}").status_code == 200
        down = session.post(f"{provider.access_token_url}")
        assert (down.status_code, down.text, down.headers["Content-Type"]) == (503, "<h1>Down</h1>", "text/html")
        assert session.post(f"{provider.access_token_url}").status_code == 400

    def test_a_dropped_connection(self, emulator, session):
        provider = emulator.catalog.provider("twitter")
        emulator.fail_next(provider="twitter", drop=True, times=1)
        with pytest.raises(requests.exceptions.ConnectionError):
            session.post(provider.request_token_url)
        assert session.post(provider.request_token_url).status_code == 200
        assert [e.status for e in emulator.journal.exchanges] == [0, 200]

    def test_expired_tokens(self, new_emulator):
        with foreign(new_emulator, callback_uri=CALLBACK) as session:
            provider = log_in(new_emulator, session)
            assert new_emulator.expire_tokens("twitter") == 1
            answer = session.get(provider.api_base_url + "statuses.json")
        assert answer.status_code == 401
        assert "token_expired" in answer.headers["WWW-Authenticate"]

    def test_latency_ends_with_the_emulator(self, session):
        before = set(threading.enumerate())
        with Emulator(Catalog()) as slow:
            slow.latency = 600
            url = slow.catalog.provider("twitter").request_token_url
            waiting = threading.Thread(target=self._ask, args=(url, slow.ca_file))
            waiting.start()
            while slow.journal.connections_opened == 0:
                pass
        waiting.join(timeout=30)
        assert set(threading.enumerate()) <= before

    @staticmethod
    def _ask(url, ca_file):
        with contextlib.suppress(requests.exceptions.ConnectionError), requests.Session() as browser:
            browser.trust_env = False
            browser.post(url, verify=ca_file, timeout=60)


class TestClients:
    def test_the_application_is_the_same_each_time(self, new_emulator):
        first = new_emulator.client("twitter")
        assert new_emulator.client("twitter") == first
        changed = new_emulator.client("twitter", redirect_uri=CALLBACK, client_secret="")
        assert (changed.client_id, changed.redirect_uri, changed.client_secret) == (first.client_id, CALLBACK, "")
        assert new_emulator.client("twitter") == changed
        assert first.client_secret not in repr(first)

    def test_a_provider_that_gives_no_secret(self, emulator):
        emulator.add(Provider(name="bare", required_credentials=("client_id",)))
        assert emulator.client("bare").client_secret == ""

    def test_an_alias_is_the_same_provider(self, emulator):
        assert emulator.client("jira") == emulator.client("jira_data_center")

    def test_an_unknown_provider(self, emulator):
        with pytest.raises(UnknownProviderError, match="twitter"):
            emulator.client("twiter")

    def test_a_token_from_the_console(self, emulator):
        provider = emulator.catalog.provider("twitter")
        token = emulator.issue_token("twitter", user="grace")
        keys = {"resource_owner_key": token.oauth_token, "resource_owner_secret": token.oauth_token_secret}
        with foreign(emulator, **keys) as session:
            echo = session.post(provider.api_base_url + "x", data={"a": "1"}).json()
        assert (echo["user"], echo["form"]) == ("grace", [["a", "1"]])

    def test_a_token_from_the_console_is_valid_also_after_one_has_expired_or_was_renewed(self):
        starts = []
        for _ in range(2):
            store, ada = Store(seed="s"), User("ada")
            first = store.issue_static(None, "app", ada)
            assert store.issue_static(None, "app", ada) is first
            store.expire_all()
            second = store.issue_static(None, "app", ada)
            store.renew(second)
            third = store.issue_static(None, "app", ada)
            assert [store.access(token.token, "", "app").state for token in (first, second, third)] == [
                "expired",
                "revoked",
                "valid",
            ]
            starts.append([first.token, second.token, third.token])
        assert starts[0] == starts[1]  # they follow from the seed


def test_a_reset_undoes_what_a_test_has_changed(new_emulator):
    keys = new_emulator.client("twitter", redirect_uri="https://app.example/another")
    new_emulator.latency = 600
    new_emulator.fail_next("request_token", times=3)
    new_emulator.reset()
    with foreign(new_emulator, callback_uri=CALLBACK) as session:
        log_in(new_emulator, session)
    assert new_emulator.journal.count(status=500) == 0
    assert new_emulator.client("twitter") == dataclasses.replace(keys, redirect_uri=None)


def test_tenants_share_an_application_and_no_token(emulator):
    one, two = (
        emulator.catalog.provider("jira", values={"base_url": f"https://{host}.example.com"}) for host in ("a", "b")
    )
    assert urlsplit(one.request_token_url).path.endswith("/a.example.com/plugins/servlet/oauth/request-token")
    assert urlsplit(one.request_token_url).path.split("/")[1] != urlsplit(two.request_token_url).path.split("/")[1]
    again = emulator.catalog.provider("jira", values={"base_url": "https://a.example.com"})
    assert again == one


def test_a_second_provider_of_the_same_name_gets_addresses_of_its_own(emulator):
    first = emulator.add(Provider(name="mine", request_token_url="https://one.example/request"))
    assert emulator.add(Provider(name="mine", request_token_url="https://one.example/request")) == first
    second = emulator.add(Provider(name="mine", request_token_url="https://two.example/request"))
    assert "/mine-" in second.request_token_url


def test_what_oauthlib_cannot_judge_is_said_at_once(emulator):
    for kwargs in ({"profile": "mastercard"}, {"signature_method": "HMAC-MD5"}):
        with pytest.raises(ConfigurationError, match="emulator cannot"):
            emulator.add(Provider(name="odd", client_kwargs=kwargs))


def test_it_must_run():
    emulator = Emulator(Catalog())
    with pytest.raises(NotInitializedError, match="with Emulator"):
        _ = emulator.catalog
    with emulator:
        assert emulator.ca_file
    with pytest.raises(NotInitializedError):
        _ = emulator.origins


def test_a_multipart_body_that_cannot_be_read(emulator, session):
    """Its part has parameters in a wrong form of RFC 2231."""
    provider = emulator.catalog.provider("flickr")
    body = b"--x\r\nContent-Disposition: form-data; name*=a; name*0=b\r\n\r\nb\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Authorization": 'OAuth oauth_token="t"'}
    answer = session.post(f"{provider.api_base_url}upload/", data=body, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert "The multipart body cannot be read." in unquote(answer.text)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_other_names_of_loopback(host):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with Emulator(Catalog(), host=host) as emulator, requests.Session() as browser:
        browser.trust_env = False
        assert browser.get(emulator.origins.secure, verify=emulator.ca_file, timeout=10).status_code == 404
        assert browser.get(emulator.origins.consent, timeout=10).status_code == 404


def test_no_thread_is_left():
    before = set(threading.enumerate())
    with Emulator(Catalog()) as emulator:
        provider = emulator.catalog.provider("twitter")
        with requests.Session() as browser:
            browser.trust_env = False
            assert browser.post(provider.request_token_url, verify=emulator.ca_file, timeout=10).status_code == 400
            assert set(threading.enumerate()) - before  # one of those before may have ended since
    assert set(threading.enumerate()) <= before
