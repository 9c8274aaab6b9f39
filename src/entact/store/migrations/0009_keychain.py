"""Which keychain is the record's: what another place for keys is told from."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0008_guards")]

    operations = [
        migrations.CreateModel(
            name="BoundKeychain",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("identity", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("folder", models.TextField()),
                ("since", models.DateTimeField()),
            ],
            options={"db_table": "store_keychain"},
        ),
    ]
