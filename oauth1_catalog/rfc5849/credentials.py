"""Client, temporary and token credentials (RFC 5849, section 1.1): an identifier and a secret each.

A ``repr`` shows the identifier alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What the provider gave to the application: consumer key and consumer secret.

    >>> ClientCredentials("key", "secret")
    ClientCredentials(client_id='key')
    """

    client_id: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """The request token: what one login holds between the redirect and the callback.

    ``extra`` is whatever else the provider's answer held.
    """

    oauth_token: str
    oauth_token_secret: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class TokenCredentials:
    """The access token: what signs for one user.

    >>> TokenCredentials("token", "secret")
    TokenCredentials(oauth_token='token')
    """

    oauth_token: str
    oauth_token_secret: str = field(default="", repr=False)
