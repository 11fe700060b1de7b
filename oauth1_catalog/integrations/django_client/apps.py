"""The installed app: Django's check framework reports what is wrong with the registered clients.

It is optional. Without it a mistake is raised where the client is registered; with it, ``manage.py check`` finds all of
them at once, and one that is ignored is raised when its client is first used.
"""

from __future__ import annotations

import weakref
from types import ModuleType
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.apps import apps as installed
from django.core.checks import register

if TYPE_CHECKING:
    from oauth1_catalog.integrations.django_client.oauth import OAuth

LABEL = "oauth1_catalog"


class OAuth1CatalogConfig(AppConfig):
    """``INSTALLED_APPS = [..., "oauth1_catalog.integrations.django_client"]``.

    Attributes:
        registries: the ``OAuth`` objects in which something is registered.
    """

    name = "oauth1_catalog.integrations.django_client"
    label = LABEL
    verbose_name = "OAuth 1.0 clients"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        super().__init__(app_name, app_module)
        self.registries: weakref.WeakSet[OAuth] = weakref.WeakSet()

    def ready(self) -> None:
        """Have the clients checked."""
        from oauth1_catalog.integrations.django_client.checks import check_clients

        register(check_clients, LABEL)


def installed_app() -> OAuth1CatalogConfig | None:
    """The app as it is installed, ``None`` if it is not."""
    app = installed.app_configs.get(LABEL)
    return app if isinstance(app, OAuth1CatalogConfig) else None
