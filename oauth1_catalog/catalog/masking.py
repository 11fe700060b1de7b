"""What looks like a credential, and source lines that are safe to show.

Rule: whatever shows a line of a provider file shows it through ``mask_lines``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

MASK = "********"
_CREDENTIAL_KEY = re.compile(
    r"^(?:(?:client|consumer|app|api|token|access_token|oauth|oauth_token)_?(?:secret|key_secret)|secret|password"
    r"|passphrase|passwd|rsa_key(?:_passphrase)?|private_key|api_key|consumer_key|client_id|oauth_consumer_key"
    r"|oauth_token|access_token|token|bearer_token|authorization)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_credential(key: str) -> bool:
    """Whether a key of that name holds a secret, or something that is nobody else's business.

    >>> is_credential("client_secret"), is_credential("request_token_url")
    (True, False)
    """
    return _CREDENTIAL_KEY.match(key.replace("-", "_").strip("\"' ")) is not None


_KEYED_VALUE = re.compile(
    r"(?P<key>[\"']?[A-Za-z_-]+[\"']?)(?P<gap>\s*[:=]\s*)(?P<value>\"[^\"]*\"?|'[^']*'?|[^,{}\[\]\s\"'][^,}]*)"
)
_OPEN_KEY = re.compile(r"(?P<indent>\s*(?:-\s+)*).*?(?P<key>[\"']?[A-Za-z_-]+[\"']?)\s*:(?P<value>[^{}\[\]:]*)$")
# The provider's words for the credentials stand under the credentials' names; in a template's comment, too.
_LABELS = re.compile(r"\s*(?:#\s*)?credential_labels\s*:\s*\{[^{}]*\}")
_LABELS_BELOW = re.compile(r"(?P<indent>\s*)credential_labels\s*:\s*(?:#.*)?$")
_KEY_MATERIAL = re.compile(r"-----(?:BEGIN|END)[^-]*-----|[A-Za-z0-9+/]{60,}={0,2}")


def mask_line(line: str) -> str:
    """A source line that is safe to show: the values of credential-like keys, and key material, are stars.

    >>> mask_line("client_secret: abc123  # mine")
    'client_secret: ********'
    >>> mask_line("credential_labels: {client_secret: Consumer Secret}")
    'credential_labels: {client_secret: Consumer Secret}'
    """
    labels = _LABELS.match(line)
    start = labels.end() if labels else 0

    def masked(match: re.Match[str]) -> str:
        return match["key"] + match["gap"] + MASK if is_credential(match["key"]) else match[0]

    return _KEY_MATERIAL.sub(MASK, line[:start] + _KEYED_VALUE.sub(masked, line[start:]))


def mask_lines(lines: Sequence[str]) -> list[str]:
    """The same for lines that follow one another: a credential's value may go on below its key."""
    shown: list[str] = []
    inside: int | None = None
    labels: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if labels is not None and (indent > labels or not line.strip()):
            shown.append(_KEY_MATERIAL.sub(MASK, line))
            continue
        below = _LABELS_BELOW.match(line)
        labels = len(below["indent"]) if below and inside is None else None
        if inside is not None and (indent > inside or not line.strip()):
            shown.append(" " * indent + (MASK if line.strip() else ""))
            continue
        opened = _OPEN_KEY.match(line)
        inside = len(opened["indent"]) if opened and is_credential(opened["key"]) else None
        shown.append(mask_line(line))
    return shown
