"""Rows for lists say what a reader has to be allowed to see, and of visits which everybody may know of.

Rows of before tell of something that nobody is sure of, until they are made anew.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

import entact.store.models


def _tells() -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.TextField(), default=entact.store.models.unsure
    )


class Migration(migrations.Migration):
    dependencies = [("store", "0010_numbers")]

    operations = [
        *(migrations.AddField(model, "tells", _tells()) for model in ("openfinding", "number")),
        migrations.AddField("standing", "last_day", models.DateField(null=True)),
        migrations.AddField("standing", "told_visit", models.TextField(default="")),
        migrations.AddField("standing", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("standing", "told_day", models.DateField(null=True)),
    ]
