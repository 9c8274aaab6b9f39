"""Imputation from retrieved drop-outs: people who stopped as those who stopped and were seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from entact.analysis.frame import public
from entact.analysis.imputation.difference import JACKKNIFE, Inference, imputed_difference
from entact.analysis.imputation.reference import Assumption, JumpToReference, MissingAtRandom
from entact.analysis.imputation.trial import Floats, Trial
from entact.analysis.result import Estimates, Side

LEAST = 5
"""Retrieved drop-outs of each arm below which they are too few to impute from."""


@public
def retrieved_dropouts(
    trial: Trial,
    contrast: tuple[str, str],
    at: str,
    *,
    least: int = LEAST,
    fallback: Assumption | None = None,
    inference: Inference = JACKKNIFE,
    generator: np.random.Generator | None = None,
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
) -> Estimates:
    """The first arm less the second at a visit, what is missing after an event imputed from who was
    retrieved.

    The imputation model has everybody's values, before and after the event, and for each arm a shift of the
    mean from the first visit after the event on; what is missing there is imputed with that shift. Where an
    arm that has something to impute there has fewer than `least` people with an event and a value at the
    visit, a shift is no more than a few people's, and the fallback is taken for both arms; the notes say
    which it was.

    Args:
        trial: of `read_trial`, with the visits after events given: they are not those after the last value.
        fallback: jump to reference, unless another is named. The rest as for `imputed_difference`.
    Raises:
        ValueError: when the model cannot be fitted, `least` is below 1, or the visit or an arm is none.
    Source: Wang & Hu 2022, BMC Medical Research Methodology 22:82 (from memory, `assumption`). That each
        arm has one shift for all its visits is an `assumption` of ours, for trials with few such people.
    """
    if least < 1:
        raise ValueError(f"at least {least} retrieved drop-outs is no condition; write 1 or more")
    if at not in trial.visits:
        raise ValueError(f"{at!r} is no visit; there are: {', '.join(trial.visits)}")
    for name in contrast:
        if name not in trial.arms:
            raise ValueError(f"there is no arm {name!r}; there are: {', '.join(trial.arms)}")
    place = trial.visits.index(at)
    had = trial.event <= place
    seen = trial.seen[:, place]
    told, enough = [], True
    for name in contrast:
        own = trial.arm == trial.arms.index(name)
        retrieved, lost = int((own & had & seen).sum()), int((own & had & ~seen).sum())
        enough &= retrieved >= least or lost == 0
        told.append(f"{retrieved} of {int((own & had).sum())} in {name}")
    counted = f"retrieved at {at}: {', '.join(told)}"
    if enough:
        assumption: Assumption = MissingAtRandom()
        used, said = with_shifts(trial), f"{counted}; imputed from them"
    else:
        assumption = JumpToReference() if fallback is None else fallback
        used = trial
        said = f"{counted}; fewer than {least} in an arm, so {assumption.title} instead"
    found = imputed_difference(
        used,
        contrast,
        at,
        assumption=assumption,
        inference=inference,
        generator=generator,
        level=level,
        null=null,
        side=side,
    )
    titled = [
        replace(one, method=f"{inference.title}; {'retrieved drop-outs' if enough else assumption.title}")
        for one in found.rows
    ]
    return Estimates("", (replace(titled[0], notes=(said, *titled[0].notes)), *titled[1:]))


def with_shifts(trial: Trial) -> Trial:
    """The trial with a column for each arm that is 1 from the first visit after the event on.

    An arm of which fewer than two were seen after an event has none: nothing tells what its shift is once
    the one is left out.
    """
    shifts = [
        np.where((trial.arm == code)[:, None], trial.after, False).astype(float)
        for code in range(len(trial.arms))
    ]
    kept = [one for one in shifts if int(((one > 0) & trial.seen).any(1).sum()) > 1]
    columns: Floats = np.stack(kept, axis=2) if kept else np.zeros((trial.n, trial.m, 0))
    return replace(
        trial,
        x=np.concatenate([trial.x, columns], axis=2),
        of_reference=np.concatenate([trial.of_reference, columns], axis=2),
    )
