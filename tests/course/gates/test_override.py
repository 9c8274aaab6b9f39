"""A requirement is set aside by people who each say so themselves, for the values that they saw."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import Case, ask, before, codes, give, set_aside, two_sessions, vitals

from entact.course.entry import Authenticated, arrived, instant
from entact.course.findings import findings
from entact.course.gates.gate import Allowed, Refused
from entact.course.personal import seal_entry
from entact.protocol.release import Release, Study, canonical

AT = "2026-03-16T09:{:02}:00-06:00"
DOSED = "2026-03-16T10:00:00-06:00"
LATER = "2026-03-18T09:00:00-06:00"


def too_high(study: Study | None = None) -> Case:
    """Before the initial dose, with 152 mmHg at 09:40; a coordinator is on the staff list too."""
    case = before("initial_dose", study)
    certificates = [{"name": "GCP", "expires": "2027-06-30"}]
    data = {"person": "c-1", "roles": ["coordinator"], "certificates": certificates}
    case.put("c-1", "staff", "2026-01-10T09:00:00-07:00", data, ledger="site:denver", by="i-1")
    return vitals(case, "vitals 1", AT.format(40), systolic="152 mm[Hg]")


def said_by(*persons: str, study: Study | None = None) -> Case:
    """The blood pressure set aside by these, each by an own entry."""
    case = too_high(study)
    for minute, person in enumerate(persons, start=50):
        set_aside(case, f"{person} {minute}", person, AT.format(minute))
    return case


def with_override(override: str = "investigator + second person", **more: str) -> Study:
    """The study of the cases with another override of the blood pressure."""
    data = copy.deepcopy(dict(two_sessions().data))
    data["gates"]["initial_dose"]["require"][1] |= {"override": override, **more}
    return Study("mini", (Release.from_text(canonical(data)),))


def given_so(case: Case, **basis: Any) -> Case:
    """The dose, on the gate's yes."""
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed), answer
    give(case, "initial", "K-1", DOSED)
    dose = case.entries.pop("initial 1")
    fields = {"encounter": "session_1#1", "basis": answer.basis | basis}
    return case.put("initial 1", "dose", DOSED, dose.data, **fields)


def found(case: Case) -> dict[str, str]:
    """Rule and item -> entry, of what holds about overrides."""
    holding = (one for one in findings(case.course(), instant(LATER)) if one.holds)
    about = ("override", "order_", "unknown_requirement", "reason_missing", "about_unknown", "item")
    return {f"{one.rule}:{one.item}".rstrip(":"): one.entry for one in holding if one.rule.startswith(about)}


@pytest.mark.parametrize(
    ("persons", "allowed"),
    [
        (["i-1", "c-1"], True),
        (["c-1", "i-1"], True),
        (["i-1", "t-2"], True),
        (["i-1", "t-1"], False),  # who asks is not the second person
        (["i-1", "t-1", "t-2"], True),
        (["i-1"], False),
        (["i-1", "i-1"], False),
        (["t-1", "t-2"], False),
        (["t-2", "c-1"], False),
        (["i-1", "somebody"], False),
        ([], False),
    ],
)
def test_it_takes_the_persons_that_the_file_names_each_by_an_own_entry(
    persons: list[str], allowed: bool
) -> None:
    case = said_by(*persons)
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed) is allowed
    if isinstance(answer, Allowed):
        proofs = answer.basis["overridden"]["initial_dose.2"]
        assert len(proofs) == 2
        assert set(proofs) <= set(persons)
        assert all(case.entries[entry].by == person for person, entry in proofs.items())
        assert {*proofs, *proofs.values(), "vitals 1"} <= set(answer.basis["inputs"])
    else:
        assert codes(answer) == ["initial_dose.2"]


def test_names_that_somebody_typed_are_no_proofs() -> None:
    with pytest.raises(ValueError, match="a gate knows no 'override'"):
        ask(too_high(), "initial_dose", override={"initial_dose.2": ["i-1", "c-1"]})


