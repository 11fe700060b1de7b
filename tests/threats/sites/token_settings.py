"""A Django project whose view keeps an exception, and with it the request, for ever."""

import os

SECRET_KEY = os.environ["SITE_SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
DEBUG = True
ROOT_URLCONF = "token_django"
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",  # sets Content-Length
    "django.contrib.sessions.middleware.SessionMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
OAUTH1_CATALOG = {
    "twitter": {
        "client_id": os.environ["SITE_TWITTER_CLIENT_ID"],
        "client_secret": os.environ["SITE_TWITTER_CLIENT_SECRET"],
    }
}
