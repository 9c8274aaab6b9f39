"""A study held against a list: each item met, with file and line; not met; or not decidable, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from entact.protocol.load import load_study, source_of
from entact.protocol.measures import FILE, read_measures
from entact.protocol.problem import Problem, StudyError, unknown
from entact.protocol.release import Release
from entact.protocol.requirements import design, measured  # noqa: F401 - each brings its kinds of rules
from entact.protocol.requirements.answer import answer
from entact.protocol.requirements.timeline import Timeline
from entact.protocol.requirements.words import Requirement, RequirementList
from entact.protocol.source import Source, field_of, read_source

Status = Literal["met", "not_met", "not_decidable", "does_not_apply"]
_FOLDER = "entact.protocol.requirements"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a study file meets an item; line and column from one, zero where there is no file."""

    file: str
    line: int
    column: int
    field: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.field}" if self.line else self.field


@dataclass(frozen=True, slots=True)
class Judged:
    """One item, and what the study file says to it.

    Attributes:
        places: where it is met. said: what is missing, or why it is not decided. meets: what would meet it.
    """

    item: Requirement
    status: Status
    places: tuple[Place, ...] = ()
    said: tuple[str, ...] = ()
    meets: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A release held against a list."""

    release: Release
    list: RequirementList
    judged: tuple[Judged, ...]

    def of(self, status: Status) -> tuple[Judged, ...]:
        """The items with a status, in the order of the list."""
        return tuple(one for one in self.judged if one.status == status)


def known_lists() -> list[str]:
    """The names of the lists that come with entact."""
    names = (entry.name for entry in files(_FOLDER).iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml") and name != FILE)


@lru_cache(maxsize=16)
def read_list(name: str) -> RequirementList:
    """A list by its name.

    Raises:
        StudyError: when there is none, with the nearest name.
    """
    if name not in known_lists():
        raise StudyError([Problem(name, 0, 0, "", unknown("list of requirements", name, known_lists()))])
    source = _read(f"{name}.yaml")
    found = RequirementList.model_validate(source.data)
    return found


def _read(name: str) -> Source:
    return read_source(files(_FOLDER).joinpath(name).read_bytes(), name)


def compare(name_or_path: str, list_name: str) -> Compared:
    """A study file held against a list, its newest release where it has amendments.

    Args:
        name_or_path: as for `load_study`. list_name: one of `known_lists`.
    Raises:
        StudyError: when the study cannot be used, or there is no such list.
    """
    wanted = read_list(list_name)
    return compare_release(load_study(name_or_path).newest, wanted, source_of(name_or_path))


def compare_release(release: Release, wanted: RequirementList, source: Source | None = None) -> Compared:
    """A release held against a list.

    Args:
        source: the file that it was read from, for lines; without it, fields alone are told.
    """
    study = Timeline(release, read_measures())
    return Compared(release, wanted, tuple(_judge(item, study, source) for item in wanted.items))


def _judge(item: Requirement, study: Timeline, source: Source | None) -> Judged:
    if item.applies is not None and not answer(item.applies.rule, study).met:
        return Judged(item, "does_not_apply", said=(item.applies.otherwise,))
    if item.rule is None:
        return Judged(item, "not_decidable", said=(f"a person has to judge: {item.judge}",))
    found = answer(item.rule, study)
    if found.met is None:
        return Judged(item, "not_decidable", said=found.lacks)
    if not found.met:
        return Judged(item, "not_met", said=found.lacks, meets=item.meets or "")
    places = []
    for path in found.places:
        line, column = source.place(path, at_key=True) if source is not None else (0, 0)
        file = source.file if source is not None else study.release.id
        places.append(Place(file, line, column, field_of(study.release.data, path)))
    return Judged(item, "met", tuple(places))
