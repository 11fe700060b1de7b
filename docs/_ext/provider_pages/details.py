"""The parts of a page about the provider itself: addresses, tokens, profile, quirks, the way out, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provider_pages.facts import KINDS, Provider, hosts, is_retired, period
from provider_pages.myst import code, codes, link, place_of, sentence, table, words

PLACES = {"QUERY": "in the query", "BODY": "in a form"}


def addresses(provider: Provider) -> Iterator[str]:
    """The endpoints and the hosts, and how requests are signed."""
    rows = [
        ["request token", _endpoint(provider["request_token_url"], provider["request_token_method"])],
        ["authorization", _endpoint(provider["authorize_url"], "")],
        ["access token", _endpoint(provider["access_token_url"], provider["access_token_method"])],
        ["renewal", _endpoint_of(provider["renew"])],
        ["revocation", _endpoint_of(provider["revoke"])],
        ["API", _endpoint(provider["api_base_url"], "")],
    ]
    if provider["authorize_url_field"]:
        rows[1][1] = f"in the field {code(provider['authorize_url_field'])} of the first answer"
    if len(found := hosts(provider)) > 1:
        rows.append(["hosts for calls", codes(found)])
    rows.append(["signature", _signature(provider)])
    rows += [["rate limit", _limit(limit)] for limit in provider["rate_limits"]]
    yield "## Addresses and signature"
    yield ""
    yield from table(["what", "value"], [row for row in rows if row[1]])


def _endpoint(url: str | None, method: str) -> str:
    return code(f"{method} {url}".strip()) if url else ""


def _endpoint_of(endpoint: Mapping[str, Any] | None) -> str:
    return _endpoint(endpoint["url"], endpoint["method"]) if endpoint else ""


def _signature(provider: Provider) -> str:
    rules = provider["client_kwargs"]
    parts = [code(rules["signature_method"])]
    others = [_method(about) for about in provider["signature_methods"] if about["method"] != rules["signature_method"]]
    if others:
        parts.append(f"accepts also {', '.join(others)}")
    if rules["signature_type"] in PLACES:
        parts.append(f"the parameters are {PLACES[rules['signature_type']]}")
    if rules["realm"]:
        parts.append(f"realm {code(rules['realm'])}")
    if rules["body_hash"] != "none" or rules["force_include_body"]:
        when = "every request" if rules["body_hash"] == "always" else "a body that is not a form"
        parts.append(f"`oauth_body_hash` for {when}")
    if rules["version"] == "none":
        parts.append("without `oauth_version`")
    if rules["empty_token"]:
        parts.append("an empty `oauth_token` in calls without a token")
    if rules["profile"] != "rfc5849":
        parts.append(f"the rules of {words(rules['profile'].title())}, which differ from RFC 5849")
    if provider["api_auth"] == "bearer":
        parts.append("API calls are not signed: they have the token as `Authorization: Bearer`")
    elif provider["api_auth"] == "header":
        parts.append(f"API calls are not signed: they have the token in the header {code(provider['api_auth_header'])}")
    return "; ".join(parts)


def _method(about: Mapping[str, Any]) -> str:
    versions = [f"{word} version {words(about[word])}" for word in ("since", "until") if about[word]]
    return code(about["method"]) + (f" ({', '.join(versions)})" if versions else "")


def _limit(limit: Mapping[str, Any]) -> str:
    per = {None: "", "client": " for an application", "token": " for a user", "address": " for an IP address"}
    text = f"{limit['requests']:,} requests in {period(limit['seconds'])}{per[limit['per']]}"
    return f"{text}. {sentence(limit['note'])}" if limit["note"] else text


def tokens(provider: Provider) -> Iterator[str]:
    """How long a token lives, and what can be done with it."""
    if is_retired(provider):
        return
    response = provider["token_response"]
    lifetime = response["lifetime"] or {}
    lines = []
    if field := response["expires_in"] or response["expires_at"]:
        lines.append(f"The answer with the token contains its end, in {code(field)}: it is `token.expires_at`.")
    if lifetime.get("seconds"):
        lines.append(f"A token lives {period(lifetime['seconds'])}.")
    if lifetime.get("until"):
        zone = f" ({words(lifetime['timezone'])})" if lifetime["timezone"] else ""
        lines.append(f"Each token ends at {words(lifetime['until'])}{zone}.")
    if lifetime.get("idle_seconds"):
        idle = period(lifetime["idle_seconds"])
        lines.append(f"Without a call for {idle}, a token ends or has to be renewed.")
    if provider["renew"]:
        handle = ", with the session handle of the answer" if provider["renew"]["session_handle"] else ""
        lines.append(f"`renew_token()` renews a token{handle}.")
    if provider["revoke"]:
        lines.append("`revoke_token()` revokes a token.")
    if extra := [*response["extra"], *provider["callback"]["extra"]]:
        lines.append(f"A token also has {codes(extra)} of the provider's answer.")
    if lines:
        yield "## Tokens"
        yield ""
        yield " ".join(lines)


def profile(provider: Provider) -> Iterator[str]:
    """The profile that ``userinfo()`` returns."""
    endpoint = provider["userinfo_endpoint"]
    if not endpoint or is_retired(provider):
        return
    yield "## Profile"
    yield ""
    if endpoint == "token_response":
        yield "`userinfo()` reads the profile from the answer with the token, without another request."
    else:
        kind = {"json": "", "text": ", which answers with text"}.get(
            provider["userinfo_format"], f", which answers with {words(provider['userinfo_format'].upper())}"
        )
        request = f"{provider['userinfo_method']} {endpoint}"
        yield f"`userinfo()` calls {code(request)}{kind}."
        if provider["userinfo_followup"]:
            yield f"Then it calls {code(provider['userinfo_followup'])}."
    yield ""
    yield from table(["claim", "from"], [[code(c), code(path)] for c, path in provider["userinfo_claims"].items()])


def quirks(provider: Provider) -> Iterator[str]:
    """What surprises."""
    if provider["quirks"]:
        yield "## Quirks"
        yield ""
        yield from (f"- {sentence(quirk['note'])}" for quirk in provider["quirks"])


def successor(provider: Provider) -> Iterator[str]:
    """How a token becomes one of OAuth 2.0."""
    about = provider["successor"]
    if not about or is_retired(provider):
        return
    how = {
        "signature": "The request is signed with the token.",
        "client": "The request authenticates your OAuth 2.0 client (`oauth2_client_id`, `oauth2_client_secret`).",
    }[about["auth"]]
    again = {
        "new_pair": " Another exchange returns a new pair of tokens, and ends the pair before.",
        "refused": " A token can be exchanged once.",
    }.get(about["again"], "")
    days = about["old_token_days"]
    old = {
        "stays": " The token of OAuth 1.0 stays valid.",
        "ends": " The token of OAuth 1.0 ends.",
    }.get(about["old_token"], f" The token of OAuth 1.0 ends after {days} days." if days else "")
    limit = about["limit"]
    rate = f" At most {limit['requests']:,} exchanges in {period(limit['seconds'])}." if limit else ""
    more = f" {link('The provider describes it', about['docs_url'])}." if about["docs_url"] else ""
    yield "## Exchange tokens for OAuth 2.0"
    yield ""
    yield f"`exchange_token(token)` returns tokens of OAuth 2.0, without the user. {how}{again}{old}{rate}{more}"
    yield (
        f"`oauth1-catalog migrate {provider['name']}` exchanges a whole table: "
        "[Leaving OAuth 1.0](../leaving-oauth1.md#exchange-a-whole-table)."
    )


def sources(provider: Provider) -> Iterator[str]:
    """The evidence, with its links and days."""
    if not provider["evidence"]:
        return
    yield "## Sources"
    yield ""
    for entry in provider["evidence"]:
        note = f": {sentence(entry['note'])}" if entry["note"] else "."
        place = link(place_of(entry["source"]), entry["source"])
        yield f"- {place}, {KINDS[entry['kind']]}, {words(entry['checked'])}, for {codes(entry['fields'])}{note}"
