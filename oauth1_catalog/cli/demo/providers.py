"""The providers of the demo: each one of the catalog that has a login, with the settings for an application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from oauth1_catalog.emulator import Emulator
from oauth1_catalog.errors import OAuthError

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile
    from oauth1_catalog.catalog.provider import Provider


USER_AGENT = "oauth1-catalog-demo/1.0"


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """One provider to log in to."""

    name: str
    display_name: str
    signature: str
    host: str
    settings: dict[str, object] = field(repr=False)
    callback: Literal["url", "registered", "oob"] = "url"
    has_profile: bool = True


class Demo:
    """The emulator and the providers, for one application.

    Args:
        emulator: the running emulator.
        framework: the framework of the application, for its pages.

    Attributes:
        offers: the providers, sorted by display name.
        left_out: why the others are missing, such as an invalid file or a signature that oauthlib cannot verify.
    """

    def __init__(self, emulator: Emulator, framework: str) -> None:
        self.emulator = emulator
        self.framework = framework
        self.left_out: list[str] = []
        offers = []
        for name in emulator.catalog.names():
            try:
                offers.append(_offer(emulator, name))
            except OAuthError as error:
                self.left_out.append(f"not offered: {error.description}")
        self.offers: tuple[DemoProvider, ...] = tuple(
            sorted(filter(None, offers), key=lambda offer: offer.display_name.casefold())
        )

    @property
    def names(self) -> list[str]:
        """The names, longest first, so that ``X_ADS_CLIENT_ID`` belongs to ``x_ads`` and not to ``x``."""
        return sorted((offer.name for offer in self.offers), key=len, reverse=True)

    def offer(self, name: str) -> DemoProvider | None:
        """The provider with this name, if the demo offers it."""
        return next((offer for offer in self.offers if offer.name == name), None)

    def flat_settings(self) -> dict[str, object]:
        """The settings for Flask and Starlette: ``TWITTER_CLIENT_ID``."""
        return {f"{offer.name}_{key}".upper(): value for offer in self.offers for key, value in offer.settings.items()}

    def nested_settings(self) -> dict[str, dict[str, object]]:
        """The settings for Django: ``{"twitter": {"client_id": ...}}``."""
        return {offer.name: offer.settings for offer in self.offers}

    def expect_callback(self, name: str, redirect_uri: str) -> str | None:
        """Register the callback, as a developer does in the console of providers that require it.

        Returns:
            The redirect URI to start a login with, ``None`` for a provider that accepts only ``oob``.
        """
        offer = self.offer(name)
        if offer is not None and offer.callback != "url":
            self.emulator.client(name, redirect_uri=redirect_uri)
        return None if offer is not None and offer.callback == "oob" else redirect_uri


def _offer(emulator: Emulator, name: str) -> DemoProvider | None:
    file = emulator.catalog.file(name)
    if "redirect" not in file.flows or file.status == "retired":
        return None  # it has no login in a browser
    provider = emulator.catalog.provider(name, values=examples_of(file))
    settings = settings_of(emulator, file, provider)
    if provider.callback.verifier != "required":
        settings["allow_session_fixation"] = True  # nobody attacks a demo on this machine
    original = urlsplit(provider.request_token_url or "").path.split("/")
    return DemoProvider(
        name,
        provider.display_name or name,
        str(provider.client_kwargs.get("signature_method") or "HMAC-SHA1"),
        original[3] if len(original) > 3 else "",
        settings,
        callback="oob" if provider.callback.value == "oob" else "registered" if provider.callback.registered else "url",
        has_profile=provider.userinfo is not None,
    )


def settings_of(emulator: Emulator, file: ProviderFile, provider: Provider) -> dict[str, object]:
    """The settings of an application for the emulated provider, under the names of the parameters."""
    client = emulator.client(file.name)
    settings: dict[str, object] = {"client_id": client.client_id, **examples_of(file)}
    if str(provider.client_kwargs.get("signature_method")).startswith("RSA-"):
        settings["rsa_key"] = client.rsa_key
        if provider.session_token is not None:
            settings |= {"encryption_key": client.encryption_key, "dh_parameters": client.dh_parameters}
    else:
        settings["client_secret"] = client.client_secret
    if provider.user_agent_required:
        settings["user_agent"] = USER_AGENT
    settings["client_kwargs"] = {"verify": emulator.ca_file}
    return settings


def examples_of(file: ProviderFile) -> dict[str, object]:
    """Values for the required variables: the examples of the file."""
    return {
        name: variable.example
        for name, variable in file.variables.items()
        if variable.source is None and variable.default is None and variable.example is not None
    }
