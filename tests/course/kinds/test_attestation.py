"""Signatures, freezes, unblinding: facts like others, and what later changes do to them is found."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.cases import MINI, Case

from entact.course.course import Course
from entact.course.entry.ledger import Ledger
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.found.attested import standing_signatures, version_of
from entact.course.personal import seal_entry
from entact.protocol.load import load_study

STUDY = load_study(MINI)
AT = datetime.fromisoformat("2026-03-05T10:00:00-07:00")
KEY = b"k" * 32


def time(minute: int) -> str:
    return f"2026-03-02T10:{minute:02d}:00-07:00"


def rated() -> Case:
    """One form in an encounter."""
    items = {"total": 48, "diagnosis": True}
    return Case(STUDY).put(
        "form", "form", time(1), {"form": "symptoms", "items": items}, encounter="baseline#1"
    )


def signed(case: Case, at: int = 10, **changed: Any) -> Case:
    """The form signed as it stands then."""
    [effective] = [one for one in case.course().effective if one.id == "form"]
    data = {"meaning": "reviewed", "entries": ["form"], "versions": [version_of(effective)], **changed}
    return case.put("signature", "signature", time(at), data, role="investigator")


def corrected(case: Case, at: int, name: str = "fix") -> Case:
    return case.put(
        name, "form", time(at), {"items": {"total": 40}}, replaces="form", reason="source_document"
    )


def found(course: Course, rule: str) -> list[tuple[str, str, bool]]:
    return [(one.entry, one.item, one.holds) for one in findings(course, AT) if one.rule == rule]


def test_a_signature_holds_until_what_was_signed_changes() -> None:
    case = signed(rated())
    assert [(one.by, one.meaning) for one in case.course().signatures] == [("t-1", "reviewed")]
    assert found(case.course(), "signature_broken") == []
    assert found(corrected(case, 20).course(), "signature_broken") == [("signature", "form", True)]
    restored = corrected(signed(rated()), 20)
    restored.put("undo", "void", time(30), {}, replaces="fix", reason="entered_in_error")
    assert found(restored.course(), "signature_broken") == [("signature", "form", False)]
    withdrawn = signed(rated()).put("void", "void", time(20), {}, replaces="form", reason="wrong_visit")
    assert found(withdrawn.course(), "signature_broken") == [("signature", "form", True)]


def test_what_was_corrected_before_is_signed_as_corrected() -> None:
    case = signed(corrected(rated(), 5))
    assert found(case.course(), "signature_broken") == []
    case.put("undo", "void", time(20), {}, replaces="fix", reason="entered_in_error")
    assert found(case.course(), "signature_broken") == [("signature", "form", True)]


@pytest.mark.parametrize("changed", [{"entries": []}, {"versions": []}, {"entries": ["form", "other"]}])
def test_a_signature_that_says_of_no_version_signs_nothing(changed: dict[str, Any]) -> None:
    course = signed(rated(), **changed).course()
    assert course.signatures == []
    assert found(course, "signs_nothing") == [("signature", "entries", True)]


@pytest.mark.parametrize(
    ("of", "encounter", "late"),
    [
        ("encounter", "baseline#1", ["fix", "note"]),
        ("encounter", "session_1#1", []),
        ("participant", None, ["elsewhere", "fix", "note"]),
    ],
)
def test_what_comes_after_a_freeze_is_found(of: str, encounter: str | None, late: list[str]) -> None:
    case = corrected(rated(), 5, "before")
    case.put("freeze", "freeze", time(10), {"of": of}, encounter=encounter, role="data_manager")
    assert found(case.course(), "changed_after_freeze") == []
    corrected(case, 20)
    case.put("note", "form", time(21), {"form": "suicidality", "items": {}}, encounter="baseline#1")
    case.put("elsewhere", "form", time(22), {"form": "suicidality", "items": {}}, encounter="screening#1")
    signed(case, 30)
    assert sorted(entry for entry, _, _ in found(case.course(), "changed_after_freeze")) == late
    case.put("thaw", "void", time(40), {}, replaces="freeze", reason="entered_in_error", role="data_manager")
    assert all(not holds for _, _, holds in found(case.course(), "changed_after_freeze"))


def test_a_freeze_of_nothing_is_found() -> None:
    course = rated().put("freeze", "freeze", time(10), {"of": "encounter"}).course()
    assert course.freezes == []
    assert found(course, "freezes_nothing") == [("freeze", "of", True)]


@pytest.mark.requirement("R12")
def test_unblindings_are_counted_and_say_no_arm() -> None:
    case = rated()
    for number in (1, 2):
        data = {"recipient": f"i-{number}", "cause": "emergency"}
        case.put(f"u{number}", "unblinding", time(10 + number), data)
    assert [one.recipient for one in case.course().unblindings] == ["i-1", "i-2"]
    case.put("u3", "unblinding", time(20), {"recipient": "i-3", "cause": "emergency", "arm": "mdma"})
    assert len(case.course().unblindings) == 2
    assert "unparsed" in {one.rule for one in findings(case.course(), AT)}
    sealed = seal_entry(STUDY, case.entries["u3"], KEY)
    assert "mdma" not in str(sealed.data)


def test_none_of_their_items_is_sealed() -> None:
    """Names, codes, digests: an auditor reads them without the participant's key."""
    case = signed(rated())
    case.put("freeze", "freeze", time(11), {"of": "participant"})
    case.put("unblinding", "unblinding", time(12), {"recipient": "i-1", "cause": "emergency"})
    case.put("identity", "identity", time(13), {"site": "denver", "items": ["birth_date", "name"]})
    data = {"request": "019caf99-85c0-7000-8000-000000000001", "cause": "participant_request"}
    case.put("erasure", "erasure", time(14), {**data, "asked_by": "ada", "confirmed_by": "ben"})
    for name in ("signature", "freeze", "unblinding", "identity", "erasure"):
        assert seal_entry(STUDY, case.entries[name], KEY) == case.entries[name]
    course = case.course()
    assert course.erased is not None
    assert course.erased.cause == "participant_request"
    assert course.identities == {"denver": ("birth_date", "name")}


