"""The shops of ``shops.py``, and a provider for the tools that record."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

import tests.django_settings  # noqa: F401 - before what needs settings
from tests.clients.conftest import Arrived, Wire, response, serving
from tests.tools.shops import ANSWERS, SHOPS, Shop


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest) -> Iterator[Callable[..., Shop]]:
    """``shop(provider, **options)`` opens a shop in one of the frameworks."""
    opened: list[Shop] = []

    def make(*args: str, **options: object) -> Shop:
        opened.append(SHOPS[request.param](*args, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def answer(arrived: Arrived) -> bytes:
    """The provider's answer, on the wire."""
    content_type, body = ANSWERS[arrived.method, urlsplit(arrived.target).path]
    return response(body, headers=(("Content-Type", content_type),))


@pytest.fixture
def provider() -> Iterator[Wire]:
    """A provider on loopback."""
    with serving() as wire:
        wire.answer = answer
        yield wire


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_provider(authority: trustme.CA) -> Iterator[Wire]:
    """The same over TLS; its authority is in ``bundle``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(context) as wire:
        wire.answer = answer
        yield wire


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def answer_with() -> Callable[..., bytes]:
    """``answer_with(body, status, headers)``: the bytes of a response."""
    return response
