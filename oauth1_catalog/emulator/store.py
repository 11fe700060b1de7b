"""The state of an emulated provider: its application, temporary and token credentials, and the nonces it has seen.

Each method is one step that no other thread can interrupt.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from oauth1_catalog.emulator.examples import DEFAULT_USER, User
from oauth1_catalog.emulator.refusals import Refusal
from oauth1_catalog.emulator.session_tokens import dh_parameters, encrypted
from oauth1_catalog.emulator.window import Window

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


_SESSIONS = 5
"""How many session tokens of an access token are valid at once."""


@dataclass(frozen=True, slots=True)
class Client:
    """An application that is registered at the emulated provider.

    ``rsa_key`` is the private key as PEM text, for providers that verify RSA signatures. ``redirect_uri`` is the
    registered callback, if any.
    """

    client_id: str
    client_secret: str = field(repr=False)
    rsa_key: str = field(repr=False)
    public_key: RSAPublicKey = field(repr=False)
    redirect_uri: str | None = None
    own_encryption_key: str | None = field(default=None, repr=False)

    @property
    def encryption_key(self) -> str:
        """The private key for the secrets of tokens, as PEM text, at a provider that encrypts them."""
        return self.own_encryption_key or _encryption_key()

    @property
    def dh_parameters(self) -> str:
        """The Diffie-Hellman parameters as PEM text, at a provider with session tokens."""
        return dh_parameters()

    @property
    def oauth2_client_id(self) -> str:
        """The identifier of its OAuth 2.0 client, which exchanges tokens."""
        return f"{self.client_id}-oauth2"

    @property
    def oauth2_client_secret(self) -> str:
        """The secret of its OAuth 2.0 client."""
        return hashlib.sha256(f"oauth2 {self.client_secret}".encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class TemporaryToken:
    """Temporary credentials (RFC 5849, section 2.1), bound to a client, an emulated provider and a callback.

    ``asked`` contains the request's parameters that are not the protocol's, such as a scope or an access type.
    """

    token: str
    secret: str = field(repr=False)
    client_id: str
    provider_key: str
    callback: str
    asked: Mapping[str, str] = field(default_factory=dict)
    state: Literal["requested", "authorized", "denied", "used"] = "requested"
    verifier: str = field(default="", repr=False)
    user: User = DEFAULT_USER


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Token credentials (RFC 5849, section 2.3), bound to a client, an emulated provider and a user.

    With a ``provider_key`` of ``None`` it is valid for each tenant and environment of the provider.
    """

    token: str
    secret: str = field(repr=False)
    client_id: str
    provider_key: str | None
    user: User
    session_handle: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    state: Literal["valid", "expired", "revoked"] = "valid"
    decrypted_secret: bytes = field(default=b"", repr=False)