@pytest.mark.parametrize(
    ("how", "who", "expected"),
    [
        ("session", "c-1", []),
        ("person_key", "c-1", []),
        ("session", "t-1", ["initial_dose.2"]),  # entered in another's name
        ("device_key", "tablet-3", ["initial_dose.2"]),
        ("claimed", "", ["initial_dose.2"]),
    ],
)
def test_what_somebody_else_entered_in_a_name_is_no_proof(how: Any, who: str, expected: list[str]) -> None:
    case = said_by("i-1", "c-1")
    entry = case.entries["c-1 51"]
    by = Authenticated(how=how, who=who)
    case.entries["c-1 51"] = arrived(entry, entry.occurred_at, 90, "", by)
    assert codes(ask(case, "initial_dose")) == expected


def test_nothing_of_it_is_personal_but_why() -> None:
    case = said_by("i-1")
    identified = "01234567-89ab-7def-8123-456789abcdef"
    sent = msgspec.structs.replace(
        case.entries["i-1 50"],
        data={**case.entries["i-1 50"].data, "entries": [identified]},
        reason="he is always nervous",
    )
    sealed = seal_entry(case.study, sent, bytes(32))
    assert sealed.data == sent.data
    assert (sealed.reason or "").startswith("sealed:")


def test_an_investigator_who_asks_may_answer_for_it_and_needs_another_person() -> None:
    study = with_override()
    case = said_by("i-1", study=study)
    assert codes(ask(case, "initial_dose", by="i-1")) == ["initial_dose.2"]
    set_aside(case, "second", "t-1", AT.format(55))
    assert codes(ask(case, "initial_dose", by="i-1")) == []


def test_who_confirms_is_on_the_staff_list_with_certificates_in_date() -> None:
    case = said_by("i-1", "c-1").change("i-1", certificates=[{"name": "GCP", "expires": "2026-03-15"}])
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Refused)
    assert "The certificate GCP of i-1 held until 2026-03-15." in answer.reasons[0].message


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda case: vitals(case, "again", AT.format(55), systolic="190 mm[Hg]"), "about other values"),
        (lambda case: vitals(case, "vitals 1", AT.format(40), systolic="190 mm[Hg]"), "about other values"),
        (
            lambda case: case.put(
                "fix",
                "vital_signs",
                AT.format(45),  # claims to be from before it was confirmed
                {"systolic": "190 mm[Hg]"},
                encounter="session_1#1",
                replaces="vitals 1",
                reason="transcription_error",
            ),
            "about other values",
        ),
        (lambda case: _without_reason(case, "i-1 50"), "i-1 gave no reason"),
        (lambda case: case.move("i-1 50", "2026-03-16T09:29:59-06:00"), "too long ago"),
        (lambda case: _elsewhere(case, "i-1 50"), "by an own entry"),
        (lambda case: case.move("i-1 50", "2026-03-16T10:00:01-06:00"), "by an own entry"),
        (
            lambda case: case.put(
                "void", "void", AT.format(58), {}, replaces="i-1 50", reason="entered_in_error"
            ),
            "by an own entry",
        ),
    ],
)
def test_it_counts_for_the_values_that_were_seen_here_and_now(change: Any, why: str) -> None:
    case = said_by("i-1", "c-1")
    assert codes(ask(case, "initial_dose")) == []
    change(case)
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.2"]
    assert isinstance(answer, Refused)
    assert why in answer.reasons[0].message


def test_nobody_sets_aside_what_the_file_does_not_let_them_or_what_is_not_known() -> None:
    case = said_by("i-1", "c-1").items("asked 1", behaviour=True)
    for person in ("i-1", "c-1"):
        set_aside(case, f"{person} too", person, AT.format(55), code="initial_dose.1")
    answer = ask(case, "initial_dose")
    assert codes(answer) == ["initial_dose.1"]
    assert isinstance(answer, Refused)
    assert "does not let anybody override" in answer.reasons[0].message
    assert found(case)["override_not_allowed:requirement"] in ("i-1 too", "c-1 too")
    assert codes(ask(said_by("i-1", "c-1").drop("vitals 1"), "initial_dose")) == ["initial_dose.2"]
    assert codes(ask(said_by("i-1", "c-1").drop("assigned K-1"), "initial_dose")) == ["kit_not_assigned"]


