"""Every provider of the catalog, through each of its flows, in each framework.

The emulator plays the provider as its file says, and oauthlib judges the signatures: a method, a parameter, a header or
a place that the file declares and the client forgets is refused there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.examples import User
from oauth1_catalog.errors import ConfigurationWarning, DeprecatedProviderWarning
from tests.integrations.applications import FRAMEWORKS, REDIRECT_URI, Answer, Application, now

CATALOG = Catalog()
USER = User("grace")
# oauthlib cannot judge what is not RFC 5849; test_mastercard.py does.
NOT_JUDGED = {"mastercard"}


def files() -> Iterator[ProviderFile]:
    for name in CATALOG.names():
        file = CATALOG.file(name)
        if name not in NOT_JUDGED:
            yield file


FILES = {file.name: file for file in files()}


def providers_with(*flows: str, retired: bool = False) -> list[str]:
    having = [name for name, file in FILES.items() if set(flows) & set(file.flows)]
    return [name for name in having if (FILES[name].status == "retired") == retired]


def values_of(file: ProviderFile, *, options: bool = False) -> dict[str, str]:
    """What an application would give for the variables, and for the options if it is to choose."""
    values = {name: variable.example or "" for name, variable in file.variables.items() if variable.source is None}
    if options:
        for name, option in file.options.items():
            values[name] = option.example or (option.enum or ("example",))[-1]
    if file.user_agent is not None and file.user_agent.required:
        values["user_agent"] = file.user_agent.example or "tests/1.0"
    return values


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(emulator: Emulator) -> Iterator[Callable[..., Application]]:
    """Makes an application with one provider of the catalog; its keys are the emulator's."""
    made: list[Application] = []

    def application(framework: str, name: str, *, emulator: Emulator = emulator, **values: Any) -> Application:
        app = FRAMEWORKS[framework](config={}, register=False, catalog=emulator.catalog)
        made.append(app)
        app.name = name
        with warnings.catch_warnings():
            if FILES[name].status == "deprecated":
                warnings.simplefilter("ignore", DeprecatedProviderWarning)
            if "redirect" in FILES[name].flows and FILES[name].callback.verifier != "required":
                warnings.simplefilter("ignore", ConfigurationWarning)
                values["allow_session_fixation"] = True
            trust = {"verify": emulator.ca_file}
            values["allow_retired"] = FILES[name].status == "retired"
            app.oauth.register_from_catalog(name, **keys_of(name, emulator), client_kwargs=trust, **values)
        return app

    yield application
    for app in made:
        app.close()


@pytest.fixture
def registered(emulator: Emulator) -> Callable[[str], None]:
    """Does what a developer does in the console of a provider that wants to know the callback beforehand."""

    def register(name: str) -> None:
        if FILES[name].callback.registered:
            emulator.client(name, redirect_uri=REDIRECT_URI)

    return register


def keys_of(name: str, emulator: Emulator) -> dict[str, Any]:
    file, client = FILES[name], emulator.client(name)
    keys: dict[str, Any] = {"client_id": client.client_id}
    if (file.client_kwargs.signature_method or "").startswith("RSA-"):
        keys["rsa_key"] = client.rsa_key
        if file.session_token is not None:
            keys |= {"encryption_key": client.encryption_key, "dh_parameters": client.dh_parameters}
    elif file.required_credentials is None or "client_secret" in file.required_credentials:
        keys["client_secret"] = client.client_secret
    return keys


def got(app: Application, path: str) -> Any:
    answer = app.browser().get(path)
    assert answer.status == 200, answer.text[:1000]
    return answer.json


async def answer_of(app: Application, token: Any) -> dict[str, Any]:
    """The profile, where there is one, and an API call."""
    client, answer = app.client, {}
    if token is not None:
        answer["token"] = dict(token)
    if client.provider.userinfo is not None:
        answer["claims"] = await now(client.userinfo(token=token))
    if client.api_base_url is not None:
        answer["echo"] = await call(client, token=token)
    return answer


async def call(client: Any, **kwargs: Any) -> dict[str, Any]:
    """An API call, as a form where the provider wants the protocol parameters in one."""
    if client.client_kwargs.get("signature_type") == "BODY":
        response = await now(client.post("oauth1/echo", data={"a": "b c"}, **kwargs))
    else:
        response = await now(client.get("oauth1/echo", params={"a": "b c"}, **kwargs))
    return {"status": response.status_code, **response.json()}


