"""Courses to frames: one participant after another, so that memory holds the rows and one course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from entact.course.course import Course
from entact.course.entry import Line
from entact.course.fold import Broken, broken, fold_lines
from entact.course.state.numbers import (
    RANDOMISATION,
    Number,
    arm_of,
    normal,
    numbers_of,
    row_number,
    shared_message,
    unit_of,
)
from entact.datasets import disposition, endpoints, questionnaires, safety, sessions, subjects
from entact.datasets.codebook import Codebook, codebook
from entact.datasets.person import Person
from entact.datasets.rows import Rows
from entact.datasets.subjects import POPULATION
from entact.protocol.release import Study

BROKEN = "broken"  # the rule of the finding that a participant's course cannot be made
ARM = "TRT01P"  # the planned arm; a column of `subjects` once the allocation is opened, and of nothing else


@dataclass(frozen=True)
class Datasets:
    """The frames of a study. Rows are sorted by participant; yes and no are Booleans; null is unknown.

    Attributes:
        book: what a reader needs of the study file. environment: production, training or rehearsal.
        unblinded: whether `subjects` has the arm (`TRT01P`); no other frame depends on it, joined by USUBJID.
        committed: analysis -> digest of what was planned of it before arms were opened; None if not known.
    """

    book: Codebook
    environment: str
    unblinded: bool
    subjects: pl.DataFrame
    questionnaires: pl.DataFrame
    endpoints: pl.DataFrame
    vitals: pl.DataFrame
    events: pl.DataFrame
    doses: pl.DataFrame
    guesses: pl.DataFrame
    disposition: pl.DataFrame
    visits: pl.DataFrame
    deviations: pl.DataFrame
    findings: pl.DataFrame
    alerts: pl.DataFrame
    committed: Mapping[str, str] | None = None

    @property
    def simulated(self) -> bool:
        """Whether no person stands behind the rows, so that every output has to say so."""
        return self.environment != "production"

    def frames(self) -> dict[str, pl.DataFrame]:
        """Every frame by name."""
        return {name: getattr(self, name) for name in FRAMES}

    @property
    def groups(self) -> str | None:
        """The column of `subjects` by which results are shown: arm, or population where nobody is randomised.

        None for one group: a blinded study, or one that has neither.
        """
        if self.book.randomised:
            return ARM if self.unblinded else None
        return POPULATION if len(self.book.populations) > 1 else None

    @property
    def candidates(self) -> pl.DataFrame:
        """The `subjects` who could come to be randomised, or enrolled where nobody is."""
        beside = self.book.beside
        return self.subjects.filter(~pl.col(POPULATION).is_in(beside)) if beside else self.subjects

    def by_arm(self, frame: str, *, within: str | None = None) -> pl.DataFrame:
        """A frame with SITEID and the column of the groups; only the participants of an analysis set.

        Args:
            frame: its name. within: flag of `subjects`, such as SAFFL; else all who entered the study.
        """
        within = within or self.book.entered
        columns = ["USUBJID", "SITEID", *([self.groups] if self.groups is not None else [])]
        chosen = self.subjects.filter(pl.col(within)).select(columns)
        if frame == "subjects":
            return self.subjects.filter(pl.col(within))
        rows: pl.DataFrame = getattr(self, frame)
        return rows.join(chosen, on="USUBJID", how="inner", maintain_order="left")


_APART = "the number is not that of whom the participant is randomised with"
_CONTRADICTS = "the visits that the participant was told are not those of the arm on the list"
FRAMES = (
    "subjects",
    "questionnaires",
    "endpoints",
    "vitals",
    "events",
    "doses",
    "guesses",
    "disposition",
    "visits",
    "deviations",
    "findings",
    "alerts",
)


@dataclass(frozen=True)
class Part:
    """The rows of some participants, as they were made in whatever process."""

    frames: Mapping[str, pl.DataFrame]
    environments: frozenset[str]
    numbers: Mapping[Number, list[tuple[str, str]]]


class Accumulator:
    """Takes the courses of a study one at a time and ends in frames.

    Args:
        study: all releases; parameters, endpoints and sets are those of the newest one.
        at: time as of which findings are seen; else that of each participant's last entry.
        committed: what was planned before arms were opened, as `entact.course.releases.committed_plan` says.
    """

    def __init__(
        self, study: Study, *, at: datetime | None = None, committed: Mapping[str, str] | None = None
    ) -> None:
        self.release = study.newest
        self.book = codebook(self.release)
        self.at = at
        self.committed = committed
        self._environments: set[str] = set()
        self._members: list[tuple[str, str, str, str]] = []  # participant, entry, number, whose unit
        self._assigned: list[tuple[str, str, str, tuple[str, ...]]] = []  # participant, entry, number, arms
        self._numbers: dict[Number, list[tuple[str, str]]] = {}  # participant and entry, by number
        schemas = {
            "subjects": subjects.schema(self.book),
            "questionnaires": questionnaires.SCHEMA,
            "endpoints": endpoints.SCHEMA,
            "vitals": sessions.VITALS,
            "events": safety.EVENTS,
            "doses": sessions.DOSES,
            "guesses": sessions.GUESSES,
            "disposition": disposition.DISPOSITION,
            "visits": disposition.VISITS,
            "deviations": disposition.DEVIATIONS,
            "findings": disposition.FINDINGS,
            "alerts": safety.ALERTS,
        }
        self._rows = {name: Rows(schemas[name]) for name in FRAMES}

    def add(self, course: Course) -> None:
        """Adds the rows of one participant. A ledger without entries has none."""
        if not course.effective:
            return
        person = Person(self.book, course)
        made = self._rows_of(person)  # all of them, or none
        self._environments.add(course.effective[0].entry.environment)
        if course.assignment is not None and course.randomisation is not None:
            told, number = course.assignment, course.randomisation.number
            self._assigned.append((person.usubjid, told.entry, number, told.arms))
        head, drawn = unit_of(course), course.randomisation
        if head is not None and drawn is not None:
            self._members.append((person.usubjid, drawn.entry, drawn.number, head))
        for own, entry in numbers_of(course).items():
            self._numbers.setdefault(own, []).append((person.usubjid, entry))
        for name, rows in made.items():
            self._rows[name].extend(rows)

    def part(self) -> Part:
        """What was added so far, to be joined to others."""
        frames = {name: rows.frame() for name, rows in self._rows.items()}
        return Part(frames, frozenset(self._environments), self._numbers)

    def join(self, part: Part) -> None:
        """Adds participants whose rows were made elsewhere, of the same release."""
        self._environments |= part.environments
        for number, holders in part.numbers.items():
            self._numbers.setdefault(number, []).extend(holders)
        for name, frame in part.frames.items():
            self._rows[name].join(frame)

    def add_lines(self, study: Study, ledger: str, lines: Iterable[Line]) -> Broken | None:
        """Adds one participant as the ledger has it; one whose course cannot be made is a finding.

        Returns:
            What is wrong with the ledger: there are no other rows of this participant then.
        """
        course = fold_lines(study, ledger, lines)
        if not isinstance(course, Broken):
            try:
                self.add(course)
                return None
            except Exception as error:  # noqa: BLE001 - whatever it is, it is of this participant alone
                course = broken(ledger, error)
        name = self._usubjid(ledger)
        self._rows["findings"].extend([(name, BROKEN, "", None, course.problem, True)])
        return course

    def _usubjid(self, ledger: str) -> str:
        return f"{self.release.file.study}-{ledger.partition(':')[2]}"

    def _rows_of(self, person: Person) -> dict[str, list[tuple[Any, ...]]]:
        rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in FRAMES}
        failures: list[tuple[str, str]] = []
        rows["subjects"].extend([subjects.row(person)])
        rows["questionnaires"].extend(questionnaires.rows(person))
        rows["endpoints"].extend(endpoints.rows(person, self.release, failures))
        rows["vitals"].extend(sessions.vitals(person))
        rows["events"].extend(safety.events(person))
        rows["doses"].extend(sessions.doses(person))
        rows["guesses"].extend(sessions.guesses(person))
        rows["disposition"].extend(disposition.disposition(person))
        rows["visits"].extend(disposition.visits(person))
        rows["deviations"].extend(disposition.deviations(person))
        rows["findings"].extend(disposition.findings(person, self.at))
        rows["findings"].extend(
            (person.usubjid, "endpoint_fails", "", place, message, True) for place, message in failures
        )
        rows["alerts"].extend(safety.alerts(person))
        return rows

    def finish(self, allocation: Mapping[str, str] | None = None) -> Datasets:
        """The frames, blinded unless an allocation is given.

        Args:
            allocation: randomisation number -> arm, opened after lock or of a rehearsal; where nobody is
                randomised there is nothing to open.
        Raises:
            ValueError: when courses of different environments were added, or the allocation lacks a
                participant's number or names an arm that the study does not have.
        """
        if len(self._environments) > 1:
            raise ValueError(
                f"these ledgers are of different environments: {', '.join(sorted(self._environments))}"
            )
        for (of, number), holders in self._numbers.items():
            if len(holders) > 1:
                message = shared_message(of, number)
                self._rows["findings"].extend(
                    (usubjid, "number_shared", entry, of, message, True) for usubjid, entry in holders
                )
        for who, entry, number, head in self._members:
            holders = self._numbers.get((RANDOMISATION, normal(row_number(number))), [])
            if self._usubjid(head) not in [one for one, _ in holders]:
                self._rows["findings"].extend([(who, "randomised_apart", entry, "number", _APART, True)])
        if allocation is not None:
            self._rows["findings"].extend(
                (who, "assignment_contradicts", entry, "arms", _CONTRADICTS, True)
                for who, entry, number, arms in self._assigned
                if arm_of(number, allocation) not in (None, *arms)
            )
        frames = {
            name: rows.frame().sort("USUBJID", maintain_order=True) for name, rows in self._rows.items()
        }
        unblinded = allocation is not None and self.book.randomised
        if allocation is not None and unblinded:
            frames["subjects"] = _with_arm(frames["subjects"], allocation, self.book)
        return Datasets(
            book=self.book,
            committed=self.committed,
            environment=next(iter(self._environments), "production"),
            unblinded=unblinded,
            **frames,
        )


def build(
    study: Study,
    courses: Iterable[Course],
    allocation: Mapping[str, str] | None = None,
    *,
    at: datetime | None = None,
    committed: Mapping[str, str] | None = None,
) -> Datasets:
    """The frames of a study from the courses of its participants, taken one at a time.

    Args:
        study: all releases. courses: any iterable, also a generator that folds ledger after ledger.
        allocation: randomisation number -> arm; without it nothing in the frames depends on the arm.
        at: time as of which findings are seen; else that of each participant's last entry.
        committed: what was planned before arms were opened, as `entact.course.releases.committed_plan` says.
    Raises:
        ValueError: when the ledgers are of different environments, or the allocation does not fit.
    """
    accumulator = Accumulator(study, at=at, committed=committed)
    for course in courses:
        accumulator.add(course)
    return accumulator.finish(allocation)


def _with_arm(frame: pl.DataFrame, allocation: Mapping[str, str], book: Codebook) -> pl.DataFrame:
    strange = sorted({*allocation.values()} - {*book.arms})
    if strange:
        raise ValueError(
            f"the allocation names {', '.join(strange)}; the study's arms are {', '.join(book.arms)}"
        )
    numbers = frame["RANDNUM"].drop_nulls().to_list()
    absent = sorted(number for number in numbers if arm_of(number, allocation) is None)
    if absent:
        raise ValueError(f"the allocation has no arm for the randomisation number {absent[0]}")
    arms = [None if number is None else arm_of(number, allocation) for number in frame["RANDNUM"].to_list()]
    return frame.with_columns(pl.Series(ARM, arms, dtype=pl.String))
