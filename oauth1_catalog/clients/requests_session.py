"""The session of a pool: looks at the environment once for each origin, not once for each call.

requests walks through all of ``os.environ`` for proxies and authorities at every call, which costs more than signing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from oauth1_catalog.clients.proxies import check_session_proxies
from oauth1_catalog.clients.requests_redirects import RedirectsUnread
from oauth1_catalog.redaction import MaskedText, masked

MAX_ORIGINS = 64
"""How many origins are remembered: an application may call addresses that its users give."""


class PoolSession(RedirectsUnread):
    """A session that remembers what the environment says of an origin."""

    def __init__(self) -> None:
        super().__init__()
        self._environment: dict[tuple[object, ...], dict[str, Any]] = {}

    def merge_environment_settings(
        self, url: str, proxies: dict[str, str] | None, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """As in requests; a call with proxies of its own is looked at anew."""
        url, proxies = MaskedText(url), masked(proxies)
        if proxies:
            own = dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
            check_session_proxies(own["proxies"])
            return own
        parts = urlsplit(url)  # not the canonical origin: another spelling is only looked up once more
        key = (parts.scheme, parts.netloc, stream, verify, tuple(cert) if isinstance(cert, list) else cert)
        settings = self._environment.get(key)
        if settings is None:
            if len(self._environment) >= MAX_ORIGINS:
                self._environment.clear()
            settings = dict(super().merge_environment_settings(url, {}, stream, verify, cert))
            check_session_proxies(settings["proxies"])
            self._environment[key] = settings
        return {**settings, "proxies": dict(settings["proxies"] or {})}
