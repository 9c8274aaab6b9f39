"""The file's own gates: unknown stays closed, freshness, and the basis of a yes."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import BY, DETAIL, WHEN, ask, before, codes, session, two_sessions, vitals
from tests.course.gates.changes import put_site

from entact.course.entry import canonical as canonical_entry
from entact.course.entry import instant
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed, Refused, may, still_holds
from entact.course.schedule import first_instant, last_second
from entact.protocol.release import Release, Study, canonical

SECOND = timedelta(seconds=1)


def amended(**gates: Any) -> Study:
    """The study of the cases with other gates."""
    data = copy.deepcopy(dict(two_sessions().data))
    data["gates"] = {**data["gates"], **gates}
    return Study("mini", (Release.from_text(canonical(data)),))


def missing(answer: Allowed | Refused) -> set[str]:
    assert isinstance(answer, Refused)
    return {name for reason in answer.reasons for name in reason.missing}


def test_what_no_gate_knows_is_an_error_that_says_what_would_be_right() -> None:
    case = before("initial_dose")
    with pytest.raises(
        ValueError,
        match="no gate knows the act 'dose'; it is one of enrol, randomise, dispense, initial_dose",
    ):
        case.may("dose", WHEN["initial_dose"])
    with pytest.raises(ValueError, match="a gate knows no 'kits'"):
        case.may("initial_dose", WHEN["initial_dose"], kits="K-1")
    with pytest.raises(ValueError, match="has no zone"):
        case.may("initial_dose", datetime.fromisoformat("2026-03-16T10:00:00"), kit="K-1")
    for fact in ("emergency_unblinding", "leave_against_advice", "treat_emergency"):
        assert fact not in ACTS


def test_a_gate_at_session_2_is_not_opened_by_the_tests_of_session_1() -> None:
    case = before("next_session")
    session(case, 2, "2026-04-07")
    case.drop("asked 2", "pregnancy 2", "vitals 2")
    answer = case.may("initial_dose", "2026-04-07T10:00:00-06:00", kit="K-3")
    assert isinstance(answer, Refused)
    assert {reason.code: set(reason.missing) for reason in answer.reasons} == {
        "initial_dose.1": {"suicidality.behaviour", "suicidality.ideation"},
        "initial_dose.2": {"vitals.systolic", "vitals.diastolic"},
        "initial_dose.4": {"pregnancy_test.negative"},
    }
    for reason in answer.reasons:
        assert all(name.rpartition(".")[2] in reason.message for name in reason.missing)


@pytest.mark.parametrize(
    ("late", "expected"), [(timedelta(minutes=40), []), (timedelta(minutes=40) + SECOND, ["initial_dose.2"])]
)
def test_a_value_is_fresh_up_to_the_very_minute(late: timedelta, expected: list[str]) -> None:
    answer = ask(before("initial_dose"), "initial_dose", late=late)  # measured at 09:40
    assert codes(answer) == expected
    if isinstance(answer, Refused):
        assert missing(answer) == {"vitals.systolic", "vitals.diastolic"}
        assert "within the last 1 h" in answer.reasons[0].message


def test_the_latest_reading_counts_and_not_the_best() -> None:
    case = before("initial_dose")
    vitals(case, "again", "2026-03-16T09:55:00-06:00", systolic="152 mm[Hg]")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert [reason.message for reason in answer.reasons] == ["Blood pressure too high."]
    assert codes(ask(vitals(case, "better", "2026-03-16T09:58:00-06:00"), "initial_dose")) == []


@pytest.mark.parametrize("systolic", ["14", "0", "-148", "49.9", "300.1", "1e", "148 kPa"])
def test_a_reading_that_cannot_be_true_is_not_known(systolic: str) -> None:
    said = systolic if " " in systolic else f"{systolic} mm[Hg]"
    case = vitals(before("initial_dose"), "again", "2026-03-16T09:55:00-06:00", systolic=said)
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.2"]
    assert missing(answer) == {"vitals.systolic"}


def test_the_reason_says_what_was_entered() -> None:
    case = vitals(before("initial_dose"), "again", "2026-03-16T09:55:00-06:00", systolic="14 mm[Hg]")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert answer.reasons[0].message == (
        "Blood pressure too high. Not known within the last 1 h: "
        "systolic (vitals) (14 mm[Hg] cannot be true)."
    )


NUMBERS = [
    ("initial_dose", "asked 1", "ideation", "initial_dose.1"),
    ("randomise", "symptoms", "total", "randomisation.1"),
    ("supplement", "vitals later", "systolic", "supplement.1"),
]


@pytest.mark.parametrize(("act", "entry", "item", "code"), NUMBERS)
@given(number=st.integers(-500, 500))
def test_no_number_outside_its_range_opens_a_gate(
    act: str, entry: str, item: str, code: str, number: int
) -> None:
    case = before(act)
    form = {"vitals later": "vitals", "asked 1": "suicidality"}.get(entry, entry)
    bounds = case.study.newest.forms[form].items[item].bounds
    assert bounds is not None
    if entry.startswith("vitals"):
        case.change(entry, **{item: f"{number} mm[Hg]"})
    else:
        case.items(entry, **{item: number})
    answer = ask(case, act)
    if not bounds[0] <= number <= bounds[1]:
        assert codes(answer) == [code]
        assert missing(answer) == {f"{form}.{item}"}
    elif isinstance(answer, Refused):
        assert missing(answer) == set()  # too high, which is known


def test_what_comes_later_is_not_known_yet() -> None:
    case = before("initial_dose").move("vitals 1", "2026-03-16T10:00:01-06:00")
    assert codes(ask(case, "initial_dose")) == ["initial_dose.2"]


@pytest.mark.parametrize("systolic", ["190 mm[Hg]", "120 mm[Hg]"])
def test_a_reading_by_a_clock_that_is_ahead_is_not_passed_over_for_an_older_one(systolic: str) -> None:
    case = before("initial_dose")
    vitals(case, "ahead", "2026-03-16T10:04:00-06:00", systolic=systolic)
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.2"]
    assert isinstance(answer, Refused)
    assert (
        "systolic (vitals) (entered for 2026-03-16 10:04, which is still to come)"
        in answer.reasons[0].message
    )
    more: dict[str, Any] = {"replaces": "ahead", "reason": "transcription_error", "encounter": "session_1#1"}
    case.put("fix", "vital_signs", WHEN["initial_dose"], {"occurred_at": "2026-03-16T09:54:00-06:00"}, **more)
    assert codes(ask(case, "initial_dose")) == (["initial_dose.2"] if systolic.startswith("190") else [])
    out = {"person": "t-2", "role": "therapist", "state": "out"}
    left = before("initial_dose").put(
        "left", "presence", "2026-03-16T10:02:00-06:00", out, encounter="session_1#1"
    )
    assert codes(ask(left, "initial_dose")) == ["initial_dose.3"]


def test_within_admits_a_recent_value_of_another_encounter_and_ever_admits_any() -> None:
    case = before("next_session")
    assert codes(ask(case, "next_session")) == []  # asked 22 days ago, in session 1
    assert codes(case.may("next_session", "2026-04-13T09:10:00-06:00")) == []
    assert codes(case.may("next_session", "2026-04-13T09:10:01-06:00")) == ["next_session.1"]
    assert codes(ask(before("randomise"), "randomise")) == []  # rated at baseline, required `ever`
    assert codes(ask(before("randomise").drop("symptoms"), "randomise")) == ["randomisation.1"]


@pytest.mark.parametrize("why", ["not_asked", "not_done", "refused", "below_quantification", "unknown"])
def test_what_was_said_to_be_missing_is_unknown(why: str) -> None:
    case = before("initial_dose").items("asked 1", behaviour={"missing": why})
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.1"]
    assert missing(answer) == {"suicidality.behaviour"}


def test_a_form_not_done_is_unknown_although_it_was_done_before() -> None:
    case = before("initial_dose")
    undone = {"form": "suicidality", "items": {}, "status": "not_done"}
    case.put("undone", "form", "2026-03-16T09:50:00-06:00", undone, encounter="session_1#1")
    assert missing(ask(case, "initial_dose")) == {"suicidality.behaviour", "suicidality.ideation"}


@pytest.mark.parametrize(
    ("pregnant", "negative", "expected"),
    [
        (True, True, None),
        (True, False, set()),
        (True, None, {"pregnancy_test.negative"}),
        (False, True, None),
        (False, False, None),
        (False, None, None),
        (None, True, None),
        (None, False, {"demographics.can_be_pregnant"}),
        (None, None, {"demographics.can_be_pregnant", "pregnancy_test.negative"}),
    ],
)
def test_logic_is_that_of_kleene(
    pregnant: bool | None, negative: bool | None, expected: set[str] | None
) -> None:
    unknown = {"missing": "not_done"}
    case = before("initial_dose")
    case.items("demographics", can_be_pregnant=unknown if pregnant is None else pregnant)
    case.items("pregnancy 1", negative=unknown if negative is None else negative)
    answer = ask(case, "initial_dose")
    if expected is None:
        assert isinstance(answer, Allowed)
    else:
        assert codes(answer) == ["initial_dose.4"]
        assert missing(answer) == expected


def test_people_have_to_be_in_the_room_now() -> None:
    case = before("initial_dose")
    leaves = {"person": "t-2", "role": "therapist", "state": "out"}
    case.put("leaves", "presence", "2026-03-16T09:59:00-06:00", leaves, encounter="session_1#1")
    assert codes(ask(case, "initial_dose")) == ["initial_dose.3"]


def test_a_gate_that_does_not_apply_is_open_and_one_of_which_that_is_unknown_is_closed() -> None:
    case = before("discharge").drop("readiness")
    assert codes(ask(case, "discharge")) == ["discharge.2"]
    case.drop("initial 1")
    assert codes(ask(case, "discharge")) == []  # given('initial') is false
    gate = {
        "applies_when": "readiness.oriented",
        "require": [{"require": "readiness.escort", "else": "alone"}],
    }
    case = before("discharge", amended(discharge=gate))
    assert codes(ask(case, "discharge")) == []
    case.items("readiness", oriented=False, escort=False)
    assert codes(ask(case, "discharge")) == []
    case.drop("readiness")
    answer = ask(case, "discharge")
    assert codes(answer) == ["discharge.applies_when"]
    assert missing(answer) == {"readiness.oriented"}


def test_leaving_takes_eight_hours() -> None:
    case = before("discharge")
    assert codes(ask(case, "discharge", late=-SECOND)) == ["discharge.1"]
    assert codes(ask(case, "discharge")) == []


def test_a_gate_that_the_file_does_not_have_leaves_the_hard_core() -> None:
    data = {name: value for name, value in two_sessions().data.items() if name != "gates"}
    data["gates"] = {
        name: gate for name, gate in two_sessions().data["gates"].items() if name != "next_session"
    }
    case = before("next_session", Study("mini", (Release.from_text(canonical(data)),)))
    assert codes(ask(case, "next_session", late=timedelta(days=60))) == []
    assert codes(ask(case.drop("consent"), "next_session")) == ["no_consent"]


def test_gates_follow_the_release_in_force_at_the_site() -> None:
    old = two_sessions()
    strict = {
        "require": [{"require": "vitals.systolic <= 110.0", "else": "blood pressure above the new limit"}]
    }
    new = amended(initial_dose=strict).newest
    case = before("initial_dose", Study("mini", (old,)))
    case.study = Study("mini", (old, new))
    assert codes(ask(case, "initial_dose")) == []
    case.change("activation", release=new.id)
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert [reason.message for reason in answer.reasons] == ["Blood pressure above the new limit."]


@pytest.mark.parametrize("act", list(ACTS))
def test_a_basis_can_be_kept_and_names_what_was_relied_upon(act: str) -> None:
    case = before(act)
    answer = ask(case, act)
    assert isinstance(answer, Allowed)
    basis = answer.basis
    assert canonical_entry(basis)
    assert set(basis["inputs"]) <= set(case.entries)
    assert (basis["act"], basis["gate"], basis["release"]) == (act, ACTS[act].gate, case.study.newest.id)
    assert basis["by"] == BY.get(act, "t-1")
    assert basis.get("kit") == DETAIL.get(act, {}).get("kit")
    assert basis["known_to"]["participant"] == len(case.of("participant:"))
    at, expires = instant(basis["decided_at"]), instant(basis["expires"])
    assert at == instant(WHEN[act])
    assert timedelta(0) < expires - at <= timedelta(minutes=30)


def test_a_yes_rests_on_who_comes_in_at_that_very_instant() -> None:
    case = before("initial_dose").move("t-2 comes 1", WHEN["initial_dose"])
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    assert "t-2 comes 1" in answer.basis["inputs"]


def test_a_yes_ends_when_what_it_rests_on_is_no_longer_fresh() -> None:
    case = before("initial_dose").move("vitals 1", "2026-03-16T09:10:00-06:00")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    assert answer.basis["expires"] == "2026-03-16T10:10:00-06:00"


def test_a_yes_holds_until_it_expires_or_anything_is_entered() -> None:
    case = before("initial_dose")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    basis, setting, course = answer.basis, case.setting(), case.course()
    at, expires = instant(WHEN["initial_dose"]), instant(basis["expires"])
    assert still_holds(basis, setting, course, at)
    assert still_holds(basis, setting, course, expires)
    assert not still_holds(basis, setting, course, expires + SECOND)
    assert not still_holds(basis, setting, course, at - SECOND)
    for ledger in ("participant:0a", "site:denver", f"study:{case.study.name}"):
        more = before("initial_dose").put("more", "void", "2026-03-16T10:01:00-06:00", {}, ledger=ledger)
        assert not still_holds(basis, more.setting(), more.course(), at + SECOND)


def test_a_yes_lasts_half_an_hour_also_when_the_clock_goes_back() -> None:
    case = before("discharge")
    gate = {"require": [{"require": "readiness.escort", "within": "300 d", "else": "alone"}]}
    case = before("discharge", amended(discharge=gate))
    at = datetime(2026, 11, 1, 1, 45, tzinfo=ZoneInfo("America/Denver"))
    answer = case.may("discharge", at)
    assert isinstance(answer, Allowed)
    assert answer.basis["decided_at"] == "2026-11-01T01:45:00-06:00"
    assert answer.basis["expires"] == "2026-11-01T01:15:00-07:00"


def test_freshness_is_elapsed_time_also_when_the_clock_goes_back() -> None:
    gate = {"require": [{"require": "readiness.escort", "within": "60 min", "else": "alone"}]}
    case = before("discharge", amended(discharge=gate)).move("readiness", "2026-11-01T01:30:00-06:00")
    first = datetime(2026, 11, 1, 1, 45, tzinfo=ZoneInfo("America/Denver"))
    assert codes(case.may("discharge", first)) == []
    assert codes(case.may("discharge", first.replace(fold=1))) == ["discharge.1"]  # 75 minutes later


def test_a_correction_changes_the_answer() -> None:
    case = before("initial_dose")
    data = {"systolic": "152 mm[Hg]"}
    more = {"replaces": "vitals 1", "reason": "transcription error", "encounter": "session_1#1"}
    case.put("correction", "vital_signs", "2026-03-16T09:59:00-06:00", data, **more)
    assert codes(ask(case, "initial_dose")) == ["initial_dose.2"]


MISSING = {"missing": "not_done"}
ITEMS = {
    "asked 1": ("ideation", "behaviour"),
    "pregnancy 1": ("negative",),
    "demographics": ("can_be_pregnant", "age", "sex"),
    "symptoms": ("total",),
}
READINGS = ("systolic", "diastolic", "heart_rate")
# Without these the initial dose is as safe as with them.
NEEDLESS = {
    "demographics.can_be_pregnant",  # the test is negative
    "demographics.age",
    "demographics.sex",
    "symptoms.total",  # asked at randomisation
    "vitals 1.heart_rate",
    "demographics",
    "symptoms",
    "enrolment",
    "asked at preparation",
    "screening begins",
    "screening ends",
    "baseline begins",
    "baseline ends",
    "preparation begins",
    "preparation ends",
    "commitment",
    *(f"{what} {kit}" for what in ("assigned", "stock") for kit in ("K-2", "K-3", "K-4")),
}
BLANKS = [
    *(f"{name}.{item}" for name, items in ITEMS.items() for item in items),
    *(f"vitals 1.{item}" for item in READINGS),
    *before("initial_dose").entries,
]


@given(st.sets(st.sampled_from(BLANKS), max_size=6))
def test_unknown_never_opens_a_gate(blanks: set[str]) -> None:
    case = before("initial_dose")
    for blank in sorted(blanks, key=lambda name: "." not in name):
        name, _, item = blank.partition(".")
        if item and name.startswith("vitals"):
            case.change(name, **{item: None})
        elif item:
            case.items(name, **{item: MISSING})
        else:
            case.drop(name)
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed) == (blanks <= NEEDLESS)


@given(st.sets(st.sampled_from(BLANKS), min_size=1, max_size=4))
def test_every_entry_that_a_yes_rests_on_is_needed_or_replaceable(blanks: set[str]) -> None:
    """What is not among the inputs of a yes can be taken away without changing the answer."""
    case = before("initial_dose")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    unused = {name for name in blanks if name in case.entries} - set(answer.basis["inputs"])
    unused -= {"level 1"}  # the level is part of the basis
    again = ask(case.drop(*unused), "initial_dose")
    assert isinstance(again, Allowed)
    assert again.basis["inputs"] == answer.basis["inputs"]


def test_the_order_of_arrival_makes_no_difference() -> None:
    case = before("supplement")
    answer = ask(case, "supplement")
    case.entries = dict(reversed(case.entries.items()))
    assert ask(case, "supplement") == answer


def test_asking_changes_nothing() -> None:
    case = before("initial_dose")
    course, setting, at = case.course(), case.setting(), instant(WHEN["initial_dose"])
    answers = {
        msgspec.json.encode(may("initial_dose", case.study, setting, course, "t-1", at, kit="K-1"))
        for _ in range(3)
    }
    assert len(answers) == 1
    assert course == case.course()


HALVES = [(zone, fold) for zone in ("Asia/Beirut", "America/Havana", "America/Denver") for fold in (0, 1)]
BACK = {"Asia/Beirut": (10, 24, 23), "America/Havana": (11, 1, 0), "America/Denver": (11, 1, 1)}


@pytest.mark.parametrize(("zone", "fold"), HALVES)
def test_a_yes_in_an_hour_that_comes_twice_ends_after_it_was_given(zone: str, fold: int) -> None:
    """In Beirut clocks go back at midnight, from 24:00 to 23:00: the last hour of the day comes twice."""
    gate = {"require": [{"require": "readiness.escort", "within": "300 d", "else": "alone"}]}
    case = before("discharge", amended(discharge=gate)).change("activation", timezone=zone)
    month, day, hour = BACK[zone]
    for minute in (0, 29, 30, 45):
        at = datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold)
        answer = case.may("discharge", at)
        assert isinstance(answer, Allowed)
        decided, expires = instant(answer.basis["decided_at"]), instant(answer.basis["expires"])
        assert decided == at.astimezone(UTC)
        assert timedelta(minutes=14) < expires - decided <= timedelta(minutes=30)
        if fold == 0 or zone != "Asia/Beirut":
            assert expires - decided == timedelta(minutes=30)


@given(
    at=st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")),
    zone=st.sampled_from(["Asia/Beirut", "America/Havana", "America/Santiago", "Australia/Lord_Howe", "UTC"]),
    fold=st.sampled_from([0, 1]),
)
def test_a_day_begins_after_the_one_before_is_over(at: datetime, zone: str, fold: int) -> None:
    when = at.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    day = when.astimezone(ZoneInfo(zone)).date()
    begins, over = first_instant(day, ZoneInfo(zone)), last_second(day, ZoneInfo(zone))
    assert begins <= when < over + SECOND
    assert over + SECOND == first_instant(day + timedelta(days=1), ZoneInfo(zone))
    assert {one.astimezone(ZoneInfo(zone)).date() for one in (begins, over)} == {day}


def test_a_name_that_the_site_does_not_know_in_that_role_is_nobody_in_the_room() -> None:
    case = before("initial_dose").change("t-2 comes 1", person="somebody")
    assert codes(ask(case, "initial_dose")) == ["initial_dose.3"]
    case.change("t-2 comes 1", person="i-1")  # of the staff, and no therapist
    assert codes(ask(case, "initial_dose")) == ["initial_dose.3"]
    case.change("t-2 comes 1", person="t-2")
    assert codes(ask(case, "initial_dose")) == []
    leaving = before("discharge").change("t-2 comes 1", person="somebody")
    assert codes(ask(leaving, "discharge")) == []


@pytest.mark.parametrize(("late", "under_way"), [(timedelta(0), True), (-SECOND, False)])
def test_a_session_is_under_way_from_its_very_instant(late: timedelta, under_way: bool) -> None:
    case = before("discharge")
    begun = case.course().encounters["session_1#1"].started
    assert begun is not None
    assert ("not_in_session" not in codes(case.may("discharge", begun + late, by="t-1"))) is under_way


def test_of_a_role_that_acts_nowhere_a_stranger_counts_until_the_site_gives_it_to_somebody() -> None:
    """Whoever else has another role at the site changes nothing of that."""
    gate = {"require": [{"require": "present('medical_monitor') >= 1", "else": "nobody looks in"}]}
    case = before("initial_dose", amended(initial_dose=gate))
    assert codes(ask(case, "initial_dose")) == ["initial_dose.1"]
    comes = {"person": "m-1", "role": "medical_monitor", "state": "in"}
    case.put("m-1 comes", "presence", "2026-03-16T09:59:00-06:00", comes, encounter="session_1#1")
    assert codes(ask(case, "initial_dose")) == []
    for person, expected in (("m-9", ["initial_dose.1"]), ("m-1", [])):
        certified = [{"name": "GCP", "expires": "2099-12-31"}]
        staff = {"person": person, "roles": ["medical_monitor"], "certificates": certified}
        put_site(f"{person} begins", "staff", **staff)(case)
        assert codes(ask(case, "initial_dose")) == expected, person
