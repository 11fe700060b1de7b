"""Write the table of providers, ``docs/providers.md``, from the provider files.

Run it after a provider file changed: ``python docs/build_providers.py``. A test fails where the page is stale.

Rule: the page says nothing that the files do not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.grade import support_of
from oauth1_catalog.catalog.model import ProviderFile

PAGE = Path(__file__).with_name("providers.md")
_DEFAULT_SIGNATURE = "HMAC-SHA1"


def page(catalog: Catalog) -> str:
    """The page, with the providers in use and those whose OAuth 1.0 is gone in a table each."""
    files = [catalog.file(name) for name in catalog.names()]
    retired = [file for file in files if file.status == "retired"]
    in_use = [file for file in files if file.status != "retired"]
    return "\n".join(
        [
            "# Providers",
            "",
            "<!-- Written by docs/build_providers.py from providers/*.yaml; change those. -->",
            "",
            f"{len(in_use)} providers are in use. `register_from_catalog` takes a name or one of its aliases. The",
            "linked file contains the source of each fact. *limited*: it works, but issues no new keys, or this is",
            "unknown. *deprecated*: the provider is going to switch OAuth 1.0 off, and registering it warns once.",
            "*keys*: whether a developer can get keys today: *open* to everyone, after a *review*, only for *paid*",
            "accounts, *closed*, or *unknown*; `oauth1-catalog show NAME` shows the steps.",
            "*grade*: the best source of the weakest fact ([Age and grade](contributing-a-provider.md#age-and-grade)).",
            "*checked*: the day on which the oldest source was checked.",
            "",
            *_in_use(in_use),
            "",
            "## Logins that can be fixated",
            "",
            "These providers send no verifier with the callback (OAuth Core 1.0). An attacker can start a login, let a",
            "victim approve it, and finish it with the victim's account (oauth.net advisory 2009-1). To register one",
            "for logins, pass `allow_session_fixation=True`. [docs/security.md](security.md#oauth-core-10) explains",
            "when this is acceptable.",
            "",
            f"{_names(in_use, 'none')}.",
            "",
            "It is unknown whether these providers send a verifier. Their logins require one, unless you pass",
            "`allow_session_fixation=True`:",
            f"{_names(in_use, 'optional')}.",
            "",
            "## Retired",
            "",
            f"{len(retired)} more providers have switched OAuth 1.0 off. Registering one raises an error that names",
            "the replacement, unless you pass `allow_retired=True`.",
            "",
            *_retired(retired),
            "",
        ]
    )


def _in_use(files: list[ProviderFile]) -> Iterator[str]:
    yield "| name | provider | status | keys | flows | signature | grade | checked | documentation |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for file in files:
        flows = ", ".join(f"`{flow}`" for flow in file.flows)
        signature = file.client_kwargs.signature_method or _DEFAULT_SIGNATURE
        support = support_of(file)
        cells = (
            _name(file),
            file.display_name,
            file.status,
            _keys(file),
            flows,
            signature,
            support.grade,
            support.oldest or "never",
            _docs(file),
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _retired(files: list[ProviderFile]) -> Iterator[str]:
    yield "| name | provider | ended | instead |"
    yield "| --- | --- | --- | --- |"
    for file in files:
        yield f"| {_name(file)} | {file.display_name} | {file.sunset} | {file.replaced_by or 'nothing'} |"


def _names(files: list[ProviderFile], verifier: str) -> str:
    names = [file.name for file in files if "redirect" in file.flows and file.callback.verifier == verifier]
    return ", ".join(f"`{name}`" for name in names)


def _name(file: ProviderFile) -> str:
    link = f"[`{file.name}`](../providers/{file.name}.yaml)"
    return " ".join([link, *(f"`{alias}`" for alias in file.aliases)])


def _keys(file: ProviderFile) -> str:
    if file.access is None:
        return ""
    return f"{file.access.state} since {file.access.since}" if file.access.since else file.access.state


def _docs(file: ProviderFile) -> str:
    return f"[documentation]({file.docs_url})" if file.docs_url else ""


if __name__ == "__main__":
    PAGE.write_text(page(Catalog()), encoding="utf-8")
