"""What a value can be holds each that it takes, and where all are few it holds no other."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from entact.protocol import load_study
from entact.protocol.extent import (
    ANYTHING,
    Codes,
    Extent,
    Numbers,
    Texts,
    Truth,
    compared,
    extent_of,
    extents_in,
    extents_of,
    part_extents,
)
from entact.protocol.instrument import load_instrument
from entact.protocol.tree import parse

STUDIES = Path(__file__).parents[1] / "studies"
EITHER, YES, NO = Truth(), Truth(frozenset({True})), Truth(frozenset({False}))
COUNT = Numbers(0, math.inf, whole=True)
WHOLE = Numbers(whole=True)
KNOWN: dict[str, Extent] = {
    "f.n": Numbers(1, 3, whole=True),
    "f.x": Numbers(-2.0, 5.0),
    "f.c": Texts(frozenset("ab")),
    "f.d": Texts(frozenset("a")),
    "f.any": Texts(),
    "f.t": EITHER,
    "f.yes": YES,
    "f.many": Codes(frozenset("ab")),
    "doses()": Numbers(0, 2, whole=True),
}
RULES: dict[str, Extent] = {
    "true": YES,
    "'a'": Texts(frozenset("a")),
    "3": Numbers(3, 3, whole=True),
    "3.5": Numbers(3.5, 3.5),
    "f.other": ANYTHING,
    "person.other": EITHER,
    "event.other": EITHER,
    "['a', 'c']": Codes(frozenset("ac")),
    "['a', f.any]": Codes(),
    "f.t ? f.n : f.x": Numbers(-2.0, 5.0),
    "f.t ? f.n : 7": Numbers(1, 7, whole=True),
    "f.yes ? f.n : f.x": Numbers(1, 3, whole=True),
    "false ? f.n : f.x": Numbers(-2.0, 5.0),
    "f.t ? f.d : 'c'": Texts(frozenset("ac")),
    "f.t ? f.d : f.any": Texts(),
    "f.t ? f.yes : false": EITHER,
    "f.t ? f.many : ['c']": Codes(frozenset("abc")),
    "f.t ? f.n : f.c": Numbers(1, 3, whole=True),
    "-f.n": Numbers(-3, -1, whole=True),
    "-f.x": Numbers(-5.0, 2.0),
    "f.n + f.n": Numbers(2, 6, whole=True),
    "f.n - 5": Numbers(-4, -2, whole=True),
    "f.n * f.x": Numbers(-6.0, 15.0),
    "f.x / f.n": Numbers(-2.0, 5.0),
    "f.x / -4.0": Numbers(-1.25, 0.5),
    "f.n / f.n": WHOLE,  # what is cut off is not reckoned
    "f.n % f.n": WHOLE,
    "f.x / f.x": ANYTHING,  # through nothing
    "1.0 / (f.n - 1)": ANYTHING,
    "1.0 / (f.n - 3)": ANYTHING,
    "f.other * 0": Numbers(0.0, 0.0),
    "f.other - f.other": ANYTHING,
    "!f.yes": NO,
    "!f.t": EITHER,
    "f.t && f.yes": EITHER,
    "f.yes && f.yes": YES,
    "f.t && false": NO,
    "f.t || f.yes": YES,
    "f.t || false": EITHER,
    "false || !f.yes": NO,
    "size(f.many)": Numbers(0, 2, whole=True),
    "double(f.n)": Numbers(1, 3),
    "int(f.x)": Numbers(-2.0, 5.0, whole=True),
    "elapsed('initial')": Numbers(0),
    "given('initial')": EITHER,
    "present('therapist')": COUNT,
    "doses()": Numbers(0, 2, whole=True),
    "duration('1h30m')": Numbers(5400, 5400),
    "duration('-90m')": Numbers(-5400, -5400),
    "duration('1.5s')": Numbers(1.5, 1.5),
    "duration('500ms')": Numbers(0.5, 0.5),
    "f.n <= 3": YES,
    "f.n == 2": EITHER,
    "f.c in ['a']": EITHER,
    "f.c in ['x']": NO,
    "'a' in f.many": EITHER,
    "f.any in ['x']": EITHER,
    "f.c == f.n": EITHER,
}


@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_gives_is_between_its_ends(rule: str) -> None:
    assert extent_of(parse(rule), KNOWN) == RULES[rule]


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def some_of(values: Any) -> list[frozenset[Any]]:
    """Every part of some values but none of them."""
    return [frozenset(one) for many in range(1, len(values) + 1) for one in combinations(values, many)]


@pytest.mark.parametrize("said", COMPARE)
def test_a_comparison_comes_out_as_for_one_pair_of_values_at_least(said: str) -> None:
    spans = [(low, high) for low in range(4) for high in range(low, 4)]
    for one, other in product(spans, repeat=2):
        pairs = product(range(one[0], one[1] + 1), range(other[0], other[1] + 1))
        can = frozenset(COMPARE[said](a, b) for a, b in pairs)
        assert compared(said, Numbers(*one, whole=True), Numbers(*other, whole=True)).can == can, (one, other)
    if said not in ("==", "!="):
        return
    for make, values in ((Texts, "abc"), (Truth, (True, False))):
        for a, b in product(some_of(values), repeat=2):
            can = frozenset(COMPARE[said](x, y) for x, y in product(a, b))
            assert compared(said, make(a), make(b)).can == can, (a, b)
    assert compared(said, Texts(), Texts(frozenset("a"))) == EITHER
    assert compared(said, Texts(frozenset("a")), Texts()) == EITHER


@pytest.mark.parametrize("nothing", [Texts(frozenset()), Codes(frozenset())])
def test_what_is_of_no_code_compares_with_nothing(nothing: Extent) -> None:
    for said in ("==", "!=", "in"):
        assert compared(said, nothing, Texts(frozenset("a"))).can == frozenset()
        assert compared(said, Texts(frozenset("a")), nothing).can == frozenset()


def test_what_a_study_says_of_each_value_and_of_who_takes_part() -> None:
    release = load_study(STUDIES / "mini" / "study.yaml").newest
    known = extents_of(release.file, release.forms, release.visits)
    assert known["symptoms.total"] == Numbers(0, 80, whole=True)
    assert known["vitals.temperature"] == Numbers(30, 45)
    assert known["symptoms.diagnosis"] == EITHER
    assert known["symptoms.remarks"] == Texts()
    assert known["demographics.sex"] == Texts(frozenset({"female", "male"}))
    assert known["doses()"] == known["person.doses"] == Numbers(0, 1, whole=True)
    assert known["person.population"] == Texts(frozenset({"patient"}))
    assert known["event.term"] == Texts(frozenset({"nausea", "euphoria", "suicidality"}))
    assert known["event.special_interest"] == Texts(frozenset({"", "suicidality", "abuse potential"}))
    assert all(known[name] == COUNT for name in known if name.startswith("study."))
    assert known["person.serious_events"] == known["person.planned_doses"] == COUNT


def test_a_value_of_another_visit_can_be_what_that_of_this_one_can() -> None:
    known = {"symptoms.total": Numbers(0, 80, whole=True)}
    names = ["symptoms.total", "baseline.symptoms.total", "other.thing"]
    assert extents_in(names, known) == {
        "symptoms.total": known["symptoms.total"],
        "baseline.symptoms.total": known["symptoms.total"],
        "doses()": COUNT,
    }
    assert extents_in([], KNOWN) == {"doses()": Numbers(0, 2, whole=True)}


@pytest.mark.parametrize(
    ("name", "score", "extent"),
    [
        ("pcl5", "total", Numbers(0, 80, whole=True)),
        ("phq9", "total", Numbers(0, 27)),  # made up where answers are missing
        ("stai_state", "total", Numbers(20, 80, whole=True)),
        ("eat26", "bulimia", Numbers(0, 18, whole=True)),  # by points, not by answers
        ("des2", "mean", Numbers(0, 100)),
        ("impairment", "impairment", Numbers(0, 10, whole=True)),  # the highest of them
        ("c_ssrs", "ideation", Numbers(0, 5, whole=True)),
        ("expectancy", "difference", Numbers(-10, 10, whole=True)),
        ("sds_three_item", "total", ANYTHING),
        ("gad7", "severity", Texts(frozenset({"minimal", "mild", "moderate", "severe"}))),
        ("itq", "threat", EITHER),
    ],
)
def test_a_score_reaches_from_the_least_to_the_most_of_its_items(
    name: str, score: str, extent: Extent
) -> None:
    assert part_extents(load_instrument(name))[score] == extent
