"""``Emulator``: emulates every provider of a catalog on this machine, for development and tests."""

from __future__ import annotations

import logging
import re
import ssl
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator.endpoints import Server, access_fields
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.emulator.providers import ROLES, EmulatedCatalog, Origins, Registration, relocate, variant_key
from oauth1_catalog.emulator.recent import PATH, answer_page, is_page
from oauth1_catalog.emulator.serving import HTTPServer
from oauth1_catalog.emulator.store import Client, Store
from oauth1_catalog.emulator.testing import Exchange, Faults, Journal, submit_consent
from oauth1_catalog.errors import ConfigurationError, NotInitializedError, ProviderError, needs
from oauth1_catalog.redaction import masked
from oauth1_catalog.rfc5849.messages import Request, Response, TokenCredentials
from oauth1_catalog.suggestions import did_you_mean, nearest

log: logging.Logger = logging.getLogger(__name__)
CLIENT_ID: re.Pattern[str] = re.compile(r"[\x21-\x7E]{1,2048}")
"""What oauthlib accepts as a consumer key, as ``validator.py`` sets it."""


@dataclass(frozen=True, slots=True)
class IssuedToken(TokenCredentials):
    """A token that the emulator issued without a login.

    Attributes:
        fields: every field of the provider's response in a login, under the standard names: the token, its secret, the
            session handle for a renewal, the expiry and the user. Save it where you save the token of a login.

    >>> IssuedToken("t", "s", {"oauth_session_handle": "h"}).fields
    {'oauth_session_handle': ...}
    """

    fields: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        TokenCredentials.__post_init__(self)
        object.__setattr__(self, "fields", masked(self.fields))


class _Running(NamedTuple):
    """What exists while the emulator runs."""

    origins: Origins
    ca_file: str
    catalog: EmulatedCatalog
    resources: ExitStack


