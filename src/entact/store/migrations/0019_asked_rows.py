"""Rows of the sealed list that an emergency unblinding asks for, with what only the asking browser reads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0018_attachments")]

    operations = [
        migrations.CreateModel(
            name="AskedRow",
            fields=[
                ("entry", models.TextField(primary_key=True, serialize=False)),
                ("ledger", models.TextField()),
                ("key", models.BinaryField()),
                ("asked_at", models.DateTimeField()),
                ("answer", models.BinaryField(default=b"")),
                ("refused", models.TextField(default="")),
                ("answered_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "store_asked_row"},
        ),
        migrations.AddIndex(
            "line",
            models.Index(name="unblindings", fields=["received_at"], condition=models.Q(kind="unblinding")),
        ),
    ]
