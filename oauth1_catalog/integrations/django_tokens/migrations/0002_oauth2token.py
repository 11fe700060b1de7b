"""The table of OAuth 2.0 tokens."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One row for each user and client."""

    dependencies: ClassVar[list[tuple[str, str]]] = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("oauth1_catalog_tokens", "0001_initial"),
    ]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="OAuth2Token",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("state", models.CharField(editable=False, max_length=10)),
                ("reason", models.CharField(editable=False, max_length=200)),
                ("access_token", models.TextField(editable=False, null=True)),
                ("refresh_token", models.TextField(editable=False, null=True)),
                ("extra", models.TextField(editable=False, null=True)),
                ("key_id", models.CharField(editable=False, max_length=16, null=True, verbose_name="sealed with key")),
                ("expires_at", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveIntegerField(default=0, editable=False)),
                ("requests", models.PositiveIntegerField(default=0, editable=False)),
                ("leased_at", models.DateTimeField(editable=False, null=True)),
                ("lease", models.CharField(editable=False, max_length=32, null=True)),
                ("not_before", models.DateTimeField(editable=False, null=True)),
                ("paused_until", models.DateTimeField(editable=False, null=True)),
                ("source_saved_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="oauth2_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "OAuth 2.0 token",
                "indexes": [
                    models.Index(fields=["name", "state"], name="oauth2_token_state"),
                    models.Index(fields=["name", "leased_at"], name="oauth2_token_leased_at"),
                    models.Index(fields=["name", "paused_until"], name="oauth2_token_paused_until"),
                ],
                "constraints": [models.UniqueConstraint(fields=("name", "user"), name="oauth2_token_of_name_and_user")],
            },
        ),
    ]
