"""The connections of one registered client to its provider, kept: the asynchronous transport, on httpx2.

Rule 1: one ``httpx2.AsyncClient`` for each event loop, closed when the loop ends; a connection never crosses loops.
Rule 2: what was signed is what is sent. A signed URL that httpx2 would change on its way is refused.
Rule 3: anyio alone, so that it runs under asyncio and under trio.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from http.cookiejar import CookieJar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from oauth1_catalog.clients.failures import failure, transport_error, without_queries
from oauth1_catalog.clients.limits import Limits, no_cookies
from oauth1_catalog.clients.tls import Certificate, Verify, check_files, httpx_context
from oauth1_catalog.errors import SigningError
from oauth1_catalog.flow.drive import arun
from oauth1_catalog.rfc5849.messages import Request, Response

if TYPE_CHECKING:
    import httpx2
    from anyio.lowlevel import RunVar

    _Running = tuple[httpx2.AsyncClient, AsyncGenerator[httpx2.AsyncClient]]


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
            unless the call says otherwise.
        client_factory: makes the client in place of ours; called once in each event loop.
        **client_options: further keywords of ``httpx2.AsyncClient``: ``transport``, ``mounts``, ``event_hooks``, ...

    Raises:
        ConfigurationError: a file named by ``verify`` or ``cert`` is not there.
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
        **client_options: Any,
    ) -> None:
        from anyio.lowlevel import RunVar

        check_files(verify, cert)
        self.limits = limits or Limits()
        self._verify = verify
        self._cert = cert
        self._trust_env = trust_env
        self._follow_redirects = follow_redirects
        self._client_factory = client_factory
        self._client_options = {"proxy": proxy, "headers": headers, "trust_env": trust_env, **client_options}
        self._running: RunVar[_Running | None] = RunVar("oauth1_catalog_client", None)

    async def send(self, request: Request) -> Response:
        """Send a signed request to a token endpoint and read its answer: bounded, within a deadline, no redirect.

        Raises:
            TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
            SigningError: httpx2 would write the URL in another way than it was signed.
        """
        import anyio
        import httpx2

        try:
            with anyio.fail_after(self.limits.token_deadline):
                return await self._exchange(request)
        except TimeoutError as error:
            problem = failure(request.url, f"the answer took longer than {self.limits.token_deadline} seconds.")
            cause: Exception = error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            without_queries(error)
            problem, cause = transport_error(request.url, error), error
        raise problem from cause

    async def request(
        self, method: str, url: str, *, auth: httpx2.Auth | tuple[str, str] | None = None, **kwargs: Any
    ) -> httpx2.Response:
        """Make an API call; ``kwargs`` are those of ``httpx2.AsyncClient.request``, and so is the answer.

        ``stream=True`` leaves the answer's body unread; then ``await response.aclose()`` when you have done with it.
        With ``follow_redirects=True`` a redirect is followed, by GET or HEAD and signed anew, within the same scheme,
        host and port alone; any other is an error.

        Raises:
            httpx2.HTTPError: as httpx2 raises it.
            ProviderError: the answer is a redirect that may not be followed.
        """
        import httpx2

        from oauth1_catalog.clients.httpx_redirects import following_redirects

        stream = kwargs.pop("stream", False)
        follow = kwargs.pop("follow_redirects", self._follow_redirects)
        client = await self._client()

        async def perform(request: httpx2.Request) -> httpx2.Response:
            response = await self._connected(
                lambda: client.send(request, auth=auth, stream=stream, follow_redirects=False)
            )
            if stream and follow and response.has_redirect_location:
                await response.aclose()
            return response

        try:
            built = client.build_request(method, url, **kwargs)
            limit = self.limits.max_redirects if follow else 0
            return await arun(following_redirects(built, limit=limit), perform)
        except httpx2.HTTPError as error:
            without_queries(error)
            raise

    async def aclose(self) -> None:
        """Close the connections of the running event loop. A later call opens new ones."""
        running = self._running.get()
        if running is not None:
            self._running.set(None)
            await running[1].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _client(self) -> httpx2.AsyncClient:
        running = self._running.get()
        if running is None:
            client = self._client_factory() if self._client_factory else await self._new_client()
            running = self._running.get()  # another task may have been faster
            if running is None:
                # An event loop closes its asynchronous generators before it ends, and this one closes the client.
                keeper = _until_closed(client)
                running = (await anext(keeper), keeper)
                self._running.set(running)
        return running[0]

    async def _new_client(self) -> httpx2.AsyncClient:
        import anyio.to_thread
        import httpx2

        verify = True if self._verify is None else self._verify
        if isinstance(verify, bool | str):
            # In a thread: it reads a hundred certificates.
            verify = await anyio.to_thread.run_sync(
                lambda: httpx_context(verify, self._cert, trust_env=self._trust_env)
            )
        limits = self.limits
        return httpx2.AsyncClient(
            **{
                "verify": verify,
                "timeout": httpx2.Timeout(limits.read, connect=limits.connect),
                "limits": httpx2.Limits(
                    max_connections=limits.max_connections,
                    max_keepalive_connections=limits.max_connections,
                    keepalive_expiry=limits.keepalive,
                ),
                "cookies": CookieJar(no_cookies()),
                **self._client_options,
            }
        )

    async def _exchange(self, request: Request) -> Response:
        client = await self._client()
        built = _built(request, client)
        response = await self._connected(lambda: client.send(built, auth=None, stream=True, follow_redirects=False))
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self.limits.token_bytes:
                    raise failure(
                        request.url, f"the answer is longer than {self.limits.token_bytes} bytes; not read on."
                    )
        finally:
            await response.aclose()
        return Response(response.status_code, dict(response.headers), bytes(body))

    async def _connected(self, send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Send, and again where no connection could be made: then nothing was sent."""
        import httpx2

        for _ in range(self.limits.connect_retries):
            try:
                return await send()
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await send()


async def _until_closed(client: httpx2.AsyncClient) -> AsyncGenerator[httpx2.AsyncClient]:
    try:
        yield client
    finally:
        await client.aclose()


def _built(request: Request, client: httpx2.AsyncClient) -> httpx2.Request:
    """``request`` as httpx2 sends it, with nothing written anew."""
    import httpx2

    headers = httpx2.Headers(client.headers)
    headers.update({"Accept-Encoding": "identity", **request.headers})
    built = httpx2.Request(
        request.method,
        request.url,
        headers=headers,
        content=request.body,
        extensions={"timeout": client.timeout.as_dict()},
    )
    path, sent = urlsplit(request.url).path or "/", built.url.raw_path.decode().partition("?")[0]
    if path != sent:
        raise SigningError(
            description=f"The path {path!r} would be sent as {sent!r}, for which the signature is not valid. Write the "
            "endpoint's URL in the second way."
        )
    return built
