"""How far an answer stands: other methods, small trials, each trial left out, and why trials differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from entact.analysis.meta import (
    RATIOS,
    Asymmetry,
    Between,
    Counts,
    Effect,
    Filled,
    LeftOut,
    Pooled,
    Rare,
    Regression,
    Subgroups,
    TwoByTwo,
    begg,
    binomial_normal,
    combine_counts,
    cumulative,
    egger,
    leave_one_out,
    mantel_haenszel,
    peto,
    pool,
    regress,
    subgroups,
    trim_and_fill,
)
from entact.protocol.problem import unknown
from entact.synthesis.included import Included, NoEvidence

ESTIMATORS: Final[tuple[Between, ...]] = ("REML", "DL", "PM", "ML", "EB", "SJ", "HE")
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class NotDone:
    """What was not done, and why."""

    reason: str


@dataclass(frozen=True)
class Checks:
    """What other ways of looking at the same trials say.

    Attributes:
        estimators: by each estimator of τ², with Hartung and Knapp's interval; REML with a normal one last.
        egger, begg: of small trials. filled: with the trials that seem to be missing.
        left_out: without each trial in turn. cumulative: after each year's trials, with their labels.
        rare: of events, by methods that add nothing to an empty cell; None where the answer is not of events.
        by, groups: subgroups by what is known of trials. on, slopes: meta-regression on it; None where nobody
            asked. without: trials that say nothing of it, by name.
    """

    estimators: tuple[tuple[str, Pooled], ...]
    egger: Asymmetry | NotDone
    begg: tuple[float, float] | NotDone
    filled: Filled | NotDone
    left_out: tuple[LeftOut, ...] | NotDone
    cumulative: tuple[tuple[str, Pooled], ...]
    rare: tuple[tuple[str, Rare | NotDone], ...] | None
    by: str | None = None
    groups: Subgroups | NotDone | None = None
    on: str | None = None
    slopes: Regression | NotDone | None = None
    without: tuple[str, ...] = ()


def checks_of(included: Sequence[Included], by: str | None = None, on: str | None = None) -> Checks:
    """Every check of the trials that were pooled.

    Args:
        by: what is known of trials in words (`blinding`, `instrument`, `bias`, a column of the file), for
            subgroups. on: what is known in numbers (`year`, `participants`, a column), for meta-regression.
    Raises:
        NoEvidence: for something that is known of no trial.
    """
    ordered = sorted(included, key=lambda one: (one.trial.year, one.trial.title))
    effects = [one.effect for one in ordered]
    grouped = None if by is None else _known(ordered, by, words=True)
    measured = None if on is None else _known(ordered, on, words=False)
    missing = [
        one.trial.title
        for place, one in enumerate(ordered)
        if any(values is not None and values[place] is None for values in (grouped, measured))
    ]
    return Checks(
        estimators=_by_estimator(effects),
        egger=_tried(lambda: egger(effects)),
        begg=_tried(lambda: begg(effects)),
        filled=_tried(lambda: trim_and_fill(effects)),
        left_out=_tried(lambda: leave_one_out(effects)),
        cumulative=tuple(zip([_when(one) for one in ordered], cumulative(effects), strict=True)),
        rare=_rare(ordered) if effects[0].measure in RATIOS else None,
        by=by,
        groups=None if grouped is None else _tried(lambda: _grouped(effects, grouped)),
        on=on,
        slopes=None if measured is None or on is None else _tried(lambda: _sloped(effects, on, measured)),
        without=tuple(missing),
    )


def _tried(work: Callable[[], _Found]) -> _Found | NotDone:
    try:
        return work()
    except ValueError as why:
        return NotDone(str(why))


def _by_estimator(effects: Sequence[Effect]) -> tuple[tuple[str, Pooled], ...]:
    if len(effects) < 2:
        return ()
    found = [(name, pool(effects, name)) for name in ESTIMATORS]
    return (*found, ("REML, normal interval", pool(effects, interval="normal")))


def _when(one: Included) -> str:
    return (
        f"{one.trial.title} ({one.trial.year})"
        if str(one.trial.year) not in one.trial.title
        else one.trial.title
    )


def _rare(included: Sequence[Included]) -> tuple[tuple[str, Rare | NotDone], ...]:
    trials = [
        TwoByTwo(*_counts(one), label=one.trial.title) for one in included if one.result.events is not None
    ]
    return (
        ("Mantel-Haenszel, risk ratio", _tried(lambda: mantel_haenszel(trials, "RR"))),
        ("Mantel-Haenszel, odds ratio", _tried(lambda: mantel_haenszel(trials, "OR"))),
        ("Peto, odds ratio", _tried(lambda: peto(trials))),
        ("binomial-normal, odds ratio", _tried(lambda: binomial_normal(trials))),
    )


def _counts(one: Included) -> tuple[Counts, Counts]:
    events = one.result.events or {}
    first, second = (
        combine_counts(
            [
                Counts(events[name].events, events[name].n)
                for name in one.trial.of_role(role)
                if name in events
            ]
        )
        for role in ("experimental", "control")
    )
    return first, second


def _grouped(effects: Sequence[Effect], values: Sequence[str | float | None]) -> Subgroups:
    kept = [(effect, str(value)) for effect, value in zip(effects, values, strict=True) if value is not None]
    return subgroups([effect for effect, _ in kept], [value for _, value in kept])


def _sloped(effects: Sequence[Effect], on: str, values: Sequence[str | float | None]) -> Regression:
    kept = [
        (effect, float(value)) for effect, value in zip(effects, values, strict=True) if value is not None
    ]
    return regress([effect for effect, _ in kept], {on: [value for _, value in kept]})


def _known(included: Sequence[Included], name: str, *, words: bool) -> list[str | float | None]:
    """What is known of each trial under a name, None where nothing is."""
    told = [_of(one) for one in included]
    kinds: type | tuple[type, ...] = str if words else (int, float)
    names = {key for one in told for key, value in one.items() if isinstance(value, kinds)}
    if name not in names:
        what = "word known of trials" if words else "number known of trials"
        raise NoEvidence(unknown(what, name, names))
    return [value if isinstance(value := one.get(name), kinds) else None for one in told]


def _of(one: Included) -> dict[str, str | float]:
    trial = one.trial
    return {
        "blinding": trial.blinding,
        "instrument": one.result.instrument,
        "bias": trial.risk_of_bias.overall,
        "design": trial.design,
        "year": float(trial.year),
        "participants": float(one.first + one.second),
        **trial.characteristics,
    }
