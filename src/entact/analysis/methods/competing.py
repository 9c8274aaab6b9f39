"""Methods for the time to an event, which is the `value`, when another event can come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from entact.analysis.methods.answer import labelled, parts
from entact.analysis.methods.times import Ended, column_of, with_events
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, strata_told
from entact.analysis.survival import Causes, Times, cumulative_incidence, gray, incidence_difference


@dataclass(frozen=True, slots=True)
class CompetingRisks:
    """The share of each arm, or of all, that had the event by a time, and what two arms differ by.

    Attributes:
        ended: column that is true where the event ended the time. competing: true where another did.
    """

    ended: str | Ended
    competing: str | Ended
    until: float

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = with_events(question.here(rows), self.ended, self.competing)
        found: dict[str, Estimate] = {}
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            own = _causes(part, self.ended, self.competing, name)
            estimate = cumulative_incidence(own.time, own.cause, self.until, level=question.level, name=name)
            other = f"{int((own.cause == 2).sum())} in {name} ended by {column_of(self.competing)}"
            found[name] = replace(estimate, notes=(*estimate.notes, other))
        if question.contrast is None:
            return Estimates("", tuple(found.values()))
        question.arms(rows)
        first, second = (found[name] for name in question.pair())
        between = incidence_difference(first, second, null=question.null or 0.0, side=question.side)
        return Estimates("", (replace(between, label=question.label), *found.values()))


@dataclass(frozen=True, slots=True)
class GrayTest:
    """Two arms by Gray's test of their cumulative incidence, within strata where they are named."""

    ended: str | Ended
    competing: str | Ended
    strata: tuple[str, ...] = ()

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = with_events(question.here(rows), self.ended, self.competing, *self.strata)
        pairs, alone = [], 0
        for _, part in parts(here.drop_nulls(list(self.strata)), list(self.strata)):
            own = [part.filter(pl.col("arm").cast(pl.String) == arm) for arm in question.pair()]
            if min(len(one) for one in own):
                one, two = self._pair(own, question)
                pairs.append((one, two))
            else:
                alone += 1
        notes = (f"{strata_told(alone)} with one arm only, of no use here",) if alone else ()
        return labelled(gray(pairs, side=question.side), question, *notes)

    def _pair(self, rows: list[pl.DataFrame], question: Question) -> Iterator[Causes]:
        for part, name in zip(rows, question.pair(), strict=True):
            yield _causes(part, self.ended, self.competing, name)


def _causes(rows: pl.DataFrame, event: str | Ended, other: str | Ended, name: str) -> Causes:
    """Times and what ended them, of the rows in which all of it is known."""
    ended, competing = column_of(event), column_of(other)
    known = rows.drop_nulls(["value", ended, competing])
    one, two = (Times.of(known["value"], known[way], name) for way in (ended, competing))
    both = known.filter(one.event & two.event)
    if len(both):
        who = both["participant"][0]
        raise ValueError(f"the time of participant {who} is ended by {ended} and {competing}")
    return Causes(one.time, (one.event * 1 + two.event * 2).astype(np.int64), name)
