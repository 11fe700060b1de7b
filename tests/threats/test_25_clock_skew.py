"""Threat 25: a clock that is wrong. Whoever reads the error learns that it is the clock, and how wrong it is."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable

import pytest
import time_machine

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import TokenRequestDeniedError
from oauth1_catalog.flow.responses import read_token
from oauth1_catalog.rfc5849.messages import Response
from tests.integrations.applications import Application

HOUR = 3600
NOW = 1_795_525_287
Refused = tuple[int, str, dict[str, str]]


def reported(theirs: int) -> Refused:
    """As the Problem Reporting extension has it; the server takes ten minutes."""
    body = f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={theirs - 600}-{theirs + 600}"
    return 401, body, {}


def in_the_header(theirs: int) -> Refused:
    said = f'OAuth oauth_problem="timestamp_refused", oauth_acceptable_timestamps="{theirs - 600}-{theirs + 600}"'
    return 401, "", {"WWW-Authenticate": said}


def mediawiki(theirs: int) -> Refused:
    ours = f"Expired timestamp, yours {int(time.time())}, ours {theirs}"
    return 400, f"Error: An error occurred in the OAuth protocol: {ours}", {}


def dated(theirs: int) -> Refused:
    """A server that does not say what is wrong."""
    return 401, "Unauthorized", {"Date": email.utils.formatdate(theirs, usegmt=True)}


def signature(theirs: int) -> Refused:
    return 401, "Invalid signature", {"Date": email.utils.formatdate(theirs, usegmt=True)}


REFUSALS = [reported, in_the_header, mediawiki, dated, signature]


@pytest.mark.parametrize("step", ["request_token", "access_token"])
@pytest.mark.parametrize("off", [-HOUR, HOUR])
@pytest.mark.parametrize("refused", REFUSALS)
def test_a_login_of_an_application_whose_clock_is_wrong(
    app: Application, emulator: Emulator, refused: Callable[[int], Refused], off: int, step: str
) -> None:
    browser, theirs = app.browser(), int(time.time())
    with time_machine.travel(theirs + off, tick=False):
        path = "/login" if step == "request_token" else emulator.approve(browser.get("/login").location)
        status, body, headers = refused(theirs)
        emulator.fail_next(step, status=status, body=body, headers=headers)
        error = browser.get(path).json
    assert (error["error"], error["step"], error["status"]) == ("fetch_token_denied", step, status)
    bounded = refused in (reported, in_the_header)
    difference = f"at least {HOUR - 600} s" if bounded else f"{HOUR} s"
    assert f" is {difference} {'ahead of' if off > 0 else 'behind'} the provider's" in error["description"]
    assert "clock" in error["description"]


def denied(refused: Refused, now: float) -> str:
    status, body, headers = refused
    with pytest.raises(TokenRequestDeniedError) as caught:
        read_token(
            Response(status, headers, body.encode()), Provider(name="x"), step="request_token", clock=lambda: now
        )
    return caught.value.description


@pytest.mark.parametrize("refused", REFUSALS)
@pytest.mark.parametrize("off", [-60, 0, 60])
def test_clocks_that_agree_are_not_compared(refused: Callable[[int], Refused], off: int) -> None:
    said = denied(refused(NOW), NOW + off)
    assert " s ahead of " not in said
    assert " s behind " not in said


@pytest.mark.parametrize("now", [0.0, -5.0, 2_147_483_648.0, 4_102_444_800.0])
@pytest.mark.parametrize("refused", REFUSALS)
def test_a_clock_that_was_never_set_or_is_far_ahead(refused: Callable[[int], Refused], now: float) -> None:
    assert f" s {'ahead of' if now > NOW else 'behind'} the provider's" in denied(refused(NOW), now)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (401, "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=never", {}),
        (401, f"oauth_problem=timestamp_refused&oauth_acceptable_timestamps={'9' * 5000}-{'9' * 5000}", {}),
        (401, f"Expired timestamp, yours 1, ours {'9' * 5000}", {}),
        (401, "Expired timestamp, yours 1, ours -5", {"Date": "yesterday"}),
        (401, "oauth_problem=timestamp_refused", {"Date": "Mon, 99 Nov 2026 99:99:99 GMT"}),
        (401, "oauth_problem=consumer_key_unknown", {"Date": email.utils.formatdate(NOW - HOUR)}),
    ],
)
def test_what_tells_no_time_of_the_provider(status: int, body: str, headers: dict[str, str]) -> None:
    description = denied((status, body, headers), NOW)
    assert " s ahead of " not in description
    assert " s behind " not in description
    assert len(description) <= 400
