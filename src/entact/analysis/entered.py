"""The rows that enter an analysis: a frame under a plan's names, and why others were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.estimand import Handled, apply
from entact.analysis.frame import held, keep, put, without_nan
from entact.analysis.planned import ROLES, Plan, Planned, Where

NAMES = ("participant", "arm", "visit", "site")
"""Roles whose numbers are names."""
NEEDED = ("strata", "ended", "competing", "exposure", "covariates")
"""Keys of a plan that name columns without which a row says nothing."""
FEW = 12
"""Values of a whole number up to which it may be a code."""


LARGE = 1e75
"""Beyond which products of two values overflow; one over it is as bad."""


@dataclass(frozen=True, slots=True)
class Step:
    """Rows left out of an analysis: why, how many, and of how many participants all rows."""

    why: str
    rows: int
    participants: int

    def __str__(self) -> str:
        said = f"{self.rows} {'row' if self.rows == 1 else 'rows'} left out, {self.why}"
        if not self.participants:
            return said
        whole = "1 participant" if self.participants == 1 else f"{self.participants} participants"
        return f"{said} (all of {whole})"


@dataclass(frozen=True, slots=True)
class Entered:
    """Who is in an analysis: rows, participants by arm, and each step by which others were left out.

    Attributes:
        events: what was done with each intercurrent event. notes: how the plan's words were taken where they
            may have been meant otherwise.
    """

    rows: int
    participants: Mapping[str, int]
    left_out: tuple[Step, ...]
    events: tuple[Handled, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        people = ", ".join(f"{n} {arm}".strip() for arm, n in self.participants.items()) or "nobody"
        out = "; ".join(map(str, self.left_out))
        told = [f"{self.rows} rows of {people}" + (f"; {out}" if out else "")]
        return "\n".join([*told, *map(str, self.events), *self.notes])


class Unusable(ValueError):
    """What keeps one analysis from its rows, and no other."""


def enter(
    plan: Plan, planned: Planned, frame: pl.DataFrame, allocation: Mapping[str, str] | None
) -> tuple[pl.DataFrame, Entered]:
    """The rows of an analysis under the names of `ROLES`, and who that is.

    Raises:
        Unusable: for what keeps this analysis from its rows. ValueError: when the frame lacks what the plan
            speaks of.
    """
    rows, left_out, events, notes = _rows(plan, planned, frame, allocation)
    arms = rows["arm"].cast(pl.String).to_list() if "arm" in rows.columns else [""] * len(rows)
    people: dict[str, int] = {}
    for _, arm in set(zip(rows["participant"].to_list(), arms, strict=True)):
        people[arm] = people.get(arm, 0) + 1
    return rows, Entered(len(rows), dict(sorted(people.items())), tuple(left_out), events, tuple(notes))


def _rows(
    plan: Plan, planned: Planned, frame: pl.DataFrame, allocation: Mapping[str, str] | None
) -> tuple[pl.DataFrame, list[Step], tuple[Handled, ...], list[str]]:
    names = {role: plan.columns.get(role, role) for role in ROLES}
    if planned.value is not None:
        names["value"] = planned.value
    for role, column in plan.columns.items():
        if column not in frame.columns and not (role == "arm" and allocation is not None):
            raise ValueError(_no_column(column, f"columns.{role}", frame))
    for role in ("participant", "value"):
        if names[role] not in frame.columns:
            raise ValueError(_no_column(names[role], f"{planned.id}: the {role}", frame))
    notes: list[str] = []
    for name in dict.fromkeys(names[role] for role in NAMES if names[role] in frame.columns):
        if frame.schema[name].is_numeric():  # their numbers are names: as numbers they would be slopes
            frame = put(frame, _as_names(frame[name]).alias(name))
    whole = put(
        frame, *(frame[column].alias(role) for role, column in names.items() if column in frame.columns)
    )
    whole = put(whole, whole["participant"].cast(pl.String))
    if allocation is not None:
        arms = {who: str(arm) for who, arm in allocation.items()}
        allocated = [arms.get(who) for who in whole["participant"].to_list()]
        whole = put(whole, pl.Series("arm", allocated, dtype=pl.String))
    if planned.change is not None:
        whole = _changed(whole, planned.change)
    if planned.event is not None:
        notes += _unseen(whole["value"], planned.event.values, f"the event of {names['value']!r}")
        try:
            whole = put(whole, planned.event.of(whole["value"].alias(names["value"])).alias("value"))
        except ValueError as problem:
            raise Unusable(str(problem)) from problem
    if not getattr(planned.method, "takes_text", False):
        _refuse_values(whole)
    visits = plan.visits
    if visits and "visit" in whole.columns:
        there = set(whole["visit"].cast(pl.String).unique()) - {None}
        strange = there - set(visits)
        if not planned.where and strange:
            raise ValueError(f"visits {sorted(strange)} are none of the plan's: {', '.join(visits)}")
        visits = tuple(one for one in visits if one in there)
        whole = put(whole, whole["visit"].cast(pl.String).cast(pl.Enum(visits), strict=False))
    steps: list[Step] = []
    rows = _known(whole, "participant", steps)
    for column, wanted in [*planned.where.items(), *plan.sets.get(planned.set, {}).items()]:
        if column in whole.columns:
            values = wanted if isinstance(wanted, tuple) else (wanted,)
            notes += _unseen(whole[column], values, f"what is asked of {column!r}")
    for key in ("ended", "competing"):
        for column, event in _meant(planned.said.get(key)):
            if column in whole.columns:
                notes += _unseen(whole[column], event, f"{key!r} of {column!r}")
    if planned.where:
        rows = _keep(rows, _where(rows, planned.where, planned.id), "not of this analysis's rows", steps)
    if planned.set in plan.sets:
        own = _where(rows, plan.sets[planned.set], f"sets.{planned.set}")
        rows = _keep(rows, own, f"not in the set {planned.set}", steps)
    rows = put(rows, without_nan(rows["value"]))
    if "arm" in rows.columns:
        rows = _known(rows, "arm", steps)
    events: tuple[Handled, ...] = ()
    if planned.estimand in plan.estimands:
        try:
            rows, events = apply(rows, plan.estimands[planned.estimand], plan.events, visits)
        except ValueError as problem:
            raise Unusable(str(problem)) from problem
    if planned.question.at is not None and "visit" in rows.columns and _asks_one_visit(planned):
        here = rows["visit"].cast(pl.String) == planned.question.at
        rows = _keep(rows, here, f"not at {planned.question.at}", steps)
    notes += _slopes(planned, rows) + _alike(planned, rows) + _same_at_every_visit(planned)
    if getattr(planned.method, "takes_missing", False):  # who has no value is imputed, not left out
        return rows, steps, events, notes
    rows = _known(rows, "value", steps)
    for name in _covariates(planned):
        if name in rows.columns:
            rows = _known(rows, name, steps)
    return rows, steps, events, notes


def _asks_one_visit(planned: Planned) -> bool:
    """Whether nothing but the rows of the visit says anything to it, and it counts none that are missing."""
    return not any(getattr(planned.method, name, False) for name in ("takes_visits", "takes_missing"))


def _covariates(planned: Planned) -> list[str]:
    """The columns without which a row says nothing to this analysis, beside its value."""
    found = list(_variables(planned))
    if str(planned.said.get("method")) != "rerandomisation":  # whoever was allocated keeps their place
        for key in NEEDED:
            one: Any = planned.said.get(key, ())
            found += [one] if isinstance(one, str) else [str(name) for name in one]
    return list(dict.fromkeys(name for name in found if name not in ("value", "arm", "visit")))


def _variables(planned: Planned) -> list[str]:
    """The columns that the formula names; none where it has none, or one that cannot be read."""
    fixed = planned.said.get("fixed")
    if not isinstance(fixed, str):
        return []
    from entact.analysis.mmrm.formula import parse

    try:
        return parse(f"value ~ {fixed}").variables
    except ValueError:
        return []  # the method says what is wrong with it


def _meant(said: Any) -> list[tuple[str, tuple[object, ...]]]:
    """A column and what in it is meant, where a plan says so; nothing for a column of true and false."""
    if not isinstance(said, Mapping):
        return []
    return [
        (str(column), tuple(one) if isinstance(one, list | tuple) else (one,)) for column, one in said.items()
    ]


def _slopes(planned: Planned, rows: pl.DataFrame) -> list[str]:
    """A note for each whole number with few values that the formula takes as a slope: it may be a code."""
    from entact.analysis.mmrm.formula import parse

    found = []
    for name in _variables(planned):
        if name in ROLES or name not in rows.columns or not rows.schema[name].is_numeric():
            continue
        if name in parse(f"value ~ {planned.said['fixed']}").categories:
            continue
        seen = rows[name].cast(pl.Float64).fill_nan(None).drop_nulls().unique()
        if 2 <= len(seen) <= FEW and bool((seen == seen.floor()).all()):
            found.append(f"{name} is taken as a number, with a slope; if it is a code write C({name})")
    return found


def _alike(planned: Planned, rows: pl.DataFrame) -> list[str]:
    """A note for each arm whose name is that of one compared but for its case or its blanks."""
    if planned.question.contrast is None or "arm" not in rows.columns:
        return []
    there = sorted({arm for arm in rows["arm"].cast(pl.String).to_list() if arm is not None})
    meant = {" ".join(arm.casefold().split()): arm for arm in planned.question.contrast}
    return [
        f"arm {arm!r} is not compared, and is written nearly as {meant[key]!r}"
        for arm in there
        if (key := " ".join(arm.casefold().split())) in meant and arm not in planned.question.contrast
    ]


def _same_at_every_visit(planned: Planned) -> list[str]:
    """A note where the model of several visits has one difference of the arms for all of them."""
    fixed = planned.said.get("fixed")
    if planned.question.at is None or not isinstance(fixed, str):
        return []
    from entact.analysis.mmrm.formula import parse

    try:
        parsed = parse(f"value ~ {fixed}")
    except ValueError:
        return []
    held = [{name for atom in term for name in parsed.atoms[atom].variables} for term in parsed.terms]
    if not any("visit" in one for one in held) or any({"arm", "visit"} <= one for one in held):
        return []
    return ["arm and visit do not interact in the model: the difference is the same at every visit"]


def _unseen(column: pl.Series, wanted: tuple[object, ...], what: str) -> list[str]:
    """A note for each value that is asked for and stands nowhere: it may be misspelt."""
    if not _is_text(column.dtype):
        return []
    there = column.cast(pl.String).drop_nulls().unique().sort().to_list()
    said = ", ".join(map(repr, there[:FEW])) + (" and others" if len(there) > FEW else "")
    return [
        f"{what} is {one!r}, which stands in no row; there are: {said or 'no values'}"
        for one in wanted
        if isinstance(one, str) and one not in there
    ]


def _is_text(kind: pl.DataType) -> bool:
    return kind == pl.String or isinstance(kind, pl.Enum | pl.Categorical)


def _known(rows: pl.DataFrame, column: str, steps: list[Step]) -> pl.DataFrame:
    """The rows in which this column is neither null nor NaN."""
    own = without_nan(rows[column])
    return _keep(rows, own.is_not_null(), f"{column} unknown", steps) if own.null_count() else rows


def _keep(rows: pl.DataFrame, wanted: pl.Series, why: str, steps: list[Step]) -> pl.DataFrame:
    kept = keep(rows, wanted)
    if len(kept) < len(rows):
        lost = rows["participant"].drop_nulls().n_unique() - kept["participant"].drop_nulls().n_unique()
        steps.append(Step(why, len(rows) - len(kept), lost))
    return kept


def _where(rows: pl.DataFrame, where: Where, place: str) -> pl.Series:
    every = pl.Series(np.ones(len(rows), dtype=bool))
    for column, wanted in where.items():
        if column not in rows.columns:
            raise ValueError(_no_column(column, place, rows))
        values = list(wanted) if isinstance(wanted, tuple) else [wanted]
        kind, one = rows[column].dtype, rows[column]
        if kind.is_numeric():
            if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
                raise ValueError(f"{place}: column {column!r} holds numbers, and {values} are others")
            every &= one.cast(pl.Float64).is_in([float(value) for value in values])
        elif kind == pl.Boolean:
            if not all(isinstance(value, bool) for value in values):
                raise ValueError(f"{place}: column {column!r} holds true and false, and {values} are others")
            every &= one.is_in(values)
        else:
            every &= one.cast(pl.String).is_in([str(value) for value in values])
    return every


def _refuse_values(rows: pl.DataFrame) -> None:
    """What is no number, and neither true nor false, has no place in an analysis; nor what overflows."""
    kind = rows.schema["value"]
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
        seen = rows["value"].drop_nulls()
        told = f"such as {seen[0]!r}: " if len(seen) else ""
        raise Unusable(f"the value holds {held(kind)}, {told}no number and no yes or no; say its `event`")
    for name in ("value", "baseline"):
        if name in rows.columns and rows.schema[name].is_float():
            sizes = np.abs(rows[name].to_numpy())
            endless = np.isinf(sizes)
            if endless.any():
                raise Unusable(
                    f"the {name} of participant {rows['participant'][int(endless.argmax())]} is infinite"
                )
            size = float(np.nanmax(sizes, initial=0.0))
            if size > LARGE or 0 < size < 1 / LARGE:
                why = f"the {name} goes to {size:.3g}, which cannot be calculated with; take another unit"
                raise Unusable(why)


def _changed(rows: pl.DataFrame, change: str) -> pl.DataFrame:
    """The rows with their value less the baseline, or that in percent of it."""
    if "baseline" not in rows.columns:
        raise Unusable("a change is asked for, and the rows have no baseline")
    for name in ("value", "baseline"):
        if not rows.schema[name].is_numeric():
            if rows[name].null_count() == len(rows):
                raise Unusable(f"a change is asked for, and nobody has a {name}")
            raise Unusable(f"a change is asked for, and the {name} holds {held(rows.schema[name])}")
    value, baseline = (rows[name].cast(pl.Float64) for name in ("value", "baseline"))
    difference = value - baseline  # small whole numbers have no negative ones, and wrap
    if change == "percent":
        nought = keep(rows, rows["baseline"] == 0)
        if len(nought):
            raise Unusable(f"participant {nought['participant'][0]} has a baseline of 0: no percent of it")
        difference = 100 * difference / baseline
    return put(rows, difference.alias("value"))


def _as_names(column: pl.Series) -> pl.Series:
    """Numbers as names, in their order: 4.0 is called 4."""
    known = column.drop_nulls().unique().sort()
    whole = column.dtype.is_integer() or bool((known == known.floor()).all())
    kind = pl.Int64 if whole else column.dtype
    return column.cast(kind).cast(pl.String).cast(pl.Enum(known.cast(kind).cast(pl.String)))


def _no_column(column: str, place: str, frame: pl.DataFrame) -> str:
    return f"{place} is column {column!r}, and the data have: {', '.join(frame.columns)}"


def polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if hasattr(frame, "columns") and hasattr(frame, "iloc"):
        names = [str(name) for name in frame.columns]
        twice = [name for place, name in enumerate(names) if name in names[:place]]
        if twice:
            raise ValueError(
                f"the data have {names.count(twice[0])} columns {twice[0]!r}; rename all but one"
            )
        return pl.DataFrame({name: _series(frame.iloc[:, place]) for place, name in enumerate(names)})
    raise TypeError(f"a Polars or pandas DataFrame is needed, not {type(frame).__name__}")


def _series(column: Any) -> pl.Series:
    """A pandas column: categories keep their order, what is missing is null."""
    blank = column.isna().tolist()
    values = [None if none else value for value, none in zip(column.tolist(), blank, strict=True)]
    categories = getattr(column.dtype, "categories", None)
    if categories is not None:
        text = [None if one is None else str(one) for one in values]
        return pl.Series(text, dtype=pl.Enum([str(one) for one in categories]))
    kinds = {type(one) for one in values if one is not None}
    if bool in kinds and len(kinds) > 1:  # true among numbers is not 1
        values = [None if one is None else str(one) for one in values]
    return pl.Series(values, strict=False)


def people_of(plan: Plan, planned: Planned, frame: Any) -> int:
    """How many people an analysis may take, by its set and rows, whatever their arms and values.

    Raises:
        ValueError: when the frame lacks a column that these speak of.
    """
    own = polars(frame)
    who = plan.columns.get("participant", "participant")
    if who not in own.columns:
        raise ValueError(_no_column(who, "columns.participant", own))
    kept = keep(own, _where(own, planned.where, planned.id))
    if planned.set in plan.sets:
        kept = keep(kept, _where(kept, plan.sets[planned.set], f"sets.{planned.set}"))
    return kept[who].drop_nulls().n_unique()
