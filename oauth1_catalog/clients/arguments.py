"""What the constructors of ``OAuth1Auth``, ``OAuth1Session`` and the httpx clients are given, taken apart once.

Rule: a constructor masks its own variables, and a secret is in a field without ``repr``, before anything can fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from oauth1_catalog.clients.options import SIGNER, check_unknown, checked
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.rfc5849.credentials import ClientCredentials, TokenCredentials
from oauth1_catalog.rfc5849.signer import Signer


@dataclass(frozen=True, slots=True)
class Arguments:
    """A client's arguments. ``options`` are the constructor's remaining keywords: for the signer and the transport."""

    client: ClientCredentials
    token: Any = field(repr=False)  # a text or a mapping
    token_secret: str | None = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(
        cls, client_id: str, client_secret: str | None, token: object, token_secret: str | None, **options: Any
    ) -> Arguments:
        """The arguments of a constructor. ``token`` may be a mapping with both parts, as ``session.token`` gives it."""
        client_secret, token, token_secret = masked(client_secret), masked(token), masked(token_secret)
        options = MaskedMapping(options)
        return cls(ClientCredentials(client_id, client_secret or ""), token, token_secret, options)

    def signer(self) -> Signer:
        """The signer for these arguments.

        Raises:
            SigningError: one of them cannot be used.
        """
        return Signer(self.client, **checked(self._picked(SIGNER), name="client"))

    def credentials(self, signer: Signer) -> TokenCredentials | None:
        """The token credentials, if there are any."""
        return credentials_for(signer, self.token, self.token_secret)

    def transport(self, known: frozenset[str]) -> dict[str, Any]:
        """The options that are not the signer's.

        Raises:
            ConfigurationError: a name that is nearly one of ``known`` or of the signer's, or a wrong type.

        Warns:
            UserWarning: another unknown name; it is ignored.
        """
        check_unknown(self.options, SIGNER | known, where="The client")
        return checked(self._picked(known), name="client")

    def _picked(self, names: frozenset[str]) -> dict[str, Any]:
        return {name: value for name, value in self.options.items() if name in names}


def credentials_for(signer: Signer, token: Any, secret: str | None = None) -> TokenCredentials | None:
    """Token credentials from an identifier, or from a mapping that holds ``oauth_token`` and ``oauth_token_secret``.

    A secret that is missing stays missing, and ``signer`` refuses to sign without it; the RSA methods need none.

    Raises:
        ConfigurationError: the mapping has no ``oauth_token``.

    >>> signer = Signer(ClientCredentials("key", "secret"))
    >>> credentials_for(signer, {"oauth_token": "a", "oauth_token_secret": "b"})
    TokenCredentials(oauth_token='a')
    """
    token, secret = masked(token), masked(secret)
    if token is None:
        return None
    if isinstance(token, Mapping):
        names = sorted(map(str, token))
        if "oauth_token" not in names:
            raise ConfigurationError(
                "missing_token", f"The token has no oauth_token, only {names}. Pass what fetch_access_token() gave."
            )
        token, secret = token["oauth_token"], masked(token.get("oauth_token_secret", secret))
    found = TokenCredentials(cast("str", token), cast("str", secret))
    if secret is None and signer.signature_method.name.startswith("RSA-"):
        return replace(found, oauth_token_secret="")
    return found
