"""An example of the profile that a provider would send, made from the claims that its file reads out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from oauth1_catalog.catalog.provider import UserinfoRules
from oauth1_catalog.emulator.users import User

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def example_profile(rules: UserinfoRules, user: User) -> object:
    """A JSON document in which each of the provider's claim paths finds the user's value.

    >>> rules = UserinfoRules(endpoint="me", claims={"sub": "$.user.id", "email": "$.user.emails[0].value"})
    >>> example_profile(rules, User("ada"))
    {'user': {'emails': [{'value': 'ada@example.com'}], 'id': 968985789}}
    """
    document: list[object] = [None]  # the document is the only element, so that every step has something to stand on
    paths = {claim: text for claim, text in rules.claims.items() if text.startswith("$")}
    # `sub` comes last: where it is read from the user name's place, the user name belongs there.
    for claim in sorted(paths, key=lambda claim: claim == "sub"):
        steps = [0, *steps_of(paths[claim])]
        value = user.claim(claim)
        _place(document, steps, int(value) if claim == "sub" and steps[-1] == "id" else value)
    for text in rules.claims.values():
        if not text.startswith("$"):
            for field in _PLACEHOLDER.findall(text):
                steps = steps_of(field) if field.startswith("$") else list(field.split("."))
                _place(document, [0, *steps], user.claim("preferred_username"))
    for field in _PLACEHOLDER.findall(rules.followup or ""):
        steps = steps_of(field) if field.startswith("$") else list(field.split("."))
        _place(document, [0, *steps], user.claim("preferred_username"))
    return document[0] if document[0] is not None else {}


def steps_of(path: str) -> list[str | int]:
    """The names and indexes that lead along a JSONPath (RFC 9535); a wildcard leads to the first element.

    >>> steps_of("$.avatarUrls['48x48']")
    ['avatarUrls', '48x48']
    """
    import jsonpath_rfc9535
    from jsonpath_rfc9535.selectors import IndexSelector, NameSelector, WildcardSelector

    steps: list[str | int] = []
    for segment in jsonpath_rfc9535.compile(path).segments:
        match segment.selectors[0]:
            case NameSelector(name=name):
                steps.append(name)
            case IndexSelector(index=index):
                steps.append(max(index, 0))
            case WildcardSelector():
                steps.append(0)
            case selector:
                raise ValueError(f"no example can be made for {path!r}: it selects by {type(selector).__name__}")
    return steps


def _place(container: object, steps: Sequence[str | int], value: object) -> None:
    """Put ``value`` at the end of ``steps``, making what is missing on the way; what is there already stays."""
    step, rest = steps[0], steps[1:]
    if isinstance(container, list) and isinstance(step, int):
        container.extend([None] * (step + 1 - len(container)))
        present = container[step]
    elif isinstance(container, dict) and isinstance(step, str):
        present = container.get(step)
    else:
        return
    if present is None:
        present = value if not rest else [] if isinstance(rest[0], int) else {}
        container[step] = present  # type: ignore[index]  # its type and the step's were compared above
    if rest:
        _place(present, rest, value)


def token_fields(rules: UserinfoRules | None, extra: Sequence[str], user: User) -> Mapping[str, str]:
    """The fields of an access token's answer that say who the user is."""
    named = {
        "user_id": "sub",
        "id": "sub",
        "encoded_user_id": "sub",
        "screen_name": "preferred_username",
        "username": "preferred_username",
        "user_name": "preferred_username",
        "fullname": "name",
    }
    fields = {name: user.claim(named.get(name, name)) for name in extra}
    if rules is not None and rules.endpoint == "token_response":
        profile = example_profile(rules, user)
        if isinstance(profile, dict):
            fields |= {name: str(value) for name, value in profile.items() if not isinstance(value, dict | list)}
    return fields
