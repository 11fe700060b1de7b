"""Redirection-based authorization (RFC 5849, section 2), step by step and without I/O.

``request_temporary_credentials`` -> the user's browser goes to ``authorization_url`` and comes back ->
``request_token_credentials``. What the browser brings back is read in ``callback.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from oauth1_catalog.application_warnings import warn
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.errors import ConfigurationError, MissingSettingError, OAuthError, TokenResponseError
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.responses import answer, explained, read_token
from oauth1_catalog.hosts import is_loopback, origin_of, read_url
from oauth1_catalog.redaction import shown_url
from oauth1_catalog.rfc5849 import Signer, form_encode
from oauth1_catalog.rfc5849.messages import Request, TemporaryCredentials, TokenCredentials

OUT_OF_BAND = "oob"
"""The callback of a client that cannot receive one (RFC 5849, section 2.1)."""

_SCRIPTS = frozenset({"javascript", "vbscript", "data", "blob", "about", "file"})
"""Schemes that browsers keep to themselves."""

_NOT_CONFIRMED = frozenset({"false", "0", "no"})
"""How servers write that they do not confirm a callback."""


def request_temporary_credentials(
    provider: Provider,
    signer: Signer,
    *,
    redirect_uri: str | None = None,
    params: Mapping[str, str] | None = None,
) -> Steps[TemporaryCredentials]:
    """Step one: ask for a request token (RFC 5849, section 2.1).

    Args:
        provider: whom to ask, and how.
        signer: signs with the client's credentials.
        redirect_uri: where the user comes back to; ``None`` sends ``oob``, as for a callback that is set at the
            provider.
        params: parameters of the request; each wins over the provider's ``request_token_params``.

    Raises:
        ConfigurationError: no provider could send the user back to ``redirect_uri``.
        MissingSettingError: the provider has no ``request_token_url``.
        TokenRequestDeniedError, TokenResponseError: the provider gave no usable request token.
    """
    if redirect_uri is not None:
        validate_redirect_uri(provider.name, redirect_uri)
    callback = OUT_OF_BAND if redirect_uri is None or provider.callback.value == "oob" else redirect_uri
    fields = yield from token_request(
        provider,
        signer,
        step="request_token",
        protocol={"oauth_callback": callback},
        params=params,
        placeholders={"oauth_callback": callback},
    )
    return temporary_credentials(provider, fields, callback=callback)


def validate_redirect_uri(name: str, uri: str) -> None:
    """Refuse a redirect URI that no provider could send the user back to (RFC 5849, section 2.1).

    An application on a phone or a desktop may use its own scheme, such as ``myapp://callback``.

    Raises:
        ConfigurationError: it is neither an absolute address nor ``oob``.
    """
    if uri == OUT_OF_BAND or not (fault := _redirect_uri_fault(uri)):
        return
    raise ConfigurationError(
        "invalid_redirect_uri",
        f"{name}: the redirect URI {shown_url(uri)!r} {fault}",
        provider=name,
        step="authorize",
        advice="Pass a path, such as '/authorize', and configure your application's address "
        "(OAUTH1_CATALOG_REDIRECT_BASE_URL); or pass a whole address.",
    )


def _redirect_uri_fault(uri: str) -> str:
    """What is wrong with a redirect URI, as the rest of a sentence; empty where nothing is."""
    if not uri.isprintable() or " " in uri or "\\" in uri:  # no other blank is printable
        return "holds a blank, a control character or a backslash. Percent-encode that, in the query as well."
    try:
        parts = read_url(uri)
    except ValueError as error:
        return f"cannot be read ({error})."
    if parts.scheme in _SCRIPTS:
        return f"would not lead to your application: its scheme is {parts.scheme}."
    if not parts.scheme:
        return "is not absolute."
    if not uri.partition(":")[2].startswith("/"):  # "localhost:8000/cb" has the scheme "localhost"
        return "does not begin with https:// (http:// for localhost), or with a scheme of your own as in myapp://."
    if "@" in parts.netloc:
        return "contains a user name or a password, which the provider and the user would see. Leave it out."
    if own := next((key for key, _ in parse_qsl(parts.query) if key in {"oauth_token", "oauth_verifier"}), ""):
        return f"has the parameter {own}, which the provider adds: it would come twice. Use another name."
    return "names no host." if parts.scheme in {"https", "http"} and not parts.hostname else ""


def temporary_credentials(
    provider: Provider, fields: dict[str, str], *, callback: str | None = None
) -> TemporaryCredentials:
    """The request token in the fields of an answer to a request with this ``oauth_callback``.

    Raises:
        TokenResponseError: it has no secret, or does not confirm the callback, and the provider is not known for that.
    """
    rest = dict(fields)
    _check_confirmed(provider, rest.pop("oauth_callback_confirmed", None), callback)
    secret = _secret(provider, rest, "request_token")
    return TemporaryCredentials(rest.pop("oauth_token"), secret, extra=rest)


def access_token_fields(provider: Provider, fields: dict[str, str]) -> dict[str, str]:
    """The fields of an access token's answer: the token, its secret, and the provider's other fields.

    Raises:
        TokenResponseError: it has no secret, and the provider is not known for that.
    """
    rest = dict(fields)
    secret = _secret(provider, rest, "access_token")
    return {"oauth_token": rest.pop("oauth_token"), "oauth_token_secret": secret, **rest}


def authorization_url(
    provider: Provider,
    temporary: TemporaryCredentials,
    *,
    client_id: str,
    redirect_uri: str | None = None,
    params: Mapping[str, str] | None = None,
) -> str:
    """Step two: where to send the user's browser (RFC 5849, section 2.2).

    A query that the provider's ``authorize_url`` holds is kept as it is. Where the address comes with the request token
    (``authorize_url_field``), it is taken as it is, and the token added where it lacks it. ``oauth_callback`` is added
    only where the provider's file asks for it: the specification ends its life with step one.

    Args:
        provider: its address, and the names of the parameters.
        temporary: the request token.
        client_id: for the providers that want it in the address.
        redirect_uri: where the user comes back to.
        params: parameters of the address; each wins over the provider's ``authorize_params``.

    Raises:
        MissingSettingError: the provider has no ``authorize_url``.
        TokenResponseError: the address should have come with the request token, and did not.
    """
    if provider.authorize_url_field:
        address = _given_address(provider, temporary)
        query = dict(params or {})
        if provider.authorize_token_param not in dict(parse_qsl(urlsplit(address).query)):
            query[provider.authorize_token_param] = temporary.oauth_token
        return with_query(address, query)
    url = _required(provider, "authorize_url")
    callback = redirect_uri or OUT_OF_BAND
    placeholders = {"client_id": client_id, "oauth_token": temporary.oauth_token, "oauth_callback": callback}
    query = fill_placeholders({**provider.authorize_params, **(params or {})}, placeholders)
    query[provider.authorize_token_param] = temporary.oauth_token
    if "oauth_callback" not in query and _sends_callback(provider):
        query["oauth_callback"] = callback
    if "{" in url:
        for name, value in placeholders.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return with_query(url, query)


def _sends_callback(provider: Provider) -> bool:
    """Whether the callback goes on the authorization URL, as in OAuth Core 1.0."""
    rules = provider.callback
    return rules.send_at_authorize == "always" or (
        rules.send_at_authorize == "if_unconfirmed" and rules.confirmed == "none"
    )


def request_token_credentials(
    provider: Provider,
    signer: Signer,
    temporary: TemporaryCredentials,
    *,
    verifier: str | None,
    params: Mapping[str, str] | None = None,
) -> Steps[dict[str, str]]:
    """Step three: change the request token for an access token (RFC 5849, section 2.3).

    Returns:
        ``oauth_token``, ``oauth_token_secret`` and the provider's other fields, such as ``screen_name``.

    Raises:
        MissingSettingError: the provider has no ``access_token_url``.
        TokenRequestDeniedError, TokenResponseError: the provider gave no usable access token.
    """
    fields = yield from token_request(
        provider,
        signer,
        step="access_token",
        credentials=temporary,
        protocol={"oauth_verifier": verifier} if verifier else {},
        params=params,
        placeholders={"oauth_token": temporary.oauth_token},
    )
    return access_token_fields(provider, fields)


def token_request(
    provider: Provider,
    signer: Signer,
    *,
    step: str,
    credentials: TemporaryCredentials | TokenCredentials | None = None,
    protocol: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    placeholders: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
) -> Steps[dict[str, str]]:
    """Ask one of the two token endpoints, and read its answer.

    Args:
        provider: whom to ask, and how.
        signer: signs with the client's credentials.
        step: ``"request_token"`` or ``"access_token"``.
        credentials: the token to sign with, if any.
        protocol: protocol parameters beside the usual ones (``oauth_callback``, ``oauth_verifier``).
        params: the request's own parameters; each wins over the provider's.
        placeholders: values for ``{oauth_token}`` and the like in the provider's parameters.
        secrets: further values that no message may show.
    """
    url = _required(provider, f"{step}_url")
    if step == "request_token":
        method, own, place = (
            provider.request_token_method,
            provider.request_token_params,
            provider.request_token_params_in,
        )
    else:
        method, own, place = provider.access_token_method, provider.access_token_params, provider.access_token_params_in
    texts = {**own, **(params or {})}
    if texts:
        texts = fill_placeholders(texts, {"client_id": signer.client.client_id, **(placeholders or {})})
    headers = dict(provider.all_headers)
    if step == "request_token":
        headers |= provider.request_token_headers
    body = None
    if texts and place == "body":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = form_encode(texts.items()).encode("ascii")
    elif texts:
        url = with_query(url, texts)
    signer, client = signer.at(provider.token_signature_type or signer.signature_type), signer.client
    request = signer.sign(Request(method, url, headers, body), credentials, protocol)
    response = yield from answer(request, provider, step=step)
    secrets = (
        *secrets,
        client.client_secret,
        *((credentials.oauth_token, credentials.oauth_token_secret) if credentials else ()),
        (protocol or {}).get("oauth_verifier", ""),
    )
    try:
        return read_token(response, provider, step=step, secrets=secrets)
    except OAuthError as error:
        raise explained(error, request, response, signer, credentials)  # noqa: B904 - it is the same error


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """``url`` with ``parameters`` behind the query that it has.

    >>> with_query("https://example.com/index.php?title=Special:OAuth", {"oauth_token": "a b"})
    'https://example.com/index.php?title=Special:OAuth&oauth_token=a%20b'
    """
    parts = urlsplit(url)
    added = form_encode(parameters.items())
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query and added else parts.query or added))


def fill_placeholders(parameters: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The parameters with ``{client_id}`` and its like replaced; any other brace is the provider's own.

    >>> fill_placeholders({"key": "{client_id}", "scope": "{all}"}, {"client_id": "k"})
    {'key': 'k', 'scope': '{all}'}
    """
    texts = {}
    for name, text in parameters.items():
        for placeholder, value in values.items():
            text = text.replace(f"{{{placeholder}}}", value)  # noqa: PLW2901 - each placeholder in turn
        texts[name] = text
    return texts


