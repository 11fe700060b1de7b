"""The answers of the token endpoints, written as each provider writes them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.emulator.profiles import example_profile, token_fields
from oauth1_catalog.emulator.registration import Registration
from oauth1_catalog.emulator.store import AccessToken, Client, TemporaryToken
from oauth1_catalog.emulator.users import User
from oauth1_catalog.emulator.xml_profiles import example_xml
from oauth1_catalog.rfc5849.messages import Response

TOKEN_LIFETIME = 3600
"""What ``expires_in`` says, in seconds, where the provider has such a field and the file gives no lifetime."""


def temporary_answer(registration: Registration, token: TemporaryToken) -> Response:
    """Temporary credentials (RFC 5849, section 2.1); a 1.0 provider does not confirm the callback."""
    provider = registration.original
    fields = {"oauth_token": token.token}
    if token.secret:
        fields["oauth_token_secret"] = token.secret
    if provider.callback.confirmed != "none":
        fields["oauth_callback_confirmed"] = "true"
    if provider.authorize_url_field:
        known = {"{client_id}": token.client_id, "{oauth_token}": token.token, "{oauth_callback}": token.callback}
        query = {name: known.get(value, value) for name, value in provider.authorize_params.items()}
        query[provider.authorize_token_param] = token.token
        fields[provider.authorize_url_field] = f"{registration.endpoint('authorize')}?{urlencode(query)}"
    return token_answer(provider, fields)


def access_answer(provider: Provider, token: AccessToken) -> Response:
    """Token credentials (section 2.3), and what this provider says beside them."""
    return token_answer(provider, access_fields(provider, token))


def access_fields(provider: Provider, token: AccessToken) -> dict[str, str]:
    """The fields of that answer, under their standard names.

    >>> from oauth1_catalog.emulator.users import DEFAULT_USER
    >>> list(access_fields(Provider(name="x"), AccessToken("t", "s", "key", None, DEFAULT_USER)))
    ['oauth_token', 'oauth_token_secret']
    """
    rules = provider.token_response
    fields = {"oauth_token": token.token, "oauth_token_secret": token.secret}
    lifetime = (rules.lifetime and rules.lifetime.seconds) or TOKEN_LIFETIME
    unit = 1000 if rules.expires_unit == "milliseconds" else 1
    if rules.expires_in:
        fields[rules.expires_in] = str(lifetime * unit)
    if rules.expires_at:
        end = int(time.time()) + lifetime
        is_iso = rules.expires_unit == "iso8601"
        fields[rules.expires_at] = (
            f"{datetime.fromtimestamp(end, UTC):%Y-%m-%dT%H:%M:%SZ}" if is_iso else str(end * unit)
        )
    if rules.session_handle:
        fields[rules.session_handle] = token.session_handle
    return {**fields, **token_fields(provider.userinfo, rules.extra, token.user)}


def profile_answer(rules: UserinfoRules, user: User, client: Client, *, issuer: str = "", nonce: str = "") -> Response:
    """The profile as JSON, XML or a text; or as MediaWiki's JWT, signed with the client's secret (HS256, RFC 7515)."""
    if rules.format == "xml":
        return _no_store("text/xml; charset=utf-8", example_xml(rules.claims, user))
    profile = example_profile(rules, user)
    if rules.format == "json" or not isinstance(profile, dict):
        return _no_store("application/json", json.dumps(profile))
    if rules.format == "text":
        return _no_store("text/plain; charset=utf-8", str(profile["text"]))
    now = int(time.time())
    own = {"iss": issuer, "aud": client.client_id, "iat": now, "exp": now + 100, "nonce": nonce}
    claims = {**profile, **own}
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.digest(client.client_secret.encode(), signed.encode(), "sha256")
    return _no_store("application/jwt", f"{signed}.{_base64url(signature)}")


def token_answer(provider: Provider, fields: Mapping[str, str]) -> Response:
    """Fields under the provider's own names, in its own format.

    >>> token_answer(Provider(name="x"), {"oauth_token": "a b"}).text
    'oauth_token=a+b'
    """
    named = {provider.token_response.fields.get(name, name): value for name, value in fields.items()}
    if provider.token_response.format == "json":
        return _no_store("application/json", json.dumps(named))
    if provider.token_response.format == "xml":
        elements = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in named.items())
        return _no_store("text/xml; charset=utf-8", f"<?xml version='1.0' encoding='utf-8'?>\n<auth>{elements}</auth>")
    return _no_store("application/x-www-form-urlencoded", urlencode(named))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _no_store(content_type: str, text: str) -> Response:
    return Response(200, {"Content-Type": content_type, "Cache-Control": "no-store"}, text.encode("utf-8"))
