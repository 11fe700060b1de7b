"""The provider file, version 1, with all its sections and fields.

Rule 1: a field's docstring is its description in the schema, in editors and in the documentation.
Rule 2: checks of a single field are here; checks of several fields or files are in ``rules/``.
Rule 3: the order of the fields is the order in a file.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oauth1_catalog.catalog.fields import (
    Date,
    EmulatorUrl,
    Flag,
    HeaderName,
    HeaderValue,
    Link,
    Moment,
    Name,
    ParameterName,
    Path,
    Pattern,
    PositiveNumber,
    Realm,
    SchemaVersion,
    Slug,
    Template,
    Text,
    TimeZone,
    Url,
    WholeNumber,
    Words,
)

Flow = Literal["redirect", "two_legged", "static_token", "signed_client", "signed_grant", "xauth"]
Status = Literal["active", "limited", "deprecated", "retired"]
ParamsPlace = Literal["query", "body"]
MultipartRule = Literal["unsigned", "sign_fields"]
ApiAuth = Literal["signature", "bearer", "header"]
Method = Literal["GET", "POST"]
RenewalMethod = Literal["GET", "POST", "PUT", "DELETE"]
Placement = Literal["HEADER", "QUERY", "BODY"]
SignatureMethodName = Literal[
    "HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"
]


class Section(BaseModel):
    """A part of a provider file: unknown keys are errors, and values do not change."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, use_attribute_docstrings=True
    )


class CredentialLabels(Section):
    """The names of the credentials on the provider's pages, for messages and documentation."""

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
    (`none`). The values `false`, `0` and `no` refuse the login, and any other value confirms the callback."""
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


class Overrides(Section):
    """Fields that an environment or an option sets, merged into the file's fields at every depth."""

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
    successor: SuccessorOverrides | None = None
    """Merged into `successor`."""
    userinfo_endpoint: Path | None = None
    """Replaces `userinfo_endpoint`."""
    userinfo_params: dict[ParameterName, Template] | None = None
    """Added to `userinfo_params`."""


class Environment(Overrides):
    """Another installation of the provider, such as a sandbox."""

    description: Words | None = None
    """The differences, and the keys that it accepts."""


class Option(Section):
    """A choice of the application, as a keyword argument of `register_from_catalog`."""

    description: Words | None = None
    """The meaning of the choice."""
    enum: tuple[Text, ...] | None = Field(default=None, min_length=1)
    """The values to choose from. Without it, any text is allowed."""
    pattern: Pattern | None = None
    """A regular expression for the text."""
    separator: Text | None = None
    """The text between several values, if more than one can be chosen."""
    default: Text | None = None
    """The value if the application chooses none. Without a default, nothing is set."""
    example: Text | None = None
    """A valid value."""
    sets: Overrides
    """The fields that the choice sets. `{value}` stands for the chosen value."""


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


