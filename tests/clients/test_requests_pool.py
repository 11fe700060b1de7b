"""The synchronous pool, against real sockets."""

from __future__ import annotations

import gzip
import multiprocessing
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import ConfigurationError, SigningError, TransportError
from oauth1_catalog.rfc5849.messages import Request
from tests.clients.conftest import Dripping

FAST = Limits(connect=2, read=0.3, token_deadline=0.4, connect_retries=0)


@pytest.fixture
def pool() -> Iterator[RequestsPool]:
    with RequestsPool(limits=FAST) as made:
        yield made


def test_calls_and_token_requests_share_one_connection(wire, pool):
    for _ in range(5):
        assert pool.send(Request("POST", f"{wire.url}/token", body=b"a=1")).text == "ok"
        assert pool.request("GET", f"{wire.url}/api").text == "ok"
    assert wire.connections == 1


def test_a_token_request_goes_out_as_it_was_given(wire, pool):
    request = Request("POST", f"{wire.url}/a;m=1//b?x=%C3%A9&y='[]", {"X-One": "1", "Authorization": "OAuth a"}, b"b=2")
    answer = pool.send(request)
    assert (answer.status, answer.header("content-length"), answer.body) == (200, "2", b"ok")
    assert wire.last.method == "POST"
    assert wire.last.target.startswith("/a;m=1//b?x=%C3%A9&y='")
    assert wire.last.body == b"b=2"
    assert wire.last.all("Authorization") == ["OAuth a"]
    assert wire.last.header("X-One") == "1"
    assert wire.last.header("Accept-Encoding") == "identity"


def test_a_body_of_nothing_has_its_length_said(wire, pool):
    pool.send(Request("POST", wire.url))
    assert wire.last.header("Content-Length") == "0"


@pytest.mark.parametrize("path", ["/a[1]", "/%c3%a9", "/a|b"])
def test_a_path_that_urllib3_would_rewrite_is_refused(wire, pool, path):
    with pytest.raises(SigningError, match="another way than it was signed"):
        pool.send(Request("POST", wire.url + path))
    assert wire.received == b""


