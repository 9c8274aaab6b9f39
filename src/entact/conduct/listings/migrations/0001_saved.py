"""The table of saved listings."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("access", "0002_learned")]

    operations = [
        migrations.CreateModel(
            name="SavedListing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("title", models.TextField()),
                ("asked", models.TextField(blank=True)),
                ("role", models.TextField(blank=True)),
                ("site", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_listings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("account", "title"), name="saved_once")],
            },
        ),
    ]
