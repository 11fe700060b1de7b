"""The proxy as an ASGI application: it checks a request, lets the client sign and send it, and streams both ways.

Rule 1: nothing is read or sent before the host, the origin and the token are right, in this order. A web page that
makes a browser call this machine fails at the first or the second of them.
Rule 2: what is checked is what is sent. A path that servers read in different ways is refused.
Rule 3: no more than ``max_form`` bytes of a body are kept, and nothing of an answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from secrets import compare_digest
from typing import Any
from urllib.parse import unquote_plus

import httpx2

from oauth1_catalog.cli.proxy.allowance import METHODS, Rule, advice, names_exactly, permits, read_host, read_path
from oauth1_catalog.cli.proxy.endpoints import (
    Pairs,
    home_of,
    is_token_endpoint,
    looks_like_token_endpoint,
    token_endpoints,
)
from oauth1_catalog.cli.proxy.forms import MAX_FIELDS, check_coding, count_fields, read_pairs, replaces_method
from oauth1_catalog.cli.proxy.headers import (
    ERROR_HEADER,
    OVERRIDES,
    TOKEN_HEADER,
    check_headers,
    returned_headers,
    sent_headers,
    values_of,
)
from oauth1_catalog.cli.proxy.log import CLIENT_WENT_AWAY, Entry, RequestLog
from oauth1_catalog.cli.proxy.multipart import MAX_PARTS, Part, count_parts, read_multipart
from oauth1_catalog.clients.auth import covers_body
from oauth1_catalog.clients.failures import transport_error
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError, ResourceError, TransportError
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.async_script import AsyncCatalogClient
from oauth1_catalog.rfc5849.messages import find_header
from oauth1_catalog.rfc5849.parameters import is_form

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


_LONGEST_METHOD = 20
_WITHOUT_TOKEN = frozenset({"host", "origin", "token"})


class RefusedError(Exception):
    """The proxy answers a request itself.

    Args:
        status: of the answer.
        error: a stable code.
        description: a sentence for the person who runs the program.
    """

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


class GoneError(Exception):
    """The program has closed the connection."""


@dataclass(frozen=True)
class Call:
    """A request that has passed the checks."""

    method: str
    url: str
    headers: dict[str, str]
    has_body: bool
    path: str
    parameters: Pairs = field(repr=False)


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
        self._token = masked(token.encode("ascii"))
        self._authorities = frozenset(authorities)
        self._max_form = max_form
        self._log = log
        self._scheme, self._host = home_of(client.provider)
        self._rules = [replace(rule, host=self._host_of(rule.host)) for rule in rules]
        self._token_endpoints = token_endpoints(client.provider)
        self._has_own_agent = has_own_agent(client)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        method = scope["method"]
        entry = Entry(method if len(method) <= _LONGEST_METHOD else "-")
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
        call = self._checked(scope, answer.entry)
        options = MaskedMapping(headers=call.headers, stream=True, follow_redirects=False)
        if not call.has_body:
            program.watch()
        elif is_form(find_header(call.headers, "Content-Type")):
            options["content"] = await self._form(call, program)
        elif self._has_signed_fields(call):
            options["files"] = await self._parts(call, program)
        elif self._has_to_be_signed(call):
            options["content"] = await self._whole(call, program)
        else:
            self._check_streamed(call)
            options["content"] = program.body()
        response = await self._called(call, options)
        try:
            program.watch()
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

    async def _called(self, call: Call, options: dict[str, Any]) -> httpx2.Response:
        """The provider's answer, whose body is not read yet."""
        try:
            return await self._client.request(call.method, call.url, **options)
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

    def _checked(self, scope: Message, entry: Entry) -> Call:
        """The call that a request is for.

        Raises:
            RefusedError: a check fails.
        """
        raw, method = scope["headers"], scope["method"]
        self._check_origin(raw)
        raw_path = self._behind_token(scope["raw_path"], raw)
        if method not in METHODS:
            raise RefusedError(403, "not_allowed", f"{entry.method} cannot be allowed.")
        if values_of(raw, "upgrade"):
            raise RefusedError(400, "upgrade", "The proxy does not upgrade connections. Leave the Upgrade header out.")
        host, raw_path = self._split_host(raw_path)
        try:
            path = read_path(raw_path)
        except ValueError as error:
            raise RefusedError(403, "ambiguous_path", str(error)) from None
        entry.host, entry.path = self._host_of(host) or self._host, path
        query = scope["query_string"].decode("latin-1")
        parameters = read_pairs(query)
        entry.names = (*(name for name, _ in parameters), *(name.decode("latin-1") for name, _ in raw))
        self._check_token_stays(path, query, raw)
        try:
            check_headers(raw)
        except ValueError as error:
            raise RefusedError(400, "header", str(error)) from None
        self._check_overrides((name for name, _ in parameters), raw)
        if not entry.host:
            raise RefusedError(
                403, "missing_host", "The provider's file names no host of an API. Write it: /@api.example.com/path."
            )
        shown = self._host_of(entry.host)
        if not permits(self._rules, method, shown, path):
            raise RefusedError(
                403, "not_allowed", f"{method} {shown}{path} is not allowed. {_allow(advice(method, shown, path))}"
            )
        self._check_endpoint(path, parameters)
        if looks_like_token_endpoint(path) and not names_exactly(self._rules, method, shown, path):
            raise RefusedError(
                403,
                "token_endpoint",
                f"{shown}{path} is named like an endpoint that gives out or revokes tokens. Such a path needs a rule "
                f"without *. {_allow(advice(method, shown, path))}",
            )
        headers = sent_headers(raw)
        if self._has_own_agent:
            headers.pop("user-agent", None)
        has_body = "content-length" in headers or bool(values_of(raw, "transfer-encoding"))
        if headers.get("content-length") == "0":
            has_body = method not in {"GET", "HEAD"}
        if has_body and method in {"GET", "HEAD"} and is_form(find_header(headers, "Content-Type")):
            raise RefusedError(400, "form", f"{method} has no form. Put the parameters into the address.")
        url = f"{self._scheme}://{entry.host}{raw_path.decode('ascii')}{'?' if query else ''}{query}"
        return Call(method, url, headers, has_body, path, parameters)

    def _check_origin(self, raw: list[tuple[bytes, bytes]]) -> None:
        """Refuse what a web page makes a browser send, also by another name of this machine."""
        hosts = [host.lower() for host in values_of(raw, "host")]
        if len(hosts) != 1 or hosts[0] not in self._authorities:
            raise RefusedError(421, "host", "The Host header is not the proxy's. Call it by OAUTH1_PROXY_URL.")
        if values_of(raw, "origin") or set(values_of(raw, "sec-fetch-site")) - {"none"}:
            raise RefusedError(403, "origin", "The proxy does not answer web pages.")

    def _behind_token(self, raw_path: bytes, raw: list[tuple[bytes, bytes]]) -> bytes:
        """The path behind the token, which is in the path or in a header."""
        segment, _, rest = raw_path.removeprefix(b"/").partition(b"/")
        in_path = compare_digest(segment, self._token)
        in_header = [compare_digest(value.encode("latin-1"), self._token) for value in values_of(raw, TOKEN_HEADER)]
        if not all(in_header) or not (in_path or in_header):
            raise RefusedError(
                403,
                "token",
                f"The request does not have the proxy's token. Call OAUTH1_PROXY_URL, or send {TOKEN_HEADER}.",
            )
        return b"/" + rest if in_path else raw_path

    def _split_host(self, raw_path: bytes) -> tuple[str, bytes]:
        """The host that ``/@host/path`` names, and the path; ``""`` without one."""
        if not raw_path.startswith(b"/@"):
            return "", raw_path
        name, _, rest = raw_path[2:].partition(b"/")
        try:
            return read_host(name.decode("latin-1")), b"/" + rest
        except ValueError as error:
            raise RefusedError(403, "host", str(error)) from None

    def _check_token_stays(self, path: str, query: str, raw: list[tuple[bytes, bytes]]) -> None:
        """Refuse to send the proxy's token to the provider."""
        token = self._token.decode("ascii")
        dropped = {TOKEN_HEADER.lower(), "referer"}
        values = (value.decode("latin-1") for name, value in raw if name.decode("latin-1").lower() not in dropped)
        texts = (path, unquote_plus(query), *values)
        if any(token in text for text in texts):
            raise _token_sent()

    def _check_overrides(self, names: Iterable[str], raw: list[tuple[bytes, bytes]]) -> None:
        """Refuse what makes a server take the request for another one than the one that is allowed."""
        found = sorted({name.decode("latin-1").lower() for name, _ in raw} & OVERRIDES)
        if name := found[0] if found else replaces_method(names):
            raise RefusedError(
                403, "override", f"{name} would replace the method or the path that is allowed. Leave it out."
            )

    def _check_endpoint(self, path: str, parameters: Pairs) -> None:
        """Refuse the endpoints of the provider's file that give out or revoke tokens."""
        if is_token_endpoint(path, parameters, self._token_endpoints):
            raise RefusedError(
                403, "token_endpoint", "The proxy does not call the endpoints that give out or revoke tokens."
            )

    def _check_streamed(self, call: Call) -> None:
        """Refuse a body whose fields are not read, where one of them could choose an endpoint for tokens."""
        is_multipart = find_header(call.headers, "Content-Type").lower().startswith("multipart/")
        if is_multipart and any(endpoint.shares_path(call.path) for endpoint in self._token_endpoints):
            raise RefusedError(
                403,
                "token_endpoint",
                "At this path, a parameter can choose an endpoint that gives out tokens. Send a form, which is not "
                "multipart.",
            )

    def _host_of(self, host: str) -> str:
        """A host as it is compared: without the port of its scheme, and ``""`` for that of ``api_base_url``."""
        plain = host.removesuffix(":443" if self._scheme == "https" else ":80")
        return "" if plain == self._host else plain

    def _has_to_be_signed(self, call: Call) -> bool:
        """Whether the signature covers the body, which is then read before the request is sent."""
        is_signed = self._client.provider.api_auth == "signature"
        return is_signed and covers_body(self._client.signer, find_header(call.headers, "Content-Type"))

    def _has_signed_fields(self, call: Call) -> bool:
        """Whether the signature covers the text fields of a multipart body."""
        is_multipart = find_header(call.headers, "Content-Type").lower().startswith("multipart/form-data")
        return is_multipart and self._client.provider.multipart != "unsigned"

    async def _parts(self, call: Call, program: _Program) -> list[Part]:
        """The parts of a multipart body, which the client writes again."""
        content = await self._whole(call, program)
        kind = call.headers.pop("content-type")
        try:
            check_coding(kind, call.headers.pop("content-encoding", ""))
            if count_parts(content, kind) > MAX_PARTS:
                raise RefusedError(
                    413, "form_too_long", f"A body that has to be signed has at most {MAX_PARTS:,} parts."
                )
            parts = masked(read_multipart(content, kind))
        except ValueError as error:
            raise RefusedError(400, "multipart", str(error)) from None
        texts = [(name, part[1].decode("latin-1")) for name, part in parts if part[0] is None]
        self._check_fields(call, [*texts, *((name, part[0] or "") for name, part in parts)])
        return parts

    async def _form(self, call: Call, program: _Program) -> bytes:
        """A form: all of it."""
        try:
            check_coding(call.headers["content-type"], call.headers.pop("content-encoding", ""))
        except ValueError as error:
            raise RefusedError(400, "form", str(error)) from None
        content = await self._whole(call, program)
        if count_fields(content) > MAX_FIELDS:
            raise RefusedError(
                413, "form_too_long", f"A form has at most {MAX_FIELDS:,} fields. Send it in more than one call."
            )
        self._check_fields(call, read_pairs(content.decode("latin-1")))
        return content

    def _check_fields(self, call: Call, fields: Sequence[tuple[str, str]]) -> None:
        """Refuse a body whose fields would replace the method, choose an endpoint for tokens, or send the token."""
        if any(self._token.decode("ascii") in text for pair in fields for text in pair):
            raise _token_sent()
        self._check_overrides((name for name, _ in fields), [])
        self._check_endpoint(call.path, [*call.parameters, *fields])

    async def _whole(self, call: Call, program: _Program) -> bytes:
        """A body that is read before it is sent."""
        too_long = RefusedError(
            413,
            "form_too_long",
            f"A form, and a body that has to be signed, has at most {self._max_form:,} bytes. Start the "
            "proxy with a larger --max-form.",
        )
        length = call.headers.pop("content-length", "0")
        if int(length) > self._max_form:
            raise too_long
        body = bytearray()
        async for chunk in program.body():
            body += chunk
            if len(body) > self._max_form:
                raise too_long
        content = masked(bytes(body))
        if self._token in content:
            raise _token_sent()
        return content


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


def _token_sent() -> RefusedError:
    return RefusedError(400, "token_sent", "The request would send the proxy's token to the provider.")


def has_own_agent(client: AsyncCatalogClient) -> bool:
    """Whether the configuration names a User-Agent, which is then sent in place of the program's."""
    options = client.provider.client_kwargs.get("headers")
    own = {**(options if isinstance(options, dict) else {}), **client.provider.all_headers}
    return bool(find_header(own, "User-Agent"))


def _allow(option: str) -> str:
    return f"If it should be, start the proxy with {option}."


def _reason(url: str, error: Exception) -> str:
    try:
        return transport_error(url, error).description
    except ResourceError as limit:
        return limit.description