def check_profile(file: ProviderFile, answer: dict[str, Any]) -> None:
    """All that the file maps is there, and is this user's."""
    if file.userinfo_endpoint is None:
        return
    claims = answer["claims"]
    assert set(claims) == set(file.userinfo_claims)
    paths = list(file.userinfo_claims.values())
    for claim, path in file.userinfo_claims.items():
        if paths.count(path) == 1 and claim in {"name", "preferred_username", "email", "picture", "given_name"}:
            wanted = f"{USER.claim('given_name')} {USER.claim('family_name')}" if "{" in path else USER.claim(claim)
            assert claims[claim] == wanted, claim
    assert claims["sub"]


def check_call(file: ProviderFile, answer: dict[str, Any], *, user: str | None) -> None:
    if file.api_base_url is None:
        return
    echo = answer["echo"]
    assert (echo["status"], echo["emulation"], echo["user"]) == (200, True, user), echo
    sent = echo["form"] if file.client_kwargs.signature_type == "BODY" else echo["query"]
    assert ["a", "b c"] in sent
    for name, value in file.api_params.items():
        assert [name, value.replace("{client_id}", echo["client_id"])] in sent


def log_in(
    app: Application,
    emulator: Emulator,
    then: Callable[[Application, Any], Any] = answer_of,
    *,
    decide: str = "approve",
) -> Answer:
    """Click through a login, and do something with the token in the view where it ends."""

    @app.view("/login")
    async def login(app: Application, *request: Any) -> Any:
        uri = REDIRECT_URI if app.client.provider.callback.value == "url" else None
        return await now(app.client.authorize_redirect(*request, uri))

    @app.view("/authorize")
    async def authorize(app: Application, *request: Any) -> Any:
        return await then(app, await now(app.client.authorize_access_token(*request)))

    browser = app.browser()
    consent = browser.get("/login")
    assert consent.status == 302, consent.text[:1000]
    if decide == "deny":
        return browser.get(emulator.deny(consent.location))
    answer = browser.get(emulator.approve(consent.location, user=USER.username))
    assert answer.status == 200, answer.text[:1000]
    return answer


def comes_back(file: ProviderFile) -> bool:
    return file.callback.value == "url" or file.callback.registered


