"""P04x: the profile and its standard claims (OpenID Connect Core, section 5.1)."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.patterns import matches_host, path_problem
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.templates import host_in
from oauth1_catalog.suggestions import did_you_mean, nearest

STANDARD_CLAIMS = frozenset({
    "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
    "phone_number_verified", "address", "updated_at",
})  # fmt: skip


def claims_are_standard(subject: Subject) -> Iterator[Diagnostic]:
    """P041: a claim is one of OpenID Connect, or begins with ``x_``."""
    for claim in subject.file.userinfo_claims:
        if claim not in STANDARD_CLAIMS and not claim.startswith("x_"):
            hint = did_you_mean(nearest(claim, STANDARD_CLAIMS)) or f"write `x_{claim}` for a claim of your own"
            message = f"`{claim}` is not a standard claim"
            yield subject.entry.diagnostic("P041", message, ("userinfo_claims", claim), key=True, hint=hint)


def claims_and_endpoint_come_together(subject: Subject) -> Iterator[Diagnostic]:
    """P042, P043: claims need ``sub`` and an endpoint, and an endpoint needs claims."""
    file = subject.file
    if (
        file.userinfo_endpoint is not None
        and not file.userinfo_claims
        and not subject.is_silenced(("userinfo_claims",))
    ):
        message = "`userinfo_endpoint` has no effect without `userinfo_claims`"
        yield subject.entry.diagnostic("P043", message, ("userinfo_endpoint",), key=True, hint="add `userinfo_claims`")
    if not file.userinfo_claims or subject.is_silenced(("userinfo_claims", "sub")):
        return
    if "sub" not in file.userinfo_claims:
        hint = "add `sub`, which stays when a user changes name or address"
        message = "`userinfo_claims` has no `sub`"
        yield subject.entry.diagnostic("P042", message, ("userinfo_claims",), key=True, hint=hint)
    if file.userinfo_endpoint is None and not subject.is_silenced(("userinfo_endpoint",)):
        hint = "add `userinfo_endpoint`, or `userinfo_endpoint: token_response`"
        message = "`userinfo_claims` has no effect without `userinfo_endpoint`"
        yield subject.entry.diagnostic("P043", message, ("userinfo_claims",), key=True, hint=hint)


def claims_can_be_read(subject: Subject) -> Iterator[Diagnostic]:
    """P040: a claim's path is valid for the format."""
    is_xml = subject.file.userinfo_format == "xml"
    for claim, source in subject.file.userinfo_claims.items():
        path = ("userinfo_claims", claim)
        if subject.is_silenced(path):
            continue
        wrong = path_problem(source, xml=is_xml)
        if wrong:
            hint = "see xml.etree.ElementTree" if is_xml else "write $.field (RFC 9535), or a text with {field}"
            yield subject.entry.diagnostic("P040", f"`{source}` is not a path: {wrong}", path, hint=hint)


def the_followup_is_theirs(subject: Subject) -> Iterator[Diagnostic]:
    """P044: the second request for the profile is also signed, so it stays on the provider's hosts."""
    file, path = subject.file, ("userinfo_followup",)
    url = file.userinfo_followup
    if url is None or "://" not in url or subject.is_silenced(path):
        return
    own = (file.request_token_url, file.access_token_url, file.api_base_url, file.userinfo_endpoint)
    hosts = {host_in(one) for one in own if one and ("://" in one or one.startswith("{"))} | set(file.api_hosts)
    host = host_in(url)
    if host not in hosts and not any(matches_host(one, host) for one in file.api_hosts):
        message = f"`userinfo_followup` leads to {host}, which is not one of the provider's hosts"
        hint = "write a path relative to `api_base_url`, or add the host to `api_hosts`"
        yield subject.entry.diagnostic("P044", message, path, hint=hint)


RULES: tuple[Rule, ...] = (
    claims_are_standard,
    claims_and_endpoint_come_together,
    claims_can_be_read,
    the_followup_is_theirs,
)
