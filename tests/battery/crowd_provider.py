"""A provider for thousands of users: an ASGI application, whose requests oauthlib verifies and answers.

The emulator keeps the history of every request, which is too much here. This one keeps what the tests compare: which
token it gave to which user. A user is the cookie ``user`` of a browser.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from oauthlib.common import Request as OAuthlibRequest
from oauthlib.oauth1 import RequestValidator, WebApplicationServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT_ID = "clientofthecrowd1234567"
CLIENT_SECRET = "the secret of this client"
TOLERANCE = 600
"""How far a timestamp may be from the provider's clock, in seconds."""


@dataclass
class Temporary:
    """A login under way."""

    secret: str
    callback: str
    user: str = ""
    verifier: str = ""


@dataclass
class Records:
    """What the provider knows."""

    temporary: dict[str, Temporary] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)  # secret and user
    nonces: set[tuple[int, str, str | None]] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    calls: int = 0
    ahead: float = 0.0

    def now(self) -> float:
        """The provider's clock, which a test can set wrong."""
        return time.time() + self.ahead


class Validator(RequestValidator):
    """What oauthlib asks of a database."""

    timestamp_lifetime = 10**10  # oauthlib's own comparison has this machine's clock; see validate_timestamp_and_nonce
    dummy_client = dummy_request_token = dummy_access_token = "d" * 24

    def __init__(self, records: Records) -> None:
        super().__init__()
        self.records = records

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: OAuthlibRequest,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        if abs(self.records.now() - int(timestamp)) > TOLERANCE:
            return False
        used = (int(timestamp), nonce, request_token or access_token)
        if used in self.records.nonces:
            self.records.refused.append(f"the nonce {nonce} came twice")
            return False
        self.records.nonces.add(used)
        return True

    def validate_client_key(self, client_key: str, request: OAuthlibRequest) -> bool:
        return client_key == CLIENT_ID

    def get_client_secret(self, client_key: str, request: OAuthlibRequest) -> str:
        return CLIENT_SECRET

    def get_default_realms(self, client_key: str, request: OAuthlibRequest) -> list[str]:
        return []

    def get_realms(self, token: str, request: OAuthlibRequest) -> list[str]:
        return []

    def validate_requested_realms(self, client_key: str, realms: list[str], request: OAuthlibRequest) -> bool:
        return True

    def validate_realms(
        self, client_key: str, token: str, request: OAuthlibRequest, uri: str | None = None, realms: Any = None
    ) -> bool:
        return True

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: OAuthlibRequest) -> bool:
        return True

    def save_request_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:
        self.records.temporary[token["oauth_token"]] = Temporary(token["oauth_token_secret"], request.redirect_uri)

    def verify_request_token(self, token: str, request: OAuthlibRequest) -> bool:
        return token in self.records.temporary

    def get_redirect_uri(self, token: str, request: OAuthlibRequest) -> str:
        return self.records.temporary[token].callback

    def save_verifier(self, token: str, verifier: dict[str, str], request: OAuthlibRequest) -> None:
        self.records.temporary[token].verifier = verifier["oauth_verifier"]

    def validate_request_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        return token in self.records.temporary

    def get_request_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        found = self.records.temporary.get(token)
        return "" if found is None else found.secret

    def validate_verifier(self, client_key: str, token: str, verifier: str, request: OAuthlibRequest) -> bool:
        found = self.records.temporary.get(token)
        return found is not None and bool(verifier) and found.verifier == verifier

    def save_access_token(self, token: dict[str, str], request: OAuthlibRequest) -> None:
        user = self.records.temporary[request.resource_owner_key].user
        self.records.tokens[token["oauth_token"]] = token["oauth_token_secret"], user

    def invalidate_request_token(self, client_key: str, request_token: str, request: OAuthlibRequest) -> None:
        del self.records.temporary[request_token]

    def validate_access_token(self, client_key: str, token: str, request: OAuthlibRequest) -> bool:
        return token in self.records.tokens

    def get_access_token_secret(self, client_key: str, token: str, request: OAuthlibRequest) -> str:
        return self.records.tokens.get(token, ("", ""))[0]


records = Records()
server = WebApplicationServer(Validator(records))


async def given(request: Request) -> dict[str, Any]:
    """A request as oauthlib reads it."""
    body = (await request.body()).decode()
    return {"uri": str(request.url), "http_method": request.method, "body": body, "headers": {**request.headers}}


def answered(what: str, headers: dict[str, str], body: str | None, status: int) -> Response:
    if status >= 400:
        records.refused.append(f"{what}: {status} {body}")
    return Response(body, status, {**headers, "Date": formatdate(records.now(), usegmt=True)})


async def request_token(request: Request) -> Response:
    return answered("request_token", *server.create_request_token_response(**await given(request)))


async def authorize(request: Request) -> Response:
    """The user has no doubts: a provider whose users have approved the application before."""
    login = records.temporary.get(request.query_params["oauth_token"])
    if login is None:
        return answered("authorize", {}, "there is no such login", 400)
    login.user = request.cookies["user"]
    return answered("authorize", *server.create_authorization_response(**await given(request)))


async def access_token(request: Request) -> Response:
    return answered("access_token", *server.create_access_token_response(**await given(request)))


async def me(request: Request) -> Response:
    valid, verified = server.validate_protected_resource_request(**await given(request))
    if not valid:
        return answered("me", {}, "Invalid signature or token", 401)
    records.calls += 1
    return JSONResponse({"user": records.tokens[verified.resource_owner_key][1]})


async def kept(request: Request) -> Response:
    """What the provider has kept."""
    tokens: dict[str, list[list[str]]] = {}
    for token, (secret, user) in records.tokens.items():
        tokens.setdefault(user, []).append([token, secret])
    return JSONResponse(
        {"tokens": tokens, "refused": records.refused, "calls": records.calls, "nonces": len(records.nonces)}
    )


async def issue(request: Request) -> Response:
    """A token without a login."""
    user = request.query_params["user"]
    records.tokens[f"tokenwithoutalogin{len(records.tokens):08}"] = "secret", user
    return JSONResponse([*records.tokens][-1])


async def clock(request: Request) -> Response:
    """Set the provider's clock wrong."""
    records.ahead = float(request.query_params["ahead"])
    return JSONResponse(records.ahead)


app = Starlette(
    routes=[
        Route("/request_token", request_token, methods=["POST"]),
        Route("/authorize", authorize),
        Route("/access_token", access_token, methods=["POST"]),
        Route("/me", me),
        Route("/kept", kept),
        Route("/issue", issue),
        Route("/clock", clock),
    ]
)
