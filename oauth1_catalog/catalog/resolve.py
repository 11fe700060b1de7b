"""Turn the data of a provider file into a ``Provider``: apply the environment, the options and the variables, in order.

Each step works on plain data. If values came from outside, the model validates the result, so that a value cannot make
a URL that a file could not contain. ``model.py`` documents the fields of variables and options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from oauth1_catalog.access import Access
from oauth1_catalog.catalog.data import Data, default_credentials, merge
from oauth1_catalog.catalog.provider import Provider, build_dataclass
from oauth1_catalog.catalog.templates import constraint_error, fill_at, placeholders, templates_of
from oauth1_catalog.errors import ConfigurationError, MissingSettingError
from oauth1_catalog.hosts import https_url, origin_of
from oauth1_catalog.suggestions import did_you_mean, nearest

Tree = dict[str, Any]
"""The validated data of a file: mappings, lists and texts."""

_CHOSEN = frozenset({"environments", "options", "extends"})
"""Sections that a resolved provider no longer has."""


_APPLY: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "underscore_to_dash": lambda value: value.replace("_", "-"),
    "dash_to_underscore": lambda value: value.replace("-", "_"),
}


class Variable(NamedTuple):
    """A value that differs between tenants; ``source`` is ``from`` in the file."""

    description: str | None = None
    format: str | None = None
    pattern: str | None = None
    enum: tuple[str, ...] | None = None
    default: str | None = None
    example: str | None = None
    source: str | None = None
    apply: tuple[str, ...] = ()


class Option(NamedTuple):
    """A choice of the application; ``sets`` contains the data that it changes."""

    sets: Mapping[str, object]
    enum: tuple[str, ...] | None = None
    pattern: str | None = None
    separator: str | None = None
    default: str | None = None


Choice = TypeVar("Choice", Variable, Option)


def choices_of(data: Tree) -> tuple[dict[str, Variable], dict[str, Option]]:
    """The variables and the options of a provider file."""
    variables = {
        name: _choice(Variable, {"source" if key == "from" else key: value for key, value in fields.items()})
        for name, fields in data.get("variables", {}).items()
    }
    return variables, {name: _choice(Option, fields) for name, fields in data.get("options", {}).items()}


def _choice(kind: type[Choice], fields: Tree) -> Choice:
    values: Tree = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return kind(**{name: value for name, value in values.items() if name in kind._fields})


def resolve(
    data: Tree,
    *,
    check: Callable[[Tree], object],
    environment: str | None = None,
    values: Mapping[str, object] | None = None,
    access: Access | None = None,
) -> Provider:
    """The provider for an application.

    Args:
        data: the validated data of the provider's file, merged with the file that it ``extends``.
        check: raises a ``ValueError`` if the data is not valid with the values.
        environment: the name of one of the file's environments; ``None`` for the provider itself.
        values: values of the file's variables and options by name. ``None`` means not set.
        access: the hosts and transports that values may name; by default public hosts and this machine.

    Raises:
        ConfigurationError: the file has no such environment, variable or option, or does not accept the value.
        MissingSettingError: a variable has neither a default nor a value.
    """
    name = str(data["name"])
    given = {key: value for key, value in (values or {}).items() if value is not None}
    variables, options = choices_of(data)
    check_names(name, given, variables, options)
    data = with_options(with_environment(name, data, environment), given)
    access = access or Access()
    signing: Any = data.get("client_kwargs", {})
    plaintext = signing.get("signature_method") == "PLAINTEXT"
    filling = variable_values(name, variables, given, access=access, plaintext=plaintext)
    data = {key: value for key, value in data.items() if key not in _CHOSEN}
    data = _filled(name, data, filling)
    if filling or given or environment:
        try:
            # The switches were checked above, and the file itself is valid.
            check({**data, "insecure_transport": "true"} if access.insecure_transport else data)
        except ValueError as error:
            raise ConfigurationError(
                description=f"{name}: the provider cannot be used with these values: {error}", provider=name
            ) from None
    return _provider(data, environment, filling)


def outline(data: Tree) -> Provider:
    """The provider without an environment and without values, with the placeholders of its variables."""
    return _provider({key: value for key, value in with_options(data, {}).items() if key not in _CHOSEN}, None, {})


def with_options(data: Tree, given: Mapping[str, object]) -> Tree:
    """The data with what the options set, each with the value in ``given`` or its default.

    Raises:
        ConfigurationError: an option does not accept the value.
    """
    name = str(data["name"])
    for key, option in choices_of(data)[1].items():
        chosen = option_value(name, key, option, given.get(key))
        if chosen is not None:
            try:
                data = merge(data, _with_value(option.sets, chosen))
            except ConfigurationError as error:
                raise ConfigurationError(description=f"{name}: {key}: {error.description}", provider=name) from None
    return data


def with_environment(provider: str, data: Tree, name: str | None) -> Tree:
    """The data with the changes of an environment; ``None`` changes nothing.

    Raises:
        ConfigurationError: the file has no such environment.
    """
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
    userinfo = {key.removeprefix("userinfo_"): value for key, value in data.items() if key.startswith("userinfo_")}
    differing: Tree = {
        "display_name": data.get("display_name") or data["name"],
        "quirks": {quirk["id"]: quirk["note"] for quirk in data.get("quirks", ())},
        "environment": environment,
        "variables": variables,
        "required_credentials": data.get("required_credentials")
        or default_credentials(str(signing.get("signature_method", ""))),
        "client_kwargs": signing,
        "user_agent": agent.get("value"),
        "user_agent_required": agent.get("required", "false"),
        "user_agent_example": agent.get("example"),
        # The default differs from that of register(): Authlib's users send it by hand.
        "callback": {"send_at_authorize": "if_unconfirmed", **data.get("callback", {})},
        "userinfo": userinfo if "endpoint" in userinfo else None,
        "from_catalog": "true",
    }
    return build_dataclass(Provider, {**data, **differing})


def _flag(value: Data) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def check_names(
    provider: str, given: Iterable[str], variables: Mapping[str, Variable], options: Mapping[str, Option]
) -> None:
    """Refuse a name that the provider's file does not have.

    Raises:
        ConfigurationError: the file has no such name.
    """
    known = [*(name for name, variable in variables.items() if variable.source is None), *options]
    for name in given:
        if name in known:
            continue
        derived = variables.get(name)
        if derived is not None and derived.source is not None:
            hint = f"It is derived from `{derived.source}`: set that instead."
        else:
            question = did_you_mean(nearest(name, known), sentence=True)
            hint = question or listing("It accepts", known) or "It has none."
        raise ConfigurationError(
            description=f"{provider}: the catalog's file has no variable or option `{name}`.",
            provider=provider,
            advice=hint,
        )


def listing(words: str, names: Iterable[str]) -> str:
    """``words`` and the names; empty if there are no names."""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{words} {listed}." if listed else ""


def option_value(provider: str, name: str, option: Option, value: object | None) -> str | None:
    """The text of the chosen value, or of the default.

    Raises:
        ConfigurationError: the option does not accept the value.
    """
    chosen = option.default if value is None else _text(provider, name, value, option.separator)
    if chosen is None:
        return None
    for part in chosen.split(option.separator) if option.separator else (chosen,):
        if wrong := constraint_error(part, option.pattern, option.enum, None):
            raise ConfigurationError(
                description=f"{provider}: {name}={part!r} is not allowed: {wrong}", provider=provider
            )
    return chosen


def variable_values(
    provider: str, variables: Mapping[str, Variable], given: Mapping[str, object], *, access: Access, plaintext: bool
) -> dict[str, str]:
    """The value of each variable: set, its default, or derived from another variable.

    Args:
        provider: the provider's name, for messages.
        variables: the variables of its file.
        given: the application's values.
        access: the hosts and transports that values may name; defaults are not checked.
        plaintext: whether the provider's requests are signed with PLAINTEXT.

    Raises:
        MissingSettingError: a variable has neither a default nor a value.
        ConfigurationError: a variable does not accept its value.
    """
    values: dict[str, str] = {}
    for name, variable in variables.items():
        if variable.source is None:
            values[name] = _variable_value(provider, name, variable, given, access, plaintext=plaintext)
    for name, variable in variables.items():
        if variable.source is not None:
            value = values[variable.source]
            for step in variable.apply:
                value = _APPLY[step](value)
            values[name] = value
    return values


def _variable_value(
    provider: str, name: str, variable: Variable, given: Mapping[str, object], access: Access, *, plaintext: bool
) -> str:
    value = _text(provider, name, given[name], None) if name in given else variable.default
    example = f"An example: {variable.example}." if variable.example else ""
    if value is None:
        what = f" ({variable.description.rstrip('.')})" if variable.description else ""
        raise MissingSettingError(f"{provider}: no {name}{what}.", provider=provider, setting=name, advice=example)
    if variable.format == "uri":
        scheme, separator, rest = value.rstrip("/").partition("://")
        value = f"{scheme.lower()}{separator}{rest}"  # RFC 3986, section 3.1: a phone's keyboard writes Https://
    shown = f"{provider}: {name}={value[:100]!r}" if "@" not in value else f"{provider}: {name}"
    if wrong := constraint_error(value, variable.pattern, variable.enum, variable.format):
        raise ConfigurationError(description=f"{shown} is not allowed: {wrong}.", provider=provider, advice=example)
    if name in given and variable.format in {"uri", "hostname"}:
        check_access(shown, value if variable.format == "uri" else https_url(value), access, provider, plaintext)
    return value


def check_access(shown: str, url: str, access: Access, provider: str, plaintext: bool) -> None:
    """Refuse an address that the application's switches do not allow.

    Raises:
        ConfigurationError: the address needs a switch, which the message names.
    """
    if access.needs(url):
        raise ConfigurationError(
            "insecure_transport" if access.local_hosts.allows(origin_of(url).host) else "forbidden_local_host",
            f"{shown} {access.needs(url, plaintext=plaintext)}",
            provider=provider,
        )


def _text(provider: str, name: str, value: object, separator: str | None) -> str:
    """The text of a value; several values are joined with the option's separator."""
    if isinstance(value, (list, tuple, set, frozenset)):
        if separator is None:
            raise ConfigurationError(
                description=f"{provider}: {name} accepts one value, not several.", provider=provider
            )
        parts = [_text(provider, name, part, None) for part in value]
        return separator.join(sorted(parts) if isinstance(value, (set, frozenset)) else parts)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    # A framework's URL or lazy text has its own str(); any other object is a mistake.
    if type(value).__str__ is object.__str__ or isinstance(value, (bytes, Mapping)):
        kind = type(value).__name__
        raise ConfigurationError(description=f"{provider}: {name} must be text, not {kind}.", provider=provider)
    return str(value)
