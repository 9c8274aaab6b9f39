"""Events by term, rates, shifts of grades, liver tests and QT; against R and by hand."""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis.binary import MiettinenNurminen, Pair, difference
from entact.analysis.safety import edish, exposure_adjusted, incidence, qt_categories, qtcf, shift

PAIR = ("mdma", "placebo")
PEOPLE = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(40)],
        "arm": ["mdma"] * 20 + ["placebo"] * 20,
        "exposure": [15.0] * 20 + [12.5] * 20,
    }
)
EVENTS = pl.DataFrame(
    {
        "participant": [f"p{place % 9}" for place in range(11)] + ["p20", "p21", "p22", "p3"],
        "term": ["nausea"] * 14 + ["headache"],
    }
)


def test_somebody_with_two_events_is_one_participant() -> None:
    found = incidence(EVENTS, PEOPLE, PAIR)
    assert [one.label for one in found] == ["nausea", "headache"]
    theirs = difference(Pair.of(9, 20, 3, 20), method=MiettinenNurminen())
    assert (found[0].estimate, found[0].low, found[0].high) == (theirs.estimate, theirs.low, theirs.high)
    assert [(group.name, group.events, group.n) for group in found[1].groups] == [
        ("mdma", 1, 20),
        ("placebo", 0, 20),
    ]
    assert found[0].p is None


def test_rates_are_those_of_r() -> None:
    """Copied from R output of: poisson.test(c(11, 3), c(300, 250)); poisson.test(11, 3)$conf.int."""
    found = exposure_adjusted(EVENTS, PEOPLE, PAIR, per=100)
    first, second, ratio = found[0], found[1], found[2]
    assert first.estimate == pytest.approx(11 / 3)
    assert (first.low, first.high) == pytest.approx((1.830386789, 6.560679504), rel=1e-8)
    assert second.estimate == pytest.approx(3 / 2.5)
    assert ratio.estimate == pytest.approx(3.055555556, rel=1e-9)
    assert (ratio.low, ratio.high) == pytest.approx((0.807165161, 17.057308003), rel=1e-8)
    assert ratio.p == pytest.approx(0.1049861543, rel=1e-8)
    alone = found[5]
    assert alone.estimate is None
    assert alone.high == float("inf")
    assert alone.notes == ("no event in the second arm: the ratio is endless",)
    assert found.to_ard()["value"].is_nan().sum() == 0


def test_no_events_are_no_rows() -> None:
    assert len(incidence(EVENTS.head(0), PEOPLE, PAIR)) == 0


@pytest.mark.parametrize(
    ("events", "people", "message"),
    [
        (EVENTS.with_columns(participant=pl.lit("x")), PEOPLE, "participant x, who is not among the people"),
        (EVENTS, PEOPLE.filter(arm="mdma"), "nobody is in arm 'placebo'"),
        (EVENTS, pl.concat([PEOPLE, PEOPLE]), "stands twice"),
        (EVENTS.drop("term"), PEOPLE, "no column 'term'"),
        (EVENTS, PEOPLE.with_columns(exposure=pl.lit(0.0)), "unknown or not above 0"),
    ],
)
def test_what_cannot_be_counted_says_why(events: pl.DataFrame, people: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        exposure_adjusted(events, people, PAIR)


def test_everybody_shifts_to_the_worst_grade_afterwards() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c", "d"],
            "arm": ["mdma"] * 5,
            "before": ["normal", "normal", "mild", None, "normal"],
            "after": ["mild", "severe", "normal", "mild", None],
        }
    )
    found = shift(rows, ["normal", "mild", "severe"])
    assert found.filter(before="normal").row(0) == ("mdma", "normal", 0, 0, 1, 1)
    assert found.filter(before="mild").row(0) == ("mdma", "mild", 1, 0, 0, 0)
    assert found.filter(before="unknown").row(0) == ("mdma", "unknown", 0, 1, 0, 0)
    assert found.select(pl.col("normal", "mild", "severe", "unknown").sum()).sum_horizontal().item() == 4
    with pytest.raises(ValueError, match="holds 'awful'"):
        shift(rows.with_columns(after=pl.lit("awful")), ["normal", "mild", "severe"])


def test_liver_tests_have_their_quadrant_by_their_peaks_whenever_they_were() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["hy", "hy", "alt", "bili", "well", "half"],
            "alt": [3.1, 1.0, 3.01, 3.0, 1.0, None],
            "bilirubin": [0.5, 2.1, 2.0, 2.5, 0.4, 1.0],
        }
    )
    found = dict(edish(rows).select("participant", "quadrant").iter_rows())
    assert found == {
        "hy": "possible Hy's Law",
        "alt": "Temple's corollary",
        "bili": "hyperbilirubinaemia",
        "well": "normal",
        "half": "unknown",
    }


def test_qt_is_corrected_by_the_cube_root_of_rr() -> None:
    found = qtcf(pl.Series([400.0, 400.0, None]), pl.Series([1000.0, 512.0, 900.0]))
    assert found.to_list() == [pytest.approx(400.0), pytest.approx(500.0), None]
    with pytest.raises(ValueError, match="RR is in milliseconds"):
        qtcf(pl.Series([400.0]), pl.Series([0.857]))


def test_long_qt_is_counted_above_its_limits_and_not_at_them() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c"],
            "arm": ["mdma"] * 4,
            "qtcf": [450.0, 481.0, 450.0, None],
            "baseline": [420.0, 420.0, None, 400.0],
        }
    )
    found = {category: (n, known) for _, category, n, known in qt_categories(rows).iter_rows()}
    assert found == {
        "above 450 ms": (1, 2),
        "above 480 ms": (1, 2),
        "above 500 ms": (0, 2),
        "rise above 30 ms": (1, 1),
        "rise above 60 ms": (1, 1),
    }
