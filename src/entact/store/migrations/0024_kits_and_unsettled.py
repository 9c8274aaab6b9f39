"""Rows of what kits went through, of sessions to come, and of what is not settled before a lock."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import entact.store.models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0023_requirements_set_aside"),
    ]

    operations = [
        migrations.AddField(
            model_name="openfinding",
            name="of_data",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="standing",
            name="groups",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="locked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="standing",
            name="uncoded",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="standing",
            name="unended",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="standing",
            name="unsigned",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), default=list, size=None
            ),
        ),
        migrations.CreateModel(
            name="SessionToCome",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "visit",
                        "since",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("visit", models.TextField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("latest", models.DateField(null=True)),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
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
            options={
                "db_table": "store_session_to_come",
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.BigIntegerField()),
                (
                    "tells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=entact.store.models.unsure, size=None
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
            options={
                "indexes": [models.Index(fields=["number"], name="group_by_number")],
            },
        ),
        migrations.CreateModel(
            name="KitStep",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "kit",
                        "entry",
                        "what",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kit", models.TextField()),
                ("entry", models.TextField()),
                ("what", models.TextField()),
                ("at", models.DateTimeField()),
                ("units", models.BigIntegerField()),
                ("visit", models.TextField(default="")),
                ("replaced", models.BooleanField(default=False)),
                ("person", models.TextField(default="")),
                ("waits", models.BooleanField(default=False)),
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
            options={
                "db_table": "store_kit_step",
                "indexes": [models.Index(fields=["kit"], name="step_by_kit")],
            },
        ),
    ]
