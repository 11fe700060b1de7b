"""Renew and revoke an access token, at the providers whose files say how.

Two ways are in use: OAuth Session 1.0 (Yahoo, Jira), where ``oauth_session_handle`` buys a new token, and that of
E*TRADE, where a signed request wakes the same token.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from oauth1_catalog.catalog.provider import Endpoint, Provider
from oauth1_catalog.errors import ConfigurationError, MissingTokenError
from oauth1_catalog.flow.drive import Steps
from oauth1_catalog.flow.redirection import filled, with_query
from oauth1_catalog.flow.responses import answer, read_token, refusal
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.credentials import TokenCredentials
from oauth1_catalog.rfc5849.messages import Request


def renew_token(provider: Provider, signer: Signer, token: Mapping[str, str]) -> Steps[dict[str, str]]:
    """Renew an access token, also one that has expired.

    Args:
        provider: whose token it is, and how it is renewed.
        signer: signs with the client's credentials.
        token: ``oauth_token``, ``oauth_token_secret`` and, where the provider gives one, its session handle.

    Returns:
        The token as it is now: a new one, or the same one that lives on.

    Raises:
        ConfigurationError: the provider's file does not say how.
        MissingTokenError: the token has no session handle, and the provider wants it.
        TokenRequestDeniedError, TokenResponseError: the provider did not renew it.
    """
    endpoint = _required(provider, provider.renew, "renew")
    response = yield from answer(_request(provider, signer, endpoint, token), provider, step="renew")
    fields = {}
    if endpoint.session_handle or "oauth_token" in response.text:
        fields = read_token(response, provider, step="renew", secrets=_secrets(signer, token))
    elif not 200 <= response.status < 300 or "oauth_problem" in response.text:
        raise refusal(response, provider, step="renew", secrets=_secrets(signer, token))
    return {**token, **fields}


def revoke_token(provider: Provider, signer: Signer, token: Mapping[str, str]) -> Steps[None]:
    """Tell the provider that an access token is not to be used any more.

    Raises:
        ConfigurationError: the provider's file does not say how.
        TokenRequestDeniedError, TokenResponseError: the provider did not revoke it.
    """
    endpoint = _required(provider, provider.revoke, "revoke")
    response = yield from answer(_request(provider, signer, endpoint, token), provider, step="revoke")
    if not 200 <= response.status < 300 or "oauth_problem" in response.text:
        raise refusal(response, provider, step="revoke", secrets=_secrets(signer, token))


def _request(provider: Provider, signer: Signer, endpoint: Endpoint, token: Mapping[str, str]) -> Request:
    credentials = TokenCredentials(token["oauth_token"], token.get("oauth_token_secret") or "")
    handle = token.get(provider.token_response.session_handle or "oauth_session_handle")
    if endpoint.session_handle and not handle:
        raise MissingTokenError(
            "missing_session_handle",
            f"{provider.name}: the token has no oauth_session_handle, without which it cannot be renewed. Keep every "
            "field of the token's answer, and ask the user to log in again.",
            provider=provider.name,
            step="renew",
        )
    values = {
        "client_id": signer.client.client_id,
        "oauth_token": credentials.oauth_token,
        "oauth_session_handle": handle or "",
    }
    url = filled({"url": endpoint.url}, {name: quote(value, safe="") for name, value in values.items()})["url"]
    url = with_query(url, filled(endpoint.params, values)) if endpoint.params else url
    protocol = {"oauth_session_handle": handle} if endpoint.session_handle and handle else None
    signer = signer.at(provider.token_signature_type or signer.signature_type)
    return signer.sign(Request(endpoint.method, url, provider.all_headers), credentials, protocol)


def _required(provider: Provider, endpoint: Endpoint | None, step: str) -> Endpoint:
    if endpoint is None:
        raise ConfigurationError(
            f"no_{step}",
            f"{provider.name}: its file does not say how to {step} a token. "
            + ("Ask the user to log in again." if step == "renew" else "The user can revoke it at the provider."),
            provider=provider.name,
            step=step,
        )
    return endpoint


def _secrets(signer: Signer, token: Mapping[str, str]) -> tuple[str, ...]:
    return (signer.client.client_secret, *token.values())
