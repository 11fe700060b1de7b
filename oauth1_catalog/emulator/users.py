"""The invented people who log in at an emulated provider, and what they are called in standard claims."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """A person of that ``username``; all else follows from it, so every run and every process agree.

    >>> User("ada").claim("email")
    'ada@example.com'
    >>> User("ada").claim("sub") == User("grace").claim("sub")
    False
    """

    username: str

    def claim(self, name: str) -> str:
        """The value of an OpenID Connect claim; one that is not standard gets an example value."""
        slug = re.sub(r"[^A-Za-z0-9._-]", "-", self.username)
        given = self.username.partition("@")[0].replace("_", " ").replace(".", " ").title() or "Somebody"
        known = {
            "sub": str(10**8 + int.from_bytes(hashlib.sha256(self.username.encode()).digest()[:6]) % (9 * 10**8)),
            "preferred_username": self.username,
            "nickname": self.username,
            "name": f"{given} Example",
            "given_name": given,
            "family_name": "Example",
            "email": f"{slug}@example.com",
            "email_verified": "true",
            "picture": f"https://example.com/{slug}/portrait.png",
            "profile": f"https://example.com/{slug}",
            "website": f"https://{slug.lower()}.example.org/",
            "zoneinfo": "Europe/London",
            "locale": "en-GB",
        }
        return known.get(name, f"example {name}")


DEFAULT_USER = User("ada")
