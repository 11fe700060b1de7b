"""A provider as a login reads it: variables, options and environments are resolved.

A ``Provider`` comes from a file of the catalog (``resolve.py``), or from ``register(...)`` in an application. Only
``from_catalog`` distinguishes them: a provider of the catalog must behave as its file describes, and for others
Authlib's leniency applies, with a warning.

Rule: this module imports neither pydantic nor YAML, so an application that only uses ``register`` never loads them.
``model.py`` documents each field under the same name.

Placeholders that only a request can fill stay in texts: ``{client_id}``, ``{oauth_token}`` and ``{oauth_callback}`` in
parameters and in ``authorize_url``, ``{oauth_session_handle}`` in ``renew.params``, ``{request_url}`` (without its
query) in ``client_kwargs["realm"]``, and fields of the token response in ``userinfo`` and ``successor.params``.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


Requirement = Literal["required", "optional", "none"]
ParamsPlace = Literal["query", "body"]

FLOW_URLS: Mapping[str, tuple[str, ...]] = {
    "redirect": ("request_token_url", "authorize_url", "access_token_url"),
    "two_legged": ("request_token_url", "access_token_url"),
    "static_token": ("api_base_url",),
    "signed_client": ("api_base_url",),
    "signed_grant": ("access_token_url",),
    "xauth": ("access_token_url",),
}
"""The URLs that each flow needs."""

ADDRESSES = (*FLOW_URLS["redirect"], "api_base_url")
"""The fields of a provider that contain an address; ``userinfo``, ``renew``, ``revoke``, ``session_token`` and
``successor`` have more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """How the user comes back (RFC 5849, section 2.2), and which parts of the callback are optional."""

    value: Literal["url", "oob"] = "url"
    registered: bool = False
    registered_match: Literal["exact", "prefix"] = "exact"
    send_at_authorize: Literal["never", "if_unconfirmed", "always"] = "never"
    confirmed: Requirement = "required"
    verifier: Requirement = "required"
    secret: Literal["required", "optional"] = "required"
    token_param: str = "oauth_token"
    verifier_param: str = "oauth_verifier"
    state_param: str | None = None
    denied_param: str = "denied"
    denied_value: str | None = None
    denied_when: Literal["empty_verifier", "no_verifier"] | None = None
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """The lifetime of a token: ``seconds`` from its issue, ``until`` a time in ``timezone``, or idle time."""

    seconds: int | None = None
    until: Literal["midnight"] | None = None
    timezone: str | None = None
    idle_seconds: int | None = None


