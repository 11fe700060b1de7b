"""The framework's configuration, and how its values are merged with those of the call.

A value of the call replaces one of the configuration, which replaces the catalog's. ``overwrite=True`` swaps the first
two. ``None`` counts as not given.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence, Set
from itertools import takewhile

from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.errors import MissingSettingError
from oauth1_catalog.registry.register_arguments import (
    CONFIGURABLE,
    MAPPINGS,
    OTHER_NAMES,
    TEXTS,
    as_mapping,
    check_names,
    coerce_credential,
)
from oauth1_catalog.suggestions import nearest


class Settings(ABC):
    """The part of a framework's configuration that concerns clients."""

    @abstractmethod
    def get(self, client: str, parameter: str) -> object | None:
        """The value of a client's parameter, ``None`` where there is none."""

    @abstractmethod
    def describe_location(self, client: str, parameter: str) -> str:
        """Where a client's parameter is looked up: ``TWITTER_CLIENT_ID in app.config``."""

    @abstractmethod
    def names(self, client: str, known: Set[str]) -> Collection[str]:
        """The parameters that the configuration gives for a client, those that are not ``known`` included."""

    def configured_names(self) -> Mapping[str, str]:
        """Every setting that has a value, of any client, to suggest the one that was meant.

        The key is its name as in an environment (``TWITTER_CONSUMER_KEY``), the value the question to ask about it.
        """
        return {}

    def function(self, *, from_catalog: bool = True) -> str:
        """The function that takes the values that the configuration does not have, for messages; ``""`` for none."""
        return "register_from_catalog()" if from_catalog else "register()"

    def advise(self, client: str, *parameters: str, from_catalog: bool = True) -> str:
        """How to give a client its parameters, for messages.

        >>> NoSettings().advise("twitter", "client_id", "client_secret")
        'Pass client_id= and client_secret= to register_from_catalog()'
        """
        places = [self.describe_location(client, name).partition(" in ") for name in parameters]
        ways = [f"set {_listed([place[0] for place in places])} in {places[0][2]}"] if places[0][0] else []
        if function := self.function(from_catalog=from_catalog):
            ways.append(f"pass {_listed([f'{name}=' for name in parameters])} to {function}")
        advice = ", or ".join(ways)
        return advice[:1].upper() + advice[1:]

    def advise_argument(self, argument: str, *, to: str, from_catalog: bool = True) -> str:
        """A sentence about an argument that no configuration has; empty if nobody can pass one.

        >>> NoSettings().advise_argument("allow_retired=True", to="use it all the same")
        'To use it all the same, pass allow_retired=True to register_from_catalog().'
        """
        function = self.function(from_catalog=from_catalog)
        return f"To {to}, pass {argument} to {function}." if function else ""

    registered: Collection[str] = ()
    """The registered clients, whose settings are their own: a view of the registry's names, never a copy."""

    unrelated_names_matter: bool = False
    """Whether every name in ``names`` is meant for the client: it has its own section, and not only a prefix."""

    quoting: str = ""
    """How to write text there that looks like a number: a whole sentence."""


_RECENT = 500


class KeyIndex:
    """The keys of a configuration in order: those of one client are found without looking at all the others'.

    It follows a configuration that grows: new keys of a ``dict`` are at its end.

    >>> index, config = KeyIndex(), {"X_CLIENT_ID": "k", "DEBUG": True}
    >>> index.beginning_with("X_", config)
    ['X_CLIENT_ID']
    """

    def __init__(self) -> None:
        self._ordered: list[str] = []
        self._recent: list[str] = []  # in order, too; few, because to insert into a long list takes long
        self._config: dict[str, object] | None = None
        self._count = 0
        self._last: object = None

    def beginning_with(self, prefix: str, config: Mapping[str, object]) -> list[str]:
        """The keys that begin with ``prefix``. Ask in one thread at a time."""
        if not isinstance(config, dict):  # any other mapping may keep its keys in any order
            return [key for key in config if key.startswith(prefix)]
        self._follow(config)
        return [key for keys in (self._ordered, self._recent) for key in _beginning_with(prefix, keys)]

    def _follow(self, config: dict[str, object]) -> None:
        added = list(takewhile(lambda key: key != self._last, reversed(config)))
        if self._config is config and self._count + len(added) == len(config):
            for key in added:
                insort(self._recent, key)
            if len(self._recent) > _RECENT:
                self._ordered.extend(self._recent)
                self._ordered.sort()
                self._recent.clear()
        else:  # another one, or some keys were removed
            self._ordered = sorted(config)
            self._recent.clear()
        self._config, self._count, self._last = config, len(config), next(reversed(config), None)


