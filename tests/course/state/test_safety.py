"""An event is as bad as it ever was; whether it became worse is asked from an instant on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from entact.course.state.safety import AdverseEventState, Judgement

DOSE = datetime.fromisoformat("2026-03-16T10:00:00-06:00")


def event(*judgements: tuple[float, dict[str, Any]]) -> AdverseEventState:
    said = [Judgement(DOSE + timedelta(minutes=minute), **what) for minute, what in judgements]
    return AdverseEventState("e", judgements=said)


@pytest.mark.parametrize(
    ("minute", "is_worse"),
    [(-1, False), (0, True), (1, True)],  # what is said at the instant of the dose is of after it
)
@pytest.mark.parametrize("worse", [{"severity": "severe"}, {"serious": True}, {"outcome": "fatal"}])
def test_what_is_said_from_the_instant_on_may_be_worse(
    minute: float, is_worse: bool, worse: dict[str, Any]
) -> None:
    told = event((-60, {"severity": "mild", "serious": False}), (minute, {"severity": "mild", **worse}))
    assert told.became_worse(DOSE) is is_worse


def test_it_is_as_severe_as_it_ever_was() -> None:
    told = event((0, {"severity": "severe"}), (1, {"severity": "mild"}), (2, {}))
    assert told.worst_severity == "severe"
    assert event((0, {})).worst_severity is None
