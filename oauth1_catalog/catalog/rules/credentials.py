"""P011, P030, P035 to P038: a provider file contains no credential, and limits each value from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING

from oauth1_catalog.catalog.data import Data, Step
from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject
from oauth1_catalog.catalog.templates import (
    PLACEHOLDER,
    TEMPLATED,
    Kind,
    Place,
    constraint_error,
    kind_of_text,
    placeholders,
    places_in,
    texts_in,
)
from oauth1_catalog.hosts import https_url, kind_of, origin_of
from oauth1_catalog.redaction import QUERY, is_credential
from oauth1_catalog.suggestions import did_you_mean, nearest

if TYPE_CHECKING:
    from oauth1_catalog.catalog.model import Variable


_HELP = "delete it, revoke the value if it was real, and set it in the framework's configuration"
# These are sent as they are. Elsewhere, such a key only names a credential.
_SENT = frozenset(
    {"api_params", "authorize_params", "access_token_params", "headers", "params", "request_token_headers"}
    | {"request_token_params", "userinfo_params"}
)
_HOLDERS = frozenset({"environments", "options", "renew", "revoke", "successor"})


def no_credential_in_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """P011: a parameter or header with the name of a credential contains only placeholders."""
    for base, data in _sent(subject.entry.data, ()):
        for key, value in data.items():
            path = (*base, key)
            if (
                is_credential(key)
                and isinstance(value, str)
                and PLACEHOLDER.sub("", value)
                and not subject.is_silenced(path)
            ):
                message = f"`{key}` is a credential; a provider file must not contain any"
                yield subject.entry.diagnostic("P011", message, path, key=True, hint=_HELP)


def no_credential_in_urls(subject: Subject) -> Iterator[Diagnostic]:
    """P011: a credential in the query of an address is only a placeholder."""
    for path, value in texts_in(subject.entry.data, ()):
        if "?" not in value or " " in value or subject.is_silenced(path):
            continue
        if found := next((pair for pair in re.finditer(QUERY, value) if is_credential(pair["key"])), None):
            message = f"`{found['key']}` in the address is a credential; a provider file must not contain any"
            yield subject.entry.diagnostic("P011", message, path, hint=_HELP)


def _sent(data: dict[str, Data], path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], dict[str, Data]]]:
    """The mappings that are sent as they are, with their paths."""
    for key, value in data.items():
        if not isinstance(value, dict):
            continue
        if key in _SENT:
            yield (*path, key), value
        elif path or key in _HOLDERS:
            yield from _sent(value, (*path, key))


def no_key_material(subject: Subject) -> Iterator[Diagnostic]:
    """P011: no text contains a key in PEM."""
    if not any("-----BEGIN" in document.text for document in subject.entry.documents):
        return
    for path, value in texts_in(subject.entry.data, ()):
        if "-----BEGIN" in value and not subject.is_silenced(path):
            key = next(step for step in reversed(path) if isinstance(step, str))
            yield subject.entry.diagnostic("P011", f"`{key}` contains key material", path, key=True, hint=_HELP)


_PARAMS = frozenset({"client_id", "oauth_token", "oauth_callback"})
_RUN_TIME = {
    "authorize_url": _PARAMS,
    "authorize_params": _PARAMS,
    "request_token_params": _PARAMS,
    "access_token_params": _PARAMS | {"oauth_verifier"},
    "api_params": frozenset({"client_id"}),
    "client_kwargs": frozenset({"client_id", "request_url"}),
    "userinfo_params": frozenset({"client_id"}),
    "renew": _PARAMS | {"oauth_session_handle"},
    "revoke": _PARAMS | {"oauth_session_handle"},
    "successor": frozenset({"client_id", "oauth_token_secret"}),
}
Path = tuple[Step, ...]


def placeholders_are_declared(subject: Subject) -> Iterator[Diagnostic]:
    """P030: each placeholder has a value."""
    file = subject.file
    token_fields = {*file.token_response.extra, *file.callback.extra, "oauth_token"}
    for path, text, field, is_option in subject.templates:
        if subject.is_silenced(path):
            continue
        known = set(file.variables)
        if path[-2:] != ("successor", "url"):  # it is the same for each token
            known |= _RUN_TIME.get(field, frozenset())
            if field == "successor" or field.startswith("userinfo"):
                known |= token_fields
        if is_option:
            known.add("value")
        for name in placeholders(text):
            if name not in known and not subject.is_silenced(("variables", name)):
                message = f"`{{{name}}}` is not declared under `variables`"
                near = [f"{{{other}}}" for other in nearest(name, known)]
                hint = did_you_mean(near) or f"add `{name}` to `variables`"
                yield subject.entry.diagnostic("P030", message, path, hint=hint)


def variables_are_used(subject: Subject) -> Iterator[Diagnostic]:
    """P035: each variable is used. An inherited one is not reported, because this file can replace its address."""
    used = {name for _, text, _, _ in subject.templates for name in placeholders(text)}
    used |= {variable.source for variable in subject.file.variables.values() if variable.source}
    # An invalid text can be the one that contains the variable.
    if any(path[0] in TEMPLATED or path[0] in {"environments", "options"} for path in subject.silenced if path):
        return
    declared = subject.entry.own.data.get("variables")
    own = declared if isinstance(declared, dict) else {}
    for name in subject.file.variables:
        if name in own and name not in used and not subject.is_silenced(("variables", name)):
            hint = f"write {{{name}}} where it belongs, or delete it"
            yield subject.entry.diagnostic(
                "P035", f"the variable `{name}` is not used", ("variables", name), key=True, hint=hint
            )


def values_keep_to_their_place(subject: Subject) -> Iterator[Diagnostic]:
    """P036, P038: a value that could leave its place has limits, and its format fits the place."""
    variables = subject.file.variables
    reported: set[str] = set()
    for path, text, _, is_option in subject.templates:
        kind = kind_of_text(path, text)
        if subject.is_silenced(path) or kind == "parameter":
            continue
        where = places_in(kind, text)
        for name in placeholders(text):
            if is_option and name == "value":
                yield from _unlimited_choice(subject, str(path[1]), kind, where.get(name, set()))
                continue
            variable = variables.get(name)
            if variable is None or any(path[:2] == ("variables", name) for path in subject.silenced):
                continue
            root = variables.get(variable.source) if variable.source else variable
            limited = root is not None and (root.pattern or root.enum or root.format)
            if not limited and name not in reported:
                reported.add(name)
                message = f"the variable `{name}` is used in {_NAMES[kind]}, but nothing limits its value"
                hint = f"add {'pattern or enum' if kind in {'header', 'realm'} else 'pattern, enum or format'}"
                hint += ", so that a tenant's value cannot change the host" if kind in {"url", "host"} else ""
                yield subject.entry.diagnostic("P036", message, ("variables", name), key=True, hint=hint)
            elif root is not None and limited and name in where:
                yield from _misplaced(subject, path, name, root, where[name])


_NAMES: Mapping[Kind, str] = {
    "url": "a URL",
    "host": "a host",
    "path": "a path",
    "header": "a header",
    "realm": "a realm",
}


def _unlimited_choice(subject: Subject, name: str, kind: Kind, where: Set[Place]) -> Iterator[Diagnostic]:
    option = subject.file.options.get(name)
    inside = where <= {"path"}
    if option is None or option.enum or (option.pattern and inside):
        return
    if inside:
        message = f"the option `{name}` is used in {_NAMES[kind]}, but nothing limits its value"
        hint = "add enum or pattern"
    else:
        message = f"the option `{name}` is part of the host of a URL"
        hint = "add enum, so that no other value can change the host"
    yield subject.entry.diagnostic("P036", message, ("options", name), key=True, hint=hint)


def _misplaced(subject: Subject, path: Path, name: str, variable: Variable, where: Set[Place]) -> Iterator[Diagnostic]:
    kind = variable.format
    message = f"`{{{name}}}` is not allowed here"
    if ("start" in where) != (kind == "uri") or (kind == "uri" and where != {"start"}):
        hint = "use a variable of `format: uri` only at the beginning of a URL, and no other variable there"
        yield subject.entry.diagnostic("P038", message, path, hint=hint)
    elif kind == "hostname" and where - {"host"}:
        hint = "a variable of `format: hostname` is the whole host; for a part of a host, use `pattern`"
        yield subject.entry.diagnostic("P038", message, path, hint=hint)
    elif kind != "hostname" and where & {"host", "end"} and not variable.enum:
        hint = "use `format: hostname` for the whole host, and `enum` for its end, where a pattern allows any domain"
        yield subject.entry.diagnostic("P038", message, path, hint=hint)
    elif "port" in where:
        yield subject.entry.diagnostic(
            "P038", "a port cannot be a variable", path, hint="use a variable of `format: uri`"
        )


def variables_agree_with_themselves(subject: Subject) -> Iterator[Diagnostic]:
    """P037: variables and options accept their own defaults and examples; ``from`` names a variable."""
    file, entry = subject.file, subject.entry
    for name, variable in file.variables.items():
        base: Path = ("variables", name)
        if variable.source is not None:
            chain = file.variables.get(variable.source)
            if chain is None:
                hint = did_you_mean(nearest(variable.source, file.variables)) or "declare it"
                yield entry.diagnostic(
                    "P030", f"`{variable.source}` is not declared under `variables`", (*base, "from"), hint=hint
                )
            elif chain.source is not None:
                message = f"`{variable.source}` is itself derived"
                yield entry.diagnostic(
                    "P037", message, (*base, "from"), hint="derive it from a variable that the application sets"
                )
            if variable.default is not None:
                message = f"`{name}` is derived from `{variable.source}` and has a default"
                yield entry.diagnostic("P037", message, (*base, "default"), key=True, hint="delete the default")
        elif variable.apply:
            yield entry.diagnostic(
                "P037", "`apply` without `from` does nothing", (*base, "apply"), key=True, hint="add `from`"
            )
        for key, value in (("default", variable.default), ("example", variable.example)):
            if value is not None and (wrong := _unfit(subject, variable, value, is_used=key == "default")):
                yield entry.diagnostic("P037", f"`{value}` is not a value of `{name}`: {wrong}", (*base, key))
    for name, option in file.options.items():
        for key, value in (("default", option.default), ("example", option.example)):
            if value is None:
                continue
            for part in value.split(option.separator) if option.separator else (value,):
                if wrong := constraint_error(part, option.pattern, option.enum, None):
                    yield entry.diagnostic(
                        "P037", f"`{part}` is not a value of `{name}`: {wrong}", ("options", name, key)
                    )


def _unfit(subject: Subject, variable: Variable, value: str, *, is_used: bool) -> str | None:
    """Why a variable does not accept the file's own value, which may be a private host, because the author wrote it."""
    wrong = constraint_error(value, variable.pattern, variable.enum, variable.format)
    if wrong or variable.format not in {"uri", "hostname"}:
        return wrong
    scheme, host, _ = origin_of(value if variable.format == "uri" else https_url(value))
    kind = kind_of(host)
    if kind == "restricted":
        return "its host is link-local or a cloud's metadata service"
    if is_used and scheme == "http" and kind != "loopback" and not subject.file.insecure_transport:
        return "it is not https; add `insecure_transport: true` if the provider has none"
    return None


RULES: tuple[Rule, ...] = (
    no_credential_in_parameters,
    no_credential_in_urls,
    no_key_material,
    placeholders_are_declared,
    variables_are_used,
    values_keep_to_their_place,
    variables_agree_with_themselves,
)
