"""Client, temporary and token credentials (RFC 5849, section 1.1): an identifier and a secret each.

A ``repr`` shows the identifier alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import masked, type_name


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What the provider gave to the application: consumer key and consumer secret.

    >>> ClientCredentials("key", "secret")
    ClientCredentials(client_id='key')
    """

    client_id: str
    client_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client_secret", masked(self.client_secret))


@dataclass(frozen=True, slots=True)
class _OfToken:
    """What temporary and token credentials share."""

    oauth_token: str
    oauth_token_secret: str = field(default="", repr=False)
    _encoded: tuple[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "oauth_token_secret", masked(self.oauth_token_secret))

    def encoded(self) -> tuple[str, str]:
        """Identifier and secret, percent-encoded once, since a token often signs many requests.

        Raises:
            SigningError: they cannot be signed with.

        >>> TokenCredentials("a/b", "hush").encoded()
        ('********', '********')
        """
        if self._encoded is None:
            check_credentials(self.oauth_token, self.oauth_token_secret, "oauth_token", "oauth_token_secret")
            # Not percent_encode, which does the same: the emulator uses these classes, and nothing of our signing.
            encoded = masked(quote(self.oauth_token, safe="")), masked(quote(self.oauth_token_secret, safe=""))
            object.__setattr__(self, "_encoded", encoded)
            return encoded
        return self._encoded


@dataclass(frozen=True, slots=True)
class TemporaryCredentials(_OfToken):
    """The request token: what one login holds between the redirect and the callback.

    ``extra`` is whatever else the provider's answer held.
    """

    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _OfToken.__post_init__(self)
        object.__setattr__(self, "extra", masked(self.extra))


@dataclass(frozen=True, slots=True)
class TokenCredentials(_OfToken):
    """The access token: what signs for one user.

    >>> TokenCredentials("token", "secret")
    TokenCredentials(oauth_token='token')
    """


def check_credentials(identifier: str, secret: str, identifier_name: str, secret_name: str) -> None:
    """Refuse what cannot be signed with, by the names alone: neither value may show in a message or a traceback.

    An empty secret is legal (section 3.4.2).

    Raises:
        SigningError: no identifier, a secret that is not text, or a lone surrogate in either.

    >>> check_credentials("token", None, "oauth_token", "oauth_token_secret")
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: oauth_token_secret is NoneType. ...
    """
    identifier, secret = masked(identifier), masked(secret)
    fault = _credentials_fault(identifier, secret, identifier_name, secret_name)
    if fault:
        raise SigningError(description=fault)


def _credentials_fault(identifier: object, secret: object, identifier_name: str, secret_name: str) -> str:
    if not isinstance(identifier, str) or not identifier:
        return f"There is no {identifier_name}. Pass the text that the provider gave."
    if not isinstance(secret, str):
        return f"{secret_name} is {type_name(secret)}. Pass the text that the provider gave, or '' if it gave none."
    for name, text in ((identifier_name, identifier), (secret_name, secret)):
        try:
            text.encode()
        except UnicodeEncodeError:
            return f"{name} has a lone surrogate, which is no text. Decode the bytes that it came from as UTF-8."
    return ""
