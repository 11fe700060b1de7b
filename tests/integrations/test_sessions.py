"""Authlib's sessions by its own names: one word of the import changes."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("requests_client", {"OAuth1Session", "OAuth1Auth", "OAuthError"}),
        ("httpx_client", {"OAuth1Client", "AsyncOAuth1Client", "OAuth1Auth", "OAuthError"}),
    ],
)
def test_the_names_are_authlib_s(module: str, names: set[str]) -> None:
    ours, theirs = (
        import_module(f"oauth1_catalog.integrations.{module}"),
        import_module(f"authlib.integrations.{module}"),
    )
    signature_names = {name for name in dir(theirs) if name.startswith("SIGNATURE_")}
    assert len(signature_names) >= 6
    for name in names | signature_names:
        assert hasattr(theirs, name)
        assert hasattr(ours, name), name
