"""Methods for what a change means to people: how many reach any of it, and where it begins to matter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from entact.analysis.binary import MiettinenNurminen, count, difference, share
from entact.analysis.describe import summarise
from entact.analysis.meaningful import anchored, reliable_change
from entact.analysis.methods.answer import parts
from entact.analysis.planned import Event, Question
from entact.analysis.result import Estimate, Estimates, Group, signed


@dataclass(frozen=True, slots=True)
class Distribution:
    """The shares of two arms that reach each of some changes; who has no value reaches none."""

    cuts: tuple[float, ...]
    better: str = "lower"

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        pair = question.pair()
        people = rows.filter(pl.col("arm").cast(pl.String).is_in(list(pair)))
        here = question.here(rows).filter(pl.col("value").is_not_null())
        own = people.unique("participant", keep="first", maintain_order=True).select("participant", "arm")
        own = own.join(
            here.select("participant", "value"), on="participant", how="left", maintain_order="left"
        )
        unknown = own["value"].null_count()
        notes = (f"{unknown} participants without a value reach none",) if unknown else ()
        found = []
        for cut in self.cuts:
            event = Event(at_most=cut) if self.better == "lower" else Event(at_least=cut)
            reached = event.of(own["value"]).fill_null(value=False)
            first, second = (reached.filter(own["arm"].cast(pl.String) == name) for name in pair)
            two = count(first, second, pair)
            one = difference(two, method=MiettinenNurminen(), level=question.level)
            word = "at or below" if self.better == "lower" else "at or above"
            label = f"{question.label}, {word} {signed(cut)}"
            found.append(replace(one, label=label, p=None, statistic=None, null=None, notes=notes))
        return Estimates("Distribution of the value", tuple(found))


@dataclass(frozen=True, slots=True)
class Anchor:
    """The change at which people say that they are better, of all arms together.

    Attributes:
        anchor: column of what they say. improved: what of it is better at all. a_little: a little better.
    """

    anchor: str
    improved: Event
    a_little: Event
    better: str = "lower"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        if self.anchor not in here.columns:
            raise ValueError(f"the anchor {self.anchor!r} is no column; there are: {', '.join(here.columns)}")
        said = here[self.anchor]
        sign = 1.0 if self.better == "lower" else -1.0
        change = sign * here["value"].cast(pl.Float64)
        found = anchored(change, self.improved.of(said), self.a_little.of(said))
        n = here.drop_nulls(["value", self.anchor]).height
        groups = (Group("all", n),)
        lost = len(here) - n
        notes = (f"{lost} participants without {self.anchor} left out",) if lost else ()
        mean = found.mean
        if sign < 0:
            ends = [None if one is None else -one for one in (mean.estimate, mean.high, mean.low)]
            turned = tuple(replace(one, mean=None if one.mean is None else -one.mean) for one in mean.groups)
            mean = replace(mean, estimate=ends[0], low=ends[1], high=ends[2], groups=turned)
        best = (f"sensitivity {found.sensitivity:.3g}, specificity {found.specificity:.3g}",)
        curve = "receiver operating characteristic of the anchor"
        at = sign * found.threshold
        return Estimates(
            "Anchor",
            (
                replace(mean, label=f"a little better by {self.anchor}", notes=(*mean.notes, *notes)),
                Estimate("threshold", curve, at, groups=groups, notes=best, label=self.anchor),
                Estimate("area under the curve", curve, found.area, groups=groups, label=self.anchor),
            ),
        )


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """The shares of each arm, or of all, that changed by more than the scale's error, for better and worse.

    Attributes:
        reliability: of the scale. sd: of it before treatment; else that of the rows' baseline.
    """

    reliability: float
    sd: float | None = None
    better: str = "lower"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        sd = self.sd
        if sd is None:
            if "baseline" not in here.columns:
                raise ValueError(
                    "the SD before treatment is unknown: the rows have no baseline; write `sd_before`"
                )
            sd = summarise(here["baseline"].drop_nulls()).sd
            if sd is None:
                raise ValueError("fewer than two have a baseline, so its SD is unknown; write `sd_before`")
        least = reliable_change(sd, self.reliability)
        sign = 1.0 if self.better == "lower" else -1.0
        note = f"a change of {least:.4g} or more is reliable: reliability {self.reliability:g}, SD {sd:.4g}"
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            change = sign * part["value"].cast(pl.Float64)
            for what, reached in (("better", change <= -least), ("worse", change >= least)):
                arm = count(reached, reached, (name, name)).first
                one = share(arm, level=question.level)
                found.append(replace(one, label=f"{name}, {what}", notes=(note, *one.notes)))
        return Estimates("Reliable change", tuple(found))
