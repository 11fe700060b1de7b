"""Keep secrets that travel in a query out of the log lines of urllib3 and httpx2.

Both write the URLs that they ask for, urllib3 at DEBUG and httpx2 at INFO. A client that signs in the query has the
token there, and the secrets themselves with PLAINTEXT; some providers take a password or an API key there.
"""

from __future__ import annotations

import logging
import re

from oauth1_catalog.redaction import is_secret_name

_NAME = re.compile(r"[?&]([^?&=]*)=")


class SecretQueryFilter(logging.Filter):
    """Cuts the query off every URL in a record's arguments that has a secret in it, to judge by the names.

    >>> record = logging.LogRecord("x", 10, "x", 1, "GET %s %d", ("/me?a=1&oauth_signature=hush", 200), None)
    >>> SecretQueryFilter().filter(record), record.getMessage()
    (True, 'GET /me?... 200')
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, cut where it must be."""
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(argument) for argument in record.args)
        return True


def _cut(argument: object) -> object:
    if isinstance(argument, int | float):
        return argument
    text = str(argument)
    return f"{text.partition('?')[0]}?..." if any(map(_is_secret, _NAME.findall(text))) else argument


def _is_secret(name: str) -> bool:
    return is_secret_name(name) or "key" in name.lower()


def filter_logs_of(*names: str) -> None:
    """Attach the filter to the loggers of these names; what passes through them otherwise is not changed."""
    for name in names:
        logging.getLogger(name).addFilter(SECRET_QUERIES)


SECRET_QUERIES = SecretQueryFilter()
