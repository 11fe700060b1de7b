"""Which addresses are called: whole ones, by https, and for an API call only those that the provider's file lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from urllib.parse import urljoin

from oauth1_catalog.access import ANY, DEVELOPER, Access
from oauth1_catalog.catalog.patterns import is_wildcard, matches_host
from oauth1_catalog.catalog.provider import ADDRESSES, Provider
from oauth1_catalog.errors import ConfigurationError, MissingSettingError
from oauth1_catalog.hosts import DEFAULT_PORTS, Origin, authority_of, is_loopback, origin_of, read_url
from oauth1_catalog.redaction import shown_url
from oauth1_catalog.registry.settings import Settings

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def endpoint_fault(url: str, access: Access) -> str:
    """What is wrong with an address that the developer wrote, and what to do; empty if it can be used.

    >>> endpoint_fault("https://api.example.com/oauth?x=1", Access())
    ''
    >>> endpoint_fault("api.example.com/oauth", Access())
    'is not absolute. Begin it with https:// and the host.'
    """
    return malformed(url) or access.needs(url)


def malformed(url: str) -> str:
    """What is wrong with the form of an address; empty if nothing is.

    >>> malformed("https://user:password@api.example.com/")
    'holds a user name, a backslash or a fragment. Leave that out.'
    """
    try:
        parts = read_url(url)
    except ValueError as error:
        return f"cannot be read ({error})."
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return "is not absolute. Begin it with https:// and the host."
    if any(len(label) > 63 for label in parts.hostname.split(".")):
        return (
            "has a host with more than 63 characters between two dots, which no host can have (RFC 1035). Correct it."
        )
    # Of these, one library takes the part before for the host and another the part behind.
    if "@" in parts.netloc or "\\" in parts.netloc or parts.fragment:
        return "holds a user name, a backslash or a fragment. Leave that out."
    if url != url.strip() or _CONTROL.search(url):
        return "holds blanks at its ends, or control characters. Leave them out."
    return ""


def check_transport(provider: Provider, access: Access) -> None:
    """Refuse ``http://`` where it is not allowed, and PLAINTEXT over it where that is not.

    >>> check_transport(Provider(name="x", request_token_url="https://api.example.com/"), Access())

    Raises:
        ConfigurationError: names the address and the switches.
    """
    plaintext = provider.client_kwargs.get("signature_method") == "PLAINTEXT"
    # Which hosts are allowed has been looked at where their addresses came in.
    by_transport = replace(access, local_hosts=ANY)
    for field, url in _addresses(provider):
        if needs := by_transport.needs(url, plaintext=plaintext):
            raise ConfigurationError(
                "insecure_transport", f"{provider.name}: {field} {shown_url(url)!r} {needs}", provider=provider.name
            )


def _addresses(provider: Provider) -> Iterator[tuple[str, str]]:
    """The absolute addresses that the user or a request is sent to, each with its field."""
    urls = {name: getattr(provider, name) for name in ADDRESSES}
    urls["userinfo_endpoint"] = provider.userinfo.endpoint if provider.userinfo else None
    ends = ("renew", "revoke", "session_token", "successor")
    urls |= {f"{name}.url": end.url for name in ends if (end := getattr(provider, name)) is not None}
    for field, url in urls.items():
        if url and not malformed(url):
            yield field, url


def api_url(
    provider: Provider,
    url: object,
    *,
    own: Collection[Origin],
    allow_any_host: bool = False,
    access: Access = DEVELOPER,
    takes_any_host: bool = True,
    function: Callable[[], str] = lambda: "register_from_catalog() or client()",
) -> str:
    """The absolute URL of an API call.

    Args:
        provider: whose API it is.
        url: a path relative to ``api_base_url``, or an absolute URL; text, or the URL object of a library.
        own: the provider's ``own_origins``.
        allow_any_host: let an absolute URL name a host that the provider's file does not list.
        access: the hosts and transports that an absolute URL may name beside the provider's own.
        takes_any_host: whether the function that makes the call has the argument ``allow_any_host``, for the message.
        function: gives the function that takes ``api_hosts`` and ``api_base_url``, for the message; ``""`` if none
            does.

    Raises:
        MissingSettingError: the URL is relative, and there is no ``api_base_url``.
        ConfigurationError: the URL names a host that the provider's file does not list, or has a host without a scheme;
            or it is not a URL, but for example ``None``, bytes, or a coroutine that was not awaited.

    >>> provider = Provider(name="x", api_base_url="https://api.example.com/1.1/")
    >>> api_url(provider, "me.json", own=own_origins(provider))
    'https://api.example.com/1.1/me.json'
    """
    url = _absolute_url(provider, url if isinstance(url, str) else _text_of(provider, url), function)
    origin = origin_of(url)
    is_own = origin in own or _is_of_the_family(provider, origin)
    if provider.from_catalog and not is_own:
        _check_host(provider, url, origin, function, allow_any_host=allow_any_host, takes_any_host=takes_any_host)
    # The provider's own addresses have been looked at when the client was registered.
    if not is_own and (needs := access.needs(url)):
        raise ConfigurationError(
            "insecure_transport" if access.local_hosts.allows(origin.host) else "forbidden_local_host",
            f"{provider.name}: {shown_url(url)!r} {needs}",
            provider=provider.name,
            step="api",
        )
    at = provider.emulated_at
    return _emulated(at, url, origin) if is_own and at and not url.startswith(at) else url


def _text_of(provider: Provider, url: object) -> str:
    """The text of a library's URL object. What has no ``__str__``, such as ``None`` or a coroutine, is not a URL."""
    if isinstance(url, bytes | bytearray) or type(url).__str__ is object.__str__:
        raise ConfigurationError(
            "forbidden_url",
            f"{provider.name}: the URL of a call is of type {type(url).__name__}.",
            provider=provider.name,
            step="api",
            advice="Pass text, such as 'account/settings.json'.",
        )
    return str(url)


