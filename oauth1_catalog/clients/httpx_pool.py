"""The connections of one registered client to its provider, kept: the asynchronous transport, on httpx2.

Rule 1: the clients of httpx2 belong to one event loop and are closed when it ends; a connection never crosses loops.
Rule 2: what was signed is what is sent. A signed URL that httpx2 would change on its way is refused.
Rule 3: anyio alone, so that it runs under asyncio and under trio.
Rule 4: a login does not queue behind API calls. Token requests have a client to themselves, whose few connections all
stay open: a burst of logins waits for these, and closes and opens none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

import anyio.to_thread
from anyio.lowlevel import RunVar, current_token

from oauth1_catalog.clients.auth import BaseOAuth1Auth
from oauth1_catalog.clients.failures import note_limits, unusable_url, without_secrets
from oauth1_catalog.clients.limits import Limits, reject_cookies
from oauth1_catalog.clients.transport import (
    Certificate,
    Verify,
    check_client_proxies,
    check_files,
    httpx_context,
    with_mounts,
)
from oauth1_catalog.errors import ConfigurationError, needs
from oauth1_catalog.redaction import MaskedMapping, masked, without_frames
from oauth1_catalog.rfc5849.messages import Request, Response

if TYPE_CHECKING:
    import httpx2


class HttpxPool:
    """Sends a client's requests over connections that are kept, from any event loop.

    Args:
        limits: timeouts, bounds and the number of connections.
        verify: the authorities that certificates are checked against: a path, an ``ssl.SSLContext``, ``True`` for
            SSL_CERT_FILE or the system's, ``False`` for none.
        cert: a client certificate: a PEM file, or (certificate, key).
        proxy: the URL of a proxy, or an ``httpx2.Proxy``.
        headers: sent with every request.
        trust_env: whether proxies and authorities come from the environment too.
        follow_redirects: whether API calls follow a redirect (within the same scheme, host and port, by GET or HEAD),
            unless the call overrides it.
        client_factory: makes the clients in place of ours, with the transport and the options that they have; called
            twice in each event loop, for API calls and for token requests. It may give the same one both times; then
            logins do queue behind API calls. Cookies, redirects and the bounds of token requests are as with ours.
            ``limits`` set the timeouts where a client has httpx2's own.
        is_plaintext: whether the requests are signed with PLAINTEXT: by http to this machine they take no proxy of the
            environment.
        **client_options: further keywords of ``httpx2.AsyncClient``: ``transport``, ``mounts``, ``cookies``, ... Its
            ``cookies`` go with every request; no cookie of an answer is kept.

    Raises:
        ConfigurationError: a file named by ``verify`` or ``cert`` is not there, or ``client_factory`` comes with an
            option that only the factory can give.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        verify: Verify | None = None,
        cert: Certificate | None = None,
        proxy: str | httpx2.URL | httpx2.Proxy | None = None,
        headers: Mapping[str, str] | None = None,
        trust_env: bool = True,
        follow_redirects: bool = False,
        client_factory: Callable[[], httpx2.AsyncClient] | None = None,
        is_plaintext: bool = False,
        **client_options: Any,
    ) -> None:
        proxy, headers, client_options = masked(proxy), masked(headers), MaskedMapping(client_options)
        check_files(verify, cert)
        check_client_proxies({"proxy": proxy, "trust_env": trust_env})
        if client_factory is not None:
            given = {"verify": verify, "cert": cert, "proxy": proxy, **client_options}
            _refuse_beside_factory(name for name, value in given.items() if value is not None and name != "cookies")
        self.limits: Limits = limits or Limits()
        self._cert = cert
        self._trust_env = trust_env
        self.follow_redirects = follow_redirects
        self._client_factory = client_factory
        options = {"proxy": proxy, "headers": headers, "trust_env": trust_env, **client_options}
        self._client_options = with_mounts(options) if is_plaintext else options
        self._verify: Verify = True if verify is None else verify
        self._is_prepared = False
        self._clients: dict[object, tuple[_Clients, AsyncGenerator[None]]] = {}  # by event loop

    async def open(self) -> None:
        """Get ready, so that the first call finds nothing left to import or to read. Every call does it by itself."""
        await self._open()

    async def send(self, request: Request) -> Response:
        """Send a signed request to a token endpoint and read its answer: bounded, within a deadline, no redirect.

        Raises:
            TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
            SigningError: httpx2 would write the URL in another way than it was signed.
        """
        client = (await self._open()).tokens
        from oauth1_catalog.clients.httpx_exchange import aconnected, aexchange

        return await aexchange(
            client,
            request,
            self.limits,
            lambda one, **how: aconnected(self.limits, one, lambda: client.send(one, **how)),
        )

    async def request(
        self, method: str, url: str, *, auth: httpx2.Auth | tuple[str, str] | None = None, **kwargs: Any
    ) -> httpx2.Response:
        """Make an API call; ``kwargs`` are those of ``httpx2.AsyncClient.request``, and so is the answer.

        ``params`` are added to the query of ``url``, and ``data`` may also be pairs, text or bytes. ``stream=True``
        leaves the answer's body unread; then ``await response.aclose()`` when you have done with it. With
        ``follow_redirects=True`` the redirect of a signed call is followed, by GET or HEAD and signed again, within the
        same scheme, host and port alone; any other is an error.

        Raises:
            httpx2.HTTPError: as httpx2 raises it; ``httpx2.PoolTimeout`` where all ``max_connections`` were in use.
            ProviderError: the answer to a signed call is a redirect that may not be followed.
            TransportError: the answer is longer than ``answer_bytes``, or took longer than ``answer_deadline``.
            SigningError: the request cannot be made or signed; nothing was sent.
        """
        kwargs = MaskedMapping(kwargs)
        client = (await self._open()).calls
        import httpx2

        from oauth1_catalog.clients.httpx_answers import aanswers_bounded
        from oauth1_catalog.clients.httpx_exchange import aconnected, asend, build_request

        follow = kwargs.pop("follow_redirects", self.follow_redirects or client.follow_redirects)
        stream = kwargs.pop("stream", False)
        try:
            built = build_request(client.build_request, method, url, own=client.params, **kwargs)
            with aanswers_bounded(client, url, self.limits, stream=stream):
                return await asend(
                    lambda one, **how: aconnected(self.limits, one, lambda: client.send(one, auth=auth, **how)),
                    built,
                    signed=isinstance(auth, BaseOAuth1Auth),
                    follow=follow,
                    stream=stream,
                    limit=self.limits.max_redirects,
                )
        except httpx2.InvalidURL as error:
            raise unusable_url(error) from None
        except httpx2.HTTPError as error:
            note_limits(url, error)
            raise without_secrets(error)  # noqa: B904 - it is the same error
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error

    async def aclose(self) -> None:
        """Close the connections of the running event loop. A later call opens new ones."""
        running = self._clients.pop(current_token(), None)
        if running is not None:
            await running[1].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _open(self) -> _Clients:
        loop = current_token()
        running = self._clients.get(loop)
        if running is None:
            if not self._is_prepared:
                await anyio.to_thread.run_sync(self._prepare, limiter=_opening_thread())
            running = self._clients.get(loop)  # another task may have been faster; from here on there is no await
        if running is None:
            _forget_closed_loops(self._clients)
            from oauth1_catalog.clients.httpx_exchange import client_limits, token_limits

            clients = _Clients(
                self._new_client(client_limits(self.limits)), self._new_client(token_limits(self.limits))
            )
            running = self._clients[loop] = (clients, _until_closed(clients, loop, ref(self)))
            await anext(running[1])
        return running[0]

    def _prepare(self) -> None:
        """What would hold up the event loop: import httpx2 and what it imports late, and read the authorities."""
        if self._is_prepared:
            return
        with needs("An async client", "starlette", "script"):
            import httpcore2  # noqa: F401 - httpx2 imports it on its first connection

            from oauth1_catalog.clients import httpx_client  # noqa: F401 - it signs the calls

        if isinstance(self._verify, bool | str) and self._client_factory is None:
            self._verify = httpx_context(self._verify, self._cert, trust_env=self._trust_env)
        self._is_prepared = True

    def _new_client(self, limits: dict[str, Any]) -> httpx2.AsyncClient:
        import httpx2

        from oauth1_catalog.clients.httpx_answers import Answers

        if self._client_factory is None:
            client = httpx2.AsyncClient(**{**limits, "verify": self._verify, **self._client_options})
        else:
            client = self._client_factory()
            client.headers.update(self._client_options["headers"])
            client.cookies.update(self._client_options.get("cookies"))
            if client.timeout == httpx2.Timeout(5.0):  # what a client of httpx2 has where nobody asked for another
                client.timeout = limits["timeout"]
        client.cookies.jar.set_policy(reject_cookies())
        Answers.watch(client)
        return client