class ProviderFile(Section):
    """The description of one OAuth 1.0 provider (RFC 5849)."""

    schema_version: SchemaVersion
    """The version of this format: 1."""
    name: Name
    """The name for `register_from_catalog`, and the file's name without `.yaml`. A Python identifier."""
    aliases: tuple[Name, ...] = ()
    """Other names of the provider, each unique in the catalog."""
    extends: Name | None = None
    """The provider whose file this one changes: mappings are merged, lists are replaced, and `null` removes a field."""
    replace: Flag = False
    """`true` if your file replaces the built-in one with the same name."""

    display_name: Words | None = None
    """The provider's name, as people write it."""
    categories: tuple[Category, ...] = ()
    """The provider's subjects."""
    logo: Slug | None = None
    """The name of its logo in Simple Icons."""
    homepage: Link | None = None
    """The provider's start page."""
    docs_url: Link | None = None
    """The documentation of OAuth 1.0."""
    registration_url: Link | None = None
    """The page on which developers get a key."""
    maintainers: tuple[Words, ...] = ()
    """The maintainers of this file: GitHub names with `@`."""
    credential_labels: CredentialLabels = CredentialLabels()
    """The provider's names for the credentials."""
    required_credentials: (
        tuple[Literal["client_id", "client_secret", "rsa_key", "token", "token_secret"], ...] | None
    ) = None
    """The credentials that an application must configure. By default `client_id` and, depending on the signature
    method, `client_secret` or `rsa_key`. Launchpad has no consumer secret, for example."""

    status: Status = "active"
    """`limited`: it works, but new keys are not available, or this is unknown. `deprecated`: it will end, and there is
    one warning. `retired`: OAuth 1.0 is switched off, and registration is refused."""
    status_note: Words | None = None
    """One or two sentences about the status."""
    sunset: Moment | None = None
    """When OAuth 1.0 ends or ended (RFC 8594): a day, a month or a year."""
    replaced_by: Words | None = None
    """The replacement: the name of a provider of the catalog, or words such as `OAuth 2.0`."""

    flows: tuple[Flow, ...] = Field(default=("redirect",), min_length=1)
    """The flows that the provider supports, beginning with the default. `redirect`: RFC 5849, section 2. `two_legged`:
    a request token becomes an access token without a user. `static_token`: the console issues the token.
    `signed_client`: only client credentials, without a token. `signed_grant`: a signed request fetches a token of
    another kind. `xauth`: a user name and password are exchanged for a token."""
    variables: dict[Name, Variable] = Field(default_factory=dict, max_length=20)
    """Values that differ between tenants. `{name}` stands for a value in URLs, parameters, headers and realm."""

    insecure_transport: Flag = False
    """`true` if the provider has no https. Then its addresses can begin with `http://`, and an application has to
    accept this with `insecure_transport=True`, or with `OAUTH1_CATALOG_INSECURE_TRANSPORT=1` in its environment."""
    request_token_url: Url | None = None
    """The Temporary Credential Request endpoint (section 2.1)."""
    request_token_method: Method = "POST"
    """The HTTP method of that request."""
    request_token_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Additional parameters of that request, which are signed."""
    request_token_params_in: ParamsPlace = "query"
    """Their place: `query`, or a form as the `body`. `request_token_headers` are for headers."""
    request_token_headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Additional headers of that request."""
    authorize_url: Url | None = None
    """The Resource Owner Authorization endpoint (section 2.2), where the user is sent."""
    authorize_url_field: ParameterName | None = None
    """The field of the first response that contains the authorization URL, if it does (Sellsy, Etsy)."""
    authorize_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Additional parameters of that URL, which can contain `{client_id}`, `{oauth_token}` and `{oauth_callback}`."""
    authorize_token_param: ParameterName = "oauth_token"
    """The name of `oauth_token` in that URL (E*TRADE: `token`)."""
    access_token_url: Url | None = None
    """The Token Request endpoint (section 2.3)."""
    access_token_method: Method = "POST"
    """The HTTP method of that request."""
    access_token_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Additional parameters of that request, which are signed."""
    access_token_params_in: ParamsPlace = "query"
    """Their place: `query`, or a form as the `body`."""
    token_signature_type: Placement | None = None
    """The place of the protocol parameters at the two token endpoints, if it differs from API calls."""

    api_base_url: Url | None = None
    """The base of relative URLs in API calls, with a final `/`."""
    api_hosts: tuple[Template, ...] = ()
    """Other hosts for signed API calls, such as one for uploads. `*.wikipedia.org` matches each host one label below
    that domain, only with https and for signed calls. All of these must belong to the provider, and none to a customer,
    with an `evidence` entry whose `note` explains this."""
    api_auth: ApiAuth = "signature"
    """The authentication of API calls after the login: a `signature`, the token as `bearer` (`Authorization: Bearer`,
    RFC 6750), or the token in another `header`. Calls without a signature use https, full host names and no
    redirects."""
    api_auth_header: HeaderName | None = None
    """The name of that header for `api_auth: header`, such as `Zotero-API-Key`."""
    emulated_at: EmulatorUrl | None = None
    """The address of the emulated API, which `oauth1-catalog emulate` writes. A call to `https://HOST/path`, on one of
    the provider's hosts, goes to this URL followed by `HOST/path`."""
    api_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of every API call to the host of `api_base_url`, which can contain `{client_id}`."""
    multipart: MultipartRule = "unsigned"
    """Whether the signature covers the text fields of a multipart body: `unsigned` as in RFC 5849, or `sign_fields`
    (Flickr's uploads)."""

    options: dict[Name, Option] = Field(default_factory=dict, max_length=20)
    """Choices that an application can make."""
    client_kwargs: ClientKwargs = ClientKwargs()
    """How requests are signed."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Headers of every request."""
    user_agent: UserAgent | None = None
    """The User-Agent header, or whether the provider requires one."""
    callback: Callback = Callback()
    """How the user comes back."""
    token_response: TokenResponse = TokenResponse()
    """How the token endpoints respond."""
    renew: Renewal | None = None
    """How to renew a token."""
    revoke: Renewal | None = None
    """How to revoke a token."""
    successor: Successor | None = None
    """How to exchange a token for one of OAuth 2.0."""

    userinfo_endpoint: Path | None = None
    """The URL of the profile, relative to `api_base_url` or absolute, or `token_response`."""
    userinfo_method: Method = "GET"
    """The HTTP method of that request."""
    userinfo_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of that request, which can contain fields of the token response, such as `{user_nsid}`."""
    userinfo_format: Literal["json", "xml", "jwt", "text"] = "json"
    """The format of the response. With `text`, the field `text` contains the whole response."""
    userinfo_followup: Path | None = None
    """The URL of a second request on the same origin, which can contain fields of the first response."""
    userinfo_claims: dict[Name, Text] = Field(default_factory=dict)
    """Claims of OpenID Connect to paths in the response: JSONPath (RFC 9535) for JSON, ElementTree's paths for XML, or
    a text with `{fields}` of the response. `$['a','b']` reads the first that exists. `sub` is required. Your own claims
    begin with `x_`."""

    environments: dict[Name, Environment] = Field(default_factory=dict)
    """Other installations of the provider, such as a sandbox."""
    quirks: tuple[Quirk, ...] = ()
    """Surprising behaviour."""
    evidence: tuple[Evidence, ...] = ()
    """The sources of the facts in this file."""


Category = Literal[
    "3d-printing", "accounting", "advertising", "alm", "analytics", "banking", "bibliography", "blogging", "bookmarks",
    "books", "bpm", "brokerage", "business-network", "career", "cloud", "cms", "community", "crafts", "crm", "curation",
    "dam", "design", "developer", "ecommerce", "ecommerce-data", "education", "email-marketing", "energy", "erp",
    "events", "federated", "feedback", "finance", "fitness", "food", "games", "geocaching", "git-hosting", "health",
    "hobby", "home-automation", "hosting", "household", "icons", "infrastructure", "invoicing", "issue-tracker", "jobs",
    "knowledge", "local", "location", "maps", "marketplace", "microblog", "music", "notes", "outdoor", "payments",
    "photos", "portal", "productivity", "project-management", "property-management", "reading", "real-estate",
    "research", "self-hosted", "smart-meter", "social", "sports", "standard", "storage", "surveys", "testing", "travel",
    "video", "wiki",
]  # fmt: skip