@given(seed=st.integers(0, 2**32))
def test_any_order_of_arrival_gives_the_same_course(seed: int) -> None:
    case = corrected(signed(corrected(rated(), 5, "before")), 20)
    case.put("freeze", "freeze", time(11), {"of": "participant"})
    case.put("unblinding", "unblinding", time(12), {"recipient": "i-1", "cause": "emergency"})
    entries = list(case.entries.values())
    mixed = entries[:]
    random.Random(seed).shuffle(mixed)
    one, other = fold(STUDY, entries), fold(STUDY, mixed)
    assert one == other
    assert findings(one, AT) == findings(other, AT)


def arrived(case: Case, *names: str) -> Course:
    """The course of entries that arrived in this order, whatever time they claim."""
    ledger = Ledger("participant:0a")
    for name in names:
        ledger.append(case.entries[name], received_at="2026-05-01T12:00:00+00:00")
    return fold(case.study, ledger.entries())


def backdated() -> Case:
    """All that can be entered late, dated before the freeze at minute 10."""
    case = rated().put("freeze", "freeze", time(10), {"of": "encounter"}, encounter="baseline#1")
    case.put("new", "form", time(2), {"form": "suicidality", "items": {}}, encounter="baseline#1")
    case.put("early", "form", time(2), {"form": "suicidality", "items": {}}, encounter="baseline#1")
    corrected(case, 1, "fix")
    case.put("gone", "void", time(1), {}, replaces="early", reason="wrong_visit")
    case.put("undo", "void", time(1), {}, replaces="fix", reason="entered_in_error")
    return case


@pytest.mark.parametrize(
    ("order", "late"),
    [
        (("form", "freeze", "new"), ["new"]),
        (("form", "freeze", "fix"), ["fix"]),
        (("form", "early", "freeze", "gone"), ["gone"]),
        (("form", "fix", "freeze", "undo"), ["undo"]),
        (("form", "freeze", "fix", "undo"), []),  # nothing is other than it was
        (("form", "freeze", "early", "gone"), []),
        (("form", "new", "fix", "undo", "early", "gone", "freeze"), []),
        (("form", "freeze", "new", "fix", "early"), ["early", "fix", "new"]),
    ],
)
def test_what_is_dated_back_does_not_escape_a_freeze(order: tuple[str, ...], late: list[str]) -> None:
    course = arrived(backdated(), *order)
    assert sorted(entry for entry, _, holds in found(course, "changed_after_freeze") if holds) == late


