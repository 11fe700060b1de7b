"""How a developer gets keys, for commands that miss them: ``access``, ``setup`` and ``registration_url`` of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from oauth1_catalog.catalog.provider import Provider

_NOT_OPEN: Mapping[str, str] = {
    "review": "The provider reviews each application",
    "paid": "The provider gives keys only to paying customers",
    "closed": "The provider gives no new keys",
    "unknown": "It is not known whether the provider gives new keys",
}


def how_to_get_keys(provider: Provider) -> Iterator[str]:
    r"""Whether the provider still gives keys, and the steps to get them, line by line.

    >>> from oauth1_catalog.catalog.provider import Access
    >>> provider = Provider(name="x", access=Access(state="paid"), setup=("Sign in.", "Create a key."))
    >>> print("\n".join(how_to_get_keys(provider)))
    The provider gives keys only to paying customers.
    To get keys:
      1. Sign in.
      2. Create a key.
    """
    access = provider.access
    if access is not None and access.state in _NOT_OPEN:
        since = f", since {access.since}" if access.since else ""
        note = f" {access.note}" if access.note else ""
        yield f"{_NOT_OPEN[access.state]}{since}.{note}"
    if provider.setup:
        yield "To get keys:"
        yield from (f"  {number}. {step}" for number, step in enumerate(provider.setup, start=1))
    elif provider.registration_url:
        yield f"To get keys, open {provider.registration_url}"
