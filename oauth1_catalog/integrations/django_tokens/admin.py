"""The admin: who has a token of which client, to look at and to delete. What is encrypted is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from oauth1_catalog.integrations.django_tokens.models import OAuth1Token, OAuth2Token

SHOWN: tuple[str, ...] = ("name", "user", "created_at", "updated_at", "expires_at", "key_id")
OAUTH2_SHOWN: tuple[str, ...] = (*SHOWN[:2], "state", "reason", *SHOWN[2:])


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # not generic in Django 4.2


@admin.register(OAuth1Token)
class OAuth1TokenAdmin(ModelAdmin):
    """Rows are read and deleted here, and nothing else."""

    list_display: tuple[str, ...] = SHOWN
    # Not date_hierarchy: on MySQL and MariaDB it fails until somebody loads the time zones into the database.
    list_filter: ClassVar[tuple[str, ...]] = ("name", "created_at", "key_id")
    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    fields: ClassVar[tuple[str, ...]] = SHOWN
    readonly_fields: ClassVar[tuple[str, ...]] = SHOWN

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """A token comes from a login."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """A token is changed by a login or a renewal."""
        return False


@admin.register(OAuth2Token)
class OAuth2TokenAdmin(OAuth1TokenAdmin):
    """The same for tokens of OAuth 2.0, with the state of each exchange."""

    list_display: tuple[str, ...] = OAUTH2_SHOWN
    list_filter: ClassVar[tuple[str, ...]] = ("name", "state", "reason", "created_at", "key_id")
    fields: ClassVar[tuple[str, ...]] = OAUTH2_SHOWN
    readonly_fields: ClassVar[tuple[str, ...]] = OAUTH2_SHOWN
