"""Events by term and arm: who had one, and how many there were in the time that people were watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from scipy.special import betaincinv, gammaincinv

from entact.analysis.binary import Arm, MiettinenNurminen, Pair, difference
from entact.analysis.binary.difference import DifferenceMethod
from entact.analysis.frame import public
from entact.analysis.level import check_level
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety.people import checked_people, need


@public
def incidence(
    events: pl.DataFrame,
    people: pl.DataFrame,
    contrast: tuple[str, str],
    *,
    terms: Sequence[str] | None = None,
    method: DifferenceMethod | None = None,
    level: float = 0.95,
) -> Estimates:
    """For each term the share of each arm that had it at least once, and their difference.

    Nobody is tested: p values of many terms say little (ICH E9, 6.4). Most frequent first.

    Args:
        events: participant and term, one row an event. people: participant and arm of all who could have one.
        terms: which, in this order, with those that nobody had; else all that somebody had.
        method: of the interval; Miettinen and Nurminen's.
    Raises:
        ValueError: when an event is of nobody among the people, or a column is not there.
    """
    own = checked_people(people, contrast)
    had = _had(events, people).unique(["participant", "term"]).join(own, on="participant", how="inner")
    sizes = [own.filter(arm=arm).height for arm in contrast]
    seen = had.group_by("term").len().sort(["len", "term"], descending=[True, False])["term"].to_list()
    rows = []
    for term in seen if terms is None else terms:
        counts = [had.filter(term=term, arm=arm).height for arm in contrast]
        first, second = (Arm(*one) for one in zip(counts, sizes, contrast, strict=True))
        pair = Pair(first, second)
        found = difference(pair, method=method or MiettinenNurminen(), level=level)
        rows.append(replace(found, label=str(term), p=None, statistic=None, null=None))
    return Estimates(f"Incidence, {contrast[0]} - {contrast[1]}", tuple(rows))


@public
def exposure_adjusted(
    events: pl.DataFrame,
    people: pl.DataFrame,
    contrast: tuple[str, str],
    *,
    exposure: str = "exposure",
    per: float = 1.0,
    level: float = 0.95,
) -> Estimates:
    """For each term the rate of events of each arm over its time at risk, and their ratio.

    Args:
        exposure: column of `people` with the time that each was watched. per: time that a rate is of, as 100
            for events in a hundred years of people.
    Returns:
        Rates with the exact interval of Poisson's counts, and ratios with the exact conditional one.
    Raises:
        ValueError: as for `incidence`, and for a time that is unknown or not above 0.
    Sources: Garwood 1936, Biometrika 28:437; Clopper & Pearson of the share of events in the first arm.
        Equivalent to R `poisson.test`.
    """
    check_level(level)
    own = checked_people(people, contrast)
    need(own, (exposure,), "people")
    bad = own.filter(pl.col(exposure).is_null() | ~(pl.col(exposure) > 0))
    if len(bad):
        raise ValueError(f"the {exposure} of participant {bad['participant'][0]} is unknown or not above 0")
    had = _had(events, people).join(own, on="participant", how="inner")
    times = [float(own.filter(arm=arm)[exposure].sum()) / per for arm in contrast]
    rows = []
    for term in had.group_by("term").len().sort(["len", "term"], descending=[True, False])["term"]:
        counts = [had.filter(term=term, arm=arm).height for arm in contrast]
        groups = []
        for arm, count, time in zip(contrast, counts, times, strict=True):
            group = Group(arm, own.filter(arm=arm).height, events=count)
            groups.append(group)
            low = float(gammaincinv(count, (1 - level) / 2)) / time if count else 0.0
            high = float(gammaincinv(count + 1, (1 + level) / 2)) / time
            rows.append(
                Estimate(
                    "rate",
                    "exact (Poisson)",
                    count / time,
                    low,
                    high,
                    level,
                    groups=(group,),
                    label=f"{term}, {arm}",
                )
            )
        rows.append(_ratio(str(term), counts, times, level, tuple(groups)))
    return Estimates(f"Rates per {per:g} of {exposure}, {contrast[0]} - {contrast[1]}", tuple(rows))


def _ratio(
    term: str, counts: list[int], times: list[float], level: float, groups: tuple[Group, ...]
) -> Estimate:
    """The ratio of two rates: of all events those of the first arm are binomial."""
    first, second = counts
    every, odds = first + second, times[1] / times[0]
    low = float(betaincinv(first, second + 1, (1 - level) / 2)) if first else 0.0
    high = float(betaincinv(first + 1, second, (1 + level) / 2)) if second else 1.0
    from scipy.stats import binomtest

    p = float(binomtest(first, every, times[0] / (times[0] + times[1])).pvalue)
    return Estimate(
        "rate ratio",
        "exact conditional (Poisson)",
        first / second * odds if second else None,
        low / (1 - low) * odds,
        high / (1 - high) * odds if high < 1 else float("inf"),
        level,
        p=p,
        null=1.0,
        groups=groups,
        notes=() if second else ("no event in the second arm: the ratio is endless",),
        label=term,
    )


def _had(events: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The events with their term; a ValueError for one of nobody."""
    need(events, ("participant", "term"), "events")
    own = events.select(pl.col("participant").cast(pl.String), pl.col("term").cast(pl.String)).drop_nulls(
        "term"
    )
    if own["participant"].null_count():
        raise ValueError("an event has no participant")
    strangers = set(own["participant"]) - set(people["participant"].cast(pl.String))
    if strangers:
        raise ValueError(f"an event is of participant {min(strangers)}, who is not among the people")
    return own
