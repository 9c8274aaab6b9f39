"""An id that is used again: here or in another ledger it changes nothing, and it is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.store.living import ANNA, BEGIN, BERT, NOW, consent, enter_persons, enter_study, fact, keep

from entact import store
from entact.course import Authenticated, Entry, fold, read
from entact.course.entry.versions import version_digest
from entact.protocol import Study
from entact.store import acts, server
from entact.store.door import fact as record_fact
from entact.store.signature import holders
from entact.store.studies import study_of_record
from entact.store.versions import ids_used_again

SIGNS = {"systolic": "109 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "80 /min"}


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    return study


def reading(study: Study, **more: Any) -> Entry:
    entry = fact(study, 30, "vital_signs", SIGNS, encounter="session_1#1")
    return replace(entry, **more) if more else entry


def systolic(study: Study) -> list[float]:
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    return [one.values["systolic"] for one in course.vitals]


@pytest.mark.requirement("R21")
def test_an_id_sent_again_with_other_content_is_kept_and_changes_nothing(study: Study) -> None:
    keep(study, reading(study))
    for number in range(8):
        wrong = reading(study, by=f"t-{number}", data={**SIGNS, "systolic": "111 mm[Hg]"})
        assert record_fact(wrong, received_at=NOW).outcome == "conflict"
        assert record_fact(wrong, received_at=NOW).outcome == "again"
    assert systolic(study) == [109.0]
    found = store.verify()
    assert found.breaks == ()
    assert found.notices == (
        f"{ANNA}: 9 entries have the id {reading(study).id}; the first to arrive stands",
    )


def test_a_persons_decision_is_followed_in_the_database_too(study: Study) -> None:
    keep(study, reading(study))
    wrong = reading(study, data={**SIGNS, "systolic": "111 mm[Hg]"})
    keep(study, wrong)
    follow = {"follow": version_digest(wrong)}
    decision = fact(study, 40, "conflict_decided", follow, about=wrong.id, reason="source_document")
    record_fact(decision, received_at=NOW)
    assert systolic(study) == [109.0]  # nobody was authenticated
    signed_in = Authenticated(how="session", who="t-1", session="5e55")
    again = replace(decision, id=decision.id.replace("019c", "019d"))
    record_fact(again, received_at=NOW, authenticated=signed_in)
    assert systolic(study) == [111.0]


@pytest.mark.requirement("R21")
def test_the_same_id_in_another_ledger_is_found(study: Study, tmp_path: Path, database: str) -> None:
    keep(study, reading(study))
    keep(study, reading(study, ledger=BERT))
    notice = f"{ANNA}: the id {reading(study).id} belongs here, and stands in {BERT} as well"
    found = store.verify()
    assert (found.breaks, found.notices) == ((), (notice,))
    assert systolic(study) == [109.0]
    store.write_archive(tmp_path / "archive", made_at=BEGIN)
    archive = store.read_archive(tmp_path / "archive")
    store.verify_archive(archive)
    assert store.archive_notices(archive) == [f"the id {reading(study).id} stands in {ANNA}, {BERT}"]
    connection.close()
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {database}_again WITH (FORCE)")
    assert store.restore(tmp_path / "archive", f"{database}_again").notices == (notice,)


def test_ids_of_one_entry_each_are_not_found(study: Study) -> None:
    keep(study, reading(study))
    assert ids_used_again() == []


def test_a_release_under_the_id_of_another_entry_is_none(study: Study) -> None:
    """Of an id the first stands, also where only releases are looked for."""
    before = study_of_record()
    birth = acts.entries(("ledger_opened",))[0]
    text = study.newest.text.decode()
    forged = {"id": study.newest.id, "text": text.replace('"title":', '"title":"Forged ","was":', 1)}
    for kind, data in (("release", forged), ("void", {})):
        entry = fact(study, 50, kind, data, ledger="study:mini", replaces=None)
        gone = {"replaces": acts.entries(("release",))[0].id, "reason": "entered_in_error"}
        entry = replace(entry, id=birth.id, **(gone if kind == "void" else {}))
        assert store.append(entry, received_at=NOW).outcome == "conflict"
    assert study_of_record() == before
    assert [one.data["id"] for one in acts.entries(("release",))] == [study.newest.id]


def test_a_key_under_the_id_of_another_entry_is_none(study: Study) -> None:
    [ada] = enter_persons("ada")
    [entered] = acts.entries(("signing_key",))
    revoked = {**entered.data, "status": "revoked", "signatures": []}
    store.append(
        replace(fact(study, 60, "signing_key", revoked, ledger="study:mini"), id=entered.id), received_at=NOW
    )
    assert list(holders()) == [ada.person]
