"""Explain the signature of an API call that was sent: its request, as the HTTP library has it, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauth1_catalog.diagnosis.explanation import Explanation, explain_signed_by
from oauth1_catalog.diagnosis.signing import read_sent
from oauth1_catalog.errors import ConfigurationError, MissingTokenError
from oauth1_catalog.redaction import masked, without_frames
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials, TokenLike, token_credentials

if TYPE_CHECKING:
    from oauth1_catalog.registry.api_calls import ApiCallMixin


def explain_call(client: ApiCallMixin[Any], response: Any, token: TokenLike | None) -> Explanation:
    """The explanation of a call of ``client``.

    Args:
        client: has made the call.
        response: of requests or httpx2.
        token: the token of the call, if the client does not know it.

    Raises:
        MissingTokenError: the call was signed with another token.
        ConfigurationError: calls of this provider are not signed.
    """
    token = masked(token)
    if client.provider.api_auth != "signature":
        raise ConfigurationError(
            "unsigned_call",
            f"{client.name}: calls of this API contain the token, and no signature.",
            provider=client.name,
            step="api",
            advice="Look at the response's status and text.",
        )
    if client.provider.session_token is not None:
        raise ConfigurationError(
            "unexplained_call",
            f"{client.name}: calls of this API are signed with a session token, and the mistakes of such a signature "
            "are not known.",
            provider=client.name,
            step="api",
            advice="Look at the response's status and text. After status 401, the next call gets a new session token.",
        )
    try:
        request, answer = sent_and_answered(response)
        secret = _token_secret(client, read_sent(request).protocol("oauth_token"), token)
        signs_multipart = client.provider.multipart == "sign_fields"
        return explain_signed_by(
            client.signer, request, token_secret=secret, response=answer, signs_multipart=signs_multipart
        )
    except Exception as error:
        raise without_frames(error)  # noqa: B904 - it is the same error


def sent_and_answered(response: Any) -> tuple[Request, Response]:
    """The request and the response of an HTTP library, as values. A body that cannot be read again is left out.

    >>> import requests
    >>> response = requests.Response()
    >>> response.request = requests.Request("GET", "https://a.example/", {"A": "b"}).prepare()
    >>> response.status_code = 401
    >>> sent_and_answered(response)
    (Request('GET', 'https://a.example/'), Response(status=401))
    """
    sent = response.request
    body = _attribute(sent, "body") if hasattr(sent, "body") else _attribute(sent, "content")
    body = body.encode() if isinstance(body, str) else body
    headers = {_text(name): _text(value) for name, value in sent.headers.items()}
    request = Request(sent.method, str(sent.url), masked(headers), body if isinstance(body, bytes) else None)
    content = _attribute(response, "content")
    given = {_text(name): _text(value) for name, value in response.headers.items()}
    return request, Response(response.status_code, given, content if isinstance(content, bytes) else b"")


def _attribute(of: Any, name: str) -> Any:
    """A body, or ``None`` if it was a stream that has been read, or was closed."""
    try:
        return getattr(of, name)
    except RuntimeError:  # of httpx2, and of requests
        return None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _token_secret(client: ApiCallMixin[Any], identifier: str, token: TokenLike | None) -> str | None:
    """The secret of the token that the request was signed with."""
    if not identifier:
        return None
    known: list[TokenCredentials] = [client.static_token] if client.static_token is not None else []
    given = (token, client.framework.current_token.get(client.name))
    known += [token_credentials(one, provider=client.name) for one in given if one is not None]
    for credentials in known:
        if credentials.oauth_token == identifier:
            return credentials.oauth_token_secret
    raise MissingTokenError(
        description=f"{client.name}: the call was signed with a token that this client does not know.",
        provider=client.name,
        step="api",
        advice="Pass the token of the call as token=.",
    )
