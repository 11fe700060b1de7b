"""Where the user comes back to: the call's own address, the configuration's, or a path behind a configured base.

An address that is built from the request's Host header is chosen by whoever sends the request: with ``Host:
evil.example`` the provider sends the victim, and the verifier, there. An address from the configuration is not.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.configuration import Settings

REGISTRY = "oauth1_catalog"
"""The name under which the configuration holds what is for all clients."""

BASE = "redirect_base_url"
"""The parameter that holds the application's public address: ``OAUTH1_CATALOG_REDIRECT_BASE_URL``."""


def redirect_uri(client: str, given: object, configured: str | None, settings: Settings) -> str | None:
    """The redirect URI of a login.

    Args:
        client: the registered name.
        given: what the call was given: an absolute address, or a path that is put behind the configured base.
        configured: the client's own ``redirect_uri``, the same.
        settings: where the base stands.

    Raises:
        ConfigurationError: there is a path and no base, or the base is no address of a server.

    >>> from oauth1_catalog.registry.configuration import NoSettings
    >>> redirect_uri("twitter", None, "https://shop.example.com/authorize", NoSettings())
    'https://shop.example.com/authorize'
    """
    chosen = configured if given is None else str(given)
    if chosen is None or not chosen.startswith("/") or chosen.startswith("//"):
        return chosen
    base = base_url(settings)
    if base is None:
        where = settings.place(REGISTRY, BASE) or f"{REGISTRY}_{BASE}".upper()
        raise ConfigurationError(
            "invalid_redirect_uri",
            f"{client}: the redirect URI {chosen.partition('?')[0][:80]!r} is a path, and your application's public "
            f"address is not configured. Set {where}, such as 'https://shop.example.com'.",
            provider=client,
            step="authorize",
        )
    return base + chosen


def base_url(settings: Settings) -> str | None:
    """The application's public address without a slash at its end, ``None`` where none is configured.

    Raises:
        ConfigurationError: it is no address of a server.
    """
    value = settings.get(REGISTRY, BASE)
    if value is None or value == "":
        return None
    text = str(value)
    try:
        parts = urlsplit(text)
        readable = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        readable = False
    if not readable or "@" in parts.netloc or "\\" in text or parts.query or parts.fragment or not _is_one_word(text):
        raise ConfigurationError(
            "invalid_redirect_uri",
            f"{settings.place(REGISTRY, BASE)} is not the address of a server. Write scheme and host, and a path where "
            "your application is served below one: 'https://shop.example.com'.",
        )
    return text.rstrip("/")


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(character.isspace() for character in text)
