"""Vital signs of a neutral cohort, of which no study has to say anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from entact.cohort.physiology import drug_of
from entact.cohort.suitable import Suitable
from entact.cohort.usual import ASSUMED, usual
from entact.course.state.form import VITALS
from entact.protocol import Release
from entact.protocol.study import Item

MEASURED: Final = {"assumption": f"neutral: {ASSUMED}; in a session what the model of the drug makes of them"}
POSSIBLE, UNBOUNDED = {"%": 100.0}, 1e6  # the most that there can be of a sign, by unit


def neutral_signs(release: Release, arms: Sequence[str], suitable: Suitable) -> dict[str, Any]:
    """Vital signs of healthy adults at rest, and in a session what the model of the drug makes of them."""
    form = release.forms.get(VITALS)
    items = form.items if form is not None else {}
    return {
        **MEASURED,
        "drug": drug_of(release, arms),
        "signs": {
            name: _sign(name, item, arms, suitable)
            for name, item in items.items()
            if item.type in ("integer", "decimal") and item.is_entered
        },
        "rise_minutes": 45.0,
        "decline_minutes": 150.0,
        "levels": dict.fromkeys(release.file.regimens, 1.0),
        "supplement": 0.0,
        "shared": 0.4,
        "between_sessions": 0.3,
        "readings": 60,
    }


def _sign(name: str, item: Item, arms: Sequence[str], suitable: Suitable) -> dict[str, Any]:
    """Of a measurement that is known, what healthy adults have; of any other, what the study allows."""
    free = suitable.answers_of(VITALS)[name]
    assert free.mean is not None
    assert free.sd is not None
    low, high = free.mean - 3 * free.sd, free.mean + 3 * free.sd
    if usual(name, item) is not None:
        bounds = [0.0, POSSIBLE.get(item.unit, UNBOUNDED)]  # what the study says can be true is tried
    else:
        bounds = [float(end) for end in item.bounds] if item.bounds is not None else [low, high]
    return {
        **MEASURED,
        "unit": item.unit,
        "decimals": free.decimals,
        "resting": {"mean": free.mean, "sd": free.sd},
        "rise": {arm: {"mean": 0.0, "sd": 0.0} for arm in arms},
        "reading_sd": free.sd / 3,
        "limits": bounds,
    }