def _absolute_url(provider: Provider, url: str, function: Callable[[], str]) -> str:
    """``url``, joined to ``api_base_url`` if it is relative."""
    absolute = _SCHEME.match(url)
    if not absolute and (url.startswith(("//", "\\", "/\\")) or url != url.strip() or _CONTROL.search(url)):
        raise ConfigurationError(
            "forbidden_url",
            f"{provider.name}: {shown_url(url)!r} names a host without a scheme, or holds blanks at its ends or "
            "control characters.",
            provider=provider.name,
            step="api",
            advice="Pass a path, or an absolute https URL.",
        )
    if not absolute:
        if not provider.api_base_url:
            raise MissingSettingError(
                f"{provider.name}: no api_base_url to join {shown_url(url)!r} to.",
                provider=provider.name,
                setting="api_base_url",
                advice=f"Pass an absolute URL{f', or api_base_url= to {taker}' if (taker := function()) else ''}.",
            )
        url = urljoin(provider.api_base_url, url)
    if fault := malformed(url):
        raise ConfigurationError(
            "forbidden_url", f"{provider.name}: {shown_url(url)!r} {fault}", provider=provider.name, step="api"
        )
    return url


def _check_host(
    provider: Provider,
    url: str,
    origin: Origin,
    function: Callable[[], str],
    *,
    allow_any_host: bool,
    takes_any_host: bool,
) -> None:
    """Refuse a host that is not the provider's, unless the call allows any host and shows no secret."""
    is_shown = provider.api_auth != "signature"  # the token itself goes there, to make other calls with
    if is_shown or not allow_any_host:
        netloc, taker = authority_of(url), function()
        takes_any_host = takes_any_host and bool(taker)  # a command's user makes no call
        if origin.scheme == "https":
            passed = f"pass api_hosts=[{netloc!r}] to {taker}, or " if taker else ""
            advice = f"If it is right, {passed}add it to api_hosts in the provider's file"
        else:
            advice = "Hosts in api_hosts are called by https: begin the URL with https://"
        for_this_call = "" if is_shown or not takes_any_host else "; for this call alone pass allow_any_host=True"
        raise ConfigurationError(
            "forbidden_host",
            f"{provider.name}: {origin.scheme}://{netloc} is not a host of this provider, and a call there would send "
            f"it the user's token. {advice}{for_this_call}.",
            provider=provider.name,
            step="api",
        )