def test_what_is_not_needed_is_not_in_the_basis() -> None:
    case = vitals(said_by("i-1", "c-1"), "better", AT.format(58))
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    assert "overridden" not in answer.basis


def test_a_yes_ends_when_what_was_confirmed_does() -> None:
    case = too_high()
    set_aside(case, "first", "i-1", AT.format(45))
    set_aside(case, "second", "c-1", AT.format(50))
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    assert answer.basis["expires"] == "2026-03-16T10:15:00-06:00"


@pytest.mark.parametrize(
    ("late", "counts"),
    [
        (timedelta(minutes=15), True),
        (timedelta(minutes=15, seconds=1), False),
        (-timedelta(minutes=10), True),  # as the second of them says so
        (-timedelta(minutes=10, seconds=1), False),
    ],
)
def test_what_was_confirmed_counts_from_and_up_to_its_very_instant(late: timedelta, counts: bool) -> None:
    case = too_high()
    set_aside(case, "first", "i-1", AT.format(45))
    set_aside(case, "second", "c-1", AT.format(50))
    answer = ask(case, "initial_dose", late=late)
    assert isinstance(answer, Allowed) is counts


def test_the_reason_says_who_may_and_what_they_would_set_aside() -> None:
    answer = ask(too_high(), "initial_dose")
    assert isinstance(answer, Refused)
    (reason,) = answer.reasons
    assert (reason.override, reason.entries) == ("investigator + second person", ("vitals 1",))


# Verbal orders: without a network nobody far away can confirm on a device of their own.


def ordered(case: Case, by: str = "t-1", ordered_by: str = "i-1", name: str = "order") -> Case:
    return set_aside(case, name, by, AT.format(52), ordered_by=ordered_by)


def test_a_verbal_order_counts_once_and_is_found_until_it_is_confirmed() -> None:
    case = ordered(said_by("t-2"))
    answer = ask(case, "initial_dose")
    assert isinstance(answer, Allowed)
    assert answer.basis["overridden"]["initial_dose.2"] == {"i-1": "order", "t-2": "t-2 50"}
    assert found(given_so(case)) == {"order_not_confirmed:initial_dose.2": "order"}
    by_another = {"about": "order", "encounter": "session_1#1", "reason": "clinical_judgement"}
    case.put("by another", "override", LATER, case.entries["t-2 50"].data, by="c-1", **by_another)
    assert found(case) == {
        "order_not_confirmed:initial_dose.2": "order",
        "about_unknown:about": "by another",
    }
    case.drop("by another")
    claimed = msgspec.structs.replace(case.entries["t-2 50"], id="claimed", by="i-1", **by_another)
    case.entries["claimed"] = arrived(claimed, LATER, 90, "", Authenticated(how="claimed"))
    assert found(case)["order_not_confirmed:initial_dose.2"] == "order"  # nobody knows who that was
    case.drop("claimed")
    case.put("confirms", "override", LATER, case.entries["t-2 50"].data, by="i-1", **by_another)
    assert found(case) == {}


@pytest.mark.parametrize(
    "make",
    [
        lambda case: ordered(case),  # nobody else has said anything
        lambda case: ordered(ordered(case), by="t-1", ordered_by="t-2", name="another"),  # two typed names
        lambda case: ordered(
            set_aside(case, "i", "i-1", AT.format(51)), ordered_by="t-2"
        ),  # no second person
        lambda case: ordered(
            set_aside(case, "t", "t-2", AT.format(51)), by="i-1"
        ),  # nobody orders themselves
        lambda case: ordered(set_aside(case, "t", "t-2", AT.format(51)), ordered_by="c-1"),
    ],
)
def test_a_verbal_order_does_not_stand_for_more(make: Any) -> None:
    case = make(too_high())
    assert codes(ask(case, "initial_dose")) == ["initial_dose.2"]


