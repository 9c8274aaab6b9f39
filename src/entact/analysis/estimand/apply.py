"""Rows as an estimand has them: each event's strategy applied to what came after it, and counted.

- treatment policy: what was seen stands.
- hypothetical: what was seen afterwards is taken as missing; a model or an imputation says what it would be.
- composite: a stated value stands at every visit afterwards, seen or not.
- while on treatment: the last value before the event stands at every visit afterwards.
- principal stratum: whoever had the event is left out. Who would have had it in the other arm is not known:
  the arms are comparable only where treatment does not change who has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from entact.analysis.estimand.estimand import Estimand, Intercurrent, Strategy
from entact.analysis.frame import held

EVENT_VISIT = "event visit"
"""Column added: the first visit after a participant's first event with a hypothetical strategy."""

_PLACE, _DAY, _DATED = "place of the visit", "day as a number", "day of the event as a number"


def visit_after(event: str) -> str:
    """The column added with the first visit after an event, whatever its strategy."""
    return f"visit after {event}"


@dataclass(frozen=True, slots=True)
class Handled:
    """What an estimand did with an event: who had it by arm, and how many values of theirs it changed."""

    event: str
    strategy: Strategy
    participants: Mapping[str, int]
    values: int

    def __str__(self) -> str:
        had = ", ".join(f"{n} {arm}".strip() for arm, n in self.participants.items()) or "nobody"
        did = {
            "treatment_policy": "values afterwards stand",
            "hypothetical": "values afterwards taken as missing",
            "composite": "values afterwards set",
            "while_on_treatment": "values afterwards replaced by the last one before",
            "principal_stratum": "values left out with their people",
        }[self.strategy]
        return f"{self.event}, {self.strategy.replace('_', ' ')}: {had}; {self.values} {did}"


def apply(
    rows: pl.DataFrame,
    estimand: Estimand,
    events: Mapping[str, Intercurrent],
    visits: Sequence[str],
) -> tuple[pl.DataFrame, tuple[Handled, ...]]:
    """The rows under an estimand.

    Args:
        rows: with participant, visit, value, and day where an event is dated by one. visits: in their order.
    Returns:
        The rows, with the column EVENT_VISIT where a strategy is hypothetical and that of `visit_after` for
        each event, and what was done with each event.
    Raises:
        ValueError: when a column is not there, or an event's visit is none.
    """
    if "visit" not in rows.columns:
        raise ValueError(
            "the rows have no visit, and an intercurrent event comes before some and after others"
        )
    order = {visit: place for place, visit in enumerate(visits)}
    kind = rows.schema["visit"]
    rows = rows.with_columns(
        pl.col("visit")
        .cast(pl.String)
        .replace_strict(order, default=None, return_dtype=pl.Int64)
        .alias(_PLACE)
    )
    handled: list[Handled] = []
    first_missing: dict[str, int] = {}
    for name, strategy in estimand.strategies.items():
        when = _when(rows, name, events[name], visits, order)
        had = rows.filter(pl.col("participant").is_in(list(when)))
        rows, values = _done(rows, name, strategy, when, estimand, visits, kind)
        if strategy == "hypothetical":
            for who, place in when.items():
                first_missing[who] = min(place, first_missing.get(who, place))
        handled.append(Handled(name, strategy, _by_arm(had), values))
        rows = _told(rows, visit_after(name), when, visits)
    if "hypothetical" in estimand.strategies.values():
        rows = _told(rows, EVENT_VISIT, first_missing, visits)
    return rows.drop(_PLACE), tuple(handled)


def _told(rows: pl.DataFrame, column: str, when: Mapping[str, int], visits: Sequence[str]) -> pl.DataFrame:
    """The rows with the visit of each participant that a place means; null where it is none."""
    told = {who: visits[place] for who, place in when.items() if place < len(visits)}
    who = pl.col("participant").cast(pl.String)
    return rows.with_columns(who.replace_strict(told, default=None, return_dtype=pl.String).alias(column))


def _when(
    rows: pl.DataFrame, name: str, event: Intercurrent, visits: Sequence[str], order: Mapping[str, int]
) -> dict[str, int]:
    """Participant -> place of the first visit after the event, of those who had it."""
    column = event.visit or event.day
    assert column is not None, "the plan's check says so"
    if column not in rows.columns:
        raise ValueError(f"{name} is told by column {column!r}; there are: {', '.join(rows.columns)}")
    if event.visit is not None:
        found = {}
        for who, visit in (
            rows.select("participant", pl.col(column).cast(pl.String))
            .drop_nulls()
            .unique(maintain_order=True)
            .iter_rows()
        ):
            if visit not in order:
                raise ValueError(f"{name} of participant {who} is before {visit!r}, which is no visit")
            if str(who) in found:
                raise ValueError(f"{name} of participant {who} is before two visits")
            found[str(who)] = order[visit]
        return found
    if "day" not in rows.columns:
        raise ValueError(f"{name} is dated by a day, and the rows have no day: say which column `day` is")
    days, dated = _days(rows["day"], f"the day of {name}"), _days(rows[column], name)
    if (
        (days[0] is None) is not (dated[0] is None)
        and len(days[1].drop_nulls())
        and len(dated[1].drop_nulls())
    ):
        raise ValueError(
            f"{name} is dated by {_kind(dated)}, and the rows' day is {_kind(days)}; write both alike"
        )
    told = rows.with_columns(days[1].alias(_DAY), dated[1].alias(_DATED)).filter(pl.col(_DATED).is_not_null())
    later = told.filter(pl.col(_DAY) < pl.col(_DATED), pl.col(_PLACE).is_not_null())
    last = dict(later.group_by("participant").agg(pl.col(_PLACE).max()).iter_rows())
    return {
        str(who): int(last.get(who, -1)) + 1
        for who in told["participant"].unique(maintain_order=True).to_list()
    }


