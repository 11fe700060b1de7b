"""A project with the token table; the database is the one that the test names."""

import os

from tests.tokens.django_databases import databases

SECRET_KEY = "a secret key of the project"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "oauth1_catalog.integrations.django_client",
    "oauth1_catalog.integrations.django_tokens",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = databases()
OAUTH1_CATALOG = {
    name: {"client_id": os.environ[f"{name.upper()}_ID"], "client_secret": os.environ[f"{name.upper()}_SECRET"]}
    for name in ("twitter", "yahoo")
}
OAUTH1_CATALOG_TOKEN_STORE = "oauth1_catalog.integrations.django_tokens.store.DjangoTokens"
OAUTH1_CATALOG_TOKEN_KEYS = os.environ.get("OAUTH1_CATALOG_TOKEN_KEYS")
STATIC_URL = "static/"
