"""The table of dosing leases."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("ledger", models.TextField()),
                ("encounter", models.TextField()),
                ("device", models.TextField()),
                ("person", models.TextField()),
                ("since", models.DateTimeField()),
                ("seen", models.DateTimeField()),
                ("wanted", models.TextField(null=True)),
                ("wanted_by", models.TextField(null=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="lease",
            constraint=models.UniqueConstraint(name="one_lease", fields=["ledger", "encounter"]),
        ),
    ]
