"""The body of a call: what the signature covers is read and checked before it is sent, and the rest is streamed.

Rule: no more than ``max_form`` bytes of a body are kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from oauth1_catalog.cli.proxy.checks import Call, Checks, RefusedError
from oauth1_catalog.cli.proxy.forms import MAX_FIELDS, check_coding, count_fields, read_pairs
from oauth1_catalog.cli.proxy.multipart import MAX_PARTS, Part, count_parts, read_multipart
from oauth1_catalog.clients.auth import covers_body
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.async_script import AsyncCatalogClient
from oauth1_catalog.rfc5849.parameters import is_form


class Bodies:
    """Reads the bodies of calls.

    Args:
        client: what it signs is read.
        checks: refuse fields that could do what is not allowed.
        max_form: the longest body that is read to be signed, in bytes.
    """

    def __init__(self, client: AsyncCatalogClient, checks: Checks, *, max_form: int) -> None:
        self._client = client
        self._checks = checks
        self._max_form = max_form

    async def arguments(self, call: Call, chunks: AsyncIterator[bytes]) -> MaskedMapping:
        """The headers and the body, as the client's ``request`` takes them.

        Args:
            call: the headers are its own, without those that the client writes.
            chunks: the body. It is read here, or while the call is sent.

        Raises:
            RefusedError: the body is too long, or its fields are not allowed.
        """
        kind, written = call.content_type, {"content-length"}
        if is_form(kind):
            body: dict[str, object] = {"content": await self._form(call, chunks)}
            written |= {"content-encoding"}
        elif self._client.provider.multipart != "unsigned" and kind.lower().startswith("multipart/form-data"):
            body = {"files": await self._parts(call, chunks)}
            written |= {"content-type", "content-encoding"}
        elif self._client.provider.api_auth == "signature" and covers_body(self._client.signer, kind):
            body = {"content": await self._whole(call, chunks)}
        else:
            self._checks.check_streamed(call)
            return MaskedMapping(headers=call.headers, content=chunks)
        headers = {name: value for name, value in call.headers.items() if name not in written}
        return MaskedMapping(body, headers=headers)

    async def _form(self, call: Call, chunks: AsyncIterator[bytes]) -> bytes:
        """A form: all of it."""
        try:
            check_coding(call.content_type, call.headers.get("content-encoding", ""))
        except ValueError as error:
            raise RefusedError(400, "form", str(error)) from None
        content = await self._whole(call, chunks)
        if count_fields(content) > MAX_FIELDS:
            raise RefusedError(
                413, "form_too_long", f"A form has at most {MAX_FIELDS:,} fields. Send it in more than one call."
            )
        self._checks.check_fields(call, read_pairs(content.decode("latin-1")))
        return content

    async def _parts(self, call: Call, chunks: AsyncIterator[bytes]) -> list[Part]:
        """The parts of a multipart body, which the client writes again."""
        content = await self._whole(call, chunks)
        kind = call.content_type
        try:
            check_coding(kind, call.headers.get("content-encoding", ""))
            if count_parts(content, kind) > MAX_PARTS:
                raise RefusedError(
                    413, "form_too_long", f"A body that has to be signed has at most {MAX_PARTS:,} parts."
                )
            parts = masked(read_multipart(content, kind))
        except ValueError as error:
            raise RefusedError(400, "multipart", str(error)) from None
        texts = [(name, part[1].decode("latin-1")) for name, part in parts if part[0] is None]
        self._checks.check_fields(call, [*texts, *((name, part[0] or "") for name, part in parts)])
        return parts

    async def _whole(self, call: Call, chunks: AsyncIterator[bytes]) -> bytes:
        """A body that is read before it is sent."""
        too_long = RefusedError(
            413,
            "form_too_long",
            f"A form, and a body that has to be signed, has at most {self._max_form:,} bytes. Start the "
            "proxy with a larger --max-form.",
        )
        if int(call.headers.get("content-length", "0")) > self._max_form:
            raise too_long
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > self._max_form:
                raise too_long
        content = masked(bytes(body))
        self._checks.check_content(content)
        return content
