"""What kind of host a URL names, and which hosts and transports an application allows.

Rule 1: only what is written is judged; no name is looked up. An IP address counts in its usual spelling alone, because
resolvers read ``2852039166`` and ``0xa9.0xfe.0xa9.0xfe`` as addresses too.
Rule 2: addresses of this machine are allowed unless ``allow_local_hosts`` is ``False``; private ones have to be
allowed; link-local addresses and those of a cloud's metadata service have to be listed one by one.
Rule 3: the switches are read here, wherever they come from: arguments, a framework's configuration, the environment.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

from oauth1_catalog.errors import ConfigurationError

_LONGEST_PATH = 2048

DEFAULT_PORTS = {"https": 443, "http": 80}

ALLOW_LOCAL_HOSTS = "OAUTH1_CATALOG_ALLOW_LOCAL_HOSTS"
"""The environment variable that allows local hosts in the whole process."""

INSECURE_TRANSPORT = ("OAUTH1_CATALOG_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT")
"""The environment variables that allow ``http://`` in the whole process; the second is Authlib's."""

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
_METADATA_NAMES = frozenset(
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
_RESTRICTED: tuple[Network, ...] = tuple(
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
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


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
    return bool(_ENDS_IN_NUMBER.fullmatch(host)) and parse_address(host) is None


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
    plain = _written_plainly(host)
    if not host.isascii() and "xn--" not in plain:
        return "restricted"  # another name, or an address, in disguise
    host = plain
    if host == "localhost":
        return "loopback"
    if not all(host.split(".")) and ":" not in host:
        return "restricted"  # two dots in a row: libraries disagree on what that names
    if address := parse_address(host):
        return _kind_of_address(address)
    if host in _METADATA_NAMES or ":" in host or is_misspelt_address(host):
        return "restricted"
    return "private" if "." not in host or host.endswith(_PRIVATE_SUFFIXES) else "public"


def _written_plainly(host: str) -> str:
    """``host`` in lower case, without a dot at its end, and as it is looked up: by Unicode's rules, ``。`` is a dot."""
    with contextlib.suppress(UnicodeError):
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    return host.lower().removesuffix(".") if host.isascii() else ""


def _kind_of_address(address: Address) -> HostKind:
    if any(address.version == network.version and address in network for network in _RESTRICTED):
        return "restricted"
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "restricted"
        if address.is_loopback:
            return "loopback"
        inner = _embedded(address)
        if inner is not None:
            # Only the plain spelling is loopback: proxies and servers disagree on the others.
            kind = _kind_of_address(inner)
            return "private" if kind == "loopback" else kind
    elif address.is_loopback:
        return "loopback"
    return "address" if address.is_global else "private"


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def read_flag(value: object, *, where: str) -> bool:
    """A boolean setting: a ``bool``, or text as an environment holds it, in any case.

    >>> [read_flag(text, where="X") for text in ("1", "TRUE", "yes", "on", "0", "false", "No", "off", "")]
    [True, True, True, True, False, False, False, False, False]

    Raises:
        ConfigurationError: it is neither on nor off.
    """
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else None
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ConfigurationError(description=f"{where} is neither on nor off. Write 1 (or true, yes, on) or 0.")


@dataclass(frozen=True, slots=True)
class LocalHosts:
    """Which hosts of this machine and of private networks are allowed: what ``allow_local_hosts`` stands for.

    Args:
        loopback: addresses of this machine.
        private: private addresses and names, and public IP addresses.
        names: further names, in lower case.
        networks: further addresses.
    """

    loopback: bool = True
    private: bool = False
    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, value: object, *, where: str = "allow_local_hosts", around: LocalHosts | None = None) -> LocalHosts:
        """What a value of ``allow_local_hosts`` allows.

        Args:
            value: ``True``, ``False``, hosts and networks as a list or as text with commas or blanks between, or text
                that ``read_flag`` knows.
            where: the setting, for messages.
            around: used if ``value`` is not given. A list adds to its rule for this machine.

        Raises:
            ConfigurationError: it is something else, or one of the hosts is not a host.

        >>> LocalHosts.of("jira.corp.local, 10.0.0.0/8").allows("10.1.2.3")
        True
        """
        if isinstance(value, LocalHosts):
            return value
        listed: object = value
        if isinstance(value, str):
            listed = value.replace(",", " ").split()
            if len(listed) <= 1 and re.fullmatch(r"(?i)1|true|yes|on|0|false|no|off|", value.strip()):
                value = read_flag(value, where=where)
        if isinstance(value, bool):
            return cls(loopback=value, private=value)
        if not isinstance(listed, Iterable) or isinstance(listed, bytes):
            raise ConfigurationError(
                description=f"{where} is of type {type(value).__name__}. Give True, False, or a list of hosts and "
                "networks, such as ['jira.corp.local', '10.0.0.0/8']."
            )
        names, networks = set(), []
        for entry in listed:
            network = _network(str(entry))
            if network is not None:
                networks.append(network)
            elif _HOST_NAME.fullmatch(str(entry).lower()) and not is_misspelt_address(str(entry)):
                names.add(str(entry).lower())
            else:
                raise ConfigurationError(
                    description=f"{where}: {str(entry)[:80]!r} is neither a host nor a network. Write a host without "
                    "scheme, port and path, such as jira.corp.local or 10.0.0.5, or a network, such as 10.0.0.0/8."
                )
        loopback = around.loopback if around is not None else True
        return cls(loopback=loopback, names=frozenset(names), networks=tuple(networks))

    def allows(self, host: str) -> bool:
        """Whether a request may go to ``host``.

        >>> LocalHosts().allows("localhost"), LocalHosts().allows("10.0.0.5"), LocalHosts.of(True).allows("10.0.0.5")
        (True, False, True)
        >>> LocalHosts.of(True).allows("169.254.169.254"), LocalHosts.of(["169.254.169.254"]).allows("169.254.169.254")
        (False, True)
        """
        kind = kind_of(host)
        if kind == "public" or (kind == "loopback" and self.loopback):
            return True
        if self.private and kind in {"private", "address"}:
            return True
        address = parse_address(host)
        if address is None:
            return _written_plainly(host) in self.names
        listed = (network for network in self.networks if address.version == network.version and address in network)
        return any(kind != "restricted" or _is_listed_for_itself(network) for network in listed)


def _is_listed_for_itself(network: Network) -> bool:
    """Whether nothing but restricted addresses is meant: 100.64.0.0/10 is a VPN, with a cloud's metadata within it."""
    return network.num_addresses == 1 or any(network[0] in place and network[-1] in place for place in _RESTRICTED)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text[1:-1] if text.startswith("[") and text.endswith("]") else text, strict=False)
    except ValueError:
        return None


