"""The parameters of ``register`` laid over a provider: hand-written ones over none, or over an entry of the catalog."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from oauth1_catalog.access import DEVELOPER, Access
from oauth1_catalog.catalog.patterns import is_wildcard, path_problem
from oauth1_catalog.catalog.provider import ADDRESSES, Provider, UserinfoRules
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import authority_of
from oauth1_catalog.redaction import MaskedMapping, masked, shown_url, type_name
from oauth1_catalog.registry.register_arguments import as_mapping
from oauth1_catalog.registry.urls import endpoint_fault, malformed

_METHODS = ("request_token_method", "access_token_method")
_STEPS = ("request_token", "access_token")
_HTTP_ARGUMENTS = frozenset({"params", "data", "headers"})


def provider_with(
    provider: Provider, name: str, values: Mapping[str, object], *, access: Access = DEVELOPER
) -> Provider:
    """``provider`` under the name ``name``, with the parameters of ``register`` over it.

    Args:
        provider: an entry of the catalog, or an empty one.
        name: the registered name.
        values: parameters of ``register``; ``None`` stands for one that is not given.
        access: the hosts and transports that the addresses among them may name.

    >>> values = {"request_token_params": {"params": {"scope": "read"}}, "api_base_url": "https://api.example.com/"}
    >>> provider_with(Provider(name="x"), "mine", values).request_token_params
    {'scope': 'read'}

    Raises:
        ConfigurationError: a value has the wrong type.
    """
    given = {key: value for key, value in values.items() if value is not None}
    changes: dict[str, Any] = {"name": name}
    if "user_agent" in given:
        changes["user_agent"] = _text(name, "user_agent", given["user_agent"])
    for key in ADDRESSES:
        if key in given:
            changes[key] = _address(name, key, given[key], access)
    for key in _METHODS:
        if key in given:
            changes[key] = _text(name, key, given[key]).upper()
    headers = dict(provider.headers)
    if "headers" in given:
        headers |= text_params(name, as_mapping(name, "headers", given["headers"], where="headers="))
    for step in _STEPS:
        if f"{step}_params" in given:
            params, place, more = _request_params(name, f"{step}_params", given[f"{step}_params"])
            changes[f"{step}_params"] = {**getattr(provider, f"{step}_params"), **params}
            headers |= more
            if place:
                changes[f"{step}_params_in"] = place
    if headers != provider.headers:
        changes["headers"] = headers
    if "authorize_params" in given:
        params = text_params(name, as_mapping(name, "authorize_params", given["authorize_params"], where="its value"))
        changes["authorize_params"] = {**provider.authorize_params, **params}
    if "client_kwargs" in given:
        options = as_mapping(name, "client_kwargs", given["client_kwargs"], where="client_kwargs")
        changes["client_kwargs"] = {**provider.client_kwargs, **options}
    if "api_hosts" in given:
        changes["api_hosts"] = (*provider.api_hosts, *_hosts(name, given["api_hosts"]))
    if rules := _userinfo(name, provider, given):
        changes["userinfo"] = rules
    return dataclasses.replace(provider, **changes)


def _userinfo(name: str, provider: Provider, given: Mapping[str, object]) -> UserinfoRules | None:
    """Where the profile is, from the arguments of ``register``; ``None`` if they do not mention it."""
    rules = provider.userinfo
    if "userinfo_endpoint" in given:
        rules = UserinfoRules(endpoint=_text(name, "userinfo_endpoint", given["userinfo_endpoint"]))
    if "userinfo_claims" not in given:
        return rules
    if rules is None:
        raise ConfigurationError(
            description=f"{name}: userinfo_claims= is of use with userinfo_endpoint= alone.",
            provider=name,
            advice="Pass where the profile is.",
        )
    claims = text_params(name, as_mapping(name, "userinfo_claims", given["userinfo_claims"], where="userinfo_claims="))
    for claim, source in claims.items():
        if wrong := path_problem(source, xml=rules.format == "xml"):
            raise ConfigurationError(
                description=f"{name}: userinfo_claims has {source!r} for {claim}, which is not a path: {wrong}.",
                provider=name,
                advice="Write $.field (RFC 9535), or a text with {field}.",
            )
    return dataclasses.replace(rules, claims=claims)


def _hosts(name: str, hosts: object) -> Iterator[str]:
    """The hosts in a value of ``api_hosts``: a list of them, or text with commas or blanks between."""
    if isinstance(hosts, str):
        hosts = hosts.replace(",", " ").split()
    if not isinstance(hosts, Collection) or isinstance(hosts, bytes | Mapping):
        raise ConfigurationError(
            description=f"{name}: api_hosts must be a list of hosts, such as ['media.example.com'], and not of type "
            f"{type(hosts).__name__}.",
            provider=name,
        )
    for host in map(str, hosts):
        if is_wildcard(host):
            raise ConfigurationError(
                description=f"{name}: api_hosts has {host!r}. A wildcard can only stand in a provider's file, where "
                "it is checked.",
                provider=name,
                advice="List each host by its name.",
            )
        url = f"https://{host}"
        if malformed(url) or authority_of(url) != host or any(map(str.isspace, host)):
            raise ConfigurationError(
                description=f"{name}: api_hosts has {shown_url(url)[8:]!r}, which is not a host.",
                provider=name,
                advice="Write the host without scheme and path, such as 'media.example.com' or "
                "'media.example.com:8443'.",
            )
        yield host


def text_params(name: str, params: Mapping[str, object]) -> dict[str, str]:
    """Parameters of a request as text: numbers and booleans as JSON writes them, ``None`` left out.

    >>> dict(text_params("trello", {"expiration": 30, "force": True, "lang": None}).items())
    {'expiration': '30', 'force': 'true'}

    Raises:
        ConfigurationError: a value is neither text nor a number.
    """
    params, texts = masked(params), MaskedMapping()
    for parameter, value in params.items():
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            value = masked(value)  # noqa: PLW2901 - for a crash report
            raise ConfigurationError(
                description=f"{name}: the parameter {parameter!r} is of type {type_name(value)}; it must be text or a "
                "number.",
                provider=name,
            )
        texts[parameter] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _request_params(name: str, key: str, value: object) -> tuple[dict[str, str], str | None, dict[str, str]]:
    """The parameters, their place and the headers of a token request.

    Authlib passes the mapping to its HTTP library, so ``{"params": {...}}`` stands for a query, ``{"data": {...}}`` for
    a body.
    """
    params = as_mapping(name, key, value, where=f"{key}=")
    inner = {k: v for k, v in params.items() if k in _HTTP_ARGUMENTS and isinstance(v, Mapping)}
    plain = {k: v for k, v in params.items() if k not in inner and k != "timeout"}
    headers = text_params(name, as_mapping(name, key, inner.pop("headers", {}), where=key))
    place = "body" if "data" in inner else None
    for mapping in inner.values():
        plain |= as_mapping(name, key, mapping, where=key)
    return text_params(name, plain), place, headers


def _address(name: str, key: str, value: object, access: Access) -> str:
    text = _text(name, key, value)
    if fault := endpoint_fault(text, access):
        raise ConfigurationError("invalid_url", description=f"{name}: {key} {shown_url(text)!r} {fault}", provider=name)
    return text


def _text(name: str, key: str, value: object) -> str:
    if not isinstance(value, str) and not hasattr(value, "__str__"):
        raise ConfigurationError(
            description=f"{name}: {key} is of type {type(value).__name__}; write text.", provider=name
        )
    return str(value)