class Store:
    """The state of all providers with one name.

    Args:
        client_secret: the secret of the application. Default: a random one.
        encrypts_secrets: whether the secrets of access tokens are encrypted for the application.
        seed: the keys of the application and the tokens of the console are derived from it, so that they are the same
            at each start.
    """

    def __init__(
        self, *, client_secret: str | None = None, encrypts_secrets: bool = False, seed: str | None = None
    ) -> None:
        self._encrypts_secrets = encrypts_secrets
        self._seed = seed
        self._client_secret = self._invented("client secret") if client_secret is None else client_secret
        self._lock = threading.Lock()
        self._application: Client | None = None
        self._temporary: dict[str, TemporaryToken] = {}
        self._access: dict[str, AccessToken] = {}
        self._nonces: dict[int, set[tuple[str, str, str]]] = {}
        self._bearers: dict[str, AccessToken] = {}
        self._exchanges = Window()
        self._sessions: dict[str, list[tuple[bytes, float]]] = {}

    def client_of(
        self,
        name: str,
        *,
        redirect_uri: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        rsa_key: str | None = None,
        encryption_key: str | None = None,
    ) -> Client:
        """The registered application, with the given changes. The first call registers it."""
        with self._lock:
            client = self._application
            if client is None:
                invented = f"{name.replace('_', '-')}-{self._invented('client id')[:16]}"
                client = Client(invented, self._client_secret, *_rsa_key())
            if redirect_uri is not None:
                client = replace(client, redirect_uri=redirect_uri)
            if client_id is not None:
                client = replace(client, client_id=client_id)
            if client_secret is not None:
                client = replace(client, client_secret=client_secret)
            if rsa_key is not None:
                client = replace(client, rsa_key=rsa_key, public_key=_public_key(rsa_key))
            if encryption_key is not None:
                client = replace(client, own_encryption_key=encryption_key)
            self._application = client
            return client

    def forget_callback(self) -> None:
        """Accept every callback again."""
        with self._lock:
            if self._application is not None:
                self._application = replace(self._application, redirect_uri=None)

    def _invented(self, what: str) -> str:
        if self._seed is None:
            return secrets.token_hex(20)
        return hmac.digest(self._seed.encode(), what.encode(), "sha256").hex()[:40]

    def knows(self, client_id: str) -> bool:
        """Whether ``client_id`` is the registered application."""
        return self._application is not None and self._application.client_id == client_id

    def client(self, client_id: str) -> Client:
        """The application ``client_id``.

        Raises:
            Refusal: ``consumer_key_unknown``.
        """
        if self._application is None or not self.knows(client_id):
            raise Refusal("consumer_key_unknown", "No application has this consumer key.")
        return self._application

    def add_temporary(self, token: TemporaryToken) -> None:
        """Store temporary credentials."""
        with self._lock:
            self._temporary[token.token] = token

    def temporary(self, token: str, provider_key: str, client_id: str | None = None) -> TemporaryToken:
        """The temporary credentials ``token`` of this provider, and of this client if one is given.

        Raises:
            Refusal: they do not exist, or they were exchanged before.
        """
        found = self._temporary.get(token)
        if found is None or found.provider_key != provider_key or client_id not in {None, found.client_id}:
            raise Refusal("token_rejected", "This provider has not issued this request token to this application.")
        if found.state == "used":
            raise Refusal("token_used", "This request token was exchanged before.")
        return found

    def authorize(self, token: TemporaryToken, *, verifier: str, user: User) -> None:
        """Record that the user authorized the token, once.

        Raises:
            Refusal: the user has decided before.
        """
        self._decide(replace(token, state="authorized", verifier=verifier, user=user))

    def deny(self, token: TemporaryToken) -> None:
        """Record that the user declined, once.

        Raises:
            Refusal: the user has decided before.
        """
        self._decide(replace(token, state="denied"))

    def _decide(self, decided: TemporaryToken) -> None:
        with self._lock:
            if self._temporary[decided.token].state != "requested":
                raise Refusal("token_used", "This request token was authorized or denied before.")
            self._temporary[decided.token] = decided

    def exchange(self, temporary: TemporaryToken, access: AccessToken) -> None:
        """Exchange the temporary credentials for the token credentials, once.

        Raises:
            Refusal: another request was faster.
        """
        with self._lock:
            if self._temporary[temporary.token].state != "authorized":
                raise Refusal("token_used", "This request token was exchanged before.")
            self._temporary[temporary.token] = replace(temporary, state="used")
            self._access[access.token] = access

    def bind_callback(self, token: TemporaryToken, callback: str) -> TemporaryToken:
        """Store a callback from the authorization URL."""
        with self._lock:
            self._temporary[token.token] = bound = replace(self._temporary[token.token], callback=callback)
            return bound

    def issue(self, provider_key: str | None, client_id: str, user: User) -> AccessToken:
        """Issue token credentials without a login: for a password, or for the application's keys."""
        with self._lock:
            return self._issue(provider_key, client_id, user)

    def issue_static(self, provider_key: str | None, client_id: str, user: User) -> AccessToken:
        """Issue the token credentials that the provider's console shows.

        With a seed they stay the same until they expire or are renewed. The next ones are derived from the seed too.
        """
        if self._seed is None:
            return self.issue(provider_key, client_id, user)
        about = f"{user.username} {provider_key}"
        with self._lock:
            while True:
                names = ("token", "secret", "session handle")
                token, secret, handle = (self._invented(f"{what} {about}") for what in names)
                given = self.sealed(AccessToken(token, secret, client_id, provider_key, user, session_handle=handle))
                if self._access.setdefault(token, given).state == "valid":
                    return self._access[token]
                about += " again"

    def renew(self, old: AccessToken) -> AccessToken:
        """Exchange token credentials for new ones, once.

        Raises:
            Refusal: another request was faster.
        """
        with self._lock:
            if self._access[old.token].state == "revoked":
                raise Refusal("token_used", "This access token was renewed before.")
            self._access[old.token] = replace(old, state="revoked")
            return self._issue(old.provider_key, old.client_id, old.user)

    def _issue(self, provider_key: str | None, client_id: str, user: User) -> AccessToken:
        token = AccessToken(secrets.token_urlsafe(18), secrets.token_urlsafe(24), client_id, provider_key, user)
        token = self.sealed(token)
        self._access[token.token] = token
        return token

    def sealed(self, token: AccessToken) -> AccessToken:
        """The token credentials with an encrypted secret, if the provider encrypts them."""
        if not self._encrypts_secrets or self._application is None:
            return token
        secret = hashlib.sha256(token.secret.encode()).digest()
        return replace(token, secret=encrypted(secret, self._application.encryption_key), decrypted_secret=secret)

    def add_session(self, token: AccessToken, session: bytes, ends: float) -> None:
        """Record a session token, which ends at a time in seconds since the epoch."""
        with self._lock:
            self._access[token.token] = replace(token, state="valid")
            self._sessions[token.token] = [(session, ends), *self._sessions.get(token.token, ())][:_SESSIONS]

    def sessions(self, token: str, now: float) -> list[bytes]:
        """The session tokens of an access token that have not ended."""
        return [session for session, ends in self._sessions.get(token, ()) if now < ends]

    def access(self, token: str, provider_key: str, client_id: str) -> AccessToken:
        """The token credentials ``token`` of this provider and client, in any state.

        Raises:
            Refusal: they do not exist.
        """
        found = self._access.get(token)
        if found is None or found.provider_key not in {None, provider_key} or found.client_id != client_id:
            raise Refusal("token_rejected", "This provider has not issued this access token to this application.")
        return found

    def issue_bearer(self, token: AccessToken, *, again: bool, ends_old: bool) -> tuple[str, str]:
        """Exchange token credentials for an access token and a refresh token of OAuth 2.0.

        It ends the pair that the user got before.

        Raises:
            Refusal: they were exchanged before, and cannot be exchanged ``again``.
        """
        with self._lock:
            user = token.user.username
            before = [bearer for bearer, old in self._bearers.items() if old.user.username == user]
            if not again and any(secrets.compare_digest(self._bearers[bearer].token, token.token) for bearer in before):
                raise Refusal("token_used", "This access token was exchanged before.")
            for bearer in before:
                del self._bearers[bearer]
            if ends_old:
                self._access[token.token] = replace(token, state="revoked")
            pair = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
            self._bearers[pair[0]] = token
            return pair

    def of_bearer(self, bearer: str) -> AccessToken:
        """The token credentials that an access token of OAuth 2.0 was exchanged for.

        Raises:
            Refusal: it does not exist, or a later exchange has ended it.
        """
        found = self._bearers.get(bearer)
        if found is None:
            raise Refusal("token_rejected", "This access token of OAuth 2.0 is not valid, or not any more.")
        return found

    def count_exchange(self, requests: int, seconds: int, *, now: float) -> float:
        """Count an exchange; returns the seconds to wait if it is one too many in the period, otherwise 0."""
        with self._lock:
            return self._exchanges.take(requests, seconds, now)

    def mark(self, token: AccessToken, state: Literal["valid", "expired", "revoked"]) -> None:
        """Change the state of token credentials."""
        with self._lock:
            self._access[token.token] = replace(token, state=state)

    def expire_all(self) -> int:
        """Let all token credentials and session tokens expire; returns the number of the first."""
        with self._lock:
            self._sessions.clear()
            valid = [token for token in self._access.values() if token.state == "valid"]
            for token in valid:
                self._access[token.token] = replace(token, state="expired")
            return len(valid)

    def use_nonce(self, timestamp: int, key: tuple[str, str, str], *, forget_before: int) -> bool:
        """Whether ``key`` (client, token, nonce) is new for this timestamp (section 3.3)."""
        with self._lock:
            for old in [moment for moment in self._nonces if moment < forget_before]:
                del self._nonces[old]
            seen = self._nonces.setdefault(timestamp, set())
            fresh = key not in seen
            seen.add(key)
            return fresh


def _public_key(pem: str) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(pem.encode("ascii"), None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return private.public_key()


@functools.cache
def _encryption_key() -> str:
    """Another private key as PEM, which all applications share."""
    return _new_key()[0]


@functools.cache
def _rsa_key() -> tuple[str, RSAPublicKey]:
    """A private key as PEM and its public key. All applications share it, because generating one takes a while."""
    return _new_key()


def _new_key() -> tuple[str, RSAPublicKey]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode("ascii"), private.public_key()
