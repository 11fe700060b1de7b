"""One registration: what the call, the configuration and the catalog give becomes the arguments of a client.

Which hosts and transports a client may use comes from its registration, its registry, the configuration and the
environment; the nearest setting that is given wins. Only the registration's own code can allow PLAINTEXT over http.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oauth1_catalog.access import Access, given_insecure_transport, given_local_hosts, read_flag
from oauth1_catalog.application_warnings import warn
from oauth1_catalog.catalog.files import environment_directories, listed_directories
from oauth1_catalog.errors import (
    ConfigurationError,
    ConfigurationNotice,
    MissingSettingError,
    RetiredProviderError,
    UnknownProviderError,
)
from oauth1_catalog.registry.notices import notices
from oauth1_catalog.registry.register_arguments import CONFIGURABLE, REGISTER, check_names
from oauth1_catalog.registry.settings import Settings, gather, suggest_settings

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.catalog.provider import Provider


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered under a name; ``provider`` is an entry of the catalog, ``None`` for a client by hand."""

    name: str
    provider: str | None
    arguments: Mapping[str, object] = field(repr=False)
    environment: str | None = None
    overwrite: bool = False
    allow_retired: bool = False


def client_arguments(
    registration: Registration,
    settings: Settings,
    *,
    defaults: Mapping[str, object],
    switches: Mapping[str, object],
    catalog: Callable[[], Catalog],
    given_catalog: Catalog | None,
) -> dict[str, object]:
    """The keyword arguments of the client that a registration describes.

    Args:
        registration: what was passed to ``register`` or ``register_from_catalog``.
        settings: the framework's configuration.
        defaults: values of the client's class, which the registration's own replace.
        switches: the arguments of ``OAuth()`` that allow hosts and transports.
        catalog: returns the catalog. A client that is registered by hand does not call it.
        given_catalog: what ``OAuth(catalog=...)`` was given.

    Raises:
        ConfigurationError: a name is misspelt, or a value is not usable.
        UnknownProviderError: the catalog has no such provider.
        MissingSettingError: a variable of the provider has no value.
        RetiredProviderError: the provider has switched OAuth 1.0 off.
    """
    name, entry = registration.name, registration.provider
    given = {key: value for key, value in registration.arguments.items() if value is not None}
    choices: Set[str] = frozenset() if entry is None else _choices(entry, settings, catalog(), given_catalog)

    def wanted() -> dict[str, str | None]:
        """The variables without a value, each with an example: an unknown name may stand for one of them."""
        required = {} if entry is None else catalog().required(entry)
        return {
            key: example
            for key, example in required.items()
            if key not in given and settings.get(name, key) in (None, "")
        }

    where = settings.function(from_catalog=entry is not None) or "the command"
    check_names(name, given, known=REGISTER | choices, where=where, wanted=wanted)
    refuse_configured_plaintext(name, settings)
    values = gather(
        name,
        {**defaults, **given},
        settings,
        parameters=CONFIGURABLE | choices,
        overwrite=registration.overwrite,
        wanted=wanted,
    )
    given_switches = take_switches(values)
    access = access_of(name, given_switches, settings, switches, given_catalog)
    chosen = {key: values.pop(key) for key in choices & values.keys()}
    provider = None if entry is None else _provider(entry, registration, chosen, settings, access, catalog())
    known = {key: value for key, value in values.items() if key in REGISTER and key != "client_cls"}
    return {**known, "provider": provider, "access": for_own_addresses(access, given_switches)}


def _choices(entry: str, settings: Settings, catalog: Catalog, given_catalog: Catalog | None) -> Set[str]:
    """The variables and options of a provider."""
    try:
        return catalog.choices(entry)
    except UnknownProviderError as error:
        unused = unused_file(settings, given_catalog, entry) if given_catalog is not None else ""
        if not unused:
            raise
        raise UnknownProviderError(
            error.cause, provider=entry, suggestions=error.suggestions, advice=f"{error.advice} {unused}"
        ) from None


