"""The rate limits of a provider's file, as an emulated provider enforces them.

A period slides: at each moment, the last ``seconds`` contain at most ``requests`` requests that were answered.
"""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic

from oauth1_catalog.catalog.provider import RateLimit
from oauth1_catalog.emulator.validator import is_form
from oauth1_catalog.emulator.window import Window
from oauth1_catalog.rfc5849.messages import Request, Response

MAX_COUNTED = 10_000
"""The number of clients and tokens that a limit counts; the one that was not used for longest is forgotten."""

_PARAMETER = {"client": "oauth_consumer_key", "token": "oauth_token"}


class RateLimits:
    """The limits of one provider; safe to use from many threads.

    Args:
        limits: from the provider's file.
        token_header: the header of the token, if calls are not signed.
    """

    def __init__(self, limits: Sequence[RateLimit], token_header: str = "Authorization") -> None:
        self.limits: tuple[RateLimit, ...] = tuple(limits)
        self._header = token_header
        self._lock = threading.Lock()
        self._windows: list[OrderedDict[str, Window]] = [OrderedDict() for _ in self.limits]

    def refuse(self, request: Request) -> Response | None:
        """The answer with status 429 if a limit is reached. Otherwise ``None``, and the request is counted."""
        now = monotonic()
        with self._lock:
            concerned = [
                (limit, _window(windows, key))
                for limit, windows in zip(self.limits, self._windows, strict=True)
                if (key := self._key(limit, request)) is not None
            ]
            waits = [(window.wait(limit.requests, limit.seconds, now), limit) for limit, window in concerned]
            longest, limit = max(waits, key=lambda found: found[0], default=(0.0, None))
            if limit is None or not longest:
                for each, window in concerned:
                    window.take(each.requests, each.seconds, now)
                return None
        seconds = math.ceil(longest)
        text = f"At most {limit}. Wait for {seconds} seconds.\n"
        headers = {"Retry-After": str(seconds), "Content-Type": "text/plain; charset=utf-8"}
        return Response(429, headers, text.encode("utf-8"))

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            for windows in self._windows:
                windows.clear()

    def _key(self, limit: RateLimit, request: Request) -> str | None:
        """What the limit counts; ``None`` if it does not concern the request.

        All requests have the address of this machine, and are counted together if the file names nothing else.
        """
        name = _PARAMETER.get(limit.per or "")
        if name is None:
            return ""
        body = (request.body or b"").decode("latin-1") if is_form(request) else ""
        texts = (request.header("Authorization"), request.url.partition("?")[2], body)
        sent = next((found[1] for text in texts if (found := re.search(rf'\b{name}="?([^"&,\s]+)', text))), None)
        if sent is None and limit.per == "token":
            # A call without a signature has the token in a header. Some signed requests have no token.
            given = request.header(self._header)
            return None if given.lower().startswith("oauth ") else given or None
        return sent or ""


def _window(windows: OrderedDict[str, Window], key: str) -> Window:
    window = windows.setdefault(key, Window())
    windows.move_to_end(key)
    if len(windows) > MAX_COUNTED:
        windows.popitem(last=False)
    return window
