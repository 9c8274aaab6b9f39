"""Rows for lists of queries."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import entact.store.models


class Migration(migrations.Migration):
    dependencies = [("store", "0011_seen_lists")]

    operations = [
        migrations.CreateModel(
            name="Query",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id", "query", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("query", models.TextField()),
                ("status", models.TextField()),
                ("raised_at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                ("entry", models.TextField()),
                ("item", models.TextField()),
                ("kind", models.TextField()),
                ("form", models.TextField()),
                (
                    "tells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=entact.store.models.unsure
                    ),
                ),
                (
                    "ledger",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="store.ledger",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["status", "since"], name="query_by_status")]},
        ),
    ]
