"""The provider file, version 1: every field that it may hold.

Rule 1: a field's docstring is its description in the schema, in editors and in the documentation.
Rule 2: what one field alone decides is checked here; what takes two fields, or two files, is a rule of ``rules/``.
Rule 3: the order of the fields is the order in a file.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oauth1_catalog.catalog.fields import (
    EmulatorUrl,
    Flag,
    HeaderName,
    HeaderValue,
    Link,
    Moment,
    Name,
    ParameterName,
    Path,
    SchemaVersion,
    Slug,
    Template,
    Text,
    Url,
    Words,
)
from oauth1_catalog.catalog.sections import (
    Callback,
    ClientKwargs,
    CredentialLabels,
    Environment,
    Evidence,
    Method,
    Option,
    Placement,
    Quirk,
    Renewal,
    Section,
    TokenResponse,
    UserAgent,
    Variable,
)

Flow = Literal["redirect", "two_legged", "static_token", "signed_client", "signed_grant", "xauth"]
Status = Literal["active", "limited", "deprecated", "retired"]
ParamsPlace = Literal["query", "body"]
MultipartRule = Literal["unsigned", "sign_fields"]
ApiAuth = Literal["signature", "bearer", "header"]


class ProviderFile(Section):
    """How to talk to one OAuth 1.0 provider (RFC 5849)."""

    schema_version: SchemaVersion
    """The version of this format: 1."""
    name: Name
    """The name for `register_from_catalog`, and the file's name without `.yaml`. A Python identifier."""
    aliases: tuple[Name, ...] = ()
    """Other names that people know it by; each is unique in the catalog."""
    extends: Name | None = None
    """The provider whose file this one changes: mappings are merged deeply, lists replaced, `null` removes."""
    replace: Flag = False
    """`true` in a file of your own that takes the place of a built-in one of the same name."""

    display_name: Words | None = None
    """The name that the provider goes by."""
    categories: tuple[Category, ...] = ()
    """What it is about."""
    logo: Slug | None = None
    """The name of its logo in Simple Icons."""
    homepage: Link | None = None
    """Its start page."""
    docs_url: Link | None = None
    """Its documentation of OAuth 1.0."""
    registration_url: Link | None = None
    """Where a developer gets a key."""
    maintainers: tuple[Words, ...] = ()
    """Who looks after this file: GitHub names with `@`."""
    credential_labels: CredentialLabels = CredentialLabels()
    """What the provider calls each credential."""
    required_credentials: (
        tuple[Literal["client_id", "client_secret", "rsa_key", "token", "token_secret"], ...] | None
    ) = None
    """What the application must configure; by default `client_id` and, as the signature method asks, `client_secret` or
    `rsa_key`. Launchpad, for one, has no consumer secret."""

    status: Status = "active"
    """`limited`: works, but no new keys, or nobody knows. `deprecated`: will end; warns once. `retired`: OAuth 1.0 is
    switched off; registration is refused."""
    status_note: Words | None = None
    """One or two sentences on the status."""
    sunset: Moment | None = None
    """When OAuth 1.0 ends or ended (RFC 8594): a day, a month or a year."""
    replaced_by: Words | None = None
    """What to use instead: a provider's name in this catalog, or words such as `OAuth 2.0`."""

    flows: tuple[Flow, ...] = Field(default=("redirect",), min_length=1)
    """What the provider offers, the default first. `redirect`: RFC 5849, section 2. `two_legged`: a request token
    becomes an access token without a user. `static_token`: the console issues the token. `signed_client`: client
    credentials alone, no token. `signed_grant`: a signed request fetches a token of another kind. `xauth`: user name
    and password for a token."""
    variables: dict[Name, Variable] = Field(default_factory=dict, max_length=20)
    """Values that differ from tenant to tenant; `{name}` stands for one in URLs, parameters, headers and realm."""

    insecure_transport: Flag = False
    """`true` where the provider has no https: then its addresses may begin with `http://`, and an application must say
    that it accepts this: `insecure_transport=True`, or `OAUTH1_CATALOG_INSECURE_TRANSPORT=1` in its environment."""
    request_token_url: Url | None = None
    """The Temporary Credential Request endpoint (section 2.1)."""
    request_token_method: Method = "POST"
    """The HTTP method of that request."""
    request_token_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Further parameters of that request; signed."""
    request_token_params_in: ParamsPlace = "query"
    """Where they go: `query`, or form `body`. What a provider wants as a header is in `request_token_headers`."""
    request_token_headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Further headers of that request."""
    authorize_url: Url | None = None
    """The Resource Owner Authorization endpoint (section 2.2), where the user is sent."""
    authorize_url_field: ParameterName | None = None
    """Where the first answer says where to send the user: the name of its field (Sellsy, Etsy)."""
    authorize_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Further parameters of that URL; `{client_id}`, `{oauth_token}` and `{oauth_callback}` are filled in."""
    authorize_token_param: ParameterName = "oauth_token"
    """The name of `oauth_token` on that URL (E*TRADE: `token`)."""
    access_token_url: Url | None = None
    """The Token Request endpoint (section 2.3)."""
    access_token_method: Method = "POST"
    """The HTTP method of that request."""
    access_token_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Further parameters of that request; signed."""
    access_token_params_in: ParamsPlace = "query"
    """Where they go: `query`, or form `body`."""
    token_signature_type: Placement | None = None
    """Where the protocol parameters travel at the two token endpoints, if elsewhere than on API calls."""

    api_base_url: Url | None = None
    """What relative URLs of API calls begin with; ends in `/`."""
    api_hosts: tuple[Template, ...] = ()
    """Further hosts that signed API calls may go to, such as one for uploads. `*.wikipedia.org` stands for each host
    one label below that domain, by https and for signed calls alone. All of them must be the provider's own and none a
    customer's, with an `evidence` entry whose `note` tells that."""
    api_auth: ApiAuth = "signature"
    """What API calls carry after the login: a `signature`, the token as `bearer` (`Authorization: Bearer`, RFC 6750),
    or the token in a `header` of its own. Without a signature calls go by https to hosts with whole names alone, and
    through no redirect."""
    api_auth_header: HeaderName | None = None
    """The name of that header, with `api_auth: header`, such as `Zotero-API-Key`."""
    emulated_at: EmulatorUrl | None = None
    """What `oauth1-catalog emulate` writes: where the API's hosts are played. A call of `https://HOST/path`, of one of
    the provider's hosts, goes to this URL with `HOST/path` behind it."""
    api_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of every API call to the host of `api_base_url`; `{client_id}` is filled in."""
    multipart: MultipartRule = "unsigned"
    """Whether the text fields of a multipart body belong to the signature: `unsigned` as in RFC 5849, or `sign_fields`
    (Flickr's uploads)."""

    options: dict[Name, Option] = Field(default_factory=dict, max_length=20)
    """Choices of the application."""
    client_kwargs: ClientKwargs = ClientKwargs()
    """How requests are signed."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Headers of every request."""
    user_agent: UserAgent | None = None
    """The User-Agent header, or that the provider asks for one."""
    callback: Callback = Callback()
    """How the user comes back."""
    token_response: TokenResponse = TokenResponse()
    """How the token endpoints answer."""
    renew: Renewal | None = None
    """How a token is renewed."""
    revoke: Renewal | None = None
    """How a token is revoked."""

    userinfo_endpoint: Path | None = None
    """Where the profile is: relative to `api_base_url`, absolute, or `token_response`."""
    userinfo_method: Method = "GET"
    """The HTTP method of that request."""
    userinfo_params: dict[ParameterName, Template] = Field(default_factory=dict)
    """Parameters of that request; fields of the token answer are filled in, such as `{user_nsid}`."""
    userinfo_format: Literal["json", "xml", "jwt", "text"] = "json"
    """The format of the answer; of `text`, the whole is the field `text`."""
    userinfo_followup: Path | None = None
    """A second request, with fields of the first answer; on the same origin."""
    userinfo_claims: dict[Name, Text] = Field(default_factory=dict)
    """Claims of OpenID Connect to paths in the answer: JSONPath (RFC 9535) for JSON, ElementTree's for XML, or a text
    with `{fields}` of the answer. `$['a','b']` takes the first that is there. `sub` is required; own claims begin with
    `x_`."""

    environments: dict[Name, Environment] = Field(default_factory=dict)
    """Other installations, such as a sandbox."""
    quirks: tuple[Quirk, ...] = ()
    """What surprises."""
    evidence: tuple[Evidence, ...] = ()
    """Where the facts of this file come from."""


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
