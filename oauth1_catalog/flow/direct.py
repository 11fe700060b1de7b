"""Tokens that no browser is sent for: xAuth, a request token without a user, and a signed request for another token.

Rule: a password goes into a form body and nowhere else: addresses end up in logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.flow.drive import Steps
from oauth1_catalog.flow.redirection import (
    access_token_fields,
    check_flow,
    request_token_credentials,
    temporary_credentials,
    token_request,
)
from oauth1_catalog.rfc5849 import Signer


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