# What was set aside, in the record.


def test_it_is_a_deviation_unless_the_approved_protocol_allows_it() -> None:
    case = given_so(said_by("i-1", "c-1"))
    (deviation,) = case.course().deviations
    assert (deviation.entry, deviation.category, deviation.importance) == (
        "initial 1",
        "gate_overridden",
        "major",
    )
    allowed = given_so(said_by("i-1", "c-1", study=with_override(override_allowed_in="section 7.4")))
    assert allowed.course().deviations == []
    assert found(case) == found(allowed) == {}


@pytest.mark.parametrize(
    "overridden",
    [
        {"initial_dose.2": ["i-1", "c-1"]},
        {"initial_dose.2": {"i-1": "i-1 50", "c-1": "c-1 77"}},
        {"initial_dose.2": {"i-1": "i-1 50", "c-1": "i-1 50"}},
        {"initial_dose.2": {"i-1": "i-1 50"}},
        {"initial_dose.2": {}},
        {"initial_dose.2": None},
        {"initial_dose.2": 7},
        {"initial_dose.2": True},
        {"initial_dose.2": "i-1"},
        {"initial_dose.1": {"i-1": "i-1 50", "c-1": "c-1 51"}},
    ],
)
def test_a_basis_that_claims_what_nobody_confirmed_is_found(overridden: Any) -> None:
    case = given_so(said_by("i-1", "c-1"), overridden=overridden)
    (code,) = overridden
    assert found(case) == {f"override_unproved:{code}": "initial 1"}
    assert len(case.course().deviations) == 1


def test_an_override_without_sense_is_kept_and_found() -> None:
    case = said_by("i-1")
    data = {"requirement": "initial_dose.9", "entries": [], "versions": []}
    case.put("odd", "override", AT.format(55), data, encounter="session_1#1")
    assert found(case) == {"unknown_requirement:requirement": "odd", "reason_missing": "odd"}


def _without_reason(case: Case, name: str) -> Case:
    entry = case.entries[name]
    return case.put(
        name, "override", entry.occurred_at, entry.data, by=entry.by, encounter="session_1#1", reason=" "
    )


def _elsewhere(case: Case, name: str) -> Case:
    entry = case.entries[name]
    return case.put(
        name, "override", entry.occurred_at, entry.data, by=entry.by, reason="safety", encounter="session_2#1"
    )


PERSONS = st.sampled_from(["i-1", "t-1", "t-2", "c-1", "somebody"])
SAID = st.lists(st.tuples(PERSONS, st.none() | PERSONS, st.integers(25, 59)), max_size=5)


@given(SAID, st.sampled_from(["i-1", "t-1", "t-2"]))
def test_two_people_and_one_who_answers_for_it(said: list[Any], asker: str) -> None:
    """A yes has two persons: an investigator, and another who confirmed herself and does not ask."""
    case = vitals(too_high(), "vitals 1", AT.format(20), systolic="152 mm[Hg]")
    for place, (by, ordered_by, minute) in enumerate(said):
        set_aside(case, str(place), by, AT.format(minute), ordered_by=ordered_by)
    answer = ask(case, "initial_dose", by=asker)
    own = {by for by, ordered_by, minute in said if ordered_by is None and minute >= 30}
    told = {who for by, who, minute in said if who is not None and who != by and minute >= 30}
    seconds = own & {"i-1", "t-1", "t-2", "c-1"} - {asker, "i-1"}
    expected = "i-1" in own | told and bool(seconds)
    if asker == "i-1" or expected:
        assert isinstance(answer, Allowed) is expected
    else:
        assert codes(answer) == ["initial_dose.2"]
    if isinstance(answer, Allowed):
        proofs = answer.basis["overridden"]["initial_dose.2"]
        assert "i-1" in proofs
        assert len(proofs) == 2
        course = case.course()
        by_entry = {one.entry: one for one in course.overrides}
        assert all(by_entry[entry].person == person for person, entry in proofs.items())
        assert sum(by_entry[entry].is_verbal for entry in proofs.values()) <= 1
