"""The base of each framework's ``OAuth``: it registers clients and builds them; ``checks.py`` checks them.

A client is built when it is registered, if the framework's configuration is available, so that a mistake is found
before a user logs in. Otherwise it is built when it is first used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from oauth1_catalog.clients.connected import DEFAULT, ConnectedPools
from oauth1_catalog.errors import ConfigurationError, ConfigurationNotice, OAuthError
from oauth1_catalog.redaction import MaskedMapping, without_frames
from oauth1_catalog.registry.checks import App, CheckMixin
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.encryption import listed_keys
from oauth1_catalog.registry.framework import Framework
from oauth1_catalog.registry.mapping_settings import MappingSettings
from oauth1_catalog.registry.register_arguments import check_name, reserved_name
from oauth1_catalog.registry.registration import (
    Registration,
    catalog_data,
    catalog_path,
    client_arguments,
    registration_notices,
    warn_about,
)
from oauth1_catalog.registry.settings import KeyIndex
from oauth1_catalog.registry.token import FetchToken
from oauth1_catalog.rfc5849.rsa import PrivateKeys
from oauth1_catalog.suggestions import which_are_registered

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.registry.token import TokenStore


class RegistryOptions(TypedDict, total=False):
    """The keyword arguments of every ``OAuth``; ``BaseOAuth`` documents them."""

    catalog: Catalog | None
    login_lifetime: int
    token_store: TokenStore | None
    forget_rejected_tokens: bool
    allow_local_hosts: bool | str | Iterable[str] | None
    insecure_transport: bool | None
    max_connected_clients: int
    secret_key: str | bytes | Sequence[str | bytes] | None


def refuse_unusable(cache: object, fetch_token: object) -> None:
    """Refuse what cannot be the cache or the function that an application passes.

    Otherwise each login would fail, as if the cache could not be reached.

    Raises:
        ConfigurationError: the cache lacks a method, or ``fetch_token`` cannot be called.
    """
    lacks = [name for name in ("get", "set", "delete") if not callable(getattr(cache, name, None))]
    if cache is not None and lacks:
        raise ConfigurationError(
            description=f"cache= is of type {type(cache).__name__}, which has no {' and no '.join(lacks)}.",
            advice="Pass an object with get(key), set(key, value, seconds) and delete(key), such as redis-py's Redis, "
            "or leave it out to use the session.",
        )
    if fetch_token is not None and not callable(fetch_token):
        raise ConfigurationError(
            description=f"fetch_token= is of type {type(fetch_token).__name__}, which cannot be called.",
            advice="Pass a function that returns the user's token.",
        )


class BaseOAuth(CheckMixin[App]):
    """A registry of OAuth 1.0 clients. The ``OAuth`` of each framework is a subclass.

    A subclass has ``oauth1_client_cls``, ``framework_cls`` and ``settings``. It can also override what ``check`` asks:
    ``session_problems``, ``sealing_keys`` and ``host_problem``.

    Args:
        cache: keeps the temporary credentials between redirect and callback: an object with ``get(key)``,
            ``set(key, value, seconds)`` and ``delete(key)``, such as a cache of cachelib, Django or redis. Without one
            they are kept, encrypted, in the session.
        fetch_token: returns the current user's token for a client's name.
        update_token: accepted for Authlib's users; OAuth 1.0 tokens are not refreshed.
        catalog: where ``register_from_catalog`` looks providers up. By default the built-in catalog, behind the
            directories of ``OAUTH1_CATALOG_PATH`` in the configuration or the environment, or the newer data of
            ``OAUTH1_CATALOG_DATA`` in its place.
        login_lifetime: how long a login may take between redirect and callback, in seconds.
        token_store: keeps the users' tokens: ``SQLAlchemyTokens``, ``DjangoTokens``, or your own, see
            ``docs/tokens.md``. A ``fetch_token`` goes before it.
        forget_rejected_tokens: remove a token from the store when the provider rejects it as revoked or expired.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which refuses this machine, too. See ``docs/self-hosted.md``.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        max_connected_clients: how many clients keep their connections open between calls, in each process or event
            loop; beyond it those of the client that was used longest ago are closed. See ``docs/many-tenants.md``.
        secret_key: seals the record of a login, instead of the framework's own key; a long random text, or a list of
            them, newest first.
    """

    connected_class: ClassVar[type[Any]] = ConnectedPools
    oauth1_client_cls: ClassVar[type[Any]] = OAuth1App
    """The framework's class of clients."""
    framework_cls: ClassVar[type[Any]]
    """The framework's class of ``Framework``."""

    def __init__(
        self,
        cache: object | None = None,
        fetch_token: FetchToken | None = None,
        update_token: Callable[..., object] | None = None,
        *,
        catalog: Catalog | None = None,
        login_lifetime: int = 600,
        token_store: TokenStore | None = None,
        forget_rejected_tokens: bool = False,
        allow_local_hosts: bool | str | Iterable[str] | None = None,
        insecure_transport: bool | None = None,
        max_connected_clients: int = DEFAULT,
        secret_key: str | bytes | Sequence[str | bytes] | None = None,
    ) -> None:
        if not isinstance(max_connected_clients, int) or max_connected_clients < 1:
            raise ConfigurationError(
                description=f"max_connected_clients is {max_connected_clients!r}.",
                advice="Pass a whole number of 1 or more.",
            )
        refuse_unusable(cache, fetch_token)
        self.cache: object | None = cache
        self.token_store: TokenStore | None = token_store
        self.forget_rejected_tokens = forget_rejected_tokens
        self.fetch_token: FetchToken | None = fetch_token
        self.update_token: Callable[..., object] | None = update_token
        self.catalog = catalog
        self.login_lifetime = login_lifetime
        self.allow_local_hosts = allow_local_hosts
        self.insecure_transport = insecure_transport
        self._secret_keys = listed_keys(secret_key)
        self._registry: dict[str, Registration] = {}
        self._catalogs: dict[tuple[tuple[str, ...], str | None], Catalog] = {}
        self._clients: MutableMapping[str, App] = {}
        self._private_keys = PrivateKeys()
        self._connected = self.connected_class(max_connected_clients)
        self._config_keys = KeyIndex()
        self._lock = threading.RLock()

    def register(self, name: str, overwrite: bool = False, **kwargs: object) -> App:
        """Register a client by hand.

        Args:
            name: the client's name: ``oauth.<name>``.
            overwrite: let the framework's configuration win over ``kwargs``.
            kwargs: ``client_id``, ``client_secret``, ``request_token_url``, ``request_token_params``,
                ``access_token_url``, ``access_token_params``, ``authorize_url``, ``authorize_params``,
                ``api_base_url``, ``client_kwargs``, ``fetch_token``, ``client_cls``, ``user_agent``, ``headers``,
                ``api_hosts``, ``request_token_method``, ``access_token_method``, ``rsa_key``,
                ``rsa_key_passphrase``, ``token``, ``token_secret``, ``oauth2_client_id``, ``oauth2_client_secret``,
                ``redirect_uri``, ``allow_session_fixation``, ``allow_local_hosts``, ``insecure_transport``. What is
                left out is looked up in the framework's configuration. ``allow_plaintext_over_http`` comes from here
                alone.

        Returns:
            The client.

        Raises:
            ConfigurationError: a name is misspelt, taken by the registry itself, or a value is not usable.
        """
        kwargs = MaskedMapping(kwargs)
        self._check_name(name)
        return self._add(Registration(name, None, kwargs, overwrite=overwrite))

    def register_from_catalog(
        self,
        provider: str,
        *,
        name: str | None = None,
        environment: str | None = None,
        overwrite: bool = False,
        allow_retired: bool = False,
        allow_local_hosts: bool | str | Iterable[str] | None = None,
        insecure_transport: bool | None = None,
        allow_plaintext_over_http: bool = False,
        redirect_uri: str | None = None,
        allow_session_fixation: bool | None = None,
        **values: object,
    ) -> App:
        """Register a client for a provider of the catalog; only the keys are the application's own.

        Args:
            provider: the provider's name or alias in the catalog.
            name: the client's name, if it is to have another one: ``oauth.<name>``.
            environment: one of the provider's environments, such as ``"sandbox"``.
            overwrite: let the framework's configuration win over ``values``.
            allow_retired: register a provider that has switched OAuth 1.0 off.
            allow_local_hosts: as for the registry, for this client.
            insecure_transport: as for the registry, for this client.
            allow_plaintext_over_http: sign with PLAINTEXT for ``http://`` as well, where others can read the secrets.
            redirect_uri: where users return to, unless ``authorize_redirect`` names an address: an absolute address,
                or a path behind the configured base. By default the configuration's, such as ``TWITTER_REDIRECT_URI``.
            allow_session_fixation: allow logins at a provider whose callback has no verifier (OAuth Core 1.0): an
                attacker can end such a login with the account of a victim. See ``docs/security.md``.
            values: the provider's variables and options, and any parameter of ``register``.

        Returns:
            The client.

        Raises:
            UnknownProviderError: the catalog has no such provider; the message lists the nearest names.
            MissingSettingError: a key or a variable is missing; the message names the configuration's key.
            RetiredProviderError: the provider has switched OAuth 1.0 off.
            ConfigurationError: a name is misspelt, a value is not usable, or logins can be fixated and this is not
                allowed.

        Warns:
            DeprecatedProviderWarning: the provider is going to switch OAuth 1.0 off.
            ConfigurationWarning: the provider asks for a User-Agent that names your application, and none is set; or
                logins can be fixated, and this is allowed.
        """
        values = MaskedMapping(values)
        registered = name or provider
        self._check_name(registered)
        switches = {
            "allow_local_hosts": allow_local_hosts,
            "insecure_transport": insecure_transport,
            "allow_plaintext_over_http": allow_plaintext_over_http or None,
            "redirect_uri": redirect_uri,
            "allow_session_fixation": allow_session_fixation,
        }
        arguments = MaskedMapping(values, **{key: value for key, value in switches.items() if value is not None})
        client = self._add(Registration(registered, provider, arguments, environment, overwrite, allow_retired))
        warn_about(self._registry[registered], self._notices(registered))
        return client

    def unregister(self, name: str) -> None:
        """Forget a client, and close its connections. An unknown name is ignored."""
        with self._lock:
            self._registry.pop(name, None)
            self._discard(name)

    def _discard(self, name: str) -> None:
        """Forget the client that is built, and close its connections when nobody uses them any more."""
        client = self._built().pop(name, None)
        if client is not None:
            client.discard()

    def create_client(self, name: str) -> App | None:
        """The client registered as ``name``, ``None`` if there is none."""
        clients = self._built()
        client = clients.get(name)
        if client is None and name in self._registry:
            with self._lock:
                client = clients.get(name)
                if client is None:
                    try:
                        client = clients[name] = self._build(self._registry[name])
                    except Exception as error:
                        raise without_frames(error)  # noqa: B904 - it is the same error
        return client

    def __getattr__(self, name: str) -> App:
        # "_registry" is not there yet while a copy or a pickle is being made.
        if not name.startswith("_") and "_registry" in self.__dict__:
            client = self.create_client(name)
            if client is not None:
                return client
            raise AttributeError(f"No such client: {name}{which_are_registered(name, tuple(self._registry))}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _notices(self, name: str) -> list[ConfigurationNotice]:
        """The warnings about a client. One that is not built yet has none."""
        client = self._built().get(name)
        if client is None:
            return []
        return registration_notices(
            self._registry[name],
            client.provider,
            self.settings(),
            self.catalog,
            allow_session_fixation=client.allow_session_fixation,
        )

    def mapping_settings(self, config: Mapping[str, object], place: str) -> MappingSettings:
        """The settings of a configuration with keys such as ``TWITTER_CLIENT_ID``, for ``settings``.

        Args:
            config: the configuration.
            place: what messages call it, such as ``app.config``.
        """
        return MappingSettings(config, place, self._registry.keys(), self._config_keys)

    def _framework(self, **options: Any) -> Framework[Any]:
        """What the clients get of the framework. ``options`` are arguments of its class, instead of the registry's."""
        given: dict[str, Any] = {
            "cache": self.cache,
            "settings": self.settings(),
            "lifetime": self.login_lifetime,
            "token_store": self.token_store,
            "forget_rejected_tokens": self.forget_rejected_tokens,
            "private_keys": self._private_keys,
            "catalog": self._catalog,
            "connected": self._connected,
            "secret_keys": self._secret_keys,
        }
        framework: Framework[Any] = self.framework_cls(**given | options)
        return framework

    def _built(self) -> MutableMapping[str, App]:
        """The clients that are built, for the application being served."""
        return self._clients

    def _catalog(self) -> Catalog:
        """The catalog that was given, or the built-in one behind the directories that the configuration names."""
        if self.catalog is not None:
            return self.catalog
        from oauth1_catalog.catalog import Catalog

        directories, data = catalog_path(self.settings()), catalog_data(self.settings())
        if (directories, data) not in self._catalogs:
            self._catalogs[directories, data] = Catalog(*reversed(directories), data=data)  # a path's first comes first
        return self._catalogs[directories, data]

    def _check_name(self, name: str) -> None:
        check_name(name)
        if hasattr(type(self), name) or name in self.__dict__:
            raise reserved_name(name)

    def _add(self, registration: Registration) -> App:
        name = registration.name
        with self._lock:
            before = self._registry.get(name)
            self._registry[name] = registration
            self._discard(name)
        try:
            return self._ready(registration)
        except OAuthError:
            self.unregister(name)
            if before is not None:
                self._registry[name] = before
            raise

    def _ready(self, registration: Registration) -> App:
        """The client, built; one of the catalog must have its keys, one by hand may get them later."""
        client = self.create_client(registration.name)
        assert client is not None  # noqa: S101 - it is registered
        if registration.provider is not None:
            client.require_keys()
        return client

    def _build(self, registration: Registration) -> App:
        framework, name = self._framework(), registration.name
        client_cls: Any = registration.arguments.get("client_cls") or self.oauth1_client_cls
        arguments = client_arguments(
            registration,
            framework.settings,
            defaults=getattr(client_cls, "OAUTH_APP_CONFIG", None) or {},
            switches={"allow_local_hosts": self.allow_local_hosts, "insecure_transport": self.insecure_transport},
            catalog=self._catalog,
            given_catalog=self.catalog,
        )
        fetch_token, shared = arguments.pop("fetch_token", None), self._common_fetch_token()
        if not fetch_token and shared is not None:
            fetch_token = partial(shared, name)
        client: App = client_cls(framework, name, fetch_token, **arguments)
        return client

    def _common_fetch_token(self) -> FetchToken | None:
        return self.fetch_token
