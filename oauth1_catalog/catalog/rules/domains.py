"""Registrable domains, by the list of public suffixes (publicsuffix.org), and hosts that a tenant decides."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# The rest of such an address is the same for every installation, and does not identify a provider.
_HOST_OF_A_TENANT = re.compile(r"(https?://)?\{[A-Za-z0-9_]+\}(?![A-Za-z0-9.-])")


def has_public_suffixes() -> bool:
    """Whether the list is installed. An application that only loads files does not need it; the validator has it."""
    return find_spec("publicsuffixlist") is not None


def registrable_domain(host: str) -> str | None:
    """The domain that one owner has registered, with its subdomains; ``None`` for a public suffix.

    >>> registrable_domain("api.acme.co.uk"), registrable_domain("acme.github.io"), registrable_domain("co.uk")
    ('acme.co.uk', 'acme.github.io', None)
    """
    return _public_suffixes().privatesuffix(host.lower())


def is_tenants_host(url: str) -> bool:
    """Whether a variable is the whole host of an address, as for self-hosted software.

    >>> is_tenants_host("{base_url}/oauth"), is_tenants_host("https://{shop}.example.com/oauth")
    (True, False)
    """
    return _HOST_OF_A_TENANT.match(url) is not None


@cache
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
