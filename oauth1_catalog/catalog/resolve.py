"""A provider file's data becomes a ``Provider``: environment, options and variables are filled in.

The order is environment, then options, then variables. Each works on plain data; where values came in from outside, the
model reads the result, so that a URL which a value has made wrong is refused like one that is written wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oauth1_catalog.catalog.choices import Option, Variable, check_names, listing, option_value, variable_values
from oauth1_catalog.catalog.diagnostics import Diagnostic
from oauth1_catalog.catalog.document import Data, Document, Step, dotted
from oauth1_catalog.catalog.provider import Provider, build_dataclass
from oauth1_catalog.catalog.templates import fill_at, placeholders, templates_of
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import Access
from oauth1_catalog.suggestions import did_you_mean, nearest

Tree = dict[str, Any]
"""A file's data once it is known to be what the model wants: mappings, lists and texts."""

_CHOSEN = frozenset({"environments", "options", "extends"})
"""What is used up when a provider is made."""


def choices_of(data: Tree) -> tuple[dict[str, Variable], dict[str, Option]]:
    """The variables and the options of a provider file."""
    variables = {
        name: build_dataclass(Variable, {"source" if key == "from" else key: value for key, value in fields.items()})
        for name, fields in data.get("variables", {}).items()
    }
    return variables, {name: build_dataclass(Option, fields) for name, fields in data.get("options", {}).items()}


def resolve(
    data: Tree,
    *,
    check: Callable[[Tree], object],
    environment: str | None = None,
    values: Mapping[str, object] | None = None,
    access: Access | None = None,
) -> Provider:
    """The provider that an application asked for.

    Args:
        data: the provider's file after ``extends``, known to be right.
        check: refuses data that is not right any more, with a ``ValueError``; called where values were filled in.
        environment: the name of one of the file's environments; ``None`` for the provider itself.
        values: values of the file's variables and options by name. ``None`` counts as not given.
        access: the hosts and transports that given values may name; public hosts and this machine by default.

    Raises:
        ConfigurationError: an environment, variable or option that the file does not have, or a value that it refuses.
        MissingSettingError: a variable that has no default, and no value.
    """
    name = str(data["name"])
    given = {key: value for key, value in (values or {}).items() if value is not None}
    variables, options = choices_of(data)
    check_names(name, given, variables, options)
    data = _with_environment(name, data, environment)
    for key, option in options.items():
        chosen = option_value(name, key, option, given.get(key))
        if chosen is not None:
            try:
                data = merge(data, _with_value(option.sets, chosen))
            except ConfigurationError as error:
                raise ConfigurationError(description=f"{name}: {key}: {error.description}", provider=name) from None
    access = access or Access()
    signing: Any = data.get("client_kwargs", {})
    plaintext = signing.get("signature_method") == "PLAINTEXT"
    filling = variable_values(name, variables, given, access=access, plaintext=plaintext)
    data = {key: value for key, value in data.items() if key not in _CHOSEN}
    data = _filled(name, data, filling)
    if filling or given or environment:
        try:
            # The switches have been looked at; the file itself is known to be right.
            check({**data, "insecure_transport": "true"} if access.insecure_transport else data)
        except ValueError as error:
            raise ConfigurationError(
                description=f"{name}: with these values the provider is not usable: {error}", provider=name
            ) from None
    return _provider(data, environment, filling)


def outline(data: Tree) -> Provider:
    """The provider without an environment and without values: placeholders of variables are left in its texts."""
    return _provider({key: value for key, value in data.items() if key not in _CHOSEN}, None, {})


def _with_environment(provider: str, data: Tree, name: str | None) -> Tree:
    if name is None:
        return data
    environments = data.get("environments", {})
    if name not in environments:
        question = did_you_mean(nearest(name, environments), sentence=True)
        hint = question or listing("It has", environments) or "It has none."
        raise ConfigurationError(description=f"{provider}: no environment `{name}`.", provider=provider, advice=hint)
    return merge(data, {key: value for key, value in environments[name].items() if key != "description"})


