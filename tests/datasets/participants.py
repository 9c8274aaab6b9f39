"""Made-up participants of the small study, as entries."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from entact.course.course import Course
from entact.course.entry import Entry, uuid7
from entact.course.fold import fold
from entact.protocol.release import Study

START = datetime.fromisoformat("2026-03-02T09:00:00-07:00")


class Participant:
    """Writes the entries of one participant; `day` and `minute` count from the consent."""

    def __init__(self, study: Study, number: int, environment: str = "rehearsal") -> None:
        self.study = study
        self.number = number
        self.environment = environment
        self.ledger = "participant:" + hashlib.md5(str(number).encode()).hexdigest()
        self.entries: list[Entry] = []

    def write(
        self, kind: str, data: dict[str, Any], *, day: float, minute: float = 0, **envelope: Any
    ) -> Entry:
        at = START + timedelta(days=day, minutes=minute)
        entry = Entry(
            id=uuid7(at, self.number << 50 | (len(self.entries) + 1)),
            ledger=self.ledger,
            kind=kind,
            release=self.study.newest.id,
            environment=self.environment,  # type: ignore[arg-type]
            occurred_at=at.isoformat(),
            recorded_at=at.isoformat(),
            **{"by": "therapist-1", "role": "therapist", **envelope},
            data=data,
        )
        self.entries.append(entry)
        return entry

    def form(self, name: str, items: dict[str, Any], **when: Any) -> Entry:
        return self.write("form", {"form": name, "items": items}, **when)

    def rate(self, total: int | None, diagnosis: bool | None, *, day: float, visit: str) -> Entry:
        items = {"total": total, "diagnosis": diagnosis}
        said = {name: {"missing": "refused"} if value is None else value for name, value in items.items()}
        return self.form("symptoms", said, day=day, encounter=f"{visit}#1", role="rater", by="rater-1")

    def vitals(self, systolic: int, *, day: float, minute: float, encounter: str = "session_1#1") -> Entry:
        readings = {"systolic": f"{systolic} mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "75 /min"}
        return self.write("vital_signs", readings, day=day, minute=minute, encounter=encounter)

    def screened(self, baseline: int = 44) -> Participant:
        self.write("consent", {"version": "1", "scopes": {"participation": True}}, day=0)
        number = f"S-{self.number:02d}"
        self.write("screening", {"attempt": 1, "number": number, "site": "denver"}, day=0, minute=1)
        person = {"age": 30 + self.number, "sex": "female", "can_be_pregnant": False}
        self.form("demographics", person, day=0, minute=2, encounter="screening#1")
        self.rate(baseline, True, day=5, visit="baseline")
        return self

    def failed(self) -> Participant:
        self.screened(baseline=20)
        judged = {"adult": True, "severe": False, "psychosis": False}
        decided = {"criteria": judged, "decision": "not_eligible", "signed": "decision"}
        self.write("eligibility", decided, day=6, role="investigator", by="investigator-1")
        return self

    def randomised(self, baseline: int = 44) -> Participant:
        self.screened(baseline)
        judged = {"adult": True, "severe": True, "psychosis": False}
        decided = {"criteria": judged, "decision": "eligible", "signed": "decision"}
        self.write("eligibility", decided, day=8, role="investigator", by="investigator-1")
        self.write("enrolment", {"subject": f"1-{self.number:03d}"}, day=8, minute=1)
        self.write("randomisation", {"number": f"denver-{self.number:03d}"}, day=8, minute=2)
        return self

    def dosed(self, peak: int = 150) -> Participant:
        session = "session_1#1"
        self.write("encounter", {"status": "started"}, day=12, encounter=session)
        self.vitals(118, day=12, minute=5)
        given = {"part": "initial", "kit": f"K-{self.number}", "level": "low", "dispensed": 2, "taken": 2}
        self.write("dose", given, day=12, minute=10, encounter=session)
        self.vitals(peak, day=12, minute=100)
        self.vitals(125, day=12, minute=490)
        self.write("encounter", {"status": "ended"}, day=12, minute=500, encounter=session)
        return self

    def guess(self, arm: str, *, guesser: str = "participant", day: float = 45) -> Participant:
        said = {"guesser": guesser, "arm": arm, "confidence": 60}
        self.write("guess", said, day=day, encounter="closing#1", by=guesser)
        return self

    def event(self, **data: Any) -> Entry:
        return self.write("adverse_event", data, day=13)

    def stop(self, of: str, *, day: float, cause: str = "participant_choice") -> Participant:
        self.write("discontinuation", {"of": of, "decided_by": "participant", "cause": cause}, day=day)
        return self

    def closed(self) -> Participant:
        self.write("encounter", {"status": "started"}, day=45, encounter="closing#1")
        self.write("encounter", {"status": "ended"}, day=45, minute=60, encounter="closing#1")
        return self

    def course(self) -> Course:
        return fold(self.study, self.entries)


def trial(study: Study) -> list[Participant]:
    """Six participants: one not eligible, one who left before the outcome, four with an outcome."""
    people = [Participant(study, number) for number in range(1, 7)]
    people[0].failed()
    outcomes = {2: (20, False), 3: (30, True), 4: (8, False), 5: (40, True)}
    for number, (total, diagnosis) in outcomes.items():
        person = people[number - 1].randomised(baseline=40 + number).dosed(peak=140 + number)
        person.event(term="nausea", severity="mild", onset="2026-03-14T10:10:00-06:00")
        person.rate(total, diagnosis, day=40, visit="outcome")
        person.guess("mdma" if number % 2 else "placebo").closed()
    people[5].randomised().dosed().stop("treatment", day=14, cause="adverse_event").stop("follow_up", day=20)
    return people


def arms() -> dict[str, str]:
    """Randomisation number -> arm of the trial."""
    return {f"denver-{number:03d}": "mdma" if number % 2 == 0 else "placebo" for number in range(2, 7)}
