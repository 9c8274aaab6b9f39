"""What a chain does not show: rules that are off, powers, rewritten rows, missing keys, another mark."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from tests.owner import owner_connection, run_as_owner
from tests.store.living import ANNA, BERT, consent, enter_study, fact, keep
from tests.store.test_roles import SPOILT

from entact import store
from entact.protocol import Study
from entact.store import models, postgres, soundness
from entact.store.anchor import append_to_file, read_anchors
from entact.store.anchoring import note_anchored, take_anchor
from entact.store.identity import keep_identity
from entact.store.participant_keys import keychain
from entact.store.soundness import look
from entact.store.tables import CHANGING


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    for ledger in (ANNA, BERT):
        consent(study, ledger)
        keep(
            study, fact(study, 5, "encounter", {"status": "started"}, ledger=ledger, encounter="screening#1")
        )
    keep_identity(ANNA, "denver", {"name": "Anna A."}, by="t-1", role="therapist")
    site = {"release": study.newest.id, "status": "active", "timezone": "America/Denver"}
    store.append(
        fact(study, 6, "activation", site, ledger="site:denver"), received_at="2026-03-02T20:00:00+00:00"
    )
    person = {
        "person": "t-1",
        "roles": ["therapist"],
        "certificates": [{"name": "GCP", "expires": "2027-01-31"}],
    }
    store.append(
        fact(study, 7, "staff", person, ledger="site:denver"), received_at="2026-03-02T20:00:00+00:00"
    )
    return study


def test_a_record_that_nobody_touched_is_sound(study: Study) -> None:
    found = look(deep=True)
    assert found.faults == ()
    assert (found.compared, found.participants) == (2, 2)


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("statement", [one for one in SPOILT if "SCHEMA" not in one])
def test_r04_a_rule_that_is_off_is_said(study: Study, statement: str) -> None:
    with owner_connection() as owner:
        owner.execute(statement.encode())
    connection.close()
    assert any(SPOILT[statement] in fault for fault in look().faults)


def test_powers_beyond_what_is_needed_are_said(study: Study) -> None:
    with owner_connection() as owner:
        owner.execute(f"GRANT DELETE ON store_line TO {postgres.APPLICATION}".encode())
        owner.execute(f"REVOKE SELECT ON store_clock FROM {postgres.APPLICATION}".encode())
    faults = look_without_lists()
    assert "the application may do too much: DELETE on store_line" in faults
    assert "the application lacks SELECT on store_clock" in faults


def look_without_lists() -> list[str]:
    """The powers alone: without a right to read them lists cannot be compared."""
    from entact.store import roles, server

    connection.ensure_connection()
    found = roles.powers(connection.connection, server.application_role())
    return [
        *(f"the application may do too much: {one}" for one in found.excess),
        *(f"the application lacks {one}" for one in found.lacking),
    ]


REWRITTEN = {
    "UPDATE store_standing SET status = 'completed' WHERE ledger_id = {}": "store_standing says of",
    "UPDATE store_standing SET number = 'S-99' WHERE ledger_id = {}": "store_standing says of",
    "DELETE FROM store_standing WHERE ledger_id = {}": "are behind",
    "UPDATE store_standing SET head = head + 1 WHERE ledger_id = {}": "are behind",
    "DELETE FROM store_open_finding WHERE ledger_id = {}": "store_open_finding says of",
    "UPDATE store_open_finding SET tells = '{{}}' WHERE ledger_id = {}": "store_open_finding says",
    "UPDATE store_due SET ends = now() WHERE ledger_id = {}": "store_due says of",
    "INSERT INTO store_due (ledger_id, visit, since) VALUES ({}, 'outcome', now())": "store_due says of",
    "INSERT INTO store_clock (ledger_id, report, event, aware, due)"
    " VALUES ({}, 'r', 'e', now(), now())": "store_clock says of",
    "INSERT INTO store_reconsent (ledger_id, since, release) VALUES ({}, now(), 'r')": "store_reconsent says",
    "INSERT INTO store_kit_step (ledger_id, kit, entry, what, at, units, visit, replaced, person, waits)"
    " VALUES ({}, '7', 'e', 'out', now(), 1, '', false, '', false)": "store_kit_step says of",
    "INSERT INTO store_session_to_come (ledger_id, visit, since, needs)"
    " VALUES ({}, 'session_1', now(), '{{}}')": "store_session_to_come says of",
    "UPDATE store_standing SET unsigned = array_fill(0, ARRAY[cardinality(unsigned)])"
    " WHERE ledger_id = {}": "store_standing says of",
    "UPDATE store_standing SET locked = true WHERE ledger_id = {}": "store_standing says of",
    "UPDATE store_standing SET groups = array_fill('[]'::text, ARRAY[cardinality(groups)])"
    " WHERE ledger_id = {}": "store_standing says of",
    "UPDATE store_open_finding SET of_data = NOT of_data WHERE ledger_id = {}": "store_open_finding says",
    "DELETE FROM store_number WHERE ledger_id = {}": "store_number says of",
    "UPDATE store_number SET number = 'S-1' WHERE ledger_id = {}": "store_number says of",
    "INSERT INTO store_due (ledger_id, visit, since) VALUES (999999, 'x', now())": "is no participant's",
    "UPDATE store_staff SET expires = '2099-01-01'": "store_staff says of site:denver",
    "DELETE FROM store_staff": "store_staff says of site:denver",
    "INSERT INTO store_stock (ledger_id, number, status, lot) SELECT ledger_id, 'K-9', 'received', ''"
    " FROM store_staff": "store_stock says",
}


@pytest.mark.parametrize("statement", REWRITTEN)
def test_a_row_for_lists_that_somebody_rewrote_is_said(study: Study, statement: str) -> None:
    number = models.Ledger.objects.get(name=BERT).id
    with connection.cursor() as cursor:
        cursor.execute(statement.format(number))
        assert cursor.rowcount > 0
    faults = look().faults
    assert any(REWRITTEN[statement] in fault for fault in faults), faults
    assert not any(ANNA in fault for fault in faults)
    if "999999" not in statement and "store_st" not in statement:
        store.rebuild()
        assert look().faults == ()


def test_of_many_some_are_compared_each_time_and_deep_all(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(soundness, "SAMPLE", 1)
    models.OpenFinding.objects.all().delete()
    found = look()
    assert (found.compared, found.participants) == (1, 2)
    assert len([fault for fault in found.faults if "store_open_finding" in fault]) == 1
    run_as_owner("UPDATE store_standing SET head = head - 1")  # of all it is asked whether they are behind
    assert len([fault for fault in look().faults if "are behind" in fault]) == 2
    run_as_owner("UPDATE store_standing SET head = head + 1")
    deep = look(deep=True)
    assert deep.compared == 2
    assert len([fault for fault in deep.faults if "store_open_finding" in fault]) == 2


def test_keys_and_identities_that_are_missing_or_too_many_are_said(study: Study) -> None:
    kept = models.Identity.objects.get()
    kept.delete()
    assert [fault for fault in look().faults if "identity" in fault] == [
        f"the identity of {ANNA} at denver is missing: an entry says that it was kept"
    ]
    kept.save(force_insert=True)
    models.Identity.objects.create(participant=BERT, site="denver", sealed=kept.sealed)
    assert any(f"the identity of {BERT} at denver came from nowhere" in fault for fault in look().faults)
    models.Identity.objects.filter(participant=BERT).delete()
    models.Identity.objects.update(sealed=kept.sealed[:-4] + "AAAA")
    assert look().faults == ()
    assert any("was altered" in fault for fault in look(deep=True).faults)
    models.Identity.objects.update(sealed=kept.sealed)
    path = keychain().path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if ANNA.encode() not in line))
    assert any(
        f"lacks the keys of 1 participants of this record ({ANNA})" in fault for fault in look().faults
    )


def test_the_installation_is_the_one_that_was_anchored(study: Study, tmp_path: Path) -> None:
    anchor, heads = take_anchor()
    append_to_file(tmp_path / "anchors", anchor, heads)
    note_anchored("file anchors")
    (read,) = read_anchors(tmp_path / "anchors").anchors
    assert read.installation == str(models.Installation.objects.get().mark)
    found = look(anchors=[read])
    assert found.faults == ()
    assert list(found.anchored) == ["file anchors"]
    with owner_connection() as owner:
        owner.execute("ALTER TABLE store_installation DISABLE TRIGGER append_only")
        owner.execute("UPDATE store_installation SET mark = '00000000-0000-4000-8000-000000000000'")
        owner.execute("ALTER TABLE store_installation ENABLE ALWAYS TRIGGER append_only")
    assert any("another installation" in fault for fault in look(anchors=[read]).faults)


def of(ledger: str) -> str:
    return f"ledger_id = (SELECT id FROM store_ledger WHERE name = '{ledger}')"


def test_another_keychain_in_the_table_is_named_and_keeps_no_chain_from_being_verified(study: Study) -> None:
    """The application may add a row there: that must not be a way to keep anybody from looking."""
    before = store.verify()
    models.BoundKeychain.objects.create(folder="/nowhere", since=datetime(2026, 3, 2, tzinfo=UTC))
    assert store.verify() == before
    assert any("holds another keychain than this record's" in fault for fault in look().faults)


@pytest.mark.requirement("R03")
@pytest.mark.parametrize("how", ["emptied", "renamed", "swapped"])
def test_r03_a_ledger_emptied_or_renamed_behind_the_database_is_named(study: Study, how: str) -> None:
    """Though no digest of heads knows it yet, and its rows for lists went with it."""
    before = {one.ledger for one in store.verify().breaks}  # the site, of which no birth was noted
    named = {
        "emptied": [
            f"DELETE FROM store_line WHERE {of(BERT)}",
            f"UPDATE store_ledger SET seq = 0, hash = repeat('0', 64) WHERE name = '{BERT}'",
        ],
        "renamed": [f"UPDATE store_ledger SET name = 'participant:z' WHERE name = '{BERT}'"],
        "swapped": [
            f"UPDATE store_ledger SET name = 'participant:z' WHERE name = '{BERT}'",
            f"UPDATE store_ledger SET name = '{BERT}' WHERE name = '{ANNA}'",
            f"UPDATE store_ledger SET name = '{ANNA}' WHERE name = 'participant:z'",
        ],
    }
    for table in ("store_standing", *CHANGING):
        run_as_owner(f"DELETE FROM {table}")
    for statement in named[how]:
        run_as_owner(statement)
    found = {one.ledger for one in store.verify().breaks} - before
    assert found == {"emptied": {BERT}, "renamed": {"participant:z", BERT}, "swapped": {ANNA, BERT}}[how]
