"""A project with both tables; its database and its keys are those of the test."""

import os

from tests.tokens.django_databases import databases

SECRET_KEY = "a secret key of the project"
USE_TZ = os.environ.get("USE_TZ") != "no"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "oauth1_catalog.integrations.django_client",
    "oauth1_catalog.integrations.django_tokens",
]
DATABASES = databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
OAUTH1_CATALOG = {
    "x": {
        **{key: os.environ[f"X_{key.upper()}"] for key in ("client_id", "client_secret")},
        **{key: os.environ[f"X_{key.upper()}"] for key in ("oauth2_client_id", "oauth2_client_secret")},
        "client_kwargs": {"token_deadline": 2, "timeout": 2},
    }
}
OAUTH1_CATALOG_TOKEN_KEYS = os.environ["OAUTH1_CATALOG_TOKEN_KEYS"]
