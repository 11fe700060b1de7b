"""A provider that verifies with oauthlib's server endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from provider import Call, RefusedError, configuration, serve

CONFIGURATION = configuration()


class Validator(RequestValidator):
    """The answers of a database; oauthlib asks for them in this form."""

    enforce_ssl = False
    allowed_signature_methods = (
        *(f"{kind}-{name}" for kind in ("HMAC", "RSA") for name in ("SHA1", "SHA256", "SHA512")),
        "PLAINTEXT",
    )
    dummy_client = dummy_request_token = dummy_access_token = "dummy"

    def __init__(self, secrets: Mapping[str, str] | None) -> None:
        super().__init__()
        self.secrets = secrets or {}

    def accept(self, *_: object, **__: object) -> bool:
        return True

    check_client_key = check_request_token = check_access_token = check_verifier = check_nonce = accept
    validate_requested_realms = validate_redirect_uri = validate_timestamp_and_nonce = validate_realms = accept
    validate_verifier = accept  # the provider compares it

    def validate_client_key(self, client_key: str, request: Request) -> bool:
        return client_key in CONFIGURATION["clients"]

    def get_client_secret(self, client_key: str, request: Request) -> str:
        return CONFIGURATION["clients"].get(client_key, "")

    def get_rsa_key(self, client_key: str, request: Request) -> str:
        return CONFIGURATION["public_key"]

    def get_default_realms(self, client_key: str, request: Request) -> list[str]:
        return []

    def get_realms(self, token: str, request: Request) -> list[str]:
        return []

    def validate_request_token(self, client_key: str, token: str, request: Request) -> bool:
        return token in self.secrets

    def validate_access_token(self, client_key: str, token: str, request: Request) -> bool:
        return token in self.secrets

    def get_request_token_secret(self, client_key: str, token: str, request: Request) -> str:
        return self.secrets.get(token, "")

    def get_access_token_secret(self, client_key: str, token: str, request: Request) -> str:
        return self.secrets.get(token, "")


def verify(call: Call) -> dict[str, Any]:
    server = WebApplicationServer(Validator(call.secrets))
    # oauthlib reads the body of a form alone, but wants text.
    body = call.form if call.form is not None else ""
    if call.kind == "api":
        valid, request = server.validate_protected_resource_request(call.url, call.method, body, call.headers)
    else:
        # private: oauthlib's endpoints issue a token at once, and this verifies alone
        request = server._create_request(call.url, call.method, body, call.headers)
        check = (
            server.validate_request_token_request if call.kind == "initiate" else server.validate_access_token_request
        )
        valid, request = check(request)
    if not valid:
        raise RefusedError(", ".join(name for name, right in request.validator_log.items() if not right))
    return {
        "oauth_callback": request.redirect_uri,
        "oauth_token": request.resource_owner_key,
        "oauth_verifier": request.verifier,
    }


serve(verify)
