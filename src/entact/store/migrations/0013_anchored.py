"""When an anchor was last put where."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0012_queries")]

    operations = [
        migrations.CreateModel(
            name="Anchored",
            fields=[
                ("place", models.TextField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
