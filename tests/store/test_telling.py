"""An arm is told of somebody whose study has the same visits in every arm."""

from __future__ import annotations

from typing import Any

from tests.course.cases import WHEN, before, told_one_by_one

from entact import store
from entact.course.entry import Authenticated, Entry, instant
from entact.course.entry.entry import SecondProof
from entact.course.entry.ledger import Receipt
from entact.protocol import Study
from entact.store.telling import awaited, tell


def seen(entry: Entry) -> Authenticated:
    """Whoever entered it, who showed once more who they are."""
    second = SecondProof("one_time_code", entry.recorded_at)
    return Authenticated(how="session", who=entry.by, second=second)


def test_where_no_arm_has_visits_of_its_own_the_arm_alone_is_told(database: str, make_entry: Any) -> None:
    study = Study("mini", (told_one_by_one(),))
    assert study.newest.file.told_apart == {}
    release = {"id": study.newest.id, "text": study.newest.text.decode()}
    early = {"kind": "release", "data": release, "occurred_at": "2026-01-01T09:00:00-07:00"}
    store.append(make_entry("study:mini", 1, **early), received_at="2026-01-01T09:00:00-07:00")
    case = before("unblind", study)
    case.put(
        "asked",
        "unblinding_requested",
        WHEN["unblind"],
        {},
        encounter="telling#1",
        by="i-1",
        role="investigator",
    )
    for entry in sorted(case.entries.values(), key=lambda one: instant(one.occurred_at)):
        keep = store.fact if entry.ledger.startswith("participant:") else store.append
        keep(entry, received_at=entry.recorded_at, authenticated=seen(entry))
    (one,) = awaited(study)
    told = tell(one, "placebo", by="stat", role="statistician", prove=seen, now=instant(WHEN["unblind"]))
    assert isinstance(told, Receipt), told
    (line,) = [one for one in store.lines(one.ledger) if '"planned_unblinding"' in one.text]
    assert '"data":{"arm":"placebo","told":["participant","therapist"]}' in line.text
    assert awaited(study) == []
