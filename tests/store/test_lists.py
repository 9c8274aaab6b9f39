"""Questions of lists are answered by the derived tables, for one instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.record import blinded_study

from entact import store
from entact.course import fold, read
from entact.course.entry import instant
from entact.protocol import Study, load_study
from entact.store import lists

MINI = Path(__file__).parents[1] / "studies" / "mini"
NOW = "2026-03-02T10:31:00-07:00"
BEGUN = datetime(2026, 3, 2, 17, 1, tzinfo=UTC)


@pytest.fixture
def study(database: str, make_entry: Any) -> Study:
    """Three participants: one screened, one further on, one of whom nothing but a reading is known."""
    found = load_study(str(MINI))
    data = {"id": found.newest.id, "text": found.newest.text.decode()}
    store.append(make_entry("study:mini", 1, kind="release", data=data), received_at=NOW)
    scopes = {"version": "1", "scopes": {"participation": True, "recording": False}}
    for name, site, number in (("a", "denver", "S-2"), ("b", "denver", "S-1")):
        ledger = f"participant:{name}"
        sent = [
            make_entry(ledger, 1, kind="consent", data=scopes),
            make_entry(ledger, 2, kind="screening", data={"attempt": 1, "number": number, "site": site}),
            make_entry(ledger, 3, kind="encounter", data={"status": "started"}, encounter="screening#1"),
        ]
        sent += [make_entry(ledger, 4, kind="enrolment", data={"subject": "1-001"})] if name == "b" else []
        for entry in sent:
            store.append(entry, received_at=NOW)
    store.append(make_entry("participant:c", 1, encounter="session_1#1"), received_at=NOW)
    return found


def test_a_page_of_participants_is_by_site_and_number(study: Study) -> None:
    found = lists.participants()
    assert [(one.site, one.number, one.status) for one in found] == [
        ("", "c", "screening"),
        ("denver", "1-001", "enrolled"),
        ("denver", "S-2", "screening"),
    ]
    assert lists.participants(after=found[0].key, limit=1) == found[1:2]
    assert lists.participants(before=found[2].key, limit=1) == found[1:2]
    assert lists.participants(site="denver", status="screening") == found[2:]
    assert lists.participants(site="zurich") == []
    assert [one[:3] for one in lists.counts()] == [
        ("", "screening", 1),
        ("denver", "enrolled", 1),
        ("denver", "screening", 1),
    ]


def test_what_is_due_and_what_was_missed_is_a_question_of_the_instant(study: Study) -> None:
    course = fold(study, [read(line.text) for line in store.lines("participant:a")])
    day = timedelta(days=1)
    for at in (BEGUN + number * 10 * day for number in range(12)):
        for status, asked in (("due", lists.due), ("missed", lists.missed)):
            told = {one.visit for one in asked(at) if one.ledger == "participant:a"}
            assert told == {one.visit for one in course.due(at) if one.status == status}, (at, status)
    coming = lists.due(BEGUN, until=BEGUN + 3 * day, site="denver")
    assert {one.number for one in coming} == {"1-001", "S-2"}
    assert lists.due(BEGUN, until=BEGUN + 3 * day, site="zurich") == []
    assert [one.ends for one in coming if one.ends] == sorted(one.ends for one in coming if one.ends)


def named(visits: list[lists.DueVisit]) -> set[tuple[str, str]]:
    return {(one.ledger, one.visit) for one in visits}


def test_a_visit_is_missed_and_due_no_longer_from_its_very_instant(study: Study) -> None:
    coming = [one for one in lists.due(BEGUN, until=BEGUN + timedelta(days=200)) if one.ends and one.opens]
    assert coming
    step = timedelta(microseconds=1)
    for one in coming:
        assert one.ends is not None
        assert one.opens is not None
        name = one.ledger, one.visit
        seen = {
            at: {(due.ledger, due.visit) for due in lists.due(at)} for at in (one.opens - step, one.opens)
        }
        assert (name in seen[one.opens - step], name in seen[one.opens]) == (False, True)
        for at, missed in ((one.ends - step, False), (one.ends, True)):
            assert (name in {(due.ledger, due.visit) for due in lists.missed(at)}) is missed
            assert (name in {(due.ledger, due.visit) for due in lists.due(at)}) is not missed


def test_open_findings_are_those_of_the_instant_with_what_their_entry_is(study: Study) -> None:
    before = lists.open_findings(BEGUN + timedelta(hours=3), hidden=())
    later = lists.open_findings(BEGUN + timedelta(days=2), hidden=())
    assert "encounter_not_ended" not in {one.rule for one in before}
    assert {one.ledger for one in later if one.rule == "encounter_not_ended"} == {
        "participant:a",
        "participant:b",
    }
    only = lists.open_findings(BEGUN, ledgers=["participant:c"], hidden=())
    assert {one.ledger for one in only} == {"participant:c"}
    assert {one.kind for one in only} == {"vital_signs"}
    assert lists.open_findings(BEGUN, rule="without_consent", site="denver", hidden=()) == []
    assert [one.ledger for one in lists.open_findings(BEGUN, rule="without_consent", hidden=())] == [
        "participant:c"
    ]


@pytest.mark.requirement("R06")
def test_r06_a_device_offline_for_eight_hours_with_its_clock_an_hour_ahead_tells_all_its_times(
    study: Study, make_entry: Any
) -> None:
    """Blood pressure at 10:40, by a clock an hour ahead, sent eight hours later; others wrote meanwhile."""
    ledger = "participant:a"
    shown = "2026-03-02T11:40:00-07:00"
    meanwhile = make_entry(ledger, 60, occurred_at="2026-03-02T11:00:00-07:00")
    store.append(meanwhile, received_at="2026-03-02T18:00:05+00:00")
    entry = make_entry(ledger, 100, occurred_at="2026-03-02T10:40:00-07:00", clock_offset_ms=3_600_000)
    assert entry.recorded_at == shown
    store.append(entry, received_at="2026-03-03T01:40:00+00:00")
    kept = read(list(store.lines(ledger))[-1].text)
    times = (kept.occurred_at, kept.recorded_at, kept.received_at, kept.clock_offset_ms)
    assert times == ("2026-03-02T10:40:00-07:00", shown, "2026-03-03T01:40:00+00:00", 3_600_000)
    course = fold(study, [read(line.text) for line in store.lines(ledger)])
    order = [one.id for one in course.effective]
    assert order.index(entry.id) < order.index(meanwhile.id)  # by when it happened, not by when it came
    assert not [one for one in lists.open_findings(BEGUN, hidden=()) if one.rule == "after_recording"]

    # Had the device claimed its own wrong clock's time for what happened, that would be found.
    wrong = make_entry(ledger, 101, occurred_at="2026-03-02T11:41:00-07:00", clock_offset_ms=3_600_000)
    store.append(wrong, received_at="2026-03-03T01:41:00+00:00")
    found = [one for one in lists.open_findings(BEGUN, hidden=()) if one.rule == "after_recording"]
    assert [(one.entry, one.item) for one in found] == [(wrong.id, "occurred_at")]
    assert instant(wrong.recorded_at) == instant(wrong.occurred_at)
    assert store.stale() == []


@pytest.mark.requirement("R06")
def test_r06_a_clock_that_is_decades_wrong_is_kept_and_found(study: Study, make_entry: Any) -> None:
    for number, (claimed, rule) in enumerate(
        [
            ("1970-01-01T00:00:00Z", ""),
            ("tomorrow", "time_unreadable"),
            ("2026-03-02T10:00:00", "time_unreadable"),
        ]
    ):
        entry = make_entry("participant:c", 200 + number, occurred_at=claimed)
        assert store.append(entry, received_at=NOW).outcome == "kept"
        rules = {one.rule for one in lists.open_findings(BEGUN, hidden=()) if one.entry == entry.id}
        assert not rule or rule in rules
    assert store.verify(known=store.ledgers()).entries == 12


def release(make_entry: Any, study: Study) -> None:
    data = {"id": study.newest.id, "text": study.newest.text.decode()}
    store.append(make_entry("study:mini", 1, kind="release", data=data), received_at=NOW)


def entered(make_entry: Any, site: str, *told: tuple[str, dict[str, Any]]) -> None:
    for number, (kind, data) in enumerate(told, start=1):
        store.append(make_entry(f"site:{site}", number, kind=kind, data=data), received_at=NOW)


def person(name: str, *certificates: tuple[str, str], until: str | None = None) -> tuple[str, dict[str, Any]]:
    held = [{"name": name, "expires": expires} for name, expires in certificates]
    return "staff", {"person": name, "roles": ["therapist"], "certificates": held, "until": until}


def kit(number: str, status: str, expires: str) -> tuple[str, dict[str, Any]]:
    return "kit", {"number": number, "status": status, "expires": expires, "lot": "L-1"}


def test_staff_and_stock_are_as_the_sites_ledger_says(database: str, make_entry: Any) -> None:
    release(make_entry, load_study(str(MINI)))
    told = [
        person("ada", ("gcp", "2026-06-01"), ("mdma", "2027-01-01")),
        person("bob"),
        kit("K-1", "received", "2027-01-01"),
        kit("K-2", "received", "2026-12"),
        kit("K-1", "quarantined", "2027-01-01"),
    ]
    entered(make_entry, "denver", *told)
    entered(make_entry, "haifa", person("eve", ("gcp", "2026-05-01"), until="2026-12-31"))
    assert [(one.site, one.person, one.certificate, str(one.expires)) for one in lists.staff()] == [
        ("denver", "ada", "gcp", "2026-06-01"),
        ("denver", "ada", "mdma", "2027-01-01"),
        ("denver", "bob", "", "None"),
        ("haifa", "eve", "gcp", "2026-05-01"),
    ]
    assert [one.person for one in lists.staff(expiring_by=date(2026, 6, 1))] == ["ada", "eve"]
    assert [one.person for one in lists.staff(site="haifa")] == ["eve"]
    kits = [(one.number, one.status, str(one.expires)) for one in lists.stock(site="denver")]
    assert kits == [("K-1", "quarantined", "2027-01-01"), ("K-2", "received", "None")]
    assert [one.number for one in lists.stock(site="denver", after="K-1")] == ["K-2"]
    assert [one.number for one in lists.stock(status="quarantined")] == ["K-1"]
    before = lists.staff(), lists.stock()
    store.rebuild()
    assert (lists.staff(), lists.stock()) == before


def test_sites_that_spoke_before_the_study_did_are_listed_once_it_does(
    database: str, make_entry: Any
) -> None:
    entered(make_entry, "denver", person("ada"))
    assert lists.staff() == []
    release(make_entry, load_study(str(MINI)))
    assert [one.person for one in lists.staff()] == ["ada"]


def test_a_clock_runs_from_when_the_site_knew_until_the_report_was_sent(
    database: str, make_entry: Any
) -> None:
    def ask(data: dict[str, Any]) -> None:
        said = {"title": "To the sponsor", "when": "event.serious", "within": "24 h", "to": "sponsor"}
        data["reports"] = {"sponsor": said}

    release(make_entry, blinded_study(ask))
    ledger = "participant:a"
    screened = {"attempt": 1, "number": "S-1", "site": "denver"}
    event = {"term": "nausea", "severity": "severe", "serious": True}
    for number, (kind, data) in enumerate((("screening", screened), ("adverse_event", event)), start=1):
        last = make_entry(ledger, number, kind=kind, data=data)
        store.append(last, received_at=NOW)
    (clock,) = lists.running_clocks()
    known = instant(last.occurred_at)
    assert (clock.number, clock.site, clock.report, clock.event) == ("S-1", "denver", "sponsor", last.id)
    assert (clock.aware, clock.due) == (known, known + timedelta(hours=24))
    assert lists.running_clocks(until=known) == []
    assert lists.running_clocks(until=clock.due) == [clock]
    assert lists.running_clocks(until=clock.due - timedelta(microseconds=1)) == []
    assert lists.running_clocks(site="haifa") == []
    before = lists.running_clocks()
    store.rebuild()
    assert lists.running_clocks() == before
    sent = make_entry(ledger, 9, kind="safety_report", data={"report": "sponsor"}, about=last.id)
    store.append(sent, received_at=NOW)
    assert lists.running_clocks() == []
    assert store.stale() == []


def test_of_other_sites_than_a_readers_nothing_is_listed_or_counted(study: Study, make_entry: Any) -> None:
    asked = make_entry("participant:b", 6, kind="query", data={"said": "raised", "entry": "x", "text": "So?"})
    store.append(asked, received_at=NOW)
    later = BEGUN + timedelta(days=2)
    everywhere: dict[str, Any] = {"sites": None}
    for seen, is_told in (
        (everywhere, True),
        ({"sites": ["denver"]}, True),
        ({"sites": ["haifa"]}, False),
        ({"sites": []}, False),
    ):
        told = [
            [one for one in lists.participants(**seen) if one.site == "denver"],
            lists.participant("S-2", **seen),
            lists.participant("b", **seen),
            lists.participant_screened_as("S-1", **seen),
            [one for one in lists.counts(**seen) if one.site == "denver"],
            lists.enrolled(**seen),
            [one for one in lists.open_findings(later, hidden=(), **seen) if one.site == "denver"],
            [
                one
                for one in lists.count_findings(later, rules=["encounter_not_ended"], hidden=(), **seen)
                if one.site == "denver"
            ],
            [one for one in lists.due(BEGUN, until=later, **seen) if one.site == "denver"],
            [one for one in lists.missed(BEGUN + timedelta(days=200), **seen) if one.site == "denver"],
            lists.queries(hidden=(), **seen),
        ]
        assert [bool(one) for one in told] == [is_told] * len(told), seen
    assert [one.number for one in lists.due(BEGUN, until=later, site="denver", sites=["haifa"])] == []
    assert {one.number for one in lists.due(BEGUN, until=later, site="denver", sites=["denver"])} == {
        "1-001",
        "S-2",
    }


def test_who_has_a_number_is_found_by_it_or_by_their_id_and_a_shared_one_is_nobodys(
    study: Study, make_entry: Any
) -> None:
    found = {name: lists.participant(name) for name in ("1-001", "S-2", "b", "S-1", "nobody", "a\0")}
    assert {name: one and one.ledger for name, one in found.items()} == {
        "1-001": "participant:b",
        "S-2": "participant:a",
        "b": "participant:b",
        "S-1": None,  # who is enrolled goes by the number that they were given then
        "nobody": None,
        "a\0": None,
    }
    screened = lists.participant_screened_as("s-1")
    assert screened is not None
    assert screened.ledger == "participant:b"
    twice = make_entry(
        "participant:c", 2, kind="screening", data={"attempt": 1, "number": "S-2", "site": "denver"}
    )
    store.append(twice, received_at=NOW)
    assert lists.participant("S-2") is None
    assert {one.ledger: one.alone for one in lists.participants()} == {
        "participant:a": False,
        "participant:b": True,
        "participant:c": False,
    }
    assert lists.participant_screened_as("S-2") is None
    assert [one.ledger for one in lists.participants_of(["participant:c", "participant:a"])] == [
        "participant:a",
        "participant:c",
    ]
    assert lists.participants_of([]) == []
    assert [one.participants for one in lists.enrolled()] == [1]