def _with_value(data: Any, chosen: str, path: tuple[str | int, ...] = ()) -> Any:
    if isinstance(data, str):
        return fill_at(path, data, {"value": chosen})
    if isinstance(data, dict):
        return {key: _with_value(value, chosen, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_value(item, chosen, (*path, index)) for index, item in enumerate(data)]
    return data


def _filled(provider: str, data: Tree, variables: Mapping[str, str]) -> Tree:
    for path, text, _, _ in templates_of(data):
        if not any(name in variables for name in placeholders(text)):
            continue
        try:
            filled = fill_at(path, text, variables)
        except ConfigurationError as error:
            raise ConfigurationError(description=f"{provider}: {error.description}", provider=provider) from None
        data = _replaced(data, path, filled)
    return data


def _replaced(data: Any, path: tuple[str | int, ...], value: str) -> Any:
    """A copy of the data with another text at ``path``."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {**data, str(step): _replaced(data[str(step)], rest, value)}
    return [_replaced(item, rest, value) if index == step else item for index, item in enumerate(data)]


def _provider(data: Tree, environment: str | None, variables: Mapping[str, str]) -> Provider:
    """The data in the fields of ``Provider``, where the two differ."""
    signing = {key: _flag(value) for key, value in data.get("client_kwargs", {}).items()}
    if signing.get("version") == "none":
        signing["version"] = None
    agent = data.get("user_agent") or {}
    agent = {"value": agent} if isinstance(agent, str) else agent
    by_rsa = str(signing.get("signature_method", "")).startswith("RSA-")
    userinfo = {key.removeprefix("userinfo_"): value for key, value in data.items() if key.startswith("userinfo_")}
    differing: Tree = {
        "display_name": data.get("display_name") or data["name"],
        "quirks": {quirk["id"]: quirk["note"] for quirk in data.get("quirks", ())},
        "environment": environment,
        "variables": variables,
        "required_credentials": data.get("required_credentials")
        or ("client_id", "rsa_key" if by_rsa else "client_secret"),
        "client_kwargs": signing,
        "user_agent": agent.get("value"),
        "user_agent_required": agent.get("required", "false"),
        "user_agent_example": agent.get("example"),
        # What a file leaves out is not what register() leaves out: Authlib's users send it by hand.
        "callback": {"send_at_authorize": "if_unconfirmed", **data.get("callback", {})},
        "userinfo": userinfo if "endpoint" in userinfo else None,
        "from_catalog": "true",
    }
    return build_dataclass(Provider, {**data, **differing})


def _flag(value: Data) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


# What makes a file this file and no other is not inherited.
OWN_FIELDS = frozenset({"schema_version", "name", "aliases", "extends", "replace"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider's merged data, and the documents that it was merged from, its own first."""

    documents: tuple[Document, ...]
    data: dict[str, Data]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def own(self) -> Document:
        """The provider's own file."""
        return self.documents[0]

    def origin(self, path: Sequence[Step]) -> Document:
        """The file that the value at ``path`` came from; the provider's own where none has it."""
        for document in self.documents:
            if document.has(path):
                return document
        return self.own

    def diagnostic(
        self,
        code: str,
        message: str,
        path: Sequence[Step],
        *,
        key: bool = False,
        hint: str = "",
        warning: bool = False,
        replacement: str | None = None,
    ) -> Diagnostic:
        """A finding at the value of ``path``, or at its key, in the file that it came from."""
        return self.origin(path).diagnostic(
            code, message, path, key=key, hint=hint, warning=warning, replacement=replacement
        )


def inherit(documents: Sequence[Document]) -> Entry:
    r"""Merge a provider's own document over the ones that it extends, the nearest first.

    >>> from oauth1_catalog.catalog.source import read
    >>> own = read("name: x\nextends: twitter\ncallback: {verifier: null}\n", path="x.yaml")
    >>> base = read("name: twitter\ncallback: {verifier: none, confirmed: none}\n", path="twitter.yaml")
    >>> inherit([own, base]).data["callback"]
    {'confirmed': 'none'}
    """
    own = documents[0]
    if len(documents) == 1 and not own.has_null:
        return Entry((own,), own.data)
    data: dict[str, Data] = {}
    for document in reversed(documents):
        inherited = {key: value for key, value in data.items() if key not in OWN_FIELDS}
        data = merge(inherited, document.data)
    findings = () if len(documents) > 1 else tuple(_empty(own, own.data, ()))
    return Entry(tuple(documents), data, findings)


def merge(base: dict[str, Data], over: dict[str, Data]) -> dict[str, Data]:
    """A new mapping: ``over`` laid deeply over ``base``.

    >>> merge({"a": {"b": "1", "c": "2"}, "d": ["x"]}, {"a": {"b": None}, "d": ["y"]})
    {'a': {'c': '2'}, 'd': ['y']}
    """
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _empty(document: Document, data: Data, path: tuple[Step, ...]) -> list[Diagnostic]:
    """Fields without a value: they would remove something, and there is nothing to remove."""
    if not isinstance(data, dict):
        return []
    found = []
    for key, value in data.items():
        below = (*path, key)
        if value is None and below not in document.broken:
            hint = "give it a value, or delete the line; null only removes a field of the file that `extends` names"
            found.append(document.diagnostic("P018", f"`{dotted(below)}` has no value", below, key=True, hint=hint))
        else:
            found.extend(_empty(document, value, below))
    return found
