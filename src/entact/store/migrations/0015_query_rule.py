"""Queries about what a rule found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0014_arrivals")]

    operations = [
        migrations.AddField(model_name="query", name="rule", field=models.TextField(default="")),
    ]
