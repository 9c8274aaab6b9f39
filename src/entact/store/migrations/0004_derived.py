"""Tables for lists, made of the ledgers and of nothing else."""

import django.db.models.deletion
from django.db import migrations, models

# Rows that change with every entry of their ledger find room for the new version on the same page.
SETTINGS = """
INSERT INTO store_derivation (id, releases) VALUES (1, '');
ALTER TABLE store_ledger SET (fillfactor = 60);
ALTER TABLE store_standing SET (fillfactor = 60);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0003_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Derivation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("releases", models.TextField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_derivation")],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "ledger",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="store.ledger",
                    ),
                ),
                ("head", models.BigIntegerField()),
                ("code", models.TextField()),
                ("releases", models.TextField()),
                ("site", models.TextField()),
                ("number", models.TextField()),
                ("status", models.TextField()),
                ("screened", models.BooleanField()),
                ("randomised", models.BooleanField()),
                ("last_visit", models.TextField()),
                ("last_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["site", "number"], name="standing_by_site"),
                    models.Index(fields=["status", "site", "number"], name="standing_by_status"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DueVisit",
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
                ("opens", models.DateTimeField(null=True)),
                ("ends", models.DateTimeField(null=True)),
                ("earliest", models.DateField(null=True)),
                ("target", models.DateField(null=True)),
                ("latest", models.DateField(null=True)),
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
                "db_table": "store_due",
                "indexes": [models.Index(fields=["opens", "ends"], name="due_by_opening")],
            },
        ),
        migrations.CreateModel(
            name="OpenFinding",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "finding",
                        "since",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("finding", models.TextField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("rule", models.TextField()),
                ("entry", models.TextField()),
                ("item", models.TextField()),
                ("kind", models.TextField()),
                ("form", models.TextField()),
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
                "db_table": "store_open_finding",
                "indexes": [models.Index(fields=["rule", "since"], name="finding_by_rule")],
            },
        ),
        migrations.RunSQL(SETTINGS),
    ]
