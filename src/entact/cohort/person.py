"""One virtual participant: what the draws say of them, before and after randomisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from entact.cohort.baseline import Baseline, draw_baseline, draw_characteristics, failure_reasons
from entact.cohort.draws import UNKNOWN
from entact.cohort.guesses import Guesses, draw_guesses
from entact.cohort.outcomes import Outcomes, draw_outcomes
from entact.cohort.parameters import Parameters, Refusal
from entact.cohort.scale import scale_of
from entact.cohort.session import (
    AdverseEventDraws,
    VitalSignDraws,
    draw_adverse_events,
    draw_vital_signs,
)
from entact.protocol import CompiledForm


@dataclass(frozen=True, slots=True)
class Candidate:
    """A virtual person who has consented; `row` is theirs in the arrays of the batch they were drawn in.

    `population`: as which they come; `beside`: the ledger of the person whom they accompany.
    """

    index: int
    site: str
    row: int
    baseline: Baseline
    characteristics: dict[str, float | str]
    failure: str | None
    refusal: Refusal | None
    vitals: VitalSignDraws
    population: str = ""
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A virtual person in the study: the course that the arm gives them.

    `told`: the same person with what is given openly once the arm has been told; None where that never is.
    """

    index: int
    seed: int
    row: int
    arm: str
    outcomes: Outcomes
    guesses: Guesses
    events: AdverseEventDraws
    vitals: VitalSignDraws
    told: Participant | None = None


def draw_candidates(parameters: Parameters, seed: int, indices: Sequence[int]) -> list[Candidate]:
    """Candidates by number, drawn together; the same as each drawn alone."""
    numbers = np.asarray(indices, np.int64)
    baseline = draw_baseline(parameters, seed, numbers)
    drawn = draw_characteristics(parameters, seed, numbers)
    # Before any dose nobody's vital signs depend on the arm, so any will do.
    vitals = draw_vital_signs(parameters, seed, numbers, np.zeros(numbers.size, np.int64))
    sites, reasons = list(parameters.sites.by_id), failure_reasons(parameters)
    refusals = {refusal.reason: refusal for refusal in parameters.screening.reasons}
    candidates = []
    for row, index in enumerate(numbers.tolist()):
        failure = int(baseline.failure[row])
        reason = None if failure == UNKNOWN else reasons[failure]
        characteristics: dict[str, float | str] = {}
        for name, rule in parameters.characteristics.items():
            value = float(drawn[name][row])
            characteristics[name] = value if rule.shares is None else list(rule.shares)[int(value)]
        site = sites[int(baseline.site[row])]
        refusal = refusals.get(reason) if reason else None
        candidates.append(Candidate(index, site, row, baseline, characteristics, reason, refusal, vitals))
    return candidates


def draw_participants(
    parameters: Parameters,
    seed: int,
    indices: Sequence[int],
    arms: Sequence[str],
    told: str | None = None,
) -> list[Participant]:
    """Participants by number with the arm each was given, drawn together; the same as each drawn alone.

    `told` is the arm that is given openly to whoever was told theirs, where the study has that.
    """
    numbers = np.asarray(indices, np.int64)
    baseline = draw_baseline(parameters, seed, numbers)
    given = np.asarray([parameters.arms.index(arm) for arm in arms], np.int64)
    outcomes = draw_outcomes(parameters, baseline, given)
    guesses = draw_guesses(parameters, seed, numbers, given)
    events = draw_adverse_events(parameters, seed, numbers, given, baseline.site, outcomes.sessions_received)
    vitals = draw_vital_signs(parameters, seed, numbers, given)
    openly = draw_participants(parameters, seed, indices, [told] * len(arms)) if told is not None else ()
    return [
        Participant(index, seed, row, arm, outcomes, guesses, events, vitals, openly[row] if openly else None)
        for row, (index, arm) in enumerate(zip(numbers.tolist(), arms, strict=True))
    ]


def severity_items(
    parameters: Parameters, form: CompiledForm, source: Baseline | Outcomes, row: int, timepoint: int = 0
) -> dict[str, Any]:
    """The primary instrument's items as rated at a time point (by number; 0 is the baseline).

    Those beside the total have their own names.
    """
    severity = parameters.severity
    place: Any = row if isinstance(source, Baseline) else (row, timepoint)
    items: dict[str, Any] = {**scale_of(form, severity.score).answer(source.items[place].tolist())}
    items.update((name, int(values[place])) for name, values in source.companions.items())
    if severity.duration_item is not None:
        items[severity.duration_item] = bool(source.long_enough[place])
    if severity.relation is not None and form.instrument is not None:
        baseline = source if isinstance(source, Baseline) else source.baseline
        codes, names = list(severity.relation.shares), list(scale_of(form, severity.score).items)
        for number in severity.relation.items:
            judged = codes[int(baseline.relation[row, number - 1])]
            items[form.instrument.qualifiers[names[number - 1]][0]] = judged
    return items


def questionnaire_items(
    parameters: Parameters,
    name: str,
    form: CompiledForm,
    source: Baseline | Outcomes,
    row: int,
    timepoint: int = 0,
) -> dict[str, Any]:
    """A score's items as answered at a time point; a skipped item says that it was not asked."""
    place: Any = row if isinstance(source, Baseline) else (row, timepoint)
    scores = source.questionnaires[name][place].tolist()
    scale = scale_of(form, parameters.questionnaires[name].score_name)
    answers: dict[str, Any] = {**scale.answer(scores)}
    skipped = (item for item, score in zip(scale.items, scores, strict=False) if score == UNKNOWN)
    return answers | {item: {"missing": "not_asked"} for item in skipped}
