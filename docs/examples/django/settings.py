"""The settings of the example; keys come from the environment."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
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
    "site_with_twitter",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
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
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
STATIC_URL = "static/"

HERE = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
OAUTH1_CATALOG_REDIRECT_BASE_URL = os.environ.get("OAUTH1_CATALOG_REDIRECT_BASE_URL", HERE)
OAUTH1_CATALOG = {
    "twitter": {
        "client_id": os.environ["TWITTER_CLIENT_ID"],
        "client_secret": os.environ["TWITTER_CLIENT_SECRET"],
    }
}
OAUTH1_CATALOG_TOKEN_STORE = "oauth1_catalog.integrations.django_tokens.store.DjangoTokens"
OAUTH1_CATALOG_TOKEN_KEYS = os.environ["OAUTH1_CATALOG_TOKEN_KEYS"]
