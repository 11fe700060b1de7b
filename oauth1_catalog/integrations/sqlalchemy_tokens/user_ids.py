"""A user's identifier in the type of the table's column.

Databases differ in whether ``' 7'`` and ``7.0`` are equal to 7. A row is sealed for one identifier, so each is brought
into one form first.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from oauth1_catalog.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Column

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,20}\s*", re.ASCII)


def user_id(column: Column[Any], user: object) -> Any:
    """``user`` as a value of ``column``; of a type that is not known here, as it is.

    >>> from sqlalchemy import Column, Integer, String, Uuid
    >>> user_id(Column("user_id", Integer), " 7"), user_id(Column("user_id", String), 7)
    (7, '7')

    Raises:
        ConfigurationError: it can be no user of this table.
    """
    try:
        kind = column.type.python_type
    except NotImplementedError:  # a type of the application's own
        return user
    value: Any = user
    if kind is int:
        value = _integer(user)
    elif kind is uuid.UUID and isinstance(user, str):
        try:
            value = uuid.UUID(user.strip())
        except ValueError:
            value = None
    elif kind is str and type(user) is int:
        value = str(user)
    known = {int: int, uuid.UUID: uuid.UUID, str: str}.get(kind, object)
    if isinstance(value, known) and value is not None:
        return value
    raise ConfigurationError(
        "invalid_user",
        f"The user {user!r} is a {type(user).__name__}, and {column.table.name}.{column.name} holds "
        f"{ {int: 'whole numbers', uuid.UUID: 'UUIDs', str: 'text'}.get(kind, kind.__name__) }. Pass the user's "
        "identifier as that column holds it.",
    )


def _integer(user: object) -> int | None:
    if isinstance(user, bool):
        return None
    if isinstance(user, int):
        return int(user)
    if isinstance(user, float):  # beyond 2**53 a float stands for several whole numbers
        return int(user) if user.is_integer() and abs(user) <= 2**53 else None
    return int(user) if isinstance(user, str) and _INTEGER.fullmatch(user) else None
