"""What a synthesis says, row by row: what the terminal, the figure and the page print alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

from scipy.special import ndtri

from entact.analysis.meta import RATIOS, leave_one_out
from entact.synthesis import BIAS, Answer, Evidence, Trial

MINUS: Final = "−"
ASSUMED: Final = "†"
_LETTERS: Final = {"low": "+", "some concerns": "~", "high": "×", "not assessed": "·"}
CONCERN: Final = "!"
FEWEST_IN_FUNNEL: Final = 3
"""trials, below which a funnel has no shape"""
_TICKS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_FINER: Final = (0.6, 0.7, 0.8, 1, 1.2, 1.5, 2, 3, 4)
LETTERS: Final = (
    f"Risk of bias, by the domains of RoB 2 ({', '.join(BIAS.values())}): + low, ~ some concerns, × high, "
    "· not assessed here, ! not assessed, but somebody named a concern."
)


@dataclass(frozen=True, slots=True)
class ForestRow:
    """A row of a forest plot.

    Attributes:
        label, n: in words. value, low, high: on the scale of the axis, of ratios logarithms. text: the
            numbers as they are read.
        weight: of a trial, percent; None of what sums up. kind: trial, or what sums up.
    """

    label: str
    n: str
    value: float
    low: float
    high: float
    text: str
    weight: float | None
    kind: Literal["trial", "pooled", "other", "prediction"]


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis: its ends, where nothing happens (0), and ticks with their labels."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def forest_rows(answer: Answer) -> list[ForestRow]:
    """Trials in the order of their years, then what they say together."""
    rows = []
    placed = sorted(
        zip(answer.included, answer.pooled.weights, strict=True), key=lambda pair: pair[0].trial.year
    )
    z = float(ndtri(0.5 + answer.pooled.level / 2))
    for one, weight in placed:
        effect = one.effect
        low, high = effect.estimate - z * effect.se, effect.estimate + z * effect.se
        label = one.trial.title + (f" {ASSUMED}" if one.marked else "")
        rows.append(
            ForestRow(
                label,
                f"{one.first}/{one.second}",
                effect.estimate,
                low,
                high,
                said(answer, effect.estimate, low, high),
                weight,
                "trial",
            )
        )
    return [*rows, *_sums(answer)]


def _sums(answer: Answer) -> list[ForestRow]:
    pooled, fixed, posterior = answer.pooled, answer.fixed, answer.posterior
    if pooled.k == 1:
        return []

    def row(
        label: str, value: float, low: float, high: float, kind: Literal["pooled", "other", "prediction"]
    ) -> ForestRow:
        return ForestRow(label, "", value, low, high, said(answer, value, low, high), None, kind)

    floor = ", floor" if pooled.floor_acted else ""
    rows = [row(f"REML, Hartung-Knapp{floor}", pooled.estimate, pooled.low, pooled.high, "pooled")]
    if posterior is not None:
        label = f"Bayes, τ half-normal {posterior.scale:g}"
        rows.append(row(label, posterior.median, posterior.low, posterior.high, "pooled"))
    rows.append(row("common effect", fixed.estimate, fixed.low, fixed.high, "other"))
    if answer.by_arm is not None:
        own = answer.by_arm
        rows.append(row("every dose arm by itself", own.estimate, own.low, own.high, "other"))
    prediction = pooled.prediction("k-1")
    if prediction is not None:
        low, high = prediction
        rows.append(row("another trial (prediction)", pooled.estimate, low, high, "prediction"))
    return rows


def said(answer: Answer, value: float, low: float, high: float) -> str:
    """An estimate and its interval, ratios as ratios."""
    return f"{number(answer, value)} ({number(answer, low)} to {number(answer, high)})"


def number(answer: Answer, value: float) -> str:
    """A value of the axis as it is read."""
    natural = exp(min(value, 700)) if answer.measure in RATIOS else value
    if answer.measure in RATIOS and natural >= 100:
        return "> 100"
    if answer.measure in RATIOS and natural < 0.01:
        return "< 0.01"
    text = f"{natural:.2f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def axis_of(answer: Answer, rows: Sequence[ForestRow]) -> Axis:
    """An axis that holds the trials; what sums up may reach beyond it, and is cut there."""
    trials = [row for row in rows if row.kind == "trial"]
    ends = [0.0, *(row.low for row in trials), *(row.high for row in trials)]
    room = 0.06 * (max(ends) - min(ends))
    low, high = min(ends) - room, max(ends) + room
    if answer.measure in RATIOS:
        ticks = [(log(one), f"{one:g}") for one in _TICKS if low <= log(one) <= high]
        if len(ticks) < 3:
            ticks = [(log(one), f"{one:g}") for one in _FINER if low <= log(one) <= high]
    else:
        step = next(one for one in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 1e9) if (high - low) / one <= 7)
        first = int(low / step) - 1
        places = [round((first + place) * step, 6) for place in range(12)]
        ticks = [(one, f"{one:g}".replace("-", MINUS)) for one in places if low <= one <= high]
    return Axis(low, high, tuple(ticks))


def measure_in_words(answer: Answer) -> str:
    """What the axis shows, and which side is the treatment's."""
    if answer.measure in RATIOS:
        side = "above 1" if answer.better == "higher" else "below 1"
        return f"risk ratio; {side} favours the treatment"
    side = "below 0" if answer.better == "lower" else "above 0"
    return f"standardised mean difference (g); {side} favours the treatment"


