"""The methods that a plan can name, on rows: shares, strata, and what nobody has."""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.binary import MiettinenNurminen, Pair, difference

ROWS = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(150)],
        "arm": ["mdma"] * 70 + ["placebo"] * 80,
        "site": ["a", "b"] * 75,
        "value": [True] * 56 + [False] * 14 + [True] * 48 + [False] * 32,
    }
)


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ({"method": "proportion"}, 0.0524, 0.3339),
        ({"method": "proportion", "interval": "miettinen_nurminen"}, 0.0528, 0.3382),
        ({"method": "proportion", "interval": "wald"}, 0.0575, 0.3425),
        ({"method": "risk_ratio", "interval": "wald"}, 1.0766, 1.6512),
        ({"method": "odds_ratio", "interval": "wald"}, 1.2762, 5.5720),
        ({"method": "fisher"}, 1.2091, 6.0399),
        ({"method": "number_needed"}, 1 / 0.3339, 1 / 0.0524),
    ],
)
def test_words_for_shares_reach_their_methods(said: dict[str, str], low: float, high: float) -> None:
    found = analyse({"analyses": {"one": {**said, "contrast": "mdma - placebo"}}}, ROWS)["one"].result
    assert found is not None
    assert (found[0].low, found[0].high) == pytest.approx((low, high), abs=1e-3 * high)
    assert [(group.name, group.events, group.n) for group in found[0].groups] == [
        ("mdma", 56, 70),
        ("placebo", 48, 80),
    ]


def test_one_stratum_is_no_stratum() -> None:
    said = {"method": "proportion", "strata": "site", "contrast": "mdma - placebo"}
    rows = ROWS.with_columns(site=pl.lit("a"))
    found = analyse({"analyses": {"one": said}}, rows)["one"].result
    assert found is not None
    alone = difference(Pair.of(56, 70, 48, 80), method=MiettinenNurminen())
    assert (found[0].low, found[0].high) == pytest.approx((alone.low, alone.high), abs=1e-9)


def test_strata_with_one_arm_and_people_without_stratum_are_named() -> None:
    site = pl.when(pl.col("participant") == "p0").then(None).otherwise(pl.col("site"))
    rows = ROWS.with_columns(site=pl.when(pl.col("participant") == "p1").then(pl.lit("c")).otherwise(site))
    said = {"method": "cmh", "strata": "site", "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"one": said}}, rows)["one"].result
    assert found is not None
    assert "strata with one arm only say nothing: c" in found[0].notes
    assert "1 participants of no known stratum left out" in found[0].notes


@pytest.mark.parametrize(
    "method", ["proportion", "risk_ratio", "odds_ratio", "number_needed", "fisher", "boschloo"]
)
@pytest.mark.parametrize("events", [0.0, 1.0])
def test_nobody_or_everybody_is_a_stated_result(method: str, events: float) -> None:
    rows = ROWS.with_columns(value=pl.lit(events))
    found = analyse({"analyses": {"one": {"method": method, "contrast": "mdma - placebo"}}}, rows)["one"]
    assert found.result is not None
    assert "nan" not in str(found).lower()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS.filter(pl.col("arm") == "mdma"), "nobody in arm 'placebo'"),
        (ROWS.with_columns(value=pl.lit(None, dtype=pl.Boolean)), "nobody has a value"),
        (ROWS.with_columns(value=pl.lit("Y")), "'Y' is no yes or no"),
        (ROWS.with_columns(participant=pl.lit("p")), "has 150 rows here"),
    ],
)
def test_what_cannot_be_compared_says_why(rows: pl.DataFrame, message: str) -> None:
    found = analyse({"analyses": {"one": {"method": "proportion", "contrast": "mdma - placebo"}}}, rows)
    assert found["one"].result is None
    assert message in (found["one"].why or "")


def test_a_description_of_one_person_has_no_interval() -> None:
    rows = pl.DataFrame({"participant": ["a"], "value": [3.0]})
    found = analyse({"analyses": {"one": {"method": "describe"}}}, rows)["one"].result
    assert found is not None
    assert (found[0].estimate, found[0].low) == (3.0, None)
    assert found[0].notes == ("fewer than two values have no interval",)
