"""The methods that a plan can name, on rows: shares, strata, and what nobody has."""

from __future__ import annotations

import numpy as np
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
    done = analyse({"analyses": {"one": said}}, rows)["one"]
    assert done.result is not None
    assert "strata with one arm only say nothing: c" in done.result[0].notes
    assert [(one.why, one.participants) for one in done.entered.left_out] == [("site unknown", 1)]


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
        (
            ROWS.with_columns(value=pl.lit("Y")),
            "holds text, such as 'Y': no number and no yes or no",
        ),
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


NUMBERS = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(40)],
        "arm": ["mdma", "placebo"] * 20,
        "site": [1, 1, 2, 2] * 10,
        "baseline": [40.0 + place % 9 for place in range(40)],
        "value": [-20.0 - place % 7 + 9 * (place % 2) + 0.1 * place for place in range(40)],
    }
)


@pytest.mark.parametrize(
    "said",
    [
        {"method": "ancova", "fixed": "arm + baseline + site", "variance": "HC3", "weights": "observed"},
        {"method": "standardised_linear", "fixed": "arm * baseline", "randomised_within": "site"},
        {"method": "t_test"},
        {"method": "effect_size", "sd": "baseline"},
        {"method": "effect_size", "kind": "cohen"},
        {"method": "rank_sum"},
        {"method": "van_elteren", "strata": "site"},
        {"method": "rerandomisation", "procedure": "blocks", "sizes": [2, 4], "seed": 1, "draws": 99},
    ],
)
def test_words_for_numbers_reach_their_methods(said: dict[str, object]) -> None:
    found = analyse({"analyses": {"one": {**said, "contrast": "mdma - placebo"}}}, NUMBERS)["one"]
    assert found.result is not None, found.why
    one = found.result[0]
    assert one.label == "mdma - placebo"
    assert one.estimate is not None
    assert one.estimate < (one.null or 0)
    assert [group.n for group in one.groups] == [20, 20]


def test_the_number_of_a_site_is_a_name() -> None:
    said = {"method": "ancova", "fixed": "arm + site", "contrast": "mdma - placebo"}
    rows = NUMBERS.with_columns(site=pl.Series([1, 1, 2, 2, 3] * 8))
    named = rows.with_columns(site=pl.col("site").replace_strict({1: "z", 2: "y", 3: "x"}))
    one, other = (analyse({"analyses": {"one": said}}, frame)["one"].result for frame in (rows, named))
    assert one is not None
    assert other is not None
    assert one[0].estimate == pytest.approx(other[0].estimate, rel=1e-12)


def test_what_counts_as_an_event_is_said_by_the_plan() -> None:
    said = {"method": "proportion", "event": {"at_most": -15}, "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"one": said}}, NUMBERS)["one"].result
    assert found is not None
    events = [group.events for group in found[0].groups]
    arms = [NUMBERS.filter(pl.col("arm") == arm)["value"] for arm in ("mdma", "placebo")]
    assert events == [int((values <= -15).sum()) for values in arms]
    words = ROWS.with_columns(value=pl.when(pl.col("value")).then(pl.lit("Y")).otherwise(pl.lit("N")))
    said = {"method": "proportion", "event": "Y", "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"one": said}}, words)["one"].result
    assert found is not None
    assert [group.events for group in found[0].groups] == [56, 48]


def test_changes_within_people_need_no_second_arm() -> None:
    rows = NUMBERS.drop("arm")
    for method in ("paired_t", "signed_rank"):
        found = analyse({"analyses": {"one": {"method": method}}}, rows)["one"].result
        assert found is not None
        assert len(found) == 1
    both = analyse({"analyses": {"one": {"method": "share", "event": {"at_most": -15}}}}, NUMBERS)[
        "one"
    ].result
    assert both is not None
    assert [one.label for one in both] == ["mdma", "placebo"]


def test_a_logistic_model_is_standardised() -> None:
    said = {
        "method": "standardised_logistic",
        "fixed": "arm + baseline",
        "event": {"at_most": -15},
        "contrast": "mdma - placebo",
    }
    found = analyse({"analyses": {"one": said}}, NUMBERS)["one"]
    assert found.result is not None, found.why
    assert "marginal: averaged over the covariates of everybody" in found.result[0].notes


def test_visits_and_arms_that_are_numbers_are_names_in_their_order() -> None:
    rows = pl.concat(
        [
            NUMBERS.with_columns(
                visit=pl.lit(week), value=pl.col("value") + week * (pl.int_range(pl.len()) % 3)
            )
            for week in (4.0, 18.0, 8.0)
        ]
    ).with_columns(arm=pl.when(pl.col("arm") == "mdma").then(1).otherwise(0))
    said = {"method": "ancova", "fixed": "arm + baseline", "contrast": "1 - 0 at 18"}
    found = analyse({"analyses": {"one": said, "two": {"method": "describe"}}}, rows)
    assert found["one"].result is not None, found["one"].why
    assert found["two"].result is not None
    assert [one.label for one in found["two"].result][::2] == ["0 at 4", "0 at 8", "0 at 18"]


def _apart() -> pl.DataFrame:
    """Nobody is seen at both the second and the third visit: an unstructured covariance is not determined."""
    random = np.random.default_rng(5)
    rows = []
    for who in range(40):
        level, arm = random.normal(), "mdma" if who % 2 else "placebo"
        for visit in ("one", "two" if who % 4 < 2 else "three"):
            rows.append((f"p{who}", arm, visit, level + random.normal(), 0.0))
    return pl.DataFrame(rows, ["participant", "arm", "visit", "value", "baseline"], orient="row")


MIXED = {"method": "mmrm", "fixed": "arm * visit", "contrast": "mdma - placebo at three"}


def test_covariances_are_tried_in_their_order() -> None:
    said = {**MIXED, "covariance": ["unstructured", "compound_symmetry"]}
    plan = {"visits": ["one", "two", "three"], "analyses": {"several": said}}
    found = analyse(plan, _apart())["several"].result
    assert found is not None
    assert "compound symmetry (none was found with unstructured), REML" in found[0].method
    alone = {"visits": plan["visits"], "analyses": {"one": {**MIXED, "covariance": "compound_symmetry"}}}
    one = analyse(alone, _apart())["one"].result
    assert one is not None
    assert one[0].estimate == found[0].estimate


def test_why_no_covariance_will_do_is_said_of_each() -> None:
    said = {**MIXED, "covariance": ["unstructured", "spatial_exponential"]}
    why = analyse({"visits": ["one", "two", "three"], "analyses": {"one": said}}, _apart())["one"].why
    assert why is not None
    assert why.startswith("with unstructured: no participant has values at both two and three")
    assert "; with spatial exponential: " in why


def test_a_covariance_that_is_none_is_named() -> None:
    said = {**MIXED, "covariance": ["unstructured", "toeplits"]}
    with pytest.raises(ValueError, match="there is no covariance 'toeplits'; did you mean 'toeplitz'"):
        analyse({"visits": ["one", "two", "three"], "analyses": {"one": said}}, _apart())
