"""A Django project with its logins in Redis and its tokens in PostgreSQL; gunicorn runs two processes of it.

``prepare`` makes the tables, and users up to a number.
"""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path, reverse
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.engine import make_url

database = make_url(os.environ["DATABASE_URL"])
provider = os.environ["PROVIDER"]
settings.configure(
    SECRET_KEY=os.environ["SITE_SECRET_KEY"],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="django_crowd",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth1_catalog.integrations.django_client",
        "oauth1_catalog.integrations.django_tokens",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    SESSION_ENGINE=os.environ["SESSION_ENGINE"],
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
            "OPTIONS": {"socket_timeout": 5, "retry": Retry(NoBackoff(), 1)},
        }
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database.database,
            "USER": database.username,
            "HOST": database.host,
            "PORT": database.port,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
    },
    USE_TZ=True,
    OAUTH1_CATALOG={
        "shop": {
            "client_id": os.environ["SITE_SHOP_CLIENT_ID"],
            "client_secret": os.environ["SITE_SHOP_CLIENT_SECRET"],
        }
    },
    OAUTH1_CATALOG_TOKEN_STORE="oauth1_catalog.integrations.django_tokens.store.DjangoTokens",
    OAUTH1_CATALOG_TOKEN_KEYS=os.environ["TOKEN_KEYS"],
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - the settings come first
from django.contrib.auth import login as log_in  # noqa: E402 - after the settings
from django.core.cache import cache  # noqa: E402 - after the settings
from django.core.management import call_command  # noqa: E402 - after the settings
from django.db import Error  # noqa: E402 - after the settings
from django.http import HttpResponseRedirect, JsonResponse  # noqa: E402 - after the settings

from oauth1_catalog import OAuthError  # noqa: E402 - after the settings
from oauth1_catalog.integrations.django_client import OAuth  # noqa: E402 - after the settings
from oauth1_catalog.integrations.django_tokens.models import OAuth1Token  # noqa: E402 - after the settings

oauth = OAuth(cache=cache)
oauth.register(
    "shop",
    request_token_url=f"{provider}/request_token",
    authorize_url=f"{provider}/authorize",
    access_token_url=f"{provider}/access_token",
    api_base_url=f"{provider}/",
    client_kwargs={"timeout": 60},  # how fast this machine is, is not the question
)


def answers_errors(view):
    def answer(request):
        try:
            return view(request)
        except OAuthError as error:
            status = 503 if error.error == "cache_unavailable" else 403
            return JsonResponse({"error": error.error, "description": error.description}, status=status)
        except Error as error:
            return JsonResponse({"error": "database", "description": type(error).__name__}, status=503)

    return answer


@answers_errors
def login(request):
    log_in(request, get_user_model().objects.get(pk=request.GET["user"]))
    return oauth.shop.authorize_redirect(request, request.build_absolute_uri(reverse("authorize")))


@answers_errors
def authorize(request):
    oauth.shop.authorize_access_token(request)
    request.session["profile"] = oauth.shop.get("me").json()["user"]
    return HttpResponseRedirect(reverse("me"))


@answers_errors
def me(request):
    again = oauth.shop.get("me", request=request).json()["user"]  # with the token of the table
    profile = request.session["profile"]
    return JsonResponse({"user": request.user.pk, "profile": profile, "again": again, "process": os.getpid()})


urlpatterns = [
    path("login", login, name="login"),
    path("authorize", authorize, name="authorize"),
    path("me", me, name="me"),
]
app = get_wsgi_application()


def prepare(users):
    call_command("migrate", verbosity=0)
    user = get_user_model()
    OAuth1Token.objects.all().delete()
    user.objects.all().delete()
    user.objects.bulk_create(user(pk=number, username=f"user{number}") for number in range(1, users + 1))
