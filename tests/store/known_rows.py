"""Rows for lists of one participant, and what each thing that may befall them adds and takes away.

The rows are kept in tests/golden/rows.json; `python -m tests.store.known_rows` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.course.cases import WHEN, Case, before, two_sessions
from tests.course.hazards import HAZARDS
from tests.course.rare_hazards import RARE

from entact.course.disclosure import Disclosure
from entact.protocol.release import Study
from entact.store.derived import rows_of

GOLDEN = Path(__file__).parents[1] / "golden" / "rows.json"
LEDGER = "participant:0a"
ACTS = ("supplement", "unblind")  # in a session; told their arm one by one, which opens visits
TABLES = (
    "due", "findings", "clocks", "queries", "bookings", "reconsents", "steps", "sessions",
    "numbers",
)  # fmt: skip
REPORTS = {
    "sponsor": {"title": "To the sponsor", "when": "event.serious", "within": "24 h", "to": "sponsor"},
    "authority": {"title": "To them", "when": "event.serious", "within": "7 d", "to": "the authority"},
}
ASKED = (
    "query",
    {"said": "raised", "entry": "level 1", "item": "level", "text": "Is this so?"},
    {"by": "m-1"},
)
ANSWERED = ("query", {"said": "answered", "text": "Yes."}, {"about": "more 0"})
CLOSED = ("query", {"said": "closed"}, {"about": "more 0", "by": "m-1"})
SERIOUS = ("adverse_event", {"term": "nausea", "serious": True, "seriousness": ["life_threatening"]}, {})
SENT = ("safety_report", {"report": "sponsor"}, {"about": "more 0"})
MORE = {
    "asked": [ASKED],
    "asked and answered": [ASKED, ANSWERED],
    "asked, answered and closed": [ASKED, ANSWERED, CLOSED],
    "asked again": [ASKED, CLOSED, ("query", {"said": "raised", "text": "Still so?"}, {"about": "more 0"})],
    "said of a rule": [("query", {"said": "answered", "entry": "consent", "rule": "missing"}, {})],
    "answered what nobody asked": [("query", {"said": "answered"}, {"about": "consent"})],
    "booked": [("booking", {"at": "2026-05-05T09:00:00-06:00"}, {"encounter": "outcome#1"})],
    "serious": [SERIOUS],
    "serious and reported": [SERIOUS, SENT],
}


def rows(case: Case) -> set[str]:
    """Every row of the participant, as a line of text."""
    disclosure = Disclosure(case.study.releases)
    for entry in case.of("participant:"):
        disclosure.add(entry)
    found = rows_of(case.course(), LEDGER, disclosure)
    told = {f"standing {name} {value}" for name, value in found.standing._asdict().items()}
    for table in TABLES:
        for row in getattr(found, table).values():
            told.add(f"{table} " + " ".join(f"{name}={_said(value)}" for name, value in row.items()))
    return told


def _said(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def _usual(act: str) -> Case:
    """In a session with reports that are due; and of whom everybody is told their arm."""
    study = Study("mini", (two_sessions(reports=REPORTS),)) if act == "supplement" else None
    return before(act, study)


def changed(act: str) -> Iterator[tuple[str, Case]]:
    """The case before an act, with one thing more each."""
    for hazard in (*HAZARDS, *RARE):
        if hazard.ledger == LEDGER:
            yield hazard.title, hazard.put(_usual(act), WHEN[act])
    for title, entries in MORE.items():
        case = _usual(act)
        for number, (kind, data, more) in enumerate(entries):
            case.put(f"more {number}", kind, WHEN[act], data, **{"by": "i-1", "role": "investigator"} | more)
        yield title, case


def answers() -> dict[str, dict[str, list[str]]]:
    """By act and change the rows that are added (+) and are gone (-)."""
    told: dict[str, dict[str, list[str]]] = {}
    for act in ACTS:
        usual = rows(_usual(act))
        told[act] = {"nothing": sorted(usual)}
        for title, case in changed(act):
            now = rows(case)
            told[act][title] = sorted(
                [*(f"+ {one}" for one in now - usual), *(f"- {one}" for one in usual - now)]
            )
    return told


if __name__ == "__main__":
    GOLDEN.write_text(f"{json.dumps(answers(), indent=1, ensure_ascii=False)}\n", encoding="utf-8")
