"""A row of the outcome table, and the frames and published values that rows are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from entact.analysis import count_events, proportion
from entact.analysis.analyse import Analyses, analyse
from entact.analysis.plan import read_study_plan
from entact.datasets import (
    POPULATION,
    Datasets,
    PlannedAnalysis,
    PlannedEndpoint,
    analysis_frames,
    counted,
)
from entact.report import cell as cells
from entact.report.cell import Cell, Kind
from entact.report.published import ALL, Published

GROUP = "GROUP"  # the arm; `all` while the study is blinded


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        id: what it is, for programs: `score/bdi2.total/baseline`, `share/remission/assessment_4`.
        cells, published: by arm, or under `all` what concerns all arms together (a total, a difference).
        main: whether a short rendering shows it.
        remark: what a reader has to know before comparing it with what was published.
    """

    id: str
    section: str
    label: str
    cells: Mapping[str, Cell]
    published: Mapping[str, Cell] = field(default_factory=dict)
    main: bool = True
    remark: str | None = None


class Source:
    """The frames and published values that rows are made of.

    Attributes:
        arms: name -> title of the columns.
    """

    def __init__(self, datasets: Datasets, published: Published | None) -> None:
        self.datasets = datasets
        self.book = datasets.book
        self.published = published or Published(study=self.book.study, citation="")
        self.arms: dict[str, str] = groups_of(datasets)
        self.kind: Kind = "simulated" if datasets.simulated else "observed"

    def frame(self, name: str, within: str | None = None) -> pl.DataFrame:
        """A frame of the participants of an analysis set, with the column GROUP."""
        return self.grouped(self.datasets.by_arm(name, within=within))

    def grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame with the column GROUP."""
        groups = self.datasets.groups
        return frame.with_columns((pl.lit(ALL) if groups is None else pl.col(groups)).alias(GROUP))

    def size(self, arm: str) -> int:
        """How many were randomised, or enrolled where nobody is."""
        return self._sizes.get(arm, 0)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return dict(self.frame("subjects").group_by(GROUP).len().rows())

    @cached_property
    def analyses(self) -> Analyses:
        """Every analysis of the plan, done; once unblinded."""
        plan = read_study_plan(self.book.plan)
        return analyse(plan, analysis_frames(self.datasets), committed=self.datasets.committed)

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two arms that the plan compares, else the only two there are; once unblinded."""
        if not self.datasets.unblinded:
            return None
        if self.book.compared is not None:
            return self.book.compared
        others = [arm for arm in self.book.arms if arm not in self.book.experimental]
        if len(self.book.experimental) != 1 or len(others) != 1:
            return None
        return self.book.experimental[0], others[0]

    def shares(self, subjects: pl.DataFrame, flag: pl.Expr) -> dict[str, Cell]:
        """Participants of a frame with one row each for whom a condition holds, by arm."""
        counted = count_events(subjects.with_columns(flag.alias("FLAG")), "FLAG", GROUP)
        return {
            arm: cells.of_proportion(counted.get(arm) or proportion(0, 0), self.kind) for arm in self.arms
        }

    def planned(self, subjects: pl.DataFrame, visits: Iterable[str]) -> pl.DataFrame:
        """Those of a frame of `subjects` for whom at least one of some visits is planned."""
        names = self.book.populations_with(visits)
        return subjects if len(names) == len(self.book.populations) else subjects.filter(_of(names))

    def concerned(self, cells: dict[str, Cell], visits: Iterable[str]) -> dict[str, Cell]:
        """The cells of those groups that have at least one of some visits: others are no part of a row."""
        if self.datasets.groups != POPULATION:
            return cells
        names = self.book.populations_with(visits)
        return {group: cell for group, cell in cells.items() if group in names}

    def total(self, count: int) -> dict[str, Cell]:
        """A count of all arms together."""
        return {ALL: cells.of_count(count, self.kind)}


def _of(populations: Iterable[str]) -> pl.Expr:
    return pl.col(POPULATION).is_in(list(populations))


def groups_of(datasets: Datasets) -> dict[str, str]:
    """The columns of results: arms, populations where nobody is randomised, or all together."""
    book = datasets.book
    if datasets.groups is None:
        return {ALL: "All randomised participants" if book.randomised else "All participants"}
    return dict(book.arms if book.randomised else book.populations)


def observed(
    source: Source, endpoint: PlannedEndpoint, visit: str, analysis: PlannedAnalysis | None = None
) -> pl.DataFrame:
    """Known values of an endpoint at a visit, in the set and under the estimand of an analysis of it."""
    said = analysis or endpoint
    rows = source.frame("endpoints", source.book.flags[said.set]).filter(
        pl.col("PARAMCD") == endpoint.name, pl.col("AVISIT") == visit, pl.col("AVAL").is_not_null()
    )
    return counted(rows, source.book, endpoint, said.estimand)


def visit_title(source: Source, name: str) -> str:
    """A visit within a label."""
    return source.book.inside(source.book.visits[name].title)
