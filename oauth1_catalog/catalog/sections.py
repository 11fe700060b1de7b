"""The sections of a provider file: each a mapping, or an item of a list, with its fields.

The rules of ``model.py`` hold here, too: the docstring below a field is its description everywhere.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oauth1_catalog.catalog.fields import (
    Date,
    Flag,
    HeaderValue,
    Link,
    Moment,
    Name,
    ParameterName,
    Pattern,
    PositiveNumber,
    Realm,
    Slug,
    Template,
    Text,
    TimeZone,
    Url,
    WholeNumber,
    Words,
)

AccessState = Literal["open", "review", "paid", "closed", "unknown"]
RenewalMethod = Literal["GET", "POST", "PUT", "DELETE"]
Placement = Literal["HEADER", "QUERY", "BODY"]
SignatureMethodName = Literal[
    "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"
]


class Section(BaseModel):
    """A part of a provider file: unknown keys are errors, and values do not change."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,  # catalog.json has every field
    )


class CredentialLabels(Section):
    """The names of the credentials on the provider's pages, for messages and documentation."""

    client_id: Words | None = None
    """For example `API Key` or `Consumer Key`."""
    client_secret: Words | None = None
    """For example `API Key Secret` or `Consumer Secret`."""
    rsa_key: Words | None = None
    """For example `Private key of the application link`."""
    encryption_key: Words | None = None
    """For example `Private encryption key`."""
    dh_parameters: Words | None = None
    """For example `Diffie-Hellman parameters (dhparam.pem)`."""
    token: Words | None = None
    """For example `Access Token` or `Token ID`."""
    token_secret: Words | None = None
    """For example `Access Token Secret`."""


class Access(Section):
    """Whether a developer can get keys today."""

    state: AccessState
    """`open`: at once, or from the administrator of your own server. `review`: the provider decides about each
    application. `paid`: only with a paid account or for a fee. `closed`: nobody gets new keys. `unknown`: no source
    answers it, and `note` describes what was searched."""
    since: Moment | None = None
    """When this began: a day, a month or a year."""
    note: Words | None = None
    """One or two sentences: the conditions, or what was searched."""


class Variable(Section):
    """A value that differs between tenants or installations (OpenAPI server variables).

    A variable in a URL needs `pattern`, `enum` or `format`, so that a tenant's value cannot change the host.
    """

    description: Words | None = None
    """The meaning of the value, and where developers find it."""
    format: Literal["uri", "hostname"] | None = None
    """`uri`: an https address, with its path and without a final slash, with which a URL begins. `hostname`: a whole
    host name."""
    pattern: Pattern | None = None
    """A regular expression for the whole value: Python's syntax without look-around and back references. It has at most
    255 characters, and matches at most 250 (`[a-z]{1,63}` matches 63)."""
    enum: tuple[Text, ...] | None = Field(default=None, min_length=1)
    """The allowed values."""
    default: Text | None = None
    """The value if the application sets none. Without a default, the variable is required."""
    example: Text | None = None
    """A valid value, for messages and documentation."""
    source: Name | None = Field(default=None, alias="from")
    """The variable from which this one is derived. Applications cannot set a derived variable."""
    apply: tuple[Literal["lower", "upper", "underscore_to_dash", "dash_to_underscore"], ...] = ()
    """The changes to the value of `from`, in order."""


class Renewal(Section):
    """Another endpoint than those of the login: renewal or revocation of a token."""

    url: Url
    """The URL of the request. Its path can contain `{oauth_token}` (Trello)."""
    method: RenewalMethod = "POST"
    """The HTTP method."""
    params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of the request, which can contain `{client_id}`, `{oauth_token}` and `{oauth_session_handle}`."""
    session_handle: Flag = False
    """Whether `oauth_session_handle` is sent (OAuth Session 1.0: Yahoo, Jira)."""


class SessionToken(Section):
    """A key on which client and provider agree by Diffie-Hellman, and with which API calls are signed.

    The request is signed with the client's RSA key. Before its base string stands the secret of the access token, which
    the provider has encrypted for the client, as hexadecimal digits. The session token is the HMAC-SHA1 of this secret
    with the agreed key. Interactive Brokers calls it the live session token.
    """

    url: Url
    """The URL of the request."""
    challenge: ParameterName
    """The parameter of the request that contains the client's public value."""
    response: ParameterName
    """The field of the answer that contains the provider's public value. The answer is JSON."""
    proof: ParameterName
    """The field of the answer that contains the HMAC-SHA1 of the consumer key with the session token, in hexadecimal
    digits."""
    method: Literal["POST"] = "POST"
    """The HTTP method."""
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"] = "HMAC-SHA256"
    """The signature method of API calls."""
    encoding: Literal["rfc5849", "once"] = "rfc5849"
    """How parameters are encoded in base strings: as in section 3.4.1.3.2, or only `once`, all together."""
    expires_at: ParameterName | None = None
    """The field of the answer with the time at which the session token ends, as a number since 1970."""
    expires_unit: Literal["seconds", "milliseconds"] = "seconds"
    """The unit of this field."""


