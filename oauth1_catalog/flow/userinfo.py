"""A user's profile as standard claims (OpenID Connect Core, section 5.1), mapped as the provider's file describes.

A claim is a path into the answer (JSONPath for JSON, ElementTree's for XML), or a text with ``{field}`` in it. ``sub``
is always there and always text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from oauth1_catalog.catalog.patterns import is_wildcard, matches_host
from oauth1_catalog.catalog.provider import Provider, UserinfoRules
from oauth1_catalog.diagnosis.problems import read_problem
from oauth1_catalog.errors import MissingSettingError, ProviderError, TokenResponseError
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.profiles import ACCEPTED, JsonProfile, Profile, read_profile
from oauth1_catalog.flow.redirection import fill_placeholders, with_query
from oauth1_catalog.flow.responses import answer
from oauth1_catalog.flow.token_header import check_unsigned, token_header
from oauth1_catalog.hosts import host_of, is_loopback, origin_of
from oauth1_catalog.redaction import one_line
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials

TOKEN_RESPONSE = "token_response"  # the word that a provider file uses; no credential
_FIELD = re.compile(r"\{(\w+)\}")
_NONCE = re.compile(r'oauth_nonce="([^"]*)"')
MAX_REDIRECTS = 3
"""How often a profile's address may lead on, on its own host."""


def fetch_userinfo(
    provider: Provider, signer: Signer, credentials: TokenCredentials | None, token: object = None
) -> Steps[dict[str, Any]]:
    """Ask for the profile, and map it.

    Args:
        provider: where the profile is, and how its fields are mapped.
        signer: signs with the client's credentials.
        credentials: whose profile.
        token: the token's answer, for providers that send the profile with it.

    Returns:
        The claims that the answer has values for.

    Raises:
        MissingSettingError: the address of the profile is unknown.
        ProviderError: the provider refused, or its response is not a profile.
    """
    rules = provider.userinfo
    if rules is None:
        raise MissingSettingError(
            f"{provider.name}: the address of the profile is unknown.",
            provider=provider.name,
            setting="userinfo_endpoint",
            advice="Pass userinfo_endpoint= and userinfo_claims= where you create the client, or call the API with "
            "get().",
        )
    if rules.format == "jwt" and not signer.client.client_secret:
        raise MissingSettingError(
            f"{provider.name}: the profile is a JWT that is signed with the client's secret, and there is no "
            "client_secret.",
            provider=provider.name,
            setting="client_secret",
            advice="Configure it beside the RSA key; the provider has given both.",
        )
    fields = {str(name): str(value) for name, value in token.items()} if isinstance(token, Mapping) else {}
    if rules.endpoint == TOKEN_RESPONSE:
        # Parameters of the callback come from the browser and not from the provider.
        said = set(provider.callback.extra) - set(provider.token_response.extra)
        return userinfo_claims(provider, {name: value for name, value in fields.items() if name not in said})
    placeholders = {"client_id": signer.client.client_id, **fields}
    url = _address(provider, rules, _path(rules.endpoint, fields.get), placeholders)
    profile = yield from _ask(provider, rules, signer, credentials, url, rules.format)
    first = profile
    if rules.followup:
        url = _address(provider, rules, _path(rules.followup, profile.field), placeholders)
        more = yield from _ask(provider, rules, signer, credentials, url, "json")
        if isinstance(profile, JsonProfile) and isinstance(more, JsonProfile):
            profile = JsonProfile({**_as_object(profile), **_as_object(more)})
    claims = _claims(provider, profile)
    if rules.followup:
        _check_same_user(provider, first, claims)
    return claims


