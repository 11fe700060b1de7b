"""Mistakes in what is signed: parameters left out, added, or put in another order (RFC 5849, section 3.4.1.3)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from urllib.parse import quote, quote_plus, unquote

from oauth1_catalog.diagnosis.mistakes import Facts, Mistake, Variants
from oauth1_catalog.diagnosis.signing import (
    Encode,
    Pair,
    Parameter,
    Place,
    Signing,
    multipart_fields,
    others,
    split_pairs,
)
from oauth1_catalog.rfc5849.parameters import is_form

_ORDERS = (
    "consumer_key token signature_method timestamp nonce version callback verifier",  # RFC 5849, ruby-oauth
    "consumer_key signature_method timestamp nonce version token callback verifier",  # OAuth Core 1.0
    "consumer_key nonce signature_method timestamp version token callback verifier",  # oauth-1.0a of npm
    "consumer_key nonce signature_method token timestamp version callback verifier",  # PHP scripts
    "version nonce timestamp consumer_key token signature_method callback verifier",  # OAuth.php
    "nonce timestamp version signature_method consumer_key token callback verifier",  # oauthlib
    "token timestamp nonce consumer_key signature_method version callback verifier",  # Scribe of Java
)
"""Orders in which libraries put the protocol parameters before they sort them."""
_ADDED = {
    "oauth_token": ("",),
    "oauth_version": ("1.0",),
    "oauth_callback": ("oob", ""),
    "oauth_verifier": ("",),
    "oauth_signature": ("",),
}
"""Protocol parameters that a library signs although it does not send them."""


def query_left_out(signing: Signing, _: Facts) -> Variants:
    """The base string has only the path."""
    yield "", signing.changed(parameters=others(signing.parameters, "query"))


def form_left_out(signing: Signing, _: Facts) -> Variants:
    """The body is not signed although it is a form."""
    yield "", signing.changed(parameters=others(signing.parameters, "body"))


def protocol_left_out(signing: Signing, _: Facts) -> Variants:
    """A protocol parameter is sent, but not signed."""
    for name in dict.fromkeys(one.name for one in signing.parameters if one.name.startswith("oauth_")):
        yield name, signing.changed(parameters=tuple(one for one in signing.parameters if one.name != name))


def protocol_added(signing: Signing, _: Facts) -> Variants:
    """A protocol parameter is signed, but not sent."""
    there = {one.name for one in signing.parameters}
    for name, values in _ADDED.items():
        for value in values if name not in there else ():
            yield f"{name}={value}", _with(signing, (name, value))


def realm_signed(signing: Signing, facts: Facts) -> Variants:
    """The realm is signed."""
    if facts.sent.realm is not None:
        yield "", _with(signing, ("realm", facts.sent.realm))


def json_signed(signing: Signing, facts: Facts) -> Variants:
    """The members of a JSON body are signed as if it were a form."""
    text = facts.sent.text
    if not text.lstrip().startswith(("{", "[")) or facts.sent.form:
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        as_json = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in found.items()]
        as_text = [(name, value if isinstance(value, str) else str(value)) for name, value in found.items()]
        for pairs in (as_json, as_text):
            yield "its members", _with(signing, *pairs)
    yield "the whole text as a name", _with(signing, (text, ""))


def body_signed(signing: Signing, facts: Facts) -> Variants:
    """A body of another type than a form is signed as one."""
    text, content_type = facts.sent.text, facts.sent.request.header("Content-Type")
    if text and "=" in text and not is_form(content_type) and not text.lstrip().startswith(("{", "[", "<", "--")):
        pairs = [(one.name, one.value) for one in split_pairs(text, "body")]
        yield content_type or "no Content-Type", _with(signing, *pairs)


def multipart_signed(signing: Signing, facts: Facts) -> Variants:
    """The text fields of a multipart body are signed."""
    if not any(one.place == "body" for one in signing.parameters) and (fields := multipart_fields(facts.sent.request)):
        yield "", signing.changed(parameters=(*signing.parameters, *fields))


def repeated_collapsed(signing: Signing, _: Facts) -> Variants:
    """Of a name that occurs more than once, one value is signed, as in a dictionary."""
    last = {one.name: one for one in signing.parameters}
    first = {one.name: one for one in reversed(signing.parameters)}
    yield "the last", signing.changed(parameters=tuple(last.values()))
    yield "the first", signing.changed(parameters=tuple(first.values()))


def empty_left_out(signing: Signing, _: Facts) -> Variants:
    """Parameters without a value are not signed."""
    yield "", signing.changed(parameters=tuple(one for one in signing.parameters if one.value))


def arrays_renamed(signing: Signing, _: Facts) -> Variants:
    """The names of an array are rewritten, as by PHP, jQuery, and npm's ``oauth`` and ``qs``."""
    times = Counter(one.name for one in signing.parameters)
    for detail, ending, name_of in (
        ("a[] as a[0]", "[]", "{}[{}]"),
        ("a[] as a", "[]", "{}"),
        ("a as a[0]", "", "{}[{}]"),
        ("a as a[]", "", "{}[]"),
    ):
        counts: Counter[str] = Counter()
        changed = []
        for one in signing.parameters:
            name = one.name
            if (name.endswith(ending) and ending) or (not ending and times[name] > 1):
                changed.append(replace(one, name=name_of.format(name.removesuffix(ending), counts[name])))
                counts[name] += 1
            else:
                changed.append(one)
        yield detail, signing.changed(parameters=tuple(changed))


