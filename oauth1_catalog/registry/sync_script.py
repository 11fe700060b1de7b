"""``client()``: a provider of the catalog for a script, a job or a test, without a web framework, on requests."""

from __future__ import annotations

import os
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oauth1_catalog.clients.connected import ConnectedPools
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.standalone import standalone_client
from oauth1_catalog.registry.sync_client import SyncOAuth1App

if TYPE_CHECKING:
    from oauth1_catalog.catalog import Catalog
    from oauth1_catalog.registry.token import TokenStore


class CatalogClient(SyncOAuth1App[object]):
    """A client of one provider, whose calls block. ``client()`` makes it; a ``with`` block closes its connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def client(
    provider: str,
    *,
    name: str | None = None,
    environment: str | None = None,
    env_file: str | os.PathLike[str] | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    rsa_key: object = None,
    token: str | None = None,
    token_secret: str | None = None,
    redirect_uri: str | None = None,
    catalog: Catalog | None = None,
    token_store: TokenStore | None = None,
    forget_rejected_tokens: bool = False,
    allow_retired: bool = False,
    allow_local_hosts: bool | str | Iterable[str] | None = None,
    insecure_transport: bool | None = None,
    allow_plaintext_over_http: bool = False,
    allow_session_fixation: bool | None = None,
    **values: object,
) -> CatalogClient:
    """A client for a provider of the catalog, without a web framework.

    What is not passed is looked up in the environment (``NETSUITE_CLIENT_ID``, ``NETSUITE_TOKEN``,
    ``NETSUITE_ACCOUNT_ID``), then in ``env_file``, then in the catalog.

    >>> keys = {"client_id": "key", "client_secret": "hush", "token": "token", "token_secret": "hush"}
    >>> with client("netsuite", account_id="1234567_SB1", **keys) as netsuite:
    ...     netsuite.api_base_url
    'https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/'

    Args:
        provider: the provider's name or alias in the catalog.
        name: another name for the client, with which its variables begin: ``"netsuite_eu"`` for
            ``NETSUITE_EU_CLIENT_ID``.
        environment: one of the provider's environments, such as ``"sandbox"``.
        env_file: the path of a ``.env`` file. No file is read unless you name it.
        client_id: the consumer key.
        client_secret: the consumer secret.
        rsa_key: for the RSA methods: PEM text or bytes, a path, or a key object.
        token: the identifier of a token, for calls without ``token=``: one that the provider's console issued, or a
            user's.
        token_secret: its secret.
        redirect_uri: where users return to, unless ``create_authorization_url`` names an address; ``"oob"`` for a PIN.
        catalog: where the provider is looked up. By default the built-in catalog, behind the directories of
            ``OAUTH1_CATALOG_PATH``.
        token_store: keeps the tokens of many users: ``find_token``, ``save_token``, ``renew_token(user=...)``. See
            ``docs/tokens.md``.
        forget_rejected_tokens: remove a token from the store when the provider rejects it as revoked or expired.
        allow_retired: allow a provider that has switched OAuth 1.0 off.
        allow_local_hosts: whether a value of a variable may name a private host or an IP address: ``True``, a list of
            hosts and networks, or ``False``, which refuses this machine, too. See ``docs/self-hosted.md``.
        insecure_transport: allow ``http://`` for other hosts than this machine.
        allow_plaintext_over_http: sign with PLAINTEXT for ``http://`` as well, where others can read the secrets.
        allow_session_fixation: allow logins at a provider whose callback has no verifier. See ``docs/security.md``.
        values: the provider's variables and options, and any parameter of ``register``, such as ``user_agent``.

    Raises:
        UnknownProviderError: the catalog has no such provider; the message lists the nearest names.
        MissingSettingError: a key or a variable is missing; the message names the environment's variable.
        RetiredProviderError: the provider has switched OAuth 1.0 off.
        ConfigurationError: a name is misspelt, a value is not usable, or ``env_file`` cannot be read.

    Warns:
        DeprecatedProviderWarning: the provider is going to switch OAuth 1.0 off.
        ConfigurationWarning: the provider asks for a User-Agent that names your application, and none is set.
    """
    client_secret, rsa_key = masked(client_secret), masked(rsa_key)
    token, token_secret = masked(token), masked(token_secret)
    arguments = MaskedMapping(
        values,
        client_id=client_id,
        client_secret=client_secret,
        rsa_key=rsa_key,
        token=token,
        token_secret=token_secret,
        redirect_uri=redirect_uri,
        allow_local_hosts=allow_local_hosts,
        insecure_transport=insecure_transport,
        allow_plaintext_over_http=allow_plaintext_over_http or None,
        allow_session_fixation=allow_session_fixation,
    )
    del values
    return standalone_client(
        CatalogClient,
        "client()",
        provider,
        arguments,
        connected=ConnectedPools(),
        name=name,
        environment=environment,
        env_file=env_file,
        catalog=catalog,
        token_store=token_store,
        forget_rejected_tokens=forget_rejected_tokens,
        allow_retired=allow_retired,
    )
