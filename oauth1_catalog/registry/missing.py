"""What is said where required settings are missing: what each is called, where to set it, and what was found nearby.

Rule: a setting is shown by its name and its place, never by its value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence

from oauth1_catalog.errors import MissingSettingError
from oauth1_catalog.registry.configuration import Settings
from oauth1_catalog.registry.parameters import OTHER_NAMES

_ADDRESSES = frozenset({"request_token_url", "authorize_url", "access_token_url", "userinfo_endpoint", "api_base_url"})
"""What a provider of the catalog brings along."""

_NEAR = 0.8
"""How alike two clients' names are for one to be a misspelling of the other."""


def missing(
    client: str,
    wanted: Sequence[str],
    settings: Settings,
    *,
    function: str,
    labels: Mapping[str, str] | None = None,
    catalog: Container[str] = (),
) -> MissingSettingError:
    """One error for everything that is ``wanted``.

    Args:
        client: the registered name.
        wanted: the parameters that are missing, at least one.
        settings: where they were looked up.
        function: what else they can be passed to: ``register()``.
        labels: what the provider calls them.
        catalog: the providers whose addresses need not be given.

    >>> from oauth1_catalog.registry.configuration import NoSettings
    >>> error = missing("twitter", ["client_id"], NoSettings(), function="register()", labels={"client_id": "API Key"})
    >>> error.description
    'twitter: no client_id (the provider calls it API Key). Pass client_id= to register().'
    """
    labels = labels or {}
    called = [f"no {name}" + (f" (the provider calls it {labels[name]})" if name in labels else "") for name in wanted]
    places = [settings.place(client, name).partition(" in ") for name in wanted]
    configure = f"Set {_listed([place[0] for place in places])} in {places[0][2]}, or pass" if places[0][0] else "Pass"
    arguments = _listed([f"{name}=" for name in wanted])
    found = [*dict.fromkeys(hint for name in wanted for hint in nearby(client, name, settings, label=labels.get(name)))]
    if not _ADDRESSES.isdisjoint(wanted) and client in catalog:
        found.insert(
            0, f"The catalog has {client}, with its addresses: call register_from_catalog({client!r}) instead."
        )
    hints = "".join(f" {hint}" for hint in found)
    return MissingSettingError(
        f"{client}: {_listed(called)}. {configure} {arguments} to {function}.{hints}",
        provider=client,
        setting=wanted[0],
    )


def nearby(client: str, parameter: str, settings: Settings, *, label: str | None = None) -> Iterator[str]:
    """A sentence for each setting that may be meant: under another name of the key, or of the client.

    Args:
        client: the registered name.
        parameter: what is missing.
        settings: where it was looked up.
        label: what the provider calls it.
    """
    there = settings.present()
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
        for near in difflib.get_close_matches(prefix, sorted(clients - taken), n=1, cutoff=_NEAR):
            yield there[f"{near}_{name}"]
            return


def _listed(words: Collection[str]) -> str:
    return " and ".join(filter(None, (", ".join([*words][:-1]), [*words][-1])))
