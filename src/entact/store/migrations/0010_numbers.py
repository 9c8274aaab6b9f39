"""Numbers that are one participant's alone, and whose they are: held unique by the database too.

They are filled in from the ledgers where the database is set up (`renewal.refresh_of_other_code`).
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0009_keychain")]

    operations = [
        migrations.CreateModel(
            name="Number",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger_id", "of", "number",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("of", models.TextField()),
                ("number", models.TextField()),
                ("entry", models.TextField()),
                ("shared", models.BooleanField()),
                (
                    "ledger",
                    models.ForeignKey(
                        db_constraint=False, db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING, to="store.ledger",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("shared", True)), fields=["of", "number"], name="shared_numbers"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("shared", False)), fields=("of", "number"), name="one_holder"
                    )
                ],
            },
        ),
    ]  # fmt: skip
