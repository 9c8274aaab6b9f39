"""The four steps in one: the difference of two arms at a visit, with what was not seen imputed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from entact.analysis.frame import public
from entact.analysis.imputation.analyse import Each, compare, compare_shares
from entact.analysis.imputation.draws import Draws, approximate_bayes, bayes, bootstrap, jackknife
from entact.analysis.imputation.impute import impute
from entact.analysis.imputation.pool import Pooled, bootstrap_error, jackknife_error, rubin
from entact.analysis.imputation.reference import Assumption
from entact.analysis.imputation.trial import Flags, Floats, Trial
from entact.analysis.result import Estimate, Estimates, Group, Side

CONSERVATIVE = (
    "Rubin's rules: conservative where values are imputed from the reference arm; the jackknife is not"
)


class Inference(Protocol):
    """How models are drawn, and how many estimates become one."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    @property
    def at_random(self) -> bool:
        """Whether values are imputed at random, not by their means."""
        ...

    def draw(self, trial: Trial, assumption: Assumption, generator: np.random.Generator) -> Draws:
        """Models to impute from."""
        ...

    def pool(self, estimate: Floats, se: Floats, df: float) -> Pooled:
        """One estimate of many."""
        ...


@dataclass(frozen=True, slots=True)
class Jackknife:
    """Conditional means; the error by leaving out each participant in turn. Nothing is drawn at random."""

    title = "conditional mean imputation, jackknife"
    at_random = False

    def draw(self, trial: Trial, assumption: Assumption, generator: np.random.Generator) -> Draws:
        return jackknife(trial, assumption)

    def pool(self, estimate: Floats, se: Floats, df: float) -> Pooled:
        return jackknife_error(estimate)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Conditional means; the error by samples with replacement within each arm."""

    samples: int = 1000
    at_random = False

    @property
    def title(self) -> str:
        return f"conditional mean imputation, {self.samples} bootstrap samples"

    def draw(self, trial: Trial, assumption: Assumption, generator: np.random.Generator) -> Draws:
        return bootstrap(trial, assumption, generator=generator, samples=self.samples)

    def pool(self, estimate: Floats, se: Floats, df: float) -> Pooled:
        return bootstrap_error(estimate)


@dataclass(frozen=True, slots=True)
class ApproximateBayes:
    """Multiple imputation from models of bootstrap samples, by Rubin's rules."""

    samples: int = 100
    at_random = True

    @property
    def title(self) -> str:
        return f"{self.samples} imputations from bootstrapped models, Rubin's rules"

    def draw(self, trial: Trial, assumption: Assumption, generator: np.random.Generator) -> Draws:
        return approximate_bayes(trial, assumption, generator=generator, samples=self.samples)

    def pool(self, estimate: Floats, se: Floats, df: float) -> Pooled:
        return rubin(estimate, se, df)


@dataclass(frozen=True, slots=True)
class Bayes:
    """Multiple imputation from the posterior of the model, by Rubin's rules."""

    samples: int = 100
    burn_in: int = 200
    thin: int = 20
    at_random = True

    @property
    def title(self) -> str:
        return f"{self.samples} imputations from the posterior, Rubin's rules"

    def draw(self, trial: Trial, assumption: Assumption, generator: np.random.Generator) -> Draws:
        return bayes(
            trial,
            assumption,
            generator=generator,
            samples=self.samples,
            burn_in=self.burn_in,
            thin=self.thin,
        )

    def pool(self, estimate: Floats, se: Floats, df: float) -> Pooled:
        return rubin(estimate, se, df)


JACKKNIFE = Jackknife()


@public
def imputed_difference(
    trial: Trial,
    contrast: tuple[str, str],
    at: str,
    *,
    assumption: Assumption,
    inference: Inference = JACKKNIFE,
    generator: np.random.Generator | None = None,
    delta: Mapping[str, float] | None = None,
    after_event: bool = True,
    event: Callable[[Floats], Flags] | None = None,
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
) -> Estimates:
    """The first arm less the second at a visit, and both adjusted means.

    Args:
        trial: of `read_trial`. assumption: about what was not seen after an event; what is missing before is
            missing at random. inference: Jackknife(), Bootstrap(), ApproximateBayes() or Bayes().
        generator: of random numbers; all but the jackknife need one.
        delta: arm -> what is added to imputed values; with `after_event` only to those after the event.
        event: of scores; then shares are compared, as responders of imputed scores, not means.
    Raises:
        ValueError: when a model cannot be fitted, or a generator is missing; the message says why.
    Sources: Carpenter, Roger & Kenward 2013; Wolbers et al. 2022, Pharmaceutical Statistics 21:1246.
        Equivalent to R rbmi with an unstructured covariance that the arms share.
    """
    if generator is None:
        if not isinstance(inference, Jackknife):
            raise ValueError(f"{inference.title} draws at random: give it a generator with a seed of its own")
        generator = np.random.default_rng(0)  # of which the jackknife draws nothing
    if event is not None and not inference.at_random:
        raise ValueError(
            "responders need values imputed at random: a mean is no score; take approximate_bayes"
        )
    asked = _Asked(trial, contrast, at, assumption, inference, after_event, event, level, null, side)
    return asked.pooled(inference.draw(trial, assumption, generator), generator, delta)


