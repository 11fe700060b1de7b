"""A provider of Authlib's Flask integration, as its documentation shows it.

Usage: authlib_server.py PORT CONFIGURATION
"""

from __future__ import annotations

import json
import logging
import sys
from itertools import count
from pathlib import Path
from typing import Any

from authlib.integrations.flask_oauth1 import AuthorizationServer, ResourceProtector
from authlib.oauth1 import ClientMixin, TemporaryCredentialMixin, TokenCredentialMixin
from flask import Flask, Response

CONFIGURATION = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
NUMBERS = count(1)


class Client(ClientMixin):
    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_client_secret(self) -> str:
        return CONFIGURATION["clients"][self.client_id]

    def get_rsa_public_key(self) -> str:
        return CONFIGURATION["public_key"]


class Credential(TemporaryCredentialMixin, TokenCredentialMixin):
    def __init__(self, token: str, secret: str, client_id: str, callback: str = "") -> None:
        self.token, self.secret, self.client_id, self.callback = token, secret, client_id, callback
        self.verifier = ""

    def get_client_id(self) -> str:
        return self.client_id

    def get_redirect_uri(self) -> str:
        return self.callback

    def check_verifier(self, verifier: str) -> bool:
        return self.verifier == verifier

    def get_oauth_token(self) -> str:
        return self.token

    def get_oauth_token_secret(self) -> str:
        return self.secret


temporary: dict[str, Credential] = {}
tokens = {token: Credential(token, secret, "") for token, secret in CONFIGURATION["tokens"].items()}


def find_client(client_id: str) -> Client | None:
    return Client(client_id) if client_id in CONFIGURATION["clients"] else None


def create_temporary(token: str, client_id: str, callback: str) -> Credential:
    temporary[token] = Credential(token, f"secret-{next(NUMBERS)}", client_id, callback)
    return temporary[token]


def create_verifier(credential: Credential, user: object, verifier: str) -> None:
    credential.verifier = verifier


def create_token(token: dict[str, str], credential: Credential) -> Credential:
    made = Credential(token["oauth_token"], token["oauth_token_secret"], credential.client_id)
    tokens[made.token] = made
    return made


app = Flask(__name__)
app.url_map.merge_slashes = False
app.config["OAUTH1_SUPPORTED_SIGNATURE_METHODS"] = ["HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"]
server = AuthorizationServer(app, query_client=find_client)
for name, hook in {
    "exists_nonce": lambda *_: False,
    "create_temporary_credential": lambda token, *rest: create_temporary(token["oauth_token"], *rest),
    "get_temporary_credential": temporary.get,
    "delete_temporary_credential": temporary.pop,
    "create_authorization_verifier": create_verifier,
    "create_token_credential": create_token,
}.items():
    server.register_hook(name, hook)
require_oauth = ResourceProtector(
    app, query_client=find_client, query_token=lambda _, token: tokens.get(token), exists_nonce=lambda *_: False
)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.post("/initiate")
def initiate() -> Any:
    return server.create_temporary_credentials_response()


@app.get("/authorize")
def authorize() -> Any:
    return server.create_authorization_response(grant_user="ada")


@app.post("/token")
def token() -> Any:
    return server.create_token_response()


@app.route("/api/", defaults={"path": ""}, methods=METHODS)
@app.route("/api/<path:path>", methods=METHODS)
@require_oauth()
def api(path: str) -> Any:
    return {"user": "ada"}


@app.errorhandler(Exception)
def broken(error: Exception) -> Response:
    return Response(f"{type(error).__name__}: {error}", 401)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
