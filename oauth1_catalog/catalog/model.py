"""The provider file, version 1: its fields, and those that an environment or an option changes.

Rule 1: a field's docstring is its description in the schema, in editors and in the documentation.
Rule 2: checks of a single field are here; checks of several fields or files are in ``rules/``.
Rule 3: the order of the fields is the order in a file.

The smaller sections are in ``sections.py``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oauth1_catalog.catalog.fields import (
    EmulatorUrl,
    Flag,
    HeaderName,
    HeaderValue,
    Line,
    Link,
    Moment,
    Name,
    ParameterName,
    Path,
    Pattern,
    SchemaVersion,
    Slug,
    Template,
    Text,
    Url,
    Words,
)
from oauth1_catalog.catalog.sections import (
    Access,
    AccessState,
    Callback,
    ClientKwargs,
    CredentialLabels,
    Evidence,
    ExchangeLimit,
    Placement,
    Probed,
    Quirk,
    RateLimit,
    Renewal,
    Section,
    SessionToken,
    SignatureMethod,
    SignatureMethodName,
    Successor,
    SuccessorOverrides,
    TokenLifetime,
    TokenResponse,
    UserAgent,
    Variable,
)

__all__ = [
    "Access",
    "AccessState",
    "Callback",
    "Category",
    "ClientKwargs",
    "CredentialLabels",
    "Environment",
    "Evidence",
    "ExchangeLimit",
    "Flow",
    "Option",
    "Overrides",
    "Probed",
    "ProviderFile",
    "Quirk",
    "RateLimit",
    "Renewal",
    "Section",
    "SessionToken",
    "SignatureMethod",
    "SignatureMethodName",
    "Status",
    "Successor",
    "SuccessorOverrides",
    "TokenLifetime",
    "TokenResponse",
    "UserAgent",
    "Variable",
]

Flow = Literal["redirect", "two_legged", "static_token", "signed_client", "signed_grant", "xauth"]
Status = Literal["active", "limited", "deprecated", "retired"]
ParamsPlace = Literal["query", "body"]
MultipartRule = Literal["unsigned", "sign_fields"]
ApiAuth = Literal["signature", "bearer", "header"]
Method = Literal["GET", "POST"]


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
    meanings: dict[str, Words] = Field(default_factory=dict)
    """What each value means, such as `{read: Read boards and cards, write: Change them}`."""
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
    setup: tuple[Line, ...] = ()
    """The steps to get keys, in order. Each is one short sentence, such as `Open the tab API keys.`"""
    maintainers: tuple[Words, ...] = ()
    """The maintainers of this file: GitHub names with `@`."""
    credential_labels: CredentialLabels = CredentialLabels()
    """The provider's names for the credentials."""
    required_credentials: (
        tuple[
            Literal[
                "client_id", "client_secret", "rsa_key", "encryption_key", "dh_parameters", "token", "token_secret"
            ],
            ...,
        ]
        | None
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
    access: Access | None = None
    """Whether a developer can get keys today."""

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
    rate_limits: tuple[RateLimit, ...] = ()
    """The largest numbers of requests in a period. `oauth1-catalog emulate --rate-limits` plays them."""

    options: dict[Name, Option] = Field(default_factory=dict, max_length=20)
    """Choices that an application can make."""
    client_kwargs: ClientKwargs = ClientKwargs()
    """How requests are signed."""
    signature_methods: tuple[SignatureMethod, ...] = ()
    """The signature methods that the provider accepts, if a source lists them. `client_kwargs.signature_method` is one
    of them; the emulator accepts all of them, and no other."""
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
    session_token: SessionToken | None = None
    """How to agree on the session token with which API calls are signed (Interactive Brokers)."""
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
    probed: Probed | None = None
    """The last answer of the endpoints to `oauth1-catalog probe`."""
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
