"""A signature goes to the origin that it was made for, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import requests

from oauth1_catalog.clients import httpx_client, requests_client
from oauth1_catalog.clients.httpx_pool import HttpxPool
from oauth1_catalog.clients.limits import Limits, check_redirect, without_protocol_parameters
from oauth1_catalog.clients.requests_pool import RequestsPool
from oauth1_catalog.errors import OAuthError, ProviderError, SigningError

KEYS = {"client_id": "ck", "client_secret": "cs", "token": "tk", "token_secret": "ts"}
KINDS = ["session", "requests pool", "client", "async client", "httpx pool"]


@pytest.fixture(params=KINDS)
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``call(method, url, follow=True, signature_type="HEADER", **kwargs)`` by one of the clients."""

    def made(method: str, url: str, *, follow: bool = True, signature_type: str = "HEADER", **kwargs: Any) -> Any:
        keys = {**KEYS, "signature_type": signature_type}
        if request.param == "session":
            return requests_client.OAuth1Session(**keys).request(method, url, allow_redirects=follow, **kwargs)
        if request.param == "requests pool":
            signer = requests_client.OAuth1Auth(**keys)
            auth = requests_client.OAuth1Auth.from_signer(signer.signer, signer.credentials)
            return RequestsPool().request(method, url, auth=auth, allow_redirects=follow, **kwargs)
        if request.param == "client":
            with httpx_client.OAuth1Client(**keys, follow_redirects=follow) as client:
                return client.request(method, url, **kwargs)
        return asyncio.run(awaited(method, url, keys, follow, **kwargs))

    async def awaited(method: str, url: str, keys: dict[str, str], follow: bool, **kwargs: Any) -> Any:
        if request.param == "async client":
            async with httpx_client.AsyncOAuth1Client(**keys) as client:
                return await client.request(method, url, follow_redirects=follow, **kwargs)
        signer = httpx_client.OAuth1Auth(**keys)
        auth = httpx_client.OAuth1Auth.from_signer(signer.signer, signer.credentials)
        return await HttpxPool().request(method, url, auth=auth, follow_redirects=follow, **kwargs)

    return made


def redirecting(answer_with: Callable[..., bytes], location: str, status: int = 302, once: bool = True) -> Any:
    seen: list[object] = []

    def answer(request: Any) -> bytes:
        if once and seen:
            return answer_with("the end")
        seen.append(request)
        return answer_with("elsewhere", f"{status} Redirect", (("Location", location), ("Set-Cookie", "a=1")))

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY"])
def test_within_the_origin_each_hop_is_signed_anew(wire, judge, call, answer_with, status, signature_type):
    wire.answer = redirecting(answer_with, "/b%2f?x=%c3%a9&[y]=$", status)
    answer = call("GET", f"{wire.url}/a?z=1", signature_type=signature_type)
    assert answer.text == "the end"
    assert [response.status_code for response in answer.history] == [status]
    for request in wire.arrived:
        judge(request)
    assert "z" not in dict(judge.parameters)


def test_a_server_may_repeat_the_signed_query(wire, judge, call, answer_with):
    """As Django does when it appends a slash."""
    answers = iter([None, answer_with("the end")])

    def answer(request: Any) -> bytes:
        head, _, query = request.target.partition("?")
        return next(answers) or answer_with("", "301 Moved", (("Location", f"{head}/?{query}"),))

    wire.answer = answer
    assert call("GET", f"{wire.url}/a?z=1", signature_type="QUERY").text == "the end"
    judge(wire.last)
    assert judge.parameters == [("z", "1")]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_becomes_a_get_without_its_body(wire, judge, call, answer_with, status):
    wire.answer = redirecting(answer_with, "/b", status)
    assert call("POST", f"{wire.url}/a", data={"x": "1"}).text == "the end"
    assert (wire.last.method, wire.last.target, wire.last.body) == ("GET", "/b", b"")
    judge(wire.last)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
def test_a_body_is_not_sent_twice(wire, call, answer_with, status, signature_type):
    wire.answer = redirecting(answer_with, "/b", status)
    with pytest.raises(ProviderError, match="A POST is not sent twice") as caught:
        call("POST", f"{wire.url}/a?secret=1", data={"x": "1"}, signature_type=signature_type)
    assert caught.value.error == "redirect_refused"
    assert caught.value.status == status
    assert "secret" not in caught.value.description
    assert len(wire.arrived) == 1


