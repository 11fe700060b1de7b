"""The keys of the table, from the settings."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from oauth1_catalog.registry.token_cipher import SETTING, TokenCipher


def configured_cipher() -> TokenCipher:
    """The keys of ``OAUTH1_CATALOG_TOKEN_KEYS``: a list, newest first, or one text with commas.

    Raises:
        ConfigurationError: there is none, or one of them is no key.
    """
    keys = getattr(settings, SETTING, None) or ()
    return _cipher(keys if isinstance(keys, str | bytes) else tuple(keys))


# Two at most: the settings' and, in a test, those that override them.
@lru_cache(maxsize=2)
def _cipher(keys: str | bytes | tuple[str | bytes, ...]) -> TokenCipher:
    return TokenCipher(keys)
