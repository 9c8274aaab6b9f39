"""Events of special interest and suicidality, by hand and beside incidence."""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis.binary import MiettinenNurminen, Pair, difference
from entact.analysis.safety import special_interest, suicidality_shift

PEOPLE = pl.DataFrame({"participant": list("abcdef"), "arm": ["mdma"] * 3 + ["placebo"] * 3})
EVENTS = pl.DataFrame(
    {
        "participant": ["a", "a", "b", "d", "e"],
        "term": ["Palpitations", "Syncope", "palpitations", "Nausea", "Syncope"],
    }
)


def test_a_person_counts_once_in_a_group_and_nobody_is_a_result() -> None:
    groups = {"cardiac": ["palpitations", "syncope"], "abuse": ["drug craving"]}
    found = special_interest(EVENTS, PEOPLE, ("mdma", "placebo"), groups)
    assert [one.label for one in found] == ["cardiac", "abuse"]
    assert [[group.events for group in one.groups] for one in found] == [[2, 1], [0, 0]]
    theirs = difference(Pair.of(2, 3, 1, 3), method=MiettinenNurminen())
    assert (found[0].low, found[0].high) == (theirs.low, theirs.high)
    with pytest.raises(ValueError, match="'none' has no terms"):
        special_interest(EVENTS, PEOPLE, ("mdma", "placebo"), {"none": []})


def test_the_worst_of_all_assessments_counts_and_what_is_not_known_is_not_none() -> None:
    rows = pl.DataFrame(
        [
            ("a", "mdma", "before", 0, False),
            ("a", "mdma", "after", 2, False),
            ("a", "mdma", "after", 4, False),
            ("b", "mdma", "before", 1, False),
            ("b", "mdma", "after", None, True),
            ("c", "mdma", "before", 0, None),
            ("c", "mdma", "after", 0, False),
            ("d", "placebo", "before", 0, False),
        ],
        schema=["participant", "arm", "time", "ideation", "behaviour"],
        orient="row",
    )
    found = suicidality_shift(rows)

    def cell(arm: str, before: str, after: str) -> int:
        return int(found.filter(arm=arm, before=before)[after].item())

    assert cell("mdma", "none", "severe ideation") == 1
    assert cell("mdma", "ideation", "behaviour") == 1
    assert cell("mdma", "unknown", "none") == 1
    assert cell("placebo", "none", "unknown") == 1
    assert found.select(pl.sum_horizontal(pl.exclude("arm", "before"))).sum().item() == 4
    with pytest.raises(ValueError, match="ideation is 6"):
        suicidality_shift(rows.with_columns(ideation=pl.lit(6)))
    with pytest.raises(ValueError, match="a time is 'later'"):
        suicidality_shift(rows.with_columns(time=pl.lit("later")))