@dataclass(frozen=True, slots=True)
class _Clients:
    """The clients of one event loop."""

    calls: httpx2.AsyncClient
    tokens: httpx2.AsyncClient


async def _until_closed(clients: _Clients, loop: object, pool: ref[HttpxPool]) -> AsyncGenerator[None]:
    """An event loop closes its asynchronous generators before it ends, and this one closes the loop's clients.

    It lets the pool forget them, too: they refer to the loop, which would never be freed. A pool that nobody holds any
    more takes its generators with it, which then close the clients; so nothing here holds the pool.
    """
    try:
        yield
    finally:
        if (holder := pool()) is not None:
            holder._clients.pop(loop, None)  # noqa: SLF001 - the pool's own
        await clients.calls.aclose()
        await clients.tokens.aclose()


def _forget_closed_loops(kept: MutableMapping[object, Any]) -> None:
    """Forget the clients of loops that were closed without an end to their asynchronous generators."""
    for loop in list(kept):
        native = getattr(loop, "native_token", loop)  # anyio before 4.11 gives the loop itself
        if isinstance(native, asyncio.AbstractEventLoop) and native.is_closed():
            kept.pop(loop, None)


_opening: RunVar[anyio.CapacityLimiter] = RunVar("oauth1_catalog_opening")


def _opening_thread() -> anyio.CapacityLimiter:
    """One thread for all pools of this event loop, beside the 40 that an application has by default.

    Endpoints that are not async hold those while they wait for a pool, which must not wait for one of them.
    """
    limiter = _opening.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(1)
        _opening.set(limiter)
    return limiter


def _refuse_beside_factory(options: Iterable[str]) -> None:
    names = sorted(options)
    if names:
        raise ConfigurationError(
            description=f"client_factory makes the client, so {', '.join(names)} would have no effect. Give that to "
            "the client that client_factory returns."
        )
