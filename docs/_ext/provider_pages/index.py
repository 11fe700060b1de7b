"""The index: ``docs/providers.md``. In the site, ``_static/provider-index.js`` adds a filter to its tables.

Its links lead to the YAML files, as a repository browser needs it. In the site, ``repository_links`` turns them into
links to the pages of the providers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provider_pages.facts import Provider, is_retired, support
from provider_pages.myst import codes, table, words

WRITTEN = "<!-- Written by docs/build_providers.py from the catalog; change providers/*.yaml. -->"


def index(providers: Mapping[str, Provider]) -> str:
    """The Markdown of the index.

    Args:
        providers: all providers of the catalog, by name.
    """
    in_use = [provider for provider in providers.values() if not is_retired(provider)]
    retired = [provider for provider in providers.values() if is_retired(provider)]
    lines = [
        "# Providers",
        "",
        WRITTEN,
        "",
        f"{len(in_use)} providers are in use, and {len(retired)} have switched OAuth 1.0 off. Each link leads to",
        "what the catalog knows about a provider, with the sources. `register_from_catalog` and `client` take the name",
        "beside it, or one of its aliases.",
        "",
        "- **status**: *limited* works, but issues no new keys, or this is unknown. *deprecated* is going to end: see",
        "  the [calendar](calendar.md).",
        "- **keys**: *open* to everyone, after a *review*, only for *paid* accounts, *closed*, or *unknown*.",
        "- **grade**: the best source of the weakest fact, and the day on which the oldest source was checked",
        "  ([Age and grade](contributing-a-provider.md#age-and-grade)).",
        "",
        "## In use",
        "",
        *table(["provider", "status", "keys", "flows", "grade", "categories"], map(_in_use, in_use)),
        "",
        "## Retired",
        "",
        "Registering one of these providers raises an error that names the replacement, unless you pass",
        "`allow_retired=True`.",
        "",
        *table(["provider", "ended", "instead", "categories"], [_retired(one, providers) for one in retired]),
        "",
        "## Logins that can be fixated",
        "",
        "These providers send no verifier with the callback (OAuth Core 1.0). An attacker can start a login, let a",
        "victim approve it, and finish it with the victim's account (oauth.net advisory 2009-1). To register one",
        "for logins, pass `allow_session_fixation=True`. [Security](security.md#oauth-core-10) explains",
        "when this is acceptable.",
        "",
        f"{_logins(in_use, 'none')}.",
        "",
        "It is unknown whether these providers send a verifier. Their logins require one, unless you pass",
        "`allow_session_fixation=True`:",
        f"{_logins(in_use, 'optional')}.",
        "",
    ]
    return "\n".join(lines)


def linked(provider: Provider) -> str:
    """A link to the file of a provider, from a page of ``docs``."""
    return f"[{words(provider['display_name'])}](../providers/{provider['name']}.yaml)"


def replacement(provider: Provider, providers: Mapping[str, Provider]) -> str:
    """What to use instead, with a link if it is a provider of the catalog."""
    instead = provider["replaced_by"]
    return linked(providers[instead]) if instead in providers else words(instead or "")


def _in_use(provider: Provider) -> Sequence[str]:
    about = support(provider)
    return [
        _named(provider),
        str(provider["status"]),
        _keys(provider),
        codes(provider["flows"]),
        f"{about.grade}<br> {about.oldest}" if about.oldest else about.grade,
        _categories(provider),
    ]


def _retired(provider: Provider, providers: Mapping[str, Provider]) -> Sequence[str]:
    ended, instead = words(provider["sunset"] or "unknown"), replacement(provider, providers) or "nothing"
    return [_named(provider), ended, instead, _categories(provider)]


def _named(provider: Provider) -> str:
    return f"{linked(provider)} {codes([provider['name'], *provider['aliases']])}"


def _keys(provider: Provider) -> str:
    access = provider["access"]
    if not access:
        return ""
    return f"{access['state']} since {words(access['since'])}" if access["since"] else str(access["state"])


def _categories(provider: Provider) -> str:
    return ", ".join(map(words, provider["categories"]))


def _logins(providers: Sequence[Provider], verifier: str) -> str:
    return codes(
        provider["name"]
        for provider in providers
        if "redirect" in provider["flows"] and provider["callback"]["verifier"] == verifier
    )
