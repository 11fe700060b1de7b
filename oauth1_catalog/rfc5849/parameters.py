"""Protocol parameters: how they are collected (section 3.4.1.3.1) and transmitted (section 3.5)."""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Iterable
from urllib.parse import unquote

from oauth1_catalog.errors import SigningError
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.encoding import form_decode, percent_encode

FORM = "application/x-www-form-urlencoded"

_LINE_BREAK = re.compile("\r\n|\r|\n")
_header_field = r'\s*([^\s=,"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]*))\s*(?:,|$)'


def is_form(content_type: str) -> bool:
    """Whether a body of this content type is signed (section 3.4.1.3.1). A charset makes no difference.

    >>> is_form("application/x-www-form-urlencoded; charset=UTF-8"), is_form("multipart/form-data; boundary=x")
    (True, False)
    """
    return content_type == FORM or content_type.partition(";")[0].strip().lower() == FORM


def form_text(body: bytes | str) -> str:
    """The text of a form body.

    Raises:
        SigningError: it is not UTF-8.
    """
    if isinstance(body, str):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        position = error.start
    body = masked(body)
    raise SigningError(
        description=f"The body is declared as {FORM}, but its byte {position} is not UTF-8. "
        "Percent-encode the values, or send another Content-Type."
    )


def collect_parameters(
    *, query: str = "", body: bytes | str | None = None, content_type: str = ""
) -> list[tuple[str, str]]:
    """The decoded parameters of the query and, if the body is a form, of the body (section 3.4.1.3.1).

    Raises:
        SigningError: one of them cannot be decoded.

    >>> collect_parameters(query="a3=a", body=b"c2&a3=2+q", content_type="application/x-www-form-urlencoded")
    [('a3', 'a'), ('c2', ''), ('a3', '2 q')]
    """
    pairs = form_decode(query, place="query")
    if body and is_form(content_type):
        pairs += form_decode(form_text(body), place="body")
    return pairs


def refuse_protocol_names(pairs: Iterable[tuple[str, str]], *, place: str) -> None:
    """Refuse a request that already contains protocol parameters: each may appear only once (section 3.1).

    >>> refuse_protocol_names([("oauth_callback", "x")], place="query")
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: The query has 'oauth_callback'. ...
    """
    for name, _ in pairs:
        if name.startswith("oauth_"):
            raise SigningError(
                description=f"The {place} has {name!r}. Names that begin with oauth_ belong to the protocol: "
                "pass it in oauth_params= (a call of a client, OAuth1Auth) or in parameters= (Signer)."
            )


def authorization_header(pairs: Iterable[tuple[str, str]], *, realm: str | None = None) -> str:
    """The value of the ``Authorization`` header (section 3.5.1).

    Args:
        pairs: the protocol parameters, decoded, with the signature.
        realm: sent unchanged, before the others. It is never part of the signature.

    Raises:
        SigningError: the realm cannot be sent.

    >>> authorization_header([("oauth_signature", "a=")], realm="Photos")
    'OAuth realm="Photos", oauth_signature="a%3D"'
    """
    fields = [f'{percent_encode(name)}="{percent_encode(value)}"' for name, value in pairs]
    return "OAuth " + ", ".join([*realm_field(realm), *fields])


def realm_field(realm: str | None) -> list[str]:
    """The realm as a field of the header, if there is one.

    >>> realm_field("1234567_SB1"), realm_field(None)
    (['realm="1234567_SB1"'], [])
    """
    if realm is None:
        return []
    if not (realm.isascii() and realm.isprintable()) or '"' in realm or "\\" in realm:
        raise SigningError(
            description=f"The realm {realm!r} cannot be sent. Use printable ASCII without quotes and backslashes."
        )
    return [f'realm="{realm}"']


