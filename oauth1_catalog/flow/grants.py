"""Tokens that no browser is sent for: xAuth, a request token without a user, and a signed request for another token.

Rule: a password goes into a form body and nowhere else: addresses end up in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from oauth1_catalog.catalog.provider import Endpoint, Provider
from oauth1_catalog.errors import ConfigurationError, MissingTokenError
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.redirection import (
    access_token_fields,
    check_flow,
    fill_placeholders,
    request_token_credentials,
    temporary_credentials,
    token_request,
    with_query,
)
from oauth1_catalog.flow.responses import answer, read_token, refusal
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import Request, TokenCredentials


def password_token(
    provider: Provider, signer: Signer, *, username: str, password: str, params: Mapping[str, str] | None = None
) -> Steps[dict[str, str]]:
    """Change a user's name and password for an access token (xAuth: Instapaper, Fanfou).

    Args:
        provider: whom to ask.
        signer: signs with the client's credentials.
        username: the user's name or address at the provider.
        password: the user's password; some accounts have an empty one.
        params: further parameters of the request.

    Raises:
        ConfigurationError: the provider's file does not list xAuth.
        TokenRequestDeniedError, TokenResponseError: the provider gave no token.
    """
    check_flow(provider, "xauth")
    form = {"x_auth_mode": "client_auth", "x_auth_username": username, "x_auth_password": password, **(params or {})}
    fields = yield from token_request(
        replace(provider, access_token_method="POST", access_token_params_in="body"),
        signer,
        step="access_token",
        params=form,
        secrets=(password,),
    )
    return access_token_fields(provider, fields)


def client_token(
    provider: Provider, signer: Signer, *, verifier: str | None = None, params: Mapping[str, str] | None = None
) -> Steps[dict[str, str]]:
    """Ask for a token with the client's credentials alone.

    ``two_legged``: a request token becomes an access token without a user (Magento). ``signed_grant``: one signed
    request gives a token, which may be of another kind (HERE).

    Args:
        provider: whom to ask.
        signer: signs with the client's credentials.
        verifier: of a two-legged flow, where the provider has sent one beforehand.
        params: further parameters of the request for the token.

    Raises:
        ConfigurationError: the provider's file lists neither flow.
        TokenRequestDeniedError, TokenResponseError: the provider gave no token.
    """
    if "signed_grant" in provider.flows:
        fields = yield from token_request(provider, signer, step="access_token", params=params)
        return access_token_fields(provider, fields)
    if "two_legged" not in provider.flows:
        raise ConfigurationError(
            description=f"{provider.name}: no flow gives a token to the client alone; its file lists "
            f"{', '.join(provider.flows)}.",
            provider=provider.name,
        )
    answer = yield from token_request(provider, signer, step="request_token")
    temporary = temporary_credentials(provider, answer)
    return (yield from request_token_credentials(provider, signer, temporary, verifier=verifier, params=params))


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
    url = fill_placeholders({"url": endpoint.url}, {name: quote(value, safe="") for name, value in values.items()})[
        "url"
    ]
    url = with_query(url, fill_placeholders(endpoint.params, values)) if endpoint.params else url
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