ANY = LocalHosts(private=True, names=_METADATA_NAMES, networks=_RESTRICTED)
"""Where only the transport is in question."""


def given_local_hosts(*levels: tuple[object, str]) -> LocalHosts:
    """What the settings say together, the nearest first; behind them all comes the environment.

    Args:
        levels: the value of each setting, ``None`` where there is none, and its name for messages.

    >>> given_local_hosts((["10.0.0.0/8"], "register_from_catalog()"), (False, "OAuth()")).allows("localhost")
    False
    """
    process = os.environ.get(ALLOW_LOCAL_HOSTS) or None
    found = LocalHosts()
    for value, where in ((process, f"{ALLOW_LOCAL_HOSTS} in the environment"), *reversed(levels)):
        if value is not None:
            found = LocalHosts.of(value, where=where, around=found)
    return found


def given_insecure_transport(*levels: tuple[object, str]) -> bool:
    """Whether ``http://`` is allowed: by the nearest setting that is given, else by the environment.

    >>> given_insecure_transport((None, "register()"), ("off", "OAuth()"))
    False
    """
    for value, where in levels:
        if value is not None:
            return read_flag(value, where=where)
    return any(read_flag(os.environ.get(name, ""), where=f"{name} in the environment") for name in INSECURE_TRANSPORT)


