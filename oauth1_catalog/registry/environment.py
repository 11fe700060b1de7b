"""Which hosts and transports a client may use: from its registration, its registry, the configuration, the environment.

The nearest setting that is given wins. What allows PLAINTEXT over http comes from the registration's own code alone.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.access import Access, given_insecure_transport, given_local_hosts, read_flag
from oauth1_catalog.catalog.files import environment_directories, listed_directories
from oauth1_catalog.errors import ConfigurationError, UnknownProviderError
from oauth1_catalog.registry.settings import Settings

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog


SWITCHES = ("allow_local_hosts", "insecure_transport")
IN_CODE = "allow_plaintext_over_http"


def take_switches(values: MutableMapping[str, object]) -> dict[str, object]:
    """Take the switches out of a client's values; ``None`` for one that is not given.

    >>> values = {"client_id": "k", "insecure_transport": True}
    >>> take_switches(values)["insecure_transport"], values
    (True, {'client_id': 'k'})
    """
    return {switch: values.pop(switch, None) for switch in (*SWITCHES, IN_CODE)}


def refuse_configured_plaintext(client: str, settings: Settings) -> None:
    """Refuse a configuration that wants to allow PLAINTEXT over http.

    Raises:
        ConfigurationError: the message names the function that allows it.
    """
    if settings.get(client, IN_CODE) not in (None, ""):
        raise ConfigurationError(
            description=f"{client}: {settings.describe_location(client, IN_CODE)} does nothing. Pass {IN_CODE}=True to "
            "register_from_catalog() or register(); no configuration gives it.",
            provider=client,
        )


def access_of(
    client: str, switches: Mapping[str, object], settings: Settings, registry: Mapping[str, object], catalog: object
) -> Access:
    """What the settings together allow to the values of a client's variables.

    Args:
        client: the registered name.
        switches: what ``take_switches`` gave.
        settings: the framework's configuration.
        registry: the arguments of ``OAuth()``.
        catalog: the catalog that ``OAuth()`` was given, or ``None``.

    Raises:
        ConfigurationError: a setting has a value that means nothing; it is named.
    """
    levels: dict[str, list[tuple[object, str]]] = {}
    for switch in SWITCHES:
        configured = settings.get("oauth1_catalog", switch)
        levels[switch] = [
            (switches[switch], f"{client}: {switch}"),
            (registry[switch], f"OAuth({switch}=)"),
            (None if configured == "" else configured, settings.describe_location("oauth1_catalog", switch)),
            (getattr(catalog, switch, None), f"Catalog({switch}=)"),
        ]
    return Access(
        given_local_hosts(*levels["allow_local_hosts"]),
        given_insecure_transport(*levels["insecure_transport"]),
        read_flag(switches[IN_CODE] or False, where=f"{client}: {IN_CODE}"),
    )


def for_own_addresses(access: Access, switches: Mapping[str, object]) -> Access:
    """What is allowed to the addresses that the code writes itself: private ones too, where the client does not say.

    >>> closed = Access(given_local_hosts((False, "OAuth()")))
    >>> for_own_addresses(closed, {"allow_local_hosts": None}).local_hosts.allows("10.0.0.5")
    True
    """
    if switches["allow_local_hosts"] is not None:
        return access
    return replace(access, local_hosts=replace(access.local_hosts, loopback=True, private=True))


def catalog_path(settings: Settings) -> tuple[str, ...]:
    """The directories of ``OAUTH1_CATALOG_PATH``, the first before the second.

    The configuration's value replaces the environment's.

    Raises:
        ConfigurationError: one of them does not exist, or the value is something else.
    """
    if path := settings.get("oauth1_catalog", "path"):
        return listed_directories(path, settings.describe_location("oauth1_catalog", "path"))
    return tuple(map(str, environment_directories()))


def unused_file(settings: Settings, catalog: Catalog, provider: str) -> str:
    """The warning that ``OAUTH1_CATALOG_PATH`` has a provider's file that the given catalog does not read, or ``""``.

    Args:
        settings: the framework's configuration.
        catalog: what ``OAuth(catalog=...)`` was given.
        provider: the provider's name in the catalog.
    """
    directories = catalog_path(settings)
    if not directories:
        return ""
    try:
        used = Path(catalog.documents(provider)[0][0].path).resolve()
    except UnknownProviderError:
        used = Path(f"{provider}.yaml")
    for file in (Path(directory, used.name).resolve() for directory in directories):
        if file.is_file() and file != used:
            instead = f"reads {used}" if used.is_absolute() else "has no such provider"
            return (
                f"{provider}: OAUTH1_CATALOG_PATH leads to {file}, which is not used: OAuth(catalog=) {instead}. "
                "Leave catalog= out, or put the directory last in Catalog(...)."
            )
        if file == used:
            return ""
    return ""
