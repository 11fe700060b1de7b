"""What differs between two states of the catalog, for the people who use its providers. Pure: it reads nothing.

Rule 1: a state is a mapping of providers as in ``catalog.json``: every default is written out, and an environment has
the whole value of each field that it changes.
Rule 2: fields on which neither an application nor a reader depends, such as the date of a source, are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal, get_args

from oauth1_catalog.catalog.provider import Provider, build_dataclass

Tree = Mapping[str, Any]
"""A provider as in ``catalog.json``."""

Kind = Literal["retired", "removed", "endpoint", "signature", "access", "host", "login", "choice", "new", "information"]
"""The kinds of a change; the most important comes first."""

KINDS: tuple[Kind, ...] = get_args(Kind)
TITLES: Mapping[Kind, str] = {
    "retired": "OAuth 1.0 has ended",
    "removed": "Names that are gone",
    "endpoint": "Endpoints",
    "signature": "Signatures",
    "access": "Status, keys and dates",
    "host": "Hosts",
    "login": "Logins, tokens and calls",
    "choice": "Options, variables and environments",
    "new": "New providers",
    "information": "Information",
}

_UNUSED = frozenset(
    {"schema_version", "name", "extends", "replace", "logo", "maintainers", "emulated_at", "evidence", "probed"}
)
"""Fields that describe the file. ``probed`` changes each week."""

_KIND_OF: Mapping[str, Kind] = {
    **dict.fromkeys(("api_base_url", "userinfo_endpoint", "userinfo_followup"), "endpoint"),
    **dict.fromkeys(("client_kwargs", "token_signature_type", "multipart"), "signature"),
    **dict.fromkeys(("api_auth", "api_auth_header", "required_credentials", "session_token"), "signature"),
    **dict.fromkeys(("status", "access", "sunset", "replaced_by", "successor"), "access"),
    "api_hosts": "host",
    "aliases": "removed",
    **dict.fromkeys(("options", "variables", "environments"), "choice"),
    **dict.fromkeys(("display_name", "categories", "homepage", "docs_url", "registration_url"), "information"),
    **dict.fromkeys(("status_note", "setup", "signature_methods", "rate_limits"), "information"),
    **dict.fromkeys(("credential_labels", "quirks"), "information"),
}
_SETS = frozenset({"aliases", "api_hosts", "categories", "enum", "extra", "flows", "refused"})
"""Lists in which an item can come or go."""

_WORDS = frozenset({"description", "example", "meanings"})
"""Parts of options, variables and environments that are for readers."""

_SENTENCES = frozenset({"setup"})
"""Lists of sentences, which are too long to show."""

_LONGEST = 200
"""The longest value that is shown, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one provider.

    Attributes:
        kind: its kind, which is its importance as well.
        provider: the name of the provider.
        display_name: the provider's name, as people write it.
        field: the field as a path, such as ``environments.sandbox.api_base_url``; empty for the whole provider.
        before: the old value; ``None`` if there was none.
        after: the new value; ``None`` if there is none.
        sentence: the change of a whole provider in words.
    """

    kind: Kind
    provider: str
    display_name: str
    field: str
    before: object = None
    after: object = None
    sentence: str = ""

    @property
    def sort_key(self) -> tuple[int, str, str, bool, str]:
        """By importance, then by provider and field; what is new comes before what is gone."""
        return (KINDS.index(self.kind), self.provider, self.field, self.after is None, f"{self.before} {self.after}")

    def text(self, quoted: Callable[[str], str] = str) -> str:
        """The change in words.

        Args:
            quoted: marks a field or a value, such as with backticks.

        >>> Change(kind="host", provider="x", display_name="X", field="api_hosts", after="upload.x.com").text()
        'api_hosts: upload.x.com is new'
        """
        if self.sentence:
            return self.sentence
        field, before, after = quoted(self.field), _shown(self.before), _shown(self.after)
        if self.field in _SENTENCES:
            before = after = ""
        if self.before is None or self.after is None:
            value = f": {quoted(after or before)}" if after or before else ""
            return f"{field}{value} is {'new' if self.before is None else 'gone'}"
        if not before or not after:
            return f"{field} has changed"
        return f"{field}: {quoted(before)} is now {quoted(after)}"


def _shown(value: object) -> str:
    """A value on one line; empty for one that does not fit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _shown(value.get("url") or value.get("state"))
    if isinstance(value, list):
        parts = [_shown(item) for item in value]
        text = ", ".join(parts) if all(part and " " not in part for part in parts) else ""
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else ""


