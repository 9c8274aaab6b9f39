"""What is wrong with a study file, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import groupby

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A defect of a study, by its place in the data.

    Attributes:
        path: keys and list positions from the top, such as `("schedule", 3, "within")`.
        message: what is wrong and what would be right.
        offset: position within the text of the value, where one character of it is to blame.
        at_key: whether the key itself is to blame, not its value.
    """

    path: Path
    message: str
    offset: int | None = None
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A defect of a study file, by its place in the file.

    Attributes:
        file: the file as it was named; for a stored release, its id.
        line, column: counted from one; zero where the whole file is meant.
        field: the field's path; visits go by their names, members of other lists are counted from one.
        message: what is wrong and what would be right.
    """

    file: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place} {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class Misplaced(ValueError):
    """What a typed block finds wrong within itself: each fault by its place within the block."""

    def __init__(self, faults: Iterable[tuple[Path, str]]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(message for _, message in self.faults))


class StudyError(ValueError):
    """A study that cannot be used; `problems` says why, in the order of the file, `str()` one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
        super().__init__("\n".join(_lines(self.problems)))

    def __reduce__(self) -> tuple[type[StudyError], tuple[list[Problem]]]:
        return StudyError, (self.problems,)


def _lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Each problem on a line; what is wrong with one whole file is said under its name, which is long."""
    for file, group in groupby(problems, key=lambda problem: "" if problem.line else problem.file):
        found = list(group)
        if file and len(found) > 1:
            yield f"{file}:"
            yield from (f"  {one.field}: {one.message}" if one.field else f"  {one.message}" for one in found)
        else:
            yield from map(str, found)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant; None when none is near."""
    names = sorted(known)
    same = [one for one in names if one.rpartition(".")[2] == name.rpartition(".")[2]]
    if len(same) == 1 and name:  # `sex` for `participant.sex`, or the other way round
        return same[0]
    found = get_close_matches(name, names, n=1, cutoff=0.6)
    return found[0] if found else None


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that does not exist: with the nearest one, or with those there are."""
    names = sorted(known)
    near = nearest(name, names)
    if near:
        return f"there is no {what} {name!r}; did you mean {near!r}?"
    if not names:
        return f"there is no {what} {name!r}; the study has none"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"there is no {what} {name!r}; write one of: {shown}"
