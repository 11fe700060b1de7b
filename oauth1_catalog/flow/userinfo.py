"""A user's profile as standard claims (OpenID Connect Core, section 5.1), mapped as the provider's file says.

A claim is a JSONPath into the answer (RFC 9535), or a text with ``{field}`` in it. ``sub`` is always there and always
text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, MissingSettingError, ProviderError, TokenResponseError
from oauth1_catalog.flow.drive import Steps
from oauth1_catalog.flow.problems import read_problem
from oauth1_catalog.flow.redirection import with_query
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.credentials import TokenCredentials
from oauth1_catalog.rfc5849.messages import Request

TOKEN_RESPONSE = "token_response"  # the word that a provider file uses; no credential
_FIELD = re.compile(r"\{(\w+)\}")


def fetch_userinfo(
    provider: Provider, signer: Signer, credentials: TokenCredentials | None, token: object = None
) -> Steps[dict[str, Any]]:
    """Ask for the profile, and map it.

    Args:
        provider: says where the profile is and what it is made of.
        signer: signs with the client's credentials.
        credentials: whose profile.
        token: the token's answer, for providers that send the profile with it.

    Returns:
        The claims that the answer has values for.

    Raises:
        MissingSettingError: nothing says where the profile is.
        ProviderError: the provider refused, or its answer is no profile.
    """
    rules = provider.userinfo
    if rules is None:
        raise MissingSettingError(
            f"{provider.name}: nothing says where the profile is. Pass userinfo_endpoint= and userinfo_claims= to "
            "register(), or call the API with get().",
            provider=provider.name,
            setting="userinfo_endpoint",
        )
    if rules.endpoint == TOKEN_RESPONSE:
        profile = dict(token) if isinstance(token, Mapping) else {}
    else:
        profile = yield from _ask(provider, signer, credentials, rules.endpoint)
        if rules.followup:
            path = _FIELD.sub(lambda field: quote(str(profile.get(field[1], "")), safe=""), rules.followup)
            more = yield from _ask(provider, signer, credentials, path)
            profile = {**profile, **more}
    return userinfo_claims(provider, profile)


def userinfo_claims(provider: Provider, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a provider's profile document.

    >>> from oauth1_catalog.catalog.provider import UserinfoRules
    >>> rules = UserinfoRules(endpoint="me", claims={"sub": "$.id", "profile": "https://example.com/{login}"})
    >>> userinfo_claims(Provider(name="example", userinfo=rules), {"id": 7, "login": "ada"})
    {'sub': '7', 'profile': 'https://example.com/ada'}

    Raises:
        TokenResponseError: the profile has no value for ``sub``.
    """
    found: dict[str, Any] = {}
    for claim, source in (provider.userinfo.claims if provider.userinfo else {}).items():
        value = _find(provider, source, profile) if source.startswith("$") else _fill(source, profile)
        if value not in (None, ""):
            found[claim] = value
    if not isinstance(found.get("sub"), str | int):
        raise TokenResponseError(
            "invalid_userinfo",
            f"{provider.name}: the profile has no value for sub, which says who the user is. It has the fields "
            f"{', '.join(sorted(map(str, profile)))[:120] or 'none'}; check userinfo_claims.",
            provider=provider.name,
            step="userinfo",
        )
    found["sub"] = str(found["sub"])
    return found


def _ask(
    provider: Provider, signer: Signer, credentials: TokenCredentials | None, endpoint: str
) -> Steps[dict[str, Any]]:
    rules = provider.userinfo
    assert rules is not None  # noqa: S101 - fetch_userinfo has looked
    url = urljoin(provider.api_base_url or "", endpoint)
    if not urlsplit(url).scheme:
        raise MissingSettingError(
            f"{provider.name}: no api_base_url to join the profile's address to. Pass api_base_url= to register().",
            provider=provider.name,
            setting="api_base_url",
        )
    params = {**provider.api_params, **rules.params}
    headers = {"Accept": "application/json", **provider.all_headers}
    request = Request(rules.method, with_query(url, params) if params else url, headers)
    response = yield signer.sign(request, credentials)
    secrets = (signer.client.client_secret, credentials.oauth_token_secret if credentials else "")
    problem = read_problem(response, secrets)
    try:
        document = json.loads(response.text)
    except (ValueError, RecursionError):
        document = None
    if response.status != 200 or not isinstance(document, dict):
        raise ProviderError(
            "invalid_userinfo",
            f"{provider.name}: the profile request was answered with status {response.status} and no profile"
            f"{': ' + problem.words if problem.words else ''}. Check the token, and userinfo_endpoint.",
            provider=provider.name,
            step="userinfo",
            status=response.status,
            problem=problem.code if problem.reported else None,
            excerpt=problem.words,
        )
    return document


def _find(provider: Provider, path: str, profile: Mapping[str, Any]) -> Any:
    try:
        import jsonpath_rfc9535
    except ImportError as error:
        raise ConfigurationError(
            description=f"{provider.name}: userinfo() needs the package jsonpath-rfc9535. Install it: "
            "pip install jsonpath-rfc9535."
        ) from error
    node = jsonpath_rfc9535.find_one(path, dict(profile))
    return None if node is None else node.value


def _fill(template: str, profile: Mapping[str, Any]) -> str | None:
    """The template with its fields filled in; nothing where one of them has no value."""
    names = _FIELD.findall(template)
    if any(profile.get(name) in (None, "") for name in names):
        return None
    return _FIELD.sub(lambda field: quote(str(profile[field[1]]), safe=""), template)
