"""Which address an API call goes to: only ones that the provider's file lists, so that no token reaches a stranger."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, MissingSettingError

_DEFAULT_PORTS = {"https": 443, "http": 80}


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
    if url.startswith(("//", "\\", "/\\")):
        raise ConfigurationError(
            "forbidden_url",
            f"{provider.name}: {_shown(url)} names a host without a scheme. Pass a path, or an absolute https URL.",
            provider=provider.name,
            step="api",
        )
    if not urlsplit(url).scheme:
        if not provider.api_base_url:
            raise MissingSettingError(
                f"{provider.name}: no api_base_url to join {_shown(url)} to. Pass api_base_url= to register(), or an "
                "absolute URL.",
                provider=provider.name,
                setting="api_base_url",
            )
        url = urljoin(provider.api_base_url, url)
        if _origin(urlsplit(url)) == _origin(urlsplit(provider.api_base_url)):
            return url
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ConfigurationError(
            "forbidden_url",
            f"{provider.name}: {_shown(url)} is no http or https URL. Pass a path, or an absolute https URL.",
            provider=provider.name,
            step="api",
        )
    if provider.from_catalog and not allow_any_host and _origin(parts) not in _origins(provider):
        raise ConfigurationError(
            "forbidden_host",
            f"{provider.name}: {parts.scheme}://{parts.netloc.rpartition('@')[2]} is no host of this provider, and a "
            "call there would hand it the user's token. If it is right, pass allow_any_host=True, or add the host to "
            "api_hosts in the provider's file.",
            provider=provider.name,
            step="api",
        )
    return url


def _origins(provider: Provider) -> set[tuple[str, str, int]]:
    own = (provider.api_base_url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    userinfo = provider.userinfo.endpoint if provider.userinfo else ""
    more = (userinfo, *(f"https://{host}" for host in provider.api_hosts))
    return {_origin(urlsplit(url)) for url in (*own, *more) if url and "://" in url}


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _shown(url: str) -> str:
    return repr(url.partition("?")[0][:80])
