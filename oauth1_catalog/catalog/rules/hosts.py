"""P032, P084, P085: the hosts in ``api_hosts``, and how far a wildcard among them may reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Step
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.templates import check_hostname
from oauth1_catalog.catalog.wildcards import is_wildcard, wildcard_fault

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Path = tuple[Step, ...]


def hosts_are_hosts(subject: Subject) -> Iterator[Diagnostic]:
    """P032: ``api_hosts`` holds host names, without scheme and path."""
    for path, host in _hosts(subject):
        if "{" not in host and not is_wildcard(host) and check_hostname(host.partition(":")[0]):
            yield subject.entry.diagnostic("P032", f"`{host}` is not a host", path, hint="write host.example.com")


def wildcards_are_narrow(subject: Subject) -> Iterator[Diagnostic]:
    """P084: a wildcard stands alone at the front of a host name, and for signed https calls alone."""
    kwargs = subject.file.client_kwargs
    for path, host in _wildcards(subject):
        if wrong := wildcard_fault(host):
            message = f"`{host}` cannot stand in `api_hosts`: {wrong}"
            yield subject.entry.diagnostic("P084", message, path, hint="write *.example.org, or each host")
        elif kwargs.signature_method == "PLAINTEXT":
            message = f"`{host}` with PLAINTEXT would give the secrets to every host below it"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by its name")
        elif subject.file.api_auth != "signature":
            message = f"`{host}` with `api_auth: {subject.file.api_auth}` would give the token to every host below it"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by its name")


def wildcards_are_below_a_domain(subject: Subject) -> Iterator[Diagnostic]:
    """P084: what is behind the ``*`` is a registrable domain, or below one (publicsuffix.org)."""
    for path, host in _wildcards(subject):
        if wildcard_fault(host) is None and not _is_registrable(host[2:]):
            message = f"`{host}` stands for domains of different owners: `{host[2:]}` is a public suffix"
            yield subject.entry.diagnostic("P084", message, path, hint="list each host by its name")


def wildcards_have_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """P085: somebody has looked whether each host below is the provider's own, and none a customer's."""
    if subject.is_silenced(("evidence",)):
        return
    entries = [entry for entry in subject.file.evidence if "api_hosts" in entry.fields]
    for path, host in _wildcards(subject):
        if not any(entry.note for entry in entries):
            message = f"nothing says that every host of `{host}` is the provider's own"
            hint = "add an `evidence` entry for `api_hosts`, whose `note` says who has the hosts below, and no customer"
            yield subject.entry.diagnostic("P085", message, path, hint=hint)
            return


def _wildcards(subject: Subject) -> Iterator[tuple[Path, str]]:
    return ((path, host) for path, host in _hosts(subject) if is_wildcard(host))


def _hosts(subject: Subject) -> Iterator[tuple[Path, str]]:
    """Every host of the file, also of its environments and options."""
    file = subject.file
    places: list[tuple[Path, tuple[str, ...] | None]] = [((), file.api_hosts)]
    places += [(("environments", name), section.api_hosts) for name, section in file.environments.items()]
    places += [(("options", name, "sets"), option.sets.api_hosts) for name, option in file.options.items()]
    for prefix, hosts in places:
        for index, host in enumerate(hosts or ()):
            path = (*prefix, "api_hosts", index)
            if not subject.is_silenced(path):
                yield path, host


def _is_registrable(domain: str) -> bool:
    if find_spec("publicsuffixlist") is None:
        return True  # an application that only loads the file: who validates it has the list
    return _public_suffixes().privatesuffix(domain.lower()) is not None


@cache
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


RULES: tuple[Rule, ...] = (
    hosts_are_hosts,
    wildcards_are_narrow,
    wildcards_are_below_a_domain,
    wildcards_have_evidence,
)
