"""Rows for lists of running clocks, of the sites' staff and of their stock; numbers are found quickly."""

import django.db.models.deletion
from django.db import migrations, models


def _of_ledger() -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        to="store.ledger",
    )


def _key(*names: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(
        "ledger_id", *names, blank=True, editable=False, primary_key=True, serialize=False
    )


class Migration(migrations.Migration):
    dependencies = [("store", "0006_feed")]

    operations = [
        migrations.AddIndex("standing", models.Index(fields=["number"], name="standing_by_number")),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("pk", _key("report", "event")),
                ("report", models.TextField()),
                ("event", models.TextField()),
                ("aware", models.DateTimeField()),
                ("due", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("ledger", _of_ledger()),
            ],
            options={"indexes": [models.Index(fields=["due"], name="clock_by_end")]},
        ),
        migrations.CreateModel(
            name="StaffMember",
            fields=[
                ("pk", _key("person", "certificate")),
                ("person", models.TextField()),
                ("certificate", models.TextField()),
                ("roles", models.TextField()),
                ("until", models.DateField(null=True)),
                ("expires", models.DateField(null=True)),
                ("ledger", _of_ledger()),
            ],
            options={
                "db_table": "store_staff",
                "indexes": [models.Index(fields=["expires"], name="staff_by_expiry")],
            },
        ),
        migrations.CreateModel(
            name="StockedKit",
            fields=[
                ("pk", _key("number")),
                ("number", models.TextField()),
                ("status", models.TextField()),
                ("lot", models.TextField()),
                ("expires", models.DateField(null=True)),
                ("ledger", _of_ledger()),
            ],
            options={
                "db_table": "store_stock",
                "indexes": [models.Index(fields=["status", "expires"], name="stock_by_expiry")],
            },
        ),
    ]
