"""``Emulator``: all providers of a catalog on this machine, for development and tests."""

from __future__ import annotations

import logging
import ssl
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlsplit

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator.endpoints import Server, access_fields
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.emulator.providers import EmulatedCatalog, Origins, Registration, relocate, variant_key
from oauth1_catalog.emulator.serving import HTTPServer
from oauth1_catalog.emulator.store import Client, Store
from oauth1_catalog.emulator.testing import Exchange, Fault, Faults, Journal, submit_consent
from oauth1_catalog.errors import NotInitializedError, needs
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials

Started = TypeVar("Started")

log: logging.Logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IssuedToken(TokenCredentials):
    """A token that the emulator gives without a login.

    Attributes:
        fields: all that the provider's answer holds in a login, under the standard names: the token, its secret, the
            session handle that a renewal needs, when it ends, who the user is. Save it where you save the token of a
            login.

    >>> IssuedToken("t", "s", {"oauth_session_handle": "h"}).fields
    {'oauth_session_handle': ...}
    """

    fields: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        TokenCredentials.__post_init__(self)
        object.__setattr__(self, "fields", masked(self.fields))


class Emulator:
    """Plays OAuth 1.0 providers on loopback, and verifies each signed request with oauthlib.

    ::

        with Emulator(Catalog()) as emulator:
            twitter = emulator.client("twitter")
            app.config.update(TWITTER_CLIENT_ID=twitter.client_id, TWITTER_CLIENT_SECRET=twitter.client_secret)
            oauth = OAuth(app, catalog=emulator.catalog)
            oauth.register_from_catalog("twitter", client_kwargs={"verify": emulator.ca_file})

    Args:
        catalog: whose providers are played, each from the moment on in which it is first asked for.
        host: a loopback address.
        port: of the https origin; 0 for any free one.
        consent_port: of the http origin, where the consent pages are; 0 for any free one.
        seed: any text; the applications' keys and the tokens of ``issue_token`` follow from it, and are the same at
            each start. Without one they are new.

    Attributes:
        latency: seconds to wait before each answer of a token endpoint or the API.
        journal: what reached the emulator.

    Raises:
        ConfigurationError: ``host`` is not on loopback.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        consent_port: int = 0,
        seed: str | None = None,
    ) -> None:
        self._seed = seed
        self.latency: float = 0.0
        self.journal: Journal = Journal()
        self._source = catalog
        self._address = (host, port, consent_port)
        self._server = Server()
        self._stores: dict[str, Store] = {}
        self._lock = threading.Lock()
        self._faults = Faults()
        self._stopping = threading.Event()
        self._running: ExitStack | None = None
        self._origins: Origins | None = None
        self._ca_file: Path | None = None
        self._catalog: EmulatedCatalog | None = None

    def __enter__(self) -> Emulator:
        host, port, consent_port = self._address
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="oauth1-catalog-"))
            ca_file = Path(folder, "ca.pem")
            tls = _tls_context(host, ca_file)
            secure = HTTPServer(host, port, answer=self._answer, opened=self.journal.open_connection, tls=tls)
            stack.enter_context(secure)
            consent = HTTPServer(host, consent_port, answer=self._answer, opened=self.journal.open_connection)
            stack.enter_context(consent)
            self._stopping.clear()
            stack.callback(self._stopping.set)
            self._origins = Origins(secure.origin, consent.origin)
            self._ca_file = ca_file
            self._catalog = EmulatedCatalog(self._source, self._origins, on_provider=self._play)
            self._running = stack.pop_all()
        log.info("emulation only: OAuth 1.0 providers on %s, consent pages on %s", secure.origin, consent.origin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None

    @property
    def origins(self) -> Origins:
        """Where it listens."""
        return self._started(self._origins)

    @property
    def ca_file(self) -> str:
        """The certificate authority of its https origin, as a path for ``verify=``."""
        return str(self._started(self._ca_file))

    @property
    def catalog(self) -> EmulatedCatalog:
        """The catalog with all addresses moved here: for ``OAuth(app, catalog=...)``."""
        return self._started(self._catalog)

    def add(self, provider: Provider) -> Provider:
        """Play a provider that is in no catalog; gives it with its addresses moved here.

        Raises:
            ConfigurationError: oauthlib cannot judge its signatures.
        """
        present = self._server.registration(provider.name)
        key = provider.name if present is None or present.original == provider else variant_key(provider)
        self._play(key, provider)
        return relocate(provider, self.origins, key=key)

    def client(
        self,
        name: str,
        *,
        redirect_uri: str | None = None,
        client_secret: str | None = None,
        rsa_key: str | None = None,
    ) -> Client:
        """The application's registration at the provider ``name``: always the same one, made when first asked for.

        Args:
            name: of a provider of the catalog, or of one that was given to ``add``.
            redirect_uri: register this callback; from then on no other is taken.
            client_secret: instead of an invented one. A few providers give an empty one.
            rsa_key: a private key as PEM text, instead of a new one.

        Raises:
            UnknownProviderError: there is no such provider.
        """
        return self._store(name).client_of(
            name, redirect_uri=redirect_uri, client_secret=client_secret, rsa_key=rsa_key
        )

    def issue_token(self, name: str, *, user: str = "ada", key: str | None = None) -> IssuedToken:
        """A token without a login, as a provider's console gives it; ``fields`` is what a login gives.

        Args:
            name: of the provider.
            user: whose token it is.
            key: of the one tenant or environment (the first part of its paths) that takes it. Default: all of them do.
        """
        store = self._store(name)
        token = store.issue_static(key, store.client_of(name).client_id, User(user))
        return IssuedToken(token.token, token.secret, access_fields(self._rules(name), token))

    def expire_tokens(self, name: str) -> int:
        """Let all access tokens of a provider expire; says how many they were."""
        return self._store(name).expire_all()

    def approve(self, authorize_url: str, *, user: str = "ada") -> str:
        """Do what a browser does whose user says yes; gives the callback's address, or the PIN.

        Raises:
            ProviderError: the address leads to no consent page.
        """
        return submit_consent(authorize_url, fields={"decision": "authorize", "user": user}, verify=self.ca_file)

    def deny(self, authorize_url: str, *, problem: str = "") -> str:
        """Do what a browser does whose user says no; gives the callback's address, empty where there is none.

        Args:
            authorize_url: where the application sent the browser.
            problem: say it as this ``oauth_problem``, instead of in the provider's way.

        Raises:
            ProviderError: the address leads to no consent page.
        """
        return submit_consent(authorize_url, fields={"decision": "deny", "problem": problem}, verify=self.ca_file)

    def fail_next(
        self,
        role: str | None = None,
        *,
        provider: str | None = None,
        status: int = 500,
        body: bytes | str = b"",
        headers: dict[str, str] | None = None,
        drop: bool = False,
        times: int = 1,
    ) -> None:
        """Answer the next requests with a failure; they are not looked at.

        Args:
            role: ``"request_token"``, ``"authorize"``, ``"access_token"``, ``"renew"``, ``"revoke"``, ``"api"``, or
                any.
            provider: the key of a provider, or any.
            status: of the answer.
            body: of the answer.
            headers: of the answer.
            drop: close the connection without an answer.
            times: how many requests fail.
        """
        content = body.encode("utf-8") if isinstance(body, str) else body
        response = None if drop else Response(status, headers or {}, content)
        self._faults.add(Fault(response, role, provider), times=times)

    def reset(self) -> None:
        """Undo what a test has changed: failures to come, latency, registered callbacks, and the journal.

        The keys of the applications and their tokens stay.
        """
        self.latency = 0.0
        self._faults.clear()
        self.journal.clear()
        with self._lock:
            for store in self._stores.values():
                store.forget_callback()

    def _play(self, key: str, provider: Provider) -> None:
        store = self._remember(provider.name, provider.required_credentials)
        self._server.add(Registration(key, provider, self.origins, store))

    def _store(self, name: str) -> Store:
        """The memory of the provider ``name``, which may be an alias."""
        with self._lock:
            if name in self._stores:
                return self._stores[name]
        file = self._source.file(name)
        return self._remember(file.name, file.required_credentials)

    def _rules(self, name: str) -> Provider:
        """The provider ``name``; the values of its variables are examples, for no rule about tokens depends on them."""
        if name not in self._source and (added := self._server.registration(name)) is not None:
            return added.original
        examples = {key: value for key, value in self._source.required(name).items() if value is not None}
        return self._source.provider(name, values=examples)

    def _remember(self, name: str, required: tuple[str, ...] | None) -> Store:
        """The memory of a provider; a few give their applications no secret."""
        with self._lock:
            secretless = required is not None and "client_secret" not in required
            seed = None if self._seed is None else f"{self._seed} {name}"
            return self._stores.setdefault(name, Store(client_secret="" if secretless else None, seed=seed))

    def _answer(self, request: Request, connection: int) -> Response | None:
        registration, role = self._server.find(request)
        key = registration.key if registration else ""
        if self.latency and role != "authorize":
            self._stopping.wait(self.latency)
        fault = self._faults.take(key, role)
        response = self._server.handle(request) if fault is None else fault.response
        status = response.status if response else 0
        self.journal.add(Exchange(key, role, request.method, urlsplit(request.url).path, status, connection))
        return response

    def _started(self, value: Started | None) -> Started:
        if self._running is None or value is None:
            raise NotInitializedError(description="the emulator does not run. Use it as: with Emulator(catalog) as e:")
        return value


def _tls_context(host: str, ca_file: Path) -> ssl.SSLContext:
    """A server's context with a certificate for ``host`` and loopback; its authority is written to ``ca_file``."""
    with needs("The emulator", "emulator"):
        import trustme

    authority = trustme.CA(organization_name="oauth1-catalog emulator")
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*{host, "127.0.0.1", "::1", "localhost"}).configure_cert(context)
    return context
