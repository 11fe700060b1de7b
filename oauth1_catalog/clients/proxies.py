"""PLAINTEXT to this machine goes past the proxies of the environment: a proxy would read the secrets.

A proxy that the application names itself (``proxies=``, ``proxy=``) is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauth1_catalog.hosts import is_loopback, origin_of

LOOPBACK_MOUNTS: Mapping[str, None] = {
    "http://localhost": None,
    "http://127.0.0.1": None,
    "http://127.0.0.0/8": None,
    "http://[::1]": None,
}
"""``mounts`` of httpx2: what it sends to these addresses takes the client's own transport."""


def without_environment(url: str, proxies: Mapping[str, str] | None) -> dict[str, str]:
    """``proxies`` for a call of requests, so that it takes none of the environment where ``url`` is of this machine.

    >>> without_environment("http://127.0.0.2:5240/MAAS", None), without_environment("https://maas.example.com", None)
    ({'no_proxy': '127.0.0.2'}, {})
    """
    given = dict(proxies or {})
    try:
        scheme, host, _ = origin_of(url)
    except ValueError:  # requests refuses it, with the reason
        return given
    return {"no_proxy": host, **given} if scheme == "http" and is_loopback(host) else given


def with_mounts(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a client of httpx2, so that it takes no proxy of the environment to this machine.

    >>> with_mounts({"proxy": "http://proxy.example:3128"})
    {'proxy': 'http://proxy.example:3128'}
    """
    if options.get("proxy") is not None:
        return dict(options)
    return {**options, "mounts": {**LOOPBACK_MOUNTS, **(options.get("mounts") or {})}}