@pytest.mark.parametrize("name", [name for name in providers_with("redirect") if comes_back(FILES[name])])
def test_a_user_logs_in_at_each_provider(
    name: str, framework: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    file = FILES[name]
    registered(name)
    answer = log_in(make(framework, name, **values_of(file)), emulator).json
    check_profile(file, answer)
    check_call(file, answer, user=USER.username)
    assert set(file.token_response.extra) <= set(answer["token"])
    assert set(file.callback.extra) <= set(answer["token"])


@pytest.mark.parametrize("name", [n for n in providers_with("redirect", retired=True) if comes_back(FILES[n])])
def test_login_at_one_that_has_retired(
    name: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    """Its file tells how it was, and a server of one's own may speak like it still."""
    file = FILES[name]
    registered(name)
    answer = log_in(make("flask", name, **values_of(file)), emulator).json
    check_profile(file, answer)
    check_call(file, answer, user=USER.username)


@pytest.mark.parametrize("name", [name for name in providers_with("redirect") if FILES[name].options])
def test_login_with_every_choice_made(
    name: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    file = FILES[name]
    registered(name)
    answer = log_in(make("flask", name, **values_of(file, options=True)), emulator).json
    check_profile(file, answer)


@pytest.mark.parametrize("name", [name for name in providers_with("redirect") if FILES[name].environments])
def test_login_in_each_environment(
    name: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    registered(name)
    for environment in FILES[name].environments:
        answer = log_in(make("flask", name, environment=environment, **values_of(FILES[name])), emulator).json
        check_profile(FILES[name], answer)


@pytest.mark.parametrize("name", [name for name in providers_with("redirect") if FILES[name].callback.value == "oob"])
def test_login_with_a_pin(name: str, framework: str, make: Callable[..., Application]) -> None:
    file = FILES[name]
    with Emulator(CATALOG) as emulator:  # in the other one this application has a callback by now
        app = make(framework, name, emulator=emulator, **values_of(file))

        @app.view("/pin")
        async def pin(app: Application, *request: Any) -> Any:
            begun = await now(app.client.create_authorization_url())
            shown = emulator.approve(begun["url"], user=USER.username)
            token = await now(app.client.fetch_access_token(begun["request_token"], verifier=shown))
            return await answer_of(app, token)

        check_profile(file, got(app, "/pin"))


@pytest.mark.parametrize("name", [name for name in providers_with("redirect") if comes_back(FILES[name])])
def test_the_user_says_no(
    name: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    registered(name)
    answer = log_in(make("flask", name, **values_of(FILES[name])), emulator, decide="deny")
    assert (answer.status, answer.json["error"]) == (400, "access_denied")


def tenant_key(emulator: Emulator, name: str, values: dict[str, str]) -> str:
    """The emulator's name for one tenant of a provider."""
    chosen = {key: value for key, value in values.items() if key != "user_agent"}
    return urlsplit(emulator.catalog.provider(name, values=chosen).api_base_url or "").path.split("/")[1]


@pytest.mark.parametrize(
    "name", [name for name in providers_with("static_token") if FILES[name].userinfo_endpoint != "token_response"]
)
def test_a_token_from_the_console(
    name: str, framework: str, make: Callable[..., Application], emulator: Emulator
) -> None:
    file = FILES[name]
    values = values_of(file)
    token = emulator.issue_token(name, user=USER.username, key=tenant_key(emulator, name, values))
    app = make(framework, name, token=token.oauth_token, token_secret=token.oauth_token_secret, **values)

    @app.view("/call")
    async def view(app: Application, *request: Any) -> Any:
        return await answer_of(app, None)

    answer = got(app, "/call")
    check_profile(file, answer)
    check_call(file, answer, user=USER.username)


@pytest.mark.parametrize("name", providers_with("signed_client"))
def test_calls_signed_with_the_client_s_keys_alone(name: str, framework: str, make: Callable[..., Application]) -> None:
    app = make(framework, name, **values_of(FILES[name]))

    @app.view("/call")
    async def view(app: Application, *request: Any) -> Any:
        return {"echo": await call(app.client, withhold_token=True)}

    check_call(FILES[name], got(app, "/call"), user=None)


@pytest.mark.parametrize("name", providers_with("xauth"))
def test_a_token_for_a_password(name: str, framework: str, make: Callable[..., Application]) -> None:
    app = make(framework, name, **values_of(FILES[name]))

    @app.view("/token")
    async def view(app: Application, *request: Any) -> Any:
        return await answer_of(app, await now(app.client.fetch_password_token(USER.username, "hush")))

    answer = got(app, "/token")
    check_profile(FILES[name], answer)
    check_call(FILES[name], answer, user=USER.username)


@pytest.mark.parametrize("name", providers_with("two_legged", "signed_grant"))
def test_a_token_for_the_client(name: str, framework: str, make: Callable[..., Application]) -> None:
    app = make(framework, name, **values_of(FILES[name]))

    @app.view("/token")
    async def view(app: Application, *request: Any) -> Any:
        return dict(await now(app.client.fetch_client_token("verifier")))

    assert got(app, "/token")["oauth_token"]


def providers_that(attribute: str) -> list[str]:
    return [name for name in providers_with("redirect") if getattr(FILES[name], attribute) and comes_back(FILES[name])]


@pytest.mark.parametrize("name", providers_that("renew"))
def test_a_token_is_renewed(
    name: str, framework: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    async def renew(app: Application, token: Any) -> Any:
        renewed = await now(app.client.renew_token(token))
        return await answer_of(app, renewed)

    registered(name)
    answer = log_in(make(framework, name, **values_of(FILES[name])), emulator, renew).json
    check_call(FILES[name], answer, user=USER.username)


@pytest.mark.parametrize("name", providers_that("revoke"))
def test_a_token_is_revoked(
    name: str, framework: str, make: Callable[..., Application], registered: Callable[[str], None], emulator: Emulator
) -> None:
    async def revoke(app: Application, token: Any) -> Any:
        before = await now(app.client.get("oauth1/echo", token=token))
        await now(app.client.revoke_token(token))
        after = await now(app.client.get("oauth1/echo", token=token))
        return [before.status_code, after.status_code]

    registered(name)
    answer = log_in(make(framework, name, **values_of(FILES[name])), emulator, revoke)
    assert answer.json == [200, 401]
