"""What a dataset is described by, against each value looked at by itself."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.part import part_of_rows
from entact.datasets.sdtm.summary import Numbers, ResultsOf, Summary, summary_of

LB = domain("LB")
_numbers = st.lists(
    st.one_of(
        st.integers(-400, 400).map(float),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from([0.0, -0.0, 1e15, 1e16, 1e22, 0.1, 2.5, 1e-7]),
    ),
    min_size=1,
    max_size=8,
)


def of_numbers(numbers: list[float]) -> Summary:
    """That of a column of numbers."""
    column = pl.Series("LBSTRESN", [None, *numbers], dtype=pl.Float64)
    return summary_of(part_of_rows(pl.DataFrame([column])), LB)


@given(_numbers, _numbers)
def test_numbers_of_all_parts_are_described_as_each_is_written(one: list[float], other: list[float]) -> None:
    found = of_numbers(one)
    found.join(of_numbers(other))
    every = [*one, *other]
    numbers = found.numbers["LBSTRESN"]
    assert numbers.are_whole == all(number.is_integer() for number in every)
    assert numbers.longest == max(len(repr(number)) for number in every)
    assert numbers.digits == max(len(repr(number).partition(".")[2]) for number in every)
    if numbers.are_whole:
        assert numbers.whole == max(len(str(int(number))) for number in every)


def test_a_part_of_which_nothing_is_said_takes_nothing_away() -> None:
    found = of_numbers([2.5])
    found.join(Summary())
    assert found.numbers == {"LBSTRESN": Numbers(are_whole=False, whole=0, longest=3, digits=1)}
    assert found.used == {"LBSTRESN"}


def test_the_title_of_a_test_is_the_first_that_has_a_result() -> None:
    rows = {
        "LBTESTCD": ["HCG", "HCG", "HCG"],
        "LBTEST": ["unknown", "Choriogonadotropin", "Pregnancy"],
        "LBORRES": [None, "NEGATIVE", "POSITIVE"],
        "LBDRVFL": [None, None, "Y"],
    }
    assert summary_of(part_of_rows(pl.DataFrame(rows)), LB).results == {
        "HCG": ResultsOf("Choriogonadotropin", {"NEGATIVE", "POSITIVE"}, are_derived=True)
    }


@pytest.mark.parametrize(("number", "said"), [(None, {"POSITIVE"}), (1.0, set())])
def test_a_text_beside_a_number_is_no_term(number: float | None, said: set[str]) -> None:
    rows = pl.DataFrame(
        {"LBSTRESC": ["POSITIVE"], "LBSTRESN": [number]},
        schema={"LBSTRESC": pl.String, "LBSTRESN": pl.Float64},
    )
    assert summary_of(part_of_rows(rows), LB).uncounted == ({"LBSTRESC": said} if said else {})
