"""What pinned data cannot decide: a local host, and a secret that is sent where the built-in catalog signs.

``pinned.py`` reads the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oauth1_catalog.access import LocalHosts
from oauth1_catalog.catalog.data import Data, Step, dotted, texts_of
from oauth1_catalog.catalog.document import Document
from oauth1_catalog.catalog.documents import Documents
from oauth1_catalog.catalog.files import builtin_directory
from oauth1_catalog.catalog.pinned import PinnedDocument
from oauth1_catalog.catalog.templates import PLACEHOLDER, host_in, kind_of_text, templates_of
from oauth1_catalog.errors import ConfigurationError, UnknownProviderError
from oauth1_catalog.hosts import host_of

if TYPE_CHECKING:
    from oauth1_catalog.catalog.provider import Provider

_WHOLE_HOST = re.compile(rf"(https?://)?{PLACEHOLDER.pattern}(:|/|$)")


def check(documents: Sequence[Document], provider: Provider, local_hosts: LocalHosts) -> None:
    """Refuse what pinned data cannot decide without the application.

    Args:
        documents: the provider's own document and those that it extends.
        provider: the provider that was made of them.
        local_hosts: the local hosts that the application allows.

    Raises:
        ConfigurationError: an address of the data has a local host that is not allowed, or the data would send a secret
            itself where the built-in catalog signs.
    """
    for pinned in documents:
        if not isinstance(pinned, PinnedDocument):
            continue
        _check_hosts(pinned, provider.name, local_hosts)
        base = str(pinned.data["name"])
        for path, value, sends in _secrets_sent(provider):
            is_own = any(one.has(path) for one in documents if one is not pinned)
            if not is_own and value not in _builtin_values(base, path):
                field = dotted(path)
                raise ConfigurationError(
                    description=f"{provider.name}: {pinned.path} would send {sends} (`{field}: {value}`), which the "
                    "built-in catalog does not.",
                    provider=provider.name,
                    advice=f"Update oauth1-catalog, or write `{field}` into a file of your own with `extends: {base}`.",
                )


def _secrets_sent(provider: Provider) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """The fields with which a provider gets a secret itself and not a signature, with their values."""
    if provider.api_auth != "signature":
        yield ("api_auth",), provider.api_auth, "the user's token itself with each call"
    if provider.client_kwargs.get("signature_method") == "PLAINTEXT":
        yield ("client_kwargs", "signature_method"), "PLAINTEXT", "the secrets themselves with each request"
    successor = provider.successor
    if successor is not None and any("{oauth_token_secret}" in text for text in successor.params.values()):
        yield ("successor", "url"), successor.url, "the secret of the token to another address"


def _builtin_values(name: str, path: tuple[Step, ...]) -> set[Data]:
    """The values of a field in the built-in provider, its environments and its options; none without that provider."""
    try:
        data = Documents((builtin_directory(),), has_packages=False).entry(name).data
    except UnknownProviderError:
        return set()
    parts: list[Any] = [data]
    for section, inner in (("environments", None), ("options", "sets")):
        if isinstance(found := data.get(section), dict):
            parts += [one.get(inner) if inner else one for one in found.values() if isinstance(one, dict)]
    for step in path:
        parts = [part.get(step) for part in parts if isinstance(part, dict)]
    return {part for part in parts if isinstance(part, str)}


def _check_hosts(pinned: PinnedDocument, name: str, local_hosts: LocalHosts) -> None:
    # This machine is allowed to a value of the application's own without a switch, but not to the data.
    allowed = replace(local_hosts, loopback=local_hosts.private)
    for path, host in _hosts(pinned.data):
        if not allowed.allows(host):
            raise ConfigurationError(
                "forbidden_local_host",
                f"{name}: `{dotted(path)}` of {pinned.path} has the host {host!r}, which is local or private.",
                provider=name,
                advice=f"If this is right, pass allow_local_hosts=[{host!r}].",
            )


def _hosts(data: dict[str, Data]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Each host in the addresses of the data. A label that an application sets is replaced by a letter."""
    for path, text, _, _ in templates_of(data):
        # A whole host that an application sets is checked there.
        if kind_of_text(path, text) in {"url", "host"} and not _WHOLE_HOST.match(text):
            yield path, _host(text)
    variables = data.get("variables")
    for name, about in variables.items() if isinstance(variables, dict) else ():
        if isinstance(about, dict) and about.get("format") in {"uri", "hostname"}:
            if isinstance(value := about.get("default"), str):
                yield ("variables", name, "default"), _host(value)
            choices = texts_of(about.get("enum"))
            yield from ((("variables", name, "enum"), _host(value)) for value in choices)


def _host(text: str) -> str:
    host = PLACEHOLDER.sub("x", host_in(text))
    return host_of(f"https://{host.removeprefix('*.')}")
