"""Every code block of Authlib's page "Web Clients" (OAuth 1.0), run in each framework against the emulator.

What is changed in a block: the word ``authlib`` in the import, the placeholders for keys, the provider's addresses; and
what the page says differs between the frameworks: Flask's functions take no request, Starlette's are awaited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import flask
import pytest
from django.test import override_settings
from starlette.config import Config

from oauth1_catalog import Catalog
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator import Emulator
from tests.integrations.applications import FRAMEWORKS, Application, now

PAGE = Path(__file__).with_name("web_clients.txt").read_text()
_CODE = re.compile(r"(#|from |oauth|twitter|client_kwargs|def |class |token|\)|\}|\s(?!\s*(•|\d+\.)))|$")


def blocks() -> list[str]:
    """The page's code blocks, in their order."""
    found, current = [], []
    for line in [*PAGE.splitlines(), "End"]:
        if _CODE.match(line):
            current.append(line)
        else:
            text = "\n".join(current).strip("\n")
            found += [text] if text else []
            current = []
    return found


BLOCKS = blocks()
(
    CREATE,
    REGISTER,
    ACCESS,
    REGISTER_WITHOUT_KEYS,
    RSA,
    ROUTES,
    TWEETS_WITH_TOKEN,
    MODEL,
    TOKEN_OF_EACH_CALL,
    FETCH_PER_CLIENT,
    FETCH_SHARED,
    TWEETS_WITH_REQUEST,
) = BLOCKS


def test_the_page_was_cut_at_the_right_places() -> None:
    assert [block.splitlines()[0] for block in BLOCKS] == [
        "# for Flask framework",
        "oauth.register(",
        "twitter = oauth.create_client('twitter')",
        "oauth.register(",
        "client_kwargs = {",
        "def login(request):",
        "def get_twitter_tweets(request):",
        "class OAuth1Token(Model):",
        "token = OAuth1Token.find(name='twitter', user=request.user)",
        "def fetch_twitter_token(request):",
        "def fetch_token(name, request):",
        "def get_twitter_tweets(request):",
    ]
    assert sum(map(len, BLOCKS)) > 2900


class Model:
    """What the page leaves to an ORM: rows, found by their fields."""

    rows: ClassVar[list[Any]] = []

    def __init__(self, **fields: object) -> None:
        vars(self).update(fields)
        self.rows.append(self)

    @classmethod
    def find(cls, **wanted: object) -> Any:
        return next(row for row in cls.rows if wanted.items() <= vars(row).items())


class Page:
    """The page's code in one framework; each block runs in the same namespace."""

    def __init__(self, framework: str, emulator: Emulator) -> None:
        self.framework = framework
        twitter = emulator.client("twitter")
        self.words = {"{{ your-twitter-consumer-key }}": twitter.client_id}
        self.words["{{ your-twitter-consumer-secret }}"] = twitter.client_secret
        original, moved = Catalog().provider("twitter"), emulator.catalog.provider("twitter")
        for name in ("request_token_url", "access_token_url", "authorize_url", "api_base_url"):
            self.words[f"'{getattr(original, name)}'"] = f"'{getattr(moved, name)}'"
        self.names: dict[str, Any] = {
            "Model": Model,
            "String": lambda length: None,
            "ForeignKey": lambda model: None,
            "User": None,
            "g": flask.g,
            "url": "statuses/user_timeline.json",
        }

    def run(self, block: str, **names: object) -> Any:
        """Run a block and give what it defined."""
        for words, meant in {**self.words, "from authlib.integrations": "from oauth1_catalog.integrations"}.items():
            block = block.replace(words, meant)
        if self.framework == "flask":
            block = re.sub(r"(?<=\()request(, )?(?=[\w)])|, request(=request)?(?=\))", "", block)
            block = block.replace("request.user", "g.user")
        if self.framework == "starlette":
            block = re.sub(r"^def (?!fetch|to_token)", "async def ", block, flags=re.MULTILINE)
            block = re.sub(r"((oauth\.)?twitter\.(get|post|put|delete|authorize_\w+)\()", r"await \1", block)
        self.names.update(names)
        exec(block, self.names)
        return self.names

    def create(self, app: Any, **arguments: object) -> Any:
        """The first block, with the framework's own import; its registry becomes the application's."""
        imports = dict(re.findall(r"# for (\w+) framework\n(from .*)", CREATE))
        names = self.run(imports[self.framework.capitalize()] + "\n\noauth = OAuth()")
        if arguments:
            names["oauth"] = names["OAuth"](**arguments)
        app.oauth = names["oauth"]
        if self.framework == "flask":
            app.oauth.init_app(app.app)
        return app.oauth

    def route(self, app: Application, path: str, name: str) -> None:
        async def view(app: Application, *request: Any) -> Any:
            if self.framework == "flask":
                flask.g.user = "ada"
            elif self.framework == "django":
                request[0].user = "ada"
            else:
                request[0].scope["user"] = "ada"
            return await now(self.names[name](*request))

        app.views[path] = view


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    """Authlib has no other one."""
    return str(request.param)


@pytest.fixture
def page(framework: str, emulator: Emulator) -> Iterator[Page]:
    yield Page(framework, emulator)
    Model.rows.clear()


