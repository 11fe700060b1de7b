"""A body that the signing proxy reads before it sends it: a form, or a multipart body that is written again."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import httpx2
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from oauth1_catalog.cli.proxy.bodies import Bodies
from oauth1_catalog.cli.proxy.checks import Call, RefusedError
from oauth1_catalog.cli.proxy.headers import check_headers
from oauth1_catalog.cli.proxy.multipart import read_multipart
from oauth1_catalog.rfc5849 import ClientCredentials, Signer
from tests.fuzz.target import Target, joined, parts_of, raw
from tests.fuzz.targets.proxy_call import TOKEN, checks

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


@cache
def bodies() -> Bodies:
    client: Any = SimpleNamespace(
        provider=SimpleNamespace(multipart="fields", api_auth="signature"), signer=Signer(ClientCredentials("key", "s"))
    )
    return Bodies(client, checks(), max_form=100_000)


def check(data: bytes) -> None:
    kind, coding, body = parts_of(data, 3)
    raw_headers = [(b"content-type", raw(kind)), (b"content-encoding", raw(coding))]
    try:
        check_headers(raw_headers)
    except ValueError as error:
        assert len(str(error)) > 10
        return
    headers = {"content-type": kind, **({"content-encoding": coding} if coding else {})}
    call = Call("POST", "https://api.example.com/1.1/x", headers, True, "/1.1/x", [])
    content = raw(body)
    try:
        arguments = run(bodies().arguments(call, chunks(content)))
    except RefusedError as error:
        assert TOKEN not in str(error)
        return
    if "files" in arguments:
        check_parts(arguments["files"])
    elif isinstance(arguments["content"], bytes) and kind.lower().startswith(FORM):
        assert arguments["content"] == content
        check_form(content)


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content[:100]
    yield content[100:]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waits")


def check_form(content: bytes) -> None:
    """No server finds the token or another method in it, by the rules of ``urllib``."""
    text = content.decode("latin-1")
    for separator in "&;":
        for name, value in parse_qsl(text, keep_blank_values=True, separator=separator, encoding="latin-1"):
            assert TOKEN not in f"{name}={value}"
            assert unquote_plus(name).strip().lower() not in {"_method", "x-http-method-override"}


def check_parts(parts: list[Any]) -> None:
    """What is written again has the fields that were checked, as this package and as Werkzeug read it."""
    if not parts:
        return  # nothing is written, not even a boundary
    request = httpx2.Request("POST", "https://api.example.com/", files=parts)
    written, kind = request.read(), request.headers["content-type"]
    again = read_multipart(written, kind)
    assert list(map(plain, again)) == list(map(plain, parts))
    options = parse_options_header(kind)[1]
    _, form, files = FormDataParser(silent=False).parse(
        io.BytesIO(written), "multipart/form-data", len(written), options
    )
    found = [(name, file) for name, file in files.items(multi=True)]
    for _, file in found:
        file.close()
    texts = [(name, part[1]) for name, part in parts if part[0] is None]
    theirs = list(form.items(multi=True))
    assert sorted(escaped(name) for name, _ in texts) == sorted(escaped(name) for name, _ in theirs)
    assert sorted(content.decode("utf-8", "replace") for _, content in texts) == sorted(value for _, value in theirs)
    assert sorted(escaped(name) for name, part in parts if part[0] is not None) == sorted(
        escaped(name) for name, _ in found
    )


def plain(part: Any) -> tuple[Any, ...]:
    name, value = part
    return escaped(name), *(escaped(one) if isinstance(one, str) else one for one in value)


def escaped(text: str) -> str:
    """A name as httpx2 writes it (HTML, "multipart/form-data encoding algorithm")."""
    return text.replace('"', "%22")


def seeds() -> Iterator[bytes]:
    yield joined(FORM, "", "a=1&b=2+3;c&d=%ff")
    yield joined(f"{FORM}; charset=utf-8", "identity", "_method=DELETE")
    yield joined(f"{FORM}; charset*0=utf; charset*1=-8", "", "a=1")
    yield joined(FORM, "gzip", "a=1")
    part = 'Content-Disposition: form-data; name="title"\r\n\r\nA cat\r\n'
    yield joined(MULTIPART, "", f"--b\r\n{part}--b--\r\n")
    yield joined(MULTIPART, "", "--b--\r\n")
    file = 'Content-Disposition: form-data; name="f"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\x00\xff\r\n'
    yield joined(MULTIPART, "", f"--b\r\n{part}--b\r\n{file}--b--\r\n")
    yield joined(MULTIPART, "", "--b\r\nContent-Disposition: form-data; name*=utf-8''x; filename*0=a\r\n\r\nx\r\n--b--")
    yield joined('multipart/form-data; boundary="b c"; charset=utf-8', "", f"--b c\r\n{part}--b c--")
    yield joined(MULTIPART, "", f"--b\r\nX-A: b\r\n c\r\n{part.replace('title', 't%22<>é')}--b--")


TARGET = Target(
    "a body that the proxy reads: a form, a multipart body; Werkzeug reads what is written again",
    check,
    seeds,
    (
        FORM, MULTIPART, "; charset=", "charset*=", "charset*0*=", "boundary*=utf-8''", "--b\r\n", "\r\n--b--\r\n",
        "\r\n\r\n", "\r\n ", 'Content-Disposition: form-data; name="', '; filename="', "filename*=UTF-8''", "name*0*=",
        "Content-Type: ", "%22", '\\"', "_method", TOKEN, "&", ";", "\x1e\x1e", "identity", "=?utf-8?q?=41?=",
    ),
    longest=1024,
)  # fmt: skip
