"""How a client reaches its provider, with either HTTP library: through which proxy, and with which TLS context.

A TLS context is made once, because reading a CA bundle takes some 25 milliseconds. requests makes one for each
connection, Authlib's httpx client one for each call. Here a context is remembered for what it was made of, so that
clients of several providers share it, and one thread makes it while the others wait. The next process reads a bundle
that changed on disk.

A request that is signed with PLAINTEXT goes to this machine past the proxies of the environment: a proxy would read the
secrets. A proxy that the application names itself (``proxies=``, ``proxy=``) is used.
"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias
from urllib.request import getproxies  # noqa: TID251 - it reads the environment, and opens nothing

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.hosts import is_loopback, origin_of, read_url
from oauth1_catalog.regular_files import check_regular

Verify: TypeAlias = "bool | str | ssl.SSLContext"
Certificate: TypeAlias = "str | tuple[str, str]"

MAX_BUNDLE = 16 * 1_048_576
"""The largest file of authorities or certificates, in bytes. The bundle of an operating system has 250,000."""


def check_files(verify: Verify | None, cert: Certificate | None) -> None:
    """Refuse the path of a CA bundle or a client certificate that does not exist, or that OpenSSL would never finish.

    Raises:
        ConfigurationError: a file does not exist or is not a regular file. The message names the argument and the path.
    """
    if verify == "":  # requests would take it for False
        raise ConfigurationError(description="verify: an empty text. Give the path of a CA bundle, True or False.")
    paths = {"verify": [verify] if isinstance(verify, str) else [], "cert": _files(cert)}
    for argument, values in paths.items():
        for value in values:
            if not Path(value).exists():
                raise ConfigurationError(
                    description=f"{argument}: there is no file {value!r}. Give the path of a PEM file that exists."
                )
            try:
                _check_finite(value)
            except OSError as error:
                raise ConfigurationError(
                    description=f"{argument}: {value!r} cannot be read ({error.strerror}). Give the path of a PEM file."
                ) from error


def _check_finite(path: str) -> None:
    """Refuse a device or a pipe, whose end OpenSSL would wait for, and a file that no bundle is as large as.

    Raises:
        OSError: it is refused, or cannot be read.
    """
    status = Path(path).stat()
    if not stat.S_ISDIR(status.st_mode):  # a directory of certificates
        check_regular(status, limit=MAX_BUNDLE)


def _files(cert: Certificate | None) -> list[str]:
    if cert is None:
        return []
    return [cert] if isinstance(cert, str) else list(cert)


def requests_context(verify: bool | str, cert: Certificate | None) -> ssl.SSLContext:
    """The context that requests would make for ``verify`` and ``cert``: certifi's authorities by default."""
    with _one_at_a_time():
        return _requests_context(verify, cert)


def httpx_context(verify: bool | str, cert: Certificate | None, *, trust_env: bool) -> ssl.SSLContext:
    """The context that httpx2 would make for ``verify``: the system's authorities by default."""
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")) if trust_env else None
    with _one_at_a_time():
        return _httpx_context(verify, cert, named)


_locks: dict[int, Lock] = {}


def _one_at_a_time() -> Lock:
    # One lock for each process: a fork may copy the parent's while another thread of the parent holds it.
    return _locks.setdefault(os.getpid(), Lock())


@lru_cache(maxsize=64)
def _requests_context(verify: bool | str, cert: Certificate | None) -> ssl.SSLContext:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE)
    context.check_hostname = bool(verify)
    return _filled(context, DEFAULT_CA_BUNDLE_PATH if verify is True else verify, cert)


@lru_cache(maxsize=64)
def _httpx_context(
    verify: bool | str, cert: Certificate | None, named: tuple[str | None, str | None] | None
) -> ssl.SSLContext:
    # ``named`` is what the environment names: httpx2 looks there itself, and a context is remembered for it.
    import httpx2

    if named is not None and named[0]:
        try:
            _check_finite(named[0])
        except OSError as error:
            raise ConfigurationError(
                description=f"SSL_CERT_FILE={named[0]!r} in the environment cannot be read ({error.strerror}).",
                advice="Set it to the path of a bundle of authorities in PEM, or remove it.",
            ) from error
    if isinstance(verify, bool):
        return _filled(httpx2.create_ssl_context(verify=verify, trust_env=named is not None), False, cert)
    return _filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), verify, cert)


