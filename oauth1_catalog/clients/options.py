"""``client_kwargs``: what they may hold, for whom it is, and what is said about the rest.

For the registry::

    signing_options(client_kwargs, name="twitter")   -> keywords of rfc5849.Signer; unknown names are dealt with here
    requests_options(client_kwargs, name="twitter")  -> keywords of clients.requests_pool.RequestsPool
    httpx_options(client_kwargs, name="twitter")     -> keywords of clients.httpx_pool.HttpxPool

Each takes the whole mapping and picks what is its own. The names are those of Authlib's sessions, where it has one.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Literal

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.clients.limits import Limits
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.suggestions import did_you_mean, nearest

SIGNING = frozenset(
    {
        "signature_method",
        "signature_type",
        "realm",
        "body_hash",
        "force_include_body",
        "empty_token",
        "version",
        "profile",
        "rsa_key",
        "rsa_key_passphrase",
        "nonce",
        "timestamp",
    }
)
"""Keywords of ``Signer`` that ``client_kwargs`` may hold, and so of every client."""

SIGNER = SIGNING | {"allow_plaintext_over_http"}
"""All keywords of ``Signer``. What allows PLAINTEXT over http comes from code alone, never from a configuration."""

LIMITS = frozenset({
    "limits", "timeout", "max_connections", "max_token_connections", "max_redirects", "token_deadline", "token_bytes",
    "answer_deadline", "answer_bytes",
})  # fmt: skip
"""Keywords that make the ``Limits`` of a pool."""

BOTH = LIMITS | {"verify", "cert", "headers", "trust_env"}
"""Keywords of both transports."""

REQUESTS = BOTH | {"proxies", "stream", "hooks", "session_factory"}
"""Keywords of the clients on requests (Flask, Django)."""

HTTPX_CLIENT = frozenset(
    {
        "base_url",
        "cookies",
        "default_encoding",
        "event_hooks",
        "follow_redirects",
        "http1",
        "http2",
        "mounts",
        "proxy",
        "transport",
    }
)
HTTPX = BOTH | HTTPX_CLIENT | {"client_factory"}
"""Keywords of the clients on httpx2 (Starlette)."""

ELSEWHERE = {
    "client_id": "the client's parameter client_id",
    "client_secret": "the client's parameter client_secret",
    "redirect_uri": "the client's parameter redirect_uri",
    "token": "the argument token= of each call",
    "token_secret": "the argument token= of each call",
    "verifier": "the callback",
    "allow_local_hosts": "the client's parameter allow_local_hosts",
    "insecure_transport": "the client's parameter insecure_transport",
    "allow_plaintext_over_http": "the client's parameter allow_plaintext_over_http",
}
"""Names of Authlib's constructor that have no meaning in ``client_kwargs``, there as here, and where it comes from."""

COUNTERPARTS = {
    "proxy": "proxies={'https': ...}",
    "proxies": "proxy='...'",
    "transport": "session_factory",
    "mounts": "session_factory",
    "client_factory": "session_factory",
    "session_factory": "transport or client_factory",
    "event_hooks": "hooks={'response': ...}",
    "hooks": "event_hooks={'response': [...]}",
}
"""What the other transport calls it; to drop such an option in silence would send a call another way than was asked."""


def signing_options(client_kwargs: Mapping[str, object], *, name: str) -> dict[str, Any]:
    """The keywords of ``Signer`` in ``client_kwargs``.

    Args:
        client_kwargs: as given to ``register``.
        name: the client's name, for messages.

    Raises:
        ConfigurationError: ``client_kwargs`` is not a mapping, or contains a misspelt name or an option of the wrong
            type. ``Signer`` checks whether the signature method exists.

    Warns:
        UserWarning: a name is unknown; it is ignored.

    >>> signing_options({"signature_type": "QUERY", "timeout": 5}, name="twitter")
    {'signature_type': 'QUERY'}
    >>> signing_options({"signature_metod": "PLAINTEXT"}, name="twitter")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: twitter: client_kwargs has an unknown \
option 'signature_metod'. Did you mean 'signature_method'?
    """
    if not isinstance(client_kwargs, Mapping):
        raise ConfigurationError(
            description=f"{name}: client_kwargs is {type(client_kwargs).__name__}. Give a dictionary of options.",
            provider=name,
        )
    check_unknown(client_kwargs, SIGNING | REQUESTS | HTTPX, where=f"{name}: client_kwargs", elsewhere=ELSEWHERE)
    return checked({key: value for key, value in client_kwargs.items() if key in SIGNING}, name=name)


def requests_options(client_kwargs: Mapping[str, object], *, name: str) -> dict[str, Any]:
    """The keywords of ``RequestsPool`` in ``client_kwargs``, its ``limits`` made of ``timeout`` and the like.

    Raises:
        ConfigurationError: an option of the wrong type, or one that only httpx2 has.

    >>> requests_options({"realm": "x", "timeout": 5}, name="twitter")["limits"].read
    5
    """
    return _transport_options(client_kwargs, REQUESTS, name)


def httpx_options(client_kwargs: Mapping[str, object], *, name: str) -> dict[str, Any]:
    """The keywords of ``HttpxPool`` in ``client_kwargs``, its ``limits`` made of ``timeout`` and the like.

    Raises:
        ConfigurationError: an option of the wrong type, or one that only requests has.

    >>> sorted(httpx_options({"http2": False, "timeout": 5}, name="twitter"))
    ['http2', 'limits']
    """
    return _transport_options(client_kwargs, HTTPX, name)


