"""A request as the provider sees it, with its parts named so that two can be compared."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

FORM = "application/x-www-form-urlencoded"


def wire(method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The parts of a request. Parameters are decoded and sorted, wherever they are: so are they signed."""
    headers = {name.lower(): value for name, value in headers.items()}
    kind = headers.get("content-type", "")
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    form = parse_qsl(body.decode(), keep_blank_values=True) if kind.startswith(FORM) else []
    header = []
    for field in headers.get("authorization", "").removeprefix("OAuth ").split(","):
        name, _, value = field.strip().partition("=")
        header.append((name, unquote(value.strip('"'))))
    places = {"query": query, "form": form, "header": header if "authorization" in headers else []}
    protocol, place = {}, ""
    for name, pairs in places.items():
        found = {key: value for key, value in pairs if key.startswith("oauth_")}
        if "oauth_signature" in found:
            place = name
        protocol |= found
    signature = protocol.pop("oauth_signature", None)
    return {
        "method": method,
        "address": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "parameters": sorted(pair for pair in [*query, *form] if not pair[0].startswith("oauth_")),
        "body": b"" if kind.startswith(FORM) else _content(kind, body),
        "place": place,
        "protocol": protocol,
        "signature": signature,
    }


def _content(kind: str, body: bytes) -> Any:
    """A body that is no form, whatever its library has chosen: boundaries, blanks."""
    if kind.startswith("multipart/"):
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
        return sorted(
            (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
            for part in message.iter_parts()
        )
    if body and "json" in kind:
        return json.loads(body)
    return body