@public
def tipping_point(
    trial: Trial,
    contrast: tuple[str, str],
    at: str,
    deltas: Sequence[float],
    *,
    arm: str,
    assumption: Assumption,
    inference: Inference = JACKKNIFE,
    seed: int = 0,
    after_event: bool = True,
    alpha: float = 0.05,
    level: float = 0.95,
) -> Estimates:
    """The difference with ever more added to what is imputed in one arm, and from where on it is not shown.

    Args:
        deltas: in rising distance from nought. arm: to whose imputed values they are added. seed: of draws,
            the same for every delta.
    Returns:
        An estimate for each delta; the last one's note says where p first passes `alpha`, if it does.
    """
    draws = inference.draw(trial, assumption, np.random.default_rng(seed))
    asked = _Asked(trial, contrast, at, assumption, inference, after_event, None, level, 0.0, "two_sided")
    rows: list[Estimate] = []
    tip: float | None = None
    for delta in deltas:
        found = asked.pooled(draws, np.random.default_rng(seed), {arm: delta})[0]
        rows.append(replace(found, label=f"{found.label}, {arm} {delta:+g}"))
        if tip is None and found.p is not None and found.p > alpha:
            tip = delta
    said = f"tips at {tip:g} in {arm}" if tip is not None else f"does not tip up to {deltas[-1]:g} in {arm}"
    rows[-1] = replace(rows[-1], notes=(*rows[-1].notes, said))
    return Estimates(f"Tipping point: {said}", tuple(rows))


@dataclass(frozen=True)
class _Asked:
    """What is asked of completed trials."""

    trial: Trial
    contrast: tuple[str, str]
    at: str
    assumption: Assumption
    inference: Inference
    after_event: bool
    event: Callable[[Floats], Flags] | None
    level: float
    null: float
    side: Side

    def pooled(
        self, draws: Draws, generator: np.random.Generator, delta: Mapping[str, float] | None
    ) -> Estimates:
        """The three steps after the draws."""
        trial, at_random = self.trial, self.inference.at_random
        added = None if delta is None else shift(trial, delta, after_event=self.after_event)
        filled = impute(
            trial, draws, self.assumption, generator=generator if at_random else None, delta=added
        )
        if self.event is None:
            each = compare(trial, filled, draws.weights, self.contrast, self.at)
            measures = ("adjusted mean difference", "adjusted mean", "adjusted mean")
        else:
            each = compare_shares(trial, filled, self.contrast, self.at, self.event)
            measures = ("risk difference", "share", "share")
        notes = [*trial.notes, *draws.notes, _counted(trial, self.contrast, self.at)]
        if at_random and not self.assumption.at_random:
            notes.append(CONSERVATIVE)
        if delta is not None:
            where = "after the event" if self.after_event else "to all that is imputed"
            notes.append("; ".join(f"{value:+g} {where} in {arm}" for arm, value in delta.items()))
        labels = (f"{self.contrast[0]} - {self.contrast[1]} at {self.at}", *self.contrast)
        groups = _groups(trial, self.contrast, self.at)
        found = [self._estimate(each, k, measures[k], labels[k]) for k in range(3)]
        first = replace(found[0], groups=groups, notes=tuple(notes))
        return Estimates("", (first, *(replace(found[k], groups=groups[k - 1 : k]) for k in (1, 2))))

    def _estimate(self, each: Each, k: int, measure: str, label: str) -> Estimate:
        pooled = self.inference.pool(each.estimate[:, k], each.se[:, k], each.df)
        low, high = pooled.limits(self.level)
        tested = k == 0 and pooled.se > 0
        return Estimate(
            measure,
            f"{self.inference.title}; {self.assumption.title}",
            pooled.estimate,
            low,
            high,
            self.level,
            se=pooled.se,
            df=None if pooled.df == np.inf else pooled.df,
            statistic=(pooled.estimate - self.null) / pooled.se if tested else None,
            p=pooled.p(self.null, self.side) if tested else None,
            null=self.null if tested else None,
            side=self.side,
            label=label,
        )


def shift(trial: Trial, delta: Mapping[str, float], *, after_event: bool) -> Floats:
    """(N, m) what is added to imputed values.

    Raises:
        ValueError: for an arm that is none.
    """
    for name in delta:
        if name not in trial.arms:
            raise ValueError(f"delta is of arm {name!r}; there are: {', '.join(trial.arms)}")
    own = np.array([delta.get(arm, 0.0) for arm in trial.arms])[trial.arm]
    whole = np.repeat(own[:, None], trial.m, axis=1)
    return np.where(trial.after, whole, 0.0) if after_event else whole


def _counted(trial: Trial, contrast: tuple[str, str], at: str) -> str:
    place = trial.visits.index(at)
    lost = ~trial.seen[:, place]
    said = []
    for name in contrast:
        own = trial.arm == trial.arms.index(name)
        after = int((lost & own & (trial.event <= place)).sum())
        said.append(f"{int((lost & own).sum())} of {int(own.sum())} in {name} ({after} after an event)")
    return f"imputed at {at}: {', '.join(said)}"


def _groups(trial: Trial, contrast: tuple[str, str], at: str) -> tuple[Group, ...]:
    place, found = trial.visits.index(at), []
    for name in contrast:
        own = trial.arm == trial.arms.index(name)
        seen = trial.y[own & trial.seen[:, place], place]
        mean = float(seen.mean()) if seen.size else None
        sd = float(seen.std(ddof=1)) if seen.size > 1 else None
        found.append(Group(name, int(own.sum()), mean=mean, sd=sd))
    return tuple(found)
