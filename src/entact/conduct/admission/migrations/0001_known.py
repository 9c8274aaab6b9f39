"""The table of who is known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Known",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("mark", models.TextField()),
                ("participant", models.TextField()),
                ("site", models.TextField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="known",
            constraint=models.UniqueConstraint(name="known_once", fields=["mark", "participant"]),
        ),
    ]
