"""The admin: who has a token of which client, to look at and to delete. What is encrypted is not shown."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from oauth1_catalog.integrations.django_tokens.models import OAuth1Token

SHOWN = ("name", "user", "created_at", "updated_at", "expires_at", "key_id")


@admin.register(OAuth1Token)
class OAuth1TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django 4.2 has no generic one
    """Rows are read and deleted here, and nothing else."""

    list_display = SHOWN
    list_filter = ("name", "key_id")
    list_select_related = ("user",)
    fields = SHOWN
    readonly_fields = SHOWN
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """A token comes from a login."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OAuth1Token | None = None) -> bool:  # noqa: ARG002 - as above
        """A token is changed by a login or a renewal."""
        return False
