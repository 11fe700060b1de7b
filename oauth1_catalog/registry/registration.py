"""One registration: what the call, the configuration and the catalog give becomes the arguments of a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oauth1_catalog.errors import MissingSettingError, RetiredProviderError, UnknownProviderError
from oauth1_catalog.registry.environment import (
    access_of,
    for_own_addresses,
    refuse_configured_plaintext,
    take_switches,
    unused_file,
)
from oauth1_catalog.registry.register_arguments import CONFIGURABLE, REGISTER, check_names
from oauth1_catalog.registry.settings import Settings, gather, suggest_settings

if TYPE_CHECKING:
    from oauth1_catalog.access import Access
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

    function = "register()" if entry is None else "register_from_catalog()"
    check_names(name, given, known=REGISTER | choices, where=function, wanted=wanted)
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
        where = settings.describe_location(name, error.setting)
        configure = f"Set {where}, or pass" if where else "Pass"
        pass_it = f"{configure} {error.setting}= to register_from_catalog()."
        hints = suggest_settings(name, error.setting, settings)
        raise MissingSettingError(
            error.cause,
            provider=name,
            setting=error.setting,
            advice=" ".join(filter(None, (error.advice, pass_it, *hints))),
        ) from error
    if provider.status == "retired" and not registration.allow_retired:
        raise RetiredProviderError(
            description=provider.status_sentence,
            provider=name,
            advice="To register it all the same, pass allow_retired=True.",
        )
    return provider
