"""The rules that must never break, held by the database itself."""

from django.db import migrations

# ENABLE ALWAYS: session_replication_role, which switches ordinary triggers off, does not switch these off.
RULES = r"""
CREATE FUNCTION store_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is append-only: % on % is refused; write a correcting entry instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON store_line
    FOR EACH STATEMENT EXECUTE FUNCTION store_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON store_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION store_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON store_installation
    FOR EACH STATEMENT EXECUTE FUNCTION store_refuse_change();

CREATE FUNCTION store_refuse_backward_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <= OLD.seq OR NEW.name <> OLD.name OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the head of ledger % can only move forward', OLD.name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER forward_only BEFORE UPDATE ON store_ledger
    FOR EACH ROW EXECUTE FUNCTION store_refuse_backward_head();

-- The environment is read from the text, which is the record, not from a column beside it. PostgreSQL cannot
-- read the escape of a zero character out of JSON, hence the replacement.
CREATE FUNCTION store_refuse_environment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ours text;
    theirs text;
    entry text;
BEGIN
    SELECT environment INTO ours FROM store_installation;
    SELECT replace(text, '\u0000', '\u0001')::json ->> 'environment', entry_id INTO theirs, entry FROM fresh
        WHERE replace(text, '\u0000', '\u0001')::json ->> 'environment' IS DISTINCT FROM ours LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is of environment %, this database holds %',
            entry, theirs, coalesce(ours, 'none yet') USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER one_environment AFTER INSERT ON store_line REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION store_refuse_environment();

ALTER TABLE store_line ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE store_line ENABLE ALWAYS TRIGGER one_environment;
ALTER TABLE store_ledger ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE store_ledger ENABLE ALWAYS TRIGGER forward_only;
ALTER TABLE store_installation ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE store_key ADD CONSTRAINT key_of_32_bytes CHECK (octet_length(key) = 32);
"""


class Migration(migrations.Migration):
    dependencies = [("store", "0001_record")]

    operations = [migrations.RunSQL(RULES)]