def plus_kept(signing: Signing, _: Facts) -> Variants:
    """A ``+`` of the query or the form is signed as a plus, not as a blank."""
    changed = (
        replace(one, name=unquote(one.sent[0]), value=unquote(one.sent[1]))
        if one.place != "header" and any(one.sent)
        else one
        for one in signing.parameters
    )
    yield "", signing.changed(parameters=tuple(changed))


def values_trimmed(signing: Signing, _: Facts) -> Variants:
    """White space around values is not signed."""
    yield "", signing.changed(parameters=tuple(replace(one, value=one.value.strip()) for one in signing.parameters))


def signed_as_sent(signing: Signing, _: Facts) -> Variants:
    """Names or values are signed encoded, so that they are encoded twice."""
    everywhere: tuple[Place, ...] = ("query", "body", "header")
    seen = {signing.parameters}
    for detail, places in (
        ("the query", everywhere[:1]),
        ("the form", everywhere[1:2]),
        ("the OAuth parameters", everywhere[2:]),
        ("all parameters", everywhere),
    ):
        # Once by the application, with a function of its language, and once by the library.
        before = [_encoded(signing, places, encode) for encode in (signing.encode_value, quote, _like_javascript)]
        before.append(_encoded(signing, places, quote_plus))
        before += (_as_sent(signing, places, values=values) for values in (True, False))
        for parameters in before:
            if parameters not in seen:
                seen.add(parameters)
                yield detail, signing.changed(parameters=parameters)


def _encoded(signing: Signing, places: Sequence[Place], encode: Encode) -> tuple[Parameter, ...]:
    return tuple(
        replace(one, name=encode(one.name), value=encode(one.value)) if one.place in places else one
        for one in signing.parameters
    )


def _as_sent(signing: Signing, places: Sequence[Place], *, values: bool) -> tuple[Parameter, ...]:
    """The names of a query or a form as they are sent, and the values, too, or decoded."""
    return tuple(
        replace(one, name=one.sent[0], value=one.sent[1] if values else one.value)
        if one.place in places and one.place != "header"
        else one
        for one in signing.parameters
    )


def _like_javascript(text: str) -> str:
    return quote(text, safe="~!*'()")


def not_sorted(signing: Signing, _: Facts) -> Variants:
    """The parameters are in the order in which they were sent, or in that of a library."""
    own = [one for one in signing.parameters if one.name.startswith("oauth_")]
    rest = [one for one in signing.parameters if not one.name.startswith("oauth_")]
    orders = [own, sorted(own, key=lambda one: one.name)]
    orders += [_in_order(own, names.split()) for names in _ORDERS]
    seen: set[tuple[Parameter, ...]] = set()
    for parameters in (signing.parameters, *chain.from_iterable(((*rest, *one), (*one, *rest)) for one in orders)):
        if parameters not in seen:
            seen.add(parameters)
            yield "", signing.changed(parameters=parameters, order=_joined)


def _in_order(parameters: Sequence[Parameter], names: Sequence[str]) -> list[Parameter]:
    places = {f"oauth_{name}": place for place, name in enumerate(names)}
    return sorted(parameters, key=lambda one: places.get(one.name, -1))


def sorted_before_encoding(signing: Signing, _: Facts) -> Variants:
    """The parameters are sorted before they are encoded."""
    yield "", signing.changed(sort_decoded=True)


def sorted_as_text(signing: Signing, _: Facts) -> Variants:
    """Names and values are joined before they are sorted."""
    yield "", signing.changed(order=lambda pairs: sorted(_joined(pairs)))


