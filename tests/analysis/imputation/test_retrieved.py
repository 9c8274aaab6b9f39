"""Retrieved drop-outs: who was seen after stopping stands for who was not; too few fall back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from entact.analysis.continuous import ancova
from entact.analysis.imputation import (
    CopyReference,
    JumpToReference,
    Trial,
    imputed_difference,
    read_trial,
    retrieved_dropouts,
)

PAIR = ("mdma", "placebo")
VISITS = ["V1", "V2", "V3"]


def made(shift: float = 0.0, stopped: int = 12) -> tuple[Trial, pl.DataFrame]:
    """60 people; of each arm some stop before V2, and every third of them is not seen at V3."""
    rng = np.random.default_rng(8)
    rows, events = [], {}
    for place in range(60):
        arm, who = PAIR[place % 2], f"p{place:02d}"
        base, mood = rng.normal(40, 5), rng.normal(0, 4)
        stops = place // 2 < stopped
        if stops:
            events[who] = "V2"
        for number, visit in enumerate(VISITS):
            after = stops and number >= 1
            value = base + mood - 4 * (number + 1) * (1 + (arm == "mdma")) + rng.normal(0, 3)
            value += 6.0 * after + (shift if after and arm == "mdma" else 0.0)
            lost = after and visit == "V3" and place // 2 % 3 == 0
            rows.append((who, arm, visit, None if lost else value, base, after))
    schema = ["participant", "arm", "visit", "value", "baseline", "after"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    trial = read_trial(
        frame,
        "arm * visit + baseline",
        visits=VISITS,
        reference=dict.fromkeys(PAIR, "placebo"),
        events=events,
    )
    return trial, frame


def test_what_was_seen_after_stopping_moves_what_was_not() -> None:
    """The estimator is equivariant: a shift of all that was seen after moves what is imputed as far."""
    trial, frame = made()
    moved, _ = made(shift=7.0)
    before, after = (retrieved_dropouts(one, PAIR, "V3") for one in (trial, moved))
    last = frame.filter(visit="V3").with_columns(
        value=7.0 * (pl.col("after") & (pl.col("arm") == "mdma")).cast(pl.Float64)
    )
    expected = ancova("value ~ arm + baseline", last, PAIR)[0].estimate
    assert before[0].estimate is not None
    assert after[0].estimate is not None
    assert after[0].estimate - before[0].estimate == pytest.approx(expected, rel=1e-6)
    assert before[0].notes[0] == "retrieved at V3: 8 of 12 in mdma, 8 of 12 in placebo; imputed from them"
    assert "retrieved drop-outs" in before[0].method


def test_too_few_fall_back_and_say_so() -> None:
    trial, _ = made(stopped=6)
    found = retrieved_dropouts(trial, PAIR, "V3")
    theirs = imputed_difference(trial, PAIR, "V3", assumption=JumpToReference())
    assert (found[0].estimate, found[0].se) == (theirs[0].estimate, theirs[0].se)
    assert found[0].notes[0] == (
        "retrieved at V3: 4 of 6 in mdma, 4 of 6 in placebo; "
        "fewer than 5 in an arm, so jump to reference instead"
    )
    other = retrieved_dropouts(trial, PAIR, "V3", fallback=CopyReference())
    assert "copy reference" in other[0].method
    enough = retrieved_dropouts(trial, PAIR, "V3", least=4)
    assert "imputed from them" in enough[0].notes[0]


def test_nobody_stopped_needs_no_fallback() -> None:
    trial, _ = made(stopped=0)
    assert "0 of 0 in mdma" in retrieved_dropouts(trial, PAIR, "V3")[0].notes[0]


def test_what_is_none_is_refused() -> None:
    trial, _ = made()
    for said, message in (
        ({"at": "V9"}, "no visit"),
        ({"least": 0}, "write 1 or more"),
        ({"contrast": ("mdma", "other")}, "no arm 'other'"),
    ):
        with pytest.raises(ValueError, match=message):
            retrieved_dropouts(trial, **({"contrast": PAIR, "at": "V3"} | said))  # type: ignore[arg-type]
