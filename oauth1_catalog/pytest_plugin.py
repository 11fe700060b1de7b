"""The pytest plugin: the emulator as a fixture, and a login through an application's test client.

pytest imports this module at each start. It imports the emulator only if a test or the setting asks for it.
"""

from __future__ import annotations

import inspect
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from oauth1_catalog.emulator import Emulator

SETTING = "oauth1_providers"
PREFIXES = ("", "FLASK_")
"""With and without the prefix that Flask's ``from_prefixed_env()`` reads."""

_RUNNING = pytest.StashKey["Emulator"]()
_RESOURCES = pytest.StashKey[ExitStack]()


class Login(Protocol):
    """The type of the fixture ``oauth1_login``."""

    def __call__(
        self, client: Any, provider: str, *, user: str = "ada", deny: bool = False, url: str = "/login"
    ) -> Any:  # the client and its response belong to the framework
        """Log in through the test client, as the fixture describes it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting."""
    parser.addini(
        SETTING,
        "Providers to emulate for the whole test run. Their addresses and keys are in the environment.",
        type="args",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the emulator before a conftest.py or a test imports the application, if the setting names providers."""
    if names := early_config.getini(SETTING):
        from oauth1_catalog.errors import OAuthError

        try:
            _start(early_config, names)
        except OAuthError as error:
            raise pytest.UsageError(f"{SETTING}: {error.description}") from error


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the emulator, and restore the environment."""
    if (resources := config.stash.get(_RESOURCES, None)) is not None:
        resources.close()


def _start(config: pytest.Config, names: list[str]) -> Emulator:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.catalog.files import PATH_VARIABLE
    from oauth1_catalog.emulator import Emulator
    from oauth1_catalog.emulator.export import BUNDLE, settings, write_files

    resources = config.stash[_RESOURCES] = ExitStack()
    folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="oauth1-catalog-")))
    emulator = config.stash[_RUNNING] = resources.enter_context(Emulator(Catalog()))
    examples = {name: emulator.catalog.required(name) for name in names}
    providers = {
        name: emulator.catalog.provider(name, values={key: value for key, value in found.items() if value is not None})
        for name, found in examples.items()
    }
    write_files(emulator, providers.values(), folder)
    bundle = str(folder / BUNDLE)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get(PATH_VARIABLE))))
    variables = {PATH_VARIABLE: path, "REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}
    for name, provider in providers.items():
        found_settings = settings(emulator, name, provider, folder)
        variables |= {prefix + key: value for prefix in PREFIXES for key, value in found_settings.items()}
    environment = resources.enter_context(pytest.MonkeyPatch.context())
    for key, value in variables.items():
        environment.setenv(key, value)
    return emulator


@pytest.fixture(scope="session")
def oauth1_emulator(pytestconfig: pytest.Config) -> Emulator:
    """The emulator of oauth1-catalog; see docs/testing.md.

    With ``oauth1_providers`` in pytest's configuration, an application finds the emulated addresses and its keys in the
    environment. Without it, pass ``catalog=oauth1_emulator.catalog`` to the application's ``OAuth``.
    """
    running = pytestconfig.stash.get(_RUNNING, None)
    return running if running is not None else _start(pytestconfig, [])


@pytest.fixture
def oauth1_login(oauth1_emulator: Emulator) -> Iterator[Login]:
    """Log in with a test client: ``oauth1_login(client, "twitter", user="grace", deny=False, url="/login")``.

    It opens the login view at ``url``, authorizes the login as ``user`` (or declines it) on the emulator's consent
    page, and returns the response of the callback view. ``client`` is the test client of Flask, Django, Starlette or
    FastAPI. After the test, the emulator is reset: its journal, and failures and latency that the test asked for.
    """

    def login(client: Any, provider: str, *, user: str = "ada", deny: bool = False, url: str = "/login") -> Any:
        from oauth1_catalog.redaction import shown_url

        response = _get(client, url)
        location = response.headers.get("Location", "")
        consent = oauth1_emulator.origins.consent
        if not location.startswith(consent):
            elsewhere = f" and a redirect to {shown_url(location)}" if location else ""
            advice = (
                f"Set {SETTING} in pytest's configuration, or pass oauth1_emulator.catalog to OAuth."
                if location
                else "Pass the path of your login view as url=."
                if response.status_code == 404
                else "Look at the log for the cause."
            )
            pytest.fail(
                f"GET {url} was answered with {response.status_code}{elsewhere}, not with a redirect to the emulator "
                f"({consent}). {advice}",
                pytrace=False,
            )
        key = location.removeprefix(consent).lstrip("/").partition("/")[0]
        if key != provider and not key.startswith(f"{provider}-"):
            pytest.fail(f"GET {url} begins a login at {key}, not at {provider}.", pytrace=False)
        callback = oauth1_emulator.deny(location) if deny else oauth1_emulator.approve(location, user=user)
        if "://" not in callback:
            pytest.fail(
                f"{provider} gave {'no callback' if deny else 'a PIN'}, because the login has no redirect URI.",
                pytrace=False,
            )
        return _get(client, callback)

    yield login
    oauth1_emulator.reset()


def _get(client: Any, url: str) -> Any:
    """A GET that follows no redirect. Django's client follows none by default, and has another argument for it."""
    follow = {} if "follow" in inspect.signature(client.get).parameters else {"follow_redirects": False}
    return client.get(url, **follow)
