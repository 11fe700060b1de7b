"""Which addresses are called: whole ones, by https, and for an API call only those that the provider's file lists."""

from __future__ import annotations

import ipaddress
import os
import re
from urllib.parse import SplitResult, urljoin, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.wildcards import is_wildcard, stands_for
from oauth1_catalog.errors import ConfigurationError, MissingSettingError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEFAULT_PORTS = {"https": 443, "http": 80}


INSECURE_TRANSPORT = ("OAUTH1_CATALOG_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT")
"""Environment variables that allow ``http://``; the second is Authlib's."""


def endpoint_fault(url: str) -> str:
    """What is wrong with the address of an endpoint, and what to do; empty if it can be used.

    >>> endpoint_fault("https://api.example.com/oauth?x=1"), endpoint_fault("http://127.0.0.1:8080/")
    ('', '')
    >>> endpoint_fault("api.example.com/oauth")
    'is not absolute. Begin it with https:// and the host.'
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"cannot be read ({error})."
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return "is not absolute. Begin it with https:// and the host."
    # Of these, one library takes the part before for the host and another the part behind.
    if "@" in parts.netloc or "\\" in parts.netloc or parts.fragment:
        return "holds a user name, a backslash or a fragment. Leave that out."
    if url != url.strip() or _CONTROL.search(url):
        return "holds blanks at its ends, or control characters. Leave them out."
    if _is_insecure(parts):
        return (
            "is not https, so that others could read what is sent there. Write https://; for a provider in a network "
            f"of your own set {INSECURE_TRANSPORT[0]}=1 in the environment."
        )
    return ""


def _is_insecure(parts: SplitResult) -> bool:
    if parts.scheme == "https" or any(os.environ.get(name) for name in INSECURE_TRANSPORT):
        return False
    host = parts.hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def check_transport(provider: Provider) -> None:
    """Refuse a provider of the catalog that has no https, unless the environment says that this is accepted.

    >>> check_transport(Provider(name="x", request_token_url="https://api.example.com/"))

    Raises:
        ConfigurationError: one of its addresses begins with ``http://``, and is not of this machine.
    """
    urls = {name: getattr(provider, f"{name}_url") for name in ("request_token", "authorize", "access_token")}
    for name, url in (*urls.items(), ("api_base", provider.api_base_url)):
        if url and _is_insecure(urlsplit(url)):
            raise ConfigurationError(
                "insecure_transport",
                f"{provider.name}: the provider has no https: its {name}_url begins with http://, so that others can "
                "read and change what is sent there, tokens too. If you accept that, set "
                f"{INSECURE_TRANSPORT[0]}=1 in the environment.",
                provider=provider.name,
            )


def check_redirect_uri(name: str, uri: str | None) -> None:
    """Refuse a redirect URI that no provider could send the user back to (RFC 5849, section 2.1).

    Raises:
        ConfigurationError: it is neither an absolute address nor ``oob``.
    """
    if uri is None or uri == "oob" or (uri.isprintable() and urlsplit(uri).scheme):
        return
    raise ConfigurationError(
        "invalid_redirect_uri",
        f"{name}: the redirect URI {_shown(uri)} is not absolute. Build it with the host: url_for(..., _external=True) "
        "in Flask, request.build_absolute_uri(...) in Django, request.url_for(...) in Starlette.",
        provider=name,
        step="authorize",
    )


def api_url(provider: Provider, url: str, *, allow_any_host: bool = False) -> str:
    """The absolute URL of an API call.

    Args:
        provider: whose API it is.
        url: a path relative to ``api_base_url``, or an absolute URL.
        allow_any_host: let an absolute URL name a host that the provider's file does not list.

    >>> api_url(Provider(name="x", api_base_url="https://api.example.com/1.1/"), "me.json")
    'https://api.example.com/1.1/me.json'

    Raises:
        MissingSettingError: the URL is relative, and there is no ``api_base_url``.
        ConfigurationError: the URL names a host that the provider's file does not list, or only a host.
    """
    absolute = _SCHEME.match(url)
    if not absolute and (url.startswith(("//", "\\", "/\\")) or url != url.strip() or _CONTROL.search(url)):
        raise ConfigurationError(
            "forbidden_url",
            f"{provider.name}: {_shown(url)} names a host without a scheme, or holds blanks at its ends or control "
            "characters. Pass a path, or an absolute https URL.",
            provider=provider.name,
            step="api",
        )
    if not absolute:
        if not provider.api_base_url:
            raise MissingSettingError(
                f"{provider.name}: no api_base_url to join {_shown(url)} to. Pass api_base_url= to register(), or an "
                "absolute URL.",
                provider=provider.name,
                setting="api_base_url",
            )
        url = urljoin(provider.api_base_url, url)
    if fault := endpoint_fault(url):
        raise ConfigurationError(
            "insecure_transport" if url.startswith("http://") else "forbidden_url",
            f"{provider.name}: {_shown(url)} {fault}",
            provider=provider.name,
            step="api",
        )
    parts = urlsplit(url)
    is_own = _origin(parts) in _origins(provider) or _is_of_the_family(provider, parts)
    if provider.from_catalog and not allow_any_host and not is_own:
        raise ConfigurationError(
            "forbidden_host",
            f"{provider.name}: {parts.scheme}://{parts.netloc.rpartition('@')[2]} is not a host of this provider, and "
            f"a call there would send it the user's token. If it is right, pass api_hosts=[{parts.netloc!r}] to "
            "register_from_catalog() or add it to api_hosts in the provider's file; for this call alone pass "
            "allow_any_host=True.",
            provider=provider.name,
            step="api",
        )
    return url


def _origins(provider: Provider) -> set[tuple[str, str, int]]:
    own = (provider.api_base_url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    userinfo = provider.userinfo.endpoint if provider.userinfo else ""
    more = (userinfo, *(f"https://{host}" for host in provider.api_hosts if not is_wildcard(host)))
    return {_origin(urlsplit(url)) for url in (*own, *more) if url and "://" in url}


def _is_of_the_family(provider: Provider, parts: SplitResult) -> bool:
    """Whether a wildcard of ``api_hosts`` stands for this host: by https, and for calls that show no secret."""
    if parts.scheme != "https" or parts.port not in {None, 443}:
        return False
    if provider.client_kwargs.get("signature_method") == "PLAINTEXT":
        return False
    return any(stands_for(host, parts.hostname or "") for host in provider.api_hosts if is_wildcard(host))


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _shown(url: str) -> str:
    return repr(url.partition("?")[0][:80])
