"""Run in an environment with the other library: python django_takeover.py FOLDER LIBRARY; FOLDER has the page's files.

A user logs in through the library. After the change this user has a token, and is the same user at the next login.
"""

import os
import sys
from pathlib import Path

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.emulator.export import write_files
from oauth1_catalog.registry.encryption import TokenCipher

folder, library = Path(sys.argv[1]), sys.argv[2]
LOGIN = "/accounts/twitter/login/" if library == "allauth" else "/login/twitter/"
COMMON = """
import os
SECRET_KEY = "a secret key of the test, which is long enough"
ALLOWED_HOSTS = ["localhost"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
}]
USE_TZ = True
LOGIN_REDIRECT_URL = "/timeline"
"""
ALLAUTH = """
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
"""
STORE = """
INSTALLED_APPS += ["oauth1_catalog.integrations.django_tokens"]
OAUTH1_CATALOG_TOKEN_STORE = "oauth1_catalog.integrations.django_tokens.store.DjangoTokens"
OAUTH1_CATALOG_TOKEN_KEYS = os.environ["KEYS"]
"""


def settings(which: str, more: str = "") -> None:
    """Django with the settings and the addresses of one side of the page."""
    code = COMMON + (folder / f"{which}_settings.py").read_text() + more + f'\nROOT_URLCONF = "{which}_urls"\n'
    (folder / f"all_{which}.py").write_text(code)
    os.environ["DJANGO_SETTINGS_MODULE"] = f"all_{which}"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def follow(start, path: str, decide) -> str:
    """Log in; where the user ends. ``start`` is a browser's method."""
    browser = start.__self__
    answer = start(path, headers={"host": "localhost:8000"})
    assert answer.status_code == 302, answer.content
    back = decide(answer["Location"])
    assert back.startswith("http://localhost:8000/"), back
    answer = browser.get(back.removeprefix("http://localhost:8000"), headers={"host": "localhost:8000"})
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def with_id(profile):
    """X sends the identifier twice; the emulator sends what the file of X uses."""
    return profile | {"id": int(profile["id_str"])}


def before_social_auth() -> None:
    """A user of python-social-auth."""
    settings("before")
    from django.contrib.auth import get_user_model
    from django.http import HttpRequest
    from django.test import Client
    from social_core.backends.twitter import TwitterOAuth
    from social_django.models import UserSocialAuth

    provider = emulated.provider("twitter")
    TwitterOAuth.REQUEST_TOKEN_URL = provider.request_token_url
    TwitterOAuth.AUTHORIZATION_URL = provider.authorize_url
    TwitterOAuth.ACCESS_TOKEN_URL = provider.access_token_url
    profile = f"{provider.api_base_url}account/verify_credentials.json"
    get_json = TwitterOAuth.get_json

    TwitterOAuth.get_json = lambda self, url, **more: with_id(get_json(self, profile, **more))
    assert follow(Client().post, "/login/twitter/", lambda url: emulator.approve(url, user="grace")) == "/timeline"
    row = UserSocialAuth.objects.get()
    assert row.user == get_user_model().objects.get()
    import before_views
    import requests_oauthlib

    class Emulated(requests_oauthlib.OAuth1Session):
        def get(self, url, **more):
            return super().get(url.replace("https://api.twitter.com/1.1/", provider.api_base_url), **more)

    before_views.OAuth1Session = Emulated
    request = HttpRequest()
    request.user = row.user
    assert b"grace" in before_views.timeline(request).content


def before_allauth() -> None:
    """A user of allauth."""
    settings("before", ALLAUTH)
    from allauth.core.context import request_context
    from allauth.socialaccount.models import SocialToken
    from allauth.socialaccount.providers.oauth.client import get_token_prefix
    from allauth.socialaccount.providers.twitter.views import TwitterAPI, TwitterOAuthAdapter
    from django.test import RequestFactory

    provider = emulated.provider("twitter")
    TwitterOAuthAdapter.request_token_url = provider.request_token_url
    TwitterOAuthAdapter.access_token_url = provider.access_token_url
    TwitterAPI.url = f"{provider.api_base_url}account/verify_credentials.json"
    # allauth sends oauth_callback and oauth_verifier in the query, beside a header, which the emulator refuses (RFC
    # 5849, section 3.5). So the token comes without a login: allauth asks for the profile with it, and stores it.
    request = RequestFactory().get("/", headers={"host": "localhost:8000"})
    request.session = {f"oauth_{get_token_prefix(provider.request_token_url)}_access_token": issued}
    get_user_info = TwitterAPI.get_user_info
    TwitterAPI.get_user_info = lambda self: with_id(get_user_info(self))
    with request_context(request):
        adapter = TwitterOAuthAdapter(request)
        login = adapter.complete_login(request, adapter.get_provider().app, None)
        login.token = SocialToken(token=issued["oauth_token"], token_secret=issued["oauth_token_secret"])
        login.user.username = "grace"
        login.save(request)
    assert SocialToken.objects.get().account.uid


def after() -> None:
    """The same users, with this library."""
    settings("after", ALLAUTH if library == "allauth" else "")
    from django.contrib.auth import get_user_model
    from django.test import Client

    browser, host = Client(), {"host": "localhost:8000"}
    (user,) = get_user_model().objects.all()
    browser.force_login(user)
    assert browser.get("/timeline", headers=host).json()["user"] == "grace", "the token of the other library's table"
    again = Client()
    assert follow(again.get, LOGIN, lambda url: emulator.approve(url, user="grace")) == "/timeline"
    assert get_user_model().objects.count() == 1, "the same user"
    assert again.get("/timeline", headers=host).json()["user"] == "grace"
    assert follow(Client().get, LOGIN, lambda url: emulator.approve(url, user="ada")) == "/timeline"
    assert get_user_model().objects.count() == 2


def encrypted() -> None:
    """The tokens in the table of this library."""
    settings("after", STORE)
    import after_views
    import copy_tokens
    from django.contrib.auth import get_user_model

    copy_tokens.copy()
    for user in get_user_model().objects.all():
        token = after_views.oauth.twitter.find_token(user)
        answer = after_views.oauth.twitter.get("statuses/user_timeline.json", token=token)
        assert answer.json()["user"] in {"grace", "ada"}


with Emulator(Catalog()) as emulator:
    emulated = emulator.catalog
    keys = emulator.client("twitter")
    write_files(emulator, [emulated.provider("twitter")], folder / "emulated")
    os.environ |= {
        "DATABASE": str(folder / "db.sqlite3"),
        "KEYS": TokenCipher.new_key(),
        "TWITTER_CLIENT_ID": keys.client_id,
        "TWITTER_CLIENT_SECRET": keys.client_secret,
        "OAUTH1_CATALOG_PATH": str(folder / "emulated"),
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
    sys.path.insert(0, str(folder))
    issued = dict(emulator.issue_token("twitter", user="grace").fields)
    for part in (
        [before_allauth, after] if library == "allauth" else [before_social_auth, after, encrypted]
    ):  # Django's settings are made once in each process
        child = os.fork()
        if child == 0:
            try:
                part()
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, part.__name__
print("taken over")
