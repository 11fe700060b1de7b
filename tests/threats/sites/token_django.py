"""The project's views, for a WSGI server, an ASGI server, and ``runserver``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "token_settings")

import django
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

if __name__ == "token_django":
    django.setup(set_prefix=False)

from token_twitter import ME, catalog, fail, kept

from oauth1_catalog.errors import MissingTokenError
from oauth1_catalog.integrations.django_client import OAuth

oauth = OAuth(catalog=catalog)
oauth.register_from_catalog("twitter")


def login(request):
    return oauth.twitter.authorize_redirect(request, "http://127.0.0.1/authorize")


def authorize(request):
    oauth.twitter.authorize_access_token(request)
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    return HttpResponse(oauth.twitter.get(ME).json()["screen_name"])


def somebody(request):
    try:
        return HttpResponse(oauth.twitter.get(ME).json()["screen_name"])
    except MissingTokenError:
        return HttpResponse("nobody")


async def aauthorize(request):
    await oauth.twitter.aauthorize_access_token(request)
    try:
        fail()
    except RuntimeError as error:
        kept.append(error)
    return HttpResponse((await oauth.twitter.aget(ME)).json()["screen_name"])


async def asomebody(request):
    try:
        return HttpResponse((await oauth.twitter.aget(ME)).json()["screen_name"])
    except MissingTokenError:
        return HttpResponse("nobody")


is_async = os.environ.get("SITE_ASYNC") == "1"
urlpatterns = [
    path("login", login),
    path("authorize", aauthorize if is_async else authorize),
    path("somebody", asomebody if is_async else somebody),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
