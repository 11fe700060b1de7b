"""P02x: the fields that each flow needs, and names that have another meaning."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.provider import FLOW_URLS
from oauth1_catalog.catalog.rules import Rule, Subject

# Parameters of register_from_catalog and register: a variable or an option of this name could not be set.
RESERVED = frozenset({
    "name", "provider", "environment", "overwrite", "allow_retired", "allow_local_hosts",
    "insecure_transport", "allow_plaintext_over_http", "client_id", "client_secret",
    "rsa_key", "rsa_key_passphrase", "token", "request_token_url", "request_token_params", "access_token_url",
    "access_token_params", "authorize_url", "authorize_params", "api_base_url", "client_kwargs", "fetch_token",
    "update_token", "client_cls", "user_agent", "request_token_method", "access_token_method", "userinfo_endpoint",
    "redirect_uri", "allow_session_fixation", "token_secret", "encryption_key", "encryption_key_passphrase",
    "dh_parameters", "oauth2_client_id", "oauth2_client_secret",
})  # fmt: skip
# Attributes of the registry in any framework: a client cannot be called oauth.<name>.
REGISTRY = frozenset({
    "aclose", "allow_local_hosts", "app", "cache", "catalog", "check", "config", "connected_class", "create_client",
    "fetch_token", "forget_rejected_tokens", "framework_cls", "host_problem", "init_app", "insecure_transport",
    "lifespan", "login_lifetime", "mapping_settings", "oauth1_client_cls", "on_app_init", "register",
    "register_from_catalog", "sealing_keys", "session_problems", "settings", "token_store", "unregister",
    "update_token",
})  # fmt: skip
RUN_TIME = frozenset({
    "client_id", "oauth_token", "oauth_token_secret", "oauth_callback", "oauth_verifier", "oauth_session_handle",
    "request_url", "value",
})  # fmt: skip


def flows_have_their_urls(subject: Subject) -> Iterator[Diagnostic]:
    """P023: a flow has the URLs that it needs."""
    file = subject.file
    if any(path[0] == "flows" for path in subject.silenced if path):
        return  # the flows are not known
    for flow in file.flows:
        for field in FLOW_URLS[flow]:
            if getattr(file, field) is not None or subject.is_silenced((field,)):
                continue
            if field == "authorize_url" and file.authorize_url_field is not None:
                continue
            path = ("flows",) if "flows" in subject.entry.data else ()
            stated = f"the flow `{flow}`" if path else "the flow `redirect`, which is the default,"
            yield subject.entry.diagnostic(
                "P023", f"{stated} needs `{field}`", path, hint=f"add `{field}: https://...`"
            )


def users_go_to_a_page_of_their_own(subject: Subject) -> Iterator[Diagnostic]:
    """P028: the consent page and the token endpoints have different URLs.

    The two token endpoints can share a URL, if it distinguishes them by the request's parameters, as Evernote does.
    """
    own = _endpoints(subject.file)
    changed = {key: _endpoints(environment) for key, environment in subject.file.environments.items()}
    places = {(): own} | {("environments", key): {**own, **urls} for key, urls in changed.items() if urls}
    for prefix, urls in places.items():
        page = urls.pop("authorize_url", None)
        same = next((field for field, url in urls.items() if url == page), None)
        path = (*prefix, "authorize_url")
        if same and not subject.is_silenced(path):
            message = f"`authorize_url` is the URL of `{same}`"
            hint = "write the URL of the consent page from the provider's documentation"
            yield subject.entry.diagnostic("P028", message, path, hint=hint)


def _endpoints(fields: object) -> dict[str, str]:
    """The three URLs of a login in a section, normalized."""
    urls = {name: getattr(fields, name) for name in FLOW_URLS["redirect"]}
    return {name: url.rstrip("/") for name, url in urls.items() if url}


def flows_are_listed_once(subject: Subject) -> Iterator[Diagnostic]:
    """P024: each flow is listed once."""
    for index, flow in enumerate(subject.file.flows):
        if flow in subject.file.flows[:index]:
            yield subject.entry.diagnostic(
                "P024", f"the flow `{flow}` is listed twice", ("flows", index), hint="delete one"
            )


def reserved_name_error(name: str) -> str | None:
    """Why a client cannot have this name; ``None`` if it can.

    >>> reserved_name_error("class")
    '`class` is a Python keyword, so `oauth.class` fails'
    """
    if keyword.iskeyword(name):
        return f"`{name}` is a Python keyword, so `oauth.{name}` fails"
    if name in REGISTRY:
        return f"`oauth.{name}` is an attribute of the registry, so a client cannot have this name"
    return None


def names_can_be_given(subject: Subject) -> Iterator[Diagnostic]:
    """P021, P022, P026: names are not keywords of Python, and have no other meaning."""
    file, entry = subject.file, subject.entry
    if message := reserved_name_error(file.name):
        yield entry.diagnostic("P021", message, ("name",), hint="choose another name")
    for index, alias in enumerate(file.aliases):
        if alias == file.name or alias in file.aliases[:index]:
            message = f"the alias `{alias}` is redundant"
            yield entry.diagnostic("P022", message, ("aliases", index), hint="delete it")
    for section in ("variables", "options"):
        for name in getattr(file, section):
            if name in RESERVED or name in RUN_TIME or keyword.iskeyword(name):
                message = f"`{name}` already has a meaning in `register_from_catalog`"
                yield entry.diagnostic("P026", message, (section, name), key=True, hint="choose another name")
    for name in file.options:
        if name in file.variables:
            message = f"`{name}` is a variable and an option"
            yield entry.diagnostic("P026", message, ("options", name), key=True, hint="choose another name")


RULES: tuple[Rule, ...] = (
    flows_have_their_urls,
    users_go_to_a_page_of_their_own,
    flows_are_listed_once,
    names_can_be_given,
)
