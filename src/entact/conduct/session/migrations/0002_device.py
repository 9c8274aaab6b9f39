"""The table of devices that follow a session."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("console", "0001_lease")]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("ledger", models.TextField()),
                ("encounter", models.TextField()),
                ("device", models.TextField()),
                ("person", models.TextField()),
                ("seen", models.DateTimeField()),
                ("waiting", models.IntegerField()),
                ("oldest", models.DateTimeField(null=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.UniqueConstraint(
                name="one_row_a_device", fields=["ledger", "encounter", "device"]
            ),
        ),
    ]
