"""From a frame to the rows that a fit uses; what would make the fit wrong is said here, by name and place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from entact.analysis.mmrm.codes import SHORT
from entact.analysis.mmrm.columns import (
    NO_VALUE,
    Column,
    Factor,
    Identity,
    Numeric,
    check_levels,
    column_names,
    order_is_clear,
    read_column,
    read_factor,
    read_identity,
)
from entact.analysis.mmrm.covariance import Covariance
from entact.analysis.mmrm.design import Equal, build
from entact.analysis.mmrm.formula import Formula, parse
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.small import Flags, Floats, Ints
from entact.analysis.mmrm.spatial import _Spatial

# A column of whole numbers with no more of them than this may be meant as categories.
FEW = 12
# Rows that are looked at before all are, to see whether there are more.
FIRST = 1_000


def read(
    formula: str,
    data: Any,
    subject: str,
    visit: str,
    by: str | None,
    weights: str | None,
    structure: Covariance,
    equal_at: Mapping[str, str] | None = None,
) -> Observations:
    """The rows with nothing missing, as arrays; a ValueError where the data don't allow a fit."""
    parsed = parse(formula)
    column_names(data)
    for what, column_name in (("subject", subject), ("visit", visit)):
        if not isinstance(column_name, str):
            raise ValueError(f"{what} must be the name of a column, not {column_name!r}")
    axes = structure.coordinates if isinstance(structure, _Spatial) else ()
    columns = {
        name: read_factor(data, name) if name in parsed.categories else read_column(data, name)
        for name in dict.fromkeys([*parsed.response.variables, *parsed.variables])
    }
    roles: dict[str, Column] = {}
    for role, name in (("visit", visit), ("by", by)):
        if name is not None:
            known = columns.get(name)
            roles[role] = known if isinstance(known, Factor) else read_factor(data, name)
    if weights is not None:
        roles["weights"] = read_column(data, weights)
    places = {name: _numbers(name, read_column(data, name), "time") for name in axes}

    who = read_identity(data, subject)
    named = _named(visit, by, weights)
    everything = {**{name: roles[role] for role, name in named}, **columns, **places}
    total = who.codes.size
    if total == 0:
        raise ValueError("the frame has no rows")
    for name, column in everything.items():
        refuse_infinite(name, column)
    causes, complete = rows_complete({subject: who, **everything})
    if not complete.any():
        raise ValueError(f"no row has values in all of {', '.join(map(repr, (subject, *everything)))}")
    notes = [*causes, *slopes(parsed, columns, visit, complete)]
    del everything

    kept, unused_levels = keep_used(columns, complete, frozenset(parsed.variables))
    notes.extend(unused_levels)
    visits, unused = _factor(roles["visit"]).keep(complete).without_unused()
    if unused and not isinstance(kept.get(visit), Factor):
        notes.append(f"{visit}: no values at {', '.join(unused)}, left out")
    notes.extend(_unclear_order(visit, data, visits, structure))
    if not isinstance(kept.get(visit), Factor):
        notes.extend(check_levels(visit, visits.levels, None))
    people = who.keep(complete)
    notes.extend(_check_people(subject, people))
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
    y, x, design = build(parsed, kept, _equal(equal_at or {}, visit, kept))
    refuse_values(parsed.response.text, y, x, design.names, complete)
    return Observations(
        parsed.response.text,
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


def keep_used(
    columns: dict[str, Column], complete: Flags, needed: frozenset[str]
) -> tuple[dict[str, Column], list[str]]:
    """The columns on the rows used, emptied as they are taken, and notes of levels that are left out.

    A factor among those needed has to have two levels.
    """
    whole = bool(complete.all())
    kept: dict[str, Column] = {}
    notes = []
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
            if not own.numbers:
                notes.extend(check_levels(name, own.levels, None if own.stated else FEW))
            if len(own.levels) == 1 and name in needed:
                raise ValueError(
                    f"{name!r} has only one level ({own.levels[0]}) in the rows used: leave it out"
                )
        kept[name] = own
    return kept, notes


def _check_people(name: str, people: Identity) -> list[str]:
    """As `check_levels`, of labels that are many."""
    labels = people.labels
    if len(labels) <= SHORT:
        known = labels.to_list()
        stripped = {label.strip() for label in known}
        odd = len(stripped) < len(known) or not stripped.isdisjoint(("", *NO_VALUE))
        return check_levels(name, known, None) if odd else []
    bare = labels.str.strip_chars()
    suspect = labels.filter((bare.str.len_chars() == 0) | bare.is_duplicated() | bare.is_in(NO_VALUE))
    return check_levels(name, suspect.to_list(), None) if len(suspect) else []


def _equal(equal_at: Mapping[str, str], visit: str, kept: Mapping[str, Column]) -> tuple[Equal, ...]:
    """At which visit which factors make no difference."""
    visits = kept.get(visit)
    result = []
    for name, level in equal_at.items():
        factor = kept.get(name)
        if not isinstance(factor, Factor) or not isinstance(visits, Factor) or name == visit:
            raise ValueError(
                f"equal_at={{{name!r}: {level!r}}} needs {name!r} and the visits {visit!r} as factors "
                f"of the formula"
            )
        if str(level) not in visits.levels:
            raise ValueError(
                f"equal_at={{{name!r}: {level!r}}}: {visit!r} has no level {level!r}; it has "
                f"{', '.join(visits.levels)}"
            )
        result.append(Equal(name, visit, visits.levels.index(str(level))))
    return tuple(result)


def _named(visit: str, by: str | None, weights: str | None) -> list[tuple[str, str]]:
    pairs = (("visit", visit), ("by", by), ("weights", weights))
    return [(role, name) for role, name in pairs if name is not None]


def _numbers(name: str, column: Column, what: str) -> Numeric:
    if isinstance(column, Factor):
        raise ValueError(f"column {name!r} is used as {what} and must hold numbers, not text or categories")
    return column


def refuse_infinite(name: str, column: Column) -> None:
    if isinstance(column, Numeric) and np.isinf(column.values).any():
        row = int(np.flatnonzero(np.isinf(column.values))[0])
        raise ValueError(
            f"column {name!r} is infinite in row {row} (counted from 0): correct it or make it missing"
        )


def rows_complete(columns: Mapping[str, Column | Identity]) -> tuple[list[str], Flags]:
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


def _factor(column: Column) -> Factor:
    assert isinstance(column, Factor)
    return column


def slopes(formula: Formula, columns: Mapping[str, Column], visit: str | None, complete: Flags) -> list[str]:
    """Notes of whole numbers that enter as a slope but may be meant as categories."""
    notes = []
    for atom in formula.atoms.values():
        column = columns[atom.variables[0]]
        if atom.kind != "column" or not isinstance(column, Numeric):
            continue
        values = column.values[complete]
        first = values[:FIRST]
        few = np.unique(first[first == np.floor(first)]).size <= FEW and (first == np.floor(first)).all()
        distinct = np.unique(values) if few else values
        whole = few and distinct.size <= FEW and bool((distinct == np.floor(distinct)).all())
        if atom.text == visit and distinct.size > 2:
            notes.append(
                f"{visit}: the visits are numbers and enter the formula as one slope, not as a mean at each; "
                f"write C({visit}) for a mean at each"
            )
        elif whole and distinct.size > 2:
            told = ", ".join(f"{value:.0f}" for value in distinct)
            notes.append(
                f"{atom.text}: the numbers {told} enter as a slope; write C({atom.text}) for categories"
            )
    return notes


def _unclear_order(name: str, data: Any, visits: Factor, structure: Covariance) -> list[str]:
    """A note where the order of visits can't be told; a refusal for structures that know neighbours."""
    if order_is_clear(data, name, visits.levels):
        return []
    order = ", ".join(visits.levels)
    if structure.ordered and not isinstance(structure, _Spatial):
        raise ValueError(
            f"the order of the visits in {name!r} is unclear, and {structure.title} needs one: as they "
            f"stand it would "
            f"be {order}; make {name!r} an Enum (or an ordered category) in the order meant"
        )
    return [f"{name}: the visits stand in the order {order}; an Enum would state another"]


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
    factor, _ = _factor(column).keep(complete).without_unused()
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


def refuse_values(outcome: str, y: Floats, x: Floats, names: list[str], complete: Flags) -> None:
    if not np.isfinite(y).all():
        row = int(np.flatnonzero(complete)[np.flatnonzero(~np.isfinite(y))[0]])
        raise ValueError(f"{outcome} is not a number in row {row} (counted from 0)")
    # extremes instead of flags, which would be an array of x's size
    if x.size and not np.isfinite([x.min(), x.max()]).all():
        place, column = np.argwhere(~np.isfinite(x))[0]
        row = int(np.flatnonzero(complete)[place])
        raise ValueError(f"{names[column]} is not a number in row {row} (counted from 0)")
