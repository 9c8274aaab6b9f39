"""The one door for acts: an entry with the gate's yes as its basis, or every reason against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.course.cases import BY, WHEN, Case, ask, before, give, set_aside, two_sessions, vitals

from entact.course import Allowed, Entry, Refused, attempt, findings, instant
from entact.course.act import NUMBERED
from entact.protocol.release import Release, Study, canonical

# For each gate that makes an entry: kind, data and encounter of the act.
MAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "enrol": ("enrolment", {"subject": "P-1"}, "preparation_2#1"),
    "randomise": ("randomisation", {"number": "R-7"}, "preparation_2#1"),
    "initial_dose": (
        "dose",
        {"part": "initial", "kit": "K-1", "level": "full", "dispensed": 2, "taken": 2},
        "session_1#1",
    ),
    "supplement": (
        "dose",
        {"part": "supplement", "kit": "K-2", "level": "full", "dispensed": 1, "taken": 1},
        "session_1#1",
    ),
    "discharge": ("encounter", {"status": "ended"}, "session_1#1"),
    "unblind": ("planned_unblinding", {"arm": "placebo", "told": ["participant"]}, "outcome#1"),
}
SECOND = timedelta(seconds=1)


def ready(gate: str) -> Case:
    """A participant for whom the act is allowed, in a study that puts a gate before all of them."""
    if gate != "enrol":
        return before(gate)
    quota = {"all": {"title": "All", "most": 5}}
    return before(gate, Study("mini", (two_sessions(quotas=quota),)))


def act_of(case: Case, gate: str, **changed: Any) -> Entry:
    """The entry as somebody sends it, complete but for its basis."""
    kind, data, encounter = MAKES[gate]
    by = BY.get(gate, "t-1")
    case.put("act", kind, WHEN[gate], {**data, **changed}, encounter=encounter, by=by, role="therapist")
    act = case.entries.pop("act")
    assert act.basis is None
    return act


def tried(case: Case, act: Entry, gate: str, late: timedelta = timedelta(0), **more: Any) -> Entry | Refused:
    return attempt(act, case.study, case.setting(), case.course(), instant(WHEN[gate]) + late, **more)


def codes(answer: Entry | Refused) -> list[str]:
    assert isinstance(answer, Refused)
    return [reason.code for reason in answer.reasons]


@pytest.mark.parametrize("gate", MAKES)
def test_an_act_comes_back_with_the_basis_that_its_gate_gives(gate: str) -> None:
    case = ready(gate)
    act = act_of(case, gate)
    done = tried(case, act, gate)
    assert isinstance(done, Entry)
    number = act.data.get(NUMBERED.get(gate, ""))
    answer = ask(case, gate, **({} if number is None else {"number": number}))
    assert isinstance(answer, Allowed)
    assert done.basis is not None
    assert {**done.basis, "level": ""} == {**answer.basis, "level": ""}
    assert done == msgspec.structs.replace(act, basis=done.basis)


@pytest.mark.parametrize("gate", MAKES)
def test_what_the_door_lets_through_is_no_finding_and_what_goes_round_it_is(gate: str) -> None:
    case = ready(gate)
    act = act_of(case, gate)
    done = tried(case, act, gate)
    assert isinstance(done, Entry)
    for entry, expected in ((done, False), (act, True)):
        case.entries["act"] = entry
        found = findings(case.course(), instant(WHEN[gate]))
        assert any(one.rule == "without_gate" and one.entry == "act" for one in found) is expected


@pytest.mark.parametrize("gate", MAKES)
def test_an_act_of_the_dead_is_refused(gate: str) -> None:
    case = ready(gate)
    case.put("death", "death", "2026-03-01T09:00:00-07:00", {"date": "2026-03-01"})
    assert "died" in codes(tried(case, act_of(case, gate), gate))


def test_every_reason_is_given_at_once() -> None:
    case = before("initial_dose").drop("level 1", "vitals 1")
    assert {"level_not_decided", "initial_dose.2"} <= set(
        codes(tried(case, act_of(case, "initial_dose"), "initial_dose"))
    )


def test_a_dose_is_asked_for_with_its_own_kit_and_level() -> None:
    case = before("initial_dose")
    assert codes(tried(case, act_of(case, "initial_dose", kit="K-2"), "initial_dose"))
    assert "level_other" in codes(tried(case, act_of(case, "initial_dose", level="low"), "initial_dose"))


def test_the_person_who_acts_is_the_person_who_is_asked_about() -> None:
    case = before("initial_dose")
    act = msgspec.structs.replace(act_of(case, "initial_dose"), by="t-9")
    assert "not_staff" in codes(tried(case, act, "initial_dose"))


def test_a_basis_that_an_act_brings_is_not_believed() -> None:
    case = before("initial_dose")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    case.put("death", "death", "2026-03-16T09:59:00-06:00", {"date": "2026-03-16"})
    brought = msgspec.structs.replace(act_of(case, "initial_dose"), basis=answer.basis)
    assert "died" in codes(tried(case, brought, "initial_dose"))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (
            "dose",
            {"part": "initial", "kit": "K-1", "level": "full", "dispensed": 2, "taken": 0, "returned": 2},
        ),
        ("encounter", {"status": "started"}),
        ("unblinding", {"recipient": "emergency_physician", "cause": "emergency"}),
        ("discontinuation", {"of": "treatment", "decided_by": "participant", "cause": "own_wish"}),
        ("of_no_known_kind", {"a": 1}),
    ],
)
def test_what_no_gate_stands_before_comes_back_as_it_is(kind: str, data: dict[str, Any]) -> None:
    case = before("initial_dose")
    case.put("death", "death", "2026-03-16T09:59:00-06:00", {"date": "2026-03-16"})
    case.put("act", kind, "2020-01-01T00:00:00Z", data)
    act = case.entries.pop("act")
    assert tried(case, act, "initial_dose") is act


def test_a_correction_of_an_act_is_a_fact() -> None:
    case = before("supplement")
    case.put("act", "dose", WHEN["supplement"], {"taken": 1}, replaces="initial 1", reason="unit_error")
    act = case.entries.pop("act")
    assert tried(case, act, "supplement") is act


def test_what_cannot_be_read_is_refused_with_the_field() -> None:
    case = before("initial_dose")
    answer = tried(case, act_of(case, "initial_dose", taken="two"), "initial_dose")
    assert codes(answer) == ["unreadable"]
    assert isinstance(answer, Refused)
    assert "$.taken" in answer.reasons[0].message


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (timedelta(minutes=5), []),
        (timedelta(minutes=5, seconds=1), ["not_now"]),
        (timedelta(minutes=-5), []),
        (timedelta(minutes=-5, seconds=-1), ["not_now"]),
    ],
)
def test_an_act_takes_place_when_it_is_asked_for(late: timedelta, expected: list[str]) -> None:
    case = before("initial_dose")
    answer = tried(case, act_of(case, "initial_dose"), "initial_dose", late)
    assert isinstance(answer, Entry) if not expected else codes(answer) == expected
    unreadable = msgspec.structs.replace(act_of(case, "initial_dose"), occurred_at="this morning")
    assert codes(tried(case, unreadable, "initial_dose", late)) == ["time_unreadable"]


def test_an_override_of_the_file_opens_the_door_and_stands_in_the_basis() -> None:
    case = before("initial_dose")
    vitals(case, "vitals 1", "2026-03-16T09:40:00-06:00", systolic="152 mm[Hg]")
    act = act_of(case, "initial_dose")
    assert codes(tried(case, act, "initial_dose")) == ["initial_dose.2"]
    set_aside(case, "investigator", "i-1", "2026-03-16T09:50:00-06:00")
    set_aside(case, "second", "t-2", "2026-03-16T09:51:00-06:00")
    done = tried(case, act, "initial_dose")
    assert isinstance(done, Entry)
    assert done.basis is not None
    assert done.basis["overridden"] == {"initial_dose.2": {"i-1": "investigator", "t-2": "second"}}


def test_a_yes_given_before_is_the_basis_until_anything_is_entered() -> None:
    case = before("initial_dose")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    act = act_of(case, "initial_dose")
    done = tried(case, act, "initial_dose", SECOND, decided=answer)
    assert isinstance(done, Entry)
    assert done.basis is answer.basis
    case.put("note", "deviation", "2026-03-16T10:00:00-06:00", {"category": "other", "importance": "minor"})
    done = tried(case, act, "initial_dose", SECOND, decided=answer)
    assert isinstance(done, Entry)
    assert done.basis is not None
    assert done.basis["known_to"] != answer.basis["known_to"]
    case.put("death", "death", "2026-03-16T10:00:00-06:00", {"date": "2026-03-16"})
    assert "died" in codes(tried(case, act, "initial_dose", SECOND, decided=answer))


@pytest.mark.parametrize("change", [{"kit": "K-3"}, {"by": "t-2"}])
def test_a_yes_for_another_kit_or_person_is_asked_for_anew(change: dict[str, Any]) -> None:
    case = before("initial_dose")
    answer = ask(case, "initial_dose", **change)
    assert isinstance(answer, Allowed)
    done = tried(case, act_of(case, "initial_dose"), "initial_dose", decided=answer)
    assert isinstance(done, Entry)
    assert done.basis is not None
    assert (done.basis["kit"], done.basis["by"]) == ("K-1", "t-1")


def test_a_yes_for_one_part_of_a_dose_gives_no_other() -> None:
    case = before("initial_dose")
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    act = act_of(case, "supplement")
    assert "no_initial" in codes(
        attempt(
            msgspec.structs.replace(act, occurred_at=WHEN["initial_dose"]),
            case.study,
            case.setting(),
            case.course(),
            instant(WHEN["initial_dose"]),
            decided=answer,
        )
    )


def test_a_time_without_a_zone_is_an_error() -> None:
    case = before("initial_dose")
    at = instant(WHEN["initial_dose"]).replace(tzinfo=None)
    with pytest.raises(ValueError, match="has no zone"):
        attempt(act_of(case, "initial_dose"), case.study, case.setting(), case.course(), at)


def test_an_end_is_a_discharge_where_a_dose_was_given_and_the_study_says_when() -> None:
    undosed = before("initial_dose")
    end = act_of(undosed, "discharge")
    assert tried(undosed, end, "discharge") is end
    data = dict(two_sessions().data)
    data["gates"] = {name: gate for name, gate in data["gates"].items() if name != "discharge"}
    free = before("discharge", Study("mini", (Release.from_text(canonical(data)),)))
    end = act_of(free, "discharge")
    assert tried(free, end, "discharge") is end
    early = give(before("initial_dose"), "initial", "K-1", "2026-03-16T10:00:00-06:00")
    assert codes(tried(early, act_of(early, "discharge"), "discharge"))
