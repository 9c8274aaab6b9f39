"""What the list knows of everybody is what folding everything says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conduct.record import SEES_ALL, fresh, keep, telling_story
from tests.course.conftest import Story

from entact.conduct.register import Register, open_register
from entact.course import fold, read
from entact.protocol import Study

Get = Callable[..., str]


def stories(study: Study) -> list[Story]:
    """Prefixes of a whole story, and stories that ended otherwise."""
    whole = telling_story(study)
    found = []
    for cut in range(4, len(whole.entries), 9):
        part = Story(study)
        part.entries = whole.entries[:cut]
        found.append(part)
    failed, withdrawn, died, mended = (Story(study) for _ in range(4))
    failed.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    failed.write("eligibility", {"criteria": {}, "decision": "not_eligible", "signed": "decision"}, day=1)
    withdrawn.whole()
    withdrawn.write("discontinuation", {"of": "follow_up", "decided_by": "participant", "cause": "x"}, day=50)
    died.whole()
    died.write("death", {"date": "2026-05"}, day=60)
    mended.whole()
    wrong = mended.write("death", {"date": "2026-05"}, day=60)
    mended.void(wrong, day=61)
    screened = next(one for one in mended.entries if one.kind == "screening")
    mended.correct(screened, {"site": "haifa"}, day=62)
    return [*found, failed, withdrawn, died, mended]


def test_standings_are_what_whole_courses_say(study: Study, database: str) -> None:
    ledgers = keep(study, *stories(study))
    register = open_register(SEES_ALL)
    standings = {one.ledger: one for one in register.standings()}
    statuses = set()
    for ledger in ledgers:
        course = fold(study, [read(line.text) for line in ledger.lines])
        standing = standings[ledger.name]
        statuses.add(course.status)
        assert standing.status == course.status
        assert standing.site == (course.site or "")
        assert standing.screened is (course.screening is not None)
        assert standing.randomised is (course.randomisation is not None)
        assert course.enrolment is None or standing.number == course.enrolment.subject
    assert statuses >= {"screening", "in_treatment", "screen_failed", "withdrawn", "died", "completed"}


def test_a_rehearsal_lives_in_study_time(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    assert open_register(SEES_ALL).at.isoformat() == "2026-05-01T12:00:00+00:00"


@pytest.mark.parametrize("participants", [1, 70])
def test_only_the_participants_of_the_page_are_folded(
    get: Get, study: Study, template: str, monkeypatch: pytest.MonkeyPatch, participants: int
) -> None:
    fresh(template)
    short = Story(study)
    short.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    keep(study, *[short] * participants)
    asked: list[int] = []
    original = Register.folded

    def counted(self: Register, ledgers: list[str]):  # type: ignore[no-untyped-def]
        asked.append(len(ledgers))
        return original(self, ledgers)

    monkeypatch.setattr(Register, "folded", counted)
    page = get("/participants/")
    assert asked == [min(participants, 25)]
    assert ("Page 1 of 3" in page) is (participants == 70)