def sorted_by_name_alone(signing: Signing, _: Facts) -> Variants:
    """Equal names keep the order in which they were sent."""
    yield "", signing.changed(order=lambda pairs: _joined(sorted(pairs, key=lambda pair: pair[0])))


def sorted_without_case(signing: Signing, _: Facts) -> Variants:
    """Capital and small letters are not distinguished."""
    yield "", signing.changed(order=lambda pairs: _joined(sorted(pairs, key=lambda pair: pair[0].lower())))


def _joined(pairs: Sequence[Pair]) -> list[str]:
    return [f"{name}={value}" for name, value in pairs]


def _with(signing: Signing, *pairs: Pair) -> Signing:
    added = tuple(Parameter(name, value, "body") for name, value in pairs)
    return signing.changed(parameters=(*signing.parameters, *added))


MISTAKES = (
    Mistake(
        "query-left-out",
        "The parameters of the query are not signed.",
        "Sign the parameters of the query, too (RFC 5849, section 3.4.1.3.1).",
        query_left_out,
    ),
    Mistake(
        "form-left-out",
        "The parameters of the form are not signed.",
        "Sign the parameters of a form-encoded body, too, or send the body with another Content-Type.",
        form_left_out,
    ),
    Mistake(
        "parameter-not-signed",
        "{detail} is sent, but not signed.",
        "Sign every OAuth parameter that you send, except oauth_signature and the realm.",
        protocol_left_out,
    ),
    Mistake(
        "parameter-not-sent",
        "{detail} is signed, but not sent.",
        "Send every OAuth parameter that you sign.",
        protocol_added,
    ),
    Mistake("realm-signed", "The realm is signed.", "Leave the realm out of the base string.", realm_signed),
    Mistake(
        "json-signed",
        "The JSON body is signed as if it were a form ({detail}).",
        "Do not sign a JSON body. Only a body of the type application/x-www-form-urlencoded is signed.",
        json_signed,
    ),
    Mistake(
        "body-signed",
        "The body is signed as a form, but is sent with {detail}.",
        "Send it with Content-Type: application/x-www-form-urlencoded, or do not sign it.",
        body_signed,
    ),
    Mistake(
        "multipart-signed",
        "The text fields of the multipart body are signed.",
        "Do not sign a multipart body. Few providers, such as Flickr, want its text fields signed.",
        multipart_signed,
    ),
    Mistake(
        "repeated-parameter-lost",
        "Of a parameter that is sent more than once, only {detail} value is signed.",
        "Keep parameters in a list of pairs, not in a dictionary, and sign each of them.",
        repeated_collapsed,
    ),
    Mistake(
        "empty-parameter-lost",
        "Parameters with an empty value are not signed.",
        "Sign them as name=, or do not send them.",
        empty_left_out,
    ),
    Mistake(
        "array-renamed",
        "The names of an array are signed in another form: {detail}.",
        "Sign each name as it is sent.",
        arrays_renamed,
    ),
    Mistake(
        "plus-not-decoded",
        "A + of the query or the form is signed as a plus, but means a blank there.",
        "Send a blank as %20, and a plus as %2B.",
        plus_kept,
    ),
    Mistake(
        "value-trimmed",
        "White space around a value is not signed.",
        "Sign the value exactly as you send it.",
        values_trimmed,
    ),
    Mistake(
        "encoded-twice",
        "Names or values are percent-encoded twice before they are signed: {detail}.",
        "Decode the parameters first, and encode each name and value once (RFC 5849, section 3.6).",
        signed_as_sent,
    ),
    Mistake(
        "not-sorted",
        "The parameters are not sorted.",
        "Sort the encoded parameters by name, and equal names by value.",
        not_sorted,
    ),
    Mistake(
        "sorted-before-encoding",
        "The parameters are sorted before they are encoded.",
        "Encode names and values first, and sort the encoded ones.",
        sorted_before_encoding,
    ),
    Mistake(
        "sorted-as-text",
        "The parameters are sorted as name=value texts.",
        "Compare the names, and the values only if the names are equal: a=2 comes before a1=1.",
        sorted_as_text,
    ),
    Mistake(
        "values-not-sorted",
        "The values of a repeated name are not sorted.",
        "Sort equal names by their encoded values.",
        sorted_by_name_alone,
    ),
    Mistake(
        "sorted-without-case",
        "Capital and small letters are sorted as if they were equal.",
        "Compare bytes: capital letters come before small ones.",
        sorted_without_case,
    ),
)
