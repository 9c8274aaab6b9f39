"""Participants of the small study with odd records, as real ones are: CDISC's checker is tried on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.datasets.participants import Participant, arms, trial

from entact.protocol.release import Study

SESSION = "session_1#1"
TAKEN = {"participation": True}


def known(**said: Any) -> dict[str, Any]:
    """What is said, without what is not known."""
    return {name: one for name, one in said.items() if one is not None}


def screened_again(person: Participant) -> None:
    """Not eligible, and taken in at another site a month later."""
    person.failed()
    person.write("consent", {"version": "1", "scopes": TAKEN}, day=30)
    person.write("screening", {"attempt": 2, "number": "S-70", "site": "haifa"}, day=30, minute=1)
    person.rate(50, True, day=31, visit="baseline")
    judged = {"adult": True, "severe": True, "psychosis": False}
    decided = {"criteria": judged, "decision": "eligible", "signed": "decision"}
    person.write("eligibility", decided, day=32, role="investigator", by="investigator-1")
    person.write("enrolment", {"subject": "2-001"}, day=32, minute=1)
    person.write("randomisation", {"number": f"denver-{person.number:03d}"}, day=32, minute=2)


def failed_twice(person: Participant) -> None:
    person.failed()
    person.write("consent", {"version": "1", "scopes": TAKEN}, day=30)
    person.write("screening", {"attempt": 2, "number": "S-80", "site": "denver"}, day=30, minute=1)
    judged = {"adult": True, "severe": False, "psychosis": True}
    decided = {"criteria": judged, "decision": "not_eligible", "signed": "decision"}
    person.write("eligibility", decided, day=33, role="investigator", by="investigator-1")


def consent_alone(person: Participant) -> None:
    person.write("consent", {"version": "1", "scopes": TAKEN}, day=0)


def nothing_said(person: Participant) -> None:
    """Neither age nor sex, and the use of data withdrawn."""
    consent_alone(person)
    person.write("screening", {"attempt": 1, "number": "S-10", "site": "denver"}, day=0, minute=1)
    refused: dict[str, Any] = {"missing": "refused"}
    said = {"age": refused, "sex": refused, "can_be_pregnant": {"missing": "not_asked"}}
    person.form("demographics", said, day=0, minute=2, encounter="screening#1")
    person.stop("data_use", day=3)


def lost_before_a_dose(person: Participant) -> None:
    person.randomised()
    said = {"age": {"missing": "refused"}, "sex": {"missing": "unknown"}, "can_be_pregnant": False}
    person.form("demographics", said, day=9, encounter="screening#1")
    person.stop("follow_up", day=11, cause="lost to follow-up")


def died_on_a_day_unknown(person: Participant) -> None:
    person.randomised().dosed()
    grave = {"severity": "severe", "serious": True, "seriousness": ["death"], "outcome": "fatal"}
    person.event(term="suicidality", onset="2026-03", related="possible", **grave)
    person.write("death", {"date": "2026-03"}, day=20)


def died_before_a_dose(person: Participant) -> None:
    person.randomised().write("death", {"date": "2026-03-12"}, day=18)


def withdrew_all(person: Participant) -> None:
    """What was entered after the use of data was withdrawn is in no row."""
    person.randomised().dosed().stop("data_use", day=15)
    person.rate(10, False, day=40, visit="outcome")
    person.event(term="nausea", severity="mild", onset="2026-03-30")


def dates_in_part(person: Participant) -> None:
    """Events and medicines with partial dates, before consent, after the last contact, and with none."""
    person.randomised().dosed()
    same_day = ("2026-03-14T10:10:00-06:00", "2026-03-14T12:00:00-06:00")
    spans = [("2026", "2026"), ("2026-03", None), ("2025-12-01", "2026-03-14"), same_day, (None, None)]
    for onset, resolved in [*spans, ("2026-04-30", None)]:
        outcome = "resolved" if resolved else None
        said = known(onset=onset, resolved=resolved, outcome=outcome)
        person.event(term="nausea", severity="mild", **said)
    other = {"term": "other", "verbatim": "sealed:abc", "severity": "moderate", "onset": "2026-03-15"}
    person.event(**other, action="dose reduced", outcome="unknown", expected=False, serious=False)
    taken = [("2019", None), ("2026-03", None), ("2026-03-01", "2026-03-20"), (None, None)]
    for started, stopped in [*taken, ("2026-03-14", "2026-03-14"), ("2026-04", "2026-05")]:
        said = known(name="Zolpidem", dose="10 mg", psychiatric=True, started=started, stopped=stopped)
        person.write("medication", said, day=13)


def visits_out_of_plan(person: Participant) -> None:
    """Unscheduled, missed and held again, with a form that was not done; the last one is not over."""
    person.randomised().dosed()
    extra = {"day": 15, "encounter": "unscheduled#1"}
    person.write("encounter", {"status": "started", "contact": "telephone"}, **extra, reason="anxious")
    person.vitals(150, day=15, minute=5, encounter="unscheduled#1")
    person.write("encounter", {"status": "ended"}, **extra, minute=30)
    person.write("encounter", {"status": "missed"}, day=13, encounter="integration_1#1", reason="snow")
    again: dict[str, Any] = {"day": 14, "encounter": "integration_1#2"}
    person.write("encounter", {"status": "started", "contact": "video"}, **again)
    person.write("form", {"form": "suicidality", "status": "not_done"}, **again, minute=20, reason="no_time")
    pressure = {"systolic": {"missing": "not_done"}, "diastolic": "80 mm[Hg]", "heart_rate": "75 /min"}
    person.write("vital_signs", pressure, **again, minute=30)
    person.write("encounter", {"status": "ended"}, **again, minute=50)
    person.write("encounter", {"status": "started"}, day=45, encounter="closing#1")


def dose_withheld(person: Participant) -> None:
    person.randomised().write("encounter", {"status": "started"}, day=12, encounter=SESSION)
    person.vitals(170, day=12, minute=5)
    units = {"dispensed": 2, "taken": 0, "returned": 2, "outcome": "withheld"}
    given = {"part": "initial", "kit": f"K-{person.number}", "level": "low", **units}
    person.write("dose", given, day=12, minute=10, encounter=SESSION)
    person.write("encounter", {"status": "ended"}, day=12, minute=60, encounter=SESSION)


def dose_in_part(person: Participant) -> None:
    """One unit of two was lost, and the second dose was declined."""
    person.randomised().write("encounter", {"status": "started"}, day=12, encounter=SESSION)
    person.write("dose_level", {"level": "full"}, day=12, minute=2, encounter=SESSION)
    person.vitals(120, day=12, minute=5)
    first = {"part": "initial", "kit": "K-181", "dispensed": 2, "taken": 1, "returned": 0, "lost": 1}
    person.write("dose", first | {"level": "full"}, day=12, minute=10, encounter=SESSION)
    second = {"part": "supplement", "kit": "K-182", "dispensed": 1, "taken": 0, "returned": 1}
    declined = second | {"level": "full", "outcome": "declined"}
    person.write("dose", declined, day=12, minute=110, encounter=SESSION)
    person.write("encounter", {"status": "ended"}, day=12, minute=600, encounter=SESSION)


def dose_alone(person: Participant) -> None:
    """Of the session only the dose was entered."""
    given = {"part": "initial", "kit": f"K-{person.number}", "level": "low", "dispensed": 2, "taken": 2}
    person.randomised().write("dose", given, day=12, minute=10, encounter=SESSION)


def asked_and_put_right(person: Participant) -> None:
    """A query, a correction, and deviations of which one came before consent."""
    person.randomised().dosed()
    wrong = person.vitals(150, day=20, minute=0, encounter="integration_1#1")
    asked = {"said": "raised", "entry": wrong.id, "item": "systolic", "text": "sealed:x"}
    person.write("query", asked, day=21)
    right = {"systolic": "130 mm[Hg]", "diastolic": "80 mm[Hg]", "heart_rate": "75 /min"}
    put = {"replaces": wrong.id, "reason": "misread", "encounter": "integration_1#1"}
    person.write("vital_signs", right, day=22, **put)
    person.write("deviation", {"category": "visit out of window", "importance": "major"}, day=22)
    person.write("deviation", {"category": "consent after screening", "importance": "minor"}, day=-0.5)
    person.guess("mdma").closed()


def moved_away(person: Participant) -> None:
    person.randomised().dosed().stop("treatment", day=14, cause="pregnancy")
    person.stop("follow_up", day=14, cause="moved away")


def followed_without_procedures(person: Participant) -> None:
    person.randomised().dosed().stop("procedures", day=12, cause="consent withdrawn")
    person.rate(15, True, day=40, visit="outcome")
    person.closed()


RECORDS: tuple[Callable[[Participant], None], ...] = (
    screened_again, failed_twice, consent_alone, nothing_said, lost_before_a_dose, died_on_a_day_unknown,
    died_before_a_dose, withdrew_all, dates_in_part, visits_out_of_plan, dose_withheld, dose_in_part,
    dose_alone, asked_and_put_right, moved_away, followed_without_procedures,
)  # fmt: skip
FIRST = 7  # after those of the small trial


def odd(study: Study) -> list[Participant]:
    """The small trial, and these beside it."""
    people = [Participant(study, FIRST + place) for place in range(len(RECORDS))]
    for person, record in zip(people, RECORDS, strict=True):
        record(person)
    return [*trial(study), *people]


def one(study: Study, record: Callable[[Participant], None]) -> Participant:
    """One of them alone."""
    person = Participant(study, FIRST + RECORDS.index(record))
    record(person)
    return person


def odd_arms() -> dict[str, str]:
    """Randomisation number -> arm."""
    numbers = range(FIRST, FIRST + len(RECORDS))
    return arms() | {f"denver-{number:03d}": ("placebo", "mdma")[number % 2] for number in numbers}
