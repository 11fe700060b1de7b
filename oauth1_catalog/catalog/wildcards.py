"""``*.example.org`` in ``api_hosts``: a provider's family of hosts, each one label below a domain of its own.

A wildcard widens where a user's token may go, so it is narrow in each respect: it stands for one label as it does in a
certificate (RFC 9525, section 6.3), for https on the usual port, and for signed calls alone. PLAINTEXT, a bearer token
and a key in a header give the secret itself to whoever answers.
"""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_WILDCARD = re.compile(rf"\*(\.{_LABEL}){{2,}}", re.IGNORECASE)
_FIRST_LABEL = re.compile(rf"{_LABEL}\.", re.IGNORECASE)


def is_wildcard(host: str) -> bool:
    """Whether an entry of ``api_hosts`` holds a wildcard, right or wrong."""
    return "*" in host


def wildcard_fault(host: str) -> str | None:
    """What is wrong with the form of a wildcard; ``None`` if nothing is.

    >>> wildcard_fault("*.wikipedia.org")
    >>> wildcard_fault("en.*.org"), wildcard_fault("*.{shop}.example.org"), wildcard_fault("*.org")
    ('`*` stands alone at the front', 'it holds a variable', 'it has no domain behind `*`')
    """
    if "{" in host:
        return "it holds a variable"
    if not host.startswith("*.") or host.count("*") > 1:
        return "`*` stands alone at the front"
    if host.count(".") < 2:
        return "it has no domain behind `*`"
    return None if _WILDCARD.fullmatch(host) else "it is not a host name"


def stands_for(wildcard: str, host: str) -> bool:
    """Whether a wildcard stands for a host.

    >>> stands_for("*.wikipedia.org", "en.wikipedia.org"), stands_for("*.wikipedia.org", "EN.Wikipedia.org")
    (True, True)
    >>> stands_for("*.wikipedia.org", "wikipedia.org"), stands_for("*.wikipedia.org", "a.b.wikipedia.org")
    (False, False)
    """
    if wildcard_fault(wildcard):
        return False
    first = _FIRST_LABEL.match(host)
    return first is not None and host[first.end() :].lower() == wildcard[2:].lower()
