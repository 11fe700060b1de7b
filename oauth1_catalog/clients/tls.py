"""TLS contexts, made once: reading a CA bundle costs some 25 milliseconds, each time.

requests makes a context for each connection, Authlib's httpx client one for each call. Here a context is remembered for
what it was made of, so that clients of several providers share it, and made by one thread while the others wait. A
bundle that changes on disk is read by the next process.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from oauth1_catalog.errors import ConfigurationError

Verify: TypeAlias = "bool | str | ssl.SSLContext"
Certificate: TypeAlias = "str | tuple[str, str]"


def check_files(verify: Verify | None, cert: Certificate | None) -> None:
    """Refuse the path of a CA bundle or a client certificate that is not there.

    Raises:
        ConfigurationError: says which argument names which path.
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

    if isinstance(verify, bool):
        return _filled(httpx2.create_ssl_context(verify=verify, trust_env=named is not None), False, cert)
    return _filled(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), verify, cert)


def _filled(context: ssl.SSLContext, authorities: bool | str, cert: Certificate | None) -> ssl.SSLContext:
    try:
        if isinstance(authorities, str):
            directory = Path(authorities).is_dir()
            context.load_verify_locations(
                cafile=None if directory else authorities, capath=authorities if directory else None
            )
        if cert is not None:
            context.load_cert_chain(*([cert] if isinstance(cert, str) else cert))
    except OSError as error:  # ssl.SSLError is one too
        raise ConfigurationError(
            description=f"verify={authorities!r}, cert={_files(cert)!r}: {error}. Give PEM files: a bundle of "
            "authorities for verify, and for cert a certificate with its key, or (certificate, key)."
        ) from error
    return context
