"""What crash reporters take out of our frames: sentry-sdk as it is by default, rich, and Python's own tracebacks."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rich.pretty

from oauth1_catalog.registry.token import Token
from tests.clients.conftest import Wire
from tests.secrecy.reporters import chain, is_ours, sentry
from tests.tools.shops import AsyncDjangoShop, Shop

VERBS = ["get", "post", "put", "patch", "delete", "head", "options"]
SECRET = "Canary"
PLAIN = {"oauth_token": "t", "oauth_token_secret": "CanaryToken"}
NOWHERE = "https://127.0.0.1:9"
BODY = {"data": {"password": "CanaryBody"}}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    **{verb: (verb, {"token": PLAIN, **BODY}) for verb in VERBS},
    "token": ("get", {"token": Token(PLAIN)}),
    "text": ("get", {"token": "CanaryToken"}),
    "json": ("post", {"token": PLAIN, "json": {"password": "CanaryBody"}}),
    "query": ("get", {"token": PLAIN, "params": {"key": "CanaryQuery"}, "headers": {"X-Key": "CanaryHeader"}}),
}
CALLBACK = {"request_token": PLAIN, "oauth_verifier": "CanaryVerifier"}


@pytest.fixture
def reported() -> Iterator[Callable[[BaseException], list[dict[str, Any]]]]:
    """What sentry-sdk would send of an error: the frames of this package."""
    with sentry() as event_of:

        def report(error: BaseException) -> list[dict[str, Any]]:
            values = event_of(error)["exception"]["values"]
            frames = [frame for value in values for frame in value.get("stacktrace", {}).get("frames", ())]
            assert any("vars" in frame for frame in frames)
            return [frame for frame in frames if is_ours(frame["abs_path"])]

        yield report


def shown(error: BaseException) -> Iterator[str]:
    """The variables of our frames, as Python and rich show them."""
    for one in chain(error):
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if is_ours(frame.f_code.co_filename):
                for name, value in frame.f_locals.items():
                    text = f"{value!r} {rich.pretty.pretty_repr(value)}"
                    yield f"{frame.f_code.co_filename}:{frame.f_lineno} {name}={text}"


def of_a_call(opened: Shop, name: str, *args: Any, **kwargs: Any) -> Exception:
    """The error of a call, in the way that the shop's framework makes it."""
    try:
        if isinstance(opened, AsyncDjangoShop):
            asyncio.run(awaited(getattr(opened.client, f"a{name}"), args, kwargs))
        else:
            getattr(opened.client, name)(*args, **kwargs)
    except Exception as error:
        return error
    raise AssertionError("it went well")


async def awaited(function: Any, args: Any, kwargs: Any) -> Any:
    return await function(*args, **kwargs)


@pytest.mark.parametrize("call", CALLS)
def test_no_crash_report_shows_a_secret_of_an_api_call(shop: Callable[..., Shop], reported: Any, call: str) -> None:
    verb, kwargs = CALLS[call]
    error = of_a_call(shop(NOWHERE), verb, "orders", **kwargs)
    frames = reported(error)
    assert frames
    assert [frame for frame in frames if SECRET in json.dumps(frame)] == []
    assert [line for line in shown(error) if SECRET in line] == []


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "userinfo": ("userinfo", {"token": PLAIN}),
    "access token": ("fetch_access_token", CALLBACK),
    "parameters": ("create_authorization_url", {"redirect_uri": "https://x.example/", "x": "Canary"}),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["nowhere", "refused"])
def test_no_crash_report_shows_a_secret_of_a_login(
    shop: Callable[..., Shop], reported: Any, provider: Wire, answer_with: Any, step: str, kind: str
) -> None:
    provider.answer = lambda _: answer_with("oauth_token_secret=CanaryAnswer&oauth_problem=x", "401 Unauthorized")
    name, kwargs = STEPS[step]
    error = of_a_call(shop(NOWHERE if kind == "nowhere" else provider.url), name, **kwargs)
    assert [frame for frame in reported(error) if SECRET in json.dumps(frame)] == []
    assert [line for line in shown(error) if SECRET in line] == []
