"""A client without a web framework: neither a session nor a redirect, the configuration of the environment.

``sync_script.py`` and ``async_script.py`` have the two functions that applications call.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.redaction import masked, without_frames
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.current_token import CurrentToken
from oauth1_catalog.registry.environment import EnvironmentSettings
from oauth1_catalog.registry.framework import KEYS_ALONE, Framework, RequestContext
from oauth1_catalog.registry.register_arguments import check_name
from oauth1_catalog.registry.registration import (
    Registration,
    catalog_data,
    catalog_path,
    client_arguments,
    registration_notices,
    warn_about,
)
from oauth1_catalog.rfc5849.messages import TokenLike

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.registry.token import TokenStore

App = TypeVar("App", bound=OAuth1App[Any])

_OF_A_FRAMEWORK = frozenset({"client_cls", "fetch_token", "update_token"})
"""Parameters of ``register`` that mean something only in a web application."""


class NoCurrentToken(CurrentToken[object]):
    """There is no request whose token it could be, also where a script's client is used inside of a view."""

    def __init__(self) -> None:
        super().__init__(lambda _: {})

    def get(self, client: str, request: object | None = None) -> TokenLike | None:  # noqa: ARG002 - there is none
        """``None``: a call takes the token that it is given, or the client's own."""
        return None


class Standalone(Framework[object]):
    """The environment, and a catalog."""

    current_token: CurrentToken[object] = NoCurrentToken()

    def context(self, request: object) -> RequestContext:  # noqa: ARG002 - there is none
        """Refuse a login that needs a session.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            description=f"{self.settings.function()} has no session.",
            advice="Call create_authorization_url(), and fetch_access_token() with the verifier; or register the "
            "client in a web framework's OAuth.",
        )

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> None:
        """Nothing: a login cannot begin."""

    def advise_other_process(self, client: str) -> str:
        """To make another one there."""
        return f"Call {self.settings.function()[:-1]}{client!r}) in the process that uses it."

    def advise_token(self, client: str) -> str:
        """Names the variables of a token."""
        advice = self.settings.advise(client, "token", "token_secret")
        if not self.settings.function():
            return f"{advice}."
        return f"{advice}, or pass a user's token to the call{KEYS_ALONE}"

    def advise_token_store(self) -> str:
        """An argument of the function that made the client."""
        return f"Pass token_store= to {self.settings.function()}."


def standalone_client(
    client_cls: type[App],
    function: str,
    provider: str,
    arguments: Mapping[str, object],
    *,
    connected: Any,  # ConnectedPools, or the async one
    name: str | None = None,
    environment: str | None = None,
    env_file: str | os.PathLike[str] | None = None,
    catalog: Catalog | None = None,
    token_store: TokenStore | None = None,
    forget_rejected_tokens: bool = False,
    allow_retired: bool = False,
) -> App:
    """The client that ``client()`` or ``async_client()`` returns.

    Args:
        client_cls: its class.
        function: the name of the function, for messages.
        provider: the provider's name or alias in the catalog.
        arguments: the client's parameters, and the provider's variables and options.
        connected: keeps the client's connections.
        name: the client's name, with which the names of its variables begin.
        environment: one of the provider's environments.
        env_file: the path of a ``.env`` file.
        catalog: where the provider is looked up.
        token_store: keeps the users' tokens.
        forget_rejected_tokens: remove from it what the provider rejects.
        allow_retired: allow a provider that has switched OAuth 1.0 off.

    Raises:
        UnknownProviderError, MissingSettingError, RetiredProviderError, ConfigurationError: as ``client()``.
    """
    arguments = masked(arguments)
    registered = name or provider
    check_name(registered)
    for unusable in sorted(_OF_A_FRAMEWORK.intersection(arguments)):
        raise ConfigurationError(
            "unknown_parameter",
            f"{registered}: {function or 'the command'} was given {unusable}, which only the OAuth of a web framework "
            "uses.",
            provider=registered,
            advice="Leave it out, and pass token= to each call of another user's.",
        )
    try:
        settings = EnvironmentSettings(function, env_file)
        registration = Registration(registered, provider, arguments, environment, allow_retired=allow_retired)
        found = _catalog_behind(catalog_path(settings), catalog_data(settings)) if catalog is None else catalog
        framework = Standalone(
            settings=settings,
            token_store=token_store,
            forget_rejected_tokens=forget_rejected_tokens,
            catalog=lambda: found,
            connected=connected,
        )
        switches = {"allow_local_hosts": None, "insecure_transport": None}  # they are among the client's arguments
        make: Any = client_cls  # the arguments have been checked by name
        client: App = make(
            framework,
            registered,
            **client_arguments(
                registration,
                settings,
                defaults={},
                switches=switches,
                catalog=lambda: found,
                given_catalog=catalog,
            ),
        )
        client.require_keys()
    except Exception as error:
        raise without_frames(error)  # noqa: B904 - it is the same error
    fixation = client.allow_session_fixation
    warn_about(
        registration,
        registration_notices(registration, client.provider, settings, catalog, allow_session_fixation=fixation),
    )
    return client


@lru_cache(maxsize=8)
def _catalog_behind(directories: tuple[str, ...], data: str | None) -> Catalog:
    """The built-in catalog, or ``data``, behind ``directories``, of which the first comes first."""
    from oauth1_catalog.catalog import Catalog

    return Catalog(*reversed(directories), data=data)
