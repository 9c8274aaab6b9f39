"""Raters against a second rating: by rater and over time, and what it is when it cannot be told."""

from __future__ import annotations

import pytest

from entact.analysis.agreement import (
    Pair,
    agreement_by_rater,
    agreement_of,
    agreement_over_time,
    icc,
    kappa,
)

STEADY = [(31, 30), (44, 45), (12, 12), (25, 27), (38, 37), (19, 18)]
ADRIFT = [(31, 44), (44, 21), (12, 30), (25, 12), (38, 40), (19, 36)]


def pairs(rater: str, values: list[tuple[int, int]], begin: int = 0) -> list[Pair]:
    return [
        Pair(rater, begin + place, float(a), float(b), a >= 28, b >= 28)
        for place, (a, b) in enumerate(values)
    ]


def test_each_raters_agreement_has_its_interval_and_names_their_shift() -> None:
    adrift, steady = agreement_by_rater([*pairs("steady", STEADY), *pairs("adrift", ADRIFT)])
    assert (adrift.of, steady.of) == ("adrift", "steady")
    whole = icc(STEADY, "1,1")
    assert steady.icc == whole
    assert whole.low is not None
    assert whole.estimate is not None
    assert whole.low < whole.estimate < 1
    assert steady.shift == pytest.approx(0.0)
    assert adrift.shift == pytest.approx(sum(a - b for a, b in ADRIFT) / 6)
    assert adrift.kappa is not None
    agreed = kappa([a >= 28 for a, _ in ADRIFT], [b >= 28 for _, b in ADRIFT])
    assert (adrift.kappa.estimate, adrift.kappa.low) == (agreed.estimate, agreed.low)
    assert adrift.is_under(0.8)
    assert not steady.is_under(0.8)


def test_of_each_rater_the_latest_count_whatever_order_they_come_in() -> None:
    own = [*pairs("ada", ADRIFT), *pairs("ada", STEADY, begin=10)]
    (found,) = agreement_by_rater(reversed(own), last=6)
    assert found.n == 6
    assert found.icc == icc(STEADY, "1,1")


def test_over_time_it_is_that_of_all_raters_in_each_stretch() -> None:
    own = [*pairs("ada", STEADY), *pairs("bea", ADRIFT, begin=100)]
    first, second = agreement_over_time(own, lambda at: "first" if at < 100 else "second")
    assert (first.of, first.n, second.of, second.n) == ("first", 6, "second", 6)
    assert not first.is_under(0.8)
    assert second.is_under(0.8)


def test_what_cannot_be_told_is_said_and_is_under_no_limit() -> None:
    nothing, one = agreement_of([]), agreement_of(pairs("ada", STEADY[:1]))
    same = agreement_of([Pair("ada", place, 20.0, 20.0) for place in range(4)])
    for found in (nothing, one, same):
        assert found.icc is None
        assert found.note
        assert not found.is_under(0.99)
    assert same.kappa is None
    exact = agreement_of([Pair("ada", place, float(place), float(place)) for place in range(4)])
    assert exact.icc is not None
    assert exact.icc.estimate == 1.0
