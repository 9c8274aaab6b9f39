"""Events on days of dosing and between, and over time, by hand and beside `exposure_adjusted`."""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis.safety import dose_day_rates, exposure_adjusted, time_course

ARMS = ("mdma", "placebo")
PEOPLE = pl.DataFrame(
    {
        "participant": list("abcd"),
        "arm": ["mdma", "mdma", "placebo", "placebo"],
        "dose_days": [3, 2, 3, 3],
        "days": [103, 20, 103, 103],
    }
)
EVENTS = pl.DataFrame(
    {
        "participant": ["a", "a", "b", "c", "c"],
        "term": ["Nausea"] * 5,
        "dose_day": [True, False, True, False, False],
        "day": [0, 12, 0, 3, 60],
    }
)


def test_rates_are_over_the_days_that_there_were() -> None:
    found = dose_day_rates(EVENTS, PEOPLE, ARMS)
    by_label = {one.label: one for one in found}
    assert by_label["Nausea, mdma, on a day of dosing"].estimate == pytest.approx(2 / 5)
    assert by_label["Nausea, mdma, between"].estimate == pytest.approx(1 / 118)
    assert by_label["Nausea, placebo, between"].estimate == pytest.approx(2 / 200)
    theirs = exposure_adjusted(
        EVENTS.filter(pl.col("dose_day")), PEOPLE.with_columns(exposure=pl.col("dose_days")), ARMS
    )
    assert by_label["Nausea, on a day of dosing"].high == theirs[2].high


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="not known whether"):
        dose_day_rates(EVENTS.with_columns(dose_day=pl.lit(None, dtype=pl.Boolean)), PEOPLE, ARMS)
    with pytest.raises(ValueError, match="no days beside"):
        dose_day_rates(EVENTS, PEOPLE.with_columns(days=pl.lit(3)), ARMS)
    with pytest.raises(ValueError, match="do not rise"):
        time_course(EVENTS, PEOPLE, ARMS, [28, 7])
    with pytest.raises(ValueError, match="participant a began on day -3, before day 0"):
        time_course(EVENTS.with_columns(day=pl.col("day") - 3), PEOPLE, ARMS, [7])
    with pytest.raises(ValueError, match="participant b began on day 21, and they were watched for 20 days"):
        time_course(EVENTS.with_columns(day=pl.lit(21)), PEOPLE, ARMS, [7, 28])
    with pytest.raises(ValueError, match="has no day"):
        time_course(EVENTS.with_columns(day=pl.lit(None, dtype=pl.Int64)), PEOPLE, ARMS, [7])


def test_who_is_no_longer_watched_is_not_counted() -> None:
    found = time_course(EVENTS, PEOPLE, ARMS, [7, 28, 100])
    rows = {(row[1], row[3]): (row[4], row[5]) for row in found.iter_rows()}
    assert rows["mdma", 7.0] == (2, 2)
    assert rows["mdma", 28.0] == (1, 2)
    assert rows["mdma", 100.0] == (0, 1)
    assert rows["placebo", 7.0] == (1, 2)
    assert rows["placebo", 100.0] == (1, 2)