def log_in(app: Application, emulator: Emulator) -> str:
    """The page's two routes; ``authorize`` gives ``'...'``, after it has asked for the profile without a token."""
    answer = app.browser().log_in(emulator)
    assert answer.status == 200, answer.text
    return str(answer.json)


def test_log_in(page: Page, app: Application, emulator: Emulator) -> None:
    page.create(app)
    page.run(REGISTER)
    page.run(ACCESS)
    assert page.names["twitter"].name == "twitter"
    assert page.names["twitter"].api_base_url.endswith("/1.1/")
    page.run(ROUTES)
    page.route(app, "/login", "login")
    page.route(app, "/authorize", "authorize")
    assert log_in(app, emulator) == "..."
    assert emulator.journal.count(role="api", status=200) == 1


def test_keys_from_the_configuration(
    page: Page, make: Callable[..., Application], emulator: Emulator, tmp_path: Path
) -> None:
    app: Any = make(config={}, register=False)
    twitter = emulator.client("twitter")
    keys = {"client_id": twitter.client_id, "client_secret": twitter.client_secret}
    settings = override_settings(AUTHLIB_OAUTH_CLIENTS={"twitter": keys})
    if page.framework == "starlette":
        env = tmp_path / ".env"
        env.write_text(f"TWITTER_CLIENT_ID={keys['client_id']}\nTWITTER_CLIENT_SECRET={keys['client_secret']}\n")
        page.create(app, config=Config(env))
    else:
        if page.framework == "flask":
            app.app.config.update({f"TWITTER_{key}".upper(): value for key, value in keys.items()})
        page.create(app)
    with settings:
        page.run(REGISTER_WITHOUT_KEYS)
        page.run(ROUTES)
        page.route(app, "/login", "login")
        page.route(app, "/authorize", "authorize")
        assert log_in(app, emulator) == "..."


def test_rsa_sha1(page: Page, app: Application, emulator: Emulator) -> None:
    by_key = Provider(
        name="signed_with_a_key",
        request_token_url="https://keys.example/request",
        authorize_url="https://keys.example/authorize",
        access_token_url="https://keys.example/access",
        api_base_url="https://keys.example/1/",
        client_kwargs={"signature_method": "RSA-SHA1"},
    )
    moved, registered = emulator.add(by_key), emulator.client("signed_with_a_key")
    page.words["Your-RSA-Key"] = registered.rsa_key.replace("\n", "\\n")
    client_kwargs = page.run(RSA)["client_kwargs"]
    assert client_kwargs["signature_method"] == "RSA-SHA1"
    oauth = page.create(app)
    addresses = ("request_token_url", "authorize_url", "access_token_url", "api_base_url")
    oauth.register(
        name="twitter",
        client_id=registered.client_id,
        client_kwargs=client_kwargs,
        **{name: getattr(moved, name) for name in addresses},
    )
    page.run(ROUTES)
    page.route(app, "/login", "login")
    page.route(app, "/authorize", "authorize")
    assert log_in(app, emulator) == "..."


@pytest.fixture
def stored(page: Page, app: Application, emulator: Emulator) -> Page:
    """The page's model, and a row in it for the user who is logged in."""
    page.create(app)
    page.run(REGISTER)
    page.run(MODEL)
    token = emulator.issue_token("twitter", user="ada")
    # The page's to_token() reads other fields than the page's model has.
    page.names["OAuth1Token"](
        name="twitter", user="ada", access_token=token.oauth_token, alt_token=token.oauth_token_secret
    )
    return page


def test_a_token_of_the_database(stored: Page, app: Application) -> None:
    stored.run(TWEETS_WITH_TOKEN)
    stored.route(app, "/tweets", "get_twitter_tweets")
    answer = app.browser().get("/tweets").json
    assert (answer["user"], answer["method"]) == ("ada", "GET")
    assert answer["path"].endswith("/1.1/statuses/user_timeline.json")


def test_a_token_with_each_call(stored: Page, app: Application, emulator: Emulator) -> None:
    lines = [f"    {line}" for line in TOKEN_OF_EACH_CALL.splitlines()]
    stored.run("\n".join(["def calls(request):", *lines, "    return {}"]))
    stored.route(app, "/calls", "calls")
    assert app.browser().get("/calls").status == 200
    calls = [(exchange.method, exchange.status) for exchange in emulator.journal.exchanges]
    assert calls == [("GET", 200), ("POST", 200), ("PUT", 200), ("DELETE", 200)]


def test_fetch_token_of_a_client(stored: Page, app: Application) -> None:
    addresses = REGISTER.split("\n", 2)[2].rpartition("\n")[0]
    stored.run(FETCH_PER_CLIENT.replace("    # ...", addresses))
    stored.run(TWEETS_WITH_REQUEST)
    stored.route(app, "/tweets", "get_twitter_tweets")
    assert app.browser().get("/tweets").json["user"] == "ada"


def test_fetch_token_for_all_clients(stored: Page, app: Any) -> None:
    stored.run(FETCH_SHARED)
    app.oauth = stored.names["oauth"]
    if stored.framework == "flask":
        app.oauth.init_app(app.app)
    stored.run(REGISTER)
    stored.run(TWEETS_WITH_REQUEST)
    stored.route(app, "/tweets", "get_twitter_tweets")
    assert app.browser().get("/tweets").json["user"] == "ada"
