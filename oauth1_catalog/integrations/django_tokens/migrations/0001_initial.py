"""The table of tokens."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    """One row for each user and client."""

    initial: ClassVar[bool] = True

    dependencies: ClassVar[list[tuple[str, str]]] = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="OAuth1Token",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("oauth_token", models.TextField(editable=False)),
                ("oauth_token_secret", models.TextField(editable=False)),
                ("extra", models.TextField(editable=False)),
                ("key_id", models.CharField(editable=False, max_length=16, verbose_name="sealed with key")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(editable=False)),
                ("updated_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(editable=False, null=True)),
                ("renewing_since", models.DateTimeField(editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="oauth1_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "OAuth 1.0 token",
                "constraints": [models.UniqueConstraint(fields=("name", "user"), name="oauth1_token_of_name_and_user")],
            },
        ),
    ]
