"""The order in which lines of all ledgers arrived, for who reads the trail of the whole record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0013_anchored")]

    operations = [
        migrations.AddIndex(
            model_name="line",
            index=models.Index(fields=["received_at", "ledger", "seq"], name="line_by_arrival"),
        ),
    ]