def _provider(
    entry: str,
    registration: Registration,
    chosen: Mapping[str, object],
    settings: Settings,
    access: Access,
    catalog: Catalog,
) -> Provider:
    """The provider with the values of its variables and options."""
    name = registration.name
    try:
        provider = catalog.provider(
            entry,
            environment=registration.environment,
            values=chosen,
            allow_local_hosts=access.local_hosts,
            insecure_transport=access.insecure_transport,
        )
    except MissingSettingError as error:
        pass_it = f"{settings.advise(name, error.setting)}."
        hints = suggest_settings(name, error.setting, settings)
        raise MissingSettingError(
            error.cause,
            provider=name,
            setting=error.setting,
            advice=" ".join(filter(None, (error.advice, pass_it, *hints))),
        ) from None  # the message is the same, with the advice
    except ConfigurationError as error:
        if error.provider not in (None, name):  # the catalog knows the provider, and not which client of it this is
            error.name_client(name)
        raise
    if provider.status == "retired" and not registration.allow_retired:
        raise RetiredProviderError(
            description=provider.status_sentence,
            provider=name,
            advice=settings.advise_argument("allow_retired=True", to="use it all the same"),
        )
    return provider


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
            description=f"{client}: {settings.describe_location(client, IN_CODE)} does nothing, because no "
            "configuration gives it.",
            provider=client,
            advice=settings.advise_argument(f"{IN_CODE}=True", to="allow it"),
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
    """What is allowed to the addresses that the code writes itself: private ones too, unless the client sets it.

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


def catalog_data(settings: Settings) -> str | None:
    """The value of ``OAUTH1_CATALOG_DATA`` in the configuration; ``None`` leaves it to the environment.

    Raises:
        ConfigurationError: it has no hash, or the file is not the one that was pinned. The message names the setting.
    """
    if not (data := settings.get("oauth1_catalog", "data")):
        return None
    from oauth1_catalog.catalog.pinned import load

    load(data, settings.describe_location("oauth1_catalog", "data"))  # it is kept for the catalog
    return str(data)


def registration_notices(
    registration: Registration,
    provider: Provider,
    settings: Settings,
    given_catalog: Catalog | None,
    *,
    allow_session_fixation: bool,
) -> list[ConfigurationNotice]:
    """The warnings about a client that was made for ``registration``.

    Args:
        registration: what was passed to ``register_from_catalog`` or ``client``.
        provider: the client's provider.
        settings: the framework's configuration.
        given_catalog: what ``OAuth(catalog=...)`` was given.
        allow_session_fixation: whether logins without verifier are allowed.
    """
    name, entry = registration.name, registration.provider
    found = list(notices(name, provider, settings, allow_session_fixation=allow_session_fixation))
    if entry is not None and given_catalog is not None:
        if unused := unused_file(settings, given_catalog, entry):
            found.append(ConfigurationNotice("unused_catalog_path", unused, provider=name))
        if unused := unused_data(settings, given_catalog):
            found.append(ConfigurationNotice("unused_catalog_data", f"{name}: {unused}", provider=name))
    return found


def warn_about(registration: Registration, found: Iterable[ConfigurationNotice]) -> None:
    """Warn of what ``registration_notices`` found, at the application's line.

    A provider's end is the same for each tenant, so its text names the provider: by default Python shows each text
    once for each line, and keeps it for as long as the process runs.
    """
    for notice in found:
        text = notice.description
        if notice.error == "deprecated_provider" and registration.provider is not None:
            text = f"{registration.provider}: {text.removeprefix(f'{registration.name}: ')}"
        warn(text, notice.category)


def unused_data(settings: Settings, catalog: Catalog) -> str:
    """The warning that the given catalog does not read ``OAUTH1_CATALOG_DATA`` of the configuration, or ``""``."""
    data = settings.get("oauth1_catalog", "data")
    if not data or data == catalog.data:
        return ""
    return (
        f"{settings.describe_location('oauth1_catalog', 'data')} is not used: OAuth(catalog=) has another catalog. "
        "Leave catalog= out, or pass data= to Catalog(...)."
    )


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
    name = provider
    try:
        document = catalog.documents(provider)[0][0]
        used, name = Path(document.path).resolve(), str(document.data.get("name", provider))
    except UnknownProviderError:
        used = Path(f"{provider}.yaml")
    for file in (Path(directory, f"{name}.yaml").resolve() for directory in directories):
        if file.is_file() and file != used:
            instead = f"reads {used}" if used.is_absolute() else "has no such provider"
            return (
                f"{provider}: OAUTH1_CATALOG_PATH leads to {file}, which is not used: OAuth(catalog=) {instead}. "
                "Leave catalog= out, or put the directory last in Catalog(...)."
            )
        if file == used:
            return ""
    return ""
