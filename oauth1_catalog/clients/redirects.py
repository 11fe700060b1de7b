"""Where a signed API call may be redirected to: the same scheme, host and port, by GET or HEAD.

A signature is made for one URL and one method; carried elsewhere it is worth nothing to the one who should get it, and
may be worth something to the one who does.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oauth1_catalog.errors import ProviderError
from oauth1_catalog.hosts import origin_of
from oauth1_catalog.redaction import masked


def check_redirect(*, status: int, method: str, url: str, new_method: str, new_url: str) -> None:
    """Refuse a redirect that may not be followed.

    Args:
        status: the redirect's HTTP status.
        method: the method of the call that was redirected.
        url: its URL.
        new_method: the method that the redirect asks for.
        new_url: the URL that it leads to.

    Raises:
        ProviderError: says where from, where to, and what to do; or that the address cannot be read.

    >>> check_redirect(status=302, method="GET", url="https://a.example/x", new_method="GET", new_url="https://a.example/y")
    """
    here, there = _plain(url), _plain(new_url)
    if (same_origin := _is_same_origin(url, new_url)) is None:
        raise unreadable_redirect(method=method, url=url, status=status)
    url, new_url = masked(url), masked(new_url)  # a query can hold the signature
    if not same_origin:
        reason = "A signature must not go to another host"
    elif new_method not in ("GET", "HEAD"):
        reason = f"A {new_method} is not sent twice"
    else:
        return
    raise ProviderError(
        "redirect_refused",
        f"{method} {here} was answered with a redirect ({status}) to {there}. {reason}: it was not "
        "followed. Call the second address yourself, or take the answer as it is with allow_redirects=False "
        "(requests) or follow_redirects=False (httpx2).",
        step="api",
        status=status,
    )


def too_many_redirects(*, method: str, url: str, status: int, limit: int) -> ProviderError:
    """The error that one call was redirected more than ``limit`` times."""
    return ProviderError(
        "redirect_refused",
        f"{method} {_plain(url)} was answered with another redirect ({status}) after {limit}. Not followed on.",
        step="api",
        status=status,
    )


def unreadable_redirect(*, method: str, url: str, status: int) -> ProviderError:
    """The error that one call was redirected to something that is not an address."""
    return ProviderError(
        "redirect_refused",
        f"{method} {_plain(url)} was answered with a redirect ({status}) whose address cannot be read. Report it to "
        "the provider, or take the answer as it is with allow_redirects=False (requests) or follow_redirects=False "
        "(httpx2).",
        step="api",
        status=status,
    )


def without_protocol_parameters(url: str) -> str:
    """``url`` without ``oauth_*`` in its query: servers that redirect to the same URL with a slash keep the query.

    >>> without_protocol_parameters("https://a.example/x/?a=1&oauth_signature=abc")
    'https://a.example/x/?a=1'
    """
    # Not parsed: what a server sends as an address may be none.
    address, mark, fragment = url.partition("#")
    before, _, query = address.partition("?")
    kept = "&".join(piece for piece in query.split("&") if not piece.startswith("oauth_"))
    return f"{before}{'?' if kept else ''}{kept}{mark}{fragment}"


def _is_same_origin(url: str, new_url: str) -> bool | None:
    """``None`` for an address that the HTTP library lets through and nobody can call, such as one of port 99999."""
    try:
        return origin_of(url) == origin_of(new_url)
    except ValueError:
        return None


def _plain(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
