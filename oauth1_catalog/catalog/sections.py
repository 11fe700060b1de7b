"""The nested parts of a provider file; ``model.py`` puts them together.

Rule: the string below a field is what an editor, the schema and the documentation show, so it says what to write.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oauth1_catalog.catalog.fields import (
    Date,
    Flag,
    HeaderName,
    HeaderValue,
    Link,
    Name,
    ParameterName,
    Path,
    Pattern,
    Realm,
    Slug,
    Template,
    Text,
    TimeZone,
    Url,
    WholeNumber,
    Words,
)

Method = Literal["GET", "POST"]
RenewalMethod = Literal["GET", "POST", "PUT", "DELETE"]
Placement = Literal["HEADER", "QUERY", "BODY"]
SignatureMethodName = Literal[
    "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"
]


class Section(BaseModel):
    """Unknown keys are errors; nothing changes after reading."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, use_attribute_docstrings=True
    )


class CredentialLabels(Section):
    """What the provider's own pages call each credential; used in messages and on the page."""

    client_id: Words | None = None
    """For example `API Key` or `Consumer Key`."""
    client_secret: Words | None = None
    """For example `API Key Secret` or `Consumer Secret`."""
    rsa_key: Words | None = None
    """For example `Private key of the application link`."""
    token: Words | None = None
    """For example `Access Token` or `Token ID`."""
    token_secret: Words | None = None
    """For example `Access Token Secret`."""


class Variable(Section):
    """A value that differs from tenant to tenant or from installation to installation (OpenAPI server variables).

    A variable in a URL needs `pattern`, `enum` or `format`, so that a tenant's value cannot change the host.
    """

    description: Words | None = None
    """What the value is, and where the developer finds it."""
    format: Literal["uri", "hostname"] | None = None
    """`uri`: an https address with its path and without a slash at the end, where a URL begins with the variable.
    `hostname`: a whole host name."""
    pattern: Pattern | None = None
    """A regular expression that the whole value matches: Python's syntax without look-around and back references, at
    most 255 characters long, and standing for at most 250 (`[a-z]{1,63}` for 63)."""
    enum: tuple[Text, ...] | None = Field(default=None, min_length=1)
    """The only values that are allowed."""
    default: Text | None = None
    """The value where the application gives none; without a default the variable is required."""
    example: Text | None = None
    """A value that works, for messages and the page."""
    source: Name | None = Field(default=None, alias="from")
    """The variable that this one is made from; the application then does not give it."""
    apply: tuple[Literal["lower", "upper", "underscore_to_dash", "dash_to_underscore"], ...] = ()
    """What is done to the value of `from`, in order."""


class Renewal(Section):
    """An endpoint beside the three of the login: renewal or revocation of a token."""

    url: Url
    """Where the request goes; `{oauth_token}` in its path is filled in (Trello)."""
    method: RenewalMethod = "POST"
    """The HTTP method."""
    params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of the request; `{client_id}`, `{oauth_token}` and `{oauth_session_handle}` are filled in."""
    session_handle: Flag = False
    """Whether `oauth_session_handle` is sent (OAuth Session 1.0: Yahoo, Jira)."""


class ClientKwargs(Section):
    """How requests are signed: Authlib's names, plus `body_hash` and `profile`."""

    signature_method: SignatureMethodName | None = None
    """`oauth_signature_method` (RFC 5849, section 3.4); HMAC-SHA1 where nothing is said."""
    signature_type: Placement | None = None
    """Where the protocol parameters travel (RFC 5849, section 3.5); HEADER where nothing is said."""
    realm: Realm | None = None
    """The realm of the Authorization header (section 3.5.1). `{variables}` and `{request_url}`, the URL of the request
    without its query, are filled in."""
    force_include_body: Flag | None = None
    """Sign a body that is not a form by its hash, as Authlib does."""
    body_hash: Literal["none", "non_form", "always"] | None = None
    """When `oauth_body_hash` is sent (Request Body Hash 1.0), made with the hash of the signature method: never, with a
    body that is not a form, or also without a body."""
    version: Literal["1.0", "none"] | None = None
    """`oauth_version` (section 3.1): `1.0`, or `none` to leave it out."""
    empty_token: Flag | None = None
    """Whether a call that is signed without a token carries an empty `oauth_token` (Schoology, Cardmarket)."""
    profile: Literal["rfc5849", "mastercard"] | None = None
    """The rule of the signature base string, where a provider has one of its own."""


class Callback(Section):
    """How the user comes back (RFC 5849, section 2.2), and what may be missing then."""

    value: Literal["url", "oob"] = "url"
    """`oauth_callback` of the first request: the application's URL, or the word `oob`."""
    registered: Flag = False
    """Whether the callback URL is set in the provider's console."""
    registered_match: Literal["exact", "prefix"] = "exact"
    """How a callback URL that is sent has to match the one in the console: it is the same, or it begins with it
    (MediaWiki)."""
    send_at_authorize: Literal["never", "if_unconfirmed", "always"] = "if_unconfirmed"
    """Whether `oauth_callback` also goes on the authorization URL (OAuth Core 1.0)."""
    confirmed: Literal["required", "optional", "none"] = "required"
    """Whether the first answer holds `oauth_callback_confirmed`; that of an OAuth Core 1.0 server does not (`none`).
    Where it is there, `false`, `0` and `no` refuse the login, and any other value confirms the callback."""
    verifier: Literal["required", "optional", "none"] = "required"
    """Whether the callback holds `oauth_verifier`."""
    secret: Literal["required", "optional"] = "required"
    """Whether the token answers hold a secret that is not empty."""
    token_param: ParameterName = "oauth_token"
    """The name of `oauth_token` in the callback."""
    verifier_param: ParameterName = "oauth_verifier"
    """The name of `oauth_verifier` in the callback."""
    state_param: ParameterName | None = None
    """A parameter of the authorization URL that comes back unchanged."""
    denied_param: ParameterName = "denied"
    """The parameter that is there when the user said no."""
    denied_value: Text | None = None
    """Its value then, where it is there in any case (Goodreads: `authorize` is `1` or `0`)."""
    denied_when: Literal["empty_verifier", "no_verifier"] | None = None
    """Another sign that the user said no: `oauth_verifier` is empty, or is not there at all."""
    extra: tuple[ParameterName, ...] = ()
    """Parameters of the callback to keep with the token."""


