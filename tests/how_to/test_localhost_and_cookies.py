"""The page on localhost: two names of one machine, cookies of https, in servers of their own."""

from __future__ import annotations

import pytest

from tests.docs.conftest import python_blocks
from tests.how_to.conftest import Place, commands, free_port, log_in

PAGE = "localhost-and-cookies"
ONE_HOST, COOKIES = python_blocks(f"docs/how-to/{PAGE}.md")
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.mark.parametrize("mended", [True, False])
def test_a_login_ends_under_the_name_under_which_it_began(mended: bool, place: Place) -> None:
    port = free_port()
    place.write(PAGE, {"localhost:8000": f"localhost:{port}"})
    if not mended:
        file = place.folder / "one_host.py"
        file.write_text(file.read_text(encoding="utf-8").replace("@app.before_request\n", ""), encoding="utf-8")
    with place.serving(f"flask --app one_host run --port {port}", port):
        ended = log_in(f"http://127.0.0.1:{port}/login")
    assert (ended.status_code == 200 and ended.json()["preferred_username"] == "grace") if mended else (
        ended.status_code == 500 and "invalid_state" in (place.folder / "server.log").read_text()
    )  # fmt: skip


def test_https_on_this_machine(place: Place) -> None:
    install, serve = commands(PAGE)
    assert install == "pip install cryptography"
    port = free_port()
    base = f"https://localhost:{port}"
    place.write(PAGE, {"http://localhost:8000": base})
    settings = {"FLASK_SESSION_COOKIE_SECURE": "true", "FLASK_SESSION_COOKIE_SAMESITE": "Lax"}
    with place.serving(serve.replace("8000", str(port)), port, **settings):
        assert log_in(f"{base}/login").json()["preferred_username"] == "grace"


@pytest.mark.parametrize("production", ["1", ""])
def test_the_settings_for_cookies(production: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTION", production)
    names: dict[str, object] = {}
    exec(compile(COOKIES, PAGE, "exec", dont_inherit=True), names)
    assert names["SESSION_COOKIE_SECURE"] is (production == "1")
