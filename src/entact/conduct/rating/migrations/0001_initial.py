"""The tables of assessments under tokens, and of raters."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("access", "0002_learned")]

    operations = [
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("token", models.TextField(unique=True)),
                ("room", models.TextField(unique=True)),
                ("ledger", models.TextField()),
                ("encounter", models.TextField()),
                ("language", models.TextField()),
                ("met", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("taken_by", models.TextField(blank=True)),
                ("taken_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("danger_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("over", models.BooleanField(default=False)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(over=False), fields=("ledger", "encounter"), name="offered_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RaterProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("zone", models.TextField(default="UTC")),
                ("languages", models.JSONField(default=list)),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
    ]