def _beginning_with(prefix: str, ordered: list[str]) -> list[str]:
    start = bisect_left(ordered, prefix)
    return ordered[start : bisect_left(ordered, f"{prefix}\U0010ffff", lo=start)]


def names_under(
    client: str, keys: Iterable[str], registered: Collection[str], known: Set[str] = CONFIGURABLE
) -> list[str]:
    """The parameters among keys such as ``TWITTER_CLIENT_ID`` that are meant for ``client``.

    A key of another client whose name begins with this one's is left out, whether that is registered yet
    (``registered``) or only looks like it: ``X_ADS_CLIENT_ID`` is the ``client_id`` of ``x_ads``, not a setting of
    ``x``.

    >>> names_under("x", ["X_CLIENT_ID", "X_CLIENT_SECERT", "X_ADS_CLIENT_ID", "DEBUG"], ["x"])
    ['client_id', 'client_secert']
    """
    prefix = f"{client}_".upper()
    found = [key[len(prefix) :].lower() for key in keys if key.startswith(prefix)]
    found = [name for name in found if not any(name.endswith(f"_{parameter}") for parameter in CONFIGURABLE)]
    if known >= set(found):
        return found  # one of many tenants need not look at all the others
    longer = tuple(f"{other}_".upper() for other in tuple(registered) if other.upper().startswith(prefix))
    return [name for name in found if not f"{prefix}{name}".upper().startswith(longer)]


def suggestion(name: str, place: str) -> str:
    """The question about a setting for ``Settings.configured_names``.

    >>> suggestion("TWITTER_CONSUMER_KEY", "app.config")
    'Did you mean TWITTER_CONSUMER_KEY (set in app.config)?'
    """
    return f"Did you mean {name} (set in {place})?"


class NoSettings(Settings):
    """No configuration: every value comes from the call."""

    def get(self, client: str, parameter: str) -> object | None:  # noqa: D102, ARG002 - documented in the base class
        return None

    def describe_location(self, client: str, parameter: str) -> str:  # noqa: D102, ARG002 - documented in the base class
        return ""

    def names(self, client: str, known: Set[str]) -> Collection[str]:  # noqa: D102, ARG002 - documented in the base class
        return ()


def gather(
    client: str,
    arguments: Mapping[str, object],
    settings: Settings,
    *,
    parameters: Set[str],
    overwrite: bool,
    wanted: Callable[[], Mapping[str, str | None]] = dict,
) -> dict[str, object]:
    """The values of a client's parameters from its configuration and its arguments.

    Mappings are merged key by key, so that the configuration can add one key to ``client_kwargs``.

    Args:
        client: the registered name.
        arguments: what ``register`` was given.
        settings: the framework's configuration.
        parameters: the names that may stand in the configuration.
        overwrite: whether the configuration wins.
        wanted: returns the provider's variables without a value, each with an example.

    Raises:
        ConfigurationError: a name in the configuration is a near miss, or a value has the wrong type.
    """
    names = settings.names(client, parameters)
    where = settings.describe_location(client, "...") or "the configuration"
    matter = settings.unrelated_names_matter
    check_names(client, names, known=parameters, where=where, wanted=wanted, warn_unrelated=matter)
    values = {name: value for name, value in arguments.items() if value is not None}
    places = {name: (f"{name}=", "") for name in TEXTS & values.keys()}
    for parameter in parameters:
        configured = settings.get(client, parameter)
        if configured is None or configured == "":
            continue
        if parameter in MAPPINGS:
            configured = as_mapping(client, parameter, configured, where=settings.describe_location(client, parameter))
            own = as_mapping(client, parameter, values.get(parameter, {}), where=f"{parameter}=")
            values[parameter] = {**own, **configured} if overwrite else {**configured, **own}
        elif overwrite or parameter not in values:
            values[parameter] = configured
            places[parameter] = (settings.describe_location(client, parameter), settings.quoting)
    for name in TEXTS & values.keys():
        where, quoting = places[name]
        values[name] = coerce_credential(client, name, values[name], where=where, quoting=quoting)
    return values