def parse_authorization_header(value: str) -> list[tuple[str, str]]:
    """Read an ``Authorization`` or ``WWW-Authenticate`` header of the scheme ``OAuth``, values decoded.

    Raises:
        SigningError: the header has another scheme, or is not a list of ``name="value"``.

    >>> parse_authorization_header('OAuth realm="Photos", oauth_signature="a%3D"')
    [('realm', 'Photos'), ('oauth_signature', 'a=')]
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "oauth":
        raise SigningError(description="The header is not of the scheme OAuth.")
    pairs = []
    position = 0
    while position < len(rest):
        field = re.compile(_header_field).match(rest, position)
        if not field:
            raise SigningError(description=f'The OAuth header is not a list of name="value" at character {position}.')
        name, quoted, token = field.groups()
        text = token if quoted is None else quoted
        if name == "realm":
            pairs.append((name, re.sub(r"\\(.)", r"\1", text)))
        else:
            # A '+' is a plus here: the header is percent-encoded (section 3.6), not a form.
            pairs += form_decode(f"{name}={text.replace('+', '%2B').replace('&', '%26')}", place="header")
        position = field.end()
    return pairs


def add_to_query(url: str, form: str) -> str:
    """Append encoded parameters to the URL's query (section 3.5.3), after those of the request, which stay unchanged.

    >>> add_to_query("https://example.com/?a=1", "oauth_token=x%20y")
    'https://example.com/?a=1&oauth_token=x%20y'
    """
    head, mark, fragment = url.partition("#")
    _, question, query = head.partition("?")
    joint = "" if question and (not query or query.endswith("&")) else "&" if question else "?"
    return f"{head}{joint}{form}{mark}{fragment}"


def add_to_form(body: bytes | None, form: str) -> bytes:
    """Append encoded parameters to a form body (section 3.5.2), after those of the request, which stay unchanged.

    >>> add_to_form(b"a=1", "oauth_token=x%20y")
    b'a=1&oauth_token=x%20y'
    """
    own = body or b""
    return own + (b"&" if own and not own.endswith(b"&") else b"") + form.encode()


def form_content_type(method: str, content_type: str, *, has_body: bool) -> str:
    """The content type of a request that transmits the protocol parameters in its body (section 3.5.2).

    Raises:
        SigningError: the request has no body, or one that is not a form.

    >>> form_content_type("POST", "", has_body=False)
    'application/x-www-form-urlencoded'
    """
    if method in {"GET", "HEAD"}:
        raise SigningError(description=f"signature_type is BODY, but {method} has no body. Use HEADER for this client.")
    if not has_body and not content_type:
        return FORM
    if not is_form(content_type):
        raise SigningError(
            description=f"signature_type is BODY, but the body is {content_type or 'without Content-Type'}, "
            f"not {FORM}. Use HEADER for this client."
        )
    return content_type


def body_hash(body: object, hash_name: str) -> str:
    """The value of ``oauth_body_hash``.

    Args:
        body: bytes or text. ``None`` has the hash of an empty body.
        hash_name: hashlib's name of the signature method's hash.

    Raises:
        SigningError: the body is a stream.

    >>> body_hash(b"Hello World!", "sha1")
    'Lve95gjOVATpfV8EL5X4nxwjKHE='
    """
    whole = b"" if body is None else whole_body(body)
    data = whole.encode() if isinstance(whole, str) else whole
    return b2a_base64(hashlib.new(hash_name, data).digest(), newline=False).decode()


def whole_body(body: object) -> bytes | str:
    """The body, unless it is a stream: signing would consume it before it is sent.

    Raises:
        SigningError: the body is a stream.

    >>> whole_body(iter([b"a=1"]))
    Traceback (most recent call last):
    oauth1_catalog.errors.SigningError: signing_error: The signature covers the body, but that is list_iterator, ...
    """
    if isinstance(body, bytes | str):
        return body
    raise SigningError(
        description=f"The signature covers the body, but that is {type(body).__name__}, which can be read only once. "
        "Read it first, and pass bytes."
    )


def as_browsers_send(text: str) -> str:
    """The text with CRLF line breaks (HTML, "constructing an entry list")."""
    if not isinstance(text, str):
        raise SigningError(description=f"A name or value of the form is {type(text).__name__}. Pass text.")
    return _LINE_BREAK.sub("\r\n", text)


def raw_values(encoded: str) -> str:
    """The value unchanged: Mastercard's signers do not encode the values of protocol parameters."""
    raw = unquote(encoded)
    if not (raw.isascii() and raw.isprintable()) or "%22" in encoded or "%5C" in encoded:
        raise SigningError(
            description="The profile mastercard sends protocol parameters unencoded, and one of them has a character "
            "that is not allowed in a header. Use printable ASCII without quotes and backslashes."
        )
    return raw
