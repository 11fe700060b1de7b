"""API calls that are not signed, but contain the token in a header (HERE, Zotero).

Anyone who sees such a call can repeat it with another request. It is therefore sent only over https, only to hosts that
the provider's file lists, and does not follow redirects.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, ProviderError
from oauth1_catalog.rfc5849.messages import Request, TokenCredentials

Prepared = TypeVar("Prepared", bound=Any)
"""A request of requests or httpx2, with a mapping of ``headers``."""


@dataclass(frozen=True, slots=True)
class TokenHeader:
    """A header that contains the user's token. Both HTTP libraries accept it as ``auth=``."""

    name: str
    value: str = field(repr=False)

    def __call__(self, request: Prepared) -> Prepared:
        """Set the header of a request of requests or httpx2, and replace an existing one."""
        request.headers[self.name] = self.value
        return request

    def on(self, request: Request) -> Request:
        """One of our own requests with the header, in place of an existing one."""
        others = {name: value for name, value in request.headers.items() if name.lower() != self.name.lower()}
        return replace(request, headers={**others, self.name: self.value})


def token_header(provider: Provider, token: TokenCredentials | None) -> TokenHeader | None:
    """The header with the token, or ``None`` if the call is signed.

    Args:
        provider: the provider, whose ``api_auth`` describes the header.
        token: the user's token; without one, the call is signed with the client's keys.

    Raises:
        MissingTokenError: the token contains characters that are not allowed in a header.

    >>> token_header(Provider(name="here", api_auth="bearer"), TokenCredentials("abc"))
    TokenHeader(name='Authorization')
    >>> token_header(Provider(name="twitter"), TokenCredentials("abc"))
    """
    if provider.api_auth == "signature" or token is None:
        return None
    value = token.oauth_token
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise MissingTokenError(
            "invalid_token",
            f"{provider.name}: the token cannot stand in a header: it is empty, or has a blank, a control character "
            "or one beyond ASCII.",
            provider=provider.name,
            step="api",
            advice="Ask the user to log in again.",
        )
    if provider.api_auth == "bearer":
        return TokenHeader("Authorization", f"Bearer {value}")
    return TokenHeader(provider.api_auth_header or "", value)


def check_unsigned(provider: Provider, *, url: str, parameters: object, is_redirect: bool = False) -> None:
    """Refuse an unsigned call that would expose the token, or that requires a signature.

    Args:
        provider: the provider of the API.
        url: the absolute URL.
        parameters: extra protocol parameters of the call, which only a signed call can contain.
        is_redirect: whether the response is a redirect to follow.

    Raises:
        ConfigurationError: plain http, or protocol parameters.
        ProviderError: a redirect.
    """
    if not url.lower().startswith("https://"):
        raise ConfigurationError(
            "insecure_transport",
            f"{provider.name}: calls of this provider carry the token itself, and the address is not https.",
            provider=provider.name,
            step="api",
            advice="Write https://.",
        )
    if parameters:
        raise ConfigurationError(
            description=f"{provider.name}: oauth_params was given, but calls of this provider are not signed.",
            provider=provider.name,
            advice="Leave it out.",
        )
    if is_redirect:
        raise ProviderError(
            "redirect_refused",
            f"{provider.name}: the call was answered with a redirect, which is not followed: calls of this provider "
            "carry the token itself. Call the second address yourself, or take the answer as it is with "
            "allow_redirects=False (requests) or follow_redirects=False (httpx2).",
            provider=provider.name,
            step="api",
        )
