"""The shapes of requests that docs/signing.md tells of, as calls of ``requests`` and httpx2 alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Shape:
    """One call, and how it is signed."""

    title: str
    """As the documentation calls it."""

    method: str = "GET"
    target: str = ""
    """What follows ``/api/``."""

    body: str | None = None
    content_type: str | None = None
    files: dict[str, Any] | None = None
    signed: dict[str, Any] = field(default_factory=dict)
    """Arguments of the client."""

    @property
    def call(self) -> dict[str, Any]:
        """Arguments of ``request`` beside the method and the address."""
        call: dict[str, Any] = {}
        if self.body is not None:
            call["data"] = self.body.encode()
        if self.content_type:
            call["headers"] = {"Content-Type": self.content_type}
        if self.files:
            call["files"] = self.files
        return call


def form(title: str, body: str, method: str = "POST", **more: Any) -> Shape:
    return Shape(title, method, body=body, content_type=more.pop("content_type", FORM), **more)


JSON = {"method": "POST", "body": '{"a": "b c", "é": 1}', "content_type": "application/json"}
ODD = {"client_id": "odd", "client_secret": "a&b=c%41 d+é", "token": "odd-token", "token_secret": "&ü=% +"}

SHAPES = {
    # Where most calls are
    "get": Shape("GET"),
    "query": Shape("a query", target="?b=2&a=1"),
    "path": Shape("segments in the path", target="1.1/users/show.json"),
    "delete": Shape("DELETE", "DELETE", "things/1?a=1"),
    "options": Shape("OPTIONS", "OPTIONS"),
    "post_nothing": Shape("POST without a body", "POST"),
    "form": form("a form", "b=2&a=1"),
    "form_charset": form("a form with a charset in its type", "a=1", content_type=f"{FORM}; charset=UTF-8"),
    "form_and_query": form("a form and a query", "a=1", target="?b=2"),
    "form_put": form("a form by PUT", "a=1", "PUT"),
    "form_patch": form("a form by PATCH", "a=1", "PATCH"),
    "form_delete": form("a form by DELETE", "a=1", "DELETE"),
    "form_get": form("a form by GET", "a=1", "GET"),
    "json": Shape("JSON", **JSON),
    "json_put": Shape("JSON by PUT", **{**JSON, "method": "PUT"}),
    "json_query": Shape("JSON and a query", target="?a=1", **JSON),
    "multipart": Shape("multipart: a file", "POST", files={"photo": ("a.png", b"\x89PNG", "image/png")}),
    "multipart_text": Shape("multipart: a text field", "POST", files={"title": (None, "a title")}),
    # Characters
    "space": Shape("a space (`%20`)", target="?q=hello%20world"),
    "plus_space": Shape("a space (`+`)", target="?q=hello+world"),
    "plus": Shape("a plus (`%2B`)", target="?q=1%2B1"),
    "form_plus_space": form("a space in a form (`+`)", "q=hello+world"),
    "reserved": Shape("reserved characters in a value", target="?q=%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23"),
    "reserved_raw": Shape("`!*'()` unencoded", target="?q=!*'()"),
    "reserved_form": form("reserved characters in a form", "q=%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23"),
    "unreserved": Shape("`-._~`", target="?q=-._~"),
    "unreserved_encoded": Shape("`%7E` for `~`", target="?q=%7E"),
    "brackets_value": Shape("brackets in a value (`%5B`)", target="?q=%5Ba%5D"),
    "non_ascii": Shape("non-ASCII in a value", target="?q=%C3%A9%E2%98%83%F0%9F%98%80"),
    "non_ascii_form": form("non-ASCII in a form", "q=%C3%A9%E2%98%83"),
    "non_ascii_name": Shape("a non-ASCII name among others", target="?a=1&%C3%A9=2&z=3"),
    "non_ascii_name_sorted": Shape("names that sort differently when encoded", target="?%EF%BC%A1=1&%F0%9F%98%80=2"),
    "names_encoded_order": Shape("`a-`, `a[`, `a{`: sorted when encoded", target="?a%7B=1&a-=2&aZ=3&a_=4"),
    "non_ascii_path": Shape("non-ASCII in the path", target="caf%C3%A9"),
    "space_path": Shape("a space in the path (`%20`)", target="a%20b"),
    "slash_path": Shape("`%2F` in the path", target="a%2Fb"),
    "double_slash": Shape("`//` in the path", target="a//b"),
    "lower_case": Shape("lower-case escapes in the query", target="?q=%c3%a9"),
    "lower_case_path": Shape("lower-case escapes in the path", target="caf%c3%a9"),
    "percent": Shape("`%2541`: a literal `%` before hexadecimal digits", target="?q=%2541"),
    "percent_form": form("`%2541` in a form", "q=%2541"),
    "semicolon": Shape("`;` in a query", target="?a=1;b=2"),
    "semicolon_encoded": Shape("`%3B` in a query", target="?a=1%3Bb=2"),
    "equals": Shape("`=` in a value", target="?q=a=b"),
    # Names
    "empty_value": Shape("`a=`", target="?a=&b=1"),
    "no_equals": Shape("`a` without `=`", target="?a&b=1"),
    "no_name": Shape("`=v`: no name", target="?=v&a=1"),
    "empty_piece": Shape("`&&`", target="?a=1&&b=2"),
    "empty_query": Shape("`?` with an empty query", target="x?"),
    "empty_value_form": form("`a=` in a form", "a=&b=1"),
    "twice_query": Shape("a name twice in the query", target="?a=2&a=1"),
    "twice_form": form("a name twice in a form", "a=2&a=1"),
    "twice_both": form("a name in both the query and the form", "a=1", target="?a=2"),
    "twice_same": Shape("a name twice with one value", target="?a=1&a=1"),
    "array": Shape("`a[]`", target="?a%5B%5D=1"),
    "array_two": Shape("`a[]` twice", target="?a%5B%5D=1&a%5B%5D=2"),
    "array_form": form("`a[]` in a form", "a%5B%5D=1"),
    "array_index": Shape("`a[0]`", target="?a%5B0%5D=1"),
    "array_key": Shape("`a[x]`", target="?a%5Bx%5D=1"),
    "dot": Shape("`a.b`", target="?a.b=1"),
    "space_name": Shape("a space in a name", target="?a%20b=1"),
    "upper_name": Shape("names in upper and lower case", target="?b=1&B=2&a=3"),
    "numbers": Shape("names that are numbers", target="?10=a&9=b&a=c"),
    # Where and how the protocol parameters travel
    "in_query": Shape("protocol parameters in the query", target="?a=1", signed={"signature_type": "QUERY"}),
    "in_query_form": form("protocol parameters in the query, a form", "a=1", signed={"signature_type": "QUERY"}),
    "in_body": form("protocol parameters in the body", "a=1", signed={"signature_type": "BODY"}),
    "in_body_query": form(
        "protocol parameters in the body, a query", "a=1", target="?b=2", signed={"signature_type": "BODY"}
    ),
    "body_hash": Shape("a body hash", signed={"body_hash": "non_form"}, **JSON),
    "body_hash_always": Shape("a body hash of an empty body", signed={"body_hash": "always"}),
    "realm": Shape("a realm", signed={"realm": "Photos"}),
    "realm_comma": Shape("a comma in the realm", signed={"realm": "Photos, all"}),
    "realm_space": Shape("a realm that is a URL", signed={"realm": "http://photos.example/?a=b"}),
    "no_version": Shape("no `oauth_version`", signed={"version": None}),
    "odd_secrets": Shape("secrets with `&`, `%`, `=`, space, non-ASCII", target="?a=1", signed=ODD),
}
