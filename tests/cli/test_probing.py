"""The steps of a run without a socket: what is asked, when, and what is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from protego import Protego

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli.probing import AGENT, Run, targets
from oauth1_catalog.diagnosis.liveness import Finding
from oauth1_catalog.errors import TransportError
from oauth1_catalog.flow.driver import run
from oauth1_catalog.registry.effects import Pause
from oauth1_catalog.rfc5849.messages import Request, Response

UA = f"{AGENT}/1 (+me@example.com)"
ACME = Provider(
    name="acme",
    request_token_url="https://api.acme.example/request",
    authorize_url="https://acme.example/authorize",
    access_token_url="https://api.acme.example/access",
)
SPEAKS = Response(401, {"WWW-Authenticate": "OAuth"})
Answer = Callable[[Request], Response]


class World:
    """A clock, and servers."""

    def __init__(self, answer: Answer, robots: Answer = lambda _: Response(404), *, end: float = 3600.0) -> None:
        self.now = 0.0
        self.asked: list[tuple[float, str]] = []
        self.requests: list[Request] = []
        self.answer, self.robots = answer, robots
        self.run = Run(UA, Protego.parse, lambda: self.now, 2.0, end)

    def perform(self, effect: Request | Pause) -> Response | None:
        if isinstance(effect, Pause):
            self.now += effect.seconds
            return None
        self.asked.append((self.now, effect.url.partition("?")[0]))
        self.requests.append(effect)
        return (self.robots if effect.url.endswith("/robots.txt") else self.answer)(effect)

    def probe(self, provider: Provider = ACME, docs: str | None = None) -> dict[str, Finding]:
        return run(self.run.probe(targets(provider, docs, user_agent=UA)), self.perform)


def test_one_request_at_a_time_with_a_pause_for_a_host() -> None:
    world = World(lambda _: SPEAKS)
    world.probe(docs="https://acme.example/docs#oauth")
    assert world.asked == [
        (0, "https://api.acme.example/robots.txt"),
        (2, "https://api.acme.example/request"),
        (4, "https://api.acme.example/access"),
        (4, "https://acme.example/robots.txt"),
        (6, "https://acme.example/authorize"),
        (8, "https://acme.example/docs"),
    ]
    world.probe()
    assert world.asked[6:] == [
        (8, "https://api.acme.example/request"),
        (10, "https://api.acme.example/access"),
        (10, "https://acme.example/authorize"),
    ]


def test_every_request_says_who_asks_and_holds_no_key() -> None:
    world = World(lambda _: SPEAKS)
    for name in (
        "twitter",
        "trello",
        "mastercard",
        "bricklink",
        "appfigures",
        "here",
        "instapaper",
        "interactive_brokers",
    ):
        world.probe(Catalog().provider(name))
    assert {request.header("User-Agent") for request in world.requests} == {UA}
    for request in world.requests:
        signed = request.header("Authorization")
        assert not signed or f'oauth_consumer_key="{AGENT}"' in signed
        assert not signed or f'oauth_signature="{AGENT}"' in signed


@pytest.mark.parametrize("name", Catalog().names())
def test_every_provider_can_be_asked(name: str) -> None:
    """With the examples of its variables."""
    file = Catalog().file(name)
    values = {key: about.example for key, about in file.variables.items() if about.source is None and about.example}
    provider = Catalog().provider(name, values=values, allow_local_hosts=True, insecure_transport=True)
    found = list(targets(provider, file.docs_url, user_agent=UA))
    assert found or not (provider.request_token_url or provider.access_token_url or provider.api_base_url)
    for target in found:
        assert "{" not in target.request.url
        assert "#" not in target.request.url


def test_robots_txt_is_obeyed() -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {AGENT}\nDisallow: /*ccess\nCrawl-delay: 30\n"
    world = World(lambda _: SPEAKS, lambda _: Response(200, {}, text.encode()))
    found = world.probe()
    assert found["access_token_url"] == Finding("blocked", "not asked, because robots.txt disallows it")
    assert found["request_token_url"].outcome == "oauth1"
    assert "https://api.acme.example/access" not in [url for _, url in world.asked]
    world.probe()
    assert world.now >= 30


@pytest.mark.parametrize("start", ["https", "http"])
def test_a_robots_txt_behind_redirects_on_the_same_host_is_obeyed(start: str) -> None:
    def robots(request: Request) -> Response:
        place = {"https://acme.example/robots.txt": "/a", "http://acme.example/robots.txt": "https://acme.example/a"}
        following = place | {f"https://acme.example/{here}": there for here, there in ("ab", "bc", "cd", "de")}
        if request.url in following:
            return Response(301, {"Location": following[request.url]})
        return Response(200, {}, b"User-agent: *\nDisallow: /\n")

    world = World(robots, robots)
    found = world.probe(Provider(name="acme", request_token_url=f"{start}://acme.example/request"))
    assert found["request_token_url"] == Finding("blocked", "not asked, because robots.txt disallows it")
    assert [url.partition("://acme.example")[2] for _, url in world.asked] == [
        "/robots.txt",
        *(f"/{n}" for n in "abcde"),
    ]
    assert world.now == 10, "a pause before each of them"


@pytest.mark.parametrize("location", ["/robots.txt?", "/x/robots.txt", "//other.example/robots.txt", "https://[", ""])
def test_redirects_of_a_robots_txt_end(location: str) -> None:
    def robots(request: Request) -> Response:
        return Response(302, {"Location": location.replace("x", f"x{len(world.asked)}")})

    world = World(lambda _: SPEAKS, robots)
    assert world.probe()["request_token_url"].outcome == "oauth1"
    asked = [url for _, url in world.asked if url.endswith("/robots.txt")]
    assert {url.split("/")[2] for url in asked} == {"api.acme.example", "acme.example"}
    assert len(asked) <= 12


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_server_without_rules_may_be_asked(status: int) -> None:
    found = World(lambda _: SPEAKS, lambda _: Response(status, {"Location": "https://elsewhere.example/"})).probe()
    assert found["request_token_url"].outcome == "oauth1"


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_whose_rules_cannot_be_read_is_not_asked(status: int) -> None:
    world = World(lambda _: SPEAKS, lambda _: Response(status))
    found = world.probe()
    assert found["request_token_url"] == Finding("unreachable", f"not asked, because robots.txt fails with {status}")
    assert len(world.asked) == 2, "one robots.txt for each host"


@pytest.mark.parametrize("answer", [Response(429), Response(503, {"Retry-After": "60"})])
def test_a_host_that_asks_to_wait_is_left_alone(answer: Response) -> None:
    world = World(lambda _: answer)
    found = world.probe()
    assert found["access_token_url"] == found["request_token_url"]
    again = world.probe()
    assert again == found
    assert [url for _, url in world.asked if "robots" not in url] == [
        "https://api.acme.example/request",
        "https://acme.example/authorize",
    ]


def test_a_host_that_is_not_there_is_asked_once() -> None:
    def refuse(request: Request) -> Response:
        raise TransportError(description="api.acme.example: the connection was refused. Is it up?")

    world = World(refuse, refuse)
    assert set(world.probe().values()) == {Finding("unreachable", "the connection was refused")}
    assert len(world.asked) == 2


def test_the_time_of_a_run_is_bounded() -> None:
    world = World(lambda _: SPEAKS, end=3.0)
    found = world.probe()
    over = Finding("unclear", "not asked, because the time of the run is over")
    assert (found["request_token_url"].outcome, found["access_token_url"]) == ("oauth1", over)
    assert world.now <= 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "10.0.0.5", "wiki", "169.254.169.254", "[::1]"])
def test_no_local_host_is_asked(host: str) -> None:
    world = World(lambda _: SPEAKS)
    found = world.probe(Provider(name="x", request_token_url=f"https://{host}/request"))
    assert found["request_token_url"].reason == "not asked, because its host is local or an IP address"
    assert world.asked == []


@pytest.mark.parametrize(
    ("location", "outcome", "requests"),
    [
        ("/docs/new", "there", 2),
        ("https://other.example/docs", "moved", 1),
        ("https://acme.example:8443/docs", "there", 1),
        ("http://acme.example/docs", "there", 1),
        ("https://127.0.0.1/docs", "moved", 1),
    ],
)
def test_only_a_page_is_redirected_and_only_within_its_host(location: str, outcome: str, requests: int) -> None:
    def answer(request: Request) -> Response:
        return Response(301, {"Location": location}) if request.url.endswith("example/docs") else Response(200)

    world = World(answer)
    found = world.probe(Provider(name="x"), "https://acme.example/docs")
    assert found["docs_url"].outcome == outcome
    assert len([url for _, url in world.asked if "robots" not in url]) == requests


def test_a_circle_of_redirects_ends() -> None:
    def answer(request: Request) -> Response:
        return Response(301, {"Location": f"{request.url}x"})

    world = World(answer)
    world.probe(Provider(name="x"), "https://acme.example/docs")
    assert len(world.asked) == 5


def test_a_long_page_is_there_and_a_long_token_is_not() -> None:
    def answer(request: Request) -> Response:
        error = TransportError(
            description="acme.example: the answer with status 200 is longer than 9 bytes; not read on."
        )
        error.status = 200
        raise error

    found = World(answer).probe(docs="https://acme.example/docs")
    assert {field: one.outcome for field, one in found.items()} == {
        "request_token_url": "unclear",
        "access_token_url": "unclear",
        "authorize_url": "there",
        "docs_url": "there",
    }


@pytest.mark.parametrize(
    "text",
    [
        "User-agent: *\nCrawl-delay: 100000\n",
        "User-agent: *\nCrawl-delay: inf\n",
        "User-agent: *\nDisallow: /" + "*a" * 500 + "*b$\n",
        "Disallow: /\x00\ufffd%zz\n" * 1000,
        "<!doctype html><title>404</title>",
    ],
)
def test_odd_rules_neither_stop_a_run_nor_delay_it_for_long(text: str) -> None:
    world = World(lambda _: SPEAKS, lambda _: Response(200, {}, text.encode()))
    assert world.probe()["request_token_url"].outcome == "oauth1"
    world.probe()
    assert world.now <= 400
