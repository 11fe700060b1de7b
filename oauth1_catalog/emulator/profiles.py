"""An example of the profile that a provider would send, made from the claims that its file reads out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from oauth1_catalog.catalog.provider import UserinfoRules
from oauth1_catalog.emulator.users import User
from oauth1_catalog.extras import needs

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

Way: TypeAlias = list[str | int]
"""Names and indexes, from the root on."""

_FIELD = re.compile(r"\{(\w+)\}")


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
        steps, conditions = way_to(paths[claim])
        value = user.claim(claim)
        _place(document, [0, *steps], int(value) if claim == "sub" and steps[-1] == "id" else value)
        for where, wanted in conditions:
            _place(document, [0, *where], wanted)
    texts = [text for text in rules.claims.values() if not text.startswith("$")]
    for name in _FIELD.findall(" ".join([*texts, rules.followup or ""])):
        _place(document, [0, name], user.claim("preferred_username"))
    return document[0] if document[0] is not None else {}


def way_to(path: str) -> tuple[Way, list[tuple[Way, object]]]:
    """The names and indexes that lead along a JSONPath (RFC 9535), and what must stand beside the way.

    A wildcard leads to the first element. So does a filter, which must compare one value with ``==``: that value must
    be there.

    >>> way_to("$.avatarUrls['48x48']")
    (['avatarUrls', '48x48'], [])
    >>> way_to("$.blogs[?@.primary == true].url")
    (['blogs', 0, 'url'], [(['blogs', 0, 'primary'], True)])
    """
    with needs("The emulator", "emulator"):
        import jsonpath_rfc9535

    return _way(jsonpath_rfc9535.compile(path))


def _way(query: JSONPathQuery) -> tuple[Way, list[tuple[Way, object]]]:
    from jsonpath_rfc9535.filter_expressions import ComparisonExpression, FilterExpressionLiteral, RelativeFilterQuery
    from jsonpath_rfc9535.selectors import FilterSelector, IndexSelector, NameSelector, WildcardSelector

    steps: Way = []
    conditions: list[tuple[Way, object]] = []
    for segment in query.segments:
        match segment.selectors[0]:
            case NameSelector(name=name):
                steps.append(name)
            case IndexSelector(index=index):
                steps.append(max(index, 0))
            case WildcardSelector():
                steps.append(0)
            case FilterSelector(expression=expression):
                steps.append(0)
                match expression.expression:
                    case ComparisonExpression(
                        operator="==",
                        left=RelativeFilterQuery(query=inner),
                        right=FilterExpressionLiteral(value=wanted),
                    ):
                        conditions.append(([*steps, *_way(inner)[0]], wanted))
                    case _:
                        raise ValueError(f"no example can be made for the filter of {query}")
            case other:
                raise ValueError(f"no example can be made for {query}: it selects by {type(other).__name__}")
    return steps, conditions


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
