"""The rules that the database holds, in one place: heads move with their entries, ledgers begin empty."""

from django.db import migrations

from entact.store.guards import SQL


class Migration(migrations.Migration):
    dependencies = [("store", "0007_more_lists")]

    operations = [migrations.RunSQL(SQL)]