@dataclass(frozen=True, slots=True)
class Access:
    """Where a client's requests may go, and how.

    Args:
        local_hosts: hosts of this machine and of private networks.
        insecure_transport: whether ``http://`` may be used for other hosts than this machine.
        plaintext_over_http: whether PLAINTEXT may show the secrets there.
    """

    local_hosts: LocalHosts = LocalHosts()
    insecure_transport: bool = False
    plaintext_over_http: bool = False

    @classmethod
    def of_environment(cls) -> Self:
        """What the environment alone allows."""
        return cls(given_local_hosts(), given_insecure_transport())

    def needs(self, url: str, *, plaintext: bool = False) -> str:
        """Which switches ``url`` needs beside those that are on, with the reason and where to set them; empty if none.

        The text goes on after the name of what has this address: ``base_url='http://wiki' needs ...``.

        Args:
            url: absolute, by http or https; its path does not matter.
            plaintext: whether requests are signed with PLAINTEXT.

        >>> Access().needs("https://api.example.com/"), Access().needs("http://localhost:8080", plaintext=True)
        ('', '')
        >>> Access().needs("https://jira.corp.local").partition(".")[0]
        'needs allow_local_hosts=True: its host is private or local'
        """
        scheme, host, _ = origin_of(url)
        kind = kind_of(host)
        switches: dict[str, str] = {}
        if not self.local_hosts.allows(host):
            if not self.local_hosts.loopback:
                return f"is refused by allow_local_hosts=False: {_REASONS[kind]}. Write the address of a public host."
            if kind == "restricted" and not host.isascii():
                return "has a host that is read as another one. Write it in plain letters and digits."
            if is_misspelt_address(host):
                return "is an IP address in an unusual spelling. Write four numbers, such as 10.0.0.5."
            value = "True" if kind != "restricted" else f"[{host!r}]"
            switches[f"allow_local_hosts={value}"] = _REASONS[kind]
        if scheme == "http" and kind != "loopback":
            if not self.insecure_transport:
                switches["insecure_transport=True"] = "others can read what goes over http"
            if plaintext and not self.plaintext_over_http:
                switches["allow_plaintext_over_http=True"] = "PLAINTEXT sends the secrets themselves"
        if not switches:
            return ""
        return f"needs {_and(switches)}: {_and(switches.values())}. {_where_to_set(switches)}"


DEVELOPER = Access(LocalHosts(private=True))
"""What holds for addresses that the developer writes: ``register()``."""

_REASONS = {
    "loopback": "its host is this machine",
    "private": "its host is private or local",
    "address": "its host is an IP address",
    "restricted": "its host is link-local or a cloud's metadata service",
}


def _and(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last


def _where_to_set(switches: Collection[str]) -> str:
    """Where each switch is given; ``switches`` are written as arguments, with their values."""
    variables, flags = [], []
    plaintext = "allow_plaintext_over_http=True" in switches
    for name, value in (switch.split("=", maxsplit=1) for switch in switches):
        if name == "allow_local_hosts":
            listed = value.strip("[']")
            variables.append(f"{ALLOW_LOCAL_HOSTS}={'1' if value == 'True' else listed}")
            flags += ["--allow-local-hosts"] if value == "True" else []
        elif name == "insecure_transport":
            variables.append(f"{INSECURE_TRANSPORT[0]}=1")
            flags.append("--insecure-transport")
    sentence = ""
    if variables:
        subject = "it" if len(variables) == 1 else "them"
        if plaintext:
            subject = "the first" if len(variables) == 1 else "the first two"
        sentence = (
            f"Pass {subject} to register_from_catalog(), register() or OAuth(), or set "
            f"{_and(variables)} in the environment"
        )
        # A command has no way to list one host: that is worth a variable.
        sentence += f"; commands take {_and(flags)}." if len(flags) == len(variables) else "."
    if plaintext:
        sentence += " Only register_from_catalog() and register() take allow_plaintext_over_http=True."
    return sentence.strip()


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
