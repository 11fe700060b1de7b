"""The three steps of a login, with oauthlib as the judge of what is sent."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from oauthlib.oauth1.rfc5849 import signature as oauthlib_signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from oauth1_catalog.catalog.provider import CallbackRules, Provider
from oauth1_catalog.errors import (
    ConfigurationError,
    MissingSettingError,
    MissingVerifierError,
    OAuthError,
    TokenResponseError,
)
from oauth1_catalog.flow.callback import require_verifier
from oauth1_catalog.flow.driver import Steps, run
from oauth1_catalog.flow.redirection import (
    authorization_url,
    check_flow,
    request_temporary_credentials,
    request_token_credentials,
)
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request, Response, TemporaryCredentials

SIGNER = Signer(ClientCredentials("key", "cs"))
PROVIDER = Provider(
    name="example",
    from_catalog=True,
    request_token_url="https://example.com/request",
    authorize_url="https://example.com/authorize",
    access_token_url="https://example.com/access",
)
BY_HAND = replace(PROVIDER, from_catalog=False)
CALLBACK = "https://app.example/cb?next=%2Finbox%3Fid%3D5"
GOOD = "oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed=true"


def answered(steps: Steps[Any], body: str, sent: list[Request] | None = None) -> Any:
    def perform(request: Request) -> Response:
        if sent is not None:
            sent.append(request)
        return Response(200, {}, body.encode())

    return run(steps, perform)


def protocol(request: Request, token_secret: str = "") -> dict[str, str]:
    """The protocol parameters of a request whose signature oauthlib has confirmed."""
    fields = dict(parse_authorization_header(request.header("Authorization")))
    fields = {name: value for name, value in fields.items() if name != "realm"}
    others = oauthlib_signature.collect_parameters(
        uri_query=urlsplit(request.url).query,
        headers={"Authorization": request.header("Authorization")},
        body=(request.body or b"").decode(),
    )
    base = oauthlib_signature.signature_base_string(
        request.method,
        oauthlib_signature.base_string_uri(request.url),
        oauthlib_signature.normalize_parameters(others),
    )
    mine = fields["oauth_signature"]
    theirs = oauthlib_signature.sign_hmac_sha1_with_client(
        base, type("Client", (), {"client_secret": "cs", "resource_owner_secret": token_secret})()
    )
    from urllib.parse import unquote

    assert unquote(mine) == theirs
    return {name: unquote(value) for name, value in fields.items()}


def test_step_one() -> None:
    sent: list[Request] = []
    temporary = answered(request_temporary_credentials(PROVIDER, SIGNER, redirect_uri=CALLBACK), f"{GOOD}&x=1", sent)
    assert temporary == TemporaryCredentials("rt", "rs", {"x": "1"})
    (request,) = sent
    assert (request.method, request.url, request.body) == ("POST", "https://example.com/request", None)
    fields = protocol(request)
    assert fields["oauth_callback"] == CALLBACK
    assert "oauth_token" not in fields
    assert "oauth_verifier" not in fields


@pytest.mark.parametrize(
    ("provider", "redirect_uri"),
    [(PROVIDER, None), (replace(PROVIDER, callback=CallbackRules(value="oob")), CALLBACK), (PROVIDER, "oob")],
)
def test_out_of_band(provider: Provider, redirect_uri: str | None) -> None:
    sent: list[Request] = []
    answered(request_temporary_credentials(provider, SIGNER, redirect_uri=redirect_uri), GOOD, sent)
    assert protocol(sent[0])["oauth_callback"] == "oob"


def test_parameters_headers_and_method_of_the_provider() -> None:
    provider = replace(
        PROVIDER,
        request_token_url="https://example.com/index.php?title=Special:OAuth/initiate",
        request_token_method="GET",
        request_token_params={"scope": "read", "app": "{client_id}", "cb": "{oauth_callback}"},
        request_token_headers={"X-First": "1"},
        headers={"Accept": "text/plain"},
        user_agent="mine/1",
        access_token_params={"t": "{oauth_token}"},
        access_token_params_in="body",
    )
    sent: list[Request] = []
    steps = request_temporary_credentials(
        provider, SIGNER, redirect_uri="https://app.example/cb", params={"scope": "all"}
    )
    temporary = answered(steps, GOOD, sent)
    answered(request_token_credentials(provider, SIGNER, temporary, verifier="v"), GOOD, sent)
    first, second = sent
    assert first.method == "GET"
    assert parse_qsl(urlsplit(first.url).query) == [
        ("title", "Special:OAuth/initiate"),
        ("scope", "all"),
        ("app", "key"),
        ("cb", "https://app.example/cb"),
    ]
    assert (first.header("X-First"), first.header("Accept"), first.header("User-Agent")) == (
        "1",
        "text/plain",
        "mine/1",
    )
    protocol(first)
    assert second.body == b"t=rt"
    assert second.header("X-First") == ""
    assert protocol(second, "rs")["oauth_verifier"] == "v"


NEVER_CONFIRMS = replace(PROVIDER, callback=CallbackRules(confirmed="none"))
MAY_CONFIRM = replace(PROVIDER, callback=CallbackRules(confirmed="optional"))
EVERY_RULE = pytest.mark.parametrize("provider", [PROVIDER, BY_HAND, NEVER_CONFIRMS, MAY_CONFIRM])


@pytest.mark.parametrize("written", ["true", "True", "TRUE", "1", "yes", "%20true", "true%20", "ok", "tru"])
@EVERY_RULE
def test_a_confirmation_in_the_servers_own_words(written: str, provider: Provider) -> None:
    body = f"oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed={written}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        temporary = answered(request_temporary_credentials(provider, SIGNER, redirect_uri=CALLBACK), body)
    assert temporary.oauth_token == "rt"
    assert "oauth_callback_confirmed" not in temporary.extra


@pytest.mark.parametrize("written", ["true", "false", "1", "0", '"True"', '"no"'])
def test_a_confirmation_in_json(written: str) -> None:
    body = f'{{"oauth_token":"rt","oauth_token_secret":"rs","oauth_callback_confirmed":{written}}}'
    steps = request_temporary_credentials(NEVER_CONFIRMS, SIGNER, redirect_uri=CALLBACK)
    if written in {"false", "0", '"no"'}:
        with pytest.raises(TokenResponseError, match="Register it there"):
            answered(steps, body)
    else:
        assert answered(steps, body).oauth_token == "rt"


@pytest.mark.parametrize("written", ["false", "False", "FALSE", "0", "no", "%20false%20"])
@EVERY_RULE
def test_an_explicit_no_to_a_redirect_uri_is_refused_always(written: str, provider: Provider) -> None:
    body = f"oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed={written}"
    with pytest.raises(TokenResponseError, match="does not accept the redirect URI") as caught:
        answered(request_temporary_credentials(provider, SIGNER, redirect_uri=CALLBACK), body)
    assert (caught.value.error, caught.value.step) == ("callback_not_confirmed", "request_token")
    assert "rs" not in caught.value.description.split()


@pytest.mark.parametrize("written", ["false", "False", "0", "no", "%20false%20"])
@EVERY_RULE
def test_an_explicit_no_to_oob_needs_a_verifier(written: str, provider: Provider) -> None:
    """No callback is set for the key (E*TRADE), so that the user types the verifier."""
    body = f"oauth_token=rt&oauth_token_secret=rs&oauth_callback_confirmed={written}"
    only_oob = replace(provider, callback=replace(provider.callback, value="oob"))
    for made, uri in ((provider, None), (provider, "oob"), (only_oob, CALLBACK)):
        sent: list[Request] = []
        steps = request_temporary_credentials(made, SIGNER, redirect_uri=uri)
        temporary = answered(steps, body, sent)
        assert protocol(sent[0])["oauth_callback"] == "oob"
        assert (temporary.oauth_token, temporary.extra) == ("rt", {})
        with pytest.raises(MissingVerifierError):
            require_verifier(made, None)
        for verifier in ("optional", "none"):
            lax = replace(made, callback=replace(made.callback, verifier=verifier))
            with pytest.raises(TokenResponseError) as caught:
                answered(request_temporary_credentials(lax, SIGNER, redirect_uri=uri), body)
            assert caught.value.error == "callback_not_confirmed"


def test_a_confirmation_with_control_characters_is_refused() -> None:
    with pytest.raises(TokenResponseError, match="control characters"):
        answered(request_temporary_credentials(BY_HAND, SIGNER), f"{GOOD}%00")


def test_a_confirmation_twice_is_refused() -> None:
    with pytest.raises(TokenResponseError):
        answered(request_temporary_credentials(PROVIDER, SIGNER), f"{GOOD}&oauth_callback_confirmed=true")


@pytest.mark.parametrize("empty", ["", "&oauth_callback_confirmed=", "&oauth_callback_confirmed=+"])
def test_a_confirmation_that_is_absent_or_empty(empty: str) -> None:
    body = f"oauth_token=rt&oauth_token_secret=rs{empty}"
    with pytest.raises(TokenResponseError, match=r"set `callback: \{confirmed: optional\}` in its file") as caught:
        answered(request_temporary_credentials(PROVIDER, SIGNER, redirect_uri=CALLBACK), body)
    assert caught.value.error == "callback_not_confirmed"
    for provider in (MAY_CONFIRM, NEVER_CONFIRMS):
        assert answered(request_temporary_credentials(provider, SIGNER), body).oauth_token == "rt"
    with pytest.warns(UserWarning, match="example: the request_token answer has no oauth_callback_confirmed"):
        answered(request_temporary_credentials(BY_HAND, SIGNER), body)


def test_a_secret_that_is_absent_or_empty() -> None:
    without = "oauth_token=rt&oauth_callback_confirmed=true"
    with pytest.raises(TokenResponseError, match="has no oauth_token_secret"):
        answered(request_temporary_credentials(PROVIDER, SIGNER), without)
    provider = replace(PROVIDER, callback=CallbackRules(secret="optional"))
    assert answered(request_temporary_credentials(provider, SIGNER), without).oauth_token_secret == ""
    assert (
        answered(request_temporary_credentials(PROVIDER, SIGNER), f"{without}&oauth_token_secret=").oauth_token == "rt"
    )
    with pytest.warns(UserWarning, match="example: the access_token answer has no oauth_token_secret"):
        token = answered(
            request_token_credentials(BY_HAND, SIGNER, TemporaryCredentials("rt"), verifier="v"), "oauth_token=t"
        )
    assert token == {"oauth_token": "t", "oauth_token_secret": ""}


def test_a_lenient_answer_warns_once_for_each_provider() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for name in ("one", "two"):
            for _ in range(3):
                steps = request_temporary_credentials(replace(BY_HAND, name=name), SIGNER)
                answered(steps, "oauth_token=rt&oauth_token_secret=rs")
    assert [str(warning.message)[:4] for warning in told] == ["one:", "two:"]


def url(provider: Provider, **params: str) -> str:
    temporary = TemporaryCredentials("r/t", "rs")
    return authorization_url(provider, temporary, client_id="key", redirect_uri=CALLBACK, params=params)


def test_the_address_for_the_browser() -> None:
    assert url(PROVIDER) == "https://example.com/authorize?oauth_token=r%2Ft"


def test_an_own_query_stays_as_it_is_and_the_callers_parameters_win() -> None:
    provider = replace(
        PROVIDER,
        authorize_url="https://example.com/a?title=Special:OAuth%2Fauthorize&x",
        authorize_params={"key": "{client_id}", "lang": "en", "t": "{oauth_token}"},
        authorize_token_param="token",
    )
    assert url(provider, lang="de") == (
        "https://example.com/a?title=Special:OAuth%2Fauthorize&x&key=key&lang=de&t=r%2Ft&token=r%2Ft"
    )


@pytest.mark.parametrize(
    ("rule", "confirmed", "there"),
    [
        ("never", "none", False),
        ("if_unconfirmed", "required", False),
        ("if_unconfirmed", "none", True),
        ("always", "required", True),
    ],
)
def test_the_callback_is_in_the_address_only_where_the_file_asks_for_it(rule: str, confirmed: str, there: bool) -> None:
    rules = CallbackRules(send_at_authorize=rule, confirmed=confirmed)
    query = parse_qs(urlsplit(url(replace(PROVIDER, callback=rules))).query)
    assert query.get("oauth_callback") == ([CALLBACK] if there else None)


def test_the_callers_parameters_cannot_replace_the_token() -> None:
    assert parse_qs(urlsplit(url(PROVIDER, oauth_token="evil")).query)["oauth_token"] == ["r/t"]


def test_an_address_that_comes_with_the_request_token() -> None:
    provider = replace(PROVIDER, authorize_url=None, authorize_url_field="login_url")
    given = TemporaryCredentials("rt", "rs", {"login_url": "https://example.com/login?oauth_token=rt"})
    assert authorization_url(provider, given, client_id="key") == "https://example.com/login?oauth_token=rt"
    with pytest.raises(TokenResponseError, match="login_url"):
        authorization_url(provider, TemporaryCredentials("rt", "rs", {}), client_id="key")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "data:text/html,x",
        "http://example.com/login",
        "HTTP://example.com/login",
        "http://127.0.0.1:8080/login",
        "//example.com/login",
        "/login",
        "https:///login",
        "https:example.com",
        "https://example.com@evil.example/login",
        "https://example.com\\@evil.example/",
        "https://a\nb",
        "https://a b",
        "https://[::1",
        "https://a:b/",
        "",
    ],
)
def test_an_address_of_the_answer_that_a_browser_is_not_sent_to(address: str) -> None:
    provider = replace(PROVIDER, authorize_url=None, authorize_url_field="login_url")
    with pytest.raises(TokenResponseError, match="login_url"):
        authorization_url(provider, TemporaryCredentials("rt", "rs", {"login_url": address}), client_id="key")


def test_an_address_of_the_answer_may_be_http_where_the_endpoint_is() -> None:
    for asked, given in (("http://shop.lan/request", "http://shop.lan/login"), ("https://[::1]/r", "http://[::1]:8/l")):
        provider = replace(PROVIDER, request_token_url=asked, authorize_url=None, authorize_url_field="go")
        temporary = TemporaryCredentials("rt", "rs", {"go": given})
        assert authorization_url(provider, temporary, client_id="key").startswith(f"{given}?")


def test_step_three() -> None:
    sent: list[Request] = []
    steps = request_token_credentials(PROVIDER, SIGNER, TemporaryCredentials("rt", "rs"), verifier="v/1")
    token = answered(steps, "oauth_token=t&oauth_token_secret=s&screen_name=ada", sent)
    assert token == {"oauth_token": "t", "oauth_token_secret": "s", "screen_name": "ada"}
    fields = protocol(sent[0], "rs")
    assert (fields["oauth_token"], fields["oauth_verifier"]) == ("rt", "v/1")
    assert "oauth_callback" not in fields


def test_step_three_without_a_verifier() -> None:
    sent: list[Request] = []
    answered(request_token_credentials(PROVIDER, SIGNER, TemporaryCredentials("rt", "rs"), verifier=None), GOOD, sent)
    assert "oauth_verifier" not in protocol(sent[0], "rs")


@pytest.mark.parametrize(
    ("missing", "steps"),
    [
        ("request_token_url", lambda p: request_temporary_credentials(p, SIGNER)),
        ("access_token_url", lambda p: request_token_credentials(p, SIGNER, TemporaryCredentials("t"), verifier="v")),
    ],
)
def test_a_missing_address(missing: str, steps: Any) -> None:
    changes: Mapping[str, Any] = {missing: None}
    with pytest.raises(MissingSettingError, match=f"example: no {missing}") as caught:
        answered(steps(replace(PROVIDER, **changes)), GOOD)
    assert caught.value.setting == missing
    with pytest.raises(MissingSettingError, match="no authorize_url"):
        url(replace(PROVIDER, authorize_url=None))


def test_secrets_that_an_answer_repeats_stay_hidden() -> None:
    temporary = TemporaryCredentials("rt", "token-canary")
    signer = Signer(ClientCredentials("key", "client-canary"))
    steps = request_token_credentials(PROVIDER, signer, temporary, verifier="verifier-canary")
    with pytest.raises(OAuthError) as caught:
        answered(steps, "You sent client-canary, token-canary and verifier-canary")
    assert "canary" not in f"{caught.value} {caught.value.__dict__}"


def test_a_flow_that_the_file_does_not_list() -> None:
    check_flow(PROVIDER, "redirect")
    with pytest.raises(ConfigurationError, match="no xauth flow; its file lists redirect"):
        check_flow(PROVIDER, "xauth")


def test_protocol_parameters_in_a_form_at_the_token_endpoints_alone() -> None:
    sent: list[Request] = []
    provider = replace(PROVIDER, token_signature_type="BODY")
    answered(request_temporary_credentials(provider, SIGNER, redirect_uri=CALLBACK), GOOD, sent)
    assert sent[0].header("Authorization") == ""
    assert dict(parse_qsl((sent[0].body or b"").decode()))["oauth_callback"] == CALLBACK


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ("https://example.com/consent", "oauth_token=rt"),
        ("https://example.com/consent?oauth_token=rt&lang=en", "oauth_token=rt&lang=en"),
    ],
)
def test_an_address_from_the_answer_gets_the_token_that_it_lacks(given: str, query: str) -> None:
    provider = replace(PROVIDER, authorize_url=None, authorize_url_field="go")
    temporary = TemporaryCredentials("rt", "rs", {"go": given})
    assert authorization_url(provider, temporary, client_id="key") == f"https://example.com/consent?{query}"


def test_a_callback_that_the_provider_s_file_writes_itself() -> None:
    rules = CallbackRules(send_at_authorize="always")
    written = {"oauth_callback": "{oauth_callback}?oauth_token={oauth_token}"}
    provider = replace(PROVIDER, callback=rules, authorize_params=written)
    address = authorization_url(
        provider, TemporaryCredentials("rt", "rs"), client_id="key", redirect_uri="https://app.example/cb"
    )
    assert parse_qs(urlsplit(address).query)["oauth_callback"] == ["https://app.example/cb?oauth_token=rt"]


@pytest.mark.parametrize(
    "uri",
    [
        "oob",
        "https://a.example/cb?x=%20",
        "HTTPS://a.example",
        "http://localhost:8000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8000/cb",
        "https://bücher.example/ü",
        "https://a.example/#/signed-in",
        "myapp://cb",
        "myapp:///cb",
        "com.example.app:/oauth",
        "web+shop://cb?next=/",
    ],
)
def test_redirect_uris(uri: str) -> None:
    sent: list[Request] = []
    answered(request_temporary_credentials(PROVIDER, SIGNER, redirect_uri=uri), GOOD, sent)
    assert protocol(sent[0])["oauth_callback"] == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "is not absolute"),
        ("/cb", "is not absolute"),
        ("cb", "is not absolute"),
        ("OOB", "is not absolute"),
        ("//a.example/cb", "is not absolute"),
        ("a.example/cb", "is not absolute"),
        ("localhost:8000/cb", "does not begin with https://"),
        ("a.example:443/cb", "does not begin with https://"),
        ("LOCALHOST:8000", "does not begin with https://"),
        ("myapp:cb", "does not begin with https://"),
        ("127.0.0.1:8000/cb", "is not absolute"),
        ("https:a.example/cb", "does not begin with https://"),
        ("https:/a.example/cb", "names no host"),
        ("https://", "names no host"),
        ("http:///cb", "names no host"),
        ("http://:8000/cb", "names no host"),
        (" https://a.example/cb", "holds a blank"),
        ("https://a.example/cb ", "holds a blank"),
        ("\thttps://a.example/cb", "holds a blank"),
        ("https://a.example/cb\n", "holds a blank"),
        ("https://a.example/my cb", "holds a blank"),
        ("https://a.example/\u00a0", "holds a blank"),
        ("https://a\r\nb/", "holds a blank"),
        ("https://a/\x00", "holds a blank"),
        ("https:\\\\a.example\\cb", "a backslash"),
        ("javascript:alert(1)", "its scheme is javascript"),
        ("JavaScript://a.example/%0aalert(1)", "its scheme is javascript"),
        ("data:text/html,x", "its scheme is data"),
        ("file:///etc/passwd", "its scheme is file"),
        ("https://[::1/cb", "cannot be read"),
        ("https://a.example:99999/cb", "cannot be read"),
        ("https://a.example:x/cb", "cannot be read"),
        ("b'https://a.example/cb'", "is not absolute"),
        ("https://ada:canary@a.example:x/cb?canary", "cannot be read"),
        ("https://ada:can@canary@a.example:x/cb", "cannot be read"),
        ("https://a.example/cb?next=a b", "in the query as well"),
        ("https://ada:canary@a.example/cb", "contains a user name or a password"),
        ("https://a.example/cb?x=1&oauth_token=canary", "has the parameter oauth_token, which the provider adds"),
        ("myapp://cb?oauth_verifier=canary", "has the parameter oauth_verifier"),
    ],
)
def test_redirect_uris_that_lead_nowhere(uri: str, reason: str) -> None:
    """Nothing is sent, and the message names the reason."""
    with pytest.raises(ConfigurationError) as caught:
        answered(request_temporary_credentials(BY_HAND, SIGNER, redirect_uri=uri), GOOD, pytest.fail)
    assert (caught.value.error, caught.value.provider, caught.value.step) == (
        "invalid_redirect_uri",
        "example",
        "authorize",
    )
    assert reason in caught.value.description
    assert "OAUTH1_CATALOG_REDIRECT_BASE_URL" in caught.value.description
    assert "canary" not in str(caught.value)
