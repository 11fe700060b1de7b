"""The emulated providers: their addresses in the emulator, and the catalog that hands them out.

``https://api.twitter.com/oauth/request_token`` becomes
``https://127.0.0.1:8443/twitter/request_token/api.twitter.com/oauth/request_token``. The part after the role is the
address in the provider's file, so that a log shows what was meant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from urllib.parse import parse_qsl, urljoin, urlsplit

from oauth1_catalog.access import LocalHosts
from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.patterns import matches_host
from oauth1_catalog.catalog.provider import Endpoint, Provider
from oauth1_catalog.emulator.store import Store
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.rfc5849.messages import Request

ROLES = ("request_token", "authorize", "access_token", "renew", "revoke", "session_token", "exchange", "api")
_PATH = re.compile(r"/([^/]+)/([a-z_]+)(?:/|$)")
SIGNATURE_METHODS = frozenset(
    {"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}
)
"""The signature methods that oauthlib can verify."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of an emulator.

    ``secure`` is for everything that carries credentials. ``consent`` is plain http, so that a browser needs no
    certificate for the only page that a person sees.
    """

    secure: str
    consent: str


class EmulatedCatalog(Catalog):
    """A catalog whose providers have their addresses at an emulator.

    It does not connect to the emulator: two processes that resolve the same provider get the same addresses. The
    emulator must know the provider too. If both are in one process, ``on_provider`` makes sure of it.

    Args:
        catalog: the catalog of the providers.
        origins: the origins of the emulator.
        on_provider: is called with the key and the original of each provider that is returned.

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
            builtin=False,
            allow_local_hosts=catalog.allow_local_hosts,
            insecure_transport=catalog.insecure_transport,
        )
        self._search_like(catalog)
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
        """Like ``Catalog.provider``, with the addresses at the emulator.

        Raises:
            OAuthError: the catalog itself raises it.
            ConfigurationError: oauthlib cannot verify this provider's signatures.
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
    return f"{provider.name}-{hashlib.sha256(_full_text(provider).encode()).hexdigest()[:6]}"


def _full_text(value: object) -> str:
    """A value with everything in it. A ``repr`` omits what could be a secret."""
    if is_dataclass(value):
        return f"({','.join(f'{f.name}={_full_text(getattr(value, f.name))}' for f in fields(value))})"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{_full_text(inner)}' for name, inner in sorted(value.items()))}}}"
    return repr(value)


def relocate(provider: Provider, origins: Origins, *, key: str | None = None) -> Provider:
    """The same provider with every address under the emulator's origins.

    Args:
        provider: the provider with its own addresses.
        origins: the origins of the emulator.
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
        """The address of a resource can be relative to ``api_base_url``, or an absolute path."""
        return move(urljoin(provider.api_base_url or "", url), "api") or url

    session, successor = provider.session_token, provider.successor
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
        api_hosts=(authority_of(origins.secure), *played),
        emulated_at=f"{origins.secure}/{key or provider.name}/api/" if played else None,
        userinfo=userinfo,
        renew=move_endpoint(provider.renew, "renew"),
        revoke=move_endpoint(provider.revoke, "revoke"),
        session_token=session and replace(session, url=move(session.url, "session_token") or ""),
        successor=successor and replace(successor, url=move(successor.url, "exchange") or ""),
    )


