"""The keys of a client as they were typed: what is text goes on unchanged, what would be refused later is refused here.

Rule: nothing is corrected in silence, for a key that was changed fails at the provider, where nobody sees why. Whole
numbers alone are taken as their digits: that is what was typed before something parsed it.
"""

from __future__ import annotations

from oauth1_catalog.errors import ConfigurationError

TEXTS = frozenset({"client_id", "client_secret", "token", "token_secret"})
"""The parameters that are looked at here."""

WRAPPED = frozenset({"Secret", "SecretStr"})
"""The types of Starlette and pydantic for a text that does not show."""


def key_text(client: str, parameter: str, value: object, *, where: str, quoting: str = "") -> str:
    """The text of one of the ``TEXTS``.

    Args:
        client: the registered name, for the message.
        parameter: the parameter's name.
        value: what the configuration or the call gave.
        where: where it was given: ``TWITTER_CLIENT_ID in app.config``.
        quoting: how one writes text there, if that needs to be said; a whole sentence.

    >>> key_text("twitter", "client_id", 12345, where="client_id=")
    '12345'
    >>> from starlette.datastructures import Secret
    >>> key_text("twitter", "client_secret", Secret("hush"), where="client_secret=")
    'hush'
    >>> key_text("twitter", "client_id", "key ", where="client_id=")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: twitter: client_id= begins or ends with ...

    Raises:
        ConfigurationError: it is neither text nor a whole number, or has white space at its ends.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if type(value).__name__ in WRAPPED:
        # Their text is behind a repr that hides it, as ours is; neither library is imported for this.
        value = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    if not isinstance(value, str):
        raise ConfigurationError(
            description=f"{client}: {where} is of type {type(value).__name__}; {parameter} is text. "
            f"{quoting or 'Write it in quotes.'}",
            provider=client,
        )
    if value != value.strip():
        raise ConfigurationError(
            description=f"{client}: {where} begins or ends with white space, such as a blank or a line's end, which "
            "the provider would take for a part of it. Remove that.",
            provider=client,
        )
    return value
