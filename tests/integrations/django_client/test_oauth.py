"""A test of an application overrides its settings, and the clients follow."""

from __future__ import annotations

from django.apps import apps
from django.test import override_settings

from oauth1_catalog.integrations.django_client import OAuth
from oauth1_catalog.integrations.django_client.apps import installed_app

APP = "oauth1_catalog.integrations.django_client"


def test_a_client_follows_overridden_settings() -> None:
    oauth = OAuth()
    keys = {"client_id": "mine", "client_secret": "s"}
    with override_settings(OAUTH1_CATALOG={"twitter": keys}):
        oauth.register_from_catalog("twitter")
        assert oauth.twitter.client_id == "mine"
        with override_settings(OAUTH1_CATALOG={"twitter": {**keys, "client_id": "of the test"}}):
            assert oauth.twitter.client_id == "of the test"
        assert oauth.twitter.client_id == "mine"
        before = oauth.twitter
        with override_settings(LANGUAGE_CODE="de"):
            assert oauth.twitter is before


def test_a_registry_that_is_gone_is_no_longer_checked() -> None:
    with override_settings(INSTALLED_APPS=[APP]):
        app = installed_app()
        assert app is apps.get_app_config("oauth1_catalog")
        assert app is not None
        oauth = OAuth()
        oauth.register("shop")
        assert list(app.registries) == [oauth]
        del oauth
        assert list(app.registries) == []
    assert installed_app() is None
