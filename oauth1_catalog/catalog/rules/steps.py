"""P029: the URLs of the steps, compared with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import ProviderFile, Renewal, Successor

ONE_TOKEN_URL = "one-token-url"
"""The quirk of a provider whose two token endpoints have one URL, such as Evernote."""


def steps_have_their_own_urls(subject: Subject) -> Iterator[Diagnostic]:
    """P029: two steps with the same URL and method are told apart by something that the file contains."""
    file, seen = subject.file, dict[str, tuple[str, str, Mapping[str, str]]]()
    steps: list[tuple[str, str | None, str, Mapping[str, str]]] = [
        ("request_token_url", file.request_token_url, file.request_token_method, file.request_token_params),
        ("access_token_url", file.access_token_url, file.access_token_method, file.access_token_params),
        *((name, end.url, end.method, end.params) for name, end in _other_ends(file)),
    ]
    allowed = {("access_token_url", "renew")}  # OAuth Session 1.0
    if any(quirk.id == ONE_TOKEN_URL for quirk in file.quirks):
        allowed.add(("request_token_url", "access_token_url"))
    for field, url, method, params in steps:
        if url is None or subject.is_silenced((field,)):
            continue
        for earlier, (other, other_method, other_params) in seen.items():
            is_same = url.rstrip("/") == other and method == other_method and params == other_params
            if is_same and (earlier, field) not in allowed:
                path = (field, "url") if field in {"renew", "revoke", "successor"} else (field,)
                message = f"`{'.'.join(path)}` is the URL of `{earlier}`, too"
                hint = "write the step's own URL from the documentation"
                if field == "access_token_url":
                    hint += f", or add the quirk `{ONE_TOKEN_URL}` if both steps share it"
                yield subject.entry.diagnostic("P029", message, path, hint=hint, warning=True)
                break
        seen[field] = (url.rstrip("/"), method, params)


def _other_ends(file: ProviderFile) -> Iterator[tuple[str, Renewal | Successor]]:
    for name, end in (("renew", file.renew), ("revoke", file.revoke), ("successor", file.successor)):
        if end is not None:
            yield name, end


RULES: tuple[Rule, ...] = (steps_have_their_own_urls,)
