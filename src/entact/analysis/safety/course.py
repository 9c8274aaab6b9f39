"""When events come: on days of dosing or between them, and over the weeks of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import polars as pl

from entact.analysis.frame import public
from entact.analysis.result import Estimates
from entact.analysis.safety.incidence import exposure_adjusted
from entact.analysis.safety.people import checked_people, need


@public
def dose_day_rates(
    events: pl.DataFrame, people: pl.DataFrame, contrast: tuple[str, str], *, level: float = 0.95
) -> Estimates:
    """Rates of each term on days of dosing and between them, each over the days that there were.

    Args:
        events: participant, term and `dose_day` (whether it began on one), one row an event.
        people: participant, arm, `dose_days` and `days` (all that they were watched, those of dosing too);
            who had no day of dosing counts between them only.
    Returns:
        As for `exposure_adjusted`, per day, with "on a day of dosing" or "between" in each label.
    Raises:
        ValueError: as there; when it is not known of an event, or somebody has no days between.
    """
    need(events, ("participant", "term", "dose_day"), "events")
    need(people, ("participant", "arm", "dose_days", "days"), "people")
    unknown = events.filter(pl.col("dose_day").is_null())
    if len(unknown):
        raise ValueError(
            f"of an event of participant {unknown['participant'][0]} it is not known whether it began on a "
            "day of dosing"
        )
    whole = pl.col("dose_days").cast(pl.Float64), pl.col("days").cast(pl.Float64)
    short = people.filter(~(whole[1] > whole[0]))
    if len(short):
        raise ValueError(f"participant {short['participant'][0]} has no days beside those of dosing")
    found = []
    for said, on, exposure in (
        ("on a day of dosing", pl.col("dose_day"), whole[0]),
        ("between", ~pl.col("dose_day"), whole[1] - whole[0]),
    ):
        watched = people.with_columns(exposure.alias("exposure")).filter(pl.col("exposure") > 0)
        own = exposure_adjusted(events.filter(on), watched, contrast, level=level)
        found += [replace(one, label=f"{one.label}, {said}") for one in own]
    return Estimates(f"Rates per day, {contrast[0]} - {contrast[1]}", tuple(found))


@public
def time_course(
    events: pl.DataFrame, people: pl.DataFrame, contrast: tuple[str, str], ends: Sequence[float]
) -> pl.DataFrame:
    """How many of each arm had each term begin within each stretch of time, of those still watched then.

    Args:
        events: participant, term and `day` on which it began. people: participant, arm, `days` watched.
        ends: the last day of each stretch, rising; the first begins on day 0.
    Returns:
        term, arm, after, until, participants, watched: who was so still at the beginning of the stretch.
    Raises:
        ValueError: for ends that do not rise, an event of nobody or without a day, before day 0 or after the
            last day that they were watched.
    """
    if not ends or any(later <= before for before, later in pairwise(ends)):
        raise ValueError(f"{list(ends)} do not rise; write the last day of each stretch, as in [7, 28, 56]")
    need(events, ("participant", "term", "day"), "events")
    need(people, ("participant", "arm", "days"), "people")
    own = checked_people(people, contrast).with_columns(pl.col("days").cast(pl.Float64))
    known = events.with_columns(pl.col("participant", "term").cast(pl.String), pl.col("day").cast(pl.Float64))
    strangers = set(known["participant"]) - set(people["participant"].cast(pl.String))
    if strangers:
        raise ValueError(f"an event is of participant {min(strangers)}, who is not among the people")
    if known["day"].null_count():
        raise ValueError(
            f"an event of participant {known.filter(pl.col('day').is_null())['participant'][0]} has no day"
        )
    joined = known.join(own, on="participant", how="inner")
    early, late = joined.filter(pl.col("day") < 0), joined.filter(pl.col("day") > pl.col("days"))
    if len(early):
        who, day = early["participant"][0], early["day"][0]
        raise ValueError(
            f"an event of participant {who} began on day {day:g}, before day 0: leave out what began before, "
            "or it would count nowhere"
        )
    if len(late):
        who, day, days = (late[name][0] for name in ("participant", "day", "days"))
        raise ValueError(
            f"an event of participant {who} began on day {day:g}, and they were watched for {days:g} days: "
            "whoever is no longer watched is not at risk"
        )
    found = []
    for term in joined["term"].unique().sort():
        for arm in contrast:
            after = -1.0
            for end in ends:
                began = joined.filter(
                    pl.col("term") == term, pl.col("arm") == arm, pl.col("day") > after, pl.col("day") <= end
                )
                watched = own.filter(pl.col("arm") == arm, pl.col("days") > max(after, 0.0)).height
                found.append(
                    (term, arm, max(after, 0.0), float(end), began["participant"].n_unique(), watched)
                )
                after = float(end)
    schema = {"term": pl.String, "arm": pl.String, "after": pl.Float64, "until": pl.Float64}
    return pl.DataFrame(found, schema=schema | {"participants": pl.Int64, "watched": pl.Int64}, orient="row")
