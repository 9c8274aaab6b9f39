"""The table of what the worker last said."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("subject", models.TextField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("content", models.JSONField(default=dict)),
            ],
            options={"default_permissions": ()},
        ),
    ]
