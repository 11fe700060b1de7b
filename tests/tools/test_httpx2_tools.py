"""An application's own suite under the tools for httpx2; the table is in docs/testing.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import httpx2
import pytest

from oauth1_catalog.errors import TransportError
from tests.clients.conftest import Wire
from tests.secrecy.reporters import sentry
from tests.tools.httpx2_shops import HTTPX2_SHOPS
from tests.tools.shops import ANSWERS, PROVIDER, VISITED

PATHS = [path for _, path in ANSWERS]


@pytest.fixture(params=HTTPX2_SHOPS)
def shop(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return HTTPX2_SHOPS[request.param]


@pytest.fixture
def is_sync(request: pytest.FixtureRequest) -> bool:
    return request.node.callspec.params["shop"] == "client"


def answer(request: httpx2.Request) -> httpx2.Response:
    content_type, body = ANSWERS[request.method, request.url.path]
    return httpx2.Response(200, text=body, headers={"Content-Type": content_type}, request=request)


def no_answer(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadError("the connection is gone", request=request)


def paths(urls: list[Any]) -> list[str]:
    return [urlsplit(str(url)).path for url in urls]


def test_mock_transport(shop: Callable[..., Any]) -> None:
    seen: list[httpx2.Request] = []
    transport = httpx2.MockTransport(lambda request: seen.append(request) or answer(request))
    assert shop(client_kwargs={"transport": transport}).visit() == VISITED
    assert paths([request.url for request in seen]) == PATHS
    assert all(request.headers["Authorization"].startswith("OAuth ") for request in seen)


def test_mounts(shop: Callable[..., Any]) -> None:
    assert shop(client_kwargs={"mounts": {PROVIDER: httpx2.MockTransport(answer)}}).visit() == VISITED


def test_event_hooks(shop: Callable[..., Any], is_sync: bool) -> None:
    seen: list[str] = []

    async def awaited(request: httpx2.Request) -> None:
        seen.append(request.url.path)

    hook = (lambda request: seen.append(request.url.path)) if is_sync else awaited
    options = {"transport": httpx2.MockTransport(answer), "event_hooks": {"request": [hook]}}
    assert shop(client_kwargs=options).visit() == VISITED
    assert seen == PATHS


def test_send_is_patched(shop: Callable[..., Any], is_sync: bool) -> None:
    """Everything goes through ``send``."""
    target = httpx2.Client if is_sync else httpx2.AsyncClient
    seen: list[str] = []

    def send(self: Any, request: httpx2.Request, **how: Any) -> httpx2.Response:
        seen.append(request.url.path)
        return answer(request)

    async def asend(self: Any, request: httpx2.Request, **how: Any) -> httpx2.Response:
        seen.append(request.url.path)
        return answer(request)

    if is_sync:
        with mock.patch.object(target, "send", send):
            assert shop().visit() == VISITED
    else:
        with mock.patch.object(target, "send", asend):
            assert shop().visit() == VISITED
    assert seen == PATHS


def test_httpx2_pytest(shop: Callable[..., Any], httpx2_mock: Any) -> None:
    for (method, path), (content_type, body) in ANSWERS.items():
        headers = {"Content-Type": content_type}
        httpx2_mock.add_response(method=method, url=PROVIDER + path, text=body, headers=headers)
    assert shop().visit() == VISITED
    assert paths([request.url for request in httpx2_mock.get_requests()]) == PATHS


@pytest.mark.httpx2_mock(assert_all_requests_were_expected=False)
@pytest.mark.usefixtures("httpx2_mock")
def test_httpx2_pytest_knows_nothing_of_an_address(shop: Callable[..., Any]) -> None:
    with pytest.raises(TransportError, match="got no answer") as caught:
        shop().visit()
    assert "No response can be found" in str(caught.value.__cause__)


def test_the_cause_is_there_after_the_tests_of_crash_reports() -> None:
    """Sentry's integration for Starlette would take it away, in the tests that follow as well."""
    with sentry():
        pass
    with pytest.raises(TransportError) as caught:
        HTTPX2_SHOPS["starlette"](client_kwargs={"transport": httpx2.MockTransport(no_answer)}).visit()
    assert isinstance(caught.value.__cause__, httpx2.ReadError)


class TestVcrpy:
    @pytest.fixture
    def recorder(self) -> Any:
        vcr = pytest.importorskip("vcr")
        return vcr.VCR(match_on=["method", "uri"])

    def test_it_records_and_replays(
        self, shop: Callable[..., Any], provider: Wire, recorder: Any, tmp_path: Path
    ) -> None:
        cassette = str(tmp_path / "visit.yaml")
        opened = shop(provider.url)
        with recorder.use_cassette(cassette) as recorded:
            assert opened.visit() == VISITED
        assert [one for one in paths([request.uri for request in recorded.requests]) if one in PATHS] == PATHS
        for one in (opened, shop(provider.url)):
            with recorder.use_cassette(cassette, record_mode="none"):
                assert one.visit() == VISITED
        assert len(provider.arrived) == 4

    def test_it_blocks_what_is_not_recorded(
        self, shop: Callable[..., Any], provider: Wire, recorder: Any, tmp_path: Path
    ) -> None:
        from vcr.errors import CannotOverwriteExistingCassetteException

        blocking = recorder.use_cassette(str(tmp_path / "none.yaml"), record_mode="none")
        with blocking, pytest.raises(CannotOverwriteExistingCassetteException):
            shop(provider.url).visit()
        assert provider.arrived == []


class Counting(httpx2.AsyncHTTPTransport):
    """A transport of the application's own."""

    seen: list[str]

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request.url.path)
        return await super().handle_async_request(request)


@pytest.fixture
def counting() -> Counting:
    transport = Counting()
    transport.seen = []
    return transport


@pytest.mark.parametrize("name", ["starlette", "blocking"])
def test_a_client_of_the_applications_own(name: str, provider: Wire, counting: Counting) -> None:
    options = {"client_factory": lambda: httpx2.AsyncClient(transport=counting)}
    assert HTTPX2_SHOPS[name](provider.url, client_kwargs=options).visit() == VISITED
    assert counting.seen == PATHS