def _required(provider: Provider, setting: str) -> str:
    value: str | None = getattr(provider, setting)
    if not value:
        raise MissingSettingError(
            f"{provider.name}: no {setting}.",
            provider=provider.name,
            setting=setting,
            advice=f"Pass {setting}= where you create the client.",
        )
    return value


def _given_address(provider: Provider, temporary: TemporaryCredentials) -> str:
    """Where the answer to the first request sends the user: by https, unless that request itself went by http."""
    address = temporary.extra.get(provider.authorize_url_field or "", "")
    if not _is_page(address, asked=provider.request_token_url or ""):
        raise TokenResponseError(
            description=f"{provider.name}: the request_token answer has no https address in "
            f"{provider.authorize_url_field}, where the user is to be sent. Check authorize_url_field in the "
            "provider's file.",
            provider=provider.name,
            step="request_token",
        )
    return address


def _is_page(address: str, *, asked: str) -> bool:
    """Whether a browser can be sent to ``address``, which the endpoint ``asked`` has given."""
    try:
        there, here = origin_of(address), origin_of(asked)
    except ValueError:
        return False
    # The emulator's pages are on http, so that a browser asks for no certificate.
    http_is_fine = here.scheme == "http" or (is_loopback(here.host) and is_loopback(there.host))
    is_odd = "@" in urlsplit(address).netloc or "\\" in address or " " in address or not address.isprintable()
    return bool(there.host) and there.scheme in ({"https", "http"} if http_is_fine else {"https"}) and not is_odd