def time_zone(name: str) -> ZoneInfo | None:
    """A time zone of the IANA database; ``None`` if neither this machine nor the package ``tzdata`` has it.

    >>> time_zone("America/New_York"), time_zone("Mars/Base")
    (zoneinfo.ZoneInfo(key='America/New_York'), None)
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; a path outside the database; a directory
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponseRules:
    """The format of the responses of the two token endpoints.

    ``fields`` maps a standard name (``oauth_token``) to the provider's own.
    """

    format: Literal["form", "json", "xml", "auto"] = "auto"
    fields: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    expires_in: str | None = None
    expires_at: str | None = None
    expires_unit: Literal["seconds", "milliseconds", "iso8601"] = "seconds"
    session_handle: str | None = None
    lifetime: Lifetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Another endpoint than those of the login: renewal or revocation."""

    url: str
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    session_handle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether a developer can get keys today."""

    state: Literal["open", "review", "paid", "closed", "unknown"]
    since: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMethod:
    """A signature method that the provider accepts, and the versions of its server that do."""

    method: str
    since: str | None = None
    until: str | None = None

    def __str__(self) -> str:
        """The method with its versions.

        >>> str(SignatureMethod(method="HMAC-SHA256", since="2.4.4"))
        'HMAC-SHA256 (since 2.4.4)'
        """
        versions = [f"{word} {version}" for word, version in (("since", self.since), ("until", self.until)) if version]
        return f"{self.method} ({', '.join(versions)})" if versions else self.method


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The largest number of requests in a period."""

    requests: int
    seconds: int
    per: Literal["client", "token", "address"] | None = None
    note: str | None = None

    def __str__(self) -> str:
        """The limit in words.

        >>> str(RateLimit(requests=10, seconds=60, per="client"))
        '10 requests in 60 seconds for each client'
        """
        return f"{self.requests} requests in {self.seconds} seconds" + (f" for each {self.per}" if self.per else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLimit:
    """The largest number of exchanges in a period."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """How a token of OAuth 1.0 becomes one of OAuth 2.0, without the user."""

    url: str
    method: str = "POST"
    auth: Literal["signature", "client"] = "signature"
    params: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    again: Literal["new_pair", "refused"] | None = None
    old_token: Literal["stays", "ends"] | None = None
    old_token_days: int | None = None
    refused: tuple[str, ...] = ()
    limit: ExchangeLimit | None = None
    docs_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToken:
    """A key on which client and provider agree by Diffie-Hellman, and with which API calls are signed."""

    url: str
    challenge: str
    response: str
    proof: str
    method: str = "POST"
    signature_method: str = "HMAC-SHA256"
    encoding: Literal["rfc5849", "once"] = "rfc5849"
    expires_at: str | None = None
    expires_unit: Literal["seconds", "milliseconds"] = "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserinfoRules:
    """The address of the profile, and the standard claims that it contains.

    ``endpoint`` is relative to ``api_base_url``, absolute, or ``"token_response"``.
    """

    endpoint: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    format: Literal["json", "xml", "jwt", "text"] = "json"
    followup: str | None = None
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Provider:
    """One provider, ready for use; ``model.py`` documents each field."""

    name: str
    from_catalog: bool = False
    display_name: str = ""
    flows: tuple[str, ...] = ("redirect",)
    credential_labels: Mapping[str, str] = field(default_factory=dict)
    quirks: Mapping[str, str] = field(default_factory=dict)
    docs_url: str | None = None
    registration_url: str | None = None
    setup: tuple[str, ...] = ()
    status: Literal["active", "limited", "deprecated", "retired"] = "active"
    status_note: str | None = None
    sunset: str | None = None
    replaced_by: str | None = None
    access: Access | None = None
    environment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    required_credentials: tuple[str, ...] = ("client_id", "client_secret")

    request_token_url: str | None = None
    request_token_method: str = "POST"
    request_token_params: Mapping[str, str] = field(default_factory=dict)
    request_token_params_in: ParamsPlace = "query"
    request_token_headers: Mapping[str, str] = field(default_factory=dict)
    authorize_url: str | None = None
    authorize_url_field: str | None = None
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    authorize_token_param: str = "oauth_token"
    access_token_url: str | None = None
    access_token_method: str = "POST"
    access_token_params: Mapping[str, str] = field(default_factory=dict)
    access_token_params_in: ParamsPlace = "query"
    token_signature_type: Literal["HEADER", "QUERY", "BODY"] | None = None

    api_base_url: str | None = None
    api_hosts: tuple[str, ...] = ()
    api_auth: Literal["signature", "bearer", "header"] = "signature"
    api_auth_header: str | None = None
    emulated_at: str | None = None
    api_params: Mapping[str, str] = field(default_factory=dict)
    multipart: Literal["unsigned", "sign_fields"] = "unsigned"
    rate_limits: tuple[RateLimit, ...] = ()

    client_kwargs: Mapping[str, object] = field(default_factory=dict)
    signature_methods: tuple[SignatureMethod, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    user_agent: str | None = None
    user_agent_required: bool = False
    user_agent_example: str | None = None

    callback: CallbackRules = CallbackRules()
    token_response: TokenResponseRules = field(default_factory=TokenResponseRules)
    renew: Endpoint | None = None
    revoke: Endpoint | None = None
    session_token: SessionToken | None = None
    successor: Successor | None = None
    userinfo: UserinfoRules | None = None

    all_headers: Mapping[str, str] = field(init=False, compare=False)
    """The headers of every request, including the User-Agent."""

    def __post_init__(self) -> None:
        given = {**self.headers, "User-Agent": self.user_agent} if self.user_agent else self.headers
        object.__setattr__(self, "all_headers", given)

    def __repr__(self) -> str:
        """Only the name: parameters, headers and options can contain keys and passwords of an application."""
        return f"Provider({self.name!r})"

    @property
    def status_sentence(self) -> str:
        """The warning about a provider that is deprecated or retired; empty for others.

        >>> Provider(name="openstreetmap", status="retired", sunset="2024", replaced_by="OAuth 2.0").status_sentence
        'openstreetmap: OAuth 1.0 was switched off in 2024. Use OAuth 2.0 instead.'
        """
        if self.status not in {"deprecated", "retired"}:
            return ""
        when = f" {'on' if self.sunset.count('-') == 2 else 'in'} {self.sunset}" if self.sunset else ""
        happens = (
            "was switched off" if self.status == "retired" else "will be switched off" if when else "is deprecated"
        )
        parts = [f"{self.name}: OAuth 1.0 {happens}{when}."]
        if self.replaced_by:
            parts.append(f"Use {self.replaced_by} instead.")
        if self.status_note:
            parts.append(self.status_note if self.status_note.endswith(".") else f"{self.status_note}.")
        return " ".join(parts)


Made = TypeVar("Made")


def build_dataclass(kind: type[Made], data: Mapping[str, Any]) -> Made:
    """An instance of the dataclass ``kind`` with its fields from ``data``; other keys are ignored.

    >>> from oauth1_catalog.catalog.provider import CallbackRules
    >>> build_dataclass(CallbackRules, {"registered": "true", "extra": ["realmId"], "verifier": "none"}).extra
    ('realmId',)
    """
    fields = _fields(typing.cast("Hashable", kind))
    return kind(**{name: read(data[name]) for name, read in fields.items() if name in data})


@cache
def _fields(kind: Hashable) -> dict[str, Callable[[Any], Any]]:
    return {field.name: _reader(str(field.type)) for field in dataclasses.fields(typing.cast("type[Any]", kind))}


@cache
def _reader(annotation: str) -> Callable[[Any], Any]:
    """The function that converts a value to a field's type, which is the text of its annotation.

    To evaluate the annotations of a provider takes milliseconds of an application's start.
    """
    if annotation.endswith(" | None"):
        of_some = _reader(annotation.removesuffix(" | None"))
        return lambda value: None if value is None else of_some(value)
    if annotation in _SECTIONS:
        return partial(build_dataclass, _SECTIONS[annotation])
    if annotation in _LISTS:
        of_each = _reader(annotation.removeprefix("tuple[").removesuffix(", ...]"))
        return lambda values: tuple(of_each(value) for value in values)
    return _CONVERTED.get(annotation, lambda value: dict(value) if isinstance(value, Mapping) else value)


_CONVERTED: Mapping[str, Callable[[Any], Any]] = {
    "bool": lambda value: value == "true",
    "int": int,
    "tuple[str, ...]": tuple,
}
_SECTIONS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Access, SignatureMethod, RateLimit, CallbackRules, Lifetime, TokenResponseRules),
        *(Endpoint, ExchangeLimit, Successor, SessionToken, UserinfoRules),
    )
}
_LISTS = frozenset(f"tuple[{name}, ...]" for name in _SECTIONS)