class Emulator:
    """Emulates OAuth 1.0 providers on loopback, and verifies each signed request with oauthlib.

    ::

        with Emulator(Catalog()) as emulator:
            twitter = emulator.client("twitter")
            app.config.update(TWITTER_CLIENT_ID=twitter.client_id, TWITTER_CLIENT_SECRET=twitter.client_secret)
            oauth = OAuth(app, catalog=emulator.catalog)
            oauth.register_from_catalog("twitter", client_kwargs={"verify": emulator.ca_file})

    Args:
        catalog: the catalog of the providers. Each one is emulated from the first time that you ask for it.
        host: a loopback address.
        port: the port of the https origin; 0 for any free port.
        consent_port: the port of the http origin, which serves the consent pages; 0 for any free port.
        seed: any text. The keys of the applications and the tokens of ``issue_token`` are derived from it, so they are
            the same at each start. Default: new ones at each start.
        explain_pairs: whether the answer to a wrong signature names two mistakes that were made together. To try them
            takes up to a second. The page of the request, below ``requests_url``, names them in any case.
        rate_limits: whether to answer with status 429 and ``Retry-After`` beyond the rate limits of a provider's file.

    Attributes:
        latency: seconds to wait before each response of a token endpoint or the API.
        journal: the requests that the emulator has received.
        rate_limits: as you passed it.

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
        explain_pairs: bool = False,
        rate_limits: bool = False,
    ) -> None:
        self._seed = seed
        self._explain_pairs = explain_pairs
        self.rate_limits: bool = rate_limits
        self.latency: float = 0.0
        self.journal: Journal = Journal()
        self._source = catalog
        self._address = (host, port, consent_port)
        self._server = Server(rate_limits=rate_limits)
        self._stores: dict[str, Store] = {}
        self._lock = threading.Lock()
        self._faults = Faults()
        self._stopping = threading.Event()
        self._started: _Running | None = None

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
            origins = Origins(secure.origin, consent.origin)
            catalog = EmulatedCatalog(self._source, origins, on_provider=self._play)
            self._started = _Running(origins, str(ca_file), catalog, stack.pop_all())
        log.info("emulation only: OAuth 1.0 providers on %s, consent pages on %s", secure.origin, consent.origin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started is not None:
            self._started.resources.close()
            self._started = None

    @property
    def origins(self) -> Origins:
        """The two origins of the emulator."""
        return self._running.origins

    @property
    def ca_file(self) -> str:
        """The path of the certificate authority of the https origin, for ``verify=``."""
        return self._running.ca_file

    @property
    def catalog(self) -> EmulatedCatalog:
        """The catalog with all addresses at the emulator, for ``OAuth(app, catalog=...)``."""
        return self._running.catalog

    @property
    def requests_url(self) -> str:
        """The page with the last requests: what was signed in each, and why it was refused."""
        return f"{self.origins.consent}{PATH}"

    def add(self, provider: Provider) -> Provider:
        """Emulate a provider that is not in the catalog; returns it with its addresses at the emulator.

        Raises:
            ConfigurationError: oauthlib cannot verify its signatures.
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
        client_id: str | None = None,
        client_secret: str | None = None,
        rsa_key: str | None = None,
        encryption_key: str | None = None,
    ) -> Client:
        """The registration of your application at the provider ``name``. It is the same at each call.

        Args:
            name: a provider of the catalog, or one that you passed to ``add``.
            redirect_uri: registers this callback. The provider accepts no other from now on.
            client_id: replaces the random identifier. Pass it before you issue tokens: they belong to the old one.
            client_secret: replaces the random secret. A few providers issue an empty one.
            rsa_key: replaces the new private key; PEM text.
            encryption_key: replaces the private key for the secrets of tokens; PEM text. Pass it before you issue
                tokens.

        Raises:
            ConfigurationError: ``client_id`` is not 1 to 2048 visible ASCII characters, or ``client_secret`` has a
                character that is not printable, such as the line break of a file, or a blank at an end.
            UnknownProviderError: the catalog has no such provider.
        """
        if client_id is not None and not CLIENT_ID.fullmatch(client_id):
            raise ConfigurationError(
                description=f"{name}: the client_id is empty or too long, or it has a blank, a line break or another "
                "character that is not visible ASCII. Pass the one that your application sends.",
                provider=name,
            )
        if client_secret and (len(client_secret.strip()) < len(client_secret) or not client_secret.isprintable()):
            raise ConfigurationError(
                description=f"{name}: the client_secret has a line break or a control character in it, or a blank at "
                "an end. Remove it.",
                provider=name,
            )
        return self._store(name).client_of(
            name,
            redirect_uri=redirect_uri,
            client_id=client_id,
            client_secret=client_secret,
            rsa_key=rsa_key,
            encryption_key=encryption_key,
        )

    def issue_token(self, name: str, *, user: str = "ada", key: str | None = None) -> IssuedToken:
        """Issue a token without a login, like the console of a provider.

        Args:
            name: the provider.
            user: the user of the token.
            key: the only tenant or environment (the first part of its paths) that accepts the token. Default: all.
        """
        store = self._store(name)
        token = store.issue_static(key, store.client_of(name).client_id, User(user))
        return IssuedToken(token.token, token.secret, access_fields(self._rules(name), token))

    def expire_tokens(self, name: str) -> int:
        """Let all access tokens of a provider expire; returns their number."""
        return self._store(name).expire_all()

    def approve(self, authorize_url: str, *, user: str = "ada") -> str:
        """Authorize a login like a user in a browser; returns the URL of the callback, or the PIN.

        Raises:
            ProviderError: the URL is not that of a consent page of this emulator.
        """
        return self._decide(authorize_url, {"decision": "authorize", "user": user})

    def deny(self, authorize_url: str, *, problem: str = "") -> str:
        """Decline a login like a user in a browser; returns the URL of the callback, empty if there is none.

        Args:
            authorize_url: the URL to which your application redirected the browser.
            problem: an ``oauth_problem`` for the callback. Default: the provider's own parameters.

        Raises:
            ProviderError: the URL is not that of a consent page of this emulator.
        """
        return self._decide(authorize_url, {"decision": "deny", "problem": problem})

    def _decide(self, authorize_url: str, fields: dict[str, str]) -> str:
        if not authorize_url.startswith((f"{self.origins.consent}/", f"{self.origins.secure}/")):
            host = urlsplit(authorize_url).hostname or "no host"
            raise ProviderError(
                description=f"the URL leads to {host}, which is not this emulator; nothing is sent there. Give the "
                "application the emulator's addresses, as with OAuth(catalog=emulator.catalog), and pass the URL that "
                "its login redirects to.",
                step="authorize",
            )
        return submit_consent(authorize_url, fields=fields, verify=self.ca_file)

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
        """Let the next requests fail, regardless of their content.

        Args:
            role: ``"request_token"``, ``"authorize"``, ``"access_token"``, ``"renew"``, ``"revoke"``,
                ``"session_token"``, ``"exchange"`` or ``"api"``. Default: any.
            provider: the key of a provider. Default: any.
            status: the status of the response.
            body: the body of the response.
            headers: the headers of the response.
            drop: close the connection without a response.
            times: the number of requests that fail.

        Raises:
            ConfigurationError: there is no such role.
        """
        if role is not None and role not in ROLES:
            near = did_you_mean(nearest(role, ROLES), sentence=True) or f"The roles are {', '.join(ROLES)}."
            raise ConfigurationError(description=f"{role!r} is not a role of a request. {near}")
        content = body.encode("utf-8") if isinstance(body, str) else body
        self._faults.add(None if drop else Response(status, headers or {}, content), role, provider, times=times)

    def reset(self) -> None:
        """Undo what a test has changed: failures to come, latency, registered callbacks, and the journal.

        The emulator also forgets the requests that it has counted for rate limits. The keys of the applications and
        their tokens stay.
        """
        self.latency = 0.0
        self._faults.clear()
        self.journal.clear()
        self._server.forget_requests()
        with self._lock:
            for store in self._stores.values():
                store.forget_callback()

    def _play(self, key: str, provider: Provider) -> None:
        store = self._remember(provider.name, provider.required_credentials)
        self._server.add(Registration(key, provider, self.origins, store, self._explain_pairs))

    def _store(self, name: str) -> Store:
        """The state of the provider ``name``, which can be an alias."""
        with self._lock:
            if name in self._stores:
                return self._stores[name]
        file = self._source.file(name)
        return self._remember(file.name, file.required_credentials)

    def _rules(self, name: str) -> Provider:
        """The provider ``name``, with examples as its variables, which no rule about tokens depends on."""
        if name not in self._source and (added := self._server.registration(name)) is not None:
            return added.original
        examples = {key: value for key, value in self._source.required(name).items() if value is not None}
        return self._source.provider(name, values=examples)

    def _remember(self, name: str, required: tuple[str, ...] | None) -> Store:
        """The state of a provider. A few issue no client secret."""
        with self._lock:
            secretless = required is not None and "client_secret" not in required
            seed = None if self._seed is None else f"{self._seed} {name}"
            encrypts = required is not None and "encryption_key" in required
            store = Store(client_secret="" if secretless else None, encrypts_secrets=encrypts, seed=seed)
            return self._stores.setdefault(name, store)

    def _answer(self, request: Request, connection: int) -> Response | None:
        if is_page(request):
            return answer_page(self._server.recent, request)
        registration, role = self._server.find(request)
        key = registration.key if registration else ""
        if self.latency and role != "authorize":
            self._stopping.wait(self.latency)
        fails, response = self._faults.take(key, role)
        if not fails:
            response = self._server.handle(request)
        status = response.status if response else 0
        if fails:
            self._server.recent.add(
                request, role, status, "It failed because `fail_next()` or `--fail` asked for it.", registration
            )
        self.journal.add(Exchange(key, role, request.method, urlsplit(request.url).path, status, connection))
        return response

    @property
    def _running(self) -> _Running:
        if self._started is None:
            raise NotInitializedError(description="the emulator is not running. Use `with Emulator(catalog) as e:`.")
        return self._started


def _tls_context(host: str, ca_file: Path) -> ssl.SSLContext:
    """A server's context with a certificate for ``host`` and loopback. Writes its authority to ``ca_file``."""
    with needs("The emulator", "emulator"):
        import trustme

    authority = trustme.CA(organization_name="oauth1-catalog emulator")
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*{host, "127.0.0.1", "::1", "localhost"}).configure_cert(context)
    return context
