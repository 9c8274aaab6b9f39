"""From a frame to the rows that a fit uses; what would make the fit wrong is said here, by name and place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from entact.analysis.mmrm.columns import (
    Column,
    Factor,
    Identity,
    Numeric,
    as_factor,
    column_names,
    read_column,
    read_identity,
)
from entact.analysis.mmrm.covariance import Covariance
from entact.analysis.mmrm.design import build, parse
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.small import Flags, Floats, Ints
from entact.analysis.mmrm.spatial import _Spatial


def read(
    formula: str,
    data: Any,
    subject: str,
    visit: str,
    by: str | None,
    weights: str | None,
    structure: Covariance,
) -> Observations:
    """The rows with nothing missing, as arrays; a ValueError where the data don't allow a fit."""
    parsed = parse(formula)
    column_names(data)
    axes = structure.coordinates if isinstance(structure, _Spatial) else ()
    wanted = dict.fromkeys([*parsed.response_variables, *parsed.variables])
    columns = {name: read_column(data, name) for name in wanted}
    roles: dict[str, Column] = {}
    for role, name in (("visit", visit), ("by", by), ("weights", weights)):
        if name is not None:
            roles[role] = columns[name] if name in columns else read_column(data, name)
    places = {name: _numbers(name, columns.get(name) or read_column(data, name), "time") for name in axes}

    who = read_identity(data, subject)
    named = _named(visit, by, weights)
    everything = {**columns, **{name: roles[role] for role, name in named}, **places}
    total = who.codes.size
    if total == 0:
        raise ValueError("the frame has no rows")
    for name, column in everything.items():
        _refuse_infinite(name, column)
    causes, complete = _complete({subject: who, **everything})
    if not complete.any():
        raise ValueError(f"no row has values in all of {', '.join(map(repr, (subject, *everything)))}")
    notes = list(causes)
    del everything

    whole = bool(complete.all())
    kept: dict[str, Column] = {}
    for name in list(columns):
        # the whole column is let go as soon as its rows in use are copied
        column = columns.pop(name)
        own = column if whole else column.keep(complete)
        if isinstance(own, Factor):
            own, unused = own.without_unused()
            if unused:
                notes.append(
                    f"{name}: no values at level{'s' * (len(unused) > 1)} {', '.join(unused)}, left out"
                )
            if len(own.levels) == 1 and name in parsed.variables:
                raise ValueError(
                    f"{name!r} has only one level ({own.levels[0]}) in the rows used: leave it out"
                )
        kept[name] = own
    again = kept.get(visit)
    in_use = as_factor(roles["visit"]).keep(complete) if again is None else as_factor(again)
    visits, unused = in_use.without_unused()
    if unused and visit not in kept:
        notes.append(f"{visit}: no values at {', '.join(unused)}, left out")
    _refuse_unclear_order(visit, data, roles["visit"], visits, structure)
    people = who.keep(complete)
    _refuse_twice(people, visits, subject, visit, complete)
    if len(people.labels) < 2:
        raise ValueError(
            f"{subject!r} holds one participant only: a covariance between participants can't be found"
        )
    group, groups = _groups(by, roles.get("by"), complete, people)
    weight = _weights(weights, roles.get("weights"), complete)
    place = None if not axes else np.column_stack([places[name].values[complete] for name in axes])
    # the model matrix is the largest array: what it does not need is let go first
    del roles, places, who
    y, x, design = build(parsed, kept)
    _refuse_values(parsed.response, y, x, design.names, complete)
    return Observations(
        parsed.response,
        y,
        x,
        design,
        {name: kept[name] for name in parsed.variables},
        people.codes,
        people.labels,
        visits.codes,
        visits.levels,
        group,
        groups,
        place,
        weight,
        complete,
        tuple(notes),
    )


def _named(visit: str, by: str | None, weights: str | None) -> list[tuple[str, str]]:
    pairs = (("visit", visit), ("by", by), ("weights", weights))
    return [(role, name) for role, name in pairs if name is not None]


def _numbers(name: str, column: Column, what: str) -> Numeric:
    if isinstance(column, Factor):
        raise ValueError(f"column {name!r} is used as {what} and must hold numbers, not text or categories")
    return column


