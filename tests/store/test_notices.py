"""What stops everybody is counted: each serious event stands in the study's ledger with the event itself."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from msgspec.structs import replace
from tests.conduct.record import blinded_study
from tests.owner import run_as_owner
from tests.store.living import ANNA, BERT, consent, enter_study, fact, keep

from entact import store
from entact.course import Entry, fold_setting, read
from entact.course.entry import SYSTEM
from entact.course.state.oversight import holds_in_force, study_facts
from entact.protocol import Study
from entact.store.door import fact as record_fact

LIFTED = "2026-03-02T21:00:00+00:00"
ILL = {"term": "other", "severity": "severe", "serious": True, "onset": "2026-03-02"}


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    for ledger in (ANNA, BERT):
        consent(study, ledger)
    return study


def notices() -> list[Entry]:
    kept = [read(line.text) for line in store.lines("study:mini")]
    return [one for one in kept if one.kind in ("serious_event", "event_of_interest")]


def counted(study: Study) -> dict[str, int]:
    """The numbers of which holds speak, without those that are nought."""
    state = fold_setting(study, [read(line.text) for line in store.lines("study:mini")], ()).study
    facts = study_facts(state.enrolled, state.serious, state.of_interest)
    return {name.removeprefix("study."): number for name, number in facts.items() if number}


def say(study: Study, number: int, data: dict[str, Any], kind: str = "adverse_event", **fields: Any) -> str:
    return keep(study, fact(study, number, kind, data, **fields))


def test_a_serious_event_stands_in_the_studys_ledger_at_once(study: Study) -> None:
    event = say(study, 10, ILL)
    (notice,) = notices()
    assert notice.data == {
        "ledger": ANNA, "event": event, "related": None, "expected": None, "fatal": False, "serious": True
    }  # fmt: skip
    assert notice.authenticated is not None
    assert (notice.by, notice.authenticated.who) == ("t-1", SYSTEM.who)
    assert counted(study) == {"serious_events": 1, "related_serious_events": 1, "unexpected_events": 1}
    assert store.verify().breaks == ()
    assert store.stale() == []


def test_it_reads_no_more_of_the_studys_ledger_where_many_are_in_the_study(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *rest: Any, **options: Any) -> Any:
        answer = execute(self, query, *rest, **options)
        rows.append(max(0, self.rowcount))
        return answer

    say(study, 9, ILL)
    told = []
    for number, others in ((10, 0), (11, 30)):
        for other in range(others):
            consent(study, f"participant:{other:032x}")
        say(study, number + 10, ILL)  # what is known of the study follows what others entered
        rows.clear()
        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Cursor, "execute", counted)
            say(study, number, ILL)
        told.append(sum(rows))
    assert told[0] == told[1]
    assert len(notices()) == 5


def test_one_that_is_not_serious_and_what_is_no_event_say_nothing(study: Study) -> None:
    say(study, 10, ILL | {"serious": False})
    say(study, 11, ILL | {"serious": None})
    say(study, 12, {"term": "other", "severity": "mild", "onset": "2026-03-02"})
    assert notices() == []


def test_it_follows_what_is_judged_later(study: Study) -> None:
    event = say(study, 10, {"term": "other", "severity": "severe", "onset": "2026-03-02"})
    assert counted(study) == {}
    say(study, 11, {"serious": True}, about=event)
    assert counted(study)["unexpected_events"] == 1
    say(study, 12, {"related": "probable", "expected": True}, about=event)
    assert counted(study) == {"serious_events": 1, "related_serious_events": 1}
    say(study, 13, {"related": "unlikely"}, about=event)
    assert counted(study) == {"serious_events": 1}
    say(study, 14, {"outcome": "ongoing"}, about=event)
    assert len(notices()) == 3  # nothing new was to be said


def test_grounds_alone_make_it_serious_and_death_whatever_else_is_said(study: Study) -> None:
    say(study, 10, {"term": "other", "onset": "2026-03-02", "seriousness": ["hospitalisation"]})
    say(
        study, 11, {"term": "other", "onset": "2026-03-02", "serious": False, "outcome": "fatal"}, ledger=BERT
    )
    assert counted(study)["serious_events"] == 2
    assert counted(study)["deaths"] == 1


def test_corrected_or_withdrawn_it_counts_no_more(study: Study) -> None:
    first, second = say(study, 10, ILL), say(study, 11, ILL, ledger=BERT)
    say(study, 12, {"serious": False}, replaces=first, reason="source_document")
    assert counted(study)["serious_events"] == 1
    say(study, 13, {}, "void", replaces=second, reason="wrong_participant", ledger=BERT)
    assert counted(study) == {}
    assert [one.data["serious"] for one in notices()] == [True, True, False, False]
    say(study, 14, {"serious": True}, about=first)
    assert counted(study)["serious_events"] == 1


def test_a_death_counts_once_with_or_without_its_event(study: Study) -> None:
    died = say(study, 10, {"date": "2026-03-02"}, "death")
    assert counted(study) == {
        "deaths": 1, "serious_events": 1, "related_serious_events": 1, "unexpected_events": 1
    }  # fmt: skip
    event = say(study, 11, ILL | {"outcome": "fatal", "related": "not"})
    assert counted(study) == {"deaths": 1, "serious_events": 1}
    say(study, 12, {}, "void", replaces=died, reason="wrong_participant")
    say(study, 13, {}, "void", replaces=event, reason="wrong_participant")
    assert counted(study) == {}


def test_what_is_of_special_interest_is_noticed_serious_or_not(study: Study) -> None:
    terms = study.newest.file.adverse_events.terms
    interest = {name: term.special_interest for name, term in terms.items() if term.special_interest}
    if not interest:
        pytest.fail("the small study has no event of special interest")
    term, kind = next(iter(interest.items()))
    event = say(study, 10, {"term": term, "severity": "mild", "onset": "2026-03-02"})
    assert [one.data for one in notices()] == [{"ledger": ANNA, "event": event, "interest": kind}]
    say(study, 11, {"term": "other"}, replaces=event, reason="source_document")
    assert notices()[-1].data["interest"] is None
    assert counted(study) == {}


@pytest.mark.parametrize("whole", [False, True])
def test_neither_the_event_nor_its_notice_is_there_without_the_other(study: Study, whole: bool) -> None:
    """Where the transaction of whoever enters it comes to nothing, both are gone."""
    entry = fact(study, 10, "adverse_event", ILL)
    try:
        with transaction.atomic():
            keep(study, entry)
            assert len(notices()) == 1
            if not whole:
                raise LookupError
    except LookupError:
        pass
    there = [line for line in store.lines(ANNA) if entry.id in line.text]
    assert (len(there), len(notices())) == ((1, 1) if whole else (0, 0))


def test_where_the_studys_ledger_cannot_be_read_the_event_is_kept(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    connection.close()
    run_as_owner("ALTER TABLE store_line DISABLE TRIGGER USER")
    run_as_owner(
        "UPDATE store_line SET text = '{' WHERE kind = 'release' AND ledger_id ="
        " (SELECT id FROM store_ledger WHERE name = 'study:mini')"
    )
    run_as_owner("ALTER TABLE store_line ENABLE TRIGGER USER")
    event = say(study, 10, ILL)
    assert any(event in line.text for line in store.lines(ANNA))
    assert "waits until it can be read" in caplog.text


def test_what_was_told_after_a_hold_was_lifted_holds_anew_however_early_it_happened(study: Study) -> None:
    """Who lifted it had not seen it: what counts is when the study learned of it."""
    said = {"title": "A death", "when": "study.deaths >= 1", "stops": ["dosing"], "again": True}
    watched = blinded_study(lambda data: data.update(holds={"death": said | {"lifted_by": "monitor"}})).newest

    def holding() -> list[str]:
        entries = [read(line.text) for line in store.lines("study:mini")]
        state = fold_setting(Study("mini", (watched,)), entries, ()).study
        return [name for name, *_ in holds_in_force(watched, state, "dosing")]

    say(study, 30, {"date": "2026-03-02"}, "death")
    assert holding() == ["death"]
    lift = fact(study, 40, "hold", {"hold": "death", "status": "lifted"}, ledger="study:mini", role="monitor")
    store.append(replace(lift, occurred_at=LIFTED, recorded_at=LIFTED), received_at=LIFTED)
    assert holding() == []
    early = fact(study, 20, "death", {"date": "2026-03-01"}, ledger=BERT)
    record_fact(early, received_at="2026-03-02T22:00:00+00:00")
    assert holding() == ["death"]
