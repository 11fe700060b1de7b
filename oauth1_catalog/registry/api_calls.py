"""Calls of a provider's API: the methods by their names, the arguments they take, and what every call carries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import parse_qsl

from oauth1_catalog.access import Access
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, MissingTokenError, OAuthError, SigningError
from oauth1_catalog.hosts import Origin, authority_of
from oauth1_catalog.redaction import MaskedMapping, masked, without_frames
from oauth1_catalog.registry.effects import LoginSteps
from oauth1_catalog.registry.framework import FrameworkRequest
from oauth1_catalog.registry.login import LoginMixin
from oauth1_catalog.registry.multipart import multipart_fields, refuse_written_multipart
from oauth1_catalog.registry.urls import api_url, own_origins
from oauth1_catalog.rfc5849.encoding import form_encode
from oauth1_catalog.rfc5849.messages import Request, TokenCredentials, TokenLike, token_credentials

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx2

    from oauth1_catalog.diagnosis import Explanation
    from oauth1_catalog.flow.token_header import TokenHeader
    from oauth1_catalog.rfc5849 import Signer

Reply = TypeVar("Reply")
"""A response, or in the async client what is awaited for one."""


class HttpOptions(TypedDict, total=False):
    """What a call passes on to the HTTP library. What is left out keeps the library's default.

    ``allow_redirects``, ``proxies``, ``verify``, ``cert`` and ``hooks`` belong to requests, and ``content``,
    ``follow_redirects`` and ``extensions`` to httpx2.
    """

    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | None
    data: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | IO[bytes] | None
    json: object
    files: Mapping[str, Any] | Sequence[tuple[str, Any]] | None
    headers: Mapping[str, str] | None
    cookies: Mapping[str, str] | CookieJar | None
    timeout: float | tuple[float | None, float | None] | httpx2.Timeout | None
    stream: bool
    allow_redirects: bool
    proxies: Mapping[str, str] | None
    verify: bool | str
    cert: str | tuple[str, str] | None
    hooks: Mapping[str, Any] | None
    content: str | bytes | Iterable[bytes] | None
    follow_redirects: bool
    extensions: Mapping[str, Any] | None


class CallOptions(HttpOptions, Generic[FrameworkRequest], total=False):
    """What ``get(url, ...)`` and its siblings take: the arguments of ``request``."""

    token: TokenLike | None
    request: FrameworkRequest | None
    withhold_token: bool
    allow_any_host: bool
    oauth_params: Mapping[str, str] | None


class Verbs(ABC, Generic[Reply, FrameworkRequest]):
    """``get(url, ...)`` and its siblings; each takes what ``request`` takes."""

    @abstractmethod
    def request(
        self,
        method: str,
        url: str,
        token: TokenLike | None = None,
        *,
        request: FrameworkRequest | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        **kwargs: Unpack[HttpOptions],
    ) -> Reply:
        """Call the provider's API, signed."""

    def get(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("GET", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("GET", url, **options)

    def post(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("POST", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("POST", url, **options)

    def put(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("PUT", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("PUT", url, **options)

    def patch(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("PATCH", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("DELETE", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("DELETE", url, **options)

    def head(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("HEAD", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("HEAD", url, **options)

    def options(self, url: str, **kwargs: Unpack[CallOptions[FrameworkRequest]]) -> Reply:
        """As ``request("OPTIONS", ...)``."""
        options = MaskedMapping(kwargs)
        del kwargs
        return self.request("OPTIONS", url, **options)


class ApiCallMixin(LoginMixin[FrameworkRequest]):
    """What a client puts into each call of the provider's API."""

    access: Access

    if TYPE_CHECKING:

        @property
        def api_signer(self) -> Signer: ...  # noqa: D102 - the client's own

    @cached_property
    def _own_origins(self) -> frozenset[Origin]:
        return own_origins(self.provider)

    def sign(
        self,
        method: str,
        url: str,
        *,
        token: TokenLike | None = None,
        withhold_token: bool = False,
        allow_any_host: bool = False,
        oauth_params: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | None = None,  # what requests takes
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes | None = None,  # what requests takes
    ) -> Request:
        """The signed request of a call, for another HTTP library to send: the rules of ``request`` hold for it.

        It does no I/O: it neither reads the token store nor opens a connection, so it is not awaited in the async
        client either. Sign a request again before you repeat it, and do not let the HTTP library follow redirects with
        its ``Authorization`` header.

        >>> from oauth1_catalog import client
        >>> twitter = client("twitter", client_id="key", client_secret="hush", token="t", token_secret="hush")
        >>> signed = twitter.sign("POST", "statuses/update.json", data={"status": "a b"})
        >>> signed.method, signed.url, signed.body
        ('POST', 'https://api.twitter.com/1.1/statuses/update.json', b'status=a%20b')
        >>> signed.header("Authorization").partition("=")[0]
        'OAuth oauth_consumer_key'

        Args:
            method: the HTTP method.
            url: a path relative to ``api_base_url``, or an absolute URL of a host of this provider.
            token: whose call it is: a mapping, or an object with ``to_token()``.
            withhold_token: sign with the client's keys alone.
            allow_any_host: let an absolute URL name a host that the provider's file does not list.
            oauth_params: further protocol parameters, such as ``{"oauth_callback": "about:blank"}``.
            params: names and values to append to the URL's query.
            headers: the headers of the call.
            data: the body: text or bytes, or the names and values of a form.

        Returns:
            ``method``, ``url``, ``headers`` and ``body``. Send exactly these.

        Raises:
            MissingTokenError: the call needs a token, or a session token (``renew_token``), and there is none.
            ConfigurationError: the URL is not one of this provider's.
            SigningError: the request cannot be signed.
        """
        from oauth1_catalog.registry.unsent import unsigned_request

        token, oauth_params, params = masked(token), masked(oauth_params), masked(params)
        headers, data = masked(headers), masked(data)
        try:
            token = masked(token if token is not None or withhold_token else self._current_token(None, None))
            credentials = None if withhold_token else self._credentials(token)
            if credentials is not None and self.provider.session_token is not None:
                credentials = self._require_session(credentials if token is None else token)
            call: dict[str, Any] = MaskedMapping(headers=headers, params=params)
            absolute, call = self._api_call(url, call, allow_any_host=allow_any_host)
            with self._named():
                unsigned = unsigned_request(method, absolute, call["params"], call["headers"], data)
                if (header := self._token_header(credentials)) is not None:
                    from oauth1_catalog.flow.token_header import check_unsigned

                    check_unsigned(self.provider, url=absolute, parameters=oauth_params)
                    return header.on(unsigned)
                refuse_written_multipart(self.provider, unsigned.header("Content-Type"))
                return self.api_signer.sign(unsigned, credentials, oauth_params)
        except UnicodeError:
            pass  # it contains the text, which can be a secret
        except Exception as error:
            raise without_frames(error)  # noqa: B904 - it is the same error
        raise SigningError(
            description=f"{self.name}: params=, headers= or data= has a lone surrogate or bytes that are not UTF-8. "
            "Decode the original bytes as UTF-8.",
            provider=self.name,
            step="api",
        )

    def explain(self, response: Any, token: TokenLike | None = None) -> Explanation:  # of requests or httpx2
        """Explain the signature of a call: what was signed, and what the provider's answer reports.

        It does no I/O, except that it reads the body of a response that is not read yet, with requests.

        Args:
            response: what ``get`` or another call returned.
            token: the token of the call, if it was neither the client's nor that of the current request.

        Returns:
            ``summary`` is the result; ``str()`` of it is the whole report.

        Raises:
            MissingTokenError: the call was signed with another token.
            ConfigurationError: calls of this provider are not signed.
        """
        from oauth1_catalog.registry.explanations import explain_call

        return explain_call(self, response, masked(token))

    def _api_call(self, url: str, kwargs: dict[str, Any], *, allow_any_host: bool) -> tuple[str, dict[str, Any]]:
        """The absolute URL of an API call, and the call's arguments with what the provider always wants."""
        provider = self.provider
        if "auth" in kwargs:
            raise ConfigurationError(
                "unknown_parameter",
                f"{self.name}: auth= cannot be passed to a call, which is signed already.",
                provider=self.name,
                step="api",
                advice="Pass token= to choose whose call it is, or withhold_token=True to sign with the client's "
                "keys alone.",
            )
        absolute = api_url(
            provider,
            url,
            own=self._own_origins,
            allow_any_host=allow_any_host,
            access=self.access,
            function=self._configuring_function,
        )
        if headers := provider.all_headers:
            kwargs["headers"] = with_headers(headers, kwargs.get("headers"))
        if takes_api_params(provider, absolute):
            own = own_api_params(provider, self.signer.client.client_id)
            kwargs["params"] = with_api_params(own, str(url), kwargs.get("params"))
        return absolute, kwargs

    def _configuring_function(self) -> str:
        return self.framework.settings.function(from_catalog=self.provider.from_catalog)

    def _token_header(self, credentials: TokenCredentials | None) -> TokenHeader | None:
        """The header of a call that carries the token itself; ``None`` where the call is signed."""
        if self.provider.api_auth == "signature":
            return None
        from oauth1_catalog.flow.token_header import token_header

        return token_header(self.provider, credentials)

    def _multipart_fields(self, kwargs: dict[str, Any]) -> tuple[tuple[tuple[str, str], ...], dict[str, Any]]:
        """The text fields of a multipart body, where the provider signs them, and the call that sends just these."""
        if self.provider.multipart == "unsigned":
            return (), kwargs
        return multipart_fields(kwargs)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the provider and the step in an error of an API call."""
        try:
            yield
        except OAuthError as error:
            error.provider = error.provider or self.name
            error.step = error.step or "api"
            raise

    def _current_token(self, token: TokenLike | None, request: FrameworkRequest | None) -> TokenLike | None:
        """The token of a login that ended in the request being served, for a call without a token."""
        return self.framework.current_token.get(self.name, request) if token is None else None

    def _session_credentials(self, token: TokenLike | None) -> LoginSteps[TokenCredentials | None]:
        """The credentials of a call that is signed with a session token, which stands in place of the secret."""
        credentials = self._credentials(token)
        if credentials is None:
            return None
        return (yield from self._with_session(credentials if token is None else token))

    def _credentials(self, token: TokenLike | None) -> TokenCredentials | None:
        """The credentials that sign an API call; ``None`` where the provider's calls need no token.

        Raises:
            MissingTokenError: the call needs a token, and none was found.
        """
        if token is not None:
            return token_credentials(token, provider=self.name)
        if self.static_token is not None:
            return self.static_token
        if self.provider.from_catalog and self.provider.flows[0] == "signed_client":
            return None
        raise MissingTokenError(
            description=f"{self.name}: an API call needs a token.",
            provider=self.name,
            step="api",
            advice=self.framework.advise_token(self.name),
        )


def with_headers(own: Mapping[str, str], headers: Mapping[str, str] | None) -> dict[str, str]:
    """The headers of a call, with the provider's own where the call does not have that name.

    >>> with_headers({"Accept": "text/xml", "X-Version": "2"}, {"accept": "application/json"})
    {'X-Version': '2', 'accept': 'application/json'}
    """
    given = masked(headers or {})
    names = {str(name).lower() for name in given}
    return {**{name: value for name, value in own.items() if name.lower() not in names}, **given}


def takes_api_params(provider: Provider, url: str) -> bool:
    """Whether a call of the absolute ``url`` has the parameters that the provider always wants."""
    return bool(provider.api_params and authority_of(url).lower() == authority_of(provider.api_base_url or url).lower())


def own_api_params(provider: Provider, client_id: str) -> Mapping[str, str]:
    """The parameters that the provider always wants, for this client."""
    from oauth1_catalog.flow.redirection import fill_placeholders

    return fill_placeholders(provider.api_params, {"client_id": client_id})


def with_api_params(own: Mapping[str, str], url: str, params: Any) -> Any:
    """The ``params`` of a call, with the provider's own where the call does not have that name.

    Args:
        own: the provider's parameters.
        url: the call's URL: a name in its query is the call's own, too.
        params: of the call, in any form that requests or httpx2 takes: a mapping, pairs, text, bytes, ``None``.

    >>> with_api_params({"format": "json", "v": "1"}, "rest/?format=xml", {"text": "cat"})
    {'v': '1', 'text': 'cat'}
    >>> with_api_params({"format": "json"}, "rest/", [("tag", "a"), ("tag", "b")])
    [('format', 'json'), ('tag', 'a'), ('tag', 'b')]
    >>> with_api_params({"format": "json"}, "rest/", "text=cat")
    'format=json&text=cat'
    """
    taken = _names(url.partition("#")[0].partition("?")[2])
    if isinstance(params, bytes):
        params = params.decode()
    if isinstance(params, str):
        taken |= _names(params)
        return "&".join(filter(None, (form_encode((n, v) for n, v in own.items() if n not in taken), params)))
    if isinstance(params, Mapping) and hasattr(params, "multi_items"):  # of httpx2 or Starlette: a name may come twice
        params = params.multi_items()
    if params is None or isinstance(params, Mapping):
        return {name: value for name, value in own.items() if name not in taken} | dict(params or {})
    pairs = list(params)
    taken |= {str(name) for name, _ in pairs}
    return [*((name, value) for name, value in own.items() if name not in taken), *pairs]


def _names(query: str) -> set[str]:
    return {name for name, _ in parse_qsl(query, keep_blank_values=True)}
