"""The synthesis of a condition: what is pooled, what is not and why, and what it says together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import ndtri

from entact.analysis.meta import (
    Arms,
    Counts,
    Dependent,
    Effect,
    Means,
    Pooled,
    Posterior,
    bayes,
    combine_counts,
    combine_means,
    from_counts,
    hedges_factor,
    pool,
    pool_dependent,
    share_control,
    standardised_mean_difference,
)
from entact.protocol.problem import unknown
from entact.synthesis.checks import Checks, checks_of
from entact.synthesis.included import Included, NoEvidence
from entact.synthesis.trial import CONDITIONS, DOMAINS, Convention, Result, Trial

SCALE: Final = 0.5
FEW: Final = range(2, 5)
"""trials of which a Bayesian result is given beside that of Hartung and Knapp"""


@dataclass(frozen=True)
class LeftOut:
    """A trial that is not pooled, and why."""

    trial: Trial
    reason: str


@dataclass(frozen=True)
class Answer:
    """What the trials of a condition say in one domain.

    Attributes:
        domain, convention, measure: what is pooled, by which convention (of means), as SMD or RR.
        better: whether less or more is better. included, left_out: trials.
        pooled: random effects with Hartung-Knapp. fixed: a common effect. posterior: for two to four trials.
        by_arm: every dose arm by itself, with the covariance of its shared control; None where no trial has
            several.
        notes: what a reader has to know. checks: how far it stands; None where nobody asked.
    """

    condition: str
    domain: str
    convention: Convention | None
    measure: str
    better: str
    included: tuple[Included, ...]
    left_out: tuple[LeftOut, ...]
    pooled: Pooled
    fixed: Pooled
    posterior: Posterior | None
    by_arm: Dependent | None
    notes: tuple[str, ...]
    checks: Checks | None = None

    @property
    def title(self) -> str:
        """What it is about, in words."""
        return f"{CONDITIONS[self.condition]}: {DOMAINS[self.domain]}"

    @property
    def has_assumptions(self) -> bool:
        """Whether something that is pooled is not confirmed."""
        return any(one.marked for one in self.included)


@dataclass(frozen=True)
class Evidence:
    """All that is known of a condition: its trials, and an answer in each domain that has results."""

    condition: str
    trials: tuple[Trial, ...]
    answers: tuple[Answer, ...]

    @property
    def title(self) -> str:
        """The condition in words."""
        return CONDITIONS[self.condition]


def evidence_for(
    trials: Sequence[Trial],
    condition: str,
    *,
    convention: Convention | None = None,
    scale: float | None = None,
) -> Evidence:
    """The synthesis of a condition, by domain.

    Args:
        trials: of any condition. convention: whether standardised differences are of values at the end or of
            changes; None for the one that more trials published.
        scale: of the prior of τ; None for 0.5, where two to four trials have a Bayesian result.
    Raises:
        NoEvidence: for a condition that no trial has.
    """
    if condition not in CONDITIONS:
        raise NoEvidence(unknown("condition", condition, CONDITIONS))
    own = tuple(trial for trial in trials if trial.condition == condition)
    if not own:
        known = ", ".join(name for name in CONDITIONS if any(one.condition == name for one in trials))
        raise NoEvidence(f"there is no trial of {condition!r}; there are some of: {known}")
    answers = (_answer(own, condition, domain, convention, scale) for domain in DOMAINS)
    return Evidence(condition, own, tuple(one for one in answers if one is not None))


def with_checks(evidence: Evidence, *, by: str | None = None, on: str | None = None) -> Evidence:
    """The same, with checks of each answer; see `checks_of`.

    Raises:
        NoEvidence: for something that is known of no trial in any answer.
    """
    answers, refused = [], []
    for answer in evidence.answers:
        try:
            checks = checks_of(answer.included, by, on)
        except NoEvidence as why:
            refused.append(why)
            checks = checks_of(answer.included)
        answers.append(replace(answer, checks=checks))
    if refused and len(refused) == len(answers):
        raise refused[0]
    return replace(evidence, answers=tuple(answers))


def conditions_of(trials: Sequence[Trial]) -> dict[str, int]:
    """Conditions that have trials, with their number."""
    counted = {name: sum(one.condition == name for one in trials) for name in CONDITIONS}
    return {name: count for name, count in counted.items() if count}


def _answer(
    trials: Sequence[Trial], condition: str, domain: str, asked: Convention | None, scale: float | None
) -> Answer | None:
    results = [one for trial in trials for one in trial.results if one.domain == domain]
    if not results:
        return None
    counts = any(one.events is not None for one in results)
    convention = None if counts else asked or _usual(trials, domain)
    included: list[Included] = []
    left_out: list[LeftOut] = []
    # Trials themselves before pools of them: who is in both is counted once, where it is said best.
    for trial in sorted(trials, key=lambda one: (one.design != "randomised", one.year, one.trial)):
        found, reason = _chosen(trial, domain, convention, counts=counts)
        reason = reason or _counted_before(trial, [one.trial for one in included])
        if reason or found is None:
            left_out.append(LeftOut(trial, reason or "nothing published on it"))
            continue
        try:
            included.append(_included(trial, found, convention or "endpoint"))
        except (ValueError, OverflowError) as error:
            raise NoEvidence(f"{trial.trial}, {DOMAINS[domain]} ({found.source}): {error}") from None
    if not included:
        return None
    effects = [one.effect for one in included]
    try:
        pooled = pool(effects)
    except ValueError as error:
        raise NoEvidence(f"{DOMAINS[domain]}: {error}") from None
    several = convention is not None and any(len(_active(one)) > 1 for one in included)
    posterior = None
    if len(effects) in FEW or (scale is not None and len(effects) > 1):
        try:
            posterior = bayes(effects, scale=SCALE if scale is None else scale)
        except ValueError as error:
            raise NoEvidence(f"{DOMAINS[domain]}: {error}") from None
    notes = _notes(included, pooled, convention)
    if posterior is not None:
        notes.append(f"Bayes: {posterior.prior}; the scale is an assumption")
    return Answer(
        condition=condition,
        domain=domain,
        convention=convention,
        measure=pooled.measure,
        better=included[0].result.better,
        included=tuple(included),
        left_out=tuple(left_out),
        pooled=pooled,
        fixed=pool(effects, "fixed"),
        posterior=posterior,
        by_arm=pool_dependent([_arms(one) for one in included]) if several else None,
        notes=tuple(notes),
    )


def _usual(trials: Sequence[Trial], domain: str) -> Convention:
    """The convention that more trials have: values at the end, where as many have both."""

    def count(convention: Convention) -> int:
        return sum(_chosen(one, domain, convention, counts=False)[0] is not None for one in trials)

    return "change" if count("change") > count("endpoint") else "endpoint"


def _chosen(
    trial: Trial, domain: str, convention: Convention | None, *, counts: bool
) -> tuple[Result | None, str]:
    """The one result of a trial that may be pooled, or why there is none."""
    if trial.retracted:
        return None, "retracted: shown, never pooled"
    own = [one for one in trial.results if one.domain == domain]
    if trial.design not in ("randomised", "pool"):
        return None, {"open_label": "without a control arm", "follow_up": "no comparison between arms"}[
            trial.design
        ]
    standing = [one for one in own if trial.reports[one.report].retracted is None]
    if own and not standing:
        return None, "its report was retracted: shown, never pooled"
    if counts:
        fitting = [one for one in standing if one.events is not None]
    else:
        kinds = ("means", "effect") if convention == "endpoint" else ("changes", "effect")
        fitting = [one for one in standing if one.kind in kinds]
    if fitting:
        return fitting[0], ""
    if standing and convention is not None:
        return None, f"published no {'values at the end' if convention == 'endpoint' else 'SD of the change'}"
    return None, "nothing published on it"


def _counted_before(trial: Trial, chosen: Sequence[Trial]) -> str:
    names = {one.trial for one in trial.overlaps}
    for other in chosen:
        if other.trial in names or trial.trial in {one.trial for one in other.overlaps}:
            return f"its participants are also in {other.title}, which is pooled: nobody is counted twice"
    return ""


def _active(one: Included) -> list[str]:
    return [name for name in one.trial.of_role("experimental") if name in one.result.arms]


def _included(trial: Trial, result: Result, convention: Convention) -> Included:
    first = [name for name in trial.of_role("experimental") if name in result.arms]
    second = [name for name in trial.of_role("control") if name in result.arms]
    marked = result.assumption
    if result.effect is not None:
        n1, n2 = (sum(result.effect.n[name] for name in side) for side in (first, second))
        return Included(trial, result, _published(trial, result, n1, n2, convention), n1, n2, marked)
    if result.events is not None:
        one, two = (
            combine_counts([Counts(result.events[name].events, result.events[name].n) for name in side])
            for side in (first, second)
        )
        effect = from_counts(one, two, "RR", label=trial.title)
        return Included(trial, result, effect, one.n, two.n, marked)
    arms = _means(result)
    treated, control = (combine_means([arms[name] for name in side]) for side in (first, second))
    effect = standardised_mean_difference(treated, control, convention=convention, label=trial.title)
    return Included(trial, result, effect, treated.n, control.n, marked)


def _published(trial: Trial, result: Result, n1: int, n2: int, convention: Convention) -> Effect:
    """Cohen's d and its interval as Hedges g with a standard error."""
    told = result.effect
    assert told is not None
    factor = hedges_factor(n1 + n2 - 2)
    se = (told.high - told.low) / (2 * float(ndtri(0.5 + told.level / 2)))
    note = "g and its error from the published d and interval; by what it was standardised is not known"
    return Effect(
        factor * told.d, (factor * se) ** 2, trial.title, "SMD", (1 / n1 + 1 / n2) ** 0.5, convention, note
    )


