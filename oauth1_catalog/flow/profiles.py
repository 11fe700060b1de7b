"""What a profile's answer holds, in each format that providers write it in: JSON, XML, a signed JWT, plain text.

Rule: a response that does not follow its format completely is not a profile. A JWT must be signed with the client's
secret.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from xml.etree import ElementTree as ET

from oauth1_catalog.errors import needs
from oauth1_catalog.flow.responses import read_json, xml_root
from oauth1_catalog.hosts import host_of
from oauth1_catalog.rfc5849.messages import ClientCredentials

LEEWAY = 60
"""How far the provider's clock may be from ours, in seconds."""

MAX_TEXT = 255
"""The longest plain text that is an answer, in characters."""

ACCEPTED = {
    "json": "application/json",
    "xml": "application/xml, text/xml;q=0.9",
    "jwt": "application/jwt, application/json;q=0.9",
    "text": "text/plain",
}
"""The Accept header for each format."""


class Profile(Protocol):
    """A profile that has been read."""

    def find(self, path: str) -> Any:  # what a profile holds is the provider's
        """The value at a path of a claim, ``None`` where there is none."""

    def field(self, name: str) -> object:
        """The value of one of its own fields, ``None`` where there is none."""

    def names(self) -> list[str]:
        """The names of its own fields, for messages."""


@dataclass(frozen=True, slots=True)
class JsonProfile:
    """A JSON object or array; paths are JSONPath (RFC 9535).

    >>> JsonProfile([{"user_id": 7}]).find("$[0].user_id")
    7
    """

    document: dict[str, Any] | list[Any]

    def find(self, path: str) -> Any:  # noqa: D102 - documented in the protocol
        with needs("userinfo()", "flask", "django", "starlette", "script"):
            import jsonpath_rfc9535
        node = jsonpath_rfc9535.find_one(path, self.document)
        return None if node is None else node.value

    def field(self, name: str) -> object:  # noqa: D102 - documented in the protocol
        return self.document.get(name) if isinstance(self.document, dict) else None

    def names(self) -> list[str]:  # noqa: D102 - documented in the protocol
        return sorted(map(str, self.document)) if isinstance(self.document, dict) else []


@dataclass(frozen=True, slots=True)
class XmlProfile:
    """An XML document; paths are ElementTree's, from the root on, with ``/@name`` at the end for an attribute.

    >>> XmlProfile(ET.fromstring('<r><user id="7"><name>Ada</name></user></r>')).find("user/@id")
    '7'
    """

    root: ET.Element

    def find(self, path: str) -> Any:  # noqa: D102 - documented in the protocol
        steps, _, attribute = path.partition("/@")
        element = self.root.find(steps)
        if element is None:
            return None
        return element.get(attribute) if attribute else (element.text or "").strip()

    def field(self, name: str) -> object:  # noqa: D102 - documented in the protocol
        return self.find(f".//{name}")

    def names(self) -> list[str]:  # noqa: D102 - documented in the protocol
        return sorted({element.tag for element in self.root.iter()})


def read_profile(
    text: str,
    written_as: str,
    *,
    client: ClientCredentials,
    nonce: str = "",
    is_issuer: Callable[[str], bool] | None = None,
    clock: Callable[[], float] | None = None,
) -> Profile:
    """Read the body of a profile's answer.

    Args:
        text: the body.
        written_as: ``json``, ``xml``, ``jwt`` or ``text``.
        client: whom a JWT must be for, and whose secret it must be signed with.
        nonce: the nonce of the request, which a JWT must repeat; empty where it is not known.
        is_issuer: whether a JWT may come from a host; every host by default.
        clock: seconds since the epoch, ``time.time`` by default.

    Raises:
        ValueError: it is not in that format. The message names the fault, and quotes nothing.

    >>> read_profile(" ada ", "text", client=ClientCredentials("key")).find("$.text")
    'ada'
    """
    if written_as == "xml":
        return XmlProfile(xml_root(text))
    if written_as == "text":
        return JsonProfile({"text": _plain(text)})
    if written_as == "jwt":
        return JsonProfile(_jwt(text, client, nonce, is_issuer, (clock or time.time)()))
    try:
        document = read_json(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(document, dict | list) or document == []:
        raise ValueError("it is not a JSON object")
    return JsonProfile(document)


def _plain(text: str) -> str:
    plain = text.strip()
    if not plain or len(plain) > MAX_TEXT or not plain.isprintable() or plain.startswith(("<", "{")):
        raise ValueError("it is not one line of plain text")
    return plain


def _jwt(
    text: str, client: ClientCredentials, nonce: str, is_issuer: Callable[[str], bool] | None, now: float
) -> dict[str, Any]:
    """The claims of a JWT (RFC 7519) that is signed by HS256 (RFC 7518, section 3.2) with the client's secret.

    The host of ``iss`` is compared and not its scheme: MediaWiki writes its canonical address, often with ``http://``.
    """
    try:
        header, claims, signature = text.strip().split(".")
        algorithm = read_json(_base64url(header).decode()).get("alg")
        payload = read_json(_base64url(claims).decode())
        given = _base64url(signature)
    except (ValueError, AttributeError, RecursionError):
        raise ValueError("it is not a JWT") from None
    if algorithm != "HS256" or not client.client_secret:
        raise ValueError("its JWT is not signed with the consumer secret (HS256)")
    wanted = hmac.digest(client.client_secret.encode("utf-8"), f"{header}.{claims}".encode("ascii"), "sha256")
    if not hmac.compare_digest(given, wanted):
        raise ValueError("the signature of its JWT is not right")
    if not isinstance(payload, dict):
        raise ValueError("its JWT has no claims")  # noqa: TRY004 - it is the answer that is wrong
    audience = payload.get("aud")
    if client.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise ValueError("its JWT is for another client")
    if is_issuer is not None and not is_issuer(host_of(payload.get("iss"))):
        raise ValueError("its JWT comes from another host; list the server's canonical host in api_hosts")
    if nonce and payload.get("nonce") != nonce:
        raise ValueError("its JWT answers another request")
    issued, expires = payload.get("iat", now), payload.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise ValueError("its JWT has no times that can be read")  # noqa: TRY004 - likewise
    if issued > now + LEEWAY or expires < now - LEEWAY:
        raise ValueError("its JWT is not valid at this time; compare the clocks")
    return payload


def _base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
