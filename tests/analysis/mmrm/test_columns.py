"""What a frame states is kept: identity, order, kind; what would be guessed is refused or said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.analysis.mmrm.golden import error
from tests.analysis.mmrm.test_laws import fit, last, trial

from entact.analysis.mmrm import AutoRegressive, Toeplitz, TrialDesign, Unstructured, mmrm

DATA = trial(11, visits=4)
WEEKS = ["week 2", "week 4", "week 8", "week 12"]
NAMED = DATA.with_columns(pl.col("visit").replace(dict(zip(["v0", "v1", "v2", "v3"], WEEKS, strict=True))))
STATED = NAMED.with_columns(pl.col("visit").cast(pl.Enum(WEEKS)))


def pandas(data: pl.DataFrame) -> Any:
    return pd.DataFrame(data.to_dict(as_series=False))


def test_a_categorical_keeps_the_order_of_appearance() -> None:
    expected = fit(STATED, covariance=AutoRegressive())
    found = fit(NAMED.with_columns(pl.col("visit").cast(pl.Categorical)), covariance=AutoRegressive())
    assert found.visits == tuple(WEEKS)
    assert last(found) == last(expected)


def test_a_categorical_whose_order_of_appearance_is_doubtful_is_refused_where_order_counts() -> None:
    jumbled = NAMED.sort("base", "week", descending=True).with_columns(pl.col("visit").cast(pl.Categorical))
    with pytest.raises(ValueError, match="order of the visits in 'visit' is unclear"):
        fit(jumbled, covariance=Toeplitz())


def test_a_pandas_category_made_from_text_states_no_order() -> None:
    frame = pandas(NAMED)
    frame["visit"] = frame["visit"].astype("category")
    with pytest.raises(ValueError, match="order of the visits in 'visit' is unclear"):
        fit(frame, covariance=AutoRegressive())
    ordered = frame.assign(visit=pd.Categorical(frame["visit"], categories=WEEKS, ordered=True))
    stated = frame.assign(visit=pd.Categorical(frame["visit"], categories=WEEKS))
    expected = last(fit(STATED, covariance=AutoRegressive()))
    assert last(fit(ordered, covariance=AutoRegressive())) == expected
    assert last(fit(stated, covariance=AutoRegressive())) == expected


def test_words_have_no_order_that_could_be_told() -> None:
    words = DATA.with_columns(
        pl.col("visit").replace({"v0": "baseline", "v1": "first", "v2": "end", "v3": "after"})
    )
    with pytest.raises(ValueError, match="as they stand it would be after, baseline, end, first"):
        fit(words, covariance=AutoRegressive())
    result = fit(words, covariance=Unstructured())
    assert (
        "visit: the visits stand in the order after, baseline, end, first; an Enum would state another"
        in result.notes
    )
    assert not any("order" in note for note in fit(DATA).notes)


def test_numbers_dates_and_durations_are_in_their_own_order() -> None:
    expected = fit(STATED, covariance=AutoRegressive()).deviance
    days = {week: int(week.split()[1]) * 7 for week in WEEKS}
    day = pl.col("visit").cast(pl.String).replace_strict(days, return_dtype=pl.Int64)
    for made in (
        day,
        day * 1.0,
        pl.lit(date(2024, 1, 1)) + pl.duration(days=day),
        pl.duration(days=day),
        pl.duration(hours=day),
    ):
        frame = NAMED.with_columns(time=made)
        for one in (frame, pandas(frame)):
            found = mmrm(
                "y ~ base + arm * visit", one, subject="id", visit="time", covariance=AutoRegressive()
            )
            assert error(found.deviance, expected) < 1e-12


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64, pl.Int128])
def test_large_identifiers_stay_apart(dtype: Any) -> None:
    large = DATA.with_columns(id=(pl.col("id") + 2**53).cast(dtype))
    result = fit(large)
    assert result.model.layout.participants == DATA.drop_nans("y")["id"].n_unique()
    assert last(result) == last(fit(DATA))
    assert str(2**53 + 1) in result.model.observations.participants.to_list()
    predicted = result.predict(large.drop_nans("y"))
    assert error(predicted["prediction"], large.drop_nans("y")["y"]) < 1e-9


def test_large_identifiers_of_pandas_stay_apart() -> None:
    frame = pandas(DATA.with_columns(pl.col("id") + 2**53))
    for dtype in ("int64", "uint64", "Int64"):
        assert last(fit(frame.astype({"id": dtype}))) == last(fit(DATA))
    holes = frame.astype({"id": "Int64"})
    holes.loc[0, "id"] = pd.NA
    assert any("missing id in 1" in note for note in fit(holes).notes)
    for of in (int, Decimal, lambda one: int(one) * 10**15):  # as pandas keeps whole numbers beyond its own
        assert last(fit(frame.assign(id=pd.Series([of(one) for one in frame["id"]], dtype=object)))) == last(
            fit(DATA)
        )


def test_identifiers_that_a_float_has_already_merged_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'id' in row 0 .* too large to tell one participant from the next"):
        fit(DATA.with_columns((pl.col("id") + 2**53).cast(pl.Float64)))
    narrow = DATA.with_columns((pl.col("id") + 2**24).cast(pl.Float32))
    for frame in (narrow, pandas(narrow).astype({"id": "float32"})):
        with pytest.raises(
            ValueError, match=r"'id' in row 0 .* is 16777216, a floating-point number too large"
        ):
            fit(frame)
    # whole numbers that became floats because one is missing are read as what they were
    floats = fit(DATA.with_columns(pl.col("id").cast(pl.Float64)))
    assert "7" in floats.model.observations.participants.to_list()


def test_large_visits_and_groups_stay_apart() -> None:
    large = DATA.with_columns(time=pl.col("week") + 2**60, group=(pl.col("id") % 2) + 2**60)
    found = mmrm("y ~ base + arm * visit", large, subject="id", visit="time", by="group")
    assert len(found.visits) == 4
    assert len(found.covariance) == 2
    assert TrialDesign.of("~ arm", large, subject="id", visit="time").m == 4
    exact = large.with_columns(pl.col("time", "group").cast(pl.Decimal(38, 0)))
    objects = pandas(large).assign(
        time=pd.Series(large["time"].to_list(), dtype=object), group=pd.Series(large["group"], dtype=object)
    )
    for frame in (exact, objects):
        other = mmrm("y ~ base + arm * visit", frame, subject="id", visit="time", by="group")
        assert other.visits == found.visits
        assert len(other.covariance) == 2


def test_true_and_false_may_be_missing() -> None:
    data = DATA.with_columns(flag=pl.col("id") % 3 == 0)
    holes = data.with_columns(flag=pl.when(pl.col("id") == 5).then(None).otherwise(pl.col("flag")))
    expected = fit(holes, "y ~ flag + arm * visit")
    assert expected.model.n == DATA.filter(pl.col("id") != 5).drop_nans("y").height
    frame = pandas(holes.with_columns(pl.col("flag").cast(pl.Int8)))
    nullable = frame.assign(flag=frame["flag"].astype("boolean"))
    objects = frame.assign(flag=[None if one is None else bool(one) for one in holes["flag"]])
    for one in (nullable, objects):
        assert last(fit(one, "y ~ flag + arm * visit")) == last(expected)


def test_a_column_twice_is_named() -> None:
    frame = pandas(DATA)
    twice = pd.concat([frame, frame[["base"]]], axis=1)
    with pytest.raises(ValueError, match="2 columns are called 'base': rename all but one"):
        fit(twice)
    # one that is not asked for does no harm
    assert last(fit(twice, "y ~ arm * visit")) == last(fit(DATA, "y ~ arm * visit"))


def test_numbers_kept_as_objects_are_numbers() -> None:
    frame = pandas(DATA)
    frame["base"] = [Decimal(str(one)) for one in frame["base"]]
    assert error(last(fit(frame)), last(fit(DATA))) < 1e-9


def test_numbers_with_a_late_word_among_them_are_refused_by_row() -> None:
    frame = pandas(DATA)
    frame["base"] = frame["base"].astype(object)
    frame.loc[101, "base"] = "not done"
    with pytest.raises(
        ValueError, match=r"column 'base' holds values of several kinds .*'not done' in row 101"
    ):
        fit(frame)


def test_what_is_neither_number_nor_category_is_refused() -> None:
    with pytest.raises(ValueError, match=r"column 'base' holds List"):
        fit(DATA.with_columns(base=pl.concat_list("base", "week")))
    frame = pandas(DATA)
    frame["base"] = [[one] for one in frame["base"]]
    with pytest.raises(ValueError, match="column 'base' holds values"):
        fit(frame)
    with pytest.raises(ValueError, match="column 'base' holds complex numbers"):
        fit(pandas(DATA).astype({"base": complex}))
    with pytest.raises(ValueError, match="categories that read alike"):
        fit(pandas(DATA).assign(arm=pd.Categorical([1, "1"] * (DATA.height // 2), categories=[1, "1"])))
    with pytest.raises(ValueError, match="outcome 'arm' is not one column of numbers"):
        fit(DATA, "arm ~ base")


def test_an_empty_column_is_missing() -> None:
    with pytest.raises(ValueError, match="no row has values in all of"):
        fit(DATA.with_columns(base=pl.lit(None)))


def test_whole_numbers_that_enter_as_a_slope_are_noted() -> None:
    data = DATA.with_columns(site=pl.col("id") % 3 + 1)
    notes = fit(data, "y ~ site + arm * visit").notes
    assert "site: the numbers 1, 2, 3 enter as a slope; write C(site) for categories" in notes
    notes = mmrm("y ~ arm * week", data, subject="id", visit="week").notes
    assert any("the visits are numbers and enter the formula as one slope" in note for note in notes)
    assert not any("slope" in note for note in fit(data, "y ~ C(site) + base + arm * visit").notes)
    with pytest.raises(ValueError, match=r"'week' is not a factor of the formula.*write C\(week\)"):
        mmrm("y ~ arm * week", data, subject="id", visit="week").lsmeans("arm", by="week")


def test_the_frame_of_numpys_own_types() -> None:
    assert last(fit(pandas(DATA).astype({"base": np.float64, "id": np.int32}))) == last(fit(DATA))


def test_text_that_hides_something_is_refused_or_noted() -> None:
    person = int(DATA.drop_nans("y")["id"][9])
    arm = pl.when(pl.col("id") == person)
    with pytest.raises(ValueError, match="column 'arm' holds empty text: make it missing"):
        fit(DATA.with_columns(arm=arm.then(pl.lit("")).otherwise("arm")))
    with pytest.raises(ValueError, match=r"column 'arm' has '\w+' and '\w+ ', which differ in blanks alone"):
        fit(DATA.with_columns(arm=arm.then(pl.col("arm") + " ").otherwise("arm")))
    notes = fit(DATA.with_columns(arm=arm.then(pl.lit("NA")).otherwise("arm"))).notes
    assert "arm: 'NA' is text here, not a missing value" in notes
    text = pl.col("id").cast(pl.String)
    with pytest.raises(ValueError, match=r"column 'id' has '\d+' and '\d+ ', which differ in blanks alone"):
        fit(DATA.with_columns(id=pl.when(pl.col("week") == 1).then(text + " ").otherwise(text)))
    with pytest.raises(ValueError, match="column 'id' holds empty text"):
        fit(DATA.with_columns(id=pl.when(pl.col("id") == person).then(pl.lit("")).otherwise(text)))


def test_numbers_kept_as_text_are_no_categories() -> None:
    for written in (
        pl.col("base").round(1).cast(pl.String),
        pl.col("base").round(1).cast(pl.String).str.replace(".", ",", literal=True),
    ):
        with pytest.raises(ValueError, match=r"column 'base' is text, though .* reads as a number"):
            fit(DATA.with_columns(base=written), covariance=AutoRegressive())
    sites = DATA.with_columns(site=(pl.col("id") % 14 + 101).cast(pl.String))
    notes = fit(sites, "y ~ site + arm * visit").notes
    assert "site: text that reads as numbers, taken as 14 categories" in notes
