"""The allocator adds to the record what is told as planned, and nothing else."""

from django.db import migrations

from entact.store.guards import SQL


class Migration(migrations.Migration):
    dependencies = [("store", "0021_rare_kinds")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
