"""Exchange a token of OAuth 1.0 for one of OAuth 2.0, as ``successor`` in the provider's file describes it.

One exchange is one request, and nothing repeats it: the errors contain what a job has to know to repeat it, and when.
The answer is JSON, with the fields of RFC 6749, section 5.1 or 5.2.
"""

from __future__ import annotations

import base64
import email.utils
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from oauth1_catalog.catalog.provider import Provider, Successor
from oauth1_catalog.catalog.templates import fill, placeholders
from oauth1_catalog.diagnosis.problems import excerpt, read_problem
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    MissingTokenError,
    ProviderError,
    TokenExchangeDeniedError,
    TokenResponseError,
)
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.responses import LAST, answer, parse_fields
from oauth1_catalog.hosts import host_of, is_loopback, origin_of
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.messages import (
    ClientCredentials,
    Request,
    Response,
    TokenCredentials,
    check_credentials,
)

if TYPE_CHECKING:
    from oauth1_catalog.rfc5849 import Signer

STEP = "exchange"
FORM = "application/x-www-form-urlencoded"

MAX_TOKEN = 16_384
"""The longest value of one field, in characters. A JWT is longer than a token of OAuth 1.0."""

MAX_RETRY_AFTER = 86_400.0
"""The longest time that an answer can ask to wait, in seconds."""

_ENDED = frozenset({"token_revoked", "token_expired"})
"""The problems (``oauth_problem``) of a token that ended. Some providers send ``token_rejected`` for other reasons."""

_WRONG_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_CODE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
"""An ``error`` of RFC 6749, section 5.2, without a blank."""


def exchange_token(
    provider: Provider,
    signer: Signer,
    token: Mapping[str, str],
    *,
    oauth2_client: ClientCredentials | None = None,
    params: Mapping[str, str] | None = None,
    clock: Callable[[], float] | None = None,
) -> Steps[dict[str, str]]:
    """Exchange a token of OAuth 1.0 for one of OAuth 2.0.

    Args:
        provider: the provider, whose file describes the exchange.
        signer: signs with the client's credentials.
        token: the token, with the fields that the parameters need.
        oauth2_client: the OAuth 2.0 client, if the provider authenticates it. A client without a secret is public.
        params: other parameters of the request, such as ``scope``.
        clock: seconds since the epoch; ``time.time`` by default.

    Returns:
        ``access_token`` and the other fields of the answer, under their standard names.

    Raises:
        ConfigurationError: the provider's file does not describe it, or the URL is not https.
        MissingSettingError: the provider needs ``oauth2_client``.
        SigningError: the credentials are not text.
        MissingTokenError: the token lacks a field that the parameters need.
        TokenExchangeDeniedError: the provider refused.
        TokenResponseError: the answer contains no usable token.
        TransportError: no answer; the provider can have made the exchange.
    """
    successor = required_successor(provider)
    values = {"oauth_token_secret": "", **token, "client_id": signer.client.client_id}
    texts = {name: _filled(provider, text, values) for name, text in successor.params.items()} | dict(params or {})
    headers = {"Accept": "application/json", **provider.all_headers}
    if successor.auth == "client":
        client = _required_client(provider, oauth2_client)
        if client.client_secret:
            headers["Authorization"] = _basic(client)
        else:
            texts = {"client_id": client.client_id, **texts}
    body = form_encode(texts.items()).encode("ascii") if texts else None
    if body is not None:
        headers["Content-Type"] = FORM
    request = Request(successor.method, successor.url, headers, body)
    if successor.auth == "signature":
        credentials = TokenCredentials(token["oauth_token"], values["oauth_token_secret"])
        request = signer.at(provider.token_signature_type or signer.signature_type).sign(request, credentials)
    response = yield from answer(request, provider, step=STEP)
    secrets = (signer.client.client_secret, oauth2_client.client_secret if oauth2_client else "", *token.values())
    return read_exchange(response, provider, successor, secrets=secrets, clock=clock)


def read_exchange(
    response: Response,
    provider: Provider,
    successor: Successor,
    *,
    secrets: tuple[str, ...] = (),
    clock: Callable[[], float] | None = None,
) -> dict[str, str]:
    """The fields of the answer; ``access_token`` is there and is not empty.

    Args:
        response: the provider's answer.
        provider: which one answered.
        successor: its rules.
        secrets: values that no message may show.
        clock: seconds since the epoch; ``time.time`` by default.

    Raises:
        TokenExchangeDeniedError: the provider refused.
        TokenResponseError: the answer contains no usable token.
    """
    pairs = parse_fields(response, "json") if 200 <= response.status < 300 else []
    standard = {theirs: name for name, theirs in successor.fields.items()}
    pairs = [(standard.get(name, name), value) for name, value in pairs]
    token = dict(pairs)
    if not token.get("access_token"):
        raise _refusal(response, provider, successor, secrets, (clock or time.time)())
    names = [name for name, _ in pairs]
    for name in ("access_token", "refresh_token"):
        value = token.get(name, "")
        is_plain = value.isascii() and value.isprintable() and len(value) <= MAX_TOKEN
        if names.count(name) > 1 or not is_plain:
            raise _unusable(provider, response, f"has {name} more than once, too long, or with other characters")
    if any(len(value) > MAX_TOKEN for value in token.values()):
        raise _unusable(provider, response, f"has a field that is longer than {MAX_TOKEN} characters")
    return token