def _days(column: pl.Series, what: str) -> tuple[str | None, pl.Series]:
    """A column of days as numbers, with what it holds: None for numbers, else dates.

    Raises:
        ValueError: for text that is no date in the order of ISO 8601: others do not sort as time goes.
    """
    if column.dtype == pl.Null or column.dtype.is_numeric():
        return None, column.cast(pl.Float64).fill_nan(None)
    if column.dtype == pl.String:
        dates = column.str.to_date("%Y-%m-%d", strict=False)
        wrong = column.filter(column.is_not_null() & dates.is_null())
        if len(wrong):
            raise ValueError(
                f"{what}: {wrong[0]!r} is no date; write it as in 2026-01-31, or days as numbers"
            )
        return "dates", dates.to_physical().cast(pl.Float64)
    if column.dtype == pl.Date:
        return "dates", column.to_physical().cast(pl.Float64)
    if isinstance(column.dtype, pl.Datetime):
        return "dates", column.dt.epoch("us").cast(pl.Float64) / 86_400e6
    raise ValueError(f"{what} holds {held(column.dtype)}; dates or numbers are needed")


def _kind(days: tuple[str | None, pl.Series]) -> str:
    return days[0] or "numbers"


def _done(
    rows: pl.DataFrame,
    name: str,
    strategy: Strategy,
    when: Mapping[str, int],
    estimand: Estimand,
    visits: Sequence[str],
    kind: pl.DataType,
) -> tuple[pl.DataFrame, int]:
    """The rows after a strategy, and how many values it concerned."""
    who = pl.col("participant").cast(pl.String)
    since = who.replace_strict(dict(when), default=None, return_dtype=pl.Int64)
    after = (pl.col(_PLACE) >= since).fill_null(False)
    if strategy == "treatment_policy":
        return rows, rows.filter(after, pl.col("value").is_not_null()).height
    if strategy == "hypothetical":
        seen = rows.filter(after, pl.col("value").is_not_null()).height
        return rows.with_columns(pl.when(after).then(None).otherwise(pl.col("value")).alias("value")), seen
    if strategy == "principal_stratum":
        lost = rows.filter(who.is_in(list(when)), pl.col("value").is_not_null()).height
        return rows.filter(~who.is_in(list(when)).fill_null(False)), lost
    rows = _whole(rows, when, visits, kind)
    if strategy == "composite":
        value = pl.lit(estimand.composite[name])
        if rows.schema["value"] == pl.Boolean:
            value = pl.lit(bool(estimand.composite[name]))
        elif rows.schema["value"].is_numeric():
            value = value.cast(pl.Float64)
            rows = rows.with_columns(pl.col("value").cast(pl.Float64))
        changed = rows.filter(after).height
        return rows.with_columns(
            pl.when(after).then(value).otherwise(pl.col("value")).alias("value")
        ), changed
    before = rows.filter(~after, pl.col("value").is_not_null(), pl.col(_PLACE).is_not_null()).sort(_PLACE)
    last = before.group_by("participant", maintain_order=True).agg(pl.col("value").last().alias("last value"))
    joined = rows.join(last, on="participant", how="left", maintain_order="left")
    changed = joined.filter(after, pl.col("last value").is_not_null()).height
    carried = pl.when(after).then(pl.col("last value")).otherwise(pl.col("value")).alias("value")
    return joined.with_columns(carried).drop("last value"), changed


def _whole(
    rows: pl.DataFrame, when: Mapping[str, int], visits: Sequence[str], kind: pl.DataType
) -> pl.DataFrame:
    """The rows with one for every visit after the event of those who had it, seen or not."""
    there = {(str(who), place) for who, place in rows.select("participant", _PLACE).iter_rows()}
    wanted = [
        (who, place)
        for who, since in when.items()
        for place in range(since, len(visits))
        if (who, place) not in there
    ]
    if not wanted:
        return rows
    one = rows.unique("participant", keep="first", maintain_order=True)
    key = pl.col("participant").cast(pl.String).alias("who")
    added = pl.DataFrame(wanted, schema={"who": pl.String, _PLACE: pl.Int64}, orient="row").join(
        one.drop(_PLACE).with_columns(key), on="who", how="inner", maintain_order="left"
    )
    named = pl.col(_PLACE).replace_strict(dict(enumerate(visits)), return_dtype=pl.String).cast(kind)
    added = added.with_columns(named.alias("visit"), pl.lit(None, dtype=rows.schema["value"]).alias("value"))
    if "day" in added.columns:
        added = added.with_columns(pl.lit(None, dtype=rows.schema["day"]).alias("day"))
    return pl.concat([rows, added.select(rows.columns)])


def _by_arm(rows: pl.DataFrame) -> dict[str, int]:
    if "arm" not in rows.columns:
        n = rows["participant"].n_unique()
        return {"": n} if n else {}
    people = rows.group_by(pl.col("arm").cast(pl.String)).agg(pl.col("participant").n_unique()).sort("arm")
    return dict(people.iter_rows())
