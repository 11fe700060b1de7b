"""One emulated provider: its file, its addresses in the emulator, and its state."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from oauth1_catalog.catalog.patterns import matches_host
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator.rewrite import Origins, api_hosts, relocate
from oauth1_catalog.emulator.store import Store
from oauth1_catalog.errors import ConfigurationError

SIGNATURE_METHODS = frozenset(
    {"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}
)
"""The signature methods that oauthlib can verify."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider in the emulator. ``key`` is the first part of its paths there.

    Raises:
        ConfigurationError: oauthlib cannot verify this provider's signatures.
    """

    key: str
    original: Provider
    origins: Origins
    store: Store = field(default_factory=Store, repr=False)
    provider: Provider = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name = self.original.name
        if (profile := self.setting("profile", "rfc5849")) != "rfc5849":
            raise ConfigurationError(
                description=f"{name}: the emulator cannot emulate this provider. Its signatures follow the profile "
                f"{profile!r}, but oauthlib, which verifies them here, supports only RFC 5849.",
                provider=name,
            )
        if self.signature_method not in SIGNATURE_METHODS:
            raise ConfigurationError(
                description=f"{name}: the emulator cannot verify {self.signature_method}. It supports "
                f"{', '.join(sorted(SIGNATURE_METHODS))}.",
                provider=name,
            )
        object.__setattr__(self, "provider", relocate(self.original, self.origins, key=self.key))

    def setting(self, name: str, default: str = "") -> str:
        """One of the provider's ``client_kwargs``, as text."""
        value = self.original.client_kwargs.get(name)
        return default if value is None else str(value)

    @property
    def display_name(self) -> str:
        """What people call the provider."""
        return self.original.display_name or self.original.name

    @property
    def signature_method(self) -> str:
        """The only signature method that the provider accepts."""
        return self.setting("signature_method", "HMAC-SHA1")

    @property
    def realm(self) -> str:
        """The protection space that the provider names in its challenges."""
        realm = self.setting("realm")
        return self.original.name if "{" in realm else realm or self.original.name

    @property
    def gives_secrets(self) -> bool:
        """Whether tokens have a secret. With a few providers they have none, or an empty one."""
        return self.original.callback.secret == "required"

    def endpoint(self, role: str) -> str | None:
        """The URL of an endpoint in the emulator, ``None`` if the provider has no such endpoint."""
        provider = self.provider
        urls = {
            "request_token": provider.request_token_url,
            "authorize": provider.authorize_url or f"{self.origins.consent}/{self.key}/authorize/consent",
            "access_token": provider.access_token_url,
            "renew": provider.renew.url if provider.renew else None,
            "revoke": provider.revoke.url if provider.revoke else None,
        }
        return urls[role]

    def method(self, role: str) -> str:
        """The HTTP method of a token endpoint."""
        original = self.original
        if role == "renew" and original.renew:
            return original.renew.method
        if role == "revoke" and original.revoke:
            return original.revoke.method
        return original.request_token_method if role == "request_token" else original.access_token_method

    def serves(self, role: str, url: str) -> bool:
        """Whether ``url``, as it was on the wire for ``role``, belongs to this provider."""
        if role == "api":
            asked = "".join(_path(url).split("/")[3:4])
            return any(asked == host or matches_host(host, asked) for host in api_hosts(self.original))
        address = self.endpoint(role)
        if address is None or not leads_to(_path(address), _path(url)):
            return False
        return set(_query(address)) <= set(_query(url))


def leads_to(template: str, path: str) -> bool:
    """Whether a path matches a template, in which a placeholder stands for one segment.

    >>> leads_to("/users/{user_id}.json", "/users/17.json"), leads_to("/users/{user_id}", "/users/17/friends")
    (True, False)
    """
    return re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(template)), path) is not None


def _path(url: str) -> str:
    return urlsplit(url).path


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)