ELSEWHERE = {
    "another port": "{stranger}/x",
    "another host": "http://localhost:{stranger_port}/x",
    "no scheme": "//127.0.0.1:{stranger_port}/x",
    "user information": "http://127.0.0.1:{port}@127.0.0.1:{stranger_port}/x",
    "another name for the same": "http://localhost:{port}/x",
    "an upgrade": "https://127.0.0.1:{port}/x",
}
DISGUISED = {
    "backslashes": "http:\\\\127.0.0.1:{stranger_port}/x",
    "backslashes without scheme": "\\\\127.0.0.1:{stranger_port}/x",
    "three slashes": "///127.0.0.1:{stranger_port}/x",
    "no slashes": "http:127.0.0.1:{stranger_port}/x",
    "a host in a fragment": "http://127.0.0.1:{port}#@127.0.0.1:{stranger_port}/x",
    "a host behind a backslash": "http://127.0.0.1:{stranger_port}\\@127.0.0.1:{port}/x",
    "white space": "http://127.0.0.1:{stranger_port}\t/x",
    "no URL": "http://[/",
}
PLACES = [("GET", "HEADER"), ("GET", "QUERY"), ("POST", "HEADER"), ("POST", "QUERY"), ("POST", "BODY")]


@pytest.mark.parametrize("location", ELSEWHERE.values(), ids=ELSEWHERE.keys())
@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(("method", "signature_type"), PLACES)
def test_another_origin_is_refused(wire, stranger, call, answer_with, location, status, method, signature_type):
    target = location.format(stranger=stranger.url, stranger_port=stranger.port, port=wire.port)
    wire.answer = redirecting(answer_with, target, status)
    with pytest.raises(ProviderError, match="A signature must not go to another host"):
        call(method, f"{wire.url}/a", signature_type=signature_type)
    assert stranger.received == b""
    assert len(wire.arrived) == 1


@pytest.mark.parametrize("location", DISGUISED.values(), ids=DISGUISED.keys())
@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(("method", "signature_type"), PLACES)
def test_disguises_lead_nowhere(wire, stranger, call, answer_with, location, status, method, signature_type):
    """Some are relative paths to one library and no URL to another; none may reach the stranger."""
    target = location.format(stranger_port=stranger.port, port=wire.port)
    wire.answer = redirecting(answer_with, target, status)
    with contextlib.suppress(OAuthError, ValueError, requests.RequestException, httpx_client.httpx2.HTTPError):
        call(method, f"{wire.url}/a", signature_type=signature_type)
    assert stranger.received == b""
    assert wire.arrived


def test_the_refusal_says_what_to_do(wire, stranger, call, answer_with):
    wire.answer = redirecting(answer_with, f"{stranger.url}/x?token=hush")
    with pytest.raises(ProviderError) as caught:
        call("GET", f"{wire.url}/a?secret=hush")
    assert caught.value.description == (
        f"GET {wire.url}/a was answered with a redirect (302) to {stranger.url}/x. A signature must not go to another "
        "host: it was not followed. Call the second address yourself, or take the answer as it is with "
        "allow_redirects=False (requests) or follow_redirects=False (httpx2)."
    )


@pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
def test_a_caller_can_have_the_redirect_itself(wire, stranger, call, answer_with, signature_type):
    wire.answer = redirecting(answer_with, stranger.url, 307)
    answer = call("POST", f"{wire.url}/a", follow=False, signature_type=signature_type)
    assert (answer.status_code, answer.text) == (307, "elsewhere")
    assert stranger.received == b""


UNREADABLE = ["https://[", "http://[/", "//[", "http://a:b/", "http://127.0.0.1:99999999/", "http://\x7f/"]


@pytest.mark.parametrize("location", UNREADABLE)
@pytest.mark.parametrize("status", [301, 302, 307])
def test_an_address_that_cannot_be_read(wire, call, answer_with, location, status):
    wire.answer = redirecting(answer_with, location, status, once=False)
    answer = call("GET", wire.url, follow=False)
    assert (answer.status_code, answer.headers["Location"], answer.text) == (status, location, "elsewhere")
    assert len(wire.arrived) == 1
    with pytest.raises(ProviderError) as caught:
        call("GET", wire.url)
    assert (caught.value.error, caught.value.status, caught.value.step) == ("redirect_refused", status, "api")
    assert len(wire.arrived) == 2


@pytest.mark.parametrize("location", UNREADABLE[:5])
def test_the_check_refuses_an_address_that_cannot_be_read(location):
    """The libraries refuse most of them before; what they let through is not theirs to know."""
    with pytest.raises(ProviderError, match="with an invalid Location"):
        check_redirect(status=302, method="GET", url="https://a.example/", new_method="GET", new_url=location)


