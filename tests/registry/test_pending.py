"""How many logins a session holds, and how large they may be where it lives in a cookie."""

from __future__ import annotations

import base64
import io
import json
import secrets
import zlib
from typing import Any

import pytest

from oauth1_catalog.errors import ConfigurationError
from tests.registry.caches import NOW, DictCache, cookie, login, refused, save, store, take


class TestSize:
    def size(self, session: dict[str, Any]) -> int:
        """What Starlette's SessionMiddleware makes of it: base64 of JSON, and a signature."""
        return len(base64.b64encode(json.dumps(session).encode())) + 60

    def flask_size(self, session: dict[str, Any]) -> int:
        text = json.dumps(session, separators=(",", ":")).encode()
        return len(base64.urlsafe_b64encode(min(text, zlib.compress(text), key=len))) + 60

    @pytest.mark.parametrize("length", [8, 27, 64, 128, 255, 512, 768, 1024, 2048])
    def test_the_cookie_never_breaks(self, length: int) -> None:
        """4,093 bytes are what browsers keep; the application has 500 of them for itself."""
        kept, other = store(), store("other")
        session: dict[str, Any] = {"own": secrets.token_hex(250)}
        for n in range(12):
            token, client = secrets.token_urlsafe(length)[:length], (kept, other)[n % 2]
            try:
                save(client, session, login(token, secrets.token_urlsafe(length)[:length]), now=NOW + n)
            except ConfigurationError as error:
                assert error.error == "state_too_large"  # noqa: PT017 - for long tokens this is right
                assert length >= 768
                assert f"_state_{client.name}_{token}" not in session
            else:
                assert length < 1500
                assert take(client, cookie(session), token, now=NOW + n).temporary.oauth_token == token
            assert self.size(session) <= 4093
            assert self.flask_size(session) <= 4093

    def test_with_a_cache_any_token_has_room(self) -> None:
        kept, cache = store(cached=True), DictCache()
        session: dict[str, Any] = {}
        save(kept, session, login("x" * 2000, "y" * 2000, big="z" * 5000), cache)
        assert take(kept, cookie(session), "x" * 2000, cache).state_data == {"big": "z" * 5000}

    def test_a_handful_of_logins_the_oldest_goes_first(self, cache: Any) -> None:
        kept = store(cached=cache is not None)
        session: dict[str, Any] = {}
        for n in range(9):
            save(kept, session, login(f"t{n}"), cache, now=NOW + n)
        tokens = [key.rpartition("_")[2] for key in session]
        assert tokens == ["t4", "t5", "t6", "t7", "t8"]
        refused(kept, session, "t0", cache)
        for token in tokens:
            assert take(kept, session, token, cache, now=NOW + 9)

    def test_state_data_that_is_no_json(self) -> None:
        with pytest.raises(ConfigurationError, match="state_data is kept as JSON"):
            save(store(), {}, login(file=io.BytesIO()))
        with pytest.raises(ConfigurationError, match="Pass OAuth"):
            save(store(), {}, login(big="z" * 5000))
        save(store(), {}, login(big="z" * 5000), in_cookie=False)
