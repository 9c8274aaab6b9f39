"""Table shells hold the place of every result, before any value."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from entact.analysis.shell import shell

PLAN: dict[str, Any] = {
    "columns": {"participant": "id"},
    "sets": {"treated": {"dosed": True}},
    "analyses": {
        "primary": {"method": "ancova", "fixed": "arm", "contrast": "mdma - placebo", "set": "treated"},
        "seen": {"method": "describe"},
    },
}


def test_every_analysis_has_its_place_and_no_number() -> None:
    found = shell(PLAN)
    assert found["analysis"].to_list() == ["primary", "seen"]
    assert found["n"].to_list() == [None, None]
    assert found["result"].to_list() == ["xx.x (xx.x to xx.x); p = 0.xxx", "xx.x (xx.x to xx.x)"]


def test_n_is_counted_without_arms_and_values() -> None:
    people = pl.DataFrame({"id": ["a", "b", "c", "c"], "dosed": [True, False, True, True]})
    assert shell(PLAN, people)["n"].to_list() == [2, 3]
    with pytest.raises(ValueError, match=r"sets\.treated is column 'dosed'"):
        shell(PLAN, people.drop("dosed"))