def left_out(answer: Answer) -> dict[str, list[str]]:
    """Why trials are not pooled -> which."""
    found: dict[str, list[str]] = {}
    for one in answer.left_out:
        found.setdefault(one.reason, []).append(one.trial.title)
    return found


def left_out_rows(answer: Answer) -> list[list[str]]:
    """Each trial left out in turn, and what the others say; empty for fewer than three trials."""
    if answer.pooled.k < FEWEST_IN_FUNNEL:
        return []
    found = leave_one_out([one.effect for one in answer.included])
    return [[one.label, said(answer, one.pooled.estimate, one.pooled.low, one.pooled.high)] for one in found]


def heterogeneity(answer: Answer) -> str:
    """Q, I², τ with their intervals, in a sentence; empty for one trial."""
    pooled = answer.pooled
    ends, shares = pooled.tau2_interval(), pooled.i2_interval()
    if pooled.k == 1 or pooled.q_p is None or ends is None or shares is None:
        return ""
    p = "< 0.001" if pooled.q_p < 0.001 else f"= {pooled.q_p:.3f}"
    tau = pooled.tau or 0.0
    return (
        f"Q = {pooled.q:.2f} on {pooled.k - 1} df, p {p}; I² = {pooled.i2 or 0:.0f} % "
        f"({shares[0]:.0f} to {shares[1]:.0f}); τ = {tau:.2f} "
        f"({ends[0] ** 0.5:.2f} to {ends[1] ** 0.5:.2f}, Q-profile)"
    )


def bias_letters(trial: Trial) -> str:
    """A letter a domain of RoB 2: + low, ~ some concerns, × high, · not assessed, ! a concern was named."""
    named = {one.domain for one in trial.risk_of_bias.concerns}
    letters = []
    for domain in BIAS:
        judgement = trial.risk_of_bias.domains.get(domain, "not assessed")
        letters.append(CONCERN if judgement == "not assessed" and domain in named else _LETTERS[judgement])
    return " ".join(letters)


def numbers_by_arm(trial: Trial) -> str:
    """How many people, by arm; of trials whose files do not say, those with a result."""
    counts = trial.participants
    if not counts and trial.results:
        counts = {name: arm if isinstance(arm, int) else arm.n for name, arm in trial.results[0].arms.items()}
    return " + ".join(str(count) for count in counts.values()) or "–"


def status(trial: Trial) -> str:
    """Whether it stands."""
    if trial.retracted:
        taken = next(one.retracted for one in trial.reports.values() if one.retracted is not None)
        return f"RETRACTED {taken.on.isoformat()}"
    return trial.design.replace("_", " ")


def concerns(evidence: Evidence) -> Sequence[str]:
    """Concerns that were named, with who named them."""
    return [
        f"  {trial.title}, {BIAS[one.domain]}: {one.says} ({one.source})"
        for trial in evidence.trials
        for one in trial.risk_of_bias.concerns
    ]
