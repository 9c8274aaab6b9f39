"""That every line lies in a ledger is looked at once for a statement, with its environment."""

import django.db.models.deletion
from django.db import migrations, models

# Ledgers are never removed and never change their number, so that one look when the line comes is as good as
# a foreign key, which would look at each line by itself.
RULES = r"""
CREATE OR REPLACE FUNCTION store_refuse_environment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ours text;
    stray record;
BEGIN
    SELECT environment INTO ours FROM store_installation;
    SELECT * INTO stray FROM (
        SELECT entry_id, replace(text, '\u0000', '\u0001')::json ->> 'environment' AS theirs, ledger_id,
            EXISTS (SELECT FROM store_ledger WHERE id = fresh.ledger_id) AS placed
        FROM fresh OFFSET 0
    ) AS line WHERE theirs IS DISTINCT FROM ours OR NOT placed LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT stray.placed THEN
        RAISE EXCEPTION 'entry % lies in no ledger: there is none of number %',
            stray.entry_id, stray.ledger_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RAISE EXCEPTION 'entry % is of environment %, this database holds %',
        stray.entry_id, stray.theirs, coalesce(ours, 'none yet')
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0004_derived")]

    operations = [
        migrations.RunSQL(RULES),
        migrations.AlterField(
            "line",
            "ledger",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="store.ledger",
            ),
        ),
    ]