def userinfo_claims(provider: Provider, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a provider's profile document.

    >>> from oauth1_catalog.catalog.provider import UserinfoRules
    >>> rules = UserinfoRules(endpoint="me", claims={"sub": "$.id", "profile": "https://example.com/{login}"})
    >>> userinfo_claims(Provider(name="example", userinfo=rules), {"id": 7, "login": "ada"})
    {'sub': '7', 'profile': 'https://example.com/ada'}

    Raises:
        TokenResponseError: the profile has no value for ``sub``.
    """
    return _claims(provider, JsonProfile(dict(profile)))


def _values(provider: Provider, profile: Profile) -> dict[str, Any]:
    """The claims that the profile has values for."""
    found: dict[str, Any] = {}
    for claim, source in (provider.userinfo.claims if provider.userinfo else {}).items():
        value = _fill(source, profile) if _FIELD.search(source) else profile.find(source)
        if value not in (None, ""):
            found[claim] = value
    return found


def _claims(provider: Provider, profile: Profile) -> dict[str, Any]:
    found = _values(provider, profile)
    if not _is_text(found.get("sub")) or isinstance(found["sub"], float):
        raise TokenResponseError(
            "invalid_userinfo",
            f"{provider.name}: the profile has no value for sub, which identifies the user. It has the fields "
            f"{one_line(', '.join(profile.names())[:120]) or 'none'}; check userinfo_claims.",
            provider=provider.name,
            step="userinfo",
        )
    found["sub"] = str(found["sub"])
    return found


def _check_same_user(provider: Provider, first: Profile, claims: Mapping[str, Any]) -> None:
    """The second document is that of the user whom the first one names: a name in its path can mean another user."""
    named = _values(provider, first)
    if provider.userinfo is not None and provider.userinfo.format == "text":
        named["preferred_username"] = first.field("text")
    for claim in ("sub", "preferred_username"):
        said, found = named.get(claim), claims.get(claim)
        if said is not None and found is not None and str(said).casefold() != str(found).casefold():
            raise TokenResponseError(
                "invalid_userinfo",
                f"{provider.name}: the profile at the name of the user belongs to another user. Ask the user to log in "
                "with an account whose name has no special characters, or call the API with get().",
                provider=provider.name,
                step="userinfo",
            )


def _ask(
    provider: Provider,
    rules: UserinfoRules,
    signer: Signer,
    credentials: TokenCredentials | None,
    url: str,
    written_as: str,
) -> Steps[Profile]:
    """Request a document of the profile, in the format ``written_as``, and read it.

    Raises:
        ProviderError: the response is not a profile.
    """
    headers = {"Accept": ACCEPTED[written_as], **provider.all_headers}
    header = token_header(provider, credentials)
    if header is not None:
        check_unsigned(provider, url=url, parameters=None)
    for _ in range(MAX_REDIRECTS + 1):
        request = Request(rules.method, url, headers)
        request = signer.sign(request, credentials) if header is None else header.on(request)
        response = yield from answer(request, provider, step="userinfo")
        onward = _redirect_target(request, response)
        if onward is None or header is not None:
            break
        url = onward
    fault = ""
    if response.status == 200:
        nonce = _NONCE.search(request.header("Authorization"))
        try:
            return read_profile(
                response.text,
                written_as,
                client=signer.client,
                nonce=nonce[1] if nonce else "",
                is_issuer=lambda host: _is_own_host(provider, request.url, host),
            )
        except ValueError as error:
            fault = f" ({error})"
    secrets = (
        signer.client.client_secret,
        credentials.oauth_token_secret if credentials else "",
        credentials.oauth_token if credentials else "",
    )
    raise _no_profile(provider, response, written_as, fault, secrets)


def _address(provider: Provider, rules: UserinfoRules, endpoint: str, placeholders: Mapping[str, str]) -> str:
    """The URL of a document of the profile, with the parameters of the provider's file.

    Raises:
        MissingSettingError: ``endpoint`` is a path, and there is no ``api_base_url``.
    """
    url = urljoin(provider.api_base_url or "", endpoint)
    if not urlsplit(url).scheme:
        raise MissingSettingError(
            f"{provider.name}: no api_base_url to join the profile's address to.",
            provider=provider.name,
            setting="api_base_url",
            advice="Pass api_base_url= where you create the client.",
        )
    params = fill_placeholders({**provider.api_params, **rules.params}, placeholders)
    return with_query(url, params) if params else url


def _no_profile(
    provider: Provider, response: Response, written_as: str, fault: str, secrets: tuple[str, ...]
) -> ProviderError:
    """The error for a response that is not a profile; ``fault`` is what is wrong with a response of status 200."""
    problem = read_problem(response, secrets)
    # A response that is not an error contains a profile. It is private, so no message quotes it.
    words = "" if written_as == "jwt" and response.status == 200 and not problem.spoken else problem.words
    return ProviderError(
        "invalid_userinfo",
        f"{provider.name}: the profile request was answered with status {response.status} and no profile{fault}"
        f"{': ' + words if words else ''}. Check the token, and userinfo_endpoint.",
        provider=provider.name,
        step="userinfo",
        status=response.status,
        problem=problem.code if problem.reported else None,
        excerpt=words,
    )


def _redirect_target(request: Request, response: Response) -> str | None:
    """Where a redirect leads that may be followed: with GET, and on the same origin (Launchpad's ``people/+me``)."""
    if request.method != "GET" or response.status not in {301, 302, 303, 307, 308}:
        return None
    try:
        there = urlsplit(urljoin(request.url, response.header("Location")))
        is_same = origin_of(there) == origin_of(request.url) and "@" not in there.netloc
    except ValueError:  # not a URL
        return None
    return there.geturl() if is_same else None


def _is_own_host(provider: Provider, url: str, host: str) -> bool:
    """Whether ``host`` is one of the provider's, or this machine under another name where ``url`` is there."""
    addresses = (url, provider.request_token_url, provider.access_token_url, provider.authorize_url)
    own = {host_of(address) for address in addresses if address}
    if host in own or (is_loopback(host) and any(map(is_loopback, own))):
        return True
    return any(host == name or (is_wildcard(name) and matches_host(name, host)) for name in provider.api_hosts)


def _path(template: str, field: Callable[[str], object]) -> str:
    """An address with fields of an earlier answer, each within its place."""
    return _FIELD.sub(lambda match: quote(str(field(match[1]) or ""), safe=""), template)


def _as_object(profile: JsonProfile) -> dict[str, Any]:
    return profile.document if isinstance(profile.document, dict) else {}


def _is_text(value: object) -> bool:
    """Whether a field can stand in a text: a flag, a list or an object names nobody."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _fill(template: str, profile: Profile) -> str | None:
    """The template with its fields filled in; nothing where one of them has no value.

    A field of an address is percent-encoded, one of a text is not.
    """
    values = {name: profile.field(name) for name in _FIELD.findall(template)}
    if not all(_is_text(value) for value in values.values()):
        return None
    is_address = "://" in template
    texts = {name: quote(str(value), safe="") if is_address else str(value) for name, value in values.items()}
    return _FIELD.sub(lambda match: texts[match[1]], template)
