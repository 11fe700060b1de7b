"""The examples on the page of every provider run as they stand, against the emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from provider_pages import pages
from provider_pages.facts import Provider, is_retired

import tests.django_settings  # noqa: F401 - before what needs settings
from oauth1_catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.emulator import Emulator
from tests.cli.users import User
from tests.site.snippets import COMMAND, TABS, Reader, not_emulated, tabs_of

DATA = catalog_json(Catalog())
PROVIDERS: dict[str, Provider] = json.loads(DATA)["providers"]
PAGES = {name: text for path, text in pages(DATA).items() for name in [path.split("/")[1].removesuffix(".md")]}
IN_USE = [name for name, provider in PROVIDERS.items() if not is_retired(provider)]
NOT_EMULATED = {"mastercard"}
"""oauthlib cannot verify what is not RFC 5849; tests/providers/test_mastercard.py does."""

WITHOUT_WEB = {"openstack_keystone"}
"""Only a PIN, which no web application receives."""


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", IN_USE)
def test_each_example_runs(name: str, tab: str, emulator: Emulator, tmp_path: Path) -> None:
    if name in WITHOUT_WEB and tab in TABS[:3]:
        assert tab not in tabs_of(PAGES[name])
        return
    if name in NOT_EMULATED:
        with not_emulated(PROVIDERS[name], emulator, tmp_path) as user:
            assert "signed" in Reader(user, PROVIDERS[name], PAGES[name]).runs(tab)
        return
    user = User(emulator, tmp_path, COMMAND)
    user.has_keys(name)
    assert Reader(user, PROVIDERS[name], PAGES[name]).runs(tab).strip()


def test_a_provider_that_has_retired_has_no_example() -> None:
    for name in PROVIDERS.keys() - set(IN_USE):
        assert tabs_of(PAGES[name]) == {}
        assert "`RetiredProviderError`" in PAGES[name]