class ExchangeLimit(Section):
    """The largest number of exchanges in a period."""

    requests: PositiveNumber
    """The number of requests."""
    seconds: PositiveNumber
    """The period, in seconds."""


class Successor(Section):
    """How a token of OAuth 1.0 becomes one of OAuth 2.0, without the user.

    Leave out what no source confirms. `sunset` is the date on which OAuth 1.0 ends.
    """

    url: Url
    """The URL of the exchange, which begins with `https://`."""
    method: Literal["POST"] = "POST"
    """The HTTP method."""
    auth: Literal["signature", "client"]
    """The authentication of the request. `signature`: it is signed with the token (OAuth 1.0). `client`: it is not
    signed, and has the credentials of the OAuth 2.0 client, which can differ from `client_id` and `client_secret`: as
    HTTP Basic authentication or, for a client without a secret, as `client_id` in the form (RFC 6749, section 2.3)."""
    params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of the request, sent as a form. They can contain `{client_id}`, `{oauth_token}`,
    `{oauth_token_secret}` and fields of the token response, such as `{user_id}`."""
    fields: dict[Name, Text] = Field(default_factory=dict)
    """A standard name of the answer (`access_token`, `refresh_token`, `expires_in`) to the provider's name. The answer
    is JSON (RFC 6749, section 5.1)."""
    again: Literal["new_pair", "refused"] | None = None
    """The answer to another exchange of the same token. `new_pair`: it returns a new pair of access token and refresh
    token, and ends the pair before. `refused`: a token can be exchanged once."""
    old_token: Literal["stays", "ends"] | None = None
    """Whether the token of OAuth 1.0 stays valid after the exchange."""
    old_token_days: PositiveNumber | None = None
    """The number of days after which it ends, if it stays valid for a time."""
    refused: tuple[Text, ...] = ()
    """The values of `error` or `oauth_problem` in the answer that refuse this token for good, so that a repetition is
    useless."""
    limit: ExchangeLimit | None = None
    """The largest number of exchanges in a period."""
    docs_url: Link | None = None
    """The page that describes the exchange."""


class SuccessorOverrides(Section):
    """Fields of `successor` that an environment or an option replaces; the others stay."""

    url: Url | None = None
    """Replaces `url`."""
    method: Literal["POST"] | None = None
    """Replaces `method`."""
    auth: Literal["signature", "client"] | None = None
    """Replaces `auth`."""
    params: dict[ParameterName, Template] | None = None
    """Added to `params`."""
    fields: dict[Name, Text] | None = None
    """Added to `fields`."""
    again: Literal["new_pair", "refused"] | None = None
    """Replaces `again`."""
    old_token: Literal["stays", "ends"] | None = None
    """Replaces `old_token`."""
    old_token_days: PositiveNumber | None = None
    """Replaces `old_token_days`."""
    refused: tuple[Text, ...] | None = None
    """Replaces `refused`."""
    limit: ExchangeLimit | None = None
    """Replaces `limit`."""
    docs_url: Link | None = None
    """Replaces `docs_url`."""


class ClientKwargs(Section):
    """How requests are signed: Authlib's names, plus `body_hash` and `profile`."""

    signature_method: SignatureMethodName | None = None
    """`oauth_signature_method` (RFC 5849, section 3.4). HMAC-SHA1 by default."""
    signature_type: Placement | None = None
    """The place of the protocol parameters (RFC 5849, section 3.5). HEADER by default."""
    realm: Realm | None = None
    """The realm of the Authorization header (section 3.5.1). It can contain `{variables}` and `{request_url}`, the URL
    of the request without its query."""
    force_include_body: Flag | None = None
    """Sign the hash of a body that is not a form, as Authlib does."""
    body_hash: Literal["none", "non_form", "always"] | None = None
    """When to send `oauth_body_hash` (Request Body Hash 1.0), with the hash of the signature method: never, with a body
    that is not a form, or always, even without a body."""
    version: Literal["1.0", "none"] | None = None
    """`oauth_version` (section 3.1): `1.0`, or `none` to leave it out."""
    empty_token: Flag | None = None
    """Whether a call without a token contains an empty `oauth_token` (Schoology, Cardmarket)."""
    profile: Literal["rfc5849", "mastercard"] | None = None
    """The rules of the signature base string, if the provider differs from RFC 5849."""


class SignatureMethod(Section):
    """A signature method that the provider accepts."""

    method: SignatureMethodName
    """`oauth_signature_method` (RFC 5849, section 3.4)."""
    since: Text | None = None
    """The first version of the server that accepts it."""
    until: Text | None = None
    """The last version of the server that accepts it."""


class RateLimit(Section):
    """The largest number of requests in a period."""

    requests: PositiveNumber
    """The number of requests."""
    seconds: PositiveNumber
    """The period, in seconds."""
    per: Literal["client", "token", "address"] | None = None
    """Whose requests are counted together: those of an application (`client`), of a user (`token`), or of an IP
    `address`. Leave it out if no source describes it."""
    note: Words | None = None
    """The calls that the limit is for, or what happens beyond it."""


