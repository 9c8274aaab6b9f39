"""A dosing session that waits for its therapists, and people who come by the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db import transaction
from tests.conduct.record import keep
from tests.course.cases import WHEN, Case, before

from entact import store
from entact.course import Allowed, Refused, fold, instant, may, read
from entact.protocol import Study
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

Gate = Callable[..., list[str]]


@pytest.fixture
def session(study: Study, database: str) -> Case:
    """A record up to the question of an initial dose at Denver; no therapist is on the site's staff yet."""
    case = before("initial_dose", study).drop("t-1", "t-2")
    keep(study)
    told = sorted(case.entries.values(), key=lambda one: (instant(one.occurred_at), one.id))
    for entry in told:
        store.append(entry, received_at=entry.recorded_at)
    return case


@pytest.fixture
def gate(session: Case) -> Gate:
    """Asks the gate of the initial dose, days after it was planned: every reason against it."""

    def ask(by: str = "t-1", late: timedelta = timedelta(minutes=1)) -> list[str]:
        stamp, study = study_of_record()
        assert study is not None
        course = fold(study, [read(line.text) for line in store.lines("participant:0a")])
        with transaction.atomic():
            setting = setting_held(raw_cursor(), stamp, study, "denver")
        at = instant(WHEN["initial_dose"]) + late
        answer = may("initial_dose", study, setting, course, by, at, kit="K-1")
        assert isinstance(answer, Allowed | Refused)
        return [f"{one.code}: {one.message}" for one in answer.reasons] if isinstance(answer, Refused) else []

    return ask


def has(reasons: Sequence[str], *said: str) -> bool:
    """Whether the reasons are these, by how each begins."""
    return len(reasons) == len(said) and all(
        one.startswith(by) for one, by in zip(reasons, said, strict=True)
    )
