"""Which proxies are used, and what is told of one that cannot be: its URL may hold a password.

PLAINTEXT to this machine goes past the proxies of the environment: a proxy would read the secrets. A proxy that the
application names itself (``proxies=``, ``proxy=``) is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies  # noqa: TID251 - it reads the environment, and opens nothing

from oauth1_catalog.errors import ConfigurationError
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


def check_proxies(proxies: Mapping[str, Any], *, needs_scheme: bool = False) -> None:
    """Refuse what is not the URL of a proxy: the HTTP libraries' own errors quote it, password and all.

    Args:
        proxies: the URL of each, by the setting that names it; what is not text is left to the library.
        needs_scheme: whether ``host:port`` alone will not do.

    Raises:
        ConfigurationError: names the setting, and nothing of its value.

    >>> check_proxies({"proxy": "http://user:password@proxy.example:3128"})
    >>> check_proxies({"proxy": "http://user:pass/word@proxy.example:3128"})
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: proxy is not the URL of a proxy. Write ...
    """
    for setting, proxy in proxies.items():
        if isinstance(proxy, str) and proxy and not _is_proxy(proxy, needs_scheme):
            raise ConfigurationError(
                description=f"{setting} is not the URL of a proxy. Write http://host:port or "
                "http://user:password@host:port, and percent-encode the user name and the password."
            )


def check_session_proxies(proxies: Mapping[str, Any] | None) -> None:
    """As ``check_proxies``, for requests' mapping of schemes or hosts to proxies; the environment's are among them."""
    urls = {name: url for name, url in (proxies or {}).items() if name not in {"no", "no_proxy"}}
    check_proxies({f"the proxy for {name}": url for name, url in urls.items()})


def check_client_proxies(options: Mapping[str, Any]) -> None:
    """As ``check_proxies``, for the options of a client of httpx2: its ``proxy``, and those of the environment."""
    check_proxies({"proxy": options.get("proxy")}, needs_scheme=True)
    if options.get("trust_env", True):
        check_session_proxies(getproxies())


def _is_proxy(text: str, needs_scheme: bool) -> bool:
    if "://" not in text:
        if needs_scheme:
            return False
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    # A password with a slash ends the host too early, and its second half is taken for the path.
    return bool(parts.hostname) and "@" not in f"{parts.path}{parts.query}{parts.fragment}" and text.isprintable()