def _transport_options(client_kwargs: Mapping[str, object], own: frozenset[str], name: str) -> dict[str, Any]:
    for key in client_kwargs:
        if key in COUNTERPARTS and key not in own:
            raise ConfigurationError(
                description=f"{name}: client_kwargs has {key!r}, which this client's HTTP library does not know. "
                f"Use {COUNTERPARTS[key]}.",
                provider=name,
            )
    options = checked({key: value for key, value in client_kwargs.items() if key in own}, name=name)
    if LIMITS & options.keys():
        try:
            limits = limits_of(options)
        except ConfigurationError as error:
            raise ConfigurationError(description=f"{name}: {error.description}", provider=name) from None
        options = {"limits": limits, **{key: options[key] for key in options.keys() - LIMITS}}
    return options


def limits_of(options: Mapping[str, Any]) -> Limits:
    """The limits that ``options`` ask for: ``limits`` (ours, or ``httpx2.Limits``), ``timeout``, ``max_redirects``, ...

    Raises:
        ConfigurationError: ``timeout`` or one of the limits has a wrong value.

    >>> limits_of({"timeout": (3, 10), "max_redirects": 0}).connect
    3
    """
    limits = options.get("limits") or Limits()
    if not isinstance(limits, Limits):  # httpx2.Limits, whose fields may be None for no limit
        asked = {
            "max_connections": limits.max_connections,
            "max_idle_connections": limits.max_keepalive_connections,
            "keepalive": limits.keepalive_expiry,
        }
        limits = Limits(**{key: value for key, value in asked.items() if value is not None})
    if "timeout" in options:
        limits = limits.with_timeout(options["timeout"])
    return replace(limits, **{key: options[key] for key in LIMITS - {"limits", "timeout"} if key in options})


def check_unknown(
    given: Collection[str],
    known: Collection[str],
    *,
    where: str,
    elsewhere: Mapping[str, str] | None = None,
    warn_unrelated: bool = True,
) -> None:
    """Refuse near misses of known names, and warn of other unknown ones.

    Args:
        given: the names to look at.
        known: the names that mean something.
        where: begins the message.
        elsewhere: names that belong to another place, and its name.
        warn_unrelated: whether a name that resembles no other is worth a warning.

    Raises:
        ConfigurationError: a name is a misspelling of a known one.
    """
    for key in sorted(set(given) - set(known), key=str):
        if elsewhere and key in elsewhere:
            warn(f"{where} has {key!r}, which is ignored there: it comes from {elsewhere[key]}.")
            continue
        question = did_you_mean(misspelt(str(key), known), quote="'", sentence=True)
        # A key like HEADERS can be another library's setting, so it is not an error, although it resembles a name.
        if question and not str(key).isupper():
            raise ConfigurationError(description=f"{where} has an unknown option {key!r}.", advice=question)
        if warn_unrelated:
            warn(f"{where} has an unknown option {key!r}; it is ignored. {question}".rstrip())


def misspelt(name: str, known: Collection[str]) -> tuple[str, ...]:
    """The known name of which ``name`` is a misspelling, if there is one.

    >>> misspelt("signature_metod", SIGNING), misspelt("colour", SIGNING)
    (('signature_method',), ())
    """
    return nearest(name, known, limit=1, cutoff=0.75)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


_CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    **dict.fromkeys(("realm", "version"), (_is_text_or_none, "text, or None")),
    **dict.fromkeys(
        (
            "force_include_body",
            "empty_token",
            "allow_plaintext_over_http",
            "trust_env",
            "stream",
            "follow_redirects",
            "http1",
            "http2",
        ),
        (_is_flag, "True or False"),
    ),
    **dict.fromkeys(("headers", "proxies", "hooks", "event_hooks", "mounts", "cookies"), (_is_mapping, "a dictionary")),
    **dict.fromkeys(("session_factory", "client_factory"), (callable, "a function without arguments")),
    "verify": (
        lambda value: value is None or isinstance(value, bool | str | os.PathLike | ssl.SSLContext),
        "True, False, a path or an ssl.SSLContext",
    ),
    "cert": (
        lambda value: value is None or isinstance(value, str | os.PathLike | tuple | list),
        "a path, or (certificate, key)",
    ),
    "limits": (
        lambda value: isinstance(value, Limits) or hasattr(value, "keepalive_expiry"),
        "an oauth1_catalog.clients.limits.Limits, or an httpx2.Limits",
    ),
}


def checked(options: Mapping[str, object], *, name: str) -> dict[str, Any]:
    """``options`` with paths as text; an option of the wrong type is refused.

    Raises:
        ConfigurationError: an option has the wrong type. The message describes the right one.
    """
    for key, value in options.items():
        accepts, wanted = _CHECKS.get(key, (None, ""))
        if accepts is not None and not accepts(value):
            raise ConfigurationError(
                description=f"{name}: {key} is {type(value).__name__}. Give {wanted}.",
                provider=name,
            )
    paths = {"verify", "cert"} & options.keys()
    return {**options, **{key: _paths_as_text(options[key]) for key in paths}}


def _paths_as_text(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, tuple | list):
        return tuple(_paths_as_text(part) for part in value)
    return value


SIGNATURE_HMAC_SHA1 = "HMAC-SHA1"
SIGNATURE_HMAC_SHA256 = "HMAC-SHA256"
SIGNATURE_HMAC_SHA512 = "HMAC-SHA512"
SIGNATURE_RSA_SHA1 = "RSA-SHA1"
SIGNATURE_RSA_SHA256 = "RSA-SHA256"
SIGNATURE_RSA_SHA512 = "RSA-SHA512"
SIGNATURE_PLAINTEXT = "PLAINTEXT"

SIGNATURE_TYPE_HEADER: Literal["HEADER"] = "HEADER"
SIGNATURE_TYPE_QUERY: Literal["QUERY"] = "QUERY"
SIGNATURE_TYPE_BODY: Literal["BODY"] = "BODY"
