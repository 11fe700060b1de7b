"""MyST Markdown, in which a text of the catalog stays a text.

A file of the catalog can come from anybody, and a page is read in a browser. Each value therefore goes through one of
these functions: it becomes words, a span of code, or a link to an http address, and never markup, a role or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit

_MARKUP = re.compile(r"[\\`*\[\]{}<>&#|~$!@^]|(?<![^\W_])_|_(?![^\W_])")
"""What can begin markup within a line. An underscore between letters cannot."""

_BEGINNING = re.compile(r"(?:[-+=:%>(]|\d+[.)])")
"""What can begin a block at the beginning of a line."""

_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]*[^\s<>\"'`|\\^{}\[\].,;:!?)]")
_KEPT_IN_URL = "/?#@!$&'*+,;=:%~-._"


def words(text: object) -> str:
    r"""A text as words: one line, in which nothing is markup. Addresses in it become links.

    >>> words("Open https://a.example/x, then <b>*paste*</b>\n# the key")
    'Open <https://a.example/x>, then \\<b\\>\\*paste\\*\\</b\\> \\# the key'
    >>> words("- oauth_token and _x_")
    '\\- oauth_token and \\_x\\_'
    """
    line = _one_line(text)
    parts, end = [], 0
    for found in _URL.finditer(line):
        parts += [_plain(line[end : found.start()]), f"<{_address(found[0])}>"]
        end = found.end()
    return _as_beginning("".join([*parts, _plain(line[end:])]))


def sentence(text: object) -> str:
    """The words with a full stop at the end.

    >>> sentence("Errors come with status 200")
    'Errors come with status 200.'
    """
    line = words(text)
    return line if line.endswith((".", "?", "!", ":")) else f"{line}."


def code(text: object) -> str:
    r"""A span of code. Backticks in the text make the fence longer.

    >>> code("client_id"), code("a`b"), code("a|b")
    ('`client_id`', '`` a`b ``', '`a\\|b`')
    """
    line = _one_line(text).replace("|", "\\|")  # a table would end the cell there; elsewhere no value has one
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    padding = " " if len(fence) > 1 or line != line.strip() else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def codes(texts: Iterable[object]) -> str:
    """Spans of code with commas between them.

    >>> codes(["a", "b"])
    '`a`, `b`'
    """
    return ", ".join(map(code, texts))


def link(label: object, url: str | None) -> str:
    r"""A link to an http address; only the label if it is something else.

    >>> link("the [docs]", "https://a.example/(x)?q=<y>")
    '[the \\[docs\\]](https://a.example/%28x%29?q=%3Cy%3E)'
    >>> link("the docs", "javascript:alert(1)")
    'the docs'
    """
    label = _plain(_one_line(label))
    return f"[{label}]({_address(url)})" if url and is_web(url) else _as_beginning(label)


def is_web(url: str) -> bool:
    """Whether a browser can open the address, and nothing else can happen.

    >>> is_web("https://a.example/"), is_web("javascript:alert(1)"), is_web("https://{host}/")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not re.search(r"[{}\s\\<>\"]", parts.netloc)


def host_of(url: str) -> str:
    """The host of an address, as the label of a link.

    >>> host_of("https://www.flickr.com/services")
    'flickr.com'
    """
    return (urlsplit(url).hostname or url).removeprefix("www.")


def place_of(url: str) -> str:
    """Where a source is: the host, and the repository if it hosts them.

    >>> place_of("https://github.com/authlib/loginpass/blob/635823a/twitter.py"), place_of("https://docs.x.com/a/b")
    ('github.com/authlib/loginpass', 'docs.x.com')
    """
    host = host_of(url)
    parts = urlsplit(url).path.strip("/").split("/")
    return "/".join([host, *parts[:2]]) if host in {"github.com", "gitlab.com", "codeberg.org"} else host


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table; none if there are no rows. Cells are Markdown."""
    rows = [list(row) for row in rows]
    titles = list(titles)
    if not rows:
        return
    used = [any(row[column] for row in rows) for column in range(len(titles))]
    yield _row(title for title, is_used in zip(titles, used, strict=True) if is_used)
    yield _row("---" for is_used in used if is_used)
    for row in rows:
        yield _row(cell for cell, is_used in zip(row, used, strict=True) if is_used)


def block(language: str, content: str) -> list[str]:
    """A block of code, which nothing in the content ends."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", content)), default=0))
    return [f"{fence}{language}", *content.rstrip("\n").split("\n"), fence]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _one_line(text: object) -> str:
    r"""Without line breaks and without characters that are not visible.

    >>> _one_line("a\r\n b\u202ec")
    'a bc'
    """
    return "".join(letter for letter in " ".join(str(text).split()) if letter.isprintable())


def _as_beginning(line: str) -> str:
    """The line, which begins no block."""
    beginning = _BEGINNING.match(line)
    return f"{line[: beginning.end() - 1]}\\{line[beginning.end() - 1 :]}" if beginning else line


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _address(url: str) -> str:
    return quote(_one_line(url), safe=_KEPT_IN_URL)
