"""One package for each framework and each token table; none imports another.

Public: the names in the ``__all__`` of each package, and in ``django_tokens`` ``models.OAuth1Token`` and
``store.DjangoTokens``.
"""

from __future__ import annotations

_OAUTH_2 = "{name} belongs to OAuth 2, and this package implements only OAuth 1.0. Import it from {theirs}."
_INTEGRATION = (
    "{name} is how Authlib keeps the state of a login. Here that is configured: OAuth(cache=..., login_lifetime=...)."
)
_REASONS = {
    "token_update": (
        "token_update is sent when an OAuth 2 token was refreshed, never for OAuth 1.0. For OAuth 2 import it from "
        "{theirs}."
    ),
    "FlaskIntegration": _INTEGRATION,
    "FlaskOAuth2App": _OAUTH_2,
    "DjangoIntegration": _INTEGRATION,
    "DjangoOAuth2App": _OAUTH_2,
    "StarletteIntegration": _INTEGRATION,
    "StarletteOAuth2App": _OAUTH_2,
}


def absent(module: str, name: str) -> Exception:
    """The exception for a module's ``__getattr__`` to raise.

    >>> print(absent("oauth1_catalog.integrations.flask_client", "FlaskOAuth2App"))
    FlaskOAuth2App belongs to OAuth 2, and this package implements only OAuth 1.0. Import it from...
    """
    if name not in _REASONS:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    theirs = module.replace("oauth1_catalog", "authlib", 1)
    return ImportError(_REASONS[name].format(name=name, theirs=theirs), name=module)
