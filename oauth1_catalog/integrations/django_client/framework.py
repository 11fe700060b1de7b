"""What a client needs of Django: the settings and the session."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Set
from typing import Any, cast

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.datastructures import MultiValueDict
from django.utils.module_loading import import_string

from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.integrations.base_client import CurrentToken, Framework, RequestContext, Settings
from oauth1_catalog.registry.current_token import enter, leave, serving, tokens_on
from oauth1_catalog.registry.settings import suggestion
from oauth1_catalog.registry.token import TokenStore

SECTIONS = ("OAUTH1_CATALOG", "AUTHLIB_OAUTH_CLIENTS")
"""The settings that are read, the first before the second; the second is Authlib's."""

TOKEN_STORE = "OAUTH1_CATALOG_TOKEN_STORE"
"""The setting that names the class of a token store, which is called without arguments."""


class DjangoSettings(Settings):
    """``OAUTH1_CATALOG = {"twitter": {"client_id": ...}}``, read at each use so that tests can override it."""

    unrelated_names_matter = True

    def __init__(self, registered: Collection[str] = ()) -> None:
        self.registered = registered

    def get(self, client: str, parameter: str) -> object | None:
        """The value of a client's parameter; those of the registry, such as ``OAUTH1_CATALOG_PATH``, are settings."""
        if client == "oauth1_catalog":
            value: object | None = getattr(settings, f"{client}_{parameter}".upper(), None)
            return value
        for section in SECTIONS:
            value = self._section(section, client).get(parameter)
            if value is not None:
                return value
        return None

    def describe_location(self, client: str, parameter: str) -> str:
        """Such as ``OAUTH1_CATALOG['twitter']['client_id'] in the settings``."""
        if client == "oauth1_catalog":
            return f"{client}_{parameter}".upper() + " in the settings"
        return f"{SECTIONS[0]}[{client!r}][{parameter!r}] in the settings"

    def names(self, client: str, known: Set[str]) -> Collection[str]:  # noqa: ARG002 - a section is its client's alone
        """Every key of the client's sections."""
        return {str(key) for section in SECTIONS for key in self._section(section, client)}

    def configured_names(self) -> Mapping[str, str]:
        """The keys of every client's section."""
        there = {}
        for section in reversed(SECTIONS):
            clients = getattr(settings, section, None) or {}
            for client, values in clients.items():
                for key, value in values.items() if isinstance(values, Mapping) else ():
                    if value:
                        shown = f"{section}[{client!r}][{key!r}]"
                        there[f"{client}_{key}".upper()] = suggestion(shown, "the settings")
        return there

    @staticmethod
    def _section(section: str, client: str) -> Mapping[str, object]:
        clients = getattr(settings, section, None) or {}
        values = clients.get(client) or {}
        if not isinstance(values, Mapping):
            raise ConfigurationError(
                description=f"{client}: {section}[{client!r}] in the settings is of type {type(values).__name__}.",
                provider=client,
                advice="Write a dictionary with client_id and client_secret.",
            )
        return values


def _attributes(request: HttpRequest) -> MutableMapping[str, Any]:
    """What the server gave for the request: the same mapping that ``request_started`` has before there is a request."""
    own = own_request(request)
    given = own.scope if isinstance(own, ASGIRequest) else own.META
    return cast("MutableMapping[str, Any]", given)  # PEP 3333 and ASGI have it a dictionary


def own_request(request: Any) -> Any:  # an application may have passed anything
    """Django's own request: one of Django REST framework is a wrapper around it, which it calls ``_request``."""
    return getattr(request, "_request", request)


def token_store_of_settings() -> TokenStore | None:
    """The token store that the settings name, ``None`` where they name none.

    Raises:
        ConfigurationError: there is no class of that name.
    """
    dotted: str | None = getattr(settings, TOKEN_STORE, None)
    if not dotted:
        return None
    try:
        store: TokenStore = import_string(dotted)()
    except ImportError as error:
        raise ConfigurationError(
            description=f"{TOKEN_STORE} in the settings is {dotted!r}, and that cannot be imported: {error}.",
            advice="Name a class, such as 'oauth1_catalog.integrations.django_tokens.store.DjangoTokens'.",
        ) from error
    return store


class DjangoFramework(Framework[HttpRequest]):
    """Django's session, settings and cache."""

    request_class = HttpRequest
    current_token: CurrentToken[HttpRequest] = CurrentToken(_attributes)

    def serves(self, request: object) -> bool:
        """Whether it is Django's own request, or a wrapper around it."""
        return isinstance(own_request(request), HttpRequest)

    def redirect_response(self, url: str, headers: Mapping[str, str]) -> HttpResponseRedirect:
        """A redirect."""
        return HttpResponseRedirect(url, headers=dict(headers))

    def context(self, request: HttpRequest) -> RequestContext:
        """The session, the keys and the query of a request."""
        if not hasattr(request, "session"):
            raise ConfigurationError(
                description="A login needs a session.",
                advice="Add django.contrib.sessions.middleware.SessionMiddleware to MIDDLEWARE.",
            )
        return RequestContext(
            session=request.session,
            keys=[key for key in (settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ())) if key],
            in_cookie=settings.SESSION_ENGINE.endswith("signed_cookies"),
            query=[(name, value) for name, values in request.GET.lists() for value in values],
            path=request.path,
            compressed=True,
        )

    def pairs(self, parameters: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
        """Names and values of a mapping, such as ``request.POST`` or Django REST framework's ``request.data``."""
        if isinstance(parameters, MultiValueDict):
            return [(name, value) for name, values in parameters.lists() for value in values]
        return parameters.items()


def observe_requests() -> None:
    """Have each request begin without a token of another one; a second call changes nothing."""
    request_started.connect(_begin, dispatch_uid=__name__)
    request_finished.connect(_end, dispatch_uid=__name__)


def _begin(*, sender: Any, environ: Any = None, scope: Any = None, **_: object) -> None:
    outer = serving()
    tokens = tokens_on(scope if environ is None else environ)
    if outer is not None and scope is not None:
        # What is entered here may be lost with this task's context, which leaves the new request in the outer one's.
        if isinstance(sender, type) and issubclass(sender, ASGIHandler):
            outer.clear()  # a server that serves in the context of a request has served that
        else:
            outer.hidden += 1  # a test client in a view
            tokens.within = outer
    enter(tokens)


def _end(**_: object) -> None:
    tokens = serving()
    if tokens is None:
        return
    if tokens.hidden:
        tokens.hidden -= 1
        return
    if tokens.within is not None:
        tokens.within.hidden -= 1
    leave()
