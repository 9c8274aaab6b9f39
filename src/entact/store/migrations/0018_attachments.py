"""Scans and other files of participants, as ciphertext."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0017_bookings")]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False)),
                ("participant", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("media", models.TextField()),
                ("sealed", models.TextField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(name="one_attachment", fields=["participant", "digest"]),
        ),
    ]
