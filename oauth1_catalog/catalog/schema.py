"""The JSON Schema of provider files, for editors and for checks without this package.

It is generated from the models. The docstrings below their fields become its descriptions. Of the rules that concern
several fields, it contains those that JSON Schema can express, such as the URLs that a flow needs.
"""

from __future__ import annotations

import json
from typing import Any

from oauth1_catalog.catalog.model import ProviderFile, Section
from oauth1_catalog.catalog.provider import ADDRESSES, FLOW_URLS

SCHEMA_FILE = "provider.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# An editor offers these for an empty field.
_EXAMPLES: dict[str, list[object]] = {
    "name": ["jira_data_center"],
    "aliases": [["jira"]],
    "extends": ["twitter"],
    "display_name": ["Jira Data Center"],
    "docs_url": ["https://www.flickr.com/services/api/auth.oauth.html"],
    "setup": [["Sign in at https://trello.com/power-ups/admin.", "Create a Power-Up, and open its tab API key."]],
    "sunset": ["2024", "2024-06-01"],
    "replaced_by": ["OAuth 2.0", "magento2"],
    "access": [{"state": "open"}, {"state": "paid", "since": "2025-03", "note": "Only for Pro accounts."}],
    "variables": [{"base_url": {"description": "Root URL of your Jira", "format": "uri"}}],
    "request_token_url": [
        "https://api.twitter.com/oauth/request_token",
        "{base_url}/plugins/servlet/oauth/request-token",
    ],
    "authorize_url": ["https://api.twitter.com/oauth/authenticate"],
    "authorize_params": [{"key": "{client_id}"}],
    "access_token_url": ["https://api.twitter.com/oauth/access_token"],
    "api_base_url": ["https://api.twitter.com/1.1/"],
    "options": [{"perms": {"enum": ["read", "write"], "sets": {"authorize_params": {"perms": "{value}"}}}}],
    "rate_limits": [[{"requests": 10, "seconds": 60, "per": "client"}]],
    "client_kwargs": [{"signature_method": "HMAC-SHA1"}],
    "signature_methods": [[{"method": "HMAC-SHA256", "since": "2.4.4"}, {"method": "HMAC-SHA1", "until": "2.4.3"}]],
    "user_agent": [{"required": True, "example": "MyApp/1.0 +https://myapp.example"}],
    "callback": [{"value": "oob", "registered": True}, {"verifier": "none", "confirmed": "none"}],
    "token_response": [{"extra": ["user_id", "screen_name"]}],
    "successor": [{"url": "https://api.x.com/2/oauth2/token", "auth": "client", "refused": ["invalid_grant"]}],
    "session_token": [
        {
            "url": "https://api.ibkr.com/v1/api/oauth/live_session_token",
            "challenge": "diffie_hellman_challenge",
            "response": "diffie_hellman_response",
            "proof": "live_session_token_signature",
        }
    ],
    "userinfo_endpoint": ["account/verify_credentials.json", "token_response"],
    "userinfo_claims": [{"sub": "$.id_str", "name": "$.name", "profile": "https://x.com/{screen_name}"}],
    "quirks": [[{"id": "no-email", "note": "It gives no email address."}]],
    "evidence": [
        [
            {
                "fields": ["request_token_url", "authorize_url", "access_token_url"],
                "kind": "provider_docs",
                "checked": "2026-11-25",
                "source": "https://www.flickr.com/services/api/auth.oauth.html",
            }
        ]
    ],
}

Json = Any  # JSON Schema is a tree of any JSON values


def provider_schema() -> dict[str, Json]:
    """The schema of one provider file (JSON Schema 2020-12).

    >>> provider_schema()["properties"]["authorize_token_param"]["description"]
    'The name of `oauth_token` in that URL (E*TRADE: `token`).'
    """
    schema = ProviderFile.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        del part["title"]
        for field in part["properties"].values():
            _tidy(field)
    for name, examples in _EXAMPLES.items():
        schema["properties"][name]["examples"] = examples
    agent = schema["$defs"]["UserAgent"]
    schema["$defs"]["UserAgent"] = {
        "description": agent.pop("description"),
        "anyOf": [{"type": "string", "description": "The value of the header."}, agent],
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:oauth1-catalog:{SCHEMA_FILE}",
        "title": "oauth1-catalog provider file",
        **{key: value for key, value in schema.items() if key not in {"title", "$defs"}},
        "allOf": [*_flow_rules(), _https_rule()],
        "$defs": schema["$defs"],
    }


def schema_text() -> str:
    """The schema as the text of ``schemas/provider.schema.json``."""
    return json.dumps(provider_schema(), indent=2, ensure_ascii=False) + "\n"


def field_descriptions(model: type[Section]) -> dict[str, str]:
    """A model's fields, by the name in a file, with the docstring below each.

    >>> from oauth1_catalog.catalog.model import Quirk
    >>> field_descriptions(Quirk)["note"]
    'One sentence.'
    """
    return {info.alias or name: one_line(info.description or "") for name, info in model.model_fields.items()}


def one_line(text: str) -> str:
    """The text of a docstring without its line breaks."""
    return " ".join(text.split())


def _tidy(field: dict[str, Json]) -> None:
    """Remove generated titles and empty defaults, and allow null in mappings: it removes a key of the extended file."""
    field["description"] = one_line(field["description"])
    for part in (field, *field.get("anyOf", ())):
        if isinstance(values := part.get("additionalProperties"), dict):
            part["additionalProperties"] = {"anyOf": [values, {"type": "null"}]}
        for pattern, values in part.get("patternProperties", {}).items():
            part["patternProperties"][pattern] = {"anyOf": [values, {"type": "null"}]}
            part["additionalProperties"] = False
    field.pop("title", None)
    if field.get("default", "") in (None, {}, []) or isinstance(field.get("default"), dict):
        field.pop("default", None)


def _https_rule() -> Json:
    """Without ``insecure_transport``, addresses begin with https or name this machine."""
    https = {
        "not": {"type": "string", "pattern": r"^http://(?!(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])([:/]|$))"}
    }
    fields: dict[str, Json] = dict.fromkeys(ADDRESSES, https)
    fields |= {name: {"properties": {"url": https}} for name in ("renew", "revoke", "session_token", "successor")}
    insecure = {"required": ["insecure_transport"], "properties": {"insecure_transport": {"const": True}}}
    return {"if": {"not": insecure}, "then": {"properties": fields}}


def _flow_rules() -> list[Json]:
    """The fields that each flow needs, in files without ``extends``."""
    whole = {"not": {"required": ["extends"]}}

    def flow(*names: str) -> Json:
        return {"required": ["flows"], "properties": {"flows": {"contains": {"enum": list(names)}}}}

    redirect = {"anyOf": [flow("redirect"), {"not": {"required": ["flows"]}}]}
    tokens = [url for url in FLOW_URLS["redirect"] if url != "authorize_url"]
    consent = {"anyOf": [{"required": ["authorize_url"]}, {"required": ["authorize_url_field"]}]}
    return [
        {"if": {"allOf": [whole, redirect]}, "then": {"required": tokens, **consent}},
        *(
            {"if": {"allOf": [whole, flow(*names)]}, "then": {"required": list(FLOW_URLS[names[0]])}}
            for names in (("two_legged",), ("static_token", "signed_client"), ("xauth", "signed_grant"))
        ),
        {
            "if": {"required": ["status"], "properties": {"status": {"const": "retired"}}},
            "then": {"required": ["sunset"]},
        },
    ]
