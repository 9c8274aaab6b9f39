"""What was done with a requirement set aside is found without reading ledgers through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0022_beyond_telling")]

    operations = [
        migrations.AddIndex(
            "line",
            models.Index(
                name="requirements_set_aside",
                fields=["ledger", "entry_id"],
                condition=models.Q(text__contains='"overridden":{"'),
            ),
        )
    ]
