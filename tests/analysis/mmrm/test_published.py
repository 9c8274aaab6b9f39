"""Dental growth of 27 children, by maximum likelihood: an assumption until somebody checks it in print.

Data: Potthoff & Roy 1964, Biometrika 51:313-326 (mm at 8, 10, 12 and 14 years; 11 girls, then 16 boys).
−2 log-likelihoods: Verbeke & Molenberghs 1997, Linear Mixed Models in Practice (SAS PROC MIXED).
Both were quoted from memory and not confirmed; that five fits agree to the last digit speaks for them.
"""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis import (
    ML,
    AutoRegressive,
    CompoundSymmetry,
    Satterthwaite,
    Toeplitz,
    Unstructured,
    mmrm,
)

AGES = (8, 10, 12, 14)
DISTANCES = """
21 20 21.5 23 | 21 21.5 24 25.5 | 20.5 24 24.5 26 | 23.5 24.5 25 26.5 | 21.5 23 22.5 23.5
20 21 21 22.5 | 21.5 22.5 23 25 | 23 23 23.5 24 | 20 21 22 21.5 | 16.5 19 19 19.5
24.5 25 28 28 | 26 25 29 31 | 21.5 22.5 23 26.5 | 23 22.5 24 27.5 | 25.5 27.5 26.5 27
20 23.5 22.5 26 | 24.5 25.5 27 28.5 | 22 22 24.5 26.5 | 24 21.5 24.5 25.5 | 23 20.5 31 26
27.5 28 31 31.5 | 23 23 23.5 25 | 21.5 23.5 24 28 | 17 24.5 26 29.5 | 22.5 25.5 25.5 26
23 24.5 26 30 | 22 21.5 23.5 25
"""


def growth() -> pl.DataFrame:
    children = [child.split() for child in DISTANCES.strip().replace("\n", " | ").split(" | ")]
    assert len(children) == 27
    rows = [
        (f"c{number:02d}", "girl" if number < 11 else "boy", f"age {age:02d}", float(age), float(value))
        for number, child in enumerate(children)
        for age, value in zip(AGES, child, strict=True)
    ]
    return pl.DataFrame(rows, schema=["child", "sex", "visit", "age", "distance"], orient="row")


@pytest.mark.parametrize(
    ("formula", "covariance", "quoted"),
    [
        ("distance ~ sex * visit", Unstructured(), 416.509),
        ("distance ~ sex * age", Unstructured(), 419.477),
        ("distance ~ sex * age", Toeplitz(heterogeneous=False), 424.643),
        ("distance ~ sex * age", AutoRegressive(heterogeneous=False), 440.681),
        ("distance ~ sex * age", CompoundSymmetry(heterogeneous=False), 428.639),
    ],
)
def test_dental_growth_agrees_to_the_last_quoted_digit(
    formula: str, covariance: object, quoted: float
) -> None:
    fit = mmrm(
        formula,
        growth(),
        subject="child",
        visit="visit",
        covariance=covariance,
        method=ML,
        df=Satterthwaite(),
    )
    assert -2 * fit.log_likelihood == pytest.approx(quoted, abs=5e-4)