def api_hosts(provider: Provider) -> tuple[str, ...]:
    """Every host to which signed calls of the provider may be sent, with its port if it has one.

    >>> api_hosts(Provider(name="x", api_base_url="https://api.x.com/2/", api_hosts=("upload.x.com",)))
    ('api.x.com', 'upload.x.com')
    """
    urls = (provider.api_base_url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    userinfo = provider.userinfo.endpoint if provider.userinfo else None
    named = (authority_of(url) for url in (*urls, userinfo) if url and "://" in url)
    return tuple(dict.fromkeys((*named, *provider.api_hosts)))


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider in the emulator. ``key`` is the first part of its paths there.

    ``explain_pairs`` is whether a refusal names two mistakes that were made together.

    Raises:
        ConfigurationError: oauthlib cannot verify this provider's signatures.
    """

    key: str
    original: Provider
    origins: Origins
    store: Store = field(default_factory=Store, repr=False)
    explain_pairs: bool = False
    provider: Provider = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name = self.original.name
        if (profile := self.setting("profile", "rfc5849")) != "rfc5849":
            raise ConfigurationError(
                description=f"{name}: the emulator cannot emulate this provider. Its signatures follow the profile "
                f"{profile!r}, but oauthlib, which verifies them here, supports only RFC 5849.",
                provider=name,
            )
        if unknown := [method for method in self.signature_methods if method not in SIGNATURE_METHODS]:
            raise ConfigurationError(
                description=f"{name}: the emulator cannot verify {unknown[0]}. It supports "
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
        """The signature method with which an application signs."""
        return self.setting("signature_method", "HMAC-SHA1")

    @property
    def signature_methods(self) -> tuple[str, ...]:
        """The signature methods that the provider accepts: those of its file, of any version of its server."""
        listed = tuple(method.method for method in self.original.signature_methods)
        return listed or (self.signature_method,)

    def accepted_methods(self, role: str) -> tuple[str, ...]:
        """The signature methods that the provider accepts at an endpoint: those of API calls can differ."""
        session = self.original.session_token
        return (session.signature_method,) if session is not None and role == "api" else self.signature_methods

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
            "session_token": provider.session_token.url if provider.session_token else None,
            "exchange": provider.successor.url if provider.successor else None,
        }
        return urls[role]

    def method(self, role: str) -> str:
        """The HTTP method of a token endpoint."""
        original = self.original
        if role == "renew" and original.renew:
            return original.renew.method
        if role == "revoke" and original.revoke:
            return original.revoke.method
        if role == "session_token" and original.session_token:
            return original.session_token.method
        if role == "exchange" and original.successor:
            return original.successor.method
        return original.request_token_method if role == "request_token" else original.access_token_method

    def role_of(self, request: Request) -> str:
        """The role of a request below ``/KEY/api/``, by the provider's own address behind it.

        It lets a program reach the token endpoints that puts ``https://127.0.0.1:8443/KEY/api/`` in place of ``https://``.
        """
        asked = urlsplit(request.url)
        behind = urlsplit(f"{real_url(request.url)}?{asked.query}")
        own = self.original
        urls = {
            "request_token": own.request_token_url,
            "authorize": own.authorize_url,
            "access_token": own.access_token_url,
            "renew": own.renew and own.renew.url,
            "revoke": own.revoke and own.revoke.url,
            "session_token": own.session_token and own.session_token.url,
            "exchange": own.successor and own.successor.url,
        }
        found = [
            role
            for role, url in urls.items()
            if url and urlsplit(url).netloc == behind.netloc and leads_to(url, behind.geturl())
        ]
        if len(found) > 1:  # what is sent tells them apart
            sent = f"{request.header('Authorization')}&{asked.query}&{(request.body or b'').decode('latin-1')}"
            is_renewal = "renew" in found and "oauth_session_handle=" in sent
            step = "renew" if is_renewal else "access_token" if "oauth_token=" in sent else "request_token"
            return step if step in found else found[0]
        return found[0] if found else "api"

    def serves(self, role: str, url: str) -> bool:
        """Whether ``url``, as it was on the wire for ``role``, belongs to this provider."""
        if role == "api":
            asked = "".join(urlsplit(url).path.split("/")[3:4])
            return any(asked == host or matches_host(host, asked) for host in api_hosts(self.original))
        endpoint = self.endpoint(role)
        return endpoint is not None and leads_to(endpoint, url)


def leads_to(endpoint: str, url: str) -> bool:
    """Whether a URL is that of an endpoint, in which a placeholder stands for one segment of the path.

    The URL can have further parameters in its query.

    >>> leads_to("https://x/users/{user_id}.json?a=1", "https://x/users/17.json?b=2&a=1")
    True
    >>> leads_to("https://x/users/{user_id}", "https://x/users/17/friends"), leads_to("https://x/me?a=1", "https://x/me")
    (False, False)
    """
    wanted, asked = urlsplit(endpoint), urlsplit(url)
    path = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(wanted.path))
    parameters = (set(parse_qsl(parts.query, keep_blank_values=True)) for parts in (wanted, asked))
    return re.fullmatch(path, asked.path) is not None and set.issubset(*parameters)


def place_of(url: str) -> tuple[str, str]:
    """The provider's key and the role in an address of the emulator; both empty for any other address.

    >>> place_of("https://127.0.0.1:8443/twitter/request_token/api.twitter.com/oauth/request_token")
    ('twitter', 'request_token')
    """
    found = _PATH.match(urlsplit(url).path)
    return (found[1], found[2]) if found and found[2] in ROLES else ("", "")


def real_url(url: str) -> str:
    """The provider's own address behind an address of the emulator, without its query; empty for any other address.

    >>> real_url("https://127.0.0.1:8443/twitter/api/api.twitter.com/1.1/me.json?a=1")
    'https://api.twitter.com/1.1/me.json'
    """
    parts = urlsplit(url).path.split("/", 3)
    return f"https://{parts[3]}" if place_of(url)[1] and len(parts) == 4 else ""