_ADDRESSES = frozenset({*ADDRESSES, "userinfo_endpoint"})
"""What a provider of the catalog brings along."""

_NEAR = 0.8
"""How alike two clients' names are for one to be a misspelling of the other."""


def missing_settings_error(
    client: str,
    wanted: Sequence[str],
    settings: Settings,
    *,
    from_catalog: bool,
    labels: Mapping[str, str] | None = None,
    catalog: Container[str] = (),
) -> MissingSettingError:
    """One error for all missing parameters.

    Args:
        client: the registered name.
        wanted: the parameters that are missing, at least one.
        settings: where they were looked up.
        from_catalog: whether the client is one of the catalog.
        labels: what the provider calls them.
        catalog: the providers whose addresses need not be given.

    >>> from oauth1_catalog.registry.settings import NoSettings
    >>> labels = {"client_id": "API Key"}
    >>> error = missing_settings_error("twitter", ["client_id"], NoSettings(), from_catalog=False, labels=labels)
    >>> error.description
    'twitter: no client_id (the provider calls it API Key). Pass client_id= to register().'
    """
    labels = labels or {}
    called = [f"no {name}" + (f" (the provider calls it {labels[name]})" if name in labels else "") for name in wanted]
    found = [
        *dict.fromkeys(
            hint for name in wanted for hint in suggest_settings(client, name, settings, label=labels.get(name))
        )
    ]
    if not _ADDRESSES.isdisjoint(wanted) and client in catalog:
        found.insert(
            0, f"The catalog has {client}, with its addresses: call register_from_catalog({client!r}) instead."
        )
    return MissingSettingError(
        f"{client}: {_listed(called)}.",
        provider=client,
        setting=wanted[0],
        settings=wanted,
        advice=" ".join((f"{settings.advise(client, *wanted, from_catalog=from_catalog)}.", *found)),
    )


def suggest_settings(client: str, parameter: str, settings: Settings, *, label: str | None = None) -> Iterator[str]:
    """A sentence for each setting that may be meant: under another name of the key, or of the client.

    Args:
        client: the registered name.
        parameter: what is missing.
        settings: where it was looked up.
        label: what the provider calls it.
    """
    there = settings.configured_names()
    own = re.sub(r"\W+", "_", label.strip()).upper() if label else ""
    others = (name.upper() for name in (parameter, *OTHER_NAMES.get(parameter, ())))
    names = [name for name in dict.fromkeys((*others, own)) if name]
    prefix = client.upper()
    for name in names:
        if f"{prefix}_{name}" in there:
            yield there[f"{prefix}_{name}"]
            return
    taken = {other.upper() for other in tuple(settings.registered)}
    for name in names:
        clients = {key.removesuffix(f"_{name}") for key in there if key.endswith(f"_{name}")}
        for near in nearest(prefix, sorted(clients - taken), limit=1, cutoff=_NEAR):
            yield there[f"{near}_{name}"]
            return


def _listed(words: Collection[str]) -> str:
    return " and ".join(filter(None, (", ".join([*words][:-1]), [*words][-1])))
