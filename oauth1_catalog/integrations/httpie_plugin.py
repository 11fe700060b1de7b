"""A plugin for HTTPie: ``http -A oauth1-catalog -a netsuite https://...`` signs the request for a provider.

HTTPie finds it by the entry point ``httpie.plugins.auth.v1`` if both packages are in one environment. The name
``oauth1`` is that of the package ``httpie-oauth1``, whose ``-a`` takes keys.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import AuthBase

from oauth1_catalog.clients.limits import without_protocol_parameters
from oauth1_catalog.errors import ConfigurationError, OAuthError

if TYPE_CHECKING:
    from oauth1_catalog.registry.client import OAuth1App

    class AuthPlugin:
        """HTTPie's base class. HTTPie has no types, and is not installed with this package."""
else:
    from httpie.plugins import AuthPlugin


class OAuth1CatalogPlugin(AuthPlugin):
    """The authentication type ``oauth1-catalog``: ``-a`` names the provider and, after a colon, a ``.env`` file."""

    name = "OAuth 1.0 for the providers of oauth1-catalog"
    auth_type = "oauth1-catalog"
    description = (
        "-a PROVIDER[:ENV_FILE]; keys, token and variables come from the environment (TWITTER_CLIENT_ID, "
        "TWITTER_TOKEN, ...) or from the file"
    )
    prompt_password = False
    netrc_parse = False

    def get_auth(self, username: str | None = None, password: str | None = None) -> CatalogAuth:
        """What signs the request.

        Args:
            username: the provider's name or alias in the catalog.
            password: the path of a ``.env`` file.
        """
        return CatalogAuth(username or "", password or None)


class CatalogAuth(AuthBase):
    """Signs a request for a provider, and the requests that its responses redirect to.

    The keys are looked up when it signs, because HTTPie shows an error of that moment as a sentence, and an error of
    ``get_auth`` with a traceback.

    Args:
        provider: the provider's name or alias in the catalog.
        env_file: the path of a ``.env`` file.
    """

    def __init__(self, provider: str, env_file: str | None = None) -> None:
        self._provider = provider
        self._env_file = env_file

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._provider!r})"

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign ``r``, whose URL and body are as they will be sent.

        Raises:
            OAuthError: a key or the token is missing, or the request is not for a host of the provider.
        """
        signed = self._client.sign("POST", r.url or "")  # it refuses other hosts, and a call without a token
        provider = self._client.provider
        if provider.api_auth == "signature":
            self._signature(r)
        else:
            header = provider.api_auth_header or "Authorization"
            r.headers[header] = signed.header(header)
        if self._watch not in r.hooks["response"]:
            r.register_hook("response", self._watch)
        return r

    def redirected(self, following: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request of a redirect: signed again if it is for the provider, and without a signature otherwise."""
        for name in ("Authorization", self._client.provider.api_auth_header):
            following.headers.pop(name or "", None)
        following.url = without_protocol_parameters(following.url or "")
        try:
            following.prepare_auth(self)
        except OAuthError:
            following.headers.pop("Authorization", None)
        return following

    def _watch(self, response: requests.Response, **_: Any) -> requests.Response:
        return _Response(response, self)

    @cached_property
    def _client(self) -> OAuth1App[Any]:
        from oauth1_catalog.registry.catalog_calls import catalog_client
        from oauth1_catalog.registry.sync_script import CatalogClient

        if self._env_file is not None and not Path(self._env_file).is_file():
            # The message does not quote it: it may be the secret of someone who expects -a KEY:SECRET.
            raise ConfigurationError(
                description="What follows the colon of -a is not the path of a file.",
                advice="Write -a PROVIDER, or -a PROVIDER:ENV_FILE with the path of a .env file.",
            )
        with _as_sentences():
            return catalog_client(CatalogClient, "", self._provider, {"env_file": self._env_file})

    @cached_property
    def _signature(self) -> Any:
        from oauth1_catalog.integrations.requests_client import OAuth1Auth
        from oauth1_catalog.registry.catalog_calls import CatalogCalls

        auth = OAuth1Auth.from_signer(self._client.signer, self._client.static_token)
        auth.redirects_are_guarded = False  # HTTPie sends the form of a redirect unchanged
        return auth.checking(CatalogCalls.of(self._client, ""))


class _Response(requests.Response):
    """A response to HTTPie, whose ``next`` is the request that HTTPie sends with ``--follow``."""

    def __init__(self, response: requests.Response, auth: CatalogAuth) -> None:
        super().__init__()
        vars(self).update(vars(response))
        self._auth = auth
        self._following: requests.PreparedRequest | None = None

    @property
    def next(self) -> requests.PreparedRequest | None:
        """The request of the redirect; ``None`` if the response is not a redirect."""
        if self._following is None and (following := super().next) is not None:
            self._following = self._auth.redirected(following)
        return self._following


@contextmanager
def _as_sentences() -> Iterator[None]:
    """Show the warnings of the block as HTTPie shows its own."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for warning in caught:
        sys.stderr.write(f"http: warning: {warning.message}\n")
