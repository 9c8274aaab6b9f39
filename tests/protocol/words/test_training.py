"""The training on adverse events is one text of the study file: what it says of events changes its digest."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from entact.protocol import Release, load_study
from entact.protocol.release import canonical
from entact.protocol.words.training import event_training

MINI = Path(__file__).parents[2] / "studies" / "mini" / "study.yaml"


def changed(**fields: Any) -> Release:
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    for name, value in fields.items():
        data[name] = value(data[name])
    return Release.from_text(canonical(data))


def test_another_term_is_another_text_and_another_title_of_the_study_is_not() -> None:
    first = event_training(changed())
    assert event_training(changed(title=lambda old: f"{old}, again")) == first
    terms = changed(adverse_events=lambda old: old | {"solicited": ["nausea"]})
    assert event_training(terms).digest != first.digest
    assert "Euphoric mood" in " ".join(one.text for one in first.passages)


@pytest.mark.parametrize(
    "name", ["mapp1", "mapp2", "eating-disorders", "expanded-access", "life-threatening-illness"]
)
def test_every_study_has_one(name: str) -> None:
    passages = event_training(load_study(name).newest).passages
    assert len(passages) > 5
    assert all(one.term and one.text for one in passages)
