"""A registered client: one provider, the application's keys for it, and what Authlib calls the remote app.

What needs no I/O is here; ``sync_client.py`` and ``async_client.py`` drive it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from oauth1_catalog.access import DEVELOPER, Access, given_insecure_transport, read_flag
from oauth1_catalog.catalog.provider import FLOW_URLS, Provider, time_zone
from oauth1_catalog.clients.options import signing_options
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
)
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.api_calls import ApiCallMixin
from oauth1_catalog.registry.framework import Framework, FrameworkRequest
from oauth1_catalog.registry.login_checks import check_fixation, held_to_rfc5849
from oauth1_catalog.registry.provider_values import provider_with
from oauth1_catalog.registry.register_arguments import refuse_oauth2
from oauth1_catalog.registry.settings import missing_settings_error
from oauth1_catalog.registry.token import FetchToken
from oauth1_catalog.registry.urls import check_transport
from oauth1_catalog.rfc5849.messages import ClientCredentials, TokenCredentials

if TYPE_CHECKING:
    from oauth1_catalog.flow.session_token import SessionKeys
    from oauth1_catalog.rfc5849 import Signer


class OAuth1App(ApiCallMixin[FrameworkRequest]):
    """A client of one provider. ``register`` makes it; the parameters are those of ``register``.

    Args:
        framework: the framework that it lives in.
        name: the registered name.
        fetch_token: gives the current user's token.
        provider: an entry of the catalog; the other parameters go over it.
        access: the hosts and transports that are allowed; by default what holds for addresses of the developer's own.
        token: the identifier of a token that the provider's console issued, for calls without a user's token.
        token_secret: its secret.
        encryption_key: the private RSA key for which the provider encrypts the secrets of tokens, in the forms of
            ``rsa_key``, at a provider with session tokens.
        encryption_key_passphrase: its passphrase.
        dh_parameters: the Diffie-Hellman parameters of such a provider: PEM, a path, or the prime as hex digits.
        oauth2_client_id: the OAuth 2.0 client, for ``exchange_token`` at a provider that authenticates it.
        oauth2_client_secret: its secret; none for a public client.
        redirect_uri: where users return to, unless a call passes another address: an absolute address, or a path
            behind the configured base (``OAUTH1_CATALOG_REDIRECT_BASE_URL``).
        allow_session_fixation: allow logins at a provider without verifier (OAuth Core 1.0), which can be fixated.
    """

    OAUTH_APP_CONFIG: ClassVar[Mapping[str, object] | None] = None
    """Values of ``register`` that a subclass brings along (``client_cls=``)."""

    def __init__(
        self,
        framework: Framework[FrameworkRequest],
        name: str = "client",
        fetch_token: FetchToken | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        rsa_key: object = None,
        rsa_key_passphrase: str | None = None,
        encryption_key: object = None,
        encryption_key_passphrase: str | None = None,
        dh_parameters: object = None,
        token: str | None = None,
        token_secret: str | None = None,
        oauth2_client_id: str | None = None,
        oauth2_client_secret: str | None = None,
        redirect_uri: object = None,
        allow_session_fixation: object = False,
        provider: Provider | None = None,
        access: Access | None = None,
        update_token: Callable[..., object] | None = None,
        **values: Any,  # the remaining parameters of register(), whose types provider_with() checks
    ) -> None:
        client_secret, token, token_secret = masked(client_secret), masked(token), masked(token_secret)
        rsa_key, rsa_key_passphrase = masked(rsa_key), masked(rsa_key_passphrase)
        encryption_key, encryption_key_passphrase = masked(encryption_key), masked(encryption_key_passphrase)
        oauth2_client_secret = masked(oauth2_client_secret)
        values = MaskedMapping(values)
        self.framework: Framework[FrameworkRequest] = framework
        self.name = name
        self.client_id = client_id
        self.client_secret = client_secret
        self.access: Access = access or Access(DEVELOPER.local_hosts, given_insecure_transport())
        self.provider: Provider = provider_with(provider or Provider(name=name), name, values, access=self.access)
        check_transport(self.provider, self.access)
        self.redirect_uri: str | None = None if redirect_uri is None else str(redirect_uri)
        self.allow_session_fixation: bool = read_flag(allow_session_fixation, where=f"{name}: allow_session_fixation")
        if not self.allow_session_fixation:
            self.provider = held_to_rfc5849(self.provider)
        self.static_token: TokenCredentials | None = TokenCredentials(token, token_secret or "") if token else None
        self.oauth2_client: ClientCredentials | None = (
            ClientCredentials(oauth2_client_id, oauth2_client_secret or "") if oauth2_client_id else None
        )
        refuse_oauth2(name, self.provider.client_kwargs, where="client_kwargs")
        self._signing = signing_options(self.provider.client_kwargs, name=name)
        with self._configuring():
            self._transport = self._transport_options(self.provider.client_kwargs)
        self._told_of_unused = self._can_log_in = False
        if self._signing.get("signature_method") == "PLAINTEXT":
            self._transport["is_plaintext"] = True
        self._fetch_token = fetch_token
        self._update_token = update_token
        self._rsa_key = rsa_key
        self._rsa_key_passphrase = rsa_key_passphrase
        self._encryption_key = encryption_key
        self._encryption_key_passphrase = encryption_key_passphrase
        self._dh_parameters = dh_parameters

    def __reduce__(self) -> str:
        raise TypeError(
            f"{self.name}: a client cannot be copied or pickled, because it has connections of this "
            f"process. {self.framework.advise_other_process(self.name)}"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def request_token_url(self) -> str | None:
        """Where step one asks."""
        return self.provider.request_token_url

    @property
    def request_token_params(self) -> Mapping[str, str]:
        """Parameters of step one."""
        return self.provider.request_token_params

    @property
    def access_token_url(self) -> str | None:
        """Where step three asks."""
        return self.provider.access_token_url

    @property
    def access_token_params(self) -> Mapping[str, str]:
        """Parameters of step three."""
        return self.provider.access_token_params

    @property
    def authorize_url(self) -> str | None:
        """Where the user's browser goes."""
        return self.provider.authorize_url

    @property
    def authorize_params(self) -> Mapping[str, str]:
        """Parameters of the authorize URL; a caller's own win over them."""
        return self.provider.authorize_params

    @property
    def api_base_url(self) -> str | None:
        """What relative API paths are joined to."""
        return self.provider.api_base_url

    @property
    def client_kwargs(self) -> Mapping[str, object]:
        """Signature and transport options."""
        return self.provider.client_kwargs

    @cached_property
    def signer(self) -> Signer:
        """Signs every request of this client.

        Raises:
            MissingSettingError: there is no ``client_id``, or no key for the signature method.
            SigningError: an option or a key is not usable.
        """
        from oauth1_catalog.rfc5849 import Signer

        options = MaskedMapping(self._signing)
        if self._rsa_key is not None:
            options["rsa_key"] = self._rsa_key
        if self._rsa_key_passphrase is not None:
            options["rsa_key_passphrase"] = self._rsa_key_passphrase
        by_rsa = str(options.get("signature_method", "")).startswith("RSA")
        needs_secret = self.provider.from_catalog and "client_secret" in self.provider.required_credentials
        wanted = {
            "client_id": not self.client_id,
            "rsa_key": by_rsa and not options.get("rsa_key"),
            "client_secret": needs_secret and not by_rsa and self.client_secret is None,
        }
        if self.provider.session_token is not None:
            wanted |= {"encryption_key": not self._encryption_key, "dh_parameters": not self._dh_parameters}
        if any(wanted.values()):
            raise self._missing(*(name for name, is_missing in wanted.items() if is_missing))
        assert self.client_id  # noqa: S101 - it would be missing
        with self._configuring():
            if options.get("rsa_key") is not None:
                passphrase = options.pop("rsa_key_passphrase", None)
                options["rsa_key"] = self.framework.private_keys.load(options["rsa_key"], passphrase)
            return Signer(
                ClientCredentials(self.client_id, self.client_secret or ""),
                allow_plaintext_over_http=self.access.plaintext_over_http,
                **options,
            )

    @cached_property
    def api_signer(self) -> Signer:
        """Signs API calls: ``signer``, or at a provider with session tokens one whose key is such a token.

        Raises:
            MissingSettingError, SigningError: as ``signer``.
        """
        rules = self.provider.session_token
        if rules is None:
            return self.signer
        from oauth1_catalog.flow.session_token import session_signature
        from oauth1_catalog.rfc5849 import Signer

        own = {"signature_method", "rsa_key", "rsa_key_passphrase"}
        options = {name: value for name, value in self._signing.items() if name not in own}
        with self._configuring():
            return Signer(self.signer.client, signature_method=session_signature(rules), **options)

    @cached_property
    def session_keys(self) -> SessionKeys:
        """The keys that session tokens need beside ``signer``.

        Raises:
            MissingSettingError: one of them is missing.
            ConfigurationError: one of them cannot be used.
        """
        from oauth1_catalog.flow.diffie_hellman import load_dh_parameters
        from oauth1_catalog.flow.session_token import SessionKeys

        _ = self.signer  # it names every key that is missing
        key: Any = self._encryption_key
        given: Any = self._dh_parameters
        with self._configuring():
            loaded = self.framework.private_keys.load(key, self._encryption_key_passphrase, name="encryption_key")
            return SessionKeys(loaded, load_dh_parameters(given))

    def problems(self) -> Iterator[ConfigurationError]:
        """What is wrong with the configuration of this client, as far as it can be checked without the provider."""
        session = () if self.provider.session_token is None else ("session_keys",)
        for part in ("signer", *session, "pool"):
            try:
                getattr(self, part)
            except ConfigurationError as error:
                yield error
        try:
            self.check_fixation()
        except ConfigurationError as error:
            yield error
        if "redirect" in self.provider.flows:
            yield from self._missing_addresses()
        lifetime = self.provider.token_response.lifetime
        if lifetime and lifetime.timezone and time_zone(lifetime.timezone) is None:
            from oauth1_catalog.flow.responses import missing_time_zone

            yield ConfigurationError(
                description=f"{self.name}: {missing_time_zone(lifetime.timezone)}", provider=self.name
            )

    def sealing_problem(self, found: Sequence[str | bytes]) -> ConfigurationError | None:
        """The error if a login cannot begin because there is no key; ``problems`` reports any other reason.

        Args:
            found: the application's own keys.
        """
        if "redirect" not in self.provider.flows:
            return None
        try:
            self._secret_keys(found)
        except ConfigurationError as error:
            return error if error.error == "missing_secret_key" else None
        return None

    def require_keys(self) -> None:
        """Refuse a client of the catalog without usable keys, or for logins that can be fixated.

        Raises:
            MissingSettingError: a key is missing.
            ConfigurationError: a key is not usable, or ``allow_session_fixation`` is missing.
        """
        _ = self.signer
        if self.provider.session_token is not None:
            _ = self.session_keys
        self.check_fixation()

    def check_fixation(self) -> None:
        """Refuse a registration that can only be for logins, where these can be fixated and that is not allowed.

        Raises:
            ConfigurationError: ``allow_session_fixation`` is missing.
        """
        settings = self.framework.settings
        is_for_logins = settings.function() and self.provider.flows == ("redirect",)  # a command logs nobody in
        if is_for_logins and self.static_token is None:
            check_fixation(self.provider, allowed=self.allow_session_fixation, settings=settings)

    @property
    def callback_is_open(self) -> bool:
        """Whether a login's redirect URI comes from the call alone, and is sent to the provider.

        Also where one is registered there: providers compare the host, the path or only a prefix, and no file describes
        that.
        """
        return "redirect" in self.provider.flows and self.provider.callback.value == "url" and not self.redirect_uri

    def discard(self) -> None:
        """The registry has another client of this name, or none: close the connections when nobody uses them."""
        pool = self.__dict__.get("pool")
        if pool is not None:
            self.framework.connected.retire(pool)

    def _transport_options(self, client_kwargs: Mapping[str, object]) -> dict[str, Any]:
        """The options of the HTTP library in ``client_kwargs``."""
        raise NotImplementedError

    def _missing_addresses(self) -> Iterator[MissingSettingError]:
        """The addresses that a login needs and that are nowhere."""
        provider = self.provider
        for setting in FLOW_URLS["redirect"]:
            given_later = setting == "authorize_url" and provider.authorize_url_field
            if not getattr(provider, setting) and not given_later:
                yield self._missing(setting)

    def _missing(self, *settings: str) -> MissingSettingError:
        return missing_settings_error(
            self.name,
            settings,
            self.framework.settings,
            from_catalog=self.provider.from_catalog,
            labels=self.provider.credential_labels,
            catalog=() if self.provider.from_catalog else self.framework.catalog(),
        )
