"""``manage.py check`` in a real project names each client that cannot work."""

from __future__ import annotations

from tests.integrations.django_client.conftest import Project

CHECK = ("-m", "django", "check")


def test_each_mistake_is_named_with_what_to_do(project: Project) -> None:
    done = project(
        *CHECK,
        urls="""
            from oauth1_catalog.integrations.django_client import OAuth

            oauth = OAuth()
            other = OAuth()
            oauth.register_from_catalog("twitter")
            oauth.register_from_catalog("trello")
            oauth.register_from_catalog("flikr")
            other.register("shop", client_id="key", request_token_uri="https://shop.example.com/request_token")
            urlpatterns = []
        """,
    )
    assert done.returncode == 1
    lines = [line.split(")")[0] for line in done.stderr.splitlines() if "oauth1_catalog.E" in line]
    assert lines == [
        "flikr: (oauth1_catalog.E001",
        "shop: (oauth1_catalog.E005",
        "trello: (oauth1_catalog.E002",
    ]
    for key in ("client_id", "client_secret"):
        assert f"OAUTH1_CATALOG['trello'][{key!r}]" in done.stderr
    assert done.stderr.count("HINT: ") == 3
    assert "has an unknown option 'request_token_uri'.\n\tHINT: Did you mean 'request_token_url'?" in done.stderr
    assert "flickr" in done.stderr
    assert "request_token_url" in done.stderr


def test_registrations_without_mistakes_are_no_issue(project: Project) -> None:
    done = project(
        *CHECK,
        urls="""
            from oauth1_catalog.integrations.django_client import OAuth

            oauth = OAuth()
            oauth.register_from_catalog("twitter")
            urlpatterns = []
        """,
    )
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


def test_by_tag_by_app_and_silenced(project: Project) -> None:
    urls = """
        from oauth1_catalog.integrations.django_client import OAuth

        oauth = OAuth()
        oauth.register_from_catalog("trello")
        urlpatterns = []
    """
    assert "oauth1_catalog.E002" in project(*CHECK, "--tag", "oauth1_catalog", urls=urls).stderr
    assert "oauth1_catalog.E002" in project(*CHECK, "oauth1_catalog", urls=urls).stderr
    assert project(*CHECK, "sessions", urls=urls).returncode == 0
    assert project(*CHECK, urls=urls, settings='SILENCED_SYSTEM_CHECKS = ["oauth1_catalog.E002"]').returncode == 0


def test_a_mistake_is_raised_where_its_client_is_used_and_the_others_work(project: Project) -> None:
    done = project(
        "-c",
        "import django; django.setup()\n"
        "from oauth1_catalog.integrations.django_client import OAuth\n"
        "oauth = OAuth()\n"
        "trello = oauth.register_from_catalog('trello')\n"
        "twitter = oauth.register_from_catalog('twitter')\n"
        "print(twitter.client_id == oauth.twitter.client_id)\n"
        "for use in (lambda: oauth.trello.signer, lambda: trello.signer):\n"
        "    try:\n"
        "        use()\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, error.setting)\n",
    )
    assert done.stdout.splitlines() == ["True", "MissingSettingError client_id", "MissingSettingError client_id"]


def test_without_the_app_a_mistake_is_raised_at_registration(project: Project) -> None:
    done = project(
        "-c",
        "import django; django.setup()\n"
        "from oauth1_catalog.integrations.django_client import OAuth\n"
        "OAuth().register_from_catalog('trello')\n",
        settings='INSTALLED_APPS = ["django.contrib.sessions"]',
    )
    assert "MissingSettingError" in done.stderr


def test_what_works_today_and_needs_attention_is_a_warning(project: Project) -> None:
    urls = """
        from oauth1_catalog.integrations.django_client import OAuth

        oauth = OAuth()
        oauth.register_from_catalog("garmin", client_id="key", client_secret="secret")
        oauth.register_from_catalog("discogs", client_id="key", client_secret="secret")
        urlpatterns = []
    """
    shown = ("-W", "default::FutureWarning")
    done = project(*shown, *CHECK, urls=urls)
    assert done.returncode == 0, done.stderr
    assert "discogs: (oauth1_catalog.W002) the provider asks for a User-Agent" in done.stderr
    assert "HINT: Set OAUTH1_CATALOG['discogs']['user_agent'] in the settings, or pass user_agent=" in done.stderr
    assert "garmin: (oauth1_catalog.W001) OAuth 1.0 will be switched off on 2026-12-31." in done.stderr
    assert "urls.py:5: DeprecatedProviderWarning: garmin: OAuth 1.0" in done.stderr  # it is built later
    assert project(*shown, *CHECK, "--fail-level", "WARNING", urls=urls).returncode == 1


def test_a_session_cookie_that_does_not_come_back_is_a_warning(project: Project) -> None:
    urls = """
        from oauth1_catalog.integrations.django_client import OAuth

        oauth, other = OAuth(), OAuth()
        for registry in (oauth, other):
            registry.register_from_catalog("twitter", client_id="k", client_secret="s")
        urlpatterns = []
    """
    done = project(*CHECK, urls=urls, settings='SESSION_COOKIE_SAMESITE = "Strict"')
    assert done.returncode == 0
    assert done.stderr.count("oauth1_catalog.W003") == 1
    assert "Set SESSION_COOKIE_SAMESITE in the settings to 'Lax'" in done.stderr
    silenced = 'SESSION_COOKIE_SAMESITE = "Strict"; SILENCED_SYSTEM_CHECKS = ["oauth1_catalog.W003"]'
    assert project(*CHECK, urls=urls, settings=silenced).stderr.count("W003") == 0
