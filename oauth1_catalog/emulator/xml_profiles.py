"""An example of a profile in XML, made from the ElementTree paths of the provider's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from oauth1_catalog.emulator.users import User

_STEP = re.compile(r"(@?[\w:.-]+)(?:\[(@?[\w:.-]+)=['\"]([^'\"]*)['\"]\])?")


def example_xml(claims: Mapping[str, str], user: User) -> str:
    """A document in which each claim's path, from the root on, finds the user's value.

    A path is one of ElementTree; a last step with ``@`` is an attribute.

    >>> example_xml({"sub": "user/@id", "email": "user/mail[kind='main']/address"}, User("ada"))
    '<answer><user id="968985789"><mail><kind>main</kind><address>ada@example.com</address></mail></user></answer>'

    Raises:
        ValueError: no example can be made for a path.
    """
    root = ET.Element("answer")
    for claim, path in claims.items():
        if "{" not in path:
            _place(root, path, user.claim(claim))
    return ET.tostring(root, encoding="unicode")


def _place(element: ET.Element, path: str, value: str) -> None:
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
