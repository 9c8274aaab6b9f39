"""Every method on data that nobody wants: a stated result or a reason, never a NaN and never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.words import METHODS

RNG = np.random.default_rng(1)
PLACE = np.arange(24)
ROWS = pl.DataFrame(
    {
        "participant": [f"p{place // 2}" for place in PLACE],
        "arm": ["mdma", "mdma", "placebo", "placebo"] * 6,
        "visit": ["V1", "V2"] * 12,
        "site": [str(place // 2 % 3) for place in PLACE],
        "baseline": [40.0 + place // 2 % 5 for place in PLACE],
        "value": np.where(PLACE % 4 < 2, 22.0, 12.0) + RNG.random(24) * 10,
        "ended": RNG.random(24) < 0.6,
        "events": PLACE % 5,
        "guess": np.where(PLACE // 2 % 3 == 0, "mdma", "placebo"),
        "stopped": np.where(PLACE // 2 % 5 == 0, "V2", None),
        "level": np.where(PLACE % 4 < 2, 50.0 + PLACE, 0.0),
        "died": PLACE // 2 == 11,
        "better": PLACE // 2 % 4,
        "grade": (PLACE * 7) % 3,
        "rater": np.where(PLACE % 2 == 0, "x", "y"),
        "other guess": np.where(PLACE // 2 % 4 == 0, "mdma", "placebo"),
        "qtc": 400.0 + PLACE * 3,
        "begun": PLACE % 9 + 0.0,
        "on a day": PLACE % 3 == 0,
        "dose days": 1.0 + PLACE * 0,
        "days": 30.0 + PLACE // 2,
        "sign": np.where(PLACE // 2 % 3 == 0, "pulse", "systolic"),
        "when": np.where(PLACE % 2 == 0, "before", "after"),
    }
).with_columns(ended=pl.col("ended") & ~pl.col("died"))
EVENT: dict[str, Any] = {"event": {"at_least": 20}}
SAID: dict[str, dict[str, Any]] = {
    "describe": {},
    "ancova": {"fixed": "arm + baseline + site"},
    "mmrm": {"fixed": "arm * visit + baseline"},
    "dunnett": {"fixed": "arm * visit"},
    "dose_trend": {"fixed": "arm * visit", "doses": {"mdma": 120, "placebo": 0}},
    "random_effects": {"fixed": "arm + baseline", "random": "site"},
    "subgroups": {"fixed": "arm", "by": ["site"]},
    "leave_one_out": {"fixed": "arm + baseline", "without": "site"},
    "durability": {"fixed": "arm * visit", "follow_up": ["V2"]},
    "firth": {"fixed": "arm + baseline", **EVENT},
    "retrieved_dropouts": {"fixed": "arm * visit", "event_visit": "stopped"},
    "distribution": {"cuts": [15, 25]},
    "anchor": {"anchor": "better", "improved": {"at_least": 2}, "a_little": [2]},
    "reliable_change": {"reliability": 0.8, "change": "absolute"},
    "kaplan_meier": {"ended": "ended", "at_times": [5]},
    "competing_risks": {"ended": "ended", "competing": "died", "until": 5},
    "gray": {"ended": "ended", "competing": "died"},
    "incidence": {"value": "guess"},
    "event_rates": {"value": "guess", "exposure": "baseline"},
    "special_interest": {"value": "guess", "groups": {"any": ["mdma", "placebo"], "none": "craving"}},
    "dose_day_rates": {"value": "guess", "dose_day": "on a day", "dose_days": "dose days", "days": "days"},
    "time_course": {"value": "guess", "day": "begun", "days": "days", "ends": [7, 28]},
    "volcano": {"value": "guess"},
    "dose_day_peaks": {"session": "visit", "parameter": "sign", "before": "baseline"},
    "vital_outliers": {
        "session": "visit",
        "parameter": "sign",
        "before": "baseline",
        "limits": {"systolic": {"at_least": 30, "fall": 20}},
    },
    "suicidality_shift": {"value": "grade", "behaviour": "died", "time": "when"},
    "edish": {"value": "grade", "bilirubin": "better"},
    "shift": {"value": "grade", "before": "better", "grades": [0, 1, 2, 3]},
    "qt_categories": {"value": "qtc"},
    "concentration_qtc": {"concentration": "level", "concentrations": {"peak": 70}, "slopes": "common"},
    "icc": {"value": "grade", "rater": "rater"},
    "kappa": {"value": "guess", "second": "other guess"},
    "cronbach_alpha": {"items": ["value", "baseline", "events"]},
    "mcdonald_omega": {"items": ["value", "baseline", "events"]},
    "standardised_linear": {"fixed": "arm * baseline"},
    "standardised_logistic": {"fixed": "arm + baseline", **EVENT},
    "imputed": {"fixed": "arm * visit + baseline * visit"},
    "tipping_point": {"fixed": "arm * visit + baseline", "deltas": [0, 5]},
    "t_test": {},
    "paired_t": {},
    "effect_size": {},
    "rank_sum": {},
    "signed_rank": {},
    "van_elteren": {"strata": "site"},
    "rerandomisation": {"procedure": "complete", "seed": 1, "draws": 20, "covariates": "baseline"},
    "median_time": {"ended": "ended"},
    "log_rank": {"ended": "ended"},
    "cox": {"ended": "ended", "covariates": "baseline"},
    "restricted_mean": {"ended": "ended", "until": 5},
    "share": {"null": 0.3, **EVENT},
    **dict.fromkeys(("proportion", "risk_ratio", "odds_ratio", "number_needed"), EVENT),
    **dict.fromkeys(("fisher", "barnard", "boschloo"), EVENT),
    **{name: {"strata": "site", **EVENT} for name in ("mantel_haenszel", "cmh")},
    "gee": {"fixed": "arm * visit", "family": "gaussian"},
    "negative_binomial": {"fixed": "arm", "exposure": "baseline", "value": "events"},
    **{name: {"value": "guess"} for name in ("bang", "james")},
    **{name: {"guess": "guess"} for name in ("by_guess", "guess_curve", "expectancy", "mediation")},
}
AT = {"durability": " at V1", "icc": ""}
"""Where it is asked at another visit than V2, or at all."""
BY_SITE = {"ancova", "random_effects", "leave_one_out"}
"""What needs two sites in these plans."""
NASTY: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "as it should be": lambda rows: rows,
    "one arm": lambda rows: rows.filter(arm="mdma"),
    "one participant": lambda rows: rows.head(2),
    "one of each arm": lambda rows: rows.head(4),
    "nobody": lambda rows: rows.head(0),
    "all missing": lambda rows: rows.with_columns(value=pl.lit(None, dtype=pl.Float64)),
    "all NaN": lambda rows: rows.with_columns(value=pl.lit(float("nan"))),
    "one infinite": lambda rows: rows.with_columns(
        value=pl.when(pl.col("participant") == "p0").then(float("inf")).otherwise(pl.col("value"))
    ),
    "all nought": lambda rows: rows.with_columns(value=pl.lit(0.0)),
    "all respond": lambda rows: rows.with_columns(value=pl.lit(30.0)),
    "separated": lambda rows: rows.with_columns(
        value=pl.when(pl.col("arm") == "mdma").then(pl.lit(30.0)).otherwise(1.0) + pl.col("baseline") / 100
    ),
    "one site": lambda rows: rows.with_columns(site=pl.lit("a")),
    "a site each": lambda rows: rows.with_columns(site=pl.col("participant")),
    "no arm known": lambda rows: rows.with_columns(arm=pl.lit(None, dtype=pl.String)),
    "no baseline": lambda rows: rows.with_columns(baseline=pl.lit(None, dtype=pl.Float64)),
    "baseline in words": lambda rows: rows.with_columns(baseline=pl.lit("high")),
    "value in words": lambda rows: rows.with_columns(value=pl.lit("much")),
    "a date": lambda rows: rows.with_columns(value=pl.lit("2026-01-01").str.to_date()),
    "everything twice": lambda rows: pl.concat([rows, rows]),
    "nothing ended": lambda rows: rows.with_columns(ended=pl.lit(False)),
    "huge": lambda rows: rows.with_columns(value=pl.col("value") * 1e150),
}


def test_every_word_is_tried() -> None:
    assert set(SAID) == set(METHODS)


@pytest.mark.parametrize("nasty", NASTY)
def test_a_stated_result_or_a_reason(nasty: str) -> None:
    plan = {
        "visits": ["V1", "V2"],
        "analyses": {
            name: {"method": name, "contrast": f"mdma - placebo{AT.get(name, ' at V2')}", **said}
            for name, said in SAID.items()
        },
    }
    found = analyse(plan, NASTY[nasty](ROWS))
    for one in found.values():
        assert (one.result is None) != (one.why is None)
        if one.result is not None:
            assert "nan" not in str(one.result).lower()
            assert one.to_ard()["value"].is_nan().sum() == 0
        else:
            assert one.why
    if nasty in ("as it should be", "one site"):
        excused = BY_SITE if nasty == "one site" else set()
        assert [one.id for one in found.values() if one.result is None and one.id not in excused] == []


def test_a_cell_that_holds_several_values_is_refused() -> None:
    rows = ROWS.with_columns(value=pl.concat_list("value", "baseline"))
    with pytest.raises(ValueError, match="column 'value' holds List"):
        analyse({"analyses": {"one": {"method": "describe"}}}, rows)


FLAT: dict[str, dict[str, Any]] = {
    "describe": {},
    "rank_sum": {},
    "signed_rank": {},
    "paired_t": {},
    "standardised_linear": {"fixed": "arm + baseline"},
    "standardised_logistic": {"fixed": "arm + baseline", **EVENT},
    "proportion": {"interval": "wald", **EVENT},
}
"""Methods whose standard error is nought where nobody differs from another in their arm."""


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("first", [30.0, 10.0])
def test_where_nobody_differs_there_is_no_interval_without_width(name: str, first: float) -> None:
    """Of 6 and 6: an interval from 1 to 1, or from 0.92 to 0.93, would be certainty out of nothing."""
    rows = ROWS.with_columns(value=pl.when(arm="mdma").then(first).otherwise(pl.lit(10.0)))
    plan = {"one": {"method": name, "contrast": "mdma - placebo at V2", **FLAT[name]}}
    found = analyse({"visits": ["V1", "V2"], "analyses": plan}, rows)["one"]
    assert found.result is not None, found.why
    for one in found.result:
        assert one.estimate is not None
        assert (one.low, one.high, one.se) == (None, None, one.se if name == "proportion" else None)
        assert any("no interval" in note for note in one.notes)


def test_a_model_without_a_residual_has_no_interval() -> None:
    rows = ROWS.with_columns(value=2 * pl.col("baseline") + pl.when(arm="mdma").then(3.0).otherwise(0.0))
    plan = {"one": {"method": "standardised_linear", "fixed": "arm + baseline", "contrast": "mdma - placebo"}}
    found = analyse({"analyses": plan}, rows.filter(visit="V2"))["one"].result
    assert found is not None
    assert found[0].estimate == pytest.approx(3.0)
    assert (found[0].low, found[0].p) == (None, None)
