"""Django, set up for the tests that bring no project of their own: imported before what needs settings."""

from __future__ import annotations

import django
from django.conf import settings

urlpatterns: list[object] = []

if not settings.configured:
    settings.configure(
        SECRET_KEY="a secret key of the tests, and long enough",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        USE_TZ=True,
    )
    django.setup()
