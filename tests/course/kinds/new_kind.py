"""The test of a new kind, a phone call to the escort: all that knows it, from its one file.

Run where that file lies in the folder of the kinds (`test_kind.test_a_new_kind_takes_one_file_and_its_test`).
"""

from __future__ import annotations

import os
from datetime import timedelta

import django
from tests.course.cases import Case, before

from entact.conduct.sight import SeenCourse, Sight
from entact.conduct.statement import Tell, state
from entact.course import Ledger, findings, fold, instant, record
from entact.course.entry.sealing import is_sealed
from entact.course.kinds import KINDS
from entact.course.personal import unsealed

KEY = bytes(range(32))


def ask() -> None:
    """Asks everything that knows kinds."""
    kind = KINDS["escort_call"]
    when = "2026-03-16T17:00:00-06:00"
    data = {"reached": True, "comes_at": "2026-03-16T18:00:00-06:00", "note": "Bruno, the neighbour"}

    def called(case: Case, **more: object) -> Case:
        return case.put("call", "escort_call", when, data, **({"encounter": "session_1#1"} | more))

    case = called(before("discharge"))
    course = case.course()
    at = instant(when) + timedelta(hours=1)
    # The fold keeps it, and finds nothing wrong.
    [noted] = course.noted["escort_call"]
    assert noted.said.reached is True
    assert not [one for one in findings(course, at) if one.entry == "call"]
    # What is personal is sealed, the rest is not.
    ledger = Ledger("participant:0a")
    record(case.study, ledger, fold(case.study, ()), case.entries["call"], received_at=when, key=KEY)
    [kept] = ledger.entries()
    assert is_sealed(kept.data["note"])
    assert unsealed(kept.data["note"], KEY, "call", "note") == "Bruno, the neighbour"
    assert kept.data["comes_at"] == data["comes_at"]
    # A correction replaces what it names, and a withdrawal all of it.
    mended = called(before("discharge")).put(
        "mended", "escort_call", when, {"reached": False}, replaces="call", reason="transcription_error"
    )
    assert mended.course().noted["escort_call"][0].said.reached is False
    gone = called(before("discharge")).put("gone", "void", when, {}, replaces="call", reason="wrong_visit")
    assert "escort_call" not in gone.course().noted
    # Findings: without consent, outside a visit, after procedures have stopped, unreadable.
    assert "without_consent:call" in called(before("discharge").drop("consent")).course().findings
    outside = called(before("discharge"), encounter="session_2#1")
    assert any(one.entry == "call" for one in findings(outside.course(), at))
    stopped = before("discharge").put(
        "stop",
        "discontinuation",
        "2026-03-16T16:00:00-06:00",
        {"of": "procedures", "decided_by": "participant", "cause": "own_wish"},
    )
    assert "after_discontinuation:call:procedures" in called(stopped).course().findings
    strange = called(before("discharge")).change("call", reached="perhaps")
    assert "unparsed:call:data" in strange.course().findings
    # A role sees it, if it sees the schedule.
    for role in case.study.newest.file.roles:
        if role != "participant":
            sight = Sight(case.study, role)
            assert ("call" in SeenCourse(sight, course).entries) is sight.sees("schedule")
    # A page tells it, in words that Django translates.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entact.conduct.settings")
    django.setup()
    sight = Sight(case.study, "investigator")
    effective = next(one for one in course.effective if one.id == "call")
    title, facts, _ = state(Tell(course, case.study.newest, sight, at.tzinfo), effective)  # type: ignore[arg-type]
    assert title == "Phone call to the escort"
    assert [fact.label for fact in facts] == ["Reached", "Comes at", "Note"]
    assert kind.items == {"reached", "comes_at", "note"}
    print("everything knows it")


if __name__ == "__main__":
    ask()
