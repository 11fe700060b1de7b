"""The page on uploads: its scripts at the emulator, where oauthlib verifies, and what arrives there."""

from __future__ import annotations

import pytest

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import BUNDLE, write_files
from tests.how_to.conftest import Place

PAGE = "file-uploads"
SCRIPTS = {"twitter": "tweet_a_picture.py", "tumblr": "post_a_picture.py", "flickr": "upload_a_photo.py"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_picture_is_sent(name: str, place: Place, emulator: Emulator) -> None:
    place.write(PAGE)
    (place.folder / "picture.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(256)) * 40)
    emulated = place.folder / "emulated"
    write_files(emulator, [emulator.catalog.provider(name)], emulated)
    keys, token = emulator.client(name), emulator.issue_token(name)
    place.variables = {
        "OAUTH1_CATALOG_PATH": str(emulated),
        "REQUESTS_CA_BUNDLE": str(emulated / BUNDLE),
        f"{name}_CLIENT_ID".upper(): keys.client_id,
        f"{name}_CLIENT_SECRET".upper(): keys.client_secret,
        f"{name}_TOKEN".upper(): token.oauth_token,
        f"{name}_TOKEN_SECRET".upper(): token.oauth_token_secret,
        "FLICKR_USER_AGENT": "shop/1.0",
    }
    assert place.run(f"python -W ignore {SCRIPTS[name]}") == "sent\n"
    assert emulator.journal.count(name, role="api", status=200) == (2 if name == "twitter" else 1)