class Overrides(Section):
    """Fields that an environment or an option sets; merged deeply into the file's own."""

    request_token_url: Url | None = None
    """Replaces `request_token_url`."""
    authorize_url: Url | None = None
    """Replaces `authorize_url`."""
    access_token_url: Url | None = None
    """Replaces `access_token_url`."""
    api_base_url: Url | None = None
    """Replaces `api_base_url`."""
    api_hosts: tuple[Template, ...] | None = None
    """Replaces `api_hosts`."""
    request_token_params: dict[ParameterName, Template] | None = None
    """Added to `request_token_params`."""
    request_token_headers: dict[HeaderName, HeaderValue] | None = None
    """Added to `request_token_headers`."""
    authorize_params: dict[ParameterName, Template] | None = None
    """Added to `authorize_params`."""
    access_token_params: dict[ParameterName, Template] | None = None
    """Added to `access_token_params`."""
    api_params: dict[ParameterName, Template] | None = None
    """Added to `api_params`."""
    headers: dict[HeaderName, HeaderValue] | None = None
    """Added to `headers`."""
    client_kwargs: ClientKwargs | None = None
    """Merged into `client_kwargs`."""
    callback: Callback | None = None
    """Merged into `callback`."""
    renew: Renewal | None = None
    """Replaces `renew`."""
    revoke: Renewal | None = None
    """Replaces `revoke`."""
    userinfo_endpoint: Path | None = None
    """Replaces `userinfo_endpoint`."""
    userinfo_params: dict[ParameterName, Template] | None = None
    """Added to `userinfo_params`."""


class Environment(Overrides):
    """Another installation of the provider, such as a sandbox."""

    description: Words | None = None
    """What differs there, and which keys it takes."""


class Option(Section):
    """A choice of the application, given by keyword to `register_from_catalog`."""

    description: Words | None = None
    """What is chosen."""
    enum: tuple[Text, ...] | None = Field(default=None, min_length=1)
    """The values to choose from; free text where it is left out."""
    pattern: Pattern | None = None
    """A regular expression that free text matches."""
    separator: Text | None = None
    """Where several values may be chosen at once: what stands between them."""
    default: Text | None = None
    """The value where the application chooses none; without it nothing is set then."""
    example: Text | None = None
    """A value that works."""
    sets: Overrides
    """The fields that the choice sets; `{value}` stands for what was chosen."""


class UserAgent(Section):
    """The User-Agent header; a text alone is its `value`."""

    value: HeaderValue | None = None
    """What is sent."""
    required: Flag = False
    """Whether the provider refuses requests without one of the application's own."""
    example: Text | None = None
    """What the provider asks for."""

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:  # Any: what pydantic hands to a validator before it is checked
        return {"value": value} if isinstance(value, str) else value


class TokenLifetime(Section):
    """How long a token lives where its answer does not say."""

    seconds: WholeNumber | None = None
    """Seconds from its issue."""
    until: Literal["midnight"] | None = None
    """The moment at which every token ends."""
    timezone: TimeZone | None = None
    """The time zone of `until`, such as `America/New_York`."""
    idle_seconds: WholeNumber | None = None
    """Seconds without a call after which it ends, or sleeps until it is renewed."""


class TokenResponse(Section):
    """How the answers of the two token endpoints are written."""

    format: Literal["form", "json", "xml", "auto"] = "auto"
    """The format of the body; `auto` reads JSON where it begins with `{`, XML where it begins with `<`, else a form."""
    fields: dict[Name, Text] = Field(default_factory=dict)
    """A standard name (`oauth_token`, `oauth_token_secret`) to the provider's own."""
    extra: tuple[ParameterName, ...] = ()
    """Further fields to keep with the token."""
    expires_in: ParameterName | None = None
    """The field that holds the token's life in seconds."""
    expires_at: ParameterName | None = None
    """The field that holds the moment of its end: a number since 1970, or a date and time of ISO 8601."""
    expires_unit: Literal["seconds", "milliseconds", "iso8601"] = "seconds"
    """The unit of the two fields above; `iso8601` where `expires_at` is a date and time (Keystone)."""
    session_handle: ParameterName | None = None
    """The field that holds `oauth_session_handle`."""
    lifetime: TokenLifetime | None = None
    """How long a token lives where the answer does not say."""


class Quirk(Section):
    """Something that surprises; shown on the page and in the emulator."""

    id: Slug
    """A short name, such as `realm-keeps-underscore`."""
    note: Words
    """One sentence."""


class Evidence(Section):
    """Where facts of this file come from."""

    fields: tuple[Text, ...] = Field(min_length=1)
    """The fields that the source confirms, dotted: `client_kwargs.signature_method`."""
    kind: Literal["provider_docs", "provider_response", "live_test", "library", "community"]
    """What sort of source it is."""
    checked: Date
    """The day on which somebody looked."""
    source: Link
    """The page; a file on GitHub by commit."""
    note: Words | None = None
    """What disagrees, and why this file says what it says."""
