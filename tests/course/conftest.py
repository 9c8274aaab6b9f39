"""What the tests of a course share: the small study, and a story of one participant as entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from entact.course.entry import Entry, uuid7
from entact.protocol.load import load_study
from entact.protocol.release import Study

START = datetime.fromisoformat("2026-03-02T09:00:00-07:00")


class Story:
    """Writes entries about one participant: `day` and `minute` after the consent say when."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.entries: list[Entry] = []

    def at(self, day: float, minute: float = 0) -> datetime:
        return START + timedelta(days=day, minutes=minute)

    def write(
        self,
        kind: str,
        data: dict[str, Any] | None = None,
        *,
        day: float = 0,
        minute: float = 0,
        **envelope: Any,
    ) -> Entry:
        when = self.at(day, minute).isoformat()
        number = len(self.entries) + 1
        fields: dict[str, Any] = {
            "id": uuid7(self.at(day, minute), number << 40),
            "ledger": "participant:" + "0" * 32,
            "release": self.study.newest.id,
            "environment": "rehearsal",
            "occurred_at": when,
            "recorded_at": when,
            "by": "therapist-1",
            "role": "therapist",
        }
        entry = Entry(**{**fields, "kind": kind, "data": data or {}, **envelope})
        self.entries.append(entry)
        return entry

    def correct(self, source: Entry, data: dict[str, Any], *, day: float, **envelope: Any) -> Entry:
        fields = {"replaces": source.id, "reason": "transcription_error", "role": source.role, **envelope}
        return self.write(source.kind, data, day=day, **fields)

    def void(self, source: Entry, *, day: float, **envelope: Any) -> Entry:
        fields = {"replaces": source.id, "reason": "entered_in_error", "role": source.role, **envelope}
        return self.write("void", day=day, **fields)

    def form(self, name: str, items: dict[str, Any], **when: Any) -> Entry:
        return self.write("form", {"form": name, "items": items}, **when)

    def whole(self) -> Story:
        """From consent to the last visit, as the protocol has it."""
        self.begin("screening#1", day=0)
        self.write(
            "consent", {"version": "1", "scopes": {"participation": True, "recording": False}}, minute=1
        )
        self.write("screening", {"attempt": 1, "number": "S-1", "site": "denver"}, minute=2)
        self.form(
            "demographics",
            {"age": 40, "sex": "female", "can_be_pregnant": True},
            minute=3,
            encounter="screening#1",
        )
        self.safe(day=0, minute=4, encounter="screening#1")
        self.write(
            "medication", {"name": "sertraline", "medicine_class": "ssri", "stopped": "2026-02-01"}, minute=5
        )
        self.end("screening#1", day=0, minute=60)
        self.begin("preparation_1#1", day=3)
        self.safe(day=3, minute=4, encounter="preparation_1#1")
        self.end("preparation_1#1", day=3, minute=90)
        self.begin("baseline#1", day=5)
        self.rate(46, True, day=5, encounter="baseline#1")
        self.end("baseline#1", day=5, minute=90)
        self.begin("preparation_2#1", day=8)
        criteria = {"adult": True, "severe": True, "psychosis": False}
        decided = {"criteria": criteria, "decision": "eligible", "signed": "decision"}
        self.write("eligibility", decided, day=8, minute=5, role="investigator", by="investigator-1")
        self.write("enrolment", {"subject": "1-001"}, day=8, minute=6)
        self.write("randomisation", {"number": "R-17"}, day=8, minute=7, basis=self.basis("randomise", day=8))
        self.end("preparation_2#1", day=8, minute=90)
        self.session(day=12)
        for number, after in ((1, 13), (2, 20)):
            self.begin(f"integration_{number}#1", day=after)
            self.safe(day=after, minute=1, encounter=f"integration_{number}#1")
            self.end(f"integration_{number}#1", day=after, minute=90)
        self.begin("outcome#1", day=40)
        self.rate(12, False, day=40, encounter="outcome#1")
        self.end("outcome#1", day=40, minute=90)
        self.begin("closing#1", day=45)
        self.safe(day=45, minute=1, encounter="closing#1")
        self.guess("participant", day=45, encounter="closing#1")
        self.end("closing#1", day=45, minute=60)
        return self

    def session(self, day: float, encounter: str = "session_1#1") -> None:
        self.begin(encounter, day=day)
        for minute, person in enumerate(("therapist-1", "therapist-2")):
            came = {"person": person, "role": "therapist", "state": "in"}
            self.write("presence", came, day=day, minute=minute, encounter=encounter)
        self.safe(day=day, minute=3, encounter=encounter)
        self.form("pregnancy_test", {"negative": True}, day=day, minute=4, encounter=encounter)
        self.write("kit_assigned", {"kit": "K-1", "part": "initial", "level": "low"}, day=day, minute=5)
        self.write("dose_level", {"level": "low"}, day=day, minute=6, encounter=encounter)
        self.vitals(120, 80, day=day, minute=7, timepoint="before initial", encounter=encounter)
        basis = self.basis("initial_dose", day=day, minute=10, kit="K-1", level="low")
        given = {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 2, "taken": 2}
        self.write("dose", given, day=day, minute=10, basis=basis, encounter=encounter)
        self.vitals(150, 90, day=day, minute=100, timepoint="initial + 90 min", encounter=encounter)
        self.vitals(125, 80, day=day, minute=495, timepoint="end", encounter=encounter)
        self.guess("participant", day=day, minute=496, encounter=encounter)
        for person in ("therapist-1", "therapist-2"):
            self.guess("therapist", day=day, minute=496, by=person, role="therapist", encounter=encounter)
        self.form("readiness", {"oriented": True, "escort": True}, day=day, minute=497, encounter=encounter)
        self.end(encounter, day=day, minute=500, basis=self.basis("discharge", day=day, minute=500))

    def begin(self, encounter: str, **when: Any) -> Entry:
        return self.write("encounter", {"status": "started"}, encounter=encounter, **when)

    def end(self, encounter: str, **when: Any) -> Entry:
        return self.write("encounter", {"status": "ended"}, encounter=encounter, **when)

    def safe(self, **when: Any) -> Entry:
        return self.form("suicidality", {"ideation": 0, "behaviour": False}, **when)

    def rate(self, total: int, diagnosis: bool, by: str = "rater-1", **when: Any) -> Entry:
        items = {"total": total, "diagnosis": diagnosis, "remarks": "spoke of the accident in Denver"}
        return self.form("symptoms", items, role="rater", by=by, **when)

    def vitals(self, systolic: int, diastolic: int, **when: Any) -> Entry:
        readings = {
            "systolic": f"{systolic} mm[Hg]",
            "diastolic": f"{diastolic} mm[Hg]",
            "heart_rate": "80 /min",
        }
        return self.write("vital_signs", readings, **when)

    def guess(self, guesser: str, **when: Any) -> Entry:
        why = "felt warm and open"
        return self.write("guess", {"guesser": guesser, "arm": "mdma", "confidence": 70, "why": why}, **when)

    def basis(self, act: str, *, day: float, minute: float = 0, **detail: Any) -> dict[str, Any]:
        expires = self.at(day, minute + 20).isoformat()
        return {
            "act": act,
            "decided_at": self.at(day, minute).isoformat(),
            "expires": expires,
            "inputs": [],
            **detail,
        }


@pytest.fixture(scope="session")
def mini() -> Study:
    """The small study of the tests."""
    return load_study(str(Path(__file__).parents[1] / "studies" / "mini"))


@pytest.fixture(scope="session")
def new_story(mini: Study) -> Callable[[], Story]:
    """Makes an empty story in the small study when called."""
    return lambda: Story(mini)
