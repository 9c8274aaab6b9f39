"""How strong an effect of expectancy would have to be to explain a difference that was seen."""

from __future__ import annotations

from entact.analysis.frame import public
from entact.analysis.guess.strata import CAVEAT, Guessed
from entact.analysis.result import Estimate


@public
def expectancy_needed(guessed: Guessed, effect: Estimate, *, sd: float | None = None) -> Estimate:
    """How much believing in the first arm would have to change the outcome to make up the whole difference.

    If belief alone acts, and alike in both arms, the arms differ by its effect times the difference of the
    shares that believe in the first arm.

    Args:
        effect: the difference that was seen, first arm less second. sd: of the outcome, as its unit.
    Returns:
        The effect of belief needed for the estimate, and for the nearer limit of its interval, in the notes;
        no estimate where as many believe in the first arm in both: then no expectancy explains it.
    Raises:
        ValueError: when the effect has no estimate.
    Source: as said above; in the manner of the bounds of VanderWeele & Ding 2017, Ann Intern Med 167:268.
    """
    if effect.estimate is None:
        raise ValueError("the effect has no estimate: there is nothing to explain")
    first, second = guessed.arms
    shares = [len(guessed.of(arm, first)) / guessed.total(arm) for arm in guessed.arms]
    gap = shares[0] - shares[1]
    notes = [
        *guessed.notes,
        f"believed in {first}: {shares[0]:.0%} of {first}, {shares[1]:.0%} of {second}",
        "assumes that belief acts alike in both arms, and that it is not a consequence of the effect",
        CAVEAT,
    ]
    if abs(gap) < 1e-12:
        why = "as many believe in the first arm in both: no effect of belief makes the arms differ"
        return Estimate(
            "effect of belief needed", "expectancy bound", None, groups=effect.groups, notes=(why, *notes)
        )
    needed = effect.estimate / gap
    if effect.low is not None and effect.high is not None:
        if effect.low <= 0 <= effect.high:
            notes.insert(0, "the interval of the effect holds nought: it needs no explanation")
        else:
            near = min((effect.low, effect.high), key=abs) / gap
            notes.insert(0, f"{near:.4g} is needed for the limit of the {100 * effect.level:g} % interval")
    if sd is not None:
        if not sd > 0:
            raise ValueError(f"an SD of {sd:g} is none")
        notes.insert(0, f"that is {abs(needed) / sd:.2f} SD")
    return Estimate(
        "effect of belief needed", "expectancy bound", needed, groups=effect.groups, notes=tuple(notes)
    )
