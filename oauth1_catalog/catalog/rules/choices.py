"""P074 to P076: the meanings of an option's values, and the signature methods that a provider accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Step
from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.templates import constraint_error
from oauth1_catalog.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import Overrides

_DEFAULT = "HMAC-SHA1"


def meanings_belong_to_values(subject: Subject) -> Iterator[Diagnostic]:
    """P074: each meaning is that of a value which the option accepts."""
    for name, option in subject.file.options.items():
        for value in option.meanings:
            path = ("options", name, "meanings", value)
            if subject.is_silenced(("options", name)) or not constraint_error(value, option.pattern, option.enum, None):
                continue
            hint = did_you_mean(nearest(value, option.enum or ())) or "delete it, or add the value to `enum`"
            message = f"`{value}` has a meaning, but is not a value of `{name}`"
            yield subject.entry.diagnostic("P074", message, path, key=True, hint=hint)


def values_have_meanings(subject: Subject) -> Iterator[Diagnostic]:
    """P075: each value of an option has a meaning. The description of a switch with one value is enough."""
    if subject.file.status == "retired":
        return
    for name, option in subject.file.options.items():
        missing = [value for value in option.enum or () if value not in option.meanings]
        is_switch = len(option.enum or ()) < 2
        if missing and not is_switch and not subject.is_silenced(("options", name)):
            message = f"no meaning of {', '.join(f'`{value}`' for value in missing[:5])}"
            hint = f"add `meanings: {{{missing[0]}: ...}}`, in a few words"
            yield subject.entry.diagnostic(
                "P075", message, ("options", name, "enum"), key=True, hint=hint, warning=True
            )


def the_signature_method_is_accepted(subject: Subject) -> Iterator[Diagnostic]:
    """P076: the method with which applications sign is one of those that the provider accepts."""
    file = subject.file
    accepted = [one.method for one in file.signature_methods]
    if not accepted or subject.is_silenced(("signature_methods",)):
        return
    own = file.client_kwargs.signature_method or _DEFAULT
    field = ("client_kwargs", "signature_method")
    places: list[tuple[tuple[Step, ...], str]] = [
        (field if file.client_kwargs.signature_method else ("signature_methods",), own)
    ]
    overrides: list[tuple[tuple[Step, ...], Overrides]] = [
        (("environments", name), section) for name, section in file.environments.items()
    ]
    overrides += [(("options", name, "sets"), option.sets) for name, option in file.options.items()]
    for prefix, section in overrides:
        if section.client_kwargs is not None and section.client_kwargs.signature_method is not None:
            places.append(((*prefix, *field), section.client_kwargs.signature_method))
    for path, method in places:
        if method not in accepted and not subject.is_silenced(path):
            message = f"requests are signed with {method}, which is not in `signature_methods`"
            hint = f"add it there, or write `client_kwargs: {{signature_method: {accepted[0]}}}`"
            yield subject.entry.diagnostic("P076", message, path, hint=hint)


RULES: tuple[Rule, ...] = (
    meanings_belong_to_values,
    values_have_meanings,
    the_signature_method_is_accepted,
)
