"""What a client needs of its web framework. Each integration implements it; ``docs/custom-framework.md`` shows how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from oauth1_catalog.clients.connected import AsyncConnectedPools, ConnectedPools
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.registry.current_token import CurrentToken
from oauth1_catalog.registry.effects import CacheCall, StoreCall
from oauth1_catalog.registry.settings import NoSettings, Settings
from oauth1_catalog.registry.token import TokenStore
from oauth1_catalog.rfc5849.rsa import PrivateKeys

KEYS_ALONE = "; for a call that is signed with the client's keys alone pass withhold_token=True."
"""The end of the advice to a call that has no token."""

FrameworkRequest = TypeVar("FrameworkRequest")
"""The request class of a web framework."""

Session: TypeAlias = MutableMapping[str, Any]  # what an application keeps in its session is its own

REDIRECT_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""The headers of the redirect to a provider, whose URL contains the request token."""

LIFETIME = 600
"""How long a login may take by default, in seconds."""


class Framework(ABC, Generic[FrameworkRequest]):
    """What a web framework gives to its clients: the session, the query and the keys of a request, and a redirect.

    An integration has a subclass with ``request_class``, ``current_token``, ``context`` and ``redirect_response``. The
    registry creates it, with the arguments. ``AsyncFramework`` is the same for a framework whose views are awaited.

    Args:
        cache: keeps the temporary credentials between redirect and callback, if the session is not to: an object with
            ``get(key)``, ``set(key, value, seconds)`` and ``delete(key)``.
        settings: the part of the configuration that is about clients.
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
        self.connected: Any = self.connected_class() if connected is None else connected  # as the parameter
        self.private_keys: PrivateKeys = PrivateKeys() if private_keys is None else private_keys

    connected_class: ClassVar[type[Any]] = ConnectedPools
    request_class: ClassVar[type[Any]] = object
    """The class of the framework's requests; a login with an object of another class is refused."""

    @property
    @abstractmethod
    def current_token(self) -> CurrentToken[FrameworkRequest]:
        """Where the token of a login is kept while the request is served in which the login ended.

        A class attribute is enough: ``current_token = CurrentToken(lambda request: request.scope)``.
        """

    @abstractmethod
    def context(self, request: FrameworkRequest) -> RequestContext:
        """The session, the secret keys, the query and the path of a request.

        Raises:
            ConfigurationError: the application has no session, or its key is missing.
        """

    @abstractmethod
    def redirect_response(self, url: str, headers: Mapping[str, str]) -> Any:  # the framework's own class
        """The framework's redirect to ``url``, with the status 302 and these headers."""

    def served_request(self) -> FrameworkRequest | None:
        """The request being served, if the framework knows it, as Flask does; ``None`` outside of one."""
        return None

    def serves(self, request: object) -> bool:
        """Whether ``request`` is a request of this framework."""
        return isinstance(request, self.request_class)

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:  # values of any type
        """Names and values of a mapping, all of them where it is the framework's own kind, which can repeat a name.

        Forms and JSON come here, which an application passes on as ``authorize_access_token(callback=...)``.
        """
        return parameters.items()

    def advise_other_process(self, client: str) -> str:
        """How to get a client where it cannot be passed to, for a message."""
        return f"Keep its name, and take the client from the registry: oauth.create_client({client!r})."

    def advise_token(self, client: str) -> str:  # noqa: ARG002 - other frameworks name the client's variables
        """How to give a call its token, for a message."""
        return f"Pass token=, or give OAuth() a token_store= or fetch_token= and pass request={KEYS_ALONE}"

    def advise_token_store(self) -> str:
        """How to give a client a token store, for a message."""
        return "Pass one as OAuth(token_store=...)."

    def call(self, call: CacheCall | StoreCall) -> object:
        """Do what a client's steps want of the cache or the token store; the result of an async one is awaited."""
        if isinstance(call, StoreCall):
            assert self.token_store is not None  # noqa: S101 - without one the steps ask nothing of it
            return call.on(self.token_store)
        cache: Any = self.cache
        if call.operation == "set":
            return cache.set(call.key, call.value, call.seconds)
        return getattr(cache, call.operation)(call.key)


class AsyncFramework(Framework[FrameworkRequest]):
    """As ``Framework``, for a framework whose views are awaited."""

    connected_class = AsyncConnectedPools


def not_a_request(given: object, *, client: str) -> ConfigurationError:
    """The error for a login that was given something else where its request belongs.

    >>> print(not_a_request("https://example.com/authorize", client="twitter").description)
    twitter: a str was passed as the request. The first argument is the request: authorize_redirect(request,...
    """
    return ConfigurationError(
        description=f"{client}: a {type(given).__name__} was passed as the request. The first argument is the request: "
        "authorize_redirect(request, redirect_uri), authorize_access_token(request).",
        provider=client,
    )


@dataclass(frozen=True, slots=True, eq=False)
class RequestContext:
    """What a login must know of the request that it serves.

    Args:
        session: the browser's session.
        keys: the application's secret keys, newest first.
        in_cookie: whether the session lives in a cookie.
        query: names and values of the request's query, decoded, in their order.
        path: the whole path of the request, decoded, to compare with the redirect URI's.
        compressed: whether the framework compresses that cookie, where it gets shorter by it.
    """

    session: Session = field(repr=False)
    keys: Sequence[str | bytes] = field(repr=False)
    in_cookie: bool
    query: Sequence[tuple[str, str]] = field(default=(), repr=False)
    path: str = ""
    compressed: bool = False
