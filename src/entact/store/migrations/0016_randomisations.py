"""Which numbers of the sealed list were ever given is found without reading the record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0015_query_rule")]

    operations = [
        migrations.AddIndex(
            "line",
            models.Index(
                name="randomisations", fields=["ledger", "seq"], condition=models.Q(kind="randomisation")
            ),
        )
    ]
