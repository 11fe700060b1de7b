"""The steps of a client at which a fault can come, in the three ways to run them: requests, asyncio and trio."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
import requests

from oauth1_catalog import Catalog, OAuth2Token, Token, async_client, client
from oauth1_catalog.errors import OAuthError
from tests.battery.faults import SECRET, Fault
from tests.battery.scene import Scene

PROVIDER = """
schema_version: 1
name: battery
display_name: A provider that fails
homepage: https://provider.example
docs_url: https://provider.example/docs
categories: [self-hosted]
status: active
status_note: It has named no date
access: {state: open}
flows: [redirect]
variables:
  base_url: {description: Where it is, format: uri, example: https://provider.example}
request_token_url: "{base_url}/request"
authorize_url: "{base_url}/authorize"
access_token_url: "{base_url}/access"
api_base_url: "{base_url}/api/"
token_response: {expires_in: oauth_expires_in, session_handle: oauth_session_handle}
renew: {url: "{base_url}/renew", method: POST, session_handle: true}
revoke: {url: "{base_url}/revoke", method: POST}
successor:
  url: "{base_url}/exchange"
  auth: client
  params: {subject_token: "{oauth_token}", oauth_token_secret: "{oauth_token_secret}"}
  refused: [invalid_grant]
userinfo_endpoint: "{base_url}/me"
userinfo_claims: {sub: $.id, name: $.name}
"""

TOKEN = {
    "oauth_token": f"{SECRET}token",
    "oauth_token_secret": f"{SECRET}token-secret",
    "oauth_session_handle": f"{SECRET}handle",
}
KEYS = {
    "client_id": "key",
    "client_secret": f"{SECRET}client-secret",
    "oauth2_client_id": "key2",
    "oauth2_client_secret": f"{SECRET}oauth2-secret",
}

STEPS: dict[str, Callable[[Any, bool], Any]] = {
    "request_token": lambda c, _: c.create_authorization_url("https://application.example/back"),
    "access_token": lambda c, _: c.fetch_access_token(TOKEN, verifier=f"{SECRET}verifier"),
    "renew": lambda c, _: c.renew_token(TOKEN),
    "revoke": lambda c, _: c.revoke_token(TOKEN),
    "exchange": lambda c, _: c.exchange_token(TOKEN),
    "userinfo": lambda c, _: c.userinfo(token=TOKEN),
    # requests follows redirects by default, and httpx2 does not.
    "api": lambda c, is_async: c.get("things", token=TOKEN, **({"follow_redirects": True} if is_async else {})),
}
"""What each step is in ``error.step``, and its call: of a client, which is async or not."""

LEFT_BY_HTTPX2 = (
    "ignore:Exception ignored .+ <async_generator object PoolByteStream:pytest.PytestUnraisableExceptionWarning"
)
"""httpx2 closes the connection of an answer that is not read to its end, and leaves its generator to the garbage
collector, of which trio warns (``AsyncResponseStream.__aiter__`` of 2.16)."""

WAYS = ["requests", "asyncio", "trio"]

LIMITS: dict[str, dict[str, Any]] = {
    "": {"timeout": (30, 30), "token_deadline": 30.0, "answer_deadline": 30.0},
    "read": {"timeout": (30, 0.4), "token_deadline": 30.0, "answer_deadline": 30.0},
    "connect": {"timeout": (0.4, 0.4), "token_deadline": 30.0, "answer_deadline": 30.0},
    "deadline": {"timeout": (30, 30), "token_deadline": 0.4, "answer_deadline": 0.4},
}
"""The limits of the client, by the one that has to end the fault."""
BOUNDS = {"token_bytes": 16 * 1024, "answer_bytes": 64 * 1024}
HANGS_AFTER = 60.0
"""The seconds after which a call counts as hanging: far more than the deadlines of any client here."""


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    value: Any = None
    error: BaseException | None = None
    shown: str = ""
    """Whatever a developer or a log sees of it."""

    @property
    def code(self) -> str:
        """A word for the table: the code of an error of ours, ``library`` for one of requests or httpx2, or ``ok``."""
        if self.error is None:
            return "ok"
        if isinstance(self.error, OAuthError):
            return self.error.error
        if isinstance(self.error, requests.RequestException | httpx2.HTTPError):
            return "library"
        return f"{type(self.error).__module__}.{type(self.error).__name__}"


@cache
def catalog_in(folder: Path) -> Catalog:
    """A catalog with the provider that fails."""
    (folder / "battery.yaml").write_text(PROVIDER)
    return Catalog(folder)


def perform(scene: Scene, catalog: Catalog, fault: Fault, step: str, way: str, **options: Any) -> Outcome:
    """Make one call that meets the fault."""
    is_async = way != "requests"
    transport: dict[str, Any] = {"verify": scene.authorities, **BOUNDS, **LIMITS[fault.slow]}
    if (proxy := scene.proxy_url(fault)) is not None:
        transport |= {"proxy": proxy} if is_async else {"proxies": {"https": proxy}}
    make = partial(
        async_client if is_async else client,
        "battery",
        catalog=catalog,
        base_url=scene.places[fault.place],
        client_kwargs=transport,
        **KEYS,
        **options,
    )
    scene.server.answer = fault.answer(f"{scene.stranger.url}/")

    def blocking() -> Any:
        with make() as made:
            return STEPS[step](made, False)

    async def awaited() -> Any:
        async with make() as made:
            return await STEPS[step](made, True)

    return ended(partial(anyio.run, awaited, backend=way) if is_async else blocking)


def ended(call: Callable[[], Any]) -> Outcome:
    """How ``call`` ends, in a thread: one that hangs does not hang the tests."""
    found: list[Outcome] = []

    def run() -> None:
        with _logged() as lines:
            try:
                value, error = call(), None
            except BaseException as raised:
                value, error = None, raised
        # What create_authorization_url returns is a plain mapping, as in Authlib.
        texts = [repr(value) if isinstance(value, Token | OAuth2Token) else "", *lines]
        if error is not None:
            texts += [str(error), repr(error), *traceback.format_exception(error)]
        found.append(Outcome(value, error, "\n".join(texts)))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(HANGS_AFTER)
    assert found, "the call hangs"
    return found[0]


@contextmanager
def _logged() -> Iterator[list[str]]:
    """The lines that any logger writes within this block, the debugging ones too."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root, handler = logging.getLogger(), Handler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
