"""The names that ``register`` and the configuration accept, and the errors for those that they do not.

Authlib takes any name: with a typo in ``request_token_url`` it silently makes an OAuth 2 client. Here a near miss is an
error, a name of OAuth 2 is answered with where to go, and anything else is a warning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from oauth1_catalog.clients.options import HTTPX, REQUESTS, SIGNING, check_unknown, misspelt
from oauth1_catalog.errors import ConfigurationError

MAPPINGS = frozenset(
    {
        "request_token_params",
        "access_token_params",
        "authorize_params",
        "client_kwargs",
        "headers",
        "userinfo_claims",
    }
)
"""Parameters whose values are mappings; from an environment they come as JSON."""

CREDENTIALS = frozenset(
    {
        "client_id",
        "client_secret",
        "rsa_key",
        "rsa_key_passphrase",
        "encryption_key",
        "encryption_key_passphrase",
        "dh_parameters",
        "token",
        "token_secret",
        "oauth2_client_id",
        "oauth2_client_secret",
    }
)

CONFIGURABLE = (
    CREDENTIALS
    | MAPPINGS
    | {
        "request_token_url",
        "request_token_method",
        "access_token_url",
        "access_token_method",
        "authorize_url",
        "api_base_url",
        "api_hosts",
        "user_agent",
        "userinfo_endpoint",
        "allow_local_hosts",
        "insecure_transport",
        "redirect_uri",
        "allow_session_fixation",
    }
)
"""Parameters of a client that can stand in the configuration."""

REGISTER = CONFIGURABLE | {"fetch_token", "update_token", "client_cls", "allow_plaintext_over_http"}
"""Parameters of ``register``; the last four come from code alone: objects, and what sends secrets in the clear."""

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "client_id": ("consumer_key", "api_key", "key", "app_key", "client_key"),
    "client_secret": ("consumer_secret", "api_secret", "secret", "api_key_secret", "app_secret", "secret_key"),
}
"""What else the keys are called: in OAuth 1.0 itself, by providers, by other libraries."""

KEY_FILES = frozenset({"rsa_key", "encryption_key", "dh_parameters"})
"""The credentials that can be the path of a file."""

_VISIBLE = frozenset({"client_id", "oauth2_client_id"}) | KEY_FILES
"""The credentials that are not secret: identifiers, and the path of a file."""

SECRETS = (CREDENTIALS - _VISIBLE) | frozenset(OTHER_NAMES["client_secret"])
"""The parameters whose values nobody else may see, with what else the secret is called."""


def is_secret_argument(name: str, value: str) -> bool:
    """Whether ``NAME=VALUE`` would show a secret on a command line, which other users of a machine can read.

    >>> is_secret_argument("client_secret", "hush"), is_secret_argument("rsa_key", "-----BEGIN PRIVATE KEY-----")
    (True, True)
    >>> is_secret_argument("rsa_key", "key.pem"), is_secret_argument("scope", "users.read")
    (False, False)
    """
    name = name.strip().lower().replace("-", "_").removeprefix("oauth_")
    return name in SECRETS or name in _SECRET_FIELDS or (name in KEY_FILES and "-----BEGIN" in value)


_SECRET_FIELDS = frozenset({"access_token", "refresh_token", "subject_token", "client_assertion", "password"})
"""Secrets among the parameters of a token request."""

_ADDRESSES = frozenset({"base_url", "api_server", "site_url", "wiki_url", "store_url", "tool_url", "server_url"})
"""What other providers call the address of a customer's server."""

_OPTIONS = (SIGNING | REQUESTS | HTTPX) - {"base_url"}
"""What belongs in ``client_kwargs``; httpx2's ``base_url`` is the provider's address here."""

OAUTH2 = frozenset(
    {
        "access_token_endpoint",
        "authorization_endpoint",
        "client_auth_methods",
        "code_challenge_method",
        "compliance_fix",
        "id_token_signing_alg_values_supported",
        "introspection_endpoint",
        "jwks",
        "jwks_uri",
        "prompt",
        "refresh_token_params",
        "refresh_token_url",
        "response_mode",
        "response_type",
        "revocation_endpoint",
        "scope",
        "server_metadata_url",
        "token_endpoint",
        "token_endpoint_auth_method",
    }
)


def check_name(name: object) -> None:
    """Refuse a client's name that cannot be an attribute, nor the beginning of a setting's name.

    Raises:
        ConfigurationError: the name is empty, begins with ``_``, or is not text.
    """
    if not isinstance(name, str) or not name or name.startswith("_"):
        raise ConfigurationError(
            description=f"Invalid client name {name!r}.", advice="Use a Python identifier, such as 'twitter'."
        )