def test_the_message_about_a_redirect_is_one_line():
    with pytest.raises(ProviderError) as caught:
        check_redirect(
            status=302,
            method="GET",
            url="https://a.example/",
            new_method="GET",
            new_url="https://b.example/\x1b[31m\udcff",
        )
    assert "to https://b.example/\N{REPLACEMENT CHARACTER}[31m" in str(caught.value)
    assert str(caught.value).isprintable()


def test_redirects_without_end_raise(wire, call, answer_with):
    wire.answer = redirecting(answer_with, "/again", once=False)
    with pytest.raises(ProviderError, match=r"another redirect \(302\) after (5|20|30)"):
        call("GET", wire.url)
    assert len({request.header("Authorization") for request in wire.arrived}) == len(wire.arrived) <= 31


def test_a_streamed_call_is_redirected_too(wire, judge, answer_with):
    wire.answer = redirecting(answer_with, "/b")
    with requests_client.OAuth1Session(**KEYS) as session, session.get(wire.url, stream=True) as answer:
        assert b"".join(answer.iter_content(3)) == b"the end"
    wire.answer = redirecting(answer_with, "/b")
    with httpx_client.OAuth1Client(**KEYS, follow_redirects=True) as client, client.stream("GET", wire.url) as answer:
        assert answer.read() == b"the end"

    async def awaited() -> None:
        wire.answer = redirecting(answer_with, "/b")
        async with HttpxPool() as pool:
            auth = httpx_client.OAuth1Auth(**KEYS)
            answer = await pool.request("GET", wire.url, auth=auth, stream=True, follow_redirects=True)
            assert await answer.aread() == b"the end"

    asyncio.run(awaited())
    for request in wire.arrived:
        judge(request)


def test_the_pool_has_a_limit_of_its_own(wire, answer_with):
    wire.answer = redirecting(answer_with, "/again", once=False)
    with RequestsPool(limits=Limits(max_redirects=1)) as pool, pytest.raises(ProviderError, match="after 1"):
        pool.request("GET", wire.url, auth=requests_client.OAuth1Auth(**KEYS))
    assert len(wire.arrived) == 2


def test_cookies_of_a_call_go_with_its_redirect_alone(wire, answer_with):
    wire.answer = redirecting(answer_with, "/b")
    with RequestsPool() as pool:
        pool.request("GET", wire.url, auth=requests_client.OAuth1Auth(**KEYS))
        pool.request("GET", wire.url, auth=requests_client.OAuth1Auth(**KEYS))
    assert [request.header("Cookie") for request in wire.arrived][2:] == [None]


class TestInSessionsOfOthers:
    """A plain session strips the header itself when it leaves the host; a signed form is our affair."""

    @pytest.mark.parametrize("status", [302, 307])
    @pytest.mark.parametrize("signature_type", ["HEADER", "QUERY", "BODY"])
    @pytest.mark.parametrize("library", ["requests", "httpx2"])
    def test_no_signature_leaves_the_host(self, wire, stranger, answer_with, status, signature_type, library):
        wire.answer = redirecting(answer_with, f"http://localhost:{stranger.port}/x", status)
        keys = {**KEYS, "signature_type": signature_type}
        try:
            if library == "requests":
                requests.post(wire.url, data={"a": "b"}, auth=requests_client.OAuth1Auth(**keys))
            else:
                with httpx_client.httpx2.Client(follow_redirects=True) as client:
                    client.post(wire.url, data={"a": "b"}, auth=httpx_client.OAuth1Auth(**keys))
        except (requests.RequestException, SigningError):
            assert signature_type == "BODY"
        assert b"oauth_" not in stranger.received


@pytest.mark.parametrize(
    ("url", "new_url"),
    [
        ("https://a.example/x", "https://a.example:443/y"),
        ("https://a.example:443/x", "https://A.EXAMPLE/y"),
        ("http://a.example", "http://a.example:80/?q"),
    ],
)
def test_the_same_origin_can_be_written_in_several_ways(url, new_url):
    assert check_redirect(status=302, method="GET", url=url, new_method="GET", new_url=new_url) is None


def test_only_protocol_parameters_are_taken_from_a_query():
    assert without_protocol_parameters("https://a/?a=&oauth_token=x&b=oauth_&&c") == "https://a/?a=&b=oauth_&&c"