def _emulated(at: str, url: str, origin: Origin) -> str:
    """The address that plays ``url`` at the emulator whose base is ``at``."""
    emulator = origin_of(at)
    # A file that was not validated may hold anything: the emulator is on this machine alone.
    if origin == emulator or not is_loopback(emulator.host):
        return url
    # The emulator knows a host by one spelling: in lower case, and without the port that it has anyway.
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    port = "" if origin.port == DEFAULT_PORTS[origin.scheme] else f":{origin.port}"
    written = authority_of(url)
    return f"{at}{host}{port}{url.partition('://')[2].removeprefix(written)}"


def own_origins(provider: Provider) -> frozenset[Origin]:
    """The origins of a provider's addresses, and of the hosts in its ``api_hosts`` that are not wildcards."""
    own = (provider.api_base_url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    userinfo = provider.userinfo.endpoint if provider.userinfo else ""
    more = (userinfo, *(f"https://{host}" for host in provider.api_hosts if not is_wildcard(host)))
    return frozenset(origin_of(url) for url in (*own, *more) if url and "://" in url)


def _is_of_the_family(provider: Provider, origin: Origin) -> bool:
    """Whether a wildcard of ``api_hosts`` stands for this host: by https, and for calls that show no secret."""
    if (origin.scheme, origin.port) != ("https", 443):
        return False
    if provider.client_kwargs.get("signature_method") == "PLAINTEXT" or provider.api_auth != "signature":
        return False
    return any(matches_host(host, origin.host) for host in provider.api_hosts if is_wildcard(host))


REGISTRY = "oauth1_catalog"
"""The name under which the configuration holds what is for all clients."""

BASE = "redirect_base_url"
"""The parameter that holds the application's public address: ``OAUTH1_CATALOG_REDIRECT_BASE_URL``."""


def behind_base(client: str, path: str, settings: Settings) -> str:
    """The redirect URI that a path stands for: behind the base that is configured for all clients.

    Args:
        client: the registered name, for the message.
        path: the path, which begins with a slash.
        settings: the framework's configuration.

    Raises:
        ConfigurationError: no base is configured, or it is not the address of a server.
    """
    base = base_url(settings)
    if base is None:
        where = settings.describe_location(REGISTRY, BASE) or f"{REGISTRY}_{BASE}".upper()
        raise ConfigurationError(
            "invalid_redirect_uri",
            f"{client}: the redirect URI {path.partition('?')[0][:80]!r} is a path, and your application's public "
            "address is not configured.",
            provider=client,
            step="authorize",
            advice=f"Set {where}, such as 'https://shop.example.com'.",
        )
    return base + path


def base_url(settings: Settings) -> str | None:
    """The application's public address without a slash at its end, ``None`` where none is configured.

    Raises:
        ConfigurationError: it is not the address of a server.
    """
    value = settings.get(REGISTRY, BASE)
    if value is None or value == "":
        return None
    text = str(value)
    try:
        parts = read_url(text)
        readable = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        readable = False
    if not readable or "@" in parts.netloc or "\\" in text or parts.query or parts.fragment or not _is_one_word(text):
        raise ConfigurationError(
            "invalid_redirect_uri",
            f"{settings.describe_location(REGISTRY, BASE)} is not the address of a server.",
            advice="Write scheme and host, and a path where your application is served below one: "
            "'https://shop.example.com'.",
        )
    return text.rstrip("/")


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(character.isspace() for character in text)
