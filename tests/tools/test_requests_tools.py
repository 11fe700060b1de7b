"""An application's own suite under the tools that replace, record or watch requests.

Each test drives a login, a profile and an API call (``shops.py``), and expects the tool to see all four requests. The
provider of most is nowhere, so that a request that passes the tool by fails; that of the recording tools counts what
reaches it. docs/testing.md has the table of the tools.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
import requests

from oauth1_catalog.errors import OAuthError, TransportError
from tests.clients.conftest import Wire
from tests.secrecy.reporters import sentry
from tests.tools.shops import ANSWERS, PROVIDER, VISITED, Shop

Open = Callable[..., Shop]
PATHS = [path for _, path in ANSWERS]


def paths(urls: list[Any]) -> list[str]:
    return [urlsplit(str(url)).path for url in urls]


class TestWhatReplacesTheLibrary:
    def test_requests_mock(self, shop: Open) -> None:
        import requests_mock

        with requests_mock.Mocker() as mocker:
            for (method, path), (content_type, body) in ANSWERS.items():
                mocker.request(method, PROVIDER + path, text=body, headers={"Content-Type": content_type})
            assert shop().visit() == VISITED
        assert paths([request.url for request in mocker.request_history]) == PATHS
        assert all(request.headers["Authorization"].startswith("OAuth ") for request in mocker.request_history)

    def test_requests_mock_as_a_fixture(self, shop: Open, requests_mock: Any) -> None:
        from requests_mock.exceptions import NoMockAddress

        with pytest.raises(NoMockAddress):
            shop().visit()
        assert requests_mock.call_count == 1

    def test_responses(self, shop: Open) -> None:
        import responses

        with responses.RequestsMock() as mocker:
            for (method, path), (content_type, body) in ANSWERS.items():
                mocker.add(method, PROVIDER + path, body=body, content_type=content_type)
            assert shop().visit() == VISITED
            assert paths([call.request.url for call in mocker.calls]) == PATHS

    def test_responses_knows_nothing_of_an_address(self, shop: Open) -> None:
        import responses

        with responses.RequestsMock() as mocker:
            with pytest.raises(TransportError) as caught:
                shop().visit()
            assert paths([call.request.url for call in mocker.calls]) == PATHS[:1]
        assert "Connection refused by Responses" in str(caught.value.__cause__)

    def test_pook(self, shop: Open) -> None:
        import pook

        with pook.use():
            for (method, path), (content_type, body) in ANSWERS.items():
                pook.mock(PROVIDER + path, method=method, reply=200, response_type=content_type, response_body=body)
            assert shop().visit() == VISITED
            assert pook.isdone()

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # mocket leaves sockets open
    def test_mocket(self, shop: Open) -> None:
        from mocket import Mocket, Mocketizer
        from mocket.mocks.mockhttp import Entry

        with Mocketizer(strict_mode=True):
            for (method, path), (content_type, body) in ANSWERS.items():
                Entry.single_register(method, PROVIDER + path, body=body, headers={"Content-Type": content_type})
            assert shop().visit() == VISITED
            assert [request.path for request in Mocket.request_list()] == PATHS

    @pytest.mark.parametrize("place", [requests.Session, requests.adapters.HTTPAdapter])
    def test_a_patched_send(self, shop: Open, place: type) -> None:
        sent = []

        def send(self: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            sent.append(request.url)
            answer = requests.Response()
            content_type, body = ANSWERS[str(request.method), urlsplit(str(request.url)).path]
            answer.status_code, answer.request, answer.url = 200, request, str(request.url)
            answer.headers["Content-Type"] = content_type
            answer.raw = io.BytesIO(body.encode())
            return answer

        with mock.patch.object(place, "send", send):
            assert shop().visit() == VISITED
        assert paths(sent) == PATHS

    def test_a_send_that_gives_what_tests_for_authlib_give(self, shop: Open) -> None:
        """No response of requests: something that has a status, and its text or what its ``json()`` gives."""
        sent = []

        def send(self: Any, request: requests.PreparedRequest, **kwargs: Any) -> Any:
            sent.append(request.url)
            _, body = ANSWERS[str(request.method), urlsplit(str(request.url)).path]
            answer = mock.MagicMock()
            answer.cookies, answer.status_code = [], 200
            if body.startswith("{"):
                answer.json = lambda: json.loads(body)
            else:
                answer.text = body
            return answer

        with mock.patch("requests.sessions.Session.send", send):
            assert shop().visit() == VISITED
        assert paths(sent) == PATHS

    def test_a_patched_request_replaces_the_api_calls(self, shop: Open) -> None:
        """The token endpoints and ``userinfo`` are asked through ``Session.send``."""
        asked = []

        def request(self: Any, method: str, url: str, **kwargs: Any) -> Any:
            asked.append(url)
            return mock.Mock(json=lambda: {"orders": [7]}, status_code=200)

        import requests_mock

        with requests_mock.Mocker() as mocker, mock.patch("requests.Session.request", request):
            for (method, path), (content_type, body) in ANSWERS.items():
                mocker.request(method, PROVIDER + path, text=body, headers={"Content-Type": content_type})
            assert shop().visit() == {**VISITED, "orders": [7]}
        assert paths([*(one.url for one in mocker.request_history), *asked]) == PATHS


class TestWhatRecords:
    def test_vcrpy(self, shop: Open, provider: Wire, tmp_path: Path) -> None:
        import vcr

        cassette = str(tmp_path / "visit.yaml")
        recorder = vcr.VCR(match_on=["method", "uri"])
        opened = shop(provider.url)
        with recorder.use_cassette(cassette) as recorded:
            assert opened.visit() == VISITED
        assert paths([request.uri for request in recorded.requests]) == PATHS
        assert paths([arrived.target for arrived in provider.arrived]) == PATHS
        for one in (opened, shop(provider.url)):
            with recorder.use_cassette(cassette, record_mode="none") as replayed:
                assert one.visit() == VISITED
            assert replayed.play_count == 4
        assert len(provider.arrived) == 4
        assert opened.visit() == VISITED  # without a cassette, nothing is replayed
        assert len(provider.arrived) == 8

    def test_vcrpy_blocks_what_is_not_recorded(self, shop: Open, provider: Wire, tmp_path: Path) -> None:
        import vcr
        from vcr.errors import CannotOverwriteExistingCassetteException

        opened = shop(provider.url)
        for _ in range(2):  # the second time with connections that are kept
            with vcr.use_cassette(str(tmp_path / "none.yaml"), record_mode="none"):
                arrived = len(provider.arrived)
                with pytest.raises(CannotOverwriteExistingCassetteException):
                    opened.visit()
                assert len(provider.arrived) == arrived
            assert opened.visit() == VISITED

    def test_vcrpy_over_tls(self, shop: Open, tls_provider: Wire, bundle: str, tmp_path: Path) -> None:
        import vcr

        opened = shop(tls_provider.url, client_kwargs={"verify": bundle})
        cassette = str(tmp_path / "tls.yaml")
        with vcr.use_cassette(cassette):
            assert opened.visit() == VISITED
        with vcr.use_cassette(cassette, record_mode="none"):
            assert opened.visit() == VISITED
        assert len(tls_provider.arrived) == 4

    @pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # betamax, since Python 3.12
    def test_betamax(self, shop: Open, provider: Wire, tmp_path: Path) -> None:
        import betamax

        session = requests.Session()
        opened = shop(provider.url, client_kwargs={"session_factory": lambda: session})
        for mode in ("once", "none"):
            recorder = betamax.Betamax(session, cassette_library_dir=str(tmp_path))
            with recorder.use_cassette("visit", record=mode):
                assert opened.visit() == VISITED
        assert paths([arrived.target for arrived in provider.arrived]) == PATHS
        recorded = json.loads((tmp_path / "visit.json").read_text(encoding="utf-8"))["http_interactions"]
        assert paths([one["request"]["uri"] for one in recorded]) == PATHS


class TestWhatWatches:
    def test_opentelemetry(self, shop: Open, provider: Wire) -> None:
        from opentelemetry.instrumentation.requests import RequestsInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        exported = InMemorySpanExporter()
        tracing = TracerProvider()
        tracing.add_span_processor(SimpleSpanProcessor(exported))
        instrumentor = RequestsInstrumentor()
        instrumentor.instrument(tracer_provider=tracing)
        try:
            assert shop(provider.url).visit() == VISITED
        finally:
            instrumentor.uninstrument()
            tracing.shutdown()
        spans = exported.get_finished_spans()
        assert paths([span.attributes["http.url"] for span in spans]) == PATHS
        assert all(arrived.header("traceparent") for arrived in provider.arrived)

    def test_sentry(self, shop: Open, provider: Wire) -> None:
        import sentry_sdk
        from sentry_sdk.integrations.stdlib import StdlibIntegration

        events: list[dict[str, Any]] = []
        crumbs: list[dict[str, Any]] = []
        listening = sentry(
            traces_sample_rate=1.0,
            integrations=[StdlibIntegration()],
            before_send_transaction=lambda event, _: events.append(event),
            before_breadcrumb=lambda crumb, _: crumbs.append(crumb),
        )
        with listening, sentry_sdk.start_transaction(name="visit"):
            assert shop(provider.url).visit() == VISITED
        spans = [span for event in events for span in event["spans"] if span["op"] == "http.client"]
        assert paths([span["description"].partition(" ")[2] for span in spans]) == PATHS
        assert paths([crumb["data"]["url"] for crumb in crumbs if crumb["type"] == "http"]) == PATHS
        assert "Secret" not in json.dumps([events, crumbs], default=str)

    def test_hooks_of_ones_own(self, shop: Open, provider: Wire) -> None:
        """requests' own hooks see the API calls; the answers of the token endpoints hold secrets."""
        seen = []
        hooks = {"response": lambda answer, **_: seen.append(answer.url)}
        assert shop(provider.url, client_kwargs={"hooks": hooks}).visit() == VISITED
        assert paths(seen) == PATHS[-1:]


