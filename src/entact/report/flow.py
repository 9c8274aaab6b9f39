"""Who came how far, as a CONSORT diagram tells it: counts and reasons that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from entact.datasets import POPULATION, Datasets
from entact.report.row import groups_of

SET_TITLES = {
    "randomised": "all randomised",
    "itt": "intention to treat",
    "safety": "safety set",
    "mitt": "modified intention to treat",
    "per_protocol": "per protocol",
}
OPEN = "still in screening"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason and for how many it is the first one."""

    text: str
    n: int


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """One arm, or all participants while the study is blinded.

    Attributes:
        treated: took a dose in at least one session. sessions: title, and how many took a dose there.
        stopped: reasons for stopping treatment early. left: for leaving the study early.
        analysed: in the analysis set of the primary endpoint, whose visit is planned for them.
        with_outcome: of these, the endpoint is known.
    """

    name: str
    title: str
    allocated: int
    treated: int
    sessions: tuple[tuple[str, int], ...]
    stopped: tuple[Reason, ...]
    left: tuple[Reason, ...]
    analysed: int
    with_outcome: int

    @property
    def not_treated(self) -> int:
        """Allocated without taking any dose."""
        return self.allocated - self.treated

    @property
    def not_analysed(self) -> int:
        """Allocated without being in the analysis set."""
        return self.allocated - self.analysed


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of participants.

    Attributes:
        assessed: consented and assessed for eligibility. not_eligible: excluded, by the first criterion.
        excluded: excluded for other reasons. entered: randomised, or enrolled where nobody is; `entered_as`
            says which. set_title: of the analysis set.
        outcome_at: the visit of the primary endpoint, within a sentence. on_treatment: only values until
            treatment was discontinued count there.
    """

    assessed: int
    not_eligible: tuple[Reason, ...]
    excluded: tuple[Reason, ...]
    entered: int
    entered_as: str
    arms: tuple[ArmFlow, ...]
    set_title: str
    outcome_at: str
    on_treatment: bool = False


def flow(datasets: Datasets) -> Flow:
    """The flow of participants of a study; one column for all while it is blinded."""
    book = datasets.book
    primary = book.endpoints[book.primary]
    entered = datasets.subjects.filter(pl.col(book.entered))
    return Flow(
        assessed=len(datasets.candidates),
        not_eligible=_reasons(_first_events(datasets, "SCREEN FAILURE").values()),
        excluded=excluded(datasets),
        entered=len(entered),
        entered_as="randomised" if book.randomised else "enrolled",
        arms=tuple(_arm(datasets, entered, name, title) for name, title in groups_of(datasets).items()),
        set_title=SET_TITLES.get(primary.set, primary.set.replace("_", " ")),
        outcome_at=book.inside(book.visits[primary.at].title),
        on_treatment=primary.estimand == "de_jure",
    )


def _arm(datasets: Datasets, entered: pl.DataFrame, name: str, title: str) -> ArmFlow:
    book = datasets.book
    primary = book.endpoints[book.primary]
    own = entered if datasets.groups is None else entered.filter(pl.col(datasets.groups) == name)
    taken = (
        datasets.doses.filter(pl.col("EXPART") == "initial", pl.col("TAKEN") > 0)
        .join(own, on="USUBJID", how="semi")
        .group_by("AVISIT")
        .agg(pl.col("USUBJID").n_unique())
    )
    in_session = dict(taken.rows())
    analysed = own.filter(pl.col(book.flags[primary.set]))
    if len(theirs := book.populations_with([primary.at])) < len(book.populations):
        analysed = analysed.filter(pl.col(POPULATION).is_in(theirs))
    known = datasets.endpoints.filter(
        pl.col("PARAMCD") == primary.name, pl.col("AVISIT") == primary.at, pl.col("AVAL").is_not_null()
    )
    if primary.estimand == "de_jure":
        known = known.filter(pl.col("ONTRTFL"))
    return ArmFlow(
        name=name,
        title=title,
        allocated=len(own),
        treated=len(own.filter(pl.col("NDOSED") > 0)),
        sessions=tuple((book.visits[visit].title, in_session.get(visit, 0)) for visit in book.sessions),
        stopped=_reasons(own.filter(pl.col("EOTSTT") == "DISCONTINUED")["DCTREAS"].to_list()),
        left=_reasons(own.filter(pl.col("EOSSTT") == "DISCONTINUED")["DCSREAS"].to_list()),
        analysed=len(analysed),
        with_outcome=len(analysed.join(known, on="USUBJID", how="semi")),
    )


def excluded(datasets: Datasets) -> tuple[Reason, ...]:
    """Why those who did not fail a criterion did not enter all the same."""
    failed = _first_events(datasets, "SCREEN FAILURE")
    events = _first_events(datasets, None)
    others = datasets.candidates.filter(~pl.col(datasets.book.entered), ~pl.col("USUBJID").is_in([*failed]))[
        "USUBJID"
    ]
    return _reasons(events.get(subject) or OPEN for subject in others.to_list())


def _first_events(datasets: Datasets, named: str | None) -> dict[str, str | None]:
    """Participant who did not enter -> the term of the first disposition event, of one name or of any."""
    rows = datasets.disposition.filter(pl.col("DSCAT") == "DISPOSITION EVENT")
    if named is not None:
        rows = rows.filter(pl.col("DSDECOD") == named)
    out = datasets.candidates.filter(~pl.col(datasets.book.entered)).select("USUBJID")
    rows = rows.join(out, on="USUBJID", how="semi").unique("USUBJID", keep="first", maintain_order=True)
    return dict(rows.select("USUBJID", "DSTERM").rows())


def _reasons(texts: Iterable[str | None]) -> tuple[Reason, ...]:
    """Reasons in words, the most frequent first."""
    counted = Counter((text or "reason not recorded").replace("_", " ") for text in texts)
    return tuple(Reason(text, n) for text, n in sorted(counted.items(), key=lambda one: (-one[1], one[0])))
