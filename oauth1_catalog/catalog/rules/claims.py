"""P04x: the profile becomes standard claims (OpenID Connect Core, section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree import ElementTree as ET

from oauth1_catalog.catalog.diagnostics import Diagnostic, did_you_mean
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.wildcards import stands_for
from oauth1_catalog.extras import needs

STANDARD_CLAIMS = frozenset({
    "sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
    "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
    "phone_number_verified", "address", "updated_at",
})  # fmt: skip


def claims_are_standard(subject: Subject) -> Iterator[Diagnostic]:
    """P041: a claim is OpenID Connect's, or begins with ``x_``."""
    for claim in subject.file.userinfo_claims:
        if claim not in STANDARD_CLAIMS and not claim.startswith("x_"):
            hint = did_you_mean(claim, STANDARD_CLAIMS, otherwise=f"write `x_{claim}` for a claim of your own")
            message = f"`{claim}` is not a standard claim"
            yield subject.entry.diagnostic("P041", message, ("userinfo_claims", claim), key=True, hint=hint)


def claims_and_endpoint_come_together(subject: Subject) -> Iterator[Diagnostic]:
    """P042, P043: who the user is, and where that is said."""
    file = subject.file
    if (
        file.userinfo_endpoint is not None
        and not file.userinfo_claims
        and not subject.is_silenced(("userinfo_claims",))
    ):
        message = "`userinfo_endpoint` without `userinfo_claims` says nothing"
        yield subject.entry.diagnostic("P043", message, ("userinfo_endpoint",), key=True, hint="add `userinfo_claims`")
    if not file.userinfo_claims or subject.is_silenced(("userinfo_claims", "sub")):
        return
    if "sub" not in file.userinfo_claims:
        hint = "add `sub`: what stays when a user changes name and address"
        message = "`userinfo_claims` has no `sub`"
        yield subject.entry.diagnostic("P042", message, ("userinfo_claims",), key=True, hint=hint)
    if file.userinfo_endpoint is None and not subject.is_silenced(("userinfo_endpoint",)):
        hint = "add `userinfo_endpoint`, or `userinfo_endpoint: token_response`"
        message = "`userinfo_claims` without `userinfo_endpoint` is never used"
        yield subject.entry.diagnostic("P043", message, ("userinfo_claims",), key=True, hint=hint)


def claims_can_be_read(subject: Subject) -> Iterator[Diagnostic]:
    """P040: a claim's path is what its format takes."""
    is_xml = subject.file.userinfo_format == "xml"
    for claim, source in subject.file.userinfo_claims.items():
        path = ("userinfo_claims", claim)
        if subject.is_silenced(path):
            continue
        if is_xml and not re.search(r"\{\w+\}", source):
            wrong = _xml_problem(source)
        elif source.startswith("$"):
            wrong = _jsonpath_problem(source)
        elif re.search(r"\{\w+\}", source):
            continue
        else:
            wrong = "it begins with neither `$` nor holds a {field}"
        if wrong:
            hint = "see xml.etree.ElementTree" if is_xml else "write $.field (RFC 9535), or a text with {field}"
            yield subject.entry.diagnostic("P040", f"`{source}` is not a path: {wrong}", path, hint=hint)


def the_followup_is_theirs(subject: Subject) -> Iterator[Diagnostic]:
    """P044: the second request for the profile is signed too, so it stays on the provider's own hosts."""
    file, path = subject.file, ("userinfo_followup",)
    url = file.userinfo_followup
    if url is None or "://" not in url or subject.is_silenced(path):
        return
    own = (file.request_token_url, file.access_token_url, file.api_base_url, file.userinfo_endpoint)
    hosts = {_host(one) for one in own if one and ("://" in one or one.startswith("{"))} | set(file.api_hosts)
    host = _host(url)
    if host not in hosts and not any(stands_for(one, host) for one in file.api_hosts):
        message = f"`userinfo_followup` leads to {host}, which is none of the provider's hosts"
        hint = "write a path relative to `api_base_url`, or add the host to `api_hosts`"
        yield subject.entry.diagnostic("P044", message, path, hint=hint)


def _host(url: str) -> str:
    return re.split(r"[/?#]", url.partition("://")[2] or url, maxsplit=1)[0].lower()


@lru_cache(maxsize=4096)
def _jsonpath_problem(path: str) -> str | None:
    # Nearly every path is a chain of names, and the parser is not cheap.
    if re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*)+", path):
        return None
    with needs("To check a JSONPath", "cli", "flask", "django", "starlette"):
        import jsonpath_rfc9535

    try:
        jsonpath_rfc9535.compile(path)
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as error:
        return str(error).partition("\n")[0] or "it cannot be read"
    # A profile is the provider's: each `..` multiplies the work by its size, and a function holds an expression.
    costly = ".." in path or "match(" in path or "search(" in path
    return "it searches by `..`, match() or search(); name the field" if costly else None


def _xml_problem(path: str) -> str | None:
    element, _, attribute = path.partition("/@") if "/@" in path else (path, "", "x")
    if path.count("//") > 1:
        return "it searches by `//` more than once"
    try:
        ET.Element("root").find(element)
    except (SyntaxError, KeyError, ValueError) as error:
        return str(error) or "it cannot be read"
    except (TypeError, IndexError, AttributeError, StopIteration, RecursionError):  # ElementTree's own mistakes
        return "it cannot be read"
    return None if re.fullmatch(r"[\w:.-]+", attribute) else "what follows /@ is not the name of an attribute"


RULES: tuple[Rule, ...] = (
    claims_are_standard,
    claims_and_endpoint_come_together,
    claims_can_be_read,
    the_followup_is_theirs,
)
