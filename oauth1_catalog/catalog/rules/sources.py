"""P059: a source can be of the ``kind`` that an evidence entry gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from urllib.parse import urlsplit

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.rules.domains import has_public_suffixes, registrable_domain
from oauth1_catalog.catalog.templates import PLACEHOLDER

_TALK = re.compile(r"/[^/]+/[^/]+/(issues|discussions|pull)(/|$)")
_WITHOUT_CODE = re.compile(r"/[^/]+/[^/]+/(issues|discussions)(/|$)")
_CODE_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "raw.githubusercontent.com"})
# Repositories of packages, their documentation, and places where anyone keeps code.
_REPOSITORIES = frozenset({
    "cpan.org", "crates.io", "docs.rs", "drupal.org", "drupalcode.org", "freedesktop.org", "gitea.com", "gitlab.io",
    "googlesource.com", "haskell.org", "hex.pm", "hexdocs.pm", "javadoc.io", "jsdelivr.net", "launchpad.net",
    "libraries.io", "maven.org", "metacpan.org", "mvnrepository.com", "npmjs.com", "nuget.org", "packagist.org",
    "pkg.go.dev", "pub.dev", "pypi.org", "r-project.org", "rdrr.io", "readthedocs.io", "readthedocs.org",
    "rubydoc.info", "rubygems.org", "savannah.gnu.org", "socket.dev", "sonatype.com", "sourceforge.net", "sr.ht",
    "unpkg.com", "wordpress.org",
})  # fmt: skip
# Libraries for many providers: what they contain is never the documentation of one of them.
_LIBRARIES = frozenset({
    "api-evangelist", "authlib", "googleworkspace/apps-script-oauth1", "hapijs", "hybridauth", "jaredhanson",
    "lusitanian", "nangohq", "oauth-io", "oauthlib", "oauthswift", "omniauth", "pennersr", "python-social-auth",
    "requests", "scribejava", "simov", "socialiteproviders", "thephpleague",
})  # fmt: skip


def sources_are_of_their_kind(subject: Subject) -> Iterator[Diagnostic]:
    """P059: the provider's documentation is on its own pages, and a library in a repository."""
    if not has_public_suffixes():
        return
    file = subject.file
    domains, owners = _own_places(file)
    for index, entry in enumerate(file.evidence):
        url = urlsplit(entry.source)
        host = (url.hostname or "").removeprefix("www.")
        fault = hint = ""
        if entry.kind == "provider_docs":
            is_named = (registrable_domain(host) or host) in (entry.note or "")
            fault = "" if is_named else _not_the_providers(file, host, url.path, domains, owners)
            hint = "correct `kind`; or name the provider's other site in `homepage`, `docs_url` or this entry's `note`"
        elif entry.kind == "library" and not _has_code(host, url.path):
            fault, hint = "is not a repository", "link to the code at a commit, or write `kind: community`"
        path = ("evidence", index, "kind")
        if fault and not subject.is_silenced(path):
            message = f"the source cannot be `{entry.kind}`: {entry.source[:120]} {fault}"
            yield subject.entry.diagnostic("P059", message, path, hint=hint, warning=True)


def _has_code(host: str, path: str) -> bool:
    """Whether a page is in a repository or a package index, or the documentation of a library."""
    if host in _CODE_HOSTS:
        return not _WITHOUT_CODE.match(path)
    if re.match(r"(git|gitlab|gist|svn|hg|code|cgit|source)\.", host):
        return True
    # `acme.github.io` is the site of a repository.
    return host.endswith((".github.io", ".gitlab.io")) or any(
        host == known or host.endswith(f".{known}") for known in _REPOSITORIES
    )


def _not_the_providers(file: ProviderFile, host: str, path: str, domains: Set[str], owners: Set[str]) -> str:
    """Why a page is not the provider's documentation; empty if it can be."""
    if host in _CODE_HOSTS:
        owner, _, rest = path.strip("/").lower().partition("/")
        repository = f"{owner}/{rest.partition('/')[0]}"
        if owner in _LIBRARIES or repository in _LIBRARIES:
            return "is a library for many providers"
        if _TALK.match(path) and owner not in owners and not _names(owner, file, domains):
            return "is a conversation in the repository of others"
        return ""
    if not domains and not owners:  # self-hosted software that names no site
        return ""
    domain = registrable_domain(host) or host
    named = path if _has_code(host, path) else host  # a package, or another site of the provider
    return "" if domain in domains or _names(named, file, domains) else "is not on a site of the provider"


def _own_places(file: ProviderFile) -> tuple[set[str], set[str]]:
    """The domains of the provider's addresses and pages, and the owners of its repositories."""
    ends = (file.renew, file.revoke, file.session_token, file.successor)
    pages = (file.homepage, file.docs_url, file.registration_url, file.successor and file.successor.docs_url)
    urls = [*pages, *(getattr(file, field) for field in ADDRESSES), *(end.url for end in ends if end)]
    urls += [getattr(section, field) for section in file.environments.values() for field in ADDRESSES]
    domains: set[str] = set()
    owners: set[str] = set()
    for url in filter(None, urls):
        parts = urlsplit(PLACEHOLDER.sub("x", url))
        host = (parts.hostname or "").removeprefix("www.")
        if host in _CODE_HOSTS:
            owners.add(parts.path.strip("/").lower().partition("/")[0])
        elif domain := registrable_domain(host):
            domains.add(domain)
    return domains, owners


def _names(given: str, file: ProviderFile, domains: Set[str]) -> bool:
    """Whether the owner of a repository, a package or a host has the provider's name, such as ``tripit``."""
    names = (file.name, *file.aliases, file.display_name or "", *(domain.partition(".")[0] for domain in domains))
    own = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in names}
    given = re.sub(r"[^a-z0-9]", "", given.lower())
    return any(len(name) > 3 and (name in given or (len(given) > 3 and given in name)) for name in own)


RULES: tuple[Rule, ...] = (sources_are_of_their_kind,)
