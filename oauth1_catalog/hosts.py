"""The origin of a URL, and the kind of its host.

Only the text of a host is examined, and no name is looked up. An IP address is recognized only in its usual spelling,
because resolvers also read ``2852039166`` and ``0xa9.0xfe.0xa9.0xfe`` as addresses.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

_LONGEST_PATH = 2048

DEFAULT_PORTS = {"https": 443, "http": 80}

HostKind = Literal["public", "address", "private", "loopback", "restricted"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE_SUFFIXES = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".home.arpa",
    ".localdomain",
)
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
        "metadata.packet.net",
        "api.metadata.cloud.ibm.com",
    }
)
# Link-local (RFC 3927, RFC 4291), "this host" (RFC 1122), multicast and broadcast, and where clouds answer with
# credentials outside of the link-local addresses: Alibaba, Oracle, Azure, Amazon and Google.
RESTRICTED_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
    )
)
# IANA's registries of special addresses grow, and an older Python takes some of these for global.
_SPECIAL_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "64:ff9b:1::/48", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16")
)
_LOOPBACK = ipaddress.IPv6Address("::1")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_ENDS_IN_NUMBER = r"(?i)(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)"


class Origin(NamedTuple):
    """Scheme, host and port of a URL (RFC 6454); the port is the scheme's own where the URL names none."""

    scheme: str
    host: str
    port: int


def origin_of(url: str | SplitResult) -> Origin:
    """The origin of an absolute URL.

    >>> origin_of("HTTPS://Api.Example:443/x") == origin_of("https://api.example/y")
    True

    Raises:
        ValueError: the URL's host or port cannot be read.
    """
    parts = urlsplit(url) if isinstance(url, str) else url
    return Origin(parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0))


def read_url(url: str) -> SplitResult:
    """The parts of a URL, whose host and port can be read.

    Raises:
        ValueError: the URL's host or port cannot be read, as in ``https://[`` and ``https://example.com:port``.
    """
    parts = urlsplit(url)
    _ = parts.port
    return parts


def host_of(url: object) -> str:
    """The host of a URL in lower case; empty if there is none, or if it cannot be read.

    >>> host_of("https://user@Api.Example:8443/x"), host_of("https://["), host_of("/path"), host_of(None)
    ('api.example', '', '', '')
    """
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""


def authority_of(url: str) -> str:
    """Host and port of a URL as they are written, without user information.

    >>> authority_of("https://user:password@Api.Example:8443/x")
    'Api.Example:8443'
    """
    return urlsplit(url).netloc.rpartition("@")[2]


def https_url(host: str) -> str:
    """The URL of a host, by https.

    >>> https_url("jira.example.com"), https_url("::1")
    ('https://jira.example.com', 'https://[::1]')
    """
    return f"https://[{host}]" if ":" in host else f"https://{host}"


def parse_address(host: str) -> Address | None:
    """The IP address that ``host`` is, in its usual spelling, with or without brackets; ``None`` for anything else.

    >>> parse_address("[::1]"), parse_address("127.1")
    (IPv6Address('::1'), None)
    """
    text = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" not in text and not text[-1:].isdigit():
        return None  # most are names, and it takes long to have one refused
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_misspelt_address(host: str) -> bool:
    """Whether a resolver takes ``host`` for an IPv4 address, though it is not four decimal numbers.

    >>> [is_misspelt_address(host) for host in ("127.1", "0x7f000001", "2130706433", "127.0.0.1", "wiki2")]
    [True, True, True, False, False]
    """
    return bool(re.fullmatch(_ENDS_IN_NUMBER, host)) and parse_address(host) is None


def is_loopback(host: str) -> bool:
    """Whether ``host`` is ``localhost``, ``::1`` or of 127.0.0.0/8, and nothing that only resolves there.

    >>> is_loopback("127.0.0.2"), is_loopback("[::1]"), is_loopback("localhost.evil.example"), is_loopback("127.1")
    (True, True, False, False)
    """
    return kind_of(host) == "loopback"


@lru_cache(maxsize=256)
def kind_of(host: str) -> HostKind:
    """The kind of a host name or an address, as far as its text shows it.

    >>> [kind_of(host) for host in ("jira.example.com", "192.0.2.7", "wiki", "10.0.0.5", "localhost")]
    ['public', 'private', 'private', 'private', 'loopback']
    >>> {kind_of(host) for host in ("169.254.169.254", "::ffff:169.254.169.254", "0xa9fea9fe", "metadata.goog")}
    {'restricted'}
    >>> kind_of("169。254。169。254"), kind_of("bücher.example")
    ('restricted', 'public')
    """
    plain = normalize_host(host)
    if not host.isascii() and "xn--" not in plain:
        return "restricted"  # another name, or an address, in disguise
    host = plain
    if host == "localhost":
        return "loopback"
    if not all(host.split(".")) and ":" not in host:
        return "restricted"  # two dots in a row: libraries disagree on what that names
    if address := parse_address(host):
        return _kind_of_address(address)
    if host in METADATA_NAMES or ":" in host or is_misspelt_address(host):
        return "restricted"
    return "private" if "." not in host or host.endswith(_PRIVATE_SUFFIXES) else "public"


def normalize_host(host: str) -> str:
    """``host`` in lower case, without a dot at its end, and as it is looked up: by Unicode's rules, ``。`` is a dot."""
    with contextlib.suppress(UnicodeError):
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    return host.lower().removesuffix(".") if host.isascii() else ""


def _kind_of_address(address: Address) -> HostKind:
    if _is_in(address, RESTRICTED_NETWORKS):
        return "restricted"
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "restricted"
        if address == _LOOPBACK:
            return "loopback"
        inner = _embedded(address)
        if inner is not None:
            kind = _kind_of_address(inner)
            if kind == "address" and not _is_in(address, _SPECIAL_NETWORKS):
                return "address"
            # Only the plain spelling is loopback: proxies and servers disagree on the others.
            return "restricted" if kind == "restricted" else "private"
    elif address.is_loopback:
        return "loopback"
    return "private" if _is_in(address, _SPECIAL_NETWORKS) or not address.is_global else "address"


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def local_path(value: object, *, default: str = "/") -> str:
    """A path of the application's own site, to send a browser to after a login; ``default`` for anything else.

    What a request brings along, such as ``next``, may be an address of an attacker in disguise. Browsers read
    ``//evil.example``, and the same with a backslash or a tab, as another host.

    Args:
        value: what the request brought along; a path with its query, from the root of the site.
        default: where to go instead; it is the application's own, and is not looked at.

    >>> local_path("/inbox?id=5", default="/home")
    '/inbox?id=5'
    >>> [local_path(value, default="/home") for value in ("https://evil.example/", "//evil.example", "inbox", None)]
    ['/home', '/home', '/home', '/home']
    """
    if not isinstance(value, str) or not value.startswith("/") or len(value) > _LONGEST_PATH:
        return default
    path = re.split(r"[?#]", value, maxsplit=1)[0]
    # Two slashes after a dot segment (/.//evil.example) begin a path with them, once the segment is taken out.
    return default if "//" in path or "\\" in value or not value.isprintable() or " " in value else value