def reserved_name(name: str) -> ConfigurationError:
    """The error for a client's name that the registry has an attribute of."""
    return ConfigurationError(
        "reserved_name",
        f"{name}: oauth.{name} is an attribute of the registry, so a client cannot have this name.",
        provider=name,
        advice="Choose another one: register_from_catalog(..., name=...).",
    )


def check_names(
    client: str,
    given: Collection[str],
    *,
    known: Collection[str],
    where: str,
    wanted: Callable[[], Mapping[str, str | None]] = dict,
    warn_unrelated: bool = True,
) -> None:
    """Refuse near misses and names of OAuth 2 among ``given``, warn of the rest.

    Args:
        client: the registered name, for the message.
        given: the names to look at.
        known: the names that mean something.
        where: what the names were given to, for the message: ``register()``.
        wanted: gives the provider's variables that are nowhere, each with an example: an unknown name may stand for
            one. It is asked for only where a name is unknown.
        warn_unrelated: whether a name that resembles nothing is worth a warning.

    Raises:
        ConfigurationError: a name is nearly one that is known, or OAuth 2's.
    """
    refuse_oauth2(client, set(given) - set(known), where=where)
    for name in sorted(set(given) - set(known)):
        misnamed = name in _ADDRESSES or (warn_unrelated and _is_unrelated(name, {*known, *_OPTIONS}))
        if misnamed and (variables := wanted()):
            raise ConfigurationError(
                "unknown_parameter",
                f"{client}: {where} was given {name}, which this provider does not have.",
                provider=client,
                advice=_to_give(variables),
            )
        if name in _OPTIONS:
            raise ConfigurationError(
                "unknown_parameter",
                f"{client}: {where} was given {name}, which belongs in client_kwargs.",
                provider=client,
                advice=f"Pass client_kwargs={{{name!r}: ...}}.",
            )
    try:
        check_unknown(given, known, where=f"{client}: {where}", warn_unrelated=warn_unrelated)
    except ConfigurationError as error:
        error.provider = client
        raise


def _is_unrelated(name: str, known: Collection[str]) -> bool:
    return not misspelt(name, known) and not any(name in others for others in OTHER_NAMES.values())


def _to_give(wanted: Mapping[str, str | None]) -> str:
    """What to give instead of a name that the provider does not have.

    >>> _to_give({"site_url": "https://blog.example.com"})
    "The variable is site_url: pass site_url='https://blog.example.com'."
    """
    listed = " and ".join(wanted)
    example = ", ".join(f"{name}={value or '...'!r}" for name, value in wanted.items())
    return f"The variable{'s are' if len(wanted) > 1 else ' is'} {listed}: pass {example}."


def refuse_oauth2(client: str, given: Collection[str], *, where: str) -> None:
    """Refuse parameters of OAuth 2, and point to Authlib.

    Raises:
        ConfigurationError: a name is OAuth 2's.
    """
    for name in sorted(OAUTH2.intersection(given)):
        raise ConfigurationError(
            "oauth2_parameter",
            f"{client}: {where} was given {name}, which belongs to OAuth 2; this package implements only OAuth 1.0.",
            provider=client,
            advice="For OAuth 2 use Authlib's OAuth beside this one (from authlib.integrations...).",
        )


def as_mapping(client: str, parameter: str, value: object, *, where: str) -> Mapping[str, object]:
    """A mapping parameter's value: a mapping, or JSON text, which is how an environment holds one.

    Raises:
        ConfigurationError: it is neither.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ConfigurationError(
                description=f"{client}: {where} is text but no JSON ({error}).",
                provider=client,
                advice="Write it as a JSON object.",
            ) from error
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            description=f"{client}: {where} is of type {type(value).__name__}; {parameter} is a mapping.",
            provider=client,
            advice="Write it as a dictionary, in an environment as a JSON object.",
        )
    return value


TEXTS = CREDENTIALS - KEY_FILES - {"rsa_key_passphrase", "encryption_key_passphrase"}
"""The parameters that are looked at here."""

WRAPPED = frozenset({"Secret", "SecretStr"})
"""The types of Starlette and pydantic for a text that does not show."""


def coerce_credential(client: str, parameter: str, value: object, *, where: str, quoting: str = "") -> str:
    """The text of one of the ``TEXTS``.

    Args:
        client: the registered name, for the message.
        parameter: the parameter's name.
        value: what the configuration or the call gave.
        where: where it was given: ``TWITTER_CLIENT_ID in app.config``.
        quoting: how one writes text there, if that needs to be said; a whole sentence.

    >>> coerce_credential("twitter", "client_id", 12345, where="client_id=")
    '12345'
    >>> from starlette.datastructures import Secret
    >>> coerce_credential("twitter", "client_secret", Secret("hush"), where="client_secret=")
    'hush'
    >>> coerce_credential("twitter", "client_id", "key ", where="client_id=")
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
            "the provider would take for a part of it.",
            provider=client,
            advice="Remove that.",
        )
    return value
