"""Move a provider's addresses to the emulator, so that an application changes nothing but its catalog.

``https://api.twitter.com/oauth/request_token`` becomes
``https://127.0.0.1:8443/twitter/request_token/api.twitter.com/oauth/request_token``: the part behind the role is the
address of the file, so that a log tells what a request would have been.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from urllib.parse import urljoin, urlsplit

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import Endpoint, Provider
from oauth1_catalog.hosts import LocalHosts

ROLES = ("request_token", "authorize", "access_token", "renew", "revoke", "api")
_PATH = re.compile(r"/([^/]+)/([a-z_]+)(?:/|$)")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where an emulator listens.

    ``secure`` is for everything that carries credentials; ``consent`` is plain http, so that a browser needs no
    certificate for the one page that a person sees.
    """

    secure: str
    consent: str


def relocate(provider: Provider, origins: Origins, *, key: str | None = None) -> Provider:
    """The same provider with every address under the emulator's origins.

    Args:
        provider: as its file says.
        origins: where the emulator listens.
        key: the first part of the new paths. Default: the provider's name.

    >>> here = Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080")
    >>> moved = relocate(Provider(name="x", authorize_url="https://api.x.com/oauth/authorize?force_login=true"), here)
    >>> moved.authorize_url
    'http://127.0.0.1:8080/x/authorize/api.x.com/oauth/authorize?force_login=true'
    """

    def move(url: str | None, role: str) -> str | None:
        if not url:
            return url
        parts = urlsplit(url)
        origin = origins.consent if role == "authorize" else origins.secure
        query = f"?{parts.query}" if parts.query else ""
        return f"{origin}/{key or provider.name}/{role}/{parts.netloc}{parts.path}{query}"

    def move_endpoint(endpoint: Endpoint | None, role: str) -> Endpoint | None:
        return endpoint and replace(endpoint, url=move(endpoint.url, role) or "")

    def move_resource(url: str) -> str:
        """A resource's address may be relative, or a path that leaves that of ``api_base_url``."""
        return move(urljoin(provider.api_base_url or "", url), "api") or url

    played = api_hosts(provider)
    userinfo = provider.userinfo
    if userinfo is not None and userinfo.endpoint != "token_response":
        followup = userinfo.followup and move_resource(userinfo.followup)
        userinfo = replace(userinfo, endpoint=move_resource(userinfo.endpoint), followup=followup)
    return replace(
        provider,
        request_token_url=move(provider.request_token_url, "request_token"),
        authorize_url=move(provider.authorize_url, "authorize"),
        access_token_url=move(provider.access_token_url, "access_token"),
        api_base_url=move(provider.api_base_url, "api"),
        api_hosts=(urlsplit(origins.secure).netloc, *played),
        emulated_at=f"{origins.secure}/{key or provider.name}/api/" if played else None,
        userinfo=userinfo,
        renew=move_endpoint(provider.renew, "renew"),
        revoke=move_endpoint(provider.revoke, "revoke"),
    )


def api_hosts(provider: Provider) -> tuple[str, ...]:
    """Every host that signed calls of the provider may go to, with its port where it has one.

    >>> api_hosts(Provider(name="x", api_base_url="https://api.x.com/2/", api_hosts=("upload.x.com",)))
    ('api.x.com', 'upload.x.com')
    """
    urls = (provider.api_base_url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    userinfo = provider.userinfo.endpoint if provider.userinfo else None
    named = (urlsplit(url).netloc for url in (*urls, userinfo) if url and "://" in url)
    return tuple(dict.fromkeys((*named, *provider.api_hosts)))


class EmulatedCatalog(Catalog):
    """A catalog whose providers live at an emulator.

    It needs no connection to the emulator: two processes that resolve the same provider get the same addresses. The
    emulator must have seen the provider too, which ``on_provider`` sees to where both are in one process.

    Args:
        catalog: where the providers come from.
        origins: where the emulator listens.
        on_provider: is told the key and the provider, as its file says, of each one that is given out.

    >>> emulated = EmulatedCatalog(Catalog(), Origins("https://127.0.0.1:8443", "http://127.0.0.1:8080"))
    >>> emulated.provider("twitter").access_token_url
    'https://127.0.0.1:8443/twitter/access_token/api.twitter.com/oauth/access_token'
    """

    def __init__(
        self,
        catalog: Catalog,
        origins: Origins,
        *,
        on_provider: Callable[[str, Provider], None] | None = None,
    ) -> None:
        super().__init__(
            *reversed(catalog.directories),
            builtin=False,
            allow_local_hosts=catalog.allow_local_hosts,
            insecure_transport=catalog.insecure_transport,
        )
        self._source = catalog
        self._origins = origins
        self._on_provider = on_provider

    def provider(
        self,
        name: str,
        *,
        environment: str | None = None,
        values: Mapping[str, object] | None = None,
        allow_local_hosts: bool | str | Iterable[str] | LocalHosts | None = None,
        insecure_transport: bool | None = None,
    ) -> Provider:
        """As ``Catalog.provider``, moved to the emulator.

        Raises:
            OAuthError: whatever the catalog itself raises.
            ConfigurationError: oauthlib cannot judge this provider's signatures.
        """
        provider = self._source.provider(
            name,
            environment=environment,
            values=values,
            allow_local_hosts=allow_local_hosts,
            insecure_transport=insecure_transport,
        )
        key = provider.name if environment is None and not values else variant_key(provider)
        if self._on_provider is not None:
            self._on_provider(key, provider)
        return relocate(provider, self._origins, key=key)


def variant_key(provider: Provider) -> str:
    """A key for one of several providers of the same name: another tenant, environment or option.

    >>> variant_key(Provider(name="jira")) == variant_key(Provider(name="jira", request_token_url="https://a.example"))
    False
    """
    return f"{provider.name}-{hashlib.sha256(_told(provider).encode()).hexdigest()[:6]}"


def _told(value: object) -> str:
    """A value with all that is in it; a ``repr`` leaves out what could be a secret."""
    if is_dataclass(value):
        return f"({','.join(f'{f.name}={_told(getattr(value, f.name))}' for f in fields(value))})"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{_told(inner)}' for name, inner in sorted(value.items()))}}}"
    return repr(value)


def place_of(url: str) -> tuple[str, str]:
    """The provider's key and the role that an address of the emulator names; empty where it names none.

    >>> place_of("https://127.0.0.1:8443/twitter/request_token/api.twitter.com/oauth/request_token")
    ('twitter', 'request_token')
    """
    found = _PATH.match(urlsplit(url).path)
    return (found[1], found[2]) if found and found[2] in ROLES else ("", "")


def real_url(url: str) -> str:
    """The provider's own address that an address of the emulator stands for, without its query; empty for others.

    >>> real_url("https://127.0.0.1:8443/twitter/api/api.twitter.com/1.1/me.json?a=1")
    'https://api.twitter.com/1.1/me.json'
    """
    parts = urlsplit(url).path.split("/", 3)
    return f"https://{parts[3]}" if place_of(url)[1] and len(parts) == 4 else ""
