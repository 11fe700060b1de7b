"""Where a claim comes from: a path into the profile, or a text with ``{field}`` in it."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree as ET

from oauth1_catalog.errors import needs


def path_problem(source: str, *, xml: bool = False) -> str | None:
    """What is wrong with a claim's path, ``None`` if it can be read.

    Args:
        source: what stands for the claim in ``userinfo_claims``.
        xml: whether the profile is an XML document; paths are ElementTree's then, and JSONPath (RFC 9535) otherwise.

    >>> path_problem("$.data[0].id"), path_problem("https://example.com/{id}"), path_problem("user/@id", xml=True)
    (None, None, None)
    >>> path_problem("id")
    'it neither begins with `$` nor holds a {field}'
    """
    if re.search(r"\{\w+\}", source) and (xml or not source.startswith("$")):
        return None
    if xml:
        return _xml_problem(source)
    if source.startswith("$"):
        return _jsonpath_problem(source)
    return "it neither begins with `$` nor holds a {field}"


@lru_cache(maxsize=4096)
def _jsonpath_problem(path: str) -> str | None:
    # Nearly every path is a chain of names, and the parser is not cheap.
    if re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*)+", path):
        return None
    with needs("To check a JSONPath", "cli", "flask", "django", "starlette"):
        import jsonpath_rfc9535

    try:
        jsonpath_rfc9535.compile(path)
    except (jsonpath_rfc9535.JSONPathError, RecursionError) as error:
        return str(error).partition("\n")[0] or "it cannot be read"
    # A profile is the provider's: each `..` multiplies the work by its size, and a function holds an expression.
    costly = ".." in path or "match(" in path or "search(" in path
    return "it searches by `..`, match() or search(); name the field" if costly else None


def _xml_problem(path: str) -> str | None:
    element, _, attribute = path.partition("/@") if "/@" in path else (path, "", "x")
    if path.count("//") > 1:
        return "it searches by `//` more than once"
    try:
        ET.Element("root").find(element)
    except (SyntaxError, KeyError, ValueError) as error:
        return str(error) or "it cannot be read"
    except (TypeError, IndexError, AttributeError, StopIteration, RecursionError):  # ElementTree's own mistakes
        return "it cannot be read"
    return None if re.fullmatch(r"[\w:.-]+", attribute) else "what follows /@ is not the name of an attribute"
