"""Records to look at through the pages: a small study with blinded roles, and stories of participants."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from tests.course.conftest import Story
from tests.owner import copy_database

from entact import store
from entact.course import Entry, Ledger, Line, fold, record
from entact.protocol import Release, Study, load_study
from entact.protocol.order import order_of
from entact.protocol.release import canonical

MINI = Path(__file__).parents[1] / "studies" / "mini"
KEY = b"k" * 32
RECEIVED = "2026-05-01T12:00:00+00:00"

# What the roles of the tests do not see; the medical monitor sees everything but the allocation.
HIDDEN = {
    "monitor": ["allocation", "rater_scores", "guesses"],
    "scheduler": ["allocation", "clinical", "dosing", "adverse_events", "guesses"],
    "rater": ["allocation", "clinical", "schedule", "dosing", "adverse_events", "guesses"],
    "pharmacist": ["allocation", "rater_scores", "guesses", "adverse_events"],
}
SEES_ALL = "medical_monitor"


def blinded_study(change: Callable[[dict[str, Any]], None] = lambda data: None) -> Study:
    """The small study with the roles of these tests; `change` alters its data before it is compiled."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    data["roles"] |= {role: role for role in HIDDEN} | {"participant": "takes part"}
    data["blinding"] = [{"role": role, "hidden": hidden, "until": "lock"} for role, hidden in HIDDEN.items()]
    change(data)
    del data["order"]
    data["order"] = order_of(data)
    return Study("mini", (Release.from_text(canonical(data)),))


def telling_story(
    study: Study, *, total: int = 46, diagnosis: bool = True, arm: str = "mdma", confidence: int = 93
) -> Story:
    """A participant with something of every class of data that a page could give away."""
    story = Story(study)
    story.whole()
    story.entries = [_with_ratings(one, total, diagnosis, arm, confidence) for one in story.entries]
    rated = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "symptoms")
    story.correct(rated, {"items": {"total": total + 1}}, day=6, role="rater", by="rater-1")
    seen = next(one for one in story.entries if one.kind == "vital_signs" and one.timepoint == "end")
    story.correct(seen, {"systolic": "187 mm[Hg]"}, day=14)
    event = story.write(
        "adverse_event",
        {"term": "euphoria", "verbatim": "said she floated", "severity": "mild", "valence": "favourable"},
        day=12,
        minute=200,
        encounter="session_1#1",
    )
    story.write("adverse_event", {"outcome": "resolved"}, day=13, about=event.id)
    story.form(
        "suicidality", {"ideation": 4, "behaviour": False}, day=20, minute=30, encounter="integration_2#1"
    )
    wrong = story.form("symptoms", {"total": 5, "diagnosis": False}, day=41, role="rater", by="rater-1")
    story.void(wrong, day=41, role="rater", by="rater-1", reason="wrong_participant")
    story.write(
        "discontinuation", {"of": "treatment", "decided_by": "participant", "cause": "moved_away"}, day=30
    )
    story.write(
        "deviation", {"category": "late_visit", "importance": "minor", "account": "missed the bus"}, day=31
    )
    story.write(
        "safety_call", {"reached": True, "minutes": 41, "events_heard": True, "note": "all was fine"}, day=14
    )
    return story


def _with_ratings(entry: Entry, total: int, diagnosis: bool, arm: str, confidence: int) -> Entry:
    data = entry.data
    if entry.kind == "form" and data["form"] == "symptoms":
        rated = total if entry.encounter == "baseline#1" else total // 4 + 1  # 12 after the session
        data = {"form": "symptoms", "items": {**data["items"], "total": rated, "diagnosis": diagnosis}}
    if entry.kind == "guess":
        data = {**data, "arm": arm, "confidence": confidence}
    return msgspec.structs.replace(entry, data=data)


def keep(
    study: Study,
    *stories: Story,
    environment: str = "rehearsal",
    numbered: bool = True,
    received_at: str = RECEIVED,
) -> list[Ledger]:
    """Keeps the study's ledger and one ledger for each story, in the database in use.

    Args:
        numbered: each participant is given numbers of their own. received_at: when the study's ledger was:
            the present of a rehearsal is no earlier.
    """
    ledgers = [
        _ledger(study, number, story, environment, numbered) for number, story in enumerate(stories, start=1)
    ]
    own = Ledger(f"study:{study.name}")
    said: list[tuple[str, dict[str, Any]]] = [
        ("release", {"id": release.id, "text": release.text.decode()}) for release in study.releases
    ]
    said += [("ledger_opened", {"ledger": one.name}) for one in ledgers]
    heads = {one.name: {"seq": len(one.lines), "hash": one.head} for one in ledgers}
    for number, (kind, data) in enumerate([*said, ("heads", {"heads": heads})], start=1):
        own.append(_plain(study, own.name, kind, data, number, environment), received_at=received_at)
    store.append_many(_stream([own, *ledgers]))
    return ledgers


def _ledger(study: Study, number: int, story: Story, environment: str, numbered: bool) -> Ledger:
    ledger = Ledger(f"participant:{number:032x}")
    course = fold(study, ())
    for entry in story.entries:
        data = entry.data
        if numbered and entry.kind == "enrolment":
            data = {**data, "subject": f"1-{number:03d}"}
        if numbered and entry.kind == "screening":
            data = {**data, "number": f"S-{number}"}
        entry = msgspec.structs.replace(entry, ledger=ledger.name, data=data, environment=environment)
        record(study, ledger, course, entry, received_at=RECEIVED, key=KEY)
    return ledger


def _plain(
    study: Study, ledger: str, kind: str, data: dict[str, Any], number: int, environment: str
) -> Entry:
    at = f"2026-03-01T10:{number % 60:02d}:00+00:00"
    return Entry(
        id=f"00000000-0000-7000-8000-{number:012d}",
        ledger=ledger,
        kind=kind,
        release=study.newest.id,
        environment=environment,
        occurred_at=at,
        recorded_at=at,
        by="sponsor",
        role="sponsor",
        data=data,
    )


def _stream(ledgers: Iterable[Ledger]) -> Iterable[tuple[str, Line]]:
    return ((one.name, line) for one in ledgers for line in one.lines)


def without_hashes(page: str) -> str:
    """A page without hashes of entries and anchors, which depend on all that came before in the ledger."""
    return re.sub(r"[0-9a-f]{12,64}", "", page)


def fresh(template: str) -> None:
    """Another empty database like the first, and nothing kept of the one before."""
    from django.db import connection

    from entact import store
    from entact.conduct import reader

    connection.close()
    name = f"{template}_copy"
    copy_database(template, name)
    store.setup(database=name)
    reader.forget()
