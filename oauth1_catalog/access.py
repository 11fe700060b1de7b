"""Access to the network: which hosts and transports an application allows.

Addresses of this machine are allowed unless ``allow_local_hosts`` is ``False``. Private addresses have to be allowed.
Link-local addresses, and those of a cloud's metadata service, have to be listed one by one. The switches come from
arguments, a framework's configuration or the environment, and are all read here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import (
    METADATA_NAMES,
    RESTRICTED_NETWORKS,
    Network,
    is_misspelt_address,
    kind_of,
    normalize_host,
    origin_of,
    parse_address,
)

ALLOW_LOCAL_HOSTS = "OAUTH1_CATALOG_ALLOW_LOCAL_HOSTS"
"""The environment variable that allows local hosts in the whole process."""

INSECURE_TRANSPORT = ("OAUTH1_CATALOG_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT")
"""The environment variables that allow ``http://`` in the whole process; the second is Authlib's."""

_HOST_NAME = r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"


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
            elif re.fullmatch(_HOST_NAME, str(entry).lower()) and not is_misspelt_address(str(entry)):
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
            return normalize_host(host) in self.names
        listed = (network for network in self.networks if address.version == network.version and address in network)
        return any(kind != "restricted" or _is_listed_for_itself(network) for network in listed)


def _is_listed_for_itself(network: Network) -> bool:
    """Whether only restricted addresses are meant: 100.64.0.0/10 is a VPN, with a cloud's metadata in it."""
    ends = (network[0], network[-1])
    return network.num_addresses == 1 or any(all(end in place for end in ends) for place in RESTRICTED_NETWORKS)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text[1:-1] if text.startswith("[") and text.endswith("]") else text, strict=False)
    except ValueError:
        return None


ANY = LocalHosts(private=True, names=METADATA_NAMES, networks=RESTRICTED_NETWORKS)
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
            f"Pass {subject} to register_from_catalog(), register(), client() or OAuth(), or set "
            f"{_and(variables)} in the environment"
        )
        # A command has no way to list one host: that is worth a variable.
        sentence += f"; commands take {_and(flags)}." if len(flags) == len(variables) else "."
    if plaintext:
        sentence += " Only register_from_catalog(), register() and client() take allow_plaintext_over_http=True."
    return sentence.strip()
