"""Where a host name leads, for requests whose address nobody has vouched for."""

from __future__ import annotations

import socket

from requests.utils import get_environ_proxies, select_proxy

from oauth1_catalog.clients.failures import failure
from oauth1_catalog.hosts import kind_of, origin_of


def check_public(url: str) -> None:
    """Refuse a URL whose host name leads to this machine or to a private network.

    The name of a service that has ended often does, and a provider file can name any host. A proxy of the environment
    looks the name up itself, so then nothing is checked. A name that does not exist is left to the request.

    Raises:
        TransportError: an address of the host is not public.

    >>> check_public("http://localhost:8080/")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.TransportError: provider_unreachable: localhost:8080: its name leads to the local address ...
    """
    if select_proxy(url, get_environ_proxies(url)):
        return
    _, host, port = origin_of(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for *_, place in found:
        address = str(place[0])
        if kind_of(address) != "address":
            raise failure(url, f"its name leads to the local address {address}.")
