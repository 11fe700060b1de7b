"""The arguments of ``fetch_request_token`` and ``fetch_access_token``, taken apart.

Rule: they can hold a password or a verifier, so each variable of them is masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.clients.bodies import no_pairs, pairs_of
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.flow.redirection import with_query
from oauth1_catalog.redaction import MaskedList, MaskedMapping, masked
from oauth1_catalog.rfc5849.encoding import form_decode

REQUEST = frozenset({"params", "data", "headers"})
"""What is of the request itself; the rest of a call is for the HTTP library."""


@dataclass(frozen=True, slots=True)
class TokenCall:
    """One call of ``fetch_request_token`` or ``fetch_access_token``: its keywords are in ``given``."""

    url: str
    given: Mapping[str, Any] = field(repr=False)
    verifier: str | None = field(default=None, repr=False)

    def provider(self, step: str, wire_url: str, options: frozenset[str]) -> Provider:
        """The provider that is asked, as far as this call tells.

        Args:
            step: ``"request_token"`` or ``"access_token"``.
            wire_url: the URL, as the HTTP library sends it.
            options: what the HTTP library takes.

        Raises:
            ConfigurationError: the call has another keyword.
        """
        unknown = sorted(self.given.keys() - REQUEST - options)
        if unknown:
            raise ConfigurationError(
                description=f"fetch_{step}() was given {', '.join(unknown)}. It takes "
                f"{', '.join(sorted(REQUEST | options))}."
            )
        url = with_query(wire_url, self._fields("params"))
        settings: dict[str, Any] = {f"{step}_url": url, f"{step}_params_in": "body"}
        return Provider(name=urlsplit(url).netloc, headers=dict(self.given.get("headers") or {}), **settings)

    @property
    def data(self) -> dict[str, str]:
        """The parameters of the body."""
        return self._fields("data")

    @property
    def transport(self) -> dict[str, Any]:
        """What is for the HTTP library."""
        return {name: value for name, value in self.given.items() if name not in REQUEST}

    def _fields(self, argument: str) -> dict[str, str]:
        """Parameters in any of the forms that requests takes."""
        given = masked(self.given.get(argument)) or ()
        if isinstance(given, bytes):
            given = masked(given.decode())
        if isinstance(given, str):
            pairs: MaskedList | None = MaskedList(form_decode(given))
        else:
            pairs = pairs_of(given.items() if isinstance(given, Mapping) else given)
        if pairs is None:
            raise ConfigurationError(description=f"{no_pairs(argument, given)}.")
        fields = MaskedMapping((str(name), str(value)) for name, value in pairs)
        if len(fields) < len(pairs):
            names = sorted(fields)
            raise ConfigurationError(
                description=f"A parameter of a token request comes twice: it has {', '.join(names)}. Give each once."
            )
        return fields
