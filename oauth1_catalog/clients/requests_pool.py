"""The connections of one registered client to its provider, kept: the synchronous transport, on requests.

Rule 1: one session for the pool's life in each process; no cookie passes from one call to the next.
Rule 2: what was signed is what is sent. A signed URL that urllib3 would change on its way is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import requests

from oauth1_catalog.clients.failures import note_limits, unusable_url, without_secrets
from oauth1_catalog.clients.limits import Limits, reject_cookies
from oauth1_catalog.clients.requests_connections import PoolAdapter, keep_bounds
from oauth1_catalog.clients.requests_exchange import (
    UNUSABLE,
    PoolSession,
    answers_bounded,
    exchange,
    follow_redirects,
    keep_redirects_unread,
    redirects_unread,
)
from oauth1_catalog.clients.transport import (
    Certificate,
    Verify,
    check_files,
    check_session_proxies,
    without_environment,
)
from oauth1_catalog.redaction import MaskedMapping, masked, without_frames
from oauth1_catalog.rfc5849.messages import Request, Response

if TYPE_CHECKING:
    from requests.auth import AuthBase


class RequestsPool:
    """Sends a client's requests over connections that are kept, from any thread, before and after a fork.

    Args:
        limits: timeouts, bounds and the number of connections.
        verify: the authorities that certificates are checked against: a path, an ``ssl.SSLContext``, ``True`` for
            REQUESTS_CA_BUNDLE or certifi's, ``False`` for none. The environment does not override a path, as it does
            in a session of requests.
        cert: a client certificate: a PEM file, or (certificate, key).
        proxies: scheme to URL, as requests takes it.
        headers: sent with every request.
        trust_env: whether proxies and authorities come from the environment too.
        stream: whether API calls leave the answer's body unread, unless the call overrides it.
        hooks: requests' hooks, for API calls.
        session_factory: makes the session in place of ours, such as one with your adapters; called once per process.
            It keeps no cookie of an answer, and what this pool sends through it is bounded and redirected as through
            ours.
        is_plaintext: whether the requests are signed with PLAINTEXT: by http to this machine they take no proxy of the
            environment.

    Raises:
        ConfigurationError: a file named by ``verify`` or ``cert`` is not there.

    >>> from oauth1_catalog.errors import OAuthError
    >>> with RequestsPool() as pool:
    ...     try:
    ...         pool.send(Request("POST", "http://127.0.0.1:9/request_token"))
    ...     except OAuthError as error:
    ...         print(error.description)
    127.0.0.1:9: the connection was refused. Is the address right, and is the provider up?
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        verify: Verify | None = None,
        cert: Certificate | None = None,
        proxies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        trust_env: bool = True,
        stream: bool = False,
        hooks: Mapping[str, Any] | None = None,
        session_factory: Callable[[], requests.Session] | None = None,
        is_plaintext: bool = False,
    ) -> None:
        proxies, headers = masked(proxies), masked(headers)
        check_files(verify, cert)
        check_session_proxies(proxies)
        self.limits: Limits = limits or Limits()
        self._verify = verify
        self._cert = cert
        self._proxies = MaskedMapping(proxies or {})
        self._headers = dict(headers or {})
        self._trust_env = trust_env
        self._stream = stream
        self._hooks = dict(hooks or {})
        self._session_factory = session_factory
        self._is_plaintext = is_plaintext
        self._sessions: dict[int, requests.Session] = {}

    def send(self, request: Request) -> Response:
        """Send a signed request to a token endpoint and read its answer: bounded, within a deadline, no redirect.

        Raises:
            TransportError: no answer, one that took too long or one that is too long; ``__cause__`` has the detail.
            SigningError: urllib3 would write the URL in another way than it was signed.
        """
        proxies = without_environment(request.url, None) if self._is_plaintext else None
        return exchange(self._session(), request, self.limits, verify=self._verify, proxies=proxies)

    def request(
        self, method: str, url: str, *, auth: AuthBase | tuple[str, str] | None = None, **kwargs: Any
    ) -> requests.Response:
        """Make an API call; ``kwargs`` are those of ``requests.Session.request``, and so is the answer.

        A redirect is followed, by GET or HEAD and signed again, within the same scheme, host and port alone; any other
        is an error. ``allow_redirects=False`` gives every answer as it is.

        Raises:
            requests.RequestException: as requests raises it.
            ProviderError: the answer to a signed call is a redirect that may not be followed.
            TransportError: the answer is longer than ``answer_bytes``, or took longer than ``answer_deadline``.
            SigningError: the request cannot be made or signed; nothing was sent.
        """
        kwargs = MaskedMapping(kwargs)
        session = self._session()
        follow, stream = kwargs.pop("allow_redirects", method.upper() != "HEAD"), kwargs.get("stream")
        kwargs.setdefault("timeout", (self.limits.connect, self.limits.read))
        kwargs.setdefault("verify", self._verify)
        if self._is_plaintext:
            kwargs["proxies"] = without_environment(url, kwargs.get("proxies"))
        try:
            with answers_bounded(url, self.limits, stream=session.stream if stream is None else stream):
                with redirects_unread():
                    response = session.request(method, url, auth=auth, allow_redirects=False, **kwargs)
                if follow:
                    response = follow_redirects(session, response, kwargs, limit=self.limits.max_redirects)
                return response
        except requests.RequestException as error:
            note_limits(url, error)
            without_secrets(error)
            if error.request is None and isinstance(error, UNUSABLE):
                raise unusable_url(error) from error
            raise
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error

    def close(self) -> None:
        """Close the connections that are kept. A later call opens new ones."""
        session = self._sessions.pop(os.getpid(), None)
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _session(self) -> requests.Session:
        # After a fork the child makes a new session: two processes must not write on one connection. The
        # parent's stays where it is, untouched: closing it could wait for a lock that the fork left locked.
        process = os.getpid()
        session = self._sessions.get(process)
        if session is None:
            session = self._sessions.setdefault(process, self._new_session())
        return session

    def _new_session(self) -> requests.Session:
        if self._session_factory is not None:
            session = self._session_factory()
            keep_redirects_unread(session)
            for adapter in session.adapters.values():
                keep_bounds(adapter)
        else:
            session = PoolSession()
            adapter = PoolAdapter(self.limits)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            session.trust_env = self._trust_env
        session.cookies.set_policy(reject_cookies())
        session.headers.update(self._headers)
        session.proxies.update(self._proxies)
        session.stream = session.stream or self._stream
        session.cert = self._cert or session.cert
        session.hooks.update(self._hooks)
        return session
