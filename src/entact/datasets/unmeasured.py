"""Outcomes of the plan that nobody has, however many came to the visit at which they are due."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from entact.datasets.build import Datasets

SOME = 3  # what nobody of so many has is not missing by chance


def unmeasured(datasets: Datasets) -> Iterator[tuple[str, str]]:
    """Each endpoint that an analysis takes and nobody has, and what was seen.

    A diary may end before the visit at which it is counted, or ask for more days than there are; a rule may
    need what is not asked there.
    """
    book = datasets.book
    entered = datasets.by_arm("visits")
    for name in dict.fromkeys(one.endpoint for one in book.analyses):
        planned = book.endpoints[name]
        if planned.kind == "time":
            continue
        came = entered.filter(AVISIT=planned.at, STATUS="ended")["USUBJID"].n_unique()
        rows = datasets.by_arm("endpoints").filter(PARAMCD=name, AVISIT=planned.at)
        if came >= SOME and rows.filter(pl.col("AVAL").is_not_null()).is_empty():
            title = book.inside(book.visits[planned.at].title)
            said = f"nobody of {came} who came to {title} has it"
            yield name, f"{said}: see what it is made of, and when that is asked"
