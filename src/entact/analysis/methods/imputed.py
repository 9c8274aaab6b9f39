"""Arms compared at a visit with what was not seen imputed, and how far from it the result still stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.analysis.estimand import EVENT_VISIT, visit_after
from entact.analysis.imputation import (
    ASSUMPTIONS,
    ApproximateBayes,
    Bayes,
    Bootstrap,
    Jackknife,
    Trial,
    imputed_difference,
    read_trial,
    retrieved_dropouts,
    tipping_point,
)
from entact.analysis.imputation.difference import Inference
from entact.analysis.imputation.retrieved import LEAST
from entact.analysis.planned import Event, Question
from entact.analysis.result import Estimates

INFERENCES = ("jackknife", "bootstrap", "approximate_bayes", "bayes")


@dataclass(frozen=True, slots=True)
class Imputed:
    """The difference of two arms at a visit, imputed under an assumption.

    Attributes:
        fixed: of the imputation model. reference: the arm that others jump to or copy; else the second one.
        event_visit: column with the first visit after each participant's event; else as the estimand has it,
            or the first one after the last that was seen.
        delta: arm -> what is added to what is imputed after the event.
        responder: of imputed scores; then shares are compared.
    """

    fixed: str
    assumption: str = "missing_at_random"
    inference: str = "jackknife"
    samples: int | None = None
    seed: int | None = None
    reference: str | None = None
    event_visit: str | None = None
    delta: Mapping[str, float] = field(default_factory=dict)
    covariates: tuple[str, ...] = ("baseline",)
    responder: Event | None = None

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        trial, at = self.trial(rows, question)
        limit = self.responder

        def responds(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
            assert limit is not None
            flat = limit.of(pl.Series("value", scores.ravel())).to_numpy()
            return np.asarray(flat, dtype=np.bool_).reshape(scores.shape)

        found = imputed_difference(
            trial,
            question.pair(),
            at,
            assumption=ASSUMPTIONS[self.assumption],
            inference=self.way(),
            generator=None if self.seed is None else np.random.default_rng(self.seed),
            delta=self.delta or None,
            after_event=self.tells_events(rows),
            event=None if limit is None else responds,
            level=question.level,
            null=question.null or 0.0,
            side=question.side,
        )
        first = replace(found[0], label=question.label)
        if self.seed is not None:
            first = replace(first, notes=(*first.notes, f"seed {self.seed}"))
        return Estimates("", (first, *found.rows[1:]))

    def way(self) -> Inference:
        """The object that the word for inference means."""
        if self.inference == "bootstrap":
            return Bootstrap(self.samples or 1000)
        if self.inference == "approximate_bayes":
            return ApproximateBayes(self.samples or 100)
        return Bayes(self.samples or 100) if self.inference == "bayes" else Jackknife()

    def tells_events(self, rows: pl.DataFrame) -> bool:
        """Whether the plan tells an event that makes values missing; else deltas are of all imputed ones."""
        return self.event_visit is not None or EVENT_VISIT in rows.columns

    def trial(self, rows: pl.DataFrame, question: Question) -> tuple[Trial, str]:
        """The trial of the rows, and the visit at which arms are compared."""
        if question.at is None:
            raise ValueError(
                "what is imputed is compared at a visit; write 'at' and the visit into `contrast`"
            )
        for name in ("visit", "arm"):
            if name not in rows.columns:
                raise ValueError(f"the rows have no {name}: imputation needs everybody's arm and visits")
        kind = rows.schema["visit"]
        if not isinstance(kind, pl.Enum):
            raise ValueError("imputation needs the order of the visits; write the plan's `visits`")
        pair = question.pair()
        arms = rows["arm"].cast(pl.String).drop_nulls().unique().to_list()
        reference = self.reference or pair[1]
        events, column = None, self.event_visit
        if column is None and EVENT_VISIT in rows.columns:
            column = EVENT_VISIT  # the estimand says when its events came
        if column is not None:
            if column not in rows.columns:
                raise ValueError(f"there is no column {column!r} that says the visit after an event")
            told = rows.select("participant", column).drop_nulls().unique(maintain_order=True)
            events = {str(who): str(visit) for who, visit in told.iter_rows()}
        trial = read_trial(
            rows,
            self.fixed,
            visits=kind.categories.to_list(),
            reference=dict.fromkeys(arms, reference),
            events=events,
            covariates=self.covariates,
        )
        return trial, question.at


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """The imputed difference with ever more added to one arm's imputed values, until it tips."""

    imputed: Imputed
    deltas: tuple[float, ...]
    arm: str | None = None

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        trial, at = self.imputed.trial(rows, question)
        return tipping_point(
            trial,
            question.pair(),
            at,
            self.deltas,
            arm=self.arm or question.pair()[0],
            after_event=self.imputed.tells_events(rows),
            assumption=ASSUMPTIONS[self.imputed.assumption],
            inference=self.imputed.way(),
            seed=self.imputed.seed or 0,
            alpha=1 - question.level,
            level=question.level,
        )


@dataclass(frozen=True, slots=True)
class RetrievedDropouts:
    """The difference of two arms at a visit, those who stopped imputed as those who stopped and were seen.

    Attributes:
        imputed: how. after: the intercurrent events that they stopped by, where no column says the visit.
        least: retrieved ones of an arm below which `fallback`, an assumption, is taken instead.
    """

    imputed: Imputed
    after: tuple[str, ...] = ()
    least: int = LEAST
    fallback: str = "jump_to_reference"

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if self.imputed.event_visit is None:
            rows = self._stopped(rows)
        trial, at = self.imputed.trial(rows, question)
        seed = self.imputed.seed
        found = retrieved_dropouts(
            trial,
            question.pair(),
            at,
            least=self.least,
            fallback=ASSUMPTIONS[self.fallback],
            inference=self.imputed.way(),
            generator=None if seed is None else np.random.default_rng(seed),
            level=question.level,
            null=question.null or 0.0,
            side=question.side,
        )
        notes = found[0].notes if seed is None else (*found[0].notes, f"seed {seed}")
        return Estimates("", (replace(found[0], label=question.label, notes=notes), *found.rows[1:]))

    def _stopped(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the first visit after the first of the events."""
        columns = [visit_after(name) for name in self.after]
        if not columns or not set(columns) <= set(rows.columns):
            raise ValueError(
                "who was retrieved is told by the visit after each one's event; write `event_visit`, or "
                "`after` with events that the estimand names"
            )
        kind = rows.schema.get("visit")
        if not isinstance(kind, pl.Enum):
            raise ValueError("imputation needs the order of the visits; write the plan's `visits`")
        first = pl.min_horizontal(pl.col(name).cast(kind, strict=False).to_physical() for name in columns)
        names = dict(enumerate(kind.categories.to_list()))
        return rows.with_columns(
            first.replace_strict(names, default=None, return_dtype=pl.String).alias(EVENT_VISIT)
        )
