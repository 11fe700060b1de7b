"""What an application chooses of a provider: the values of its variables, and its options.

The meaning of each field is told in ``sections.py``, whose names these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from oauth1_catalog.catalog.templates import constraint_error
from oauth1_catalog.errors import ConfigurationError, MissingSettingError
from oauth1_catalog.hosts import Access, https_url, origin_of
from oauth1_catalog.suggestions import did_you_mean, nearest

_APPLY: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "underscore_to_dash": lambda value: value.replace("_", "-"),
    "dash_to_underscore": lambda value: value.replace("-", "_"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A value that differs from tenant to tenant; ``source`` is the file's ``from``."""

    description: str | None = None
    format: str | None = None
    pattern: str | None = None
    enum: tuple[str, ...] | None = None
    default: str | None = None
    example: str | None = None
    source: str | None = None
    apply: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice of the application; ``sets`` is the data that it changes."""

    enum: tuple[str, ...] | None = None
    pattern: str | None = None
    separator: str | None = None
    default: str | None = None
    sets: Mapping[str, object]


def check_names(
    provider: str, given: Iterable[str], variables: Mapping[str, Variable], options: Mapping[str, Option]
) -> None:
    """Refuse a name that the provider's file does not have.

    Raises:
        ConfigurationError: says which names there are.
    """
    known = [*(name for name, variable in variables.items() if variable.source is None), *options]
    for name in given:
        if name in known:
            continue
        derived = variables.get(name)
        if derived is not None and derived.source is not None:
            hint = f"It is made from `{derived.source}`; give that one."
        else:
            question = did_you_mean(nearest(name, known), sentence=True)
            hint = question or listing("It takes", known) or "It takes none."
        raise ConfigurationError(
            description=f"{provider}: the catalog's file has no variable or option `{name}`.",
            provider=provider,
            advice=hint,
        )


def listing(words: str, names: Iterable[str]) -> str:
    """``words`` and the names, or nothing where there are none."""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{words} {listed}." if listed else ""


def option_value(provider: str, name: str, option: Option, value: object | None) -> str | None:
    """The text of what was chosen, of the default where nothing was.

    Raises:
        ConfigurationError: the option does not have that value.
    """
    chosen = option.default if value is None else _text(provider, name, value, option.separator)
    if chosen is None:
        return None
    for part in chosen.split(option.separator) if option.separator else (chosen,):
        if wrong := constraint_error(part, option.pattern, option.enum, None):
            raise ConfigurationError(
                description=f"{provider}: {name}={part!r} is not possible: {wrong}", provider=provider
            )
    return chosen


def variable_values(
    provider: str, variables: Mapping[str, Variable], given: Mapping[str, object], *, access: Access, plaintext: bool
) -> dict[str, str]:
    """The value of each variable: given, by default, or derived from another one.

    Args:
        provider: the provider's name, for messages.
        variables: the variables of its file.
        given: the application's values.
        access: the hosts and transports that given values may name; a default is the file's own.
        plaintext: whether the provider's requests are signed with PLAINTEXT.

    Raises:
        MissingSettingError: a variable has no default, and no value was given.
        ConfigurationError: a value is outside the variable's limits.
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
        value = value.rstrip("/")
    shown = f"{provider}: {name}={value[:100]!r}" if "@" not in value else f"{provider}: {name}"
    if wrong := constraint_error(value, variable.pattern, variable.enum, variable.format):
        raise ConfigurationError(description=f"{shown} is not possible: {wrong}.", provider=provider, advice=example)
    if name in given and variable.format in {"uri", "hostname"}:
        check_access(shown, value if variable.format == "uri" else https_url(value), access, provider, plaintext)
    return value


def check_access(shown: str, url: str, access: Access, provider: str, plaintext: bool) -> None:
    """Refuse a given address that the application's switches do not allow.

    Raises:
        ConfigurationError: names the switches.
    """
    if access.needs(url):
        raise ConfigurationError(
            "insecure_transport" if access.local_hosts.allows(origin_of(url).host) else "forbidden_local_host",
            f"{shown} {access.needs(url, plaintext=plaintext)}",
            provider=provider,
        )


def _text(provider: str, name: str, value: object, separator: str | None) -> str:
    """The text of a value; several are joined where the file says with what."""
    if isinstance(value, (list, tuple, set, frozenset)):
        if separator is None:
            raise ConfigurationError(description=f"{provider}: {name} takes one value, not several.", provider=provider)
        parts = [_text(provider, name, part, None) for part in value]
        return separator.join(sorted(parts) if isinstance(value, (set, frozenset)) else parts)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return str(value)
    # A framework's own URL or lazy text says what it is by str(); anything else is a mistake.
    if type(value).__str__ is object.__str__ or isinstance(value, (bytes, Mapping)):
        kind = type(value).__name__
        raise ConfigurationError(description=f"{provider}: {name} must be text, not {kind}.", provider=provider)
    return str(value)
