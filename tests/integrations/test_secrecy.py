"""Nothing that must stay secret shows in errors, in their frames, in logs or in a repr; and many logins keep apart."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import OAuthError
from tests.integrations.applications import REDIRECT_URI, SECRET_KEY, Application, now

OURS = re.compile(r"/oauth1_catalog/(?!emulator)")


def shown(error: BaseException) -> str:
    """What a crash report would show of an error: texts, causes, and the local variables of this package's frames."""
    lines: list[str] = []
    seen = error
    while seen is not None:
        report = traceback.TracebackException.from_exception(seen, capture_locals=True)
        lines += [str(seen), repr(seen), str(vars(seen))]
        lines += [str(frame.locals) for frame in report.stack if OURS.search(frame.filename)]
        seen = seen.__cause__ or seen.__context__
    # Django's own repr of a request shows its address, which every access log has, too.
    return re.sub(r"<WSGIRequest: [^>]*>", "", "\n".join(lines))


FAILURES: list[tuple[str, dict[str, Any]]] = [
    ("request_token", {"status": 401, "body": "no"}),
    ("request_token", {"status": 200, "body": "oauth_token=t&oauth_token_secret=canary-new"}),
    ("request_token", {"drop": True, "times": 3}),
    ("access_token", {"status": 500, "body": "<p>canary</p>"}),
    ("access_token", {"status": 200, "body": "oauth_token=&oauth_token_secret=canary-new"}),
    ("access_token", {"drop": True, "times": 3}),
]


@pytest.mark.parametrize(("role", "failure"), FAILURES)
def test_a_failed_login(
    app: Application, emulator: Emulator, caplog: pytest.LogCaptureFixture, role: str, failure: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: dict[str, Any] = {}

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        try:
            data = await now(app.client.create_authorization_url(REDIRECT_URI))
        except OAuthError as error:
            seen["report"] = shown(error)
            raise
        seen["request_secret"] = data["request_token"]["oauth_token_secret"]
        await now(app.client.save_authorize_data(*request, redirect_uri=REDIRECT_URI, **data))
        return {"url": data["url"]}

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        try:
            return await now(app.client.authorize_access_token(*request))
        except OAuthError as error:
            seen["report"] = shown(error)
            raise

    browser = app.browser()
    if role == "access_token":
        back = emulator.approve(browser.get("/login").json["url"])
        emulator.fail_next(role, **failure)
        answer = browser.get(back)
        secrets = [seen["request_secret"], back.rpartition("oauth_verifier=")[2].partition("&")[0]]
    else:
        emulator.fail_next(role, **failure)
        answer = browser.get("/login")
        secrets = []
    emulator.reset()
    assert answer.status == 400
    ours = "\n".join(
        r.getMessage() for r in caplog.records if r.name.startswith(("oauth1_catalog.", "requests", "httpx2"))
    )
    for secret in (*secrets, emulator.client("twitter").client_secret, SECRET_KEY, "canary-new"):
        assert secret not in seen["report"]
        assert secret not in answer.text
        assert secret not in ours


def test_a_good_login_logs_no_secret(app: Application, emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = app.browser().log_in(emulator).json["token"]
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for secret in (token["oauth_token_secret"], emulator.client("twitter").client_secret, SECRET_KEY):
        assert secret not in logged


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_many_logins_at_the_same_time(make: Callable[..., Application], emulator: Emulator, framework: str) -> None:
    app = make()

    def log_in(n: int) -> bool:
        ended = app.browser().log_in(emulator, user=f"user{n}").json
        return bool(ended["token"]["screen_name"] == ended["profile"]["screen_name"] == f"user{n}")

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(log_in, range(100)))
    assert emulator.journal.count(role="access_token", status=200) == 100
