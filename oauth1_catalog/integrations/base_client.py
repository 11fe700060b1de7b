"""The seam for web frameworks: ``docs/custom-framework.md`` shows an integration in about 100 lines.

An integration has three classes:

- a ``Framework`` (``AsyncFramework``), which gives the session, the query and the redirect of the framework,
- a client: ``AsyncWebOAuth1App[Request, Response]``, or one of its three siblings,
- ``OAuth``, a ``BaseOAuth`` (``BaseAsyncOAuth``), which reads the framework's configuration.

============================  =============================  ==========================
the view gets the request     the framework knows the        base class of ``OAuth``
as an argument                request being served
============================  =============================  ==========================
``WebOAuth1App``              ``ContextOAuth1App``           ``BaseOAuth``
``AsyncWebOAuth1App``         ``AsyncContextOAuth1App``      ``BaseAsyncOAuth``
============================  =============================  ==========================

>>> class Shop(Framework[dict]):
...     request_class = dict
...     current_token = CurrentToken(lambda request: request)
...
...     def context(self, request):
...         return RequestContext(request["session"], keys=["a secret key"], in_cookie=True, query=request["query"])
...
...     def redirect_response(self, url, headers):
...         return 302, {"Location": url, **headers}
>>> class OAuth(BaseOAuth[WebOAuth1App[dict, tuple]]):
...     oauth1_client_cls = WebOAuth1App
...     framework_cls = Shop
...
...     def settings(self):
...         return self.mapping_settings({"TWITTER_CLIENT_ID": "key"}, "the configuration")
>>> OAuth().register_from_catalog("twitter", client_secret="secret")
<WebOAuth1App 'twitter'>
"""

from oauth1_catalog.errors import OAuthError
from oauth1_catalog.registry.asgi import RequestBoundary, query_of
from oauth1_catalog.registry.async_oauth import BaseAsyncOAuth
from oauth1_catalog.registry.context_clients import AsyncContextOAuth1App, ContextOAuth1App
from oauth1_catalog.registry.current_token import CurrentToken, serving_request
from oauth1_catalog.registry.framework import AsyncFramework, Framework, RequestContext
from oauth1_catalog.registry.mapping_settings import MappingSettings
from oauth1_catalog.registry.notices import HostProblem, session_cookie_notices
from oauth1_catalog.registry.oauth import BaseOAuth, RegistryOptions
from oauth1_catalog.registry.settings import Settings
from oauth1_catalog.registry.token import FetchToken
from oauth1_catalog.registry.web_clients import AsyncWebOAuth1App, WebOAuth1App

__all__ = [
    "AsyncContextOAuth1App",
    "AsyncFramework",
    "AsyncWebOAuth1App",
    "BaseAsyncOAuth",
    "BaseOAuth",
    "ContextOAuth1App",
    "CurrentToken",
    "FetchToken",
    "Framework",
    "HostProblem",
    "MappingSettings",
    "OAuthError",
    "RegistryOptions",
    "RequestBoundary",
    "RequestContext",
    "Settings",
    "WebOAuth1App",
    "query_of",
    "serving_request",
    "session_cookie_notices",
]
