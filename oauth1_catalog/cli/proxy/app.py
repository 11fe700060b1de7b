"""The proxy as an ASGI application: it serves a request, lets the client sign and send the call, and streams both ways.

``checks.py`` comes before anything is read, and ``bodies.py`` before anything is sent. Nothing of an answer is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, MutableMapping, Sequence
from typing import Any

import httpx2

from oauth1_catalog.cli.proxy.allowance import Rule
from oauth1_catalog.cli.proxy.api import Api
from oauth1_catalog.cli.proxy.bodies import Bodies
from oauth1_catalog.cli.proxy.checks import Call, Checks, RefusedError, shown_method
from oauth1_catalog.cli.proxy.headers import ERROR_HEADER, returned_headers
from oauth1_catalog.cli.proxy.log import CLIENT_WENT_AWAY, Entry, RequestLog
from oauth1_catalog.clients.failures import transport_error
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError, ResourceError, TransportError
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.async_script import AsyncCatalogClient

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LARGEST_STATUS = 599
"""Of HTTP (RFC 9110, section 15). Some providers answer with 999, which the server cannot pass on."""
_WITHOUT_TOKEN = frozenset({"host", "origin", "token"})


class GoneError(Exception):
    """The program has closed the connection."""


class ProxyApp:
    """Signs the requests of a program, and sends them to the provider.

    Args:
        client: signs and sends.
        token: what a request must have, in its path or in the header ``OAuth1-Proxy-Token``.
        authorities: the values of the Host header that are accepted.
        rules: what is allowed.
        max_form: the longest body that is read to be signed, in bytes.
        log: gets a line for each request.
    """

    def __init__(
        self,
        client: AsyncCatalogClient,
        *,
        token: str,
        authorities: Collection[str],
        rules: Sequence[Rule],
        max_form: int,
        log: RequestLog,
    ) -> None:
        self._client = client
        self._pool = client.pool  # its options are checked before the proxy listens
        self._log = log
        self._checks = Checks(Api.of(client.provider), token=token, authorities=authorities, rules=rules)
        self._bodies = Bodies(client, self._checks, max_form=max_form)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        entry = Entry(shown_method(scope["method"]))
        answer = _Answer(send, entry)
        task = asyncio.current_task()
        program = _Program(receive, entry, task)
        try:
            await self._serve(scope, program, answer)
        except RefusedError as refusal:
            entry.note = refusal.description
            program.stop_watching()
            await answer.refuse(refusal)
        except GoneError:
            entry.note = "the program closed the connection"
        except Exception as error:
            entry.note = f"an error in the proxy ({type(error).__name__})"
            program.stop_watching()
            if entry.status:
                return  # the answer has no end
            await answer.refuse(RefusedError(500, "internal_error", "The proxy failed. Report it, with its log."))
        except asyncio.CancelledError:
            if not program.is_gone or task is None:
                entry.note = "the proxy was stopped"
                raise
            task.uncancel()
            entry.note = "the program closed the connection"
        finally:
            program.stop_watching()
            entry.status = entry.status or CLIENT_WENT_AWAY
            self._log.add(entry)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Import and read what the first call would wait for, and close the connections at the end."""
        await receive()
        await self._pool.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Message, program: _Program, answer: _Answer) -> None:
        target = self._checks.target(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])
        answer.entry.host, answer.entry.path, answer.entry.names = target.host, target.path, target.names
        call = self._checks.call(target)
        if call.has_body:
            arguments = await self._bodies.arguments(call, program.body())
        else:
            program.watch()
            arguments = MaskedMapping(headers=call.headers)
        response = await self._called(call, arguments)
        try:
            program.watch()
            if response.status_code > _LARGEST_STATUS:
                raise RefusedError(
                    502,
                    "provider_unreachable",
                    f"The provider answered with {response.status_code}, which HTTP does not have.",
                )
            await answer.start(response.status_code, returned_headers(response.headers.raw))
            async for chunk in response.aiter_raw():
                await answer.add(chunk)
            program.stop_watching()
            await answer.end()
        except (httpx2.HTTPError, OSError) as error:
            # The answer has no end, so that the program does not take it for a whole one.
            answer.entry.note = f"the answer broke off ({type(error).__name__})"
        finally:
            await response.aclose()

    async def _called(self, call: Call, arguments: MaskedMapping) -> httpx2.Response:
        """The provider's answer, whose body is not read yet."""
        try:
            return await self._client.request(call.method, call.url, stream=True, follow_redirects=False, **arguments)
        except httpx2.PoolTimeout:
            raise RefusedError(
                503, "busy", "All connections to the provider are in use. Repeat the call later."
            ) from None
        except httpx2.TimeoutException as error:
            raise RefusedError(504, "timeout", transport_error(call.url, error).description) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise RefusedError(502, "provider_unreachable", _reason(call.url, error)) from None
        except (TransportError, ResourceError) as error:
            raise RefusedError(502, "provider_unreachable", error.description) from None
        except ConfigurationError as error:
            is_host = error.error in {"forbidden_host", "forbidden_local_host", "insecure_transport"}
            raise RefusedError(403 if is_host else 400, error.error, error.cause) from None
        except MissingTokenError as error:
            raise RefusedError(500, error.error, error.description) from None
        except OAuthError as error:
            raise RefusedError(400, error.error, error.description) from None
        except ValueError as error:  # of the HTTP library
            raise RefusedError(400, "signing_error", f"The call cannot be sent ({type(error).__name__}).") from None


class _Program:
    """The program that calls the proxy."""

    def __init__(self, receive: Receive, entry: Entry, task: asyncio.Task[Any] | None) -> None:
        self._receive = receive
        self._entry = entry
        self._task = task
        self._watcher: asyncio.Task[None] | None = None
        self.is_gone: bool = False

    async def body(self) -> AsyncIterator[bytes]:
        """The body of the request, as it comes: the next piece is read when the one before has been sent."""
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise GoneError
            if chunk := message.get("body", b""):
                self._entry.sent += len(chunk)
                yield chunk
            if not message.get("more_body"):
                break
        self.watch()

    def watch(self) -> None:
        """From now on, end the call if the program closes the connection. The rest of its body is dropped."""
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._until_gone())

    def stop_watching(self) -> None:
        """The call has ended."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        if self._task is not None:
            self._task.cancel()


class _Answer:
    """What the program gets."""

    def __init__(self, send: Send, entry: Entry) -> None:
        self._send = send
        self.entry = entry

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the status and the headers."""
        self.entry.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def add(self, chunk: bytes) -> None:
        """Send a part of the body; waits while the program does not read."""
        self.entry.received += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        """The body is complete."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse(self, refusal: RefusedError) -> None:
        """Answer instead of the provider."""
        document = json.dumps({"error": refusal.error, "error_description": refusal.description})
        body = f"{document}\n".encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            ERROR_HEADER: refusal.error,
        }
        if refusal.error in _WITHOUT_TOKEN:
            headers["connection"] = "close"  # who does not have the token keeps no connection
        await self.start(refusal.status, [(name.encode(), value.encode()) for name, value in headers.items()])
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _reason(url: str, error: Exception) -> str:
    try:
        return transport_error(url, error).description
    except ResourceError as limit:
        return limit.description