class Callback(Section):
    """How the user comes back (RFC 5849, section 2.2), and which parts of the callback are optional."""

    value: Literal["url", "oob"] = "url"
    """`oauth_callback` of the first request: the application's URL, or the word `oob`."""
    registered: Flag = False
    """Whether the callback URL is set in the provider's console."""
    registered_match: Literal["exact", "prefix"] = "exact"
    """How the sent callback URL matches the one in the console: it is the same (`exact`), or begins with it (`prefix`,
    MediaWiki)."""
    send_at_authorize: Literal["never", "if_unconfirmed", "always"] = "if_unconfirmed"
    """Whether the authorization URL also contains `oauth_callback` (OAuth Core 1.0)."""
    confirmed: Literal["required", "optional", "none"] = "required"
    """Whether the first response contains `oauth_callback_confirmed`. That of an OAuth Core 1.0 server does not
    (`none`). The values `false`, `0` and `no` refuse the login, except in answer to `oob` where `verifier` is
    `required`; any other value confirms the callback."""
    verifier: Literal["required", "optional", "none"] = "required"
    """Whether the callback contains `oauth_verifier`."""
    secret: Literal["required", "optional"] = "required"
    """Whether the token responses contain a secret that is not empty."""
    token_param: ParameterName = "oauth_token"
    """The name of `oauth_token` in the callback."""
    verifier_param: ParameterName = "oauth_verifier"
    """The name of `oauth_verifier` in the callback."""
    state_param: ParameterName | None = None
    """A parameter of the authorization URL that comes back unchanged."""
    denied_param: ParameterName = "denied"
    """The parameter of the callback if the user denied access."""
    denied_value: Text | None = None
    """Its value in that case, if the callback always contains it (Goodreads: `authorize` is `1` or `0`)."""
    denied_when: Literal["empty_verifier", "no_verifier"] | None = None
    """Another sign that the user denied access: `oauth_verifier` is empty, or missing."""
    extra: tuple[ParameterName, ...] = ()
    """Parameters of the callback to store with the token."""


class UserAgent(Section):
    """The User-Agent header. A text is short for `value`."""

    value: HeaderValue | None = None
    """The value of the header."""
    required: Flag = False
    """Whether the provider requires a value from the application."""
    example: Text | None = None
    """A value that the provider accepts."""

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:  # Any: pydantic passes unchecked input
        return {"value": value} if isinstance(value, str) else value


class TokenLifetime(Section):
    """The lifetime of a token, if the response does not contain it."""

    seconds: WholeNumber | None = None
    """Seconds from its issue."""
    until: Literal["midnight"] | None = None
    """The time at which every token ends."""
    timezone: TimeZone | None = None
    """The time zone of `until`, such as `America/New_York`."""
    idle_seconds: WholeNumber | None = None
    """Seconds without a call after which the token ends, or has to be renewed."""


class TokenResponse(Section):
    """The format of the responses of the two token endpoints."""

    format: Literal["form", "json", "xml", "auto"] = "auto"
    """The format of the body. `auto` reads JSON if it begins with `{`, XML if it begins with `<`, otherwise a form."""
    fields: dict[Name, Text] = Field(default_factory=dict)
    """A standard name (`oauth_token`, `oauth_token_secret`) to the provider's name."""
    extra: tuple[ParameterName, ...] = ()
    """Other fields to store with the token."""
    expires_in: ParameterName | None = None
    """The field with the lifetime of the token, in seconds."""
    expires_at: ParameterName | None = None
    """The field with the time at which it ends: a number since 1970, or a date and time of ISO 8601."""
    expires_unit: Literal["seconds", "milliseconds", "iso8601"] = "seconds"
    """The unit of these two fields; `iso8601` if `expires_at` is a date and time (Keystone)."""
    session_handle: ParameterName | None = None
    """The field with `oauth_session_handle`."""
    lifetime: TokenLifetime | None = None
    """The lifetime of a token, if the response does not contain it."""


class Quirk(Section):
    """A surprising behaviour, for the documentation and the emulator."""

    id: Slug
    """A short name, such as `realm-keeps-underscore`."""
    note: Words
    """One sentence."""


class Probed(Section):
    """The last answer of the endpoints. `oauth1-catalog probe --write` writes it; do not write it by hand."""

    on: Date
    """The day of the probe."""
    result: Literal["oauth1", "moved", "gone", "oauth2", "blocked", "unclear", "unreachable"]
    """`oauth1`: they speak OAuth 1.0. `moved`: they redirect to another address. `gone`: they no longer exist.
    `oauth2`: they ask for OAuth 2.0. `blocked`: they refuse programs, or ask to wait. `unclear`: their answers show
    none of these. `unreachable`: no server answered."""


class Evidence(Section):
    """The source of facts in this file."""

    fields: tuple[Text, ...] = Field(min_length=1)
    """The fields that the source confirms, such as `client_kwargs.signature_method`."""
    kind: Literal["provider_docs", "provider_response", "live_test", "library", "community"]
    """The kind of source."""
    checked: Date
    """The day on which someone checked the source."""
    source: Link
    """The URL of the page; for a file on GitHub, with a commit."""
    note: Words | None = None
    """What disagrees with the source, and the reason for the value in this file."""