def _means(result: Result) -> Mapping[str, Means]:
    given = result.means or result.changes or {}
    return {name: Means(one.n, one.mean, one.sd) for name, one in given.items()}


def _arms(one: Included) -> Arms:
    """Each active arm of a trial against its control, with their covariance."""
    active = _active(one)
    if len(active) == 1 or one.result.effect is not None:
        return Arms((one.effect,), np.array([[one.effect.variance]]))
    arms = _means(one.result)
    control = combine_means([arms[name] for name in one.trial.of_role("control") if name in arms])
    convention: Convention = "endpoint" if one.result.means is not None else "change"
    return share_control(
        [arms[name] for name in active],
        control,
        "SMD",
        labels=[f"{one.trial.title}, {one.trial.arms[name].title}" for name in active],
        convention=convention,
    )


def _notes(included: Sequence[Included], pooled: Pooled, convention: Convention | None) -> list[str]:
    told = list(pooled.notes)
    if convention is not None:
        what = "values at the end" if convention == "endpoint" else "changes, over the SD of the change"
        told.append(f"standardised differences are of {what}; the two conventions are not pooled together")
    for one in included:
        if one.marked:
            told.append(f"{one.trial.title}: not confirmed ({one.result.confidence}; {one.result.source})")
        if one.result.remark:
            told.append(f"{one.trial.title}: {one.result.remark}")
        if len(_active(one)) > 1:
            told.append(
                f"{one.trial.title}: its {len(_active(one))} dose arms are put together against their control"
            )
    instruments = sorted({one.result.instrument for one in included})
    if len(instruments) > 1:
        told.append(f"instruments differ: {', '.join(instruments)}")
    unassessed = [one.trial.title for one in included if one.trial.risk_of_bias.overall == "not assessed"]
    if unassessed:
        told.append(f"risk of bias not assessed here: {', '.join(unassessed)}")
    return told
