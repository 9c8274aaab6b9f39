"""An outcome that nobody has is found, and one that somebody has is not."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from entact.course.course import Course
from entact.datasets import build, unmeasured
from entact.protocol.release import Study


def test_an_outcome_that_nobody_has_is_found(
    mini: Study, courses: list[Course], allocation: dict[str, str]
) -> None:
    found = build(mini, courses, allocation)
    held = found.visits.with_columns(AVISIT=pl.col("AVISIT").replace("closing", "outcome"))
    found = replace(found, visits=held)  # these participants were rated without a visit
    assert list(unmeasured(found)) == []
    primary = found.book.primary
    there = (pl.col("PARAMCD") == primary) & pl.col("ANL01FL")
    known = found.endpoints.filter(there, pl.col("AVAL").is_not_null()).height
    assert known
    blank = pl.when(~there).then(pl.col("AVAL")).alias("AVAL")
    [(name, said)] = unmeasured(replace(found, endpoints=found.endpoints.with_columns(blank)))
    assert name == primary
    assert said.startswith("nobody of ")
    few = replace(found, endpoints=found.endpoints.with_columns(blank), visits=found.visits.head(0))
    assert list(unmeasured(few)) == []