def _secret(provider: Provider, fields: dict[str, str], step: str) -> str:
    secret = fields.pop("oauth_token_secret", None)
    if secret is None:
        if provider.callback.secret == "required" and provider.from_catalog:
            raise TokenResponseError(
                description=f"{provider.name}: the {step} answer has no oauth_token_secret. If this provider sends "
                "none, set `callback: {secret: optional}` in its file.",
                provider=provider.name,
                step=step,
            )
        if provider.callback.secret == "required":
            _warn(provider, f"the {step} answer has no oauth_token_secret (RFC 5849, section 2)")
    return secret or ""


def _check_confirmed(provider: Provider, value: str | None, callback: str | None) -> None:
    """RFC 5849, section 2.1: the answer holds ``oauth_callback_confirmed=true``.

    Servers also write ``True``, ``1`` or ``yes``, so only an explicit denial of a redirect URI is refused, regardless
    of the provider's file: the user would not come back. In answer to ``oob`` a denial can be the truth, because no
    callback is set for the key (E*TRADE): the user types the verifier, which only the browser that allowed access
    shows. Without the parameter the provider may use OAuth Core 1.0, whose logins can be fixated (oauth.net advisory
    2009-1); whether that is accepted is the file's to decide.
    """
    said = (value or "").strip().lower()
    if said in _NOT_CONFIRMED and callback == OUT_OF_BAND and provider.callback.verifier == "required":
        return
    if said in _NOT_CONFIRMED:
        raise TokenResponseError(
            "callback_not_confirmed",
            f"{provider.name}: the request_token answer has oauth_callback_confirmed={said}: the provider does not "
            "accept the redirect URI. Register it there exactly as your application sends it.",
            provider=provider.name,
            step="request_token",
        )
    if said or provider.callback.confirmed != "required":
        return
    if not provider.from_catalog:
        _warn(provider, "the request_token answer has no oauth_callback_confirmed: such a login can be fixated")
        return
    raise TokenResponseError(
        "callback_not_confirmed",
        f"{provider.name}: the request_token answer has no oauth_callback_confirmed (RFC 5849, section 2.1). Check the "
        "request_token_url; for a provider that never sends it, set `callback: {confirmed: optional}` in its file, and "
        "where it has no verifier either, pass allow_session_fixation=True where you create the client "
        "(docs/security.md).",
        provider=provider.name,
        step="request_token",
    )


def _warn(provider: Provider, what: str) -> None:
    warn(f"{provider.name}: {what}. Continuing anyway.")


def check_flow(provider: Provider, flow: str) -> None:
    """Refuse a flow that the provider's file does not list.

    Raises:
        ConfigurationError: the provider has no such flow.
    """
    if flow not in provider.flows:
        raise ConfigurationError(
            description=f"{provider.name}: no {flow} flow; its file lists {', '.join(provider.flows)}.",
            provider=provider.name,
        )
