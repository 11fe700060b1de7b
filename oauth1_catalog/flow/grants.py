"""Tokens without a browser: xAuth, a request token without a user, a signed request for another token, and renewal.

A password is sent only in a form body, because URLs are written to logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from oauth1_catalog.catalog.provider import Endpoint, Provider
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError
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
from oauth1_catalog.flow.responses import answer, explained, read_token, refusal
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import Request, TokenCredentials


def password_token(
    provider: Provider, signer: Signer, *, username: str, password: str, params: Mapping[str, str] | None = None
) -> Steps[dict[str, str]]:
    """Exchange a user's name and password for an access token (xAuth: Instapaper, Fanfou).

    Args:
        provider: the provider.
        signer: signs with the client's credentials.
        username: the user's name or address at the provider.
        password: the user's password; some accounts have an empty one.
        params: other parameters of the request.

    Raises:
        ConfigurationError: the provider's file does not list xAuth.
        TokenRequestDeniedError, TokenResponseError: the provider returned no token.
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
    """Request a token with only the client's credentials.

    ``two_legged``: a request token is exchanged for an access token without a user (Magento). ``signed_grant``: one
    signed request returns a token, which can be of another kind (HERE).

    Args:
        provider: the provider.
        signer: signs with the client's credentials.
        verifier: the verifier of a two-legged flow, if the provider has sent one.
        params: other parameters of the token request.

    Raises:
        ConfigurationError: the provider's file lists neither flow.
        TokenRequestDeniedError, TokenResponseError: the provider returned no token.
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
    """Renew an access token, which may have expired.

    Args:
        provider: the provider, whose file describes the renewal.
        signer: signs with the client's credentials.
        token: ``oauth_token``, ``oauth_token_secret`` and, if the provider issued one, the session handle.

    Returns:
        The renewed token, which can have the same value as before.

    Raises:
        ConfigurationError: the provider's file does not describe it.
        MissingTokenError: the token has no session handle, although the provider requires one.
        TokenRequestDeniedError, TokenResponseError: the provider did not renew it.
    """
    endpoint = _required(provider, provider.renew, "renew")
    request, credentials = _request(provider, signer, endpoint, token)
    response = yield from answer(request, provider, step="renew")
    fields = {}
    try:
        if endpoint.session_handle or "oauth_token" in response.text:
            fields = read_token(response, provider, step="renew", secrets=_secrets(signer, token))
        elif not 200 <= response.status < 300 or "oauth_problem" in response.text:
            raise refusal(response, provider, step="renew", secrets=_secrets(signer, token))
    except OAuthError as error:
        raise explained(error, request, response, signer, credentials)  # noqa: B904 - it is the same error
    return {**token, **fields}


def revoke_token(provider: Provider, signer: Signer, token: Mapping[str, str]) -> Steps[None]:
    """Revoke an access token at the provider.

    Raises:
        ConfigurationError: the provider's file does not describe it.
        TokenRequestDeniedError, TokenResponseError: the provider did not revoke it.
    """
    endpoint = _required(provider, provider.revoke, "revoke")
    request, credentials = _request(provider, signer, endpoint, token)
    response = yield from answer(request, provider, step="revoke")
    if not 200 <= response.status < 300 or "oauth_problem" in response.text:
        error = refusal(response, provider, step="revoke", secrets=_secrets(signer, token))
        raise explained(error, request, response, signer, credentials)


def _request(
    provider: Provider, signer: Signer, endpoint: Endpoint, token: Mapping[str, str]
) -> tuple[Request, TokenCredentials]:
    credentials = TokenCredentials(token["oauth_token"], token.get("oauth_token_secret") or "")
    handle = token.get(provider.token_response.session_handle or "oauth_session_handle")
    if endpoint.session_handle and not handle:
        raise MissingTokenError(
            "missing_session_handle",
            f"{provider.name}: the token has no oauth_session_handle, without which it cannot be renewed.",
            provider=provider.name,
            step="renew",
            advice="Keep every field of the token's answer, and ask the user to log in again.",
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
    return signer.sign(Request(endpoint.method, url, provider.all_headers), credentials, protocol), credentials


def _required(provider: Provider, endpoint: Endpoint | None, step: str) -> Endpoint:
    if endpoint is None:
        raise ConfigurationError(
            f"no_{step}",
            f"{provider.name}: its file does not describe how to {step} a token. "
            + ("Ask the user to log in again." if step == "renew" else "The user can revoke it at the provider."),
            provider=provider.name,
            step=step,
        )
    return endpoint


def _secrets(signer: Signer, token: Mapping[str, str]) -> tuple[str, ...]:
    return (signer.client.client_secret, *token.values())
