"""The page on Django REST framework: its API, served, to a browser that logs in and to a client that has its token."""

from __future__ import annotations

import re

import pytest
import requests

from oauth1_catalog.registry.encryption import TokenCipher
from tests.how_to.conftest import Place, commands, free_port, log_in, new_browser

PAGE = "django-rest-framework"


@pytest.mark.parametrize("decision", ["authorize", "deny"])
def test_a_login_gives_the_api_s_own_token(decision: str, place: Place) -> None:
    port = free_port()
    origin = f"http://localhost:{port}"
    place.write(PAGE, {"http://localhost:8000": origin})
    place.variables |= {"DJANGO_SECRET_KEY": "a secret key", "OAUTH1_CATALOG_TOKEN_KEYS": TokenCipher.new_key()}
    install, export, migrate, serve = commands(PAGE)
    assert install == "pip install 'oauth1-catalog[django]' djangorestframework"
    place.variables["DJANGO_SETTINGS_MODULE"] = re.sub(".*=", "", export)
    place.run(migrate)
    with place.serving(f"{serve} --noreload {port}", port):
        ended = log_in(f"{origin}/login", decision=decision, browser=new_browser())
        if decision == "deny":
            assert (ended.status_code, ended.json()) == (403, {"error": "access_denied"})
            return
        assert ended.json().keys() == {"token"}
        key = {"Authorization": f"Token {ended.json()['token']}"}
        timeline = requests.get(f"{origin}/timeline", headers=key, timeout=60)
        assert (timeline.status_code, timeline.json()["user"]) == (200, "grace")
        assert requests.get(f"{origin}/timeline", timeout=60).status_code == 401
        repeated = requests.get(ended.url, timeout=60)  # another browser
        assert (repeated.status_code, repeated.json()) == (400, {"error": "invalid_state"})
