"""Every term by how much more often one arm had it, and how surprising that is: what to look at first."""

from __future__ import annotations

import polars as pl

from entact.analysis.binary import Arm, Fisher, Pair, exact
from entact.analysis.frame import public
from entact.analysis.safety.incidence import incidence


@public
def volcano(events: pl.DataFrame, people: pl.DataFrame, contrast: tuple[str, str]) -> pl.DataFrame:
    """For each term the difference of the shares that had it, and Fisher's p, the least first.

    The p finds what to look at and tests nothing: of many terms some are small by chance (ICH E9, 6.4).

    Args:
        events, people, contrast: as for `incidence`.
    Returns:
        term, difference, p, events in both arms (participants).
    Raises:
        ValueError: as for `incidence`.
    Source: Zink, Wolfinger & Mann 2013, Clinical Trials 10:441 (from memory, `assumption`).
    """
    found = []
    for one in incidence(events, people, contrast):
        first, second = (Arm(group.events or 0, group.n) for group in one.groups)
        p = exact(Pair(first, second), method=Fisher()).p
        found.append((one.label, one.estimate, p, first.events + second.events))
    schema = {"term": pl.String, "difference": pl.Float64, "p": pl.Float64, "events": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row").sort("p", "term")