def _refuse_infinite(name: str, column: Column) -> None:
    if isinstance(column, Numeric) and np.isinf(column.values).any():
        row = int(np.flatnonzero(np.isinf(column.values))[0])
        raise ValueError(
            f"column {name!r} is infinite in row {row} (counted from 0): correct it or make it missing"
        )


def _complete(columns: Mapping[str, Column | Identity]) -> tuple[list[str], Flags]:
    """A note of what is missing where, if anything is, and the rows in which nothing is."""
    causes = []
    complete: Flags | None = None
    for name, column in columns.items():
        missing = column.missing
        count = int(np.count_nonzero(missing))
        if count:
            causes.append(f"{name} in {count}")
        complete = ~missing if complete is None else complete & ~missing
    assert complete is not None
    if not causes:
        return [], complete
    dropped = complete.size - int(np.count_nonzero(complete))
    return [f"{dropped} of {complete.size} rows left out: missing {', '.join(causes)}"], complete


def _refuse_unclear_order(
    name: str, data: Any, column: Column, visits: Factor, structure: Covariance
) -> None:
    """Text visits such as V2 and V10 sort by alphabet, which is wrong for structures that know neighbours."""
    if not structure.ordered or isinstance(structure, _Spatial) or isinstance(column, Numeric):
        return
    if hasattr(getattr(data[name], "dtype", None), "categories"):
        return
    natural = sorted(visits.levels, key=_natural)
    if natural != list(visits.levels):
        raise ValueError(
            f"the order of the visits in {name!r} is unclear: by alphabet {', '.join(visits.levels)}, "
            f"by number "
            f"{', '.join(natural)}; make it an Enum or Categorical in the order meant, because "
            f"{structure.title} needs one"
        )


def _natural(text: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def _refuse_twice(people: Identity, visits: Factor, subject: str, visit: str, complete: Flags) -> None:
    taken = np.zeros((len(people.labels), len(visits.levels)), dtype=bool)
    taken[people.codes, visits.codes] = True
    if int(np.count_nonzero(taken)) < people.codes.size:
        rows = np.flatnonzero(complete)
        key = people.codes.astype(np.int64) * len(visits.levels) + visits.codes
        where = np.flatnonzero(key == int(np.bincount(key).argmax()))
        first = where[0]
        places = ", ".join(str(int(rows[place])) for place in where[:5])
        raise ValueError(
            f"{subject} {people.labels[int(people.codes[first])]} has {where.size} values at {visit} "
            f"{visits.levels[visits.codes[first]]} (rows {places}, counted from 0): one is needed"
        )


def _groups(
    by: str | None, column: Column | None, complete: Flags, people: Identity
) -> tuple[Ints, tuple[str, ...]]:
    count = len(people.labels)
    if by is None or column is None:
        return np.zeros(count, dtype=np.int64), ("",)
    factor, _ = as_factor(column).keep(complete).without_unused()
    group = np.zeros(count, dtype=np.int64)
    group[people.codes] = factor.codes
    other = np.flatnonzero(group[people.codes] != factor.codes)
    if other.size:
        who = people.labels[int(people.codes[other[0]])]
        raise ValueError(f"participant {who} is in more than one group of {by!r}: by needs one group each")
    return group, factor.levels


def _weights(name: str | None, column: Column | None, complete: Flags) -> Floats | None:
    if name is None or column is None:
        return None
    values = _numbers(name, column, "weights").values
    wrong = np.flatnonzero(complete & ~(values > 0.0))
    if wrong.size:
        raise ValueError(
            f"weights in {name!r} must be positive; row {int(wrong[0])} (counted from 0) has "
            f"{values[wrong[0]]}"
        )
    kept: Floats = values[complete]
    return kept


def _refuse_values(outcome: str, y: Floats, x: Floats, names: list[str], complete: Flags) -> None:
    if not np.isfinite(y).all():
        row = int(np.flatnonzero(complete)[np.flatnonzero(~np.isfinite(y))[0]])
        raise ValueError(f"{outcome} is not a number in row {row} (counted from 0)")
    # extremes instead of flags, which would be an array of x's size
    if x.size and not np.isfinite([x.min(), x.max()]).all():
        place, column = np.argwhere(~np.isfinite(x))[0]
        row = int(np.flatnonzero(complete)[place])
        raise ValueError(f"{names[column]} is not a number in row {row} (counted from 0)")
