"""A Django project that keeps its sessions and its logins in Redis; gunicorn runs two of it."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from redis.backoff import NoBackoff
from redis.retry import Retry

settings.configure(
    SECRET_KEY=os.environ["SITE_SECRET_KEY"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions", "oauth1_catalog.integrations.django_client"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE=os.environ["SESSION_ENGINE"],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
            "OPTIONS": {"socket_timeout": 5, "retry": Retry(NoBackoff(), 1)},
        }
    },
    OAUTH1_CATALOG={
        "twitter": {
            "client_id": os.environ["SITE_TWITTER_CLIENT_ID"],
            "client_secret": os.environ["SITE_TWITTER_CLIENT_SECRET"],
        }
    },
)
django.setup()

from django.core.cache import cache  # noqa: E402 - the settings come first

from oauth1_catalog import Catalog, OAuthError  # noqa: E402 - after the settings
from oauth1_catalog.emulator import EmulatedCatalog, Origins  # noqa: E402 - after the settings
from oauth1_catalog.integrations.django_client import OAuth  # noqa: E402 - after the settings

oauth = OAuth(
    cache=cache,
    catalog=EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"])),
)
oauth.register_from_catalog("twitter")


def answers_errors(view):
    def answer(request):
        try:
            return view(request)
        except OAuthError as error:
            status = 503 if error.error == "cache_unavailable" else 403
            return JsonResponse({"error": error.error, "description": error.description}, status=status)

    return answer


@answers_errors
def login(request):
    callback = request.build_absolute_uri("/authorize")
    return oauth.twitter.authorize_redirect(request, callback, state_data={"browser": request.GET["browser"]})


@answers_errors
def authorize(request):
    token = oauth.twitter.authorize_access_token(request)
    profile = oauth.twitter.userinfo(token=token)
    return JsonResponse({"user": profile["preferred_username"], "process": os.getpid(), **token.state_data})


urlpatterns = [path("login", login), path("authorize", authorize)]
app = get_wsgi_application()
