"""A plan run on frames: every result by its id, who entered it, and what it was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import polars as pl

from entact.analysis.estimand import Handled, apply
from entact.analysis.planned import ROLES, Plan, Planned, Where
from entact.analysis.result import ARD, Estimates
from entact.analysis.vocabulary import read_plan

Standing = Literal["as planned", "changed", "post hoc", "not committed"]


@dataclass(frozen=True, slots=True)
class Step:
    """Rows left out of an analysis: why, how many, and of how many participants all rows."""

    why: str
    rows: int
    participants: int


@dataclass(frozen=True, slots=True)
class Entered:
    """Who is in an analysis: rows, participants by arm, and each step by which others were left out."""

    rows: int
    participants: Mapping[str, int]
    left_out: tuple[Step, ...]
    events: tuple[Handled, ...] = ()

    def __str__(self) -> str:
        people = ", ".join(f"{n} {arm}".strip() for arm, n in self.participants.items()) or "nobody"
        out = "; ".join(
            f"{step.rows} {'row' if step.rows == 1 else 'rows'} left out, {step.why}"
            + (f" (all of {step.participants} participants)" if step.participants > 1 else "")
            + (" (all of 1 participant)" if step.participants == 1 else "")
            for step in self.left_out
        )
        told = [f"{self.rows} rows of {people}" + (f"; {out}" if out else "")]
        return "\n".join([*told, *map(str, self.events)])


@dataclass(frozen=True, slots=True)
class Analysed:
    """One analysis done.

    Attributes:
        result: None where there is none, and `why` says so. standing: whether the plan that was committed
            before unblinding says the same of it.
    """

    planned: Planned
    result: Estimates | None
    why: str | None
    entered: Entered
    standing: Standing

    @property
    def id(self) -> str:
        """Its name in the plan."""
        return self.planned.id

    def to_ard(self) -> pl.DataFrame:
        """One row a statistic: `analysis`, `estimand`, `set`, `standing` before the columns of `ARD`."""
        if self.result is None:
            row = ("", "", "", "", "estimate", None, self.why or "")
            found = pl.DataFrame([row], schema=ARD, orient="row")
        else:
            found = self.result.to_ard()
        people = [
            ("", "", "", arm, "participants", float(n), str(n))
            for arm, n in self.entered.participants.items()
        ]
        out = [("", "", "", "", "left out", float(one.rows), one.why) for one in self.entered.left_out]
        out += [
            ("", "", "", "", "values after event", float(one.values), str(one)) for one in self.entered.events
        ]
        found = pl.concat([found, pl.DataFrame([*people, *out], schema=ARD, orient="row")])
        about = {
            "analysis": self.id,
            "estimand": self.planned.estimand,
            "set": self.planned.set,
            "standing": self.standing,
        }
        return found.select(*[pl.lit(value).alias(name) for name, value in about.items()], pl.all())

    def __str__(self) -> str:
        head = f"{self.id} ({self.planned.estimand}, {self.planned.set}; {self.standing})"
        body = str(self.result) if self.result is not None else f"No result: {self.why}"
        return f"{head}\n{body}\n{self.entered}"


@dataclass(frozen=True, slots=True)
class Analyses(Mapping[str, Analysed]):
    """Every result by its id.

    Attributes:
        digests: SHA-256 of data, plan, allocation and code, by these names. dry: whether arms are made up.
    """

    found: tuple[Analysed, ...]
    digests: Mapping[str, str]
    dry: bool = False

    def __getitem__(self, name: str) -> Analysed:
        for one in self.found:
            if one.id == name:
                return one
        raise KeyError(f"there is no analysis {name!r}; there are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return (one.id for one in self.found)

    def __len__(self) -> int:
        return len(self.found)

    def to_ard(self) -> pl.DataFrame:
        """Analysis results data of all, one row a statistic."""
        if not self.found:
            about = ("analysis", "estimand", "set", "standing")
            return pl.DataFrame(schema={**dict.fromkeys(about, pl.String), **ARD})
        return pl.concat([one.to_ard() for one in self.found])

    def __str__(self) -> str:
        head = ["DRY RUN: arms are made up\n"] if self.dry else []
        made = [f"{name}: {digest[:16]}" for name, digest in self.digests.items()]
        return "\n".join([*head, *(f"{one}\n" for one in self.found), *made])


def analyse(
    plan: Any,
    frames: Any,
    *,
    allocation: Mapping[str, str] | None = None,
    dry: bool = False,
    committed: Mapping[str, str] | None = None,
) -> Analyses:
    """Every analysis of a plan, done on the rows that it says.

    Args:
        plan: a `Plan`, as `entact.analysis.plan.plan_of` makes of a study file; or what a plan file says, as
            plain data.
        frames: a Polars or pandas frame, one row for each participant and visit; or a mapping from each
            analysis's id to its own.
        allocation: participant -> arm, where the frames hold none. dry: whether these arms are made up.
        committed: analysis id -> digest, of the plan as it was committed before unblinding.
    Raises:
        ValueError: when the frames lack what the plan speaks of. What keeps one analysis from a result is
            said in its place, and the others are done.
    """
    if not isinstance(plan, Plan):
        plan = read_plan(plan)
    many = {name: _polars(one) for name, one in frames.items()} if isinstance(frames, Mapping) else None
    single = None if many is not None else _polars(frames)
    found, seen = [], hashlib.sha256()
    if single is not None:
        seen.update(_bytes(single))
    for planned in plan.analyses:
        frame = single
        if many is not None:
            if planned.id not in many:
                raise ValueError(f"there is no frame for the analysis {planned.id!r}")
            frame = many[planned.id]
            seen.update(_bytes(frame))
        assert frame is not None
        found.append(_one(plan, planned, frame, allocation, committed))
    digests = {"data": seen.hexdigest(), "plan": plan.digest, "code": code_digest()}
    if allocation is not None:
        pairs = "\n".join(f"{who}\t{arm}" for who, arm in sorted(allocation.items()))
        digests["allocation"] = hashlib.sha256(pairs.encode()).hexdigest()
    return Analyses(tuple(found), digests, dry)


def people_of(plan: Plan, planned: Planned, frame: Any) -> int:
    """How many people an analysis may take, by its set and rows, whatever their arms and values.

    Raises:
        ValueError: when the frame lacks a column that these speak of.
    """
    own = _polars(frame)
    who = plan.columns.get("participant", "participant")
    if who not in own.columns:
        raise ValueError(_no_column(who, "columns.participant", own))
    kept = own.filter(_where(own, planned.where, planned.id))
    if planned.set in plan.sets:
        kept = kept.filter(_where(kept, plan.sets[planned.set], f"sets.{planned.set}"))
    return kept[who].drop_nulls().n_unique()


def dummy_allocation(participants: list[str], arms: list[str], *, seed: int) -> dict[str, str]:
    """Arms for a dry run: as equal as can be, in an order that has nothing to do with the true one."""
    many = [arms[place % len(arms)] for place in range(len(participants))]
    order = np.random.default_rng(seed).permutation(len(many))
    return {who: many[place] for who, place in zip(sorted(participants), order, strict=True)}


def _one(
    plan: Plan,
    planned: Planned,
    frame: pl.DataFrame,
    allocation: Mapping[str, str] | None,
    committed: Mapping[str, str] | None,
) -> Analysed:
    try:
        rows, left_out, events = _rows(plan, planned, frame, allocation)
    except _Unusable as problem:
        nobody = Entered(0, {}, ())
        return Analysed(planned, None, str(problem), nobody, _standing(planned, committed))
    arms = rows["arm"].cast(pl.String) if "arm" in rows.columns else None
    people = pl.DataFrame({"who": rows["participant"], "arm": [""] * len(rows) if arms is None else arms})
    counted = people.group_by("arm").agg(pl.col("who").n_unique()).sort("arm")
    entered = Entered(len(rows), dict(counted.iter_rows()), tuple(left_out), events)
    standing = _standing(planned, committed)
    try:
        return Analysed(planned, planned.method.answer(rows, planned.question), None, entered, standing)
    except ValueError as problem:
        return Analysed(planned, None, str(problem), entered, standing)
    except ArithmeticError as problem:
        why = f"the values are too large or too small to be calculated with: {problem}"
        return Analysed(planned, None, why, entered, standing)


class _Unusable(ValueError):
    """What keeps one analysis from its rows, and no other."""


def _standing(planned: Planned, committed: Mapping[str, str] | None) -> Standing:
    if committed is None:
        return "not committed"
    if planned.id not in committed:
        return "post hoc"
    return "as planned" if committed[planned.id] == planned.digest else "changed"


def _rows(
    plan: Plan, planned: Planned, frame: pl.DataFrame, allocation: Mapping[str, str] | None
) -> tuple[pl.DataFrame, list[Step], tuple[Handled, ...]]:
    """The rows of an analysis under the names of `ROLES`, and by which steps others were left out."""
    names = {role: plan.columns.get(role, role) for role in ROLES}
    if planned.value is not None:
        names["value"] = planned.value
    for role, column in plan.columns.items():
        if column not in frame.columns and not (role == "arm" and allocation is not None):
            raise ValueError(_no_column(column, f"columns.{role}", frame))
    for role in ("participant", "value"):
        if names[role] not in frame.columns:
            raise ValueError(_no_column(names[role], f"{planned.id}: the {role}", frame))
    whole = frame.with_columns(
        **{role: pl.col(column) for role, column in names.items() if column in frame.columns}
    )
    if allocation is not None:
        whole = whole.with_columns(
            pl.col("participant").cast(pl.String).replace_strict(dict(allocation), default=None).alias("arm")
        )
    for role in ("arm", "visit", "site"):  # their numbers are names: as numbers they would be slopes
        if role in whole.columns and whole.schema[role].is_numeric():
            whole = whole.with_columns(_as_names(whole[role]).alias(role))
    whole = whole.with_columns(pl.col("participant").cast(pl.String))
    if planned.change is not None:
        whole = _changed(whole, planned.change)
    if planned.event is not None:
        try:
            whole = whole.with_columns(planned.event.of(whole["value"]).alias("value"))
        except ValueError as problem:
            raise _Unusable(str(problem)) from problem
    if not getattr(planned.method, "takes_text", False):
        _refuse_values(whole)
    visits = plan.visits
    if visits and "visit" in whole.columns:
        there = set(whole["visit"].cast(pl.String).drop_nulls().unique())
        strange = there - set(visits)
        if not planned.where and strange:
            raise ValueError(f"visits {sorted(strange)} are none of the plan's: {', '.join(visits)}")
        visits = tuple(one for one in visits if one in there)
        ordered = pl.col("visit").cast(pl.String).cast(pl.Enum(visits), strict=False)
        whole = whole.with_columns(ordered.alias("visit"))
    steps: list[Step] = []
    rows = _keep(whole, _where(whole, planned.where, planned.id), "not of this analysis's rows", steps)
    if planned.set in plan.sets:
        own = _where(rows, plan.sets[planned.set], f"sets.{planned.set}")
        rows = _keep(rows, own, f"not in the set {planned.set}", steps)
    if rows.schema["value"].is_float():
        rows = rows.with_columns(pl.col("value").fill_nan(None))
    if "arm" in rows.columns:
        rows = _keep(rows, pl.col("arm").is_not_null(), "arm unknown", steps)
    events: tuple[Handled, ...] = ()
    if planned.estimand in plan.estimands:
        try:
            rows, events = apply(rows, plan.estimands[planned.estimand], plan.events, visits)
        except ValueError as problem:
            raise _Unusable(str(problem)) from problem
    if getattr(planned.method, "takes_missing", False):  # who has no value is imputed, not left out
        return rows, steps, events
    return _keep(rows, pl.col("value").is_not_null(), "value unknown", steps), steps, events


def _keep(rows: pl.DataFrame, condition: pl.Expr, why: str, steps: list[Step]) -> pl.DataFrame:
    kept = rows.filter(condition)
    if len(kept) < len(rows):
        lost = rows["participant"].n_unique() - kept["participant"].n_unique()
        steps.append(Step(why, len(rows) - len(kept), lost))
    return kept


def _where(rows: pl.DataFrame, where: Where, place: str) -> pl.Expr:
    every = pl.lit(True)
    for column, wanted in where.items():
        if column not in rows.columns:
            raise ValueError(_no_column(column, place, rows))
        values = list(wanted) if isinstance(wanted, tuple) else [wanted]
        if rows.schema[column].is_numeric() and any(isinstance(one, str) for one in values):
            raise ValueError(f"{place}: column {column!r} holds numbers; {values} has text")
        one = pl.col(column)
        text = not (rows.schema[column].is_numeric() or rows.schema[column] == pl.Boolean)
        known = one.cast(pl.String) if text else one
        every &= known.is_in([str(value) for value in values] if text else values)
    return every


def _refuse_values(rows: pl.DataFrame) -> None:
    """What is no number, and neither true nor false, has no place in an analysis."""
    kind = rows.schema["value"]
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
        seen = rows["value"].drop_nulls()
        told = f"such as {seen[0]!r} " if len(seen) else ""
        raise _Unusable(f"the value holds {kind}, {told}that is no number and no yes or no; say its `event`")
    for name in ("value", "baseline"):
        if name in rows.columns and rows.schema[name].is_float():
            endless = rows.filter(pl.col(name).is_infinite())
            if len(endless):
                raise _Unusable(f"the {name} of participant {endless['participant'][0]} is infinite")


def _changed(rows: pl.DataFrame, change: str) -> pl.DataFrame:
    """The rows with their value less the baseline, or that in percent of it."""
    if "baseline" not in rows.columns:
        raise _Unusable("a change is asked for, and the rows have no baseline")
    for name in ("value", "baseline"):
        if not rows.schema[name].is_numeric():
            raise _Unusable(f"a change is asked for, and the {name} holds {rows.schema[name]}")
    difference = pl.col("value") - pl.col("baseline")
    if change == "percent":
        nought = rows.filter(pl.col("baseline") == 0)
        if len(nought):
            raise _Unusable(f"participant {nought['participant'][0]} has a baseline of 0: no percent of it")
        difference = 100 * difference / pl.col("baseline")
    return rows.with_columns(difference.alias("value"))


def _as_names(column: pl.Series) -> pl.Series:
    """Numbers as names, in their order: 4.0 is called 4."""
    known = column.drop_nulls().unique().sort()
    whole = column.dtype.is_integer() or bool((known == known.floor()).all())
    kind = pl.Int64 if whole else column.dtype
    return column.cast(kind).cast(pl.String).cast(pl.Enum(known.cast(kind).cast(pl.String)))


def _no_column(column: str, place: str, frame: pl.DataFrame) -> str:
    return f"{place} is column {column!r}, and the data have: {', '.join(frame.columns)}"


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if hasattr(frame, "columns") and hasattr(frame, "iloc"):
        return pl.DataFrame({str(name): _series(frame[name]) for name in frame.columns})
    raise TypeError(f"a Polars or pandas DataFrame is needed, not {type(frame).__name__}")


def _series(column: Any) -> pl.Series:
    """A pandas column: categories keep their order, what is missing is null."""
    blank = column.isna().tolist()
    values = [None if none else value for value, none in zip(column.tolist(), blank, strict=True)]
    categories = getattr(column.dtype, "categories", None)
    if categories is not None:
        text = [None if one is None else str(one) for one in values]
        return pl.Series(text, dtype=pl.Enum([str(one) for one in categories]))
    return pl.Series(values, strict=False)


def _bytes(frame: pl.DataFrame) -> bytes:
    for name, kind in frame.schema.items():
        if kind.is_nested() or kind == pl.Object:
            raise ValueError(f"column {name!r} holds {kind}: a cell of a table holds one value")
    head = ",".join(f"{name}:{kind}" for name, kind in frame.schema.items())
    return f"{head}\n{frame.write_csv()}".encode()


@cache
def code_digest() -> str:
    """SHA-256 of the source of `entact.analysis`."""
    seen = hashlib.sha256()

    def walk(folder: Any) -> None:
        for entry in sorted(folder.iterdir(), key=lambda one: str(one.name)):
            if entry.is_dir() and entry.name != "__pycache__":
                walk(entry)
            elif entry.name.endswith(".py"):
                seen.update(entry.name.encode() + b"\0" + entry.read_bytes())

    walk(files("entact.analysis"))
    return seen.hexdigest()
