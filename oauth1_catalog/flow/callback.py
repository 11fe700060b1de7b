"""Read the callback, with which the user's browser returns from the provider (RFC 5849, section 2.2).

Only the parameters of the protocol and of the provider's file are read, each at most once. Anyone can write the URL of
a callback, so its other parameters (``oauth_token_secret``, ``redirect_uri``, ...) are ignored.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.diagnosis.problems import REFUSALS
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    MissingRequestTokenError,
    MissingVerifierError,
    OAuthError,
    StateError,
    TokenRequestDeniedError,
)

MAX_VALUE = 2048
"""The maximum length of a value in a callback, in characters."""


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters of a callback, not yet verified.

    ``oauth_token`` identifies the login that it claims to finish. ``failure`` is the reason if the login failed.
    """

    oauth_token: str
    oauth_verifier: str | None = field(default=None, repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    failure: OAuthError | None = None


def read_callback(
    provider: Provider, parameters: Iterable[tuple[str, str]], *, handed: Iterable[tuple[str, object]] | None = None
) -> Callback:
    """Read the parameters of a callback.

    Args:
        provider: describes a denial, and the other parameters to keep.
        parameters: names and values of the query, decoded, in order.
        handed: the parameters that a front end passed on in a body. They replace those of the query, which must not
            differ from them.

    Raises:
        MissingRequestTokenError: the callback has no ``oauth_token``, so its login is unknown.
        StateError: a parameter is repeated, is not text, is too long, contains control characters, or differs from the
            query.
    """
    rules = provider.callback
    wanted = {rules.token_param, rules.verifier_param, "oauth_problem", rules.denied_param, *rules.extra}
    if rules.state_param:
        wanted.add(rules.state_param)
    found = _each_once(provider, wanted, parameters)
    if handed is not None:
        query, found = found, _each_once(provider, wanted, handed)
        for name, value in query.items():
            if found.get(name) != value:
                raise _invalid(provider, f"the query's {name} is not the one that was passed with callback=")

    denied = found.get(rules.denied_param) or None
    if rules.denied_value is not None and denied != rules.denied_value:
        denied = None
    token = found.get(rules.token_param) or denied
    failure = _failure(provider, found, is_denied=denied is not None)
    if token is None:
        raise failure or MissingRequestTokenError(
            description=f'{provider.name}: Missing "{rules.token_param}" parameter in the callback.',
            provider=provider.name,
            step="callback",
            advice="Ask the user to log in again.",
        )
    kept = {name: found[name] for name in (*rules.extra, *filter(None, [rules.state_param])) if name in found}
    return Callback(token, found.get(rules.verifier_param) or None, kept, failure)


def _each_once(provider: Provider, wanted: Container[str], pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The wanted parameters. ``null`` in JSON counts as absent."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in wanted or value is None:
            continue
        if not isinstance(value, str):
            raise _invalid(provider, f"the callback's {name} is of type {type(value).__name__} and not text")
        if name in found or len(value) > MAX_VALUE or not value.isprintable():
            raise _invalid(
                provider,
                f"the callback's {name} comes twice, is longer than {MAX_VALUE} characters or holds control characters",
            )
        found[name] = value
    return found


def _invalid(provider: Provider, fault: str) -> StateError:
    return StateError(
        "invalid_callback",
        f"{provider.name}: {fault}.",
        provider=provider.name,
        step="callback",
        advice="Ask the user to log in again.",
    )


def require_verifier(provider: Provider, verifier: str | None, earlier: str | None = None) -> str | None:
    """The verifier to send in step three.

    Args:
        provider: its file states whether a verifier is required.
        verifier: the verifier of the callback.
        earlier: the verifier from the response with the request token, which Authlib uses if the callback has none.

    Raises:
        MissingVerifierError: the verifier is missing, although the provider's file requires it.
    """
    if provider.callback.verifier == "none":
        return None
    verifier = verifier or (None if provider.from_catalog else earlier)
    if verifier is None and provider.callback.verifier == "required":
        raise MissingVerifierError(
            description=f'{provider.name}: Missing "verifier" value: the callback has no oauth_verifier. Ask the '
            "user to log in again.",
            provider=provider.name,
            step="callback",
        )
    return verifier


def _failure(provider: Provider, found: Mapping[str, str], *, is_denied: bool) -> OAuthError | None:
    rules, problem = provider.callback, found.get("oauth_problem") or None
    verifier = found.get(rules.verifier_param)
    is_sign = {"empty_verifier": verifier == "", "no_verifier": not verifier and not problem}
    if is_denied or problem in REFUSALS or is_sign.get(rules.denied_when or "", False):
        return AuthorizationDeniedError(
            f"{provider.name}: the user did not authorize the application. Let them log in again, or in another way.",
            provider=provider.name,
            step="callback",
            problem=problem,
        )
    if problem:
        return TokenRequestDeniedError(
            "authorization_failed",
            f"{provider.name}: the provider ended the login with {problem[:60]!r}. Ask the user to log in again.",
            provider=provider.name,
            step="callback",
            problem=problem[:200],
        )
    return None