def changes(
    old: Mapping[str, Tree], new: Mapping[str, Tree], *, left_out: Set[str] = frozenset()
) -> tuple[Change, ...]:
    """The changes from one state of the catalog to the next, the most important first.

    Args:
        old: the providers of the first state, by their names.
        new: those of the next one.
        left_out: the names of the providers that are not compared.

    >>> before = {"x": {"name": "x", "status": "active", "api_base_url": "https://a.example/"}}
    >>> [change.text() for change in changes(before, {})]
    ['x is not in the catalog any more']
    """
    found: list[Change] = []
    heirs = {alias: name for name, data in reversed(list(new.items())) for alias in data.get("aliases") or ()}
    for name in sorted({*old, *new} - left_out):
        if name not in new:
            found.append(_removed(name, old[name], heirs.get(name)))
        elif name not in old:
            found.append(_new(name, new[name]))
        else:
            found.extend(_changed(name, old[name], new[name]))
    return tuple(sorted(found, key=lambda change: change.sort_key))


def _removed(name: str, old: Tree, heir: str | None) -> Change:
    sentence = f"{name} is an alias of {heir} now" if heir else f"{name} is not in the catalog any more"
    return Change(
        kind="removed", provider=name, display_name=_display_name(name, old), field="", before=name, sentence=sentence
    )


def _new(name: str, data: Tree) -> Change:
    status, flows = str(data.get("status")), ", ".join(data.get("flows") or ())
    about = _end(name, data) if status == "retired" else f"{status}; {flows}"
    return Change(
        kind="new", provider=name, display_name=_display_name(name, data), field="", after=name, sentence=about
    )


def _changed(name: str, old: Tree, new: Tree) -> Iterator[Change]:
    title = _display_name(name, new)
    if new.get("status") == "retired" and old.get("status") != "retired":
        sentence = _end(name, new)
        yield Change(
            kind="retired",
            provider=name,
            display_name=title,
            field="status",
            before=old.get("status"),
            after="retired",
            sentence=sentence,
        )
        return  # what else has changed concerns nobody any more
    seen: set[tuple[str, str, str]] = set()
    for path, before, after in _differences((), old, new):
        if path[0] in _UNUSED:
            continue
        if path[0] == "environments" and len(path) > 2:
            # An environment contains the values that it shares with the provider, too.
            if (".".join(path[2:]), repr(before), repr(after)) in seen:
                continue
        else:
            seen.add((".".join(path), repr(before), repr(after)))
        is_over = new.get("status") == "retired"
        yield Change(
            kind="information" if is_over else _kind(path, after),
            provider=name,
            display_name=title,
            field=".".join(path),
            before=before,
            after=after,
        )


def _display_name(name: str, data: Tree) -> str:
    return str(data.get("display_name") or name)


def _end(name: str, data: Tree) -> str:
    facts = {key: data.get(key) for key in ("sunset", "replaced_by", "status_note")}
    provider = build_dataclass(Provider, {**facts, "name": name, "status": "retired"})
    return provider.status_sentence.removeprefix(f"{name}: ")


def _kind(path: tuple[str, ...], after: object) -> Kind:
    """The kind of a change at a path."""
    field = path[2] if path[0] == "environments" and len(path) > 2 else path[0]
    if (field == "aliases" and after is not None) or _WORDS.intersection(path[1:]):
        return "information"
    if (
        path[0] not in {"options", "variables"}
        and (field.endswith("_url") or path[-1] == "url")
        and (field not in {"docs_url", "registration_url"})
    ):
        return "endpoint"
    return _KIND_OF.get(field, "login")


def _differences(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The paths at which two values differ, in the order of the fields, environments last."""
    if _plain(old) == _plain(new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({**new, **old}, key=lambda key: key == "environments"):
            yield from _differences((*path, key), old.get(key), new.get(key))
    elif path and path[-1] in _SETS and not any(isinstance(item, Mapping) for item in (*(old or ()), *(new or ()))):
        gone, added = _without(old, new), _without(new, old)
        yield from ((path, item, None) for item in gone)
        yield from ((path, None, item) for item in added)
        if not gone and not added:
            yield path, list(old), list(new)  # their order: the first flow is the default
    else:
        yield path, _plain(old), _plain(new)


def _without(items: Iterable[Any] | None, others: Iterable[Any] | None) -> list[Any]:
    known = set(map(repr, others or ()))  # an item can be a list, which no set contains
    return [item for item in items or () if repr(item) not in known]


def _plain(value: Any) -> Any:
    """A value to compare; ``None`` for an empty one."""
    if isinstance(value, Mapping):
        return {key: plain for key, item in value.items() if (plain := _plain(item)) is not None} or None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value] or None
    return None if value == "" else value
