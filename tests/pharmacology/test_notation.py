"""Regimens and limits as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology.notation import (
    Limit,
    NotALimit,
    build_regimen,
    read_limit,
    read_regimen,
    usual_end,
)
from entact.pharmacology.quantity import NotAQuantity
from entact.pharmacology.regimen import NotARegimen, Regimen
from entact.pharmacology.variables import OUTPUTS


def test_a_line_is_the_regimen_that_python_builds() -> None:
    built = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h").then("100 mg base", at="24 h")
    assert read_regimen("120 mg HCl + 60 mg HCl @ 2h + 100 mg base @ 1 d") == built
    assert build_regimen("120 mg HCl", "60 mg HCl @ 120 min", ["100 mg base @ 24 h"]) == built
    fed = read_regimen("1.5 mg/kg HCl", enantiomer="R", food="fed", water="restricted")
    assert (fed.enantiomer, fed.food, fed.water) == ("R", "fed", "restricted")


@pytest.mark.parametrize(
    ("text", "fault", "said"),
    [
        ("120 mg", NotAQuantity, "does not say which form"),
        ("-120 mg HCl", NotAQuantity, "0 mg or more"),
        ("120 mg HCl + 60 mg HCl", NotARegimen, "needs a time since the initial dose"),
        ("120 mg HCl + 60 mg HCl @", NotARegimen, "needs a time"),
        ("120 mg HCl + @ 2 h", NotARegimen, "needs a time"),
        ("120 mg HCl + 60 mg HCl @ 0 h", NotARegimen, "not after the initial dose"),
        ("120 mg HCl + 60 mg HCl @ -1 h", NotARegimen, "before the initial dose"),
        ("120 mg HCl + 60 mg HCl @ 2 h + 60 mg HCl @ 1 h", NotARegimen, "not after the dose at 2 h"),
        ("120 mg HCl + 60 mg HCl @ 2", NotAQuantity, "write a number and d, h, min or s"),
        ("", NotAQuantity, "write a number"),
    ],
)
def test_a_line_that_is_no_regimen_says_what_would_be_right(
    text: str, fault: type[ValueError], said: str
) -> None:
    with pytest.raises(fault, match=said):
        read_regimen(text)


@given(
    st.sampled_from([variable.name for variable in OUTPUTS]),
    st.floats(-1e6, 1e6),
    st.sampled_from(["=", ">", "<"]),
    st.sampled_from(["", " "]),
)
def test_a_limit_is_read_as_it_is_written(name: str, value: float, sign: str, blank: str) -> None:
    read = read_limit(f"{name}{blank}{sign}{blank}{value!r}")
    assert read == Limit(name, value, is_above=sign != "<")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("systolic", "write an output and its limit"),
        ("160", "write an output"),
        ("pressure=160", "'pressure' is not known; known: .*systolic"),
        ("systolic=high", "'high' is no number; systolic is in mmHg"),
        ("systolic=nan", "no number"),
        ("systolic=inf", "no number"),
    ],
)
def test_a_limit_that_is_none_says_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(NotALimit, match=said):
        read_limit(text)


def test_a_later_dose_moves_the_end() -> None:
    session, next_day = (
        read_regimen("120 mg HCl + 60 mg HCl @ 2 h"),
        read_regimen("1 mg/kg HCl + 1 mg/kg HCl @ 24 h"),
    )
    assert usual_end(session) == "24 h"
    assert usual_end(next_day) == "48 h"
