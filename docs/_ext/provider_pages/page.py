"""The page of a provider, and the JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from repository_links import REPOSITORY

from oauth1_catalog.catalog.grade import Support
from provider_pages import configuration, details
from provider_pages.facts import (
    FLOWS,
    KEYS,
    KINDS,
    Provider,
    can_be_fixated,
    is_retired,
    support,
    web_flow,
)
from provider_pages.myst import block, code, codes, host_of, link, sentence, words
from provider_pages.snippets import tabs

PROBED = {
    "oauth1": "the endpoints speak OAuth 1.0",
    "moved": "the endpoints redirect to another address",
    "gone": "the endpoints no longer exist",
    "oauth2": "the endpoints ask for OAuth 2.0",
    "blocked": "the endpoints refuse programs",
    "unclear": "the answers are unclear",
    "unreachable": "no server answered",
}


def page(provider: Provider, providers: Mapping[str, Provider], about: Support | None = None) -> str:
    """The MyST Markdown of a provider's page.

    Args:
        provider: the provider.
        providers: all providers of the catalog, by name, for links between pages.
        about: the grade and the age of its facts; by default, they are computed.
    """
    sections = [
        ["---", "orphan: true", "---"],
        [f"# {words(provider['display_name'])}"],
        _identity(provider),
        _end(provider, providers),
        _facts(provider, about or support(provider)),
    ]
    if not is_retired(provider):
        sections += [
            configuration.keys(provider),
            configuration.settings_table(provider),
            configuration.callback(provider),
            configuration.options(provider),
            configuration.environments(provider),
            _examples(provider),
        ]
    sections += [
        details.addresses(provider),
        details.tokens(provider),
        details.profile(provider),
        details.quirks(provider),
        details.successor(provider),
        details.sources(provider),
        _links(provider),
    ]
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section))) + "\n"


def provider_json(provider: Provider) -> str:
    """The provider's part of ``catalog.json``, for the file beside the page."""
    return json.dumps(provider, ensure_ascii=False, indent=2) + "\n"


def _identity(provider: Provider) -> Iterator[str]:
    """The names, the subjects and the addresses of the provider, in one line."""
    aliases = provider["aliases"]
    parts = [code(provider["name"])]
    if aliases:
        parts[0] += f" (also {codes(aliases)})"
    parts += [words(category) for category in provider["categories"]]
    if provider["homepage"]:
        parts.append(link(host_of(provider["homepage"]), provider["homepage"]))
    if provider["docs_url"]:
        parts.append(link("documentation of OAuth 1.0", provider["docs_url"]))
    yield " · ".join(parts)


def _end(provider: Provider, providers: Mapping[str, Provider]) -> Iterator[str]:
    """The end of OAuth 1.0 at a provider, and what replaces it."""
    if provider["status"] not in {"deprecated", "retired"}:
        return
    gone = is_retired(provider)
    sunset = provider["sunset"]
    when = f" {'on' if sunset.count('-') == 2 else 'in'} {words(sunset)}" if sunset else ""
    happens = "was switched off" if gone else "ends" if when else "is going to end, without a date"
    lines = [f"**OAuth 1.0 {happens}{when}.** {_instead(provider, providers)}".rstrip()]
    if gone:
        lines.append(f"`register_from_catalog({json.dumps(provider['name'])})` raises `RetiredProviderError`.")
    yield from block("{warning}" if gone else "{important}", "\n".join(lines))


def _instead(provider: Provider, providers: Mapping[str, Provider]) -> str:
    replacement = provider["replaced_by"]
    if not replacement:
        return ""
    if replacement in providers:
        return f"Use [{words(providers[replacement]['display_name'])}]({replacement}.md) instead."
    return f"Use {words(replacement)} instead."


def _facts(provider: Provider, about: Support) -> Iterator[str]:
    """Status, keys, flows, and the age and the grade of the facts."""
    yield f"- **Status:** {provider['status']}. {_noted(provider['status_note'])}".rstrip()
    if provider["access"] and not is_retired(provider):
        access = provider["access"]
        since = f" since {words(access['since'])}" if access["since"] else ""
        yield f"- **Keys:** {access['state']}{since} ({KEYS[access['state']]}). {_noted(access['note'])}".rstrip()
    yield f"- **Flows:** {'; '.join(f'{code(flow)} ({FLOWS[flow]})' for flow in provider['flows'])}."
    yield f"- **Facts:** {_grade(about)}"
    if probed := provider["probed"]:
        yield f"- **Last probe:** {words(probed['on'])}, {PROBED[probed['result']]}."
    if is_retired(provider):
        return
    if can_be_fixated(provider):
        yield (
            "- **Security:** logins can be [fixated](../security.md#oauth-core-10), so they need "
            "`allow_session_fixation=True`."
        )
    elif "redirect" in provider["flows"] and provider["callback"]["verifier"] == "optional":
        yield (
            "- **Security:** it is unknown whether the callback has a verifier. Logins "
            "[require one](../security.md#oauth-core-10), unless you pass `allow_session_fixation=True`."
        )


def _grade(about: Support) -> str:
    """The grade, the fact that decides it, and the days of the checks."""
    source = f"the source of the weakest fact, {code(about.fact)}, is {KINDS.get(about.kind, 'unknown')}"
    days = about.checked.replace(
        "checked ", "The sources were checked from " if " to " in about.checked else "The sources were checked on "
    )
    return f"[{about.grade}](../contributing-a-provider.md#age-and-grade): {source}. {days}."


def _noted(note: str | None) -> str:
    return sentence(note) if note else ""


def _examples(provider: Provider) -> Iterator[str]:
    """The examples, each in a tab."""
    yield "## Use it"
    yield ""
    if web_flow(provider) is None:
        yield "The provider shows a PIN, and sends no browser back to an application. Use a script or the terminal."
        yield ""
    items: list[str] = []
    for title, blocks in tabs(provider):
        lines = [f":sync: {title.lower()}"]
        for part in blocks:
            lines += ["", *block(part.language, part.code)]
        items += ["", *block(f"{{tab-item}} {title}", "\n".join(lines))]
    yield from block("{tab-set}", "\n".join([":sync-group: framework", *items]))
    if provider["client_kwargs"]["profile"] != "rfc5849":
        return  # the emulator verifies signatures of RFC 5849
    yield ""
    yield (
        f"Without an account, `oauth1-catalog emulate {provider['name']} --env-file .env.emulated` plays the provider: "
        "[testing](../testing.md)."
    )


def _links(provider: Provider) -> Iterator[str]:
    name = provider["name"]
    yield "---"
    yield ""
    file = f"{REPOSITORY}/edit/main/providers/{name}.yaml"
    yield f'[All providers](../providers.md) · [Edit this file]({file}) · <a href="{name}.json">These facts as JSON</a>'
