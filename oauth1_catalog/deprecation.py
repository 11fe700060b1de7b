"""How a public name or parameter is deprecated; ``docs/versioning.md`` has the policy.

Rule 1: the message has the form of ``NOTICE``: the name, the version since which it warns, the version that removes it,
and what to use.
Rule 2: the category is ``OAuth1CatalogDeprecationWarning``.
``tests/test_deprecation.py`` finds each use in the package. It fails for another form, and for a name whose version has
come.

>>> notice = NOTICE.fullmatch("client.foo() is deprecated since 1.4, and version 2.0 removes it. Use client.bar().")
>>> notice["name"], notice["removal"]
('client.foo()', '2.0')
"""

from __future__ import annotations

import re
import sys

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.errors import OAuth1CatalogDeprecationWarning

if sys.version_info >= (3, 13):
    from warnings import deprecated
else:
    from typing_extensions import deprecated

__all__ = ["NOTICE", "deprecated", "warn_deprecated"]

NOTICE = re.compile(
    r"(?P<name>\S.*) is deprecated since (?P<since>\d+\.\d+), and version (?P<removal>\d+\.\d+) removes it\."
    r" (?P<advice>[A-Z].*\.)"
)
"""The form of a message."""


def warn_deprecated(message: str) -> None:
    """Warn of a parameter or a value, at the line of the application.

    A class or a function takes the decorator ``@deprecated(message, category=OAuth1CatalogDeprecationWarning)``
    instead, which type checkers and editors know (PEP 702).

    Args:
        message: a text of the form of ``NOTICE``.
    """
    warn(message, OAuth1CatalogDeprecationWarning)