def test_without_a_server_the_time_of_writing_down_says_it() -> None:
    case = rated().put("freeze", "freeze", "2026-04-01T09:00:00-06:00", {"of": "participant"})
    assert found(case.course(), "changed_after_freeze") == []
    late = {"form": "suicidality", "items": {}}
    case.put("late", "form", "2026-03-05T09:00:00-07:00", late, encounter="baseline#1")
    case.entries["late"] = msgspec.structs.replace(
        case.entries["late"], recorded_at="2026-05-01T09:00:00-06:00"
    )
    assert found(case.course(), "changed_after_freeze") == [("late", "freeze", True)]


def test_a_freeze_that_is_dated_back_does_not_hide_the_first() -> None:
    case = backdated().put("again", "freeze", time(0), {"of": "encounter"}, encounter="baseline#1")
    course = arrived(case, "form", "freeze", "new", "again")
    assert found(course, "changed_after_freeze") == [("new", "freeze", True)]


def test_what_is_frozen_late_is_frozen_from_then_on() -> None:
    case = rated().put("freeze", "freeze", time(0), {"of": "participant"})
    assert found(arrived(case, "form", "freeze"), "changed_after_freeze") == []
    assert found(arrived(case, "freeze", "form"), "changed_after_freeze") == [("form", "freeze", True)]


def test_what_a_signature_was_shown_broken_by_stays_though_dated_back_and_undone() -> None:
    case = corrected(signed(rated()), 1)
    case.put("undo", "void", time(1), {}, replaces="fix", reason="entered_in_error")
    course = arrived(case, "form", "signature", "fix")
    assert found(course, "signature_broken") == [("signature", "form", True)]
    course = arrived(case, "form", "signature", "fix", "undo")
    assert found(course, "signature_broken") == [("signature", "form", False)]


DATED = [("guess", {"guesser": "participant", "arm": "mdma"}), ("form", {"form": "suicidality", "items": {}})]


@pytest.mark.parametrize(("minute", "is_found"), [(9, True), (10, True), (11, False)])
def test_what_says_that_it_is_of_the_instant_of_an_unblinding_says_that_it_was_before(
    minute: float, is_found: bool
) -> None:
    case = rated().put("unblinding", "unblinding", time(10), {"recipient": "i-1", "cause": "emergency"})
    kind, data = DATED[0]
    case.put("late", kind, time(minute), data, encounter="baseline#1")
    seen = found(arrived(case, "unblinding", "late"), "changed_after_unblinding")
    assert [one for one, *_ in seen] == (["late"] if is_found else [])


@pytest.mark.parametrize(("kind", "data"), DATED)
def test_what_comes_after_an_emergency_unblinding_and_says_it_was_before_is_found(
    kind: str, data: dict[str, Any]
) -> None:
    told = {"recipient": "i-1", "cause": "emergency"}
    case = rated().put("unblinding", "unblinding", time(10), told)
    case.put("before", kind, time(5), data, encounter="baseline#1")
    case.put("after", kind, time(15), data, encounter="baseline#1")
    rule = "changed_after_unblinding"
    assert found(arrived(case, "form", "before", "unblinding", "after"), rule) == []
    course = arrived(case, "form", "unblinding", "before", "after")
    assert found(course, rule) == [("before", "unblinding", True)]
    corrected(case, 3)
    assert found(arrived(case, "form", "unblinding", "fix"), rule) == [("fix", "unblinding", True)]


@given(
    late=st.permutations(["new", "fix", "early"]), places=st.lists(st.integers(1, 59), min_size=3, max_size=3)
)
def test_no_claimed_time_escapes_a_freeze(late: list[str], places: list[int]) -> None:
    case = backdated()
    for name, minute in zip(late, places, strict=True):
        case.move(name, time(minute))
    course = arrived(case, "form", "freeze", *late)
    assert {entry for entry, _, _ in found(course, "changed_after_freeze")} == {"new", "fix", "early"}


def test_what_is_signed_as_it_stands_is_told_with_who_signed_it_last() -> None:
    def told(case: Case) -> dict[str, str]:
        return {name: one.entry for name, one in standing_signatures(case.course()).items()}

    case = signed(rated())
    assert told(case) == {"form": "signature"}
    assert told(corrected(signed(rated()), 20)) == {}
    again = case.entries["signature"]
    case.put("again", "signature", time(30), dict(again.data), role="investigator")
    assert told(case) == {"form": "again"}
