"""The `multiplicity` of a plan: what it may say, and what becomes of the results."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.vocabulary import PlanError, read_plan

PLAN: dict[str, Any] = {
    "analyses": {
        "means": {"method": "t_test", "contrast": "mdma - placebo"},
        "ranks": {"method": "rank_sum", "contrast": "mdma - placebo"},
        "size": {"method": "effect_size", "contrast": "mdma - placebo"},
        "less": {"method": "t_test", "side": "less", "contrast": "mdma - placebo"},
    }
}
WRONG: dict[str, tuple[Any, str]] = {
    "no block": ("holm", "multiplicity: "),
    "an unknown key": (
        {"procedure": "holm", "of": ["means", "ranks"], "wieghts": {}},
        "multiplicity.wieghts: ",
    ),
    "an unknown procedure": ({"procedure": "hom", "of": ["means", "ranks"]}, "did you mean 'holm'"),
    "no list": ({"procedure": "holm", "of": "means"}, "is no list of two or more analyses"),
    "an unknown analysis": ({"procedure": "holm", "of": ["means", "rank"]}, "did you mean 'ranks'"),
    "the same twice": ({"procedure": "holm", "of": ["means", "means"]}, "stands twice"),
    "no p": ({"procedure": "holm", "of": ["means", "size"]}, "gives no one p"),
    "two sides": ({"procedure": "holm", "of": ["means", "less"]}, "write one `side` for all"),
    "no level": ({"procedure": "holm", "of": ["means", "ranks"], "alpha": 5}, "does not lie between 0 and 1"),
    "weights of steps": ({"procedure": "holm", "of": ["means", "ranks"], "weights": {}}, "belongs to"),
    "a stranger in the graph": (
        {"procedure": "graphical", "of": ["means", "ranks"], "weights": {"mean": 1}},
        "did you mean 'means'",
    ),
    "too much": (
        {"procedure": "graphical", "of": ["means", "ranks"], "weights": {"means": 1, "ranks": 1}},
        "at most 1 together",
    ),
    "looks that fall": (
        {"procedure": "holm", "of": ["means", "ranks"], "information": [0.7, 0.5], "spending": "pocock"},
        "are no shares that rise between 0 and 1",
    ),
    "an unknown way to spend": (
        {"procedure": "holm", "of": ["means", "ranks"], "information": 0.5, "spending": "pocok"},
        "did you mean 'pocock'",
    ),
    "a way to spend without its parameter": (
        {"procedure": "holm", "of": ["means", "ranks"], "information": 0.5, "spending": "kim_demets"},
        "write it as in {kim_demets: 3}",
    ),
    "spending without looks": (
        {"procedure": "holm", "of": ["means", "ranks"], "spending": "pocock"},
        "is spent over looks",
    ),
    "looks with steps that are not known to hold": (
        {"procedure": "hommel", "of": ["means", "ranks"], "information": 0.5, "spending": "pocock"},
        "hommel is not known to hold then",
    ),
    "shares that are none": (
        {"procedure": "graphical", "of": ["means", "ranks"], "weights": {"means": "one"}},
        "multiplicity.weights: ",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_place(case: str) -> None:
    said, message = WRONG[case]
    with pytest.raises(PlanError) as caught:
        read_plan({**PLAN, "multiplicity": said})
    assert message in str(caught.value)
    assert str(caught.value).startswith("multiplicity")


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    values = np.random.default_rng(3).normal(0, 1, 60)
    arms = ["mdma", "placebo"] * 30
    shift = [0.8 if arm == "mdma" else 0.0 for arm in arms]
    return pl.DataFrame({"participant": range(60), "arm": arms, "value": values + shift})


def test_each_result_says_its_adjusted_p(frame: pl.DataFrame) -> None:
    block = {"procedure": "fixed_sequence", "of": ["ranks", "means"]}
    found = analyse({**PLAN, "multiplicity": block}, frame)
    alone = analyse(PLAN, frame)
    assert found["ranks"].adjusted == alone["ranks"].p
    assert found["means"].adjusted == max(alone["ranks"].p or 0, alone["means"].p or 0)
    assert found["size"].adjusted is None
    rows = found.to_ard().filter(pl.col("statistic") == "adjusted p")
    assert rows["analysis"].to_list() == ["means", "ranks"]
    assert "Tested together: fixed sequence" in str(found)


def test_another_order_is_another_plan(frame: pl.DataFrame) -> None:
    one, two = (
        read_plan({**PLAN, "multiplicity": {"procedure": "fixed_sequence", "of": of}})
        for of in (["ranks", "means"], ["means", "ranks"])
    )
    committed = {analysis.id: analysis.digest for analysis in one.analyses}
    standing = {name: done.standing for name, done in analyse(two, frame, committed=committed).items()}
    assert standing == {"means": "changed", "ranks": "changed", "size": "as planned", "less": "as planned"}


def test_looks_before_the_end_leave_less_for_it(frame: pl.DataFrame) -> None:
    """Of Pocock's two looks the last has about 0.0294 of 0.05 (Pocock 1977), so that a p is worth more."""
    block = {"procedure": "fixed_sequence", "of": ["means", "ranks"]}
    looks = {**block, "information": 0.5, "spending": "pocock_boundary"}
    found, alone = (analyse({**PLAN, "multiplicity": one}, frame) for one in (looks, block))
    own, plain = found["means"].adjusted, alone["means"].adjusted
    assert own is not None
    assert plain is not None
    assert own > plain
    assert "group-sequential levels" in str(found)
    assert (
        read_plan({**PLAN, "multiplicity": looks}).digest != read_plan({**PLAN, "multiplicity": block}).digest
    )