def test_netrc_does_not_replace_the_signature(wire, pool, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    pool.send(Request("POST", wire.url, {"Authorization": "OAuth a"}))
    assert wire.last.all("Authorization") == ["OAuth a"]


def test_cookies_of_one_call_are_not_sent_in_another(wire, pool, answer_with):
    wire.answer = lambda _: answer_with("ok", headers=(("Set-Cookie", "sid=alice; Path=/"),))
    first = pool.request("GET", wire.url)
    assert first.cookies["sid"] == "alice"
    pool.send(Request("POST", wire.url))
    pool.request("GET", wire.url)
    pool.request("GET", wire.url, cookies={"mine": "1"})
    assert [request.header("Cookie") for request in wire.arrived] == [None, None, None, "mine=1"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_token_endpoint_is_never_redirected(wire, stranger, pool, answer_with, status):
    wire.answer = lambda _: answer_with("x" * 100, status, (("Location", stranger.url),))
    answer = pool.send(Request("POST", wire.url, {"Authorization": "OAuth a"}))
    assert (answer.status, answer.header("Location")) == (int(status[:3]), stranger.url)
    assert stranger.received == b""


def test_an_answer_within_the_bound_is_read_whole(wire, answer_with):
    wire.answer = lambda _: answer_with(b"x" * 65536)
    with RequestsPool() as pool:
        assert len(pool.send(Request("POST", wire.url)).body) == 65536


def test_a_long_error_page_shows_its_status_and_its_size(wire, pool, answer_with):
    wire.answer = lambda _: answer_with(b"x" * 70_000, "500 Failed")
    with pytest.raises(TransportError, match=r"status 500 is longer than 65536 bytes \(70000\); not read on") as caught:
        pool.send(Request("POST", wire.url))
    assert caught.value.status == 500


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_an_answer_beyond_the_bound_is_an_error(wire, pool, answer_with, encoding):
    body = b"x" * 70_000 if encoding is None else gzip.compress(b"x" * 50_000_000)
    wire.answer = lambda _: answer_with(body, headers=(("Content-Encoding", encoding),) if encoding else ())
    with pytest.raises(TransportError, match=r"127.0.0.1:\d+: the answer with status \d+ is longer than 65536 bytes"):
        pool.send(Request("POST", wire.url))


@pytest.mark.parametrize(
    "answer",
    [
        Dripping(b"HTTP/1.1 200 OK\r\nA: ", b"x"),
        Dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        Dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, 0),
        Dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100, 0),
        Dripping(b"HTTP/1.1 200 OK\r\nA: ", b"x" * 10_000, 0),
        Dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["header", "headers", "body", "chunks", "flood", "header flood", "long header", "continue"],
)
def test_an_answer_without_end_ends(wire, pool, answer):
    wire.answer = answer
    with pytest.raises(TransportError) as caught:
        pool.send(Request("POST", wire.url))
    assert not answer.is_over
    assert caught.value.description.startswith(f"127.0.0.1:{wire.port}: ")


def test_a_silent_provider_is_an_error(wire, pool):
    wire.answer = Dripping(b"", b"")
    with pytest.raises(TransportError, match="no answer in time"):
        pool.send(Request("POST", wire.url))


def test_nothing_is_sent_twice_where_the_provider_hangs_up(wire):
    wire.answer = lambda _: None
    with RequestsPool() as pool, pytest.raises(TransportError, match="closed before the whole answer"):
        pool.send(Request("POST", wire.url))
    assert len(wire.arrived) == 1


def test_connecting_is_tried_again_once(caplog):
    with RequestsPool() as pool, pytest.raises(TransportError, match="refused"):
        pool.send(Request("POST", "http://127.0.0.1:9/x?oauth_signature=hush"))
    assert [record.levelname for record in caplog.records if "Retrying" in record.message] == ["WARNING"]
    assert "hush" not in caplog.text


def test_a_kept_connection_that_was_closed_is_replaced_before_use(wire, pool, answer_with):
    wire.answer = lambda request: iter([answer_with("ok")])
    pool.send(Request("POST", wire.url))
    wire.answer = lambda request: None
    with pytest.raises(TransportError):
        pool.send(Request("POST", wire.url))
    wire.answer = lambda request: answer_with("again")
    assert pool.send(Request("POST", wire.url)).text == "again"


def test_an_idle_connection_is_not_used_for_ever(wire):
    with RequestsPool(limits=Limits(keepalive=0.05)) as pool:
        pool.send(Request("POST", wire.url))
        time.sleep(0.1)
        pool.send(Request("POST", wire.url))
    assert wire.connections == 2


def test_a_refused_connection_says_so_and_keeps_its_cause(pool):
    with pytest.raises(TransportError, match="the connection was refused") as caught:
        pool.send(Request("POST", "http://127.0.0.1:9/x?oauth_signature=hush"))
    assert isinstance(caught.value.__cause__, requests.ConnectionError)
    assert "hush" not in str(caught.value.__cause__)


def test_an_unknown_host_says_so(pool):
    with pytest.raises(TransportError, match=r"nowhere\.invalid: there is no such host"):
        pool.send(Request("POST", "http://nowhere.invalid/x"))


def test_a_proxy_that_is_not_there_says_so(wire):
    with (
        RequestsPool(proxies={"http": "http://127.0.0.1:9"}, limits=FAST) as pool,
        pytest.raises(TransportError, match="proxy"),
    ):
        pool.send(Request("POST", wire.url))
    assert wire.received == b""


def test_a_proxy_sees_no_signature_and_each_connection_has_its_own_deadline(tls_wire, tunnel, bundle):
    limits = Limits(token_deadline=2, keepalive=0.05)
    with RequestsPool(proxies={"https": tunnel.url}, verify=bundle, limits=limits) as pool:
        pool.send(Request("POST", tls_wire.url, {"Authorization": "OAuth a"}))
        time.sleep(2.1)
        pool.send(Request("POST", tls_wire.url, {"Authorization": "OAuth a"}))
        pool.request("GET", tls_wire.url, auth=None)
    assert len(tls_wire.arrived) == 3
    assert len(tunnel.heads) == 2
    assert all(head.startswith(b"CONNECT 127.0.0.1:") and b"OAuth" not in head for head in tunnel.heads)


class TestTLS:
    def test_a_bundle_of_ones_own(self, tls_wire, bundle):
        with RequestsPool(verify=bundle) as pool:
            assert pool.send(Request("POST", tls_wire.url)).text == "ok"
            assert pool.request("GET", tls_wire.url).text == "ok"
        assert tls_wire.connections == 1

    def test_an_unknown_authority_is_refused_and_explained(self, tls_wire):
        with RequestsPool() as pool, pytest.raises(TransportError, match="could not be verified") as caught:
            pool.send(Request("POST", tls_wire.url))
        assert "verify='/path/to" in caught.value.description
        assert tls_wire.received == b""

    def test_verification_can_be_turned_off(self, tls_wire):
        with RequestsPool(verify=False) as pool, pytest.warns(match="Unverified HTTPS request"):
            assert pool.send(Request("POST", tls_wire.url)).text == "ok"

    def test_a_context_of_ones_own(self, tls_wire, authority):
        context = ssl.create_default_context()
        authority.configure_trust(context)
        with RequestsPool(verify=context) as pool:
            assert pool.request("GET", tls_wire.url).text == "ok"

    def test_the_environment_names_the_bundle(self, tls_wire, bundle, monkeypatch):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        with RequestsPool() as pool:
            assert pool.send(Request("POST", tls_wire.url)).text == "ok"
            assert pool.request("GET", tls_wire.url).text == "ok"
        with RequestsPool(trust_env=False) as pool, pytest.raises(TransportError):
            pool.send(Request("POST", tls_wire.url))

    def test_the_environment_does_not_override_a_path(self, tls_wire, bundle, monkeypatch):
        import certifi

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
        with RequestsPool(verify=bundle) as pool:
            assert pool.send(Request("POST", tls_wire.url)).text == "ok"
            assert pool.request("GET", tls_wire.url).text == "ok"

    def test_contexts_are_made_once(self, tls_wire, bundle):
        from oauth1_catalog.clients.transport import requests_context

        threads = [threading.Thread(target=requests_context, args=(bundle, None)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert requests_context(bundle, None) is requests_context(bundle, None)

    @pytest.mark.parametrize("options", [{"verify": "/no/such/file"}, {"cert": "/no/such/file"}, {"verify": ""}])
    def test_a_file_that_is_not_there_is_found_at_once(self, options):
        with pytest.raises(ConfigurationError, match=r"verify:|cert:"):
            RequestsPool(**options)

    def test_a_file_that_holds_no_certificate_is_explained(self, tls_wire, tmp_path):
        junk = tmp_path / "junk.pem"
        junk.write_text("no certificate")
        with RequestsPool(verify=str(junk)) as pool, pytest.raises(ConfigurationError, match=r"junk.pem.*PEM"):
            pool.send(Request("POST", tls_wire.url))

    def test_a_client_certificate_is_sent(self, authority, bundle, tmp_path, serve):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        mine = tmp_path / "mine.pem"
        authority.issue_cert("me@example.com").private_key_and_cert_chain_pem.write_to_path(str(mine))
        with serve(context) as wire, RequestsPool(verify=bundle, cert=str(mine)) as pool:
            assert pool.send(Request("POST", wire.url)).text == "ok"


def test_threads_share_the_pool(wire, answer_with):
    wire.answer = lambda request: answer_with(request.target)
    wrong = []
    with RequestsPool() as pool:

        def work(number: int) -> None:
            for step in range(10):
                path = f"/{number}/{step}"
                if pool.send(Request("POST", wire.url + path)).text != path:
                    wrong.append(path)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(wire.arrived) == 200
    assert wire.connections <= 40


def test_a_forked_child_opens_connections_of_its_own(wire, pool, answer_with):
    wire.answer = lambda request: answer_with(str(request.connection))
    assert pool.send(Request("POST", wire.url)).text == "1"
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(pool.send(Request("POST", wire.url)).text))
    child.start()
    child.join(20)
    assert queue.get() == "2"
    assert pool.send(Request("POST", wire.url)).text == "1"


def test_headers_of_the_pool_go_with_everything(wire):
    with RequestsPool(headers={"X-App": "mine"}) as pool:
        pool.send(Request("POST", wire.url))
        pool.request("GET", wire.url)
    assert [request.header("X-App") for request in wire.arrived] == ["mine", "mine"]


def test_a_session_remembers_a_bounded_number_of_origins(wire, pool):
    from oauth1_catalog.clients.requests_exchange import MAX_ORIGINS

    for number in range(MAX_ORIGINS + 5):
        with pytest.raises(requests.ConnectionError):
            pool.request("GET", f"http://127.0.0.1:9/{number}".replace("127.0.0.1", f"127.0.0.{number + 1}"))
    assert len(pool._session()._environment) <= MAX_ORIGINS  # private: how much memory it takes
    assert pool.request("GET", wire.url, cert=["no", "certificate"]).text == "ok"


def test_a_header_that_cannot_be_sent_is_requests_own_error(wire, pool):
    with pytest.raises(requests.exceptions.InvalidHeader):
        pool.request("GET", wire.url, headers={"X": "a\nb"})
    assert wire.received == b""


def test_a_session_of_ones_own(wire):
    made = []

    def factory() -> requests.Session:
        session = requests.Session()
        session.headers["X-Mine"] = "yes"
        made.append(session)
        return session

    with RequestsPool(session_factory=factory) as pool:
        pool.send(Request("POST", wire.url))
        pool.request("GET", wire.url)
    assert len(made) == 1
    assert [request.header("X-Mine") for request in wire.arrived] == ["yes", "yes"]
    assert wire.connections == 1


def test_a_streamed_answer_is_left_unread(wire, pool, answer_with):
    wire.answer = lambda _: iter([answer_with("first", length=False), b"second"])
    with pool.request("GET", wire.url, stream=True) as answer:
        assert next(answer.iter_content(5)) == b"first"


def test_calls_have_the_limits_timeout_unless_they_say_otherwise(wire, pool):
    wire.answer = Dripping(b"", b"")
    with pytest.raises(requests.ReadTimeout, match=r"read timeout=0.3"):
        pool.request("GET", wire.url)
    with pytest.raises(requests.ReadTimeout, match=r"read timeout=0\.1"):
        pool.request("GET", wire.url, timeout=0.1)


def test_a_closed_pool_opens_again(wire, pool):
    pool.send(Request("POST", wire.url))
    pool.close()
    pool.send(Request("POST", wire.url))
    assert wire.connections == 2


def test_pool_shows_no_header_in_its_repr(wire):
    assert "hush" not in repr(RequestsPool(headers={"X-Key": "hush"}))
