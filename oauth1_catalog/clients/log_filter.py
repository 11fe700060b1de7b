"""Keep secrets that travel in a query out of the log lines of urllib3 and httpx2.

Both write the URLs that they ask for, urllib3 at DEBUG and httpx2 at INFO; httpcore2 writes the headers of each answer
at DEBUG, where a redirect's address repeats the query. A client that signs in the query has the token there, and the
secrets themselves with PLAINTEXT; some providers take a password or an API key there.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from oauth1_catalog.flow.excerpts import without_secret_fields
from oauth1_catalog.redaction import MASK, is_secret_name

_NAME = re.compile(r"[?&]([^?&=]*)=")
_QUERY = re.compile(r"\?[^\s'\"]+")
_HEADER = re.compile(r"(\(b'([A-Za-z0-9-]{1,100})', )b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


class SecretQueryFilter(logging.Filter):
    """Cuts the query off every URL in a record's arguments that has a secret in it, to judge by the names.

    >>> record = logging.LogRecord("x", 10, "x", 1, "GET %s %d", ("/me?a=1&oauth_signature=hush", 200), None)
    >>> SecretQueryFilter().filter(record), record.getMessage()
    (True, 'GET /me?... 200')
    >>> record = logging.LogRecord("x", 10, "x", 1, "[(b'Set-Cookie', b'a=hush'), (b'A', b'?token=x')]", (), None)
    >>> SecretQueryFilter().filter(record), record.getMessage()
    (True, "[(b'Set-Cookie', b'********'), (b'A', b'?...')]")
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, cut where it must be."""
        if not record.args and isinstance(record.msg, str):
            cut = _QUERY.sub(lambda query: _cut(query[0]), _HEADER.sub(_masked, record.msg))
            record.msg = without_secret_fields(cut)
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _masked(header: re.Match[str]) -> str:
    return f"{header[1]}b'{MASK}'" if is_secret_name(header[2]) else header[0]


def _without_query(argument: object) -> object:
    return argument if isinstance(argument, int | float) else _cut(argument)


def _cut(argument: Any) -> Any:
    text = str(argument)
    return f"{text.partition('?')[0]}?..." if any(map(_is_secret, _NAME.findall(text))) else argument


def _is_secret(name: str) -> bool:
    return is_secret_name(name) or "key" in name.lower()


def filter_logs_of(*names: str) -> None:
    """Attach the filter to the loggers of these names; what passes through them otherwise is not changed."""
    for name in names:
        logging.getLogger(name).addFilter(SECRET_QUERIES)


SECRET_QUERIES = SecretQueryFilter()
