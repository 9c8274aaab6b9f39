"""Rows for lists of visits that are booked."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0016_randomisations")]

    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id",
                        "encounter",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("encounter", models.TextField()),
                ("visit", models.TextField()),
                ("at", models.DateTimeField()),
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
            options={"indexes": [models.Index(fields=["at"], name="booking_by_time")]},
        ),
    ]
