"""Rows of a meta-analytic database in the format of Metapsy, read and checked.

The format (the Metapsy data standard, as its documentation describes it): a CSV file with `;` between fields
and a decimal comma, `NA` for what is missing, one row a comparison of two arms. Files with `,` and a decimal
point occur too, and are read; a file that mixes the two is refused, with the place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any, Final

from entact.analysis.meta import Means, standardised_mean_difference
from entact.protocol.problem import Problem, StudyError, nearest

REQUIRED: Final = (
    *("study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type"),
    *("instrument", "rating"),
)
_MEANS: Final = ("n_arm1", "mean_arm1", "sd_arm1", "n_arm2", "mean_arm2", "sd_arm2")
CHANGES: Final = tuple(name.replace("_arm", "_change_arm") for name in _MEANS)
EVENTS: Final = ("event_arm1", "totaln_arm1", "event_arm2", "totaln_arm2")
_TIMES: Final = ("time_weeks", "time_days")
_CALCULATED: Final = (".g", ".g_se", ".log_rr", ".log_rr_se")
NUMBERS: Final = frozenset({*_MEANS, *CHANGES, *EVENTS, *_TIMES, *_CALCULATED, "year"})
KINDS: Final = {"msd": _MEANS, "change": CHANGES, "response": EVENTS, "remission": EVENTS}
_RATINGS: Final = ("clinician", "self-report")
MISSING: Final = frozenset({"", "NA"})
_NEAR: Final = 2e-3
"""by how much a calculated effect of the file may differ from the one calculated here"""


class DatabaseError(StudyError):
    """A file that is no such database: every fault with its line, column and field."""


@dataclass(frozen=True)
class Comparison:
    """A row, which compares two arms: where it stands, its text by column, and its numbers."""

    line: int
    text: Mapping[str, str]
    number: Mapping[str, float]

    def flag(self, name: str) -> bool | None:
        """Whether a column of 0 and 1 says 1; None where it does not say."""
        said = self.text.get(name, "NA")
        return None if said in MISSING else re.fullmatch(r"1(?:[.,]0*)?", said) is not None


def read_comparisons(raw: bytes, file: str) -> tuple[list[Comparison], list[Problem]]:
    """The rows of a database and what is wrong with them.

    Args:
        raw: bytes of the file. file: its name, for problems.
    Raises:
        DatabaseError: when it is no table at all.
    """
    rows, problems = _read(raw, file)
    problems.extend(_duplicates(rows, file))
    for row in rows:
        problems.extend(_misfits(row, file))
    return rows, problems


def _read(raw: bytes, file: str) -> tuple[list[Comparison], list[Problem]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DatabaseError(
            [Problem(file, line, 0, "", "this is not UTF-8; save the file as UTF-8 text")]
        ) from None
    head = text.split("\n", 1)[0]
    if not head.strip():
        raise DatabaseError([Problem(file, 0, 0, "", "the file is empty, or begins with an empty line")])
    mark = ";" if head.count(";") >= head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        names = [name.strip() for name in next(reader)]
        problems = list(_faults_of_head(names, file))
        rows: list[Comparison] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            if len(cells) != len(names):
                message = (
                    f"{len(cells)} fields where the head has {len(names)}; is a {mark!r} missing or too many?"
                )
                problems.append(Problem(file, line, 0, "", message))
                continue
            told = dict(zip(names, (cell.strip() for cell in cells), strict=True))
            numbers, wrong = _numbers(told, names, mark, file, line)
            problems.extend(wrong)
            rows.append(Comparison(line, told, numbers))
    except csv.Error as error:
        raise DatabaseError([Problem(file, reader.line_num, 0, "", f"this is no CSV: {error}")]) from None
    if not rows and not problems:
        problems.append(Problem(file, 0, 0, "", "there is no row below the head"))
    return rows, problems


def _faults_of_head(names: Sequence[str], file: str) -> Iterator[Problem]:
    for place, name in enumerate(names, 1):
        if names.count(name) > 1 and names.index(name) != place - 1:
            yield Problem(file, 1, place, name, "the column stands twice in the head")
    for name in REQUIRED:
        if name not in names:
            near = nearest(name, [one for one in names if one not in REQUIRED])
            hint = f"; is it {near!r}?" if near else ""
            yield Problem(file, 1, 0, name, f"the column is missing{hint}")


def _numbers(
    told: Mapping[str, str], names: Sequence[str], mark: str, file: str, line: int
) -> tuple[dict[str, float], list[Problem]]:
    numbers: dict[str, float] = {}
    wrong: list[Problem] = []
    own, other = (",", ".") if mark == ";" else (".", ",")
    for place, name in enumerate(names, 1):
        said = told[name]
        if name not in NUMBERS or said in MISSING:
            continue
        if other in said:
            said_mark = "commas" if own == "," else "points"
            message = f"{said!r} in a file with {mark!r} between fields: decimals have {said_mark} there"
            wrong.append(Problem(file, line, place, name, f"{message}; write {said.replace(other, own)}"))
            continue
        try:
            value = float(said.replace(own, "."))
        except ValueError:
            wrong.append(Problem(file, line, place, name, f"{said!r} is no number; write one, or NA"))
            continue
        if not isfinite(value):
            wrong.append(Problem(file, line, place, name, f"{said!r} is no finite number; write one, or NA"))
        else:
            numbers[name] = value
    return numbers, wrong


def _duplicates(rows: Iterable[Comparison], file: str) -> Iterator[Problem]:
    names = (*REQUIRED, "time", "study_time_point", "time_weeks", "time_days")
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.text.get(name, "") for name in names)
        if key in seen:
            message = f"the comparison stands in line {seen[key]} already; it would be counted twice"
            yield Problem(file, row.line, 0, "study", message)
        seen.setdefault(key, row.line)


def _misfits(row: Comparison, file: str) -> Iterator[Problem]:
    """What a row says that cannot be."""
    places = {name: place for place, name in enumerate(row.text, 1)}

    def problem(name: str, message: str) -> Problem:
        return Problem(file, row.line, places.get(name, 0), name, message)

    for name in ("study", "condition_arm1", "condition_arm2", "outcome_type", "instrument"):
        if row.text.get(name, "NA") in MISSING:
            yield problem(name, "is missing; without it a row cannot be told from others")
    rating = row.text.get("rating", "NA")
    if rating not in (*_RATINGS, *MISSING):
        yield problem("rating", f"{rating!r} is no rating; write one of: {', '.join(_RATINGS)}")
    for name, value in row.number.items():
        if name.startswith(("n_", "event_", "totaln_")) and (value < 0 or value != int(value)):
            yield problem(name, f"{value:g} is no number of people")
        if name.startswith("totaln_") and value == 0:
            yield problem(name, "nobody in the arm; write NA where there was no such arm")
        if name.startswith("n_") and value in (0, 1):
            yield problem(name, f"{value:g} in the arm; a mean with its SD needs two people or more")
        if name == "year" and not 1900 <= value <= 2100:
            yield problem(name, f"{value:g} is no year")
        if name.startswith("sd_") and value <= 0:
            yield problem(name, f"an SD of {value:g}; it is above 0, or NA")
    for arm in (1, 2):
        events, total = (row.number.get(f"{name}_arm{arm}") for name in ("event", "totaln"))
        if events is not None and total is not None and events > total:
            yield problem(f"event_arm{arm}", f"{events:g} events among {total:g}")
    weeks, days = row.number.get("time_weeks"), row.number.get("time_days")
    if weeks is not None and days is not None and abs(7 * weeks - days) > 7:
        yield problem("time_days", f"{days:g} days are not {weeks:g} weeks: one of the two has another unit")
    yield from _unlike(row, problem)


def _unlike(row: Comparison, problem: Any) -> Iterator[Problem]:
    """Calculated effects that do not follow from the numbers beside them: a wrong unit, or a wrong column."""
    given = row.number.get(".g")
    kind = row.text.get("outcome_type")
    columns = KINDS.get(kind or "")
    if columns is None or any(name not in row.number for name in columns):
        return
    values = [row.number[name] for name in columns]
    try:
        if given is not None and kind in ("msd", "change"):
            own = standardised_mean_difference(_means(values[:3]), _means(values[3:])).estimate
            if abs(own - given) > _NEAR * (1 + abs(own)):
                yield problem(".g", f"{given:.4g}, but the means and SDs beside it give {own:.4g}")
        ratio = row.number.get(".log_rr")
        if ratio is not None and kind in ("response", "remission") and 0 not in (values[0], values[2]):
            own = log(values[0] / values[1] / (values[2] / values[3]))
            if abs(own - ratio) > _NEAR * (1 + abs(own)):
                yield problem(".log_rr", f"{ratio:.4g}, but the counts beside it give {own:.4g}")
    except (ValueError, ZeroDivisionError):
        return  # what is wrong with the numbers themselves is told by name


def _means(values: Sequence[float]) -> Means:
    return Means(int(values[0]), values[1], values[2])
