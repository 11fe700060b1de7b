"""How many clients of a registry keep connections: the oldest are closed, none in use is, in every process and loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations import django_client, flask_client, starlette_client

TOKEN = {"oauth_token": "t", "oauth_token_secret": "s"}
FACES = (flask_client, django_client, starlette_client)


class Server:
    """Counts the connections that it has."""

    def __init__(self) -> None:
        outer = self
        self.open: set[Any] = set()
        self.opened = 0
        self.go_on = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer.open.add(self)
                outer.opened += 1

            def finish(self) -> None:
                super().finish()
                outer.open.discard(self)

            def do_GET(self) -> None:
                if "slow" in self.path:
                    outer.go_on.wait(20)
                body = b"x" * (300_000 if "long" in self.path else 2)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def comes_to(self, number: int) -> bool:
        """Whether so many connections are open, after the server has seen what was closed."""
        return any(len(self.open) == number or threading.Event().wait(0.02) for _ in range(250))


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.go_on.set()
    running.http.shutdown()
    running.http.server_close()


def registered(oauth: Any, server: Server, number: int, **more: Any) -> list[Any]:
    keys = {"client_id": "k", "client_secret": "s", "api_base_url": server.url}
    return [oauth.register(f"c{index}", **keys, **more) for index in range(number)]


@pytest.fixture
def oauth(request: pytest.FixtureRequest) -> Any:
    app = request.node.app = Flask("connected")
    return flask_client.OAuth(app, max_connected_clients=3)


def test_the_oldest_are_closed(oauth: Any, server: Server) -> None:
    clients = registered(oauth, server, 8)
    for client in clients:
        assert client.get("a", token=TOKEN).ok
    assert server.comes_to(3)
    for client in (*clients[5:], clients[6]):
        assert client.get("a", token=TOKEN).ok
    assert server.opened == 8  # the last three were kept
    assert clients[0].get("a", token=TOKEN).ok  # it opens a new one
    assert server.opened == 9
    assert clients[6].get("a", token=TOKEN).ok
    assert clients[5].get("a", token=TOKEN).ok  # the oldest, so its connection was closed for that of the first
    assert server.opened == 10
    assert server.comes_to(3)


def test_async_the_oldest_are_closed(server: Server) -> None:
    oauth = starlette_client.OAuth(max_connected_clients=3)
    clients = registered(oauth, server, 8)

    async def calls() -> None:
        for client in clients:
            assert (await client.get("a", token=TOKEN)).is_success
        assert await asyncio.to_thread(server.comes_to, 3)
        for client in (*clients[5:], clients[6], clients[0]):
            assert (await client.get("a", token=TOKEN)).is_success
        assert server.opened == 9
        assert await asyncio.to_thread(server.comes_to, 3)
        await oauth.aclose()

    asyncio.run(calls())
    assert server.comes_to(0)
    asyncio.run(calls_in_another_loop(oauth, server))


async def calls_in_another_loop(oauth: Any, server: Server) -> None:
    for index in range(5):
        assert (await getattr(oauth, f"c{index}").get("a", token=TOKEN)).is_success
    assert await asyncio.to_thread(server.comes_to, 3)


def test_one_in_use_is_not_closed(oauth: Any, server: Server) -> None:
    clients = registered(oauth, server, 8)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda client=client: answers.append(client.get("slow", token=TOKEN)))
        for client in clients[:5]
    ]
    for thread in threads:
        thread.start()
    assert server.comes_to(5)  # more than three, because they are all in use
    for client in clients[5:]:
        assert client.get("a", token=TOKEN).ok
    server.go_on.set()
    for thread in threads:
        thread.join(20)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert server.comes_to(3)


def test_an_answer_that_is_not_read_yet_can_be_read_later(oauth: Any, server: Server) -> None:
    clients = registered(oauth, server, 8)
    answer = clients[0].get("long", token=TOKEN, stream=True)
    for client in clients[1:]:
        assert client.get("a", token=TOKEN).ok
    assert len(b"".join(answer.iter_content(1000))) == 300_000


def test_async_an_answer_that_is_not_read_yet_can_be_read_later(server: Server) -> None:
    oauth = starlette_client.OAuth(max_connected_clients=2)
    clients = registered(oauth, server, 6)

    async def calls() -> None:
        answer = await clients[0].get("long", token=TOKEN, stream=True)
        for client in clients[1:]:
            assert (await client.get("a", token=TOKEN)).is_success
        assert len(await answer.aread()) == 300_000
        await answer.aclose()
        assert (await clients[1].get("a", token=TOKEN)).is_success
        assert await asyncio.to_thread(server.comes_to, 2)
        await oauth.aclose()

    asyncio.run(calls())


def test_many_threads_many_clients(oauth: Any, server: Server) -> None:
    clients = registered(oauth, server, 12)
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for index in range(60):
                assert clients[(first * 5 + index * 7) % 12].get("a", token=TOKEN).ok
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    oauth.register("last", client_id="k", client_secret="s", api_base_url=server.url).get("a", token=TOKEN)
    kept = sum(bool(client.pool._sessions) for client in clients)  # private: which clients are connected
    assert kept <= 3


@pytest.mark.parametrize("change", ["unregister", "register"])
def test_a_client_that_is_gone_closes_its_connections(oauth: Any, server: Server, change: str) -> None:
    clients = registered(oauth, server, 2)
    for client in clients:
        assert client.get("a", token=TOKEN).ok
    assert server.comes_to(2)
    if change == "unregister":
        oauth.unregister("c0")
    else:
        oauth.register("c0", client_id="new", client_secret="s", api_base_url=server.url)
    assert server.comes_to(1)
    assert clients[0].get("a", token=TOKEN).ok  # whoever still holds it can use it


def test_async_a_client_that_is_gone_closes_its_connections(server: Server) -> None:
    oauth = starlette_client.OAuth()
    clients = registered(oauth, server, 2)

    async def calls() -> None:
        for client in clients:
            assert (await client.get("a", token=TOKEN)).is_success
        oauth.unregister("c0")
        assert (await clients[1].get("a", token=TOKEN)).is_success
        assert await asyncio.to_thread(server.comes_to, 1)
        await oauth.aclose()

    asyncio.run(calls())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_a_fork_counts_anew(oauth: Any, server: Server) -> None:
    clients = registered(oauth, server, 5)
    for client in clients:
        client.get("a", token=TOKEN)
    child = os.fork()
    if not child:
        good = all(client.get("a", token=TOKEN).ok for client in clients)
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert server.comes_to(3)  # the parent's are as they were
    assert clients[4].get("a", token=TOKEN).ok
    assert server.opened == 10


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("limit", [0, -1, "many", 2.5])
def test_a_limit_that_is_none(face: Any, limit: object) -> None:
    with pytest.raises(ConfigurationError, match="Pass a whole number of 1 or more"):
        face.OAuth(max_connected_clients=limit)


@pytest.mark.parametrize("face", FACES)
def test_the_limit_is_the_registry_s(face: Any) -> None:
    oauth = face.OAuth(max_connected_clients=7)
    # private: a hundred connected clients take long
    assert (oauth._connected.limit, face.OAuth()._connected.limit) == (7, 100)


def test_token_requests_count_too(server: Server) -> None:
    app = Flask("tokens")
    oauth = flask_client.OAuth(app, max_connected_clients=1)
    urls = {f"{step}_url": f"{server.url}{step}" for step in ("request_token", "authorize", "access_token")}
    for name in ("a", "b"):
        client = oauth.register(name, client_id="k", client_secret="s", request_token_method="GET", **urls)
        with pytest.raises(Exception, match="fetch_token_denied"):
            client.create_authorization_url("https://example.com/cb")
    assert server.opened == 2
    assert server.comes_to(1)
