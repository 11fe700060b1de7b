"""Example users, and the profiles that a provider would send for them, built from the claims in its file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from xml.etree import ElementTree as ET

from oauth1_catalog.catalog.provider import UserinfoRules
from oauth1_catalog.errors import needs

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery


Way: TypeAlias = list[str | int]
"""Names and indexes, from the root."""

_FIELD = re.compile(r"\{(\w+)\}")
_STEP = re.compile(r"(@?[\w:.-]+)(?:\[(@?[\w:.-]+)=['\"]([^'\"]*)['\"]\])?")


@dataclass(frozen=True, slots=True)
class User:
    """A person. Every claim is derived from ``username``, so that all runs and all processes agree.

    >>> User("ada").claim("email")
    'ada@example.com'
    >>> User("ada").claim("sub") == User("grace").claim("sub")
    False
    """

    username: str

    def claim(self, name: str) -> str:
        """The value of an OpenID Connect claim. Other claims have an example value."""
        slug = re.sub(r"[^A-Za-z0-9._-]", "-", self.username)
        given = self.username.partition("@")[0].replace("_", " ").replace(".", " ").title() or "Somebody"
        known = {
            "sub": str(10**8 + int.from_bytes(hashlib.sha256(self.username.encode()).digest()[:6]) % (9 * 10**8)),
            "preferred_username": self.username,
            "nickname": self.username,
            "name": f"{given} Example",
            "given_name": given,
            "family_name": "Example",
            "email": f"{slug}@example.com",
            "email_verified": "true",
            "picture": f"https://example.com/{slug}/portrait.png",
            "profile": f"https://example.com/{slug}",
            "website": f"https://{slug.lower()}.example.org/",
            "zoneinfo": "Europe/London",
            "locale": "en-GB",
        }
        return known.get(name, f"example {name}")


DEFAULT_USER = User("ada")


def example_profile(rules: UserinfoRules, user: User) -> object:
    """A JSON document in which each of the provider's claim paths finds the user's value.

    >>> rules = UserinfoRules(endpoint="me", claims={"sub": "$.user.id", "email": "$.user.emails[0].value"})
    >>> example_profile(rules, User("ada"))
    {'user': {'emails': [{'value': 'ada@example.com'}], 'id': 968985789}}
    """
    document: list[object] = [None]  # the document is its only element, so that every step has a container
    paths = {claim: text for claim, text in rules.claims.items() if text.startswith("$")}
    # `sub` comes last: if it is read from the same place as the user name, the user name wins.
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
    """The names and indexes along a JSONPath (RFC 9535), and the values that its filters require.

    A wildcard stands for the first element. So does a filter, which must compare one value with ``==``.

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
    """Put ``value`` at the end of ``steps``, and create the containers on the way. Existing values stay."""
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
        container[step] = present  # type: ignore[index]  # the types of both were compared above
    if rest:
        _place(present, rest, value)


def example_xml(claims: Mapping[str, str], user: User) -> str:
    """An XML document in which the path of each claim finds the user's value.

    The paths are those of ElementTree; a last step with ``@`` is an attribute.

    >>> example_xml({"sub": "user/@id", "email": "user/mail[kind='main']/address"}, User("ada"))
    '<answer><user id="968985789"><mail><kind>main</kind><address>ada@example.com</address></mail></user></answer>'

    Raises:
        ValueError: a path has no example.
    """
    root = ET.Element("answer")
    for claim, path in claims.items():
        if "{" not in path:
            _put(root, path, user.claim(claim))
    return ET.tostring(root, encoding="unicode")


def _put(element: ET.Element, path: str, value: str) -> None:
    for text in path.removeprefix("./").split("/"):
        step = _STEP.fullmatch(text)
        if step is None:
            raise ValueError(f"no example can be made for {path!r}")
        name, condition, wanted = step.groups()
        if name.startswith("@"):
            element.set(name[1:], value)
            return
        child = element.find(text)
        if child is None:
            child = ET.SubElement(element, name)
            if condition and condition.startswith("@"):
                child.set(condition[1:], wanted)
            elif condition:
                ET.SubElement(child, condition).text = wanted
        element = child
    element.text = value


def token_fields(rules: UserinfoRules | None, extra: Sequence[str], user: User) -> Mapping[str, str]:
    """The fields of an access token's response that identify the user."""
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
