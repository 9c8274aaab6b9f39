"""Windows over civil days and elapsed hours, fallbacks, what stops, and daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.kinds.medication import Medication
from entact.course.schedule import Due, Progress, Schedule, due, parse_alternative, position
from entact.course.schedule.washout import washout_end
from entact.protocol import load_study, shipped_studies
from entact.protocol.study import Visit, Washout

DENVER = ZoneInfo("America/Denver")  # clocks went forward on 2026-03-08, back on 2026-11-01
HAIFA = ZoneInfo("Asia/Jerusalem")


def visits(*rows: dict[str, object]) -> dict[str, Visit]:
    return {row.visit: row for row in (Visit.model_validate(row) for row in rows)}


STUDY = visits(
    {"visit": "screening", "opens": True, "kind": "screening"},
    {"visit": "preparation_1", "after": "consent", "within": "0 .. 90 d", "kind": "preparatory"},
    {"visit": "baseline", "after": "washout_end", "within": "0 .. 14 d"},
    {"visit": "session_1", "after": "baseline", "within": "1 .. 7 d", "target": "2 d", "kind": "dosing"},
    {"visit": "integration_1", "after": "session_1", "within": "next morning", "kind": "integration"},
    {"visit": "integration_2", "after": "integration_1", "within": "4 .. 10 d", "kind": "integration"},
    {"visit": "call", "after": "session_1", "within": "20 h .. 28 h", "kind": "contact"},
    {"visit": "session_2", "after": "session_1", "within": "21 .. 35 d", "kind": "dosing"},
    {
        "visit": "outcome",
        "after": "session_2",
        "within": "49 .. 63 d",
        "or": "baseline + 18 wk",
        "slack": "10 d",
    },
    {"visit": "closing", "after": "outcome", "within": "0 .. 14 d", "kind": "end"},
)


def at(text: str, zone: ZoneInfo = DENVER) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def asked(when: datetime, zone: ZoneInfo = DENVER, **progress: object) -> dict[str, Due]:
    return {found.visit: found for found in due(STUDY, Progress(zone=zone, **progress), when)}  # type: ignore[arg-type]


def test_before_anything_only_the_opening_visit_is_due() -> None:
    found = asked(at("2026-03-02T09:00"))
    assert found["screening"].status == "due"
    assert {row.status for name, row in found.items() if name != "screening"} == {"expected"}
    assert all(row.earliest is None for row in found.values())
    assert list(found) == list(STUDY)


@pytest.mark.parametrize(
    ("day", "status"),
    [("2026-03-02", "expected"), ("2026-03-03", "due"), ("2026-03-09", "due"), ("2026-03-10", "missed")],
)
def test_both_ends_of_a_window_in_days_count(day: str, status: str) -> None:
    anchors = {"baseline": at("2026-03-02T15:00")}
    for hour in ("00:00", "23:59"):
        found = asked(at(f"{day}T{hour}"), anchors=anchors)["session_1"]
        assert found.status == status
        assert (found.earliest, found.latest) == (date(2026, 3, 3), date(2026, 3, 9))
        assert found.target == date(2026, 3, 4)


def test_days_are_those_of_the_site_and_not_of_greenwich() -> None:
    late_evening = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)  # 22:30 on 2 March in Denver
    assert asked(late_evening, anchors={"baseline": late_evening})["session_1"].earliest == date(2026, 3, 3)
    assert asked(late_evening, zone=HAIFA, anchors={"baseline": late_evening})["session_1"].earliest == date(
        2026, 3, 4
    )


def test_next_morning_is_six_to_noon_on_the_wall_also_when_the_clock_changes() -> None:
    found = asked(at("2026-03-07T20:00"), anchors={"session_1": at("2026-03-07T09:00")})["integration_1"]
    assert found.opens == datetime(2026, 3, 8, 12, tzinfo=UTC)  # 06:00 -06:00, after the change
    assert found.closes == datetime(2026, 3, 8, 18, tzinfo=UTC)
    assert found.status == "expected"
    after_midnight = asked(at("2026-03-08T06:00"), anchors={"session_1": at("2026-03-07T09:00")})
    assert after_midnight["integration_1"].status == "due"


@pytest.mark.parametrize(("day", "offset"), [("2026-03-07", 21), ("2026-10-31", 19), ("2026-06-01", 20)])
def test_a_window_in_hours_is_elapsed_time_across_a_change_of_the_clock(day: str, offset: int) -> None:
    found = asked(at(f"{day}T09:00"), anchors={"session_1": at(f"{day}T09:00")})["call"]
    assert found.opens is not None
    assert found.opens - at(f"{day}T09:00").astimezone(UTC) == timedelta(hours=20)
    wall = found.opens.replace(tzinfo=None) - datetime.fromisoformat(f"{day}T09:00")
    assert wall == timedelta(hours=offset)


def test_both_ends_of_a_window_in_hours_count() -> None:
    start = at("2026-06-01T09:00")
    anchors = {"session_1": start}
    second = timedelta(seconds=1)
    for elapsed, status, where in (
        (timedelta(hours=20) - second, "expected", "early"),
        (timedelta(hours=20), "due", "within"),
        (timedelta(hours=28), "due", "within"),
        (timedelta(hours=28) + second, "missed", "late"),
    ):
        found = asked(start + elapsed, anchors=anchors)["call"]
        assert found.status == status
        assert position(found, start + elapsed, DENVER) == where


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    start = at("2026-10-31T05:10")
    first, second = at("2026-11-01T01:30"), at("2026-11-01T01:30").replace(fold=1)
    found = asked(first, anchors={"session_1": start})["call"]  # opens 20 h later, at 01:10 the first time
    assert found.opens is not None
    assert found.opens.astimezone(UTC) == datetime(2026, 11, 1, 7, 10, tzinfo=UTC)
    closed = Due("call", "due", opens=first, closes=at("2026-11-01T01:45"))
    assert position(closed, first, DENVER) == "within"
    assert position(closed, second, DENVER) == "late"


def test_what_took_place_is_done_and_has_a_position() -> None:
    anchors = {"baseline": at("2026-03-02T15:00"), "session_1": at("2026-03-10T09:00")}
    found = asked(at("2026-03-20T09:00"), anchors=anchors, missed=frozenset({"session_1"}))["session_1"]
    assert found.status == "done"
    assert position(found, at("2026-03-10T00:00"), DENVER) == "late"
    assert position(found, at("2026-03-09T23:59"), DENVER) == "within"
    assert position(found, at("2026-03-02T23:59"), DENVER) == "early"
    assert position(Due("screening", "done"), at("2026-03-02T23:59"), DENVER) is None


def test_the_fallback_counts_when_the_anchor_was_missed() -> None:
    anchors = {"baseline": at("2026-01-05T10:00"), "session_1": at("2026-01-08T09:00")}
    waiting = asked(at("2026-01-20T09:00"), anchors=anchors)["outcome"]
    assert (waiting.status, waiting.target) == ("expected", None)
    found = asked(at("2026-01-20T09:00"), anchors=anchors, missed=frozenset({"session_2"}))["outcome"]
    target = date(2026, 1, 5) + timedelta(weeks=18)
    assert (found.earliest, found.target, found.latest) == (
        target - timedelta(days=10),
        target,
        target + timedelta(days=10),
    )
    later = asked(at("2026-02-13T09:00"), anchors=anchors)  # session_2 could have been until 12 February
    assert later["session_2"].status == "missed"
    assert later["outcome"].target == target
    late = asked(at("2026-02-14T09:00"), anchors=anchors | {"session_2": at("2026-02-13T10:00")})["outcome"]
    assert late.earliest == date(2026, 2, 13) + timedelta(days=49)


def test_a_fallback_without_slack_is_as_wide_as_the_window() -> None:
    row = STUDY["outcome"].model_copy(update={"slack": None})
    progress = Progress(
        zone=DENVER, anchors={"baseline": at("2026-01-05T10:00")}, missed=frozenset({"session_2"})
    )
    found = {one.visit: one for one in due(STUDY | {"outcome": row}, progress, at("2026-01-20T09:00"))}[
        "outcome"
    ]
    assert found.earliest is not None
    assert found.latest is not None
    assert found.latest - found.earliest == timedelta(days=14)


def test_discontinued_treatment_removes_sessions_and_keeps_assessments() -> None:
    anchors = {"baseline": at("2026-01-05T10:00"), "session_1": at("2026-01-08T09:00")}
    found = asked(at("2026-01-12T09:00"), anchors=anchors, stopped={"treatment": at("2026-01-08T18:00")})
    assert {name for name, row in found.items() if row.status == "not_reachable"} == {
        "session_2",
        "integration_1",
        "integration_2",
    }
    assert found["outcome"].target == date(2026, 1, 5) + timedelta(weeks=18)
    assert found["closing"].status == "expected"
    assert found["session_1"].status == "done"


@pytest.mark.parametrize("what", ["procedures", "follow_up", "data_use", "death"])
def test_other_stops_end_the_schedule_but_not_its_past(what: str) -> None:
    anchors = {"consent": at("2026-01-01T10:00"), "baseline": at("2026-01-05T10:00")}
    found = asked(at("2026-02-12T09:00"), anchors=anchors, stopped={what: at("2026-01-20T18:00")})
    assert found["baseline"].status == "done"
    assert found["session_1"].status == "missed"  # its window had passed before anything stopped
    assert {found[name].status for name in ("session_2", "outcome", "closing", "preparation_1")} == {
        "not_reachable"
    }


def test_without_an_alternative_nothing_after_a_missed_session_can_happen() -> None:
    found = asked(at("2026-01-20T09:00"), missed=frozenset({"session_1"}))
    assert {found[name].status for name in ("integration_1", "call", "session_2")} == {"not_reachable"}
    assert found["outcome"].status == "expected"  # the baseline of its alternative may still happen
    found = asked(at("2026-01-20T09:00"), missed=frozenset({"session_1", "baseline"}))
    assert {found[name].status for name in ("outcome", "closing")} == {"not_reachable"}


def test_one_missed_visit_of_a_row_does_not_cancel_the_next() -> None:
    anchors = {"session_1": at("2026-01-08T09:00")}
    found = asked(at("2026-01-09T13:00"), anchors=anchors)
    assert found["integration_1"].status == "missed"
    assert found["integration_2"].earliest == date(2026, 1, 9) + timedelta(days=4)


def test_an_event_of_treatment_cannot_follow_its_discontinuation() -> None:
    rows = visits({"visit": "review", "after": "initial", "within": "1 .. 2 d"})
    progress = Progress(zone=DENVER, stopped={"treatment": at("2026-01-08T09:00")})
    assert due(rows, progress, at("2026-01-09T09:00"))[0].status == "not_reachable"
    assert due(rows, Progress(zone=DENVER), at("2026-01-09T09:00"))[0].status == "expected"


def test_a_circle_of_anchors_is_named() -> None:
    rows = visits(
        {"visit": "one", "after": "two", "within": "1 .. 2 d"},
        {"visit": "two", "after": "one", "within": "1 .. 2 d"},
    )
    with pytest.raises(ValueError, match="'one' is in the end its own anchor"):
        due(rows, Progress(zone=DENVER), at("2026-01-09T09:00"))


@given(
    start=st.datetimes(
        datetime.fromisoformat("2020-01-01"),
        datetime.fromisoformat("2035-01-01"),
        timezones=st.sampled_from([DENVER, HAIFA]),
    ),
    days=st.integers(-5, 60),
    zone=st.sampled_from([DENVER, HAIFA]),
)
def test_status_and_position_never_contradict_each_other(start: datetime, days: int, zone: ZoneInfo) -> None:
    when = start + timedelta(days=days)
    found = asked(when, zone=zone, anchors={"session_1": start})["session_2"]
    expected = {"early": "expected", "within": "due", "late": "missed"}[str(position(found, when, zone))]
    assert found.status == expected
    assert found.earliest is not None
    assert found.target is not None
    assert found.latest is not None
    assert found.earliest <= found.target <= found.latest


@given(data=st.data())
def test_asked_of_many_instants_it_says_of_each_what_it_says_alone(data: st.DataObject) -> None:
    """Most of an answer is taken over from the one before, in whatever order instants are asked."""
    study = load_study(data.draw(st.sampled_from(shipped_studies())))
    rows = {"as it is tested here": STUDY, study.newest.id: study.newest.visits}
    of = rows[data.draw(st.sampled_from(sorted(rows)))]
    events = ["consent", "enrolment", "randomisation", "initial", "washout_end"]
    days = st.integers(-20, 400).map(lambda day: at("2026-03-02T09:00") + timedelta(days=day, hours=day % 24))
    progress = Progress(
        zone=data.draw(st.sampled_from([DENVER, HAIFA])),
        anchors=data.draw(st.dictionaries(st.sampled_from([*of, *events]), days, max_size=8)),
        missed=frozenset(data.draw(st.sets(st.sampled_from(list(of)), max_size=4))),
        stopped=data.draw(
            st.dictionaries(st.sampled_from(["treatment", "procedures", "life"]), days, max_size=1)
        ),
    )
    schedule = Schedule(of, progress)
    for when in data.draw(st.lists(days, min_size=2, max_size=6)):
        assert schedule.due(when) == due(of, progress, when)


WASHOUT = Washout.model_validate(
    {
        "half_lives": 5,
        "stabilisation": "7 d",
        "classes": {"ssri": {"half_life": "26 h"}, "fluoxetine": {"half_life": "6 d", "extra": "14 d"}},
    }
)
CONSENTED = date(2026, 1, 5)


def ssri(**changed: object) -> Medication:
    return Medication(**({"medicine_class": "ssri", "psychiatric": True, "started": "2020"} | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("medicines", "end"),
    [
        ([], CONSENTED),
        ([Medication(name="ibuprofen", psychiatric=False)], CONSENTED),
        ([ssri(stopped="2026-01-10")], date(2026, 1, 23)),  # 130 h and 7 d: 12 d 10 h, so 13 days
        ([ssri(started="2015", stopped="2019")], CONSENTED),
        ([ssri(stopped="2026-01")], date(2026, 2, 13)),
        ([ssri(stopped="2026")], date(2027, 1, 13)),
        ([ssri(stopped="2026-01-10", medicine_class="fluoxetine")], date(2026, 3, 2)),
        (
            [ssri(stopped="2026-01-10"), ssri(stopped="2026-01-10", medicine_class="fluoxetine")],
            date(2026, 3, 2),
        ),
        ([ssri()], None),
        ([ssri(stopped="last spring")], None),
        ([ssri(stopped="2026-13")], None),
        ([ssri(stopped="2026-01-10", medicine_class="herbs")], None),
        ([ssri(stopped="2026-01-10", medicine_class=None)], None),
        ([Medication(name="something")], None),
    ],
)
def test_washout_ends_when_the_last_psychiatric_medicine_has_left(
    medicines: list[Medication], end: date | None
) -> None:
    assert washout_end(medicines, WASHOUT, CONSENTED) == end
    assert washout_end(medicines, WASHOUT, None) is None
    assert washout_end(medicines, None, CONSENTED) == CONSENTED


def test_a_medicine_begun_after_the_washout_does_not_undo_it() -> None:
    again = [ssri(stopped="2026-01-10"), ssri(started="2026-03-01")]
    assert washout_end(again, WASHOUT, CONSENTED) is None
    assert washout_end(again, WASHOUT, CONSENTED, before=date(2026, 2, 1)) == date(2026, 1, 23)


def test_an_alternative_that_cannot_be_read_is_named() -> None:
    assert parse_alternative("baseline + 18 wk") == ("baseline", timedelta(weeks=18))
    with pytest.raises(ValueError, match="'baseline' is no alternative"):
        parse_alternative("baseline")
