"""What a client must know of the web framework that it lives in; each integration says it once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from oauth1_catalog.clients.connected import ConnectedPools
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.browser import Browser
from oauth1_catalog.registry.configuration import NoSettings, Settings
from oauth1_catalog.registry.current_token import CurrentToken
from oauth1_catalog.registry.temporary import LIFETIME, CacheCall
from oauth1_catalog.registry.token_store import StoreCall, TokenStore
from oauth1_catalog.rfc5849.rsa import PrivateKeys

FrameworkRequest = TypeVar("FrameworkRequest")


class Framework(ABC, Generic[FrameworkRequest]):
    """The session, the configuration and the cache of an application.

    Args:
        cache: keeps the temporary credentials between redirect and callback, if the session is not to: an object with
            ``get(key)``, ``set(key, value, seconds)`` and ``delete(key)``.
        settings: the part of the configuration that speaks of clients.
        lifetime: how long a login may take, in seconds.
        token_store: keeps the users' tokens, if the application is not to do it itself.
        forget_rejected_tokens: remove from it what the provider rejects as revoked or expired.
        private_keys: the RSA keys that the clients of one registry share.
        catalog: gives the catalog that the registry looks providers up in.
        connected: the open connections of the clients of one registry: ``ConnectedPools``, or the async one.
        secret_keys: the keys that the application gave to the registry, newest first; they go before those of the
            framework.
    """

    def __init__(
        self,
        cache: object | None = None,
        *,
        settings: Settings | None = None,
        lifetime: int = LIFETIME,
        token_store: TokenStore | None = None,
        forget_rejected_tokens: bool = False,
        private_keys: PrivateKeys | None = None,
        catalog: Callable[[], Container[str]] = tuple,
        connected: Any = None,  # of a sync or an async registry; the client knows which
        secret_keys: Sequence[str | bytes] = (),
    ) -> None:
        self.cache = cache
        self.token_store = token_store
        self.forget_rejected_tokens = forget_rejected_tokens
        self.settings: Settings = settings or NoSettings()
        self.lifetime = lifetime
        self.secret_keys = secret_keys
        self.catalog = catalog
        self.connected = self.connected_class() if connected is None else connected
        self.private_keys = PrivateKeys() if private_keys is None else private_keys

    connected_class: ClassVar[type[Any]] = ConnectedPools

    @property
    @abstractmethod
    def current_token(self) -> CurrentToken[FrameworkRequest]:
        """The token of the login that ends in the request being served."""

    @abstractmethod
    def browser(self, request: FrameworkRequest, fallback_key: str | None) -> Browser:
        """The session, the keys and the query of a request.

        ``fallback_key`` seals records where no secret key of the application can be found. It is ``None`` for a client
        that has no secret to derive one from.
        """

    def keys(self, found: Iterable[str | bytes], fallback_key: str | None) -> list[str | bytes]:
        """The keys that seal and open a login's record, the one that seals first.

        Raises:
            ConfigurationError: there is none: a record would be sealed with what everybody knows.
        """
        keys = [*self.secret_keys, *found, *([fallback_key] if fallback_key else [])]
        if not keys:
            raise ConfigurationError(
                "missing_secret_key",
                "A login's record is sealed with a secret key. No key of the application can be found, and this client "
                "has no secret to derive one from. Pass OAuth(secret_key=...), a long random text that all processes "
                "of the application share.",
            )
        return list(dict.fromkeys(keys))

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, all of them where it is the framework's own kind, which can repeat a name."""
        return parameters.items()

    def call(self, call: CacheCall | StoreCall) -> object:
        """Do what a client's steps want of the cache or the token store; the result of an async one is awaited."""
        if isinstance(call, StoreCall):
            assert self.token_store is not None  # noqa: S101 - without one the steps ask nothing of it
            return call.on(self.token_store)
        cache: Any = self.cache
        if call.operation == "set":
            return cache.set(call.key, call.value, call.seconds)
        return getattr(cache, call.operation)(call.key)


def not_a_request(given: object) -> ConfigurationError:
    """The error for a login that was given something else where its request belongs.

    >>> print(not_a_request("https://example.com/authorize").description)
    a str was passed as the request. The first argument is the request: authorize_redirect(request, redirect_uri)...
    """
    return ConfigurationError(
        description=f"a {type(given).__name__} was passed as the request. The first argument is the request: "
        "authorize_redirect(request, redirect_uri), authorize_access_token(request)."
    )
