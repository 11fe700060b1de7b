"""For whom a login began: a login that links an account to one user must not end for another one.

Alice begins to link her account and logs out; Bob logs in in the same browser, and Alice's callback arrives. Without
the user in the login's record, Alice's token would be saved under Bob.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from oauth1_catalog.errors import ConfigurationError, StateError

_IDENTIFIERS = ("pk", "get_id", "id")
"""What the identifier of a user object is called: Django, Flask-Login, and the mapped classes of SQLAlchemy."""


def user_digest(client: str, user: object) -> str | None:
    """What a login's record keeps of a user, ``None`` for nobody.

    Args:
        client: the registered name.
        user: an identifier, or an object that has one (``pk``, ``get_id()``, ``id``).

    Raises:
        ConfigurationError: the object has no identifier.

    >>> user_digest("twitter", 7) == user_digest("twitter", "7"), user_digest("twitter", None)
    (True, None)
    """
    identifier = user
    if not isinstance(user, str | int | UUID | None):
        if getattr(user, "is_authenticated", True) is False:
            return None  # Django's AnonymousUser, Starlette's UnauthenticatedUser
        identifier = next((found for name in _IDENTIFIERS if (found := _attribute(user, name)) is not None), None)
        if not isinstance(identifier, str | int | UUID):
            raise ConfigurationError(
                "unknown_user",
                f"{client}: a login cannot remember a {type(user).__name__} as its user. Pass an identifier as user=, "
                "such as the primary key: text, a number or a UUID.",
                provider=client,
            )
    return None if identifier is None else hashlib.sha256(f"user:{identifier}".encode()).hexdigest()[:24]


def check_same_user(client: str, begun_by: str | None, ended_by: str | None) -> None:
    """Refuse the end of a login that another user began. One that nobody in particular began ends for everybody.

    Raises:
        StateError: the users differ, or nobody is logged in any more.
    """
    if begun_by is None or begun_by == ended_by:
        return
    who = "nobody is logged in now" if ended_by is None else "another user is logged in now"
    raise StateError(
        "mismatching_user",
        f"{client}: this login was begun by a user of your application, and {who}. Ask the user to log in again, and "
        "to begin anew. Where authorize_redirect() is given user=, give authorize_access_token() the same.",
        provider=client,
        step="callback",
    )


def _attribute(user: object, name: str) -> object:
    value = getattr(user, name, None)
    return value() if name == "get_id" and callable(value) else value
