"""P07x: whether a developer can get keys, and the steps."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.provider import ADDRESSES
from oauth1_catalog.catalog.rules import Rule, Subject

KEYS_CAN_BE_HAD = frozenset({"open", "review", "paid"})
"""The states of ``access`` in which a developer can get keys."""


def files_answer_whether_keys_can_be_had(subject: Subject) -> Iterator[Diagnostic]:
    """P070, P071: ``access`` is there, and ``unknown`` describes what was searched."""
    file = subject.file
    if file.status == "retired" or subject.is_silenced(("access",)):
        return
    if file.access is None:
        hint = "add `access: {state: open}`, or `unknown` with a `note` about what you searched"
        message = "`access` is missing, so nobody knows whether developers can get keys"
        yield subject.entry.diagnostic("P070", message, ("access",), hint=hint, warning=True)
    elif file.access.state == "unknown" and file.access.note is None:
        hint = "add a `note` about what you searched"
        message = "`access` is unknown, but no `note` describes what was searched"
        yield subject.entry.diagnostic("P071", message, ("access", "state"), hint=hint, warning=True)


def keys_come_with_the_steps(subject: Subject) -> Iterator[Diagnostic]:
    """P072: where keys can be had, the file has the steps and the page.

    The page can be in a step. There is none if each tenant has another one, or for a reason in the ``note``.
    """
    file = subject.file
    if file.status == "retired" or file.access is None or file.access.state not in KEYS_CAN_BE_HAD:
        return
    wanted = {"setup": "the steps to get keys", "registration_url": "the page on which developers get keys"}
    if _has_a_host_for_each_tenant(file) or file.access.note or any("https://" in step for step in file.setup):
        del wanted["registration_url"]
    for field, what in wanted.items():
        if not getattr(file, field) and not subject.is_silenced((field,)):
            message = f"`access` is {file.access.state}, but `{field}` is missing"
            yield subject.entry.diagnostic("P072", message, ("access",), key=True, hint=f"add {what}", warning=True)


def _has_a_host_for_each_tenant(file: ProviderFile) -> bool:
    """Whether an address begins with a variable, so that there is no page for all developers."""
    urls = (getattr(file, field) for field in ADDRESSES)
    return any(url.removeprefix("https://").removeprefix("http://").startswith("{") for url in urls if url)


def status_and_access_agree(subject: Subject) -> Iterator[Diagnostic]:
    """P073: an active provider gives keys, a limited one gives none or this is unknown, a retired one has none."""
    file = subject.file
    if file.access is None or subject.is_silenced(("access",)) or subject.is_silenced(("status",)):
        return
    gives_keys = file.access.state in KEYS_CAN_BE_HAD
    hints = {
        "active": None if gives_keys else "write `status: limited`, or correct `access`",
        "limited": "write `status: active`, or correct `access`" if gives_keys else None,
        "retired": "delete `access`",
    }
    if hint := hints.get(file.status):
        message = f"the status is {file.status}, but `access` is {file.access.state}"
        yield subject.entry.diagnostic("P073", message, ("access",), key=True, hint=hint, warning=True)


RULES: tuple[Rule, ...] = (
    files_answer_whether_keys_can_be_had,
    keys_come_with_the_steps,
    status_and_access_agree,
)
