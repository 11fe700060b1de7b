"""P032, P039, P08x: URLs and hosts together with other fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Step
from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.patterns import is_wildcard, wildcard_fault
from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.rules.domains import has_public_suffixes, registrable_domain
from oauth1_catalog.catalog.templates import check_hostname, host_in
from oauth1_catalog.hosts import is_loopback, origin_of

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile, Successor, SuccessorOverrides


Path = tuple[Step, ...]


def plaintext_goes_over_https(subject: Subject) -> Iterator[Diagnostic]:
    """P039: PLAINTEXT sends the secrets themselves (RFC 5849, section 3.4.4)."""
    if subject.file.client_kwargs.signature_method != "PLAINTEXT":
        return
    file = subject.file
    addresses: dict[tuple[str, ...], str | None] = {(field,): getattr(file, field) for field in ADDRESSES}
    addresses |= {("userinfo_endpoint",): file.userinfo_endpoint}
    addresses |= {(name, "url"): end.url for name, end in (("renew", file.renew), ("revoke", file.revoke)) if end}
    for path, url in addresses.items():
        if url is not None and url.startswith("http://") and not is_loopback(origin_of(url).host):
            hint = f"write https://{url.partition('://')[2]}, or use another signature method"
            message = f"PLAINTEXT would send the secrets of `{'.'.join(path)}` in the clear"
            yield subject.entry.diagnostic("P039", message, path, hint=hint)


def unsigned_calls_are_whole(subject: Subject) -> Iterator[Diagnostic]:
    """P086: calls that contain the token itself have a header for it, and use https."""
    file = subject.file
    if file.api_auth == "header" and file.api_auth_header is None and not subject.is_silenced(("api_auth_header",)):
        hint = "add `api_auth_header`, or write `api_auth: bearer`"
        message = "`api_auth: header` needs the name of the header"
        yield subject.entry.diagnostic("P086", message, ("api_auth",), hint=hint)
    if file.api_auth != "header" and file.api_auth_header is not None:
        hint = "write `api_auth: header`, or delete it"
        message = f"`api_auth_header` has no effect with `api_auth: {file.api_auth}`"
        yield subject.entry.diagnostic("P086", message, ("api_auth_header",), key=True, hint=hint)
    if file.api_auth == "signature":
        return
    for field in ("api_base_url", "userinfo_endpoint"):
        url = getattr(file, field)
        if url is not None and url.startswith("http://"):
            message = f"`api_auth: {file.api_auth}` would send the token to `{field}` in the clear"
            yield subject.entry.diagnostic("P086", message, (field,), hint=f"write https://{url.partition('://')[2]}")


def exchanges_go_over_https(subject: Subject) -> Iterator[Diagnostic]:
    """P087: an exchange uses https, because its answer contains tokens that anyone can use (RFC 6750, section 5.2)."""
    for prefix, successor in _successors(subject.file):
        path = (*prefix, "url")
        url = None if subject.is_silenced(path) else successor.url
        if url is not None and url.startswith("http://") and not is_loopback(origin_of(url).host):
            message = "`successor.url` would send tokens in the clear"
            yield subject.entry.diagnostic("P087", message, path, hint=f"write https://{url.partition('://')[2]}")


def successors_are_whole(subject: Subject) -> Iterator[Diagnostic]:
    """P012: a successor that only an environment or an option has contains every required field."""
    for prefix, successor in _successors(subject.file):
        if subject.file.successor is not None or subject.is_silenced(("successor",)) or subject.is_silenced(prefix):
            continue
        for field in ("url", "auth"):
            path = (*prefix, field)
            if getattr(successor, field) is None and not subject.is_silenced(path):
                hint = "add it here, or in a `successor` of the file itself"
                yield subject.entry.diagnostic("P012", f"`{field}` is missing", path, hint=hint)


def _successors(file: ProviderFile) -> Iterator[tuple[Path, Successor | SuccessorOverrides]]:
    """The successor of the file itself, of its environments and of its options, each with its path."""
    places: list[tuple[Path, Successor | SuccessorOverrides | None]] = [((), file.successor)]
    places += [(("environments", name), section.successor) for name, section in file.environments.items()]
    places += [(("options", name, "sets"), option.sets.successor) for name, option in file.options.items()]
    return (((*prefix, "successor"), successor) for prefix, successor in places if successor is not None)


def base_ends_in_a_slash(subject: Subject) -> Iterator[Diagnostic]:
    """P080: otherwise a relative path replaces the last segment of the base (RFC 3986, section 5.2.3)."""
    places: list[tuple[tuple[str, ...], str | None]] = [((), subject.file.api_base_url)]
    places += [(("environments", name), e.api_base_url) for name, e in subject.file.environments.items()]
    for prefix, url in places:
        path = (*prefix, "api_base_url")
        if url is not None and not url.endswith("/") and "?" not in url and not subject.is_silenced(path):
            message = "`api_base_url` does not end in `/`, so its last segment is lost in relative URLs"
            yield subject.entry.diagnostic(
                "P080", message, path, hint=f"write {url}/", warning=True, replacement=f"{url}/"
            )


def token_endpoints_share_a_host(subject: Subject) -> Iterator[Diagnostic]:
    """P083: both token endpoints are on one host."""
    first, second = subject.file.request_token_url, subject.file.access_token_url
    if first is None or second is None or host_in(first) == host_in(second):
        return
    message = f"`access_token_url` is on {host_in(second)}, and `request_token_url` on {host_in(first)}"
    hint = "no known provider has its token endpoints on two hosts; check the documentation again"
    yield subject.entry.diagnostic("P083", message, ("access_token_url",), hint=hint, warning=True)


def hosts_are_hosts(subject: Subject) -> Iterator[Diagnostic]:
    """P032: ``api_hosts`` contains host names, without scheme and path."""
    for path, host in _hosts(subject):
        if "{" not in host and not is_wildcard(host) and check_hostname(host.partition(":")[0]):
            yield subject.entry.diagnostic("P032", f"`{host}` is not a host", path, hint="write host.example.com")


def wildcards_are_narrow(subject: Subject) -> Iterator[Diagnostic]:
    """P084: a wildcard is the whole first label of a host name, and only for signed https calls."""
    kwargs = subject.file.client_kwargs
    for path, host in _wildcards(subject):
        if wrong := wildcard_fault(host):
            message = f"`{host}` is not allowed in `api_hosts`: {wrong}"
            yield subject.entry.diagnostic("P084", message, path, hint="write *.example.org, or each host")
        elif kwargs.signature_method == "PLAINTEXT":
            message = f"`{host}` with PLAINTEXT would send the secrets to every host below it"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by name")
        elif subject.file.api_auth != "signature":
            message = f"`{host}` with `api_auth: {subject.file.api_auth}` would send the token to every host below it"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by name")


def wildcards_are_below_a_domain(subject: Subject) -> Iterator[Diagnostic]:
    """P084: the part after ``*`` is a registrable domain, or below one (publicsuffix.org)."""
    for path, host in _wildcards(subject):
        if wildcard_fault(host) is None and has_public_suffixes() and registrable_domain(host[2:]) is None:
            message = f"`{host}` matches domains of different owners: `{host[2:]}` is a public suffix"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by name")


def wildcards_have_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """P085: there is evidence that no host below is a customer's."""
    if subject.is_silenced(("evidence",)):
        return
    entries = [entry for entry in subject.file.evidence if "api_hosts" in entry.fields]
    for path, host in _wildcards(subject):
        if not any(entry.note for entry in entries):
            message = f"no evidence that every host of `{host}` is the provider's own"
            hint = "add an `evidence` entry for `api_hosts`, whose `note` explains that no customer has such a host"
            yield subject.entry.diagnostic("P085", message, path, hint=hint)
            return


def _wildcards(subject: Subject) -> Iterator[tuple[Path, str]]:
    return ((path, host) for path, host in _hosts(subject) if is_wildcard(host))


def _hosts(subject: Subject) -> Iterator[tuple[Path, str]]:
    """Every host of the file, including its environments and options."""
    file = subject.file
    places: list[tuple[Path, tuple[str, ...] | None]] = [((), file.api_hosts)]
    places += [(("environments", name), section.api_hosts) for name, section in file.environments.items()]
    places += [(("options", name, "sets"), option.sets.api_hosts) for name, option in file.options.items()]
    for prefix, hosts in places:
        for index, host in enumerate(hosts or ()):
            path = (*prefix, "api_hosts", index)
            if not subject.is_silenced(path):
                yield path, host


RULES: tuple[Rule, ...] = (
    plaintext_goes_over_https,
    unsigned_calls_are_whole,
    exchanges_go_over_https,
    successors_are_whole,
    base_ends_in_a_slash,
    token_endpoints_share_a_host,
    hosts_are_hosts,
    wildcards_are_narrow,
    wildcards_are_below_a_domain,
    wildcards_have_evidence,
)