class TestWhatBlocks:
    @pytest.mark.filterwarnings("ignore:A test tried to use socket")
    def test_pytest_socket(self, shop: Open, provider: Wire) -> None:
        import pytest_socket

        opened = shop(provider.url)
        pytest_socket.disable_socket(allow_unix_socket=True)
        try:
            with pytest.raises((pytest_socket.SocketBlockedError, OAuthError)):
                opened.visit()
        finally:
            pytest_socket.enable_socket()
        assert provider.arrived == []
        assert opened.visit() == VISITED


def test_no_secret_is_recorded_but_what_the_provider_answers(shop: Open, provider: Wire, tmp_path: Path) -> None:
    """docs/testing.md says what a cassette holds, and how to keep the tokens out of it."""
    import vcr

    cassette = tmp_path / "visit.yaml"
    recorder = vcr.VCR(filter_headers=["Authorization"], before_record_response=without_tokens)
    with recorder.use_cassette(str(cassette)):
        assert shop(provider.url).visit() == VISITED
    assert "Secret" not in cassette.read_text(encoding="utf-8")


def without_tokens(answer: dict[str, Any]) -> dict[str, Any]:
    body = answer["body"]["string"]
    return {**answer, "body": {"string": b"" if b"oauth_token_secret" in body else body}}
