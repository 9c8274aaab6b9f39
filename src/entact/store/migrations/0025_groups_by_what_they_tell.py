"""What is not settled is counted by what it tells of, which stands beside the counts and in no table."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0024_kits_and_unsettled"),
    ]

    operations = [
        migrations.DeleteModel(name="Group"),
        migrations.RemoveField(model_name="standing", name="groups"),
        migrations.AddField(
            model_name="standing",
            name="groups",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, size=None
            ),
        ),
    ]