def _filled(context: ssl.SSLContext, authorities: bool | str, cert: Certificate | None) -> ssl.SSLContext:
    try:
        if isinstance(authorities, str):
            _check_finite(authorities)
            directory = Path(authorities).is_dir()
            context.load_verify_locations(
                cafile=None if directory else authorities, capath=authorities if directory else None
            )
        if cert is not None:
            for path in _files(cert):
                _check_finite(path)
            context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    except OSError as error:  # ssl.SSLError is one too
        raise ConfigurationError(
            description=f"verify={authorities!r}, cert={_files(cert)!r}: {error}. Give PEM files: a bundle of "
            "authorities for verify, and for cert a certificate with its key, or (certificate, key)."
        ) from error
    return context


LOOPBACK_MOUNTS: Mapping[str, None] = {
    "http://localhost": None,
    "http://127.0.0.1": None,
    "http://127.0.0.0/8": None,
    "http://[::1]": None,
}
"""``mounts`` of httpx2: what it sends to these addresses takes the client's own transport."""


def without_environment(url: str, proxies: Mapping[str, str] | None) -> dict[str, str]:
    """``proxies`` for a call of requests, so that it takes none of the environment where ``url`` is of this machine.

    >>> without_environment("http://127.0.0.2:5240/MAAS", None), without_environment("https://maas.example.com", None)
    ({'no_proxy': '127.0.0.2'}, {})
    """
    given = dict(proxies or {})
    try:
        scheme, host, _ = origin_of(url)
    except ValueError:  # requests refuses it, with the reason
        return given
    return {"no_proxy": host, **given} if scheme == "http" and is_loopback(host) else given


def with_mounts(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a client of httpx2, so that it takes no proxy of the environment to this machine.

    >>> with_mounts({"proxy": "http://proxy.example:3128"})
    {'proxy': 'http://proxy.example:3128'}
    """
    if options.get("proxy") is not None:
        return dict(options)
    return {**options, "mounts": {**LOOPBACK_MOUNTS, **(options.get("mounts") or {})}}


def check_proxies(proxies: Mapping[str, Any], *, needs_scheme: bool = False) -> None:
    """Refuse what is not the URL of a proxy: the HTTP libraries' own errors quote it, password and all.

    Args:
        proxies: the URL of each, by the setting that names it; what is not text is left to the library.
        needs_scheme: whether ``host:port`` alone will not do.

    Raises:
        ConfigurationError: names the setting, and nothing of its value.

    >>> check_proxies({"proxy": "http://user:password@proxy.example:3128"})
    >>> check_proxies({"proxy": "http://user:pass/word@proxy.example:3128"})
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.ConfigurationError: configuration_error: proxy is not the URL of a proxy. Write ...
    """
    for setting, proxy in proxies.items():
        if isinstance(proxy, str) and proxy and not _is_proxy(proxy, needs_scheme):
            raise ConfigurationError(
                description=f"{setting} is not the URL of a proxy. Write http://host:port or "
                "http://user:password@host:port, and percent-encode the user name and the password."
            )


def check_session_proxies(proxies: Mapping[str, Any] | None) -> None:
    """As ``check_proxies``, for requests' mapping of schemes or hosts to proxies; the environment's are among them."""
    urls = {name: url for name, url in (proxies or {}).items() if name not in {"no", "no_proxy"}}
    check_proxies({f"the proxy for {name}": url for name, url in urls.items()})


def check_client_proxies(options: Mapping[str, Any]) -> None:
    """As ``check_proxies``, for the options of a client of httpx2: its ``proxy``, and those of the environment."""
    check_proxies({"proxy": options.get("proxy")}, needs_scheme=True)
    if options.get("trust_env", True):
        check_session_proxies(getproxies())


def _is_proxy(text: str, needs_scheme: bool) -> bool:
    if "://" not in text:
        if needs_scheme:
            return False
        text = f"http://{text}"
    try:
        parts = read_url(text)
    except ValueError:
        return False
    # A password with a slash ends the host too early, and its second half is taken for the path.
    return bool(parts.hostname) and "@" not in f"{parts.path}{parts.query}{parts.fragment}" and text.isprintable()
