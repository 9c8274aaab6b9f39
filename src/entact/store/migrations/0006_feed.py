"""One order for the whole record, that of transactions, and who has read how far."""

from django.db import migrations, models

# A sequence would number lines before their transactions end, so that a reader could pass one that is still
# open. The number of a transaction is compared with the oldest that is open (see `entact.store.feed`).
# PostgreSQL sends equal notices of one transaction once.
FEED = r"""
ALTER TABLE store_line ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX line_by_transaction ON store_line (transaction, ledger_id, seq);
ALTER TABLE store_consumer ALTER COLUMN transaction TYPE xid8 USING transaction::text::xid8;

CREATE FUNCTION store_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('entact', '');
    RETURN NULL;
END $$;

CREATE TRIGGER announce AFTER INSERT ON store_line FOR EACH STATEMENT EXECUTE FUNCTION store_announce();
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0005_placed_lines")]

    operations = [
        migrations.CreateModel(
            name="Consumer",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("transaction", models.BigIntegerField()),
                ("ledger", models.BigIntegerField()),
                ("seq", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FEED),
    ]
