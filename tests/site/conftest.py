"""The site as ``make docs`` builds it, served by a plain file server, and a Chromium that counts what it asks for."""

from __future__ import annotations

import fcntl
import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.test_demo import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "_build" / "site"


@pytest.fixture(scope="session")
def site(testrun_uid: str) -> Path:
    """The folder with the site, built from the pages as they are now, by one of the processes of the test run."""
    SITE.parent.mkdir(exist_ok=True)
    with (SITE.parent / "tested").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() != testrun_uid:
            run = subprocess.run(["make", "docs"], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
            assert run.returncode == 0, run.stdout + run.stderr
            file.truncate(0)
            file.write(testrun_uid)
    return SITE


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of a file server for the site."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page of the site in the browser, and what went wrong there."""

    page: Page
    address: str
    hosts: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of the site by its path, such as ``flask.html``."""
        self.page.goto(f"{self.address}/{path}", wait_until="load")
        return self.page


@pytest.fixture
def visit(chromium: Browser, address: str):
    """Opens the site in a new context; at the end, nothing may have failed and no other host may have been asked."""

    @contextmanager
    def visiting(width: int = 1280, scheme: str = "light") -> Iterator[Visit]:
        with chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
            visited = Visit(context.new_page(), address)
            context.on("request", lambda request: visited.hosts.add(request.url.split("/", 3)[2]))
            context.on(
                "response", lambda r: visited.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None
            )
            visited.page.on("pageerror", lambda error: visited.problems.append(str(error)))
            visited.page.on(
                "console",
                lambda message: visited.problems.append(message.text) if message.type in {"error", "warning"} else None,
            )
            yield visited
            assert visited.problems == []
            assert visited.hosts == {address.removeprefix("http://")}

    return visiting