def bearer_expires_at(token: Mapping[str, str], issued: float) -> float | None:
    """The end of an access token's life, in seconds since the epoch; ``None`` if the answer does not contain it.

    >>> bearer_expires_at({"access_token": "a", "expires_in": "7200"}, issued=1000.0)
    8200.0
    """
    seconds = token.get("expires_in", "")
    return min(issued + float(seconds), LAST) if _is_number(seconds) else None


def retry_after(response: Response, now: float) -> float | None:
    """The seconds to wait that an answer asks for (``Retry-After``, RFC 9110, section 10.2.3); ``None`` without it.

    >>> retry_after(Response(429, {"Retry-After": "17"}, b""), now=0)
    17.0
    """
    text = response.header("Retry-After").strip()
    if _is_number(text):
        return min(float(text), MAX_RETRY_AFTER)
    try:
        seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def required_successor(provider: Provider) -> Successor:
    """How the provider exchanges a token.

    Raises:
        ConfigurationError: its file does not describe it, or the URL is not https.
    """
    successor = provider.successor
    if successor is None:
        raise ConfigurationError(
            "no_exchange",
            f"{provider.name}: its file does not describe how to exchange a token for one of OAuth 2.0.",
            provider=provider.name,
            step=STEP,
            advice="Ask the user to log in with OAuth 2.0.",
        )
    scheme, host, _ = origin_of(successor.url)
    if scheme != "https" and not is_loopback(host):
        raise ConfigurationError(
            "insecure_transport",
            f"{provider.name}: successor.url is not https, and an exchange sends tokens that anyone can use.",
            provider=provider.name,
            step=STEP,
            advice="Correct the URL in the provider's file.",
        )
    return successor


def _required_client(provider: Provider, client: ClientCredentials | None) -> ClientCredentials:
    if client is None or not client.client_id:
        raise MissingSettingError(
            f"{provider.name}: no oauth2_client_id, with which the provider authenticates an exchange.",
            provider=provider.name,
            setting="oauth2_client_id",
            advice="Pass oauth2_client_id= and, unless the client is public, oauth2_client_secret=. They can differ "
            "from client_id and client_secret.",
        )
    check_credentials(client.client_id, client.client_secret, "oauth2_client_id", "oauth2_client_secret")
    return client


def _filled(provider: Provider, text: str, values: Mapping[str, str]) -> str:
    if missing := [name for name in placeholders(text) if name not in values]:
        raise MissingTokenError(
            description=f"{provider.name}: the token has no {missing[0]}, which the exchange needs.",
            provider=provider.name,
            step=STEP,
            advice="Pass the token with every field of the provider's answer.",
        )
    return fill(text, values)


def _basic(client: ClientCredentials) -> str:
    """The header of HTTP Basic authentication (RFC 6749, section 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return f"Basic {base64.b64encode(pair.encode('ascii')).decode('ascii')}"


def _refusal(
    response: Response, provider: Provider, successor: Successor, secrets: tuple[str, ...], now: float
) -> ProviderError:
    what = f"{provider.name}: the exchange request was"
    if 300 <= response.status < 400:
        host = host_of(response.header("Location")) or "another address"
        return TokenResponseError(
            description=f"{what} answered with a redirect ({response.status}) to {excerpt(host)}, and tokens are not "
            "sent elsewhere. Look up successor.url in the provider's documentation.",
            provider=provider.name,
            step=STEP,
            status=response.status,
        )
    problem = read_problem(response, secrets)
    code = problem.code if problem.reported else _error(response, secrets)
    said = ", ".join(dict.fromkeys(filter(None, (code, problem.words)))).removesuffix(".")
    if response.status < 400 and code is None:
        return _unusable(provider, response, "has no access_token", problem.words)
    is_final = code in successor.refused or (successor.auth == "signature" and code in _ENDED)
    wait = retry_after(response, now)
    if is_final:
        advice = "Do not repeat it. Ask the user to log in with OAuth 2.0."
    elif response.status == 429 or response.status >= 500:
        advice = f"Repeat it after {wait:.0f} seconds." if wait is not None else "Repeat it later."
    elif code in _WRONG_CLIENT:
        advice = "Check oauth2_client_id and oauth2_client_secret, and that OAuth 2.0 is enabled for the application."
    else:
        advice = problem.next_step(response, now) or "Look up the answer in the provider's documentation."
    return TokenExchangeDeniedError(
        description=f"{what} refused with status {response.status}{f': {said}' if said else ''}. {advice}",
        provider=provider.name,
        step=STEP,
        status=response.status,
        problem=code,
        excerpt=problem.words,
        retry_after=wait,
        is_final=is_final,
    )


def _unusable(provider: Provider, response: Response, fault: str, words: str = "") -> TokenResponseError:
    return TokenResponseError(
        description=f"{provider.name}: the exchange answer, with status {response.status}, {fault}. It is not used. "
        "Look up successor in the provider's file, and the provider's documentation.",
        provider=provider.name,
        step=STEP,
        status=response.status,
        excerpt=words,
    )


def _error(response: Response, secrets: tuple[str, ...]) -> str | None:
    """The ``error`` of an answer (RFC 6749, section 5.2)."""
    try:
        document = json.loads(response.text)
    except (ValueError, RecursionError):
        return None
    code = document.get("error") if isinstance(document, dict) else None
    return excerpt(code, secrets) if isinstance(code, str) and _CODE.fullmatch(code) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16
