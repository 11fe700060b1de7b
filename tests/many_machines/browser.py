"""A browser behind a load balancer: it knows one host, and the test says which machine serves a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

HOST = "shop.example"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a machine answered."""

    status: int
    location: str
    text: str

    def json(self) -> dict[str, Any]:
        """The body."""
        body: dict[str, Any] = json.loads(self.text)
        return body


class Browser:
    """One user's browser, with its cookies."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def get(self, url: str, *, port: int, timeout: float = 30) -> Answer:
        """Let the machine at ``port`` serve ``url``, which is a path or an address of the host."""
        parts = urlsplit(url)
        assert parts.netloc in {"", HOST}, url
        headers = {"Host": HOST, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            response = connection.getresponse()
            for header in response.headers.get_all("Set-Cookie") or ():
                for name, morsel in SimpleCookie(header).items():
                    self.cookies[name] = morsel.value
            return Answer(response.status, response.headers.get("Location", ""), response.read().decode())
        finally:
            connection.close()
