"""In which language somebody reads the pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0002_learned")]

    operations = [
        migrations.AddField(
            model_name="account", name="language", field=models.TextField(blank=True, default="")
        ),
    ]
