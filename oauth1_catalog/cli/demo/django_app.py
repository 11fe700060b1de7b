"""The demo's application in Django, in one file: settings, views, addresses."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from oauth1_catalog.cli.demo import pages
from oauth1_catalog.cli.demo.providers import Demo
from oauth1_catalog.cli.demo.wsgi import serve_wsgi
from oauth1_catalog.errors import OAuthError
from oauth1_catalog.integrations.django_client import OAuth
from oauth1_catalog.integrations.django_client.client import DjangoOAuth1App

View = Callable[..., HttpResponseBase]


def create_app(demo: Demo) -> WSGIHandler:
    """The application, with every provider of the demo registered; Django allows one in a process."""
    from django.conf import settings

    oauth = OAuth(catalog=demo.emulator.catalog)
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        OAUTH1_CATALOG=demo.nested_settings(),
        ROOT_URLCONF=_urls(demo, oauth),
        SECRET_KEY=secrets.token_hex(),
        SESSION_COOKIE_NAME="demo_django",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )
    django.setup()
    for name in demo.names:
        oauth.register_from_catalog(name)
    return WSGIHandler()


def _urls(demo: Demo, oauth: OAuth) -> tuple[URLPattern, ...]:
    def picker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
        return HttpResponse(pages.picker(demo))

    def login(request: HttpRequest, name: str) -> HttpResponseBase:
        redirect_uri = request.build_absolute_uri(reverse("callback", args=[name]))
        return _client(oauth, name).authorize_redirect(request, demo.expect_callback(name, redirect_uri))

    def callback(request: HttpRequest, name: str) -> HttpResponseBase:
        client = _client(oauth, name)
        token = client.authorize_access_token(request)
        claims = client.userinfo(token=token) if client.provider.userinfo else {}
        request.session[name] = pages.login_record(token, claims)
        return HttpResponseRedirect(reverse("profile", args=[name]), status=303)

    def profile(request: HttpRequest, name: str) -> HttpResponseBase:
        offer = demo.offer(name)
        if offer is None:
            raise Http404
        if name not in request.session:
            return HttpResponseRedirect(reverse("picker"))
        return HttpResponse(pages.profile(offer, request.session[name]))

    def telling(view: View) -> View:
        @functools.wraps(view)
        def told(*args: object, **kwargs: object) -> HttpResponseBase:
            try:
                return view(*args, **kwargs)
            except OAuthError as error:
                text, status = pages.failure(demo, error)
                return HttpResponse(text, status=status)

        return told

    return (
        path("", picker, name="picker"),
        path("login/<slug:name>", telling(login), name="login"),
        path("callback/<slug:name>", telling(callback), name="callback"),
        path("profile/<slug:name>", profile, name="profile"),
    )


def _client(oauth: OAuth, name: str) -> DjangoOAuth1App:
    client = oauth.create_client(name)
    if client is None:
        raise Http404
    return client


def serve(demo: Demo, port: int) -> AbstractContextManager[str]:
    """Serve it on loopback; gives its origin.

    Raises:
        OSError: the port is taken.
    """
    return serve_wsgi(create_app(demo), port)
