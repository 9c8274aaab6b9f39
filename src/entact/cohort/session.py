"""What happens to virtual participants around a dosing session: adverse events and vital signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import ArrayLike

from entact.cohort.draws import Bools, Floats, Ints, draw
from entact.cohort.parameters import Parameters


@dataclass(frozen=True, slots=True)
class AdverseEventDraws:
    """Arrays (n, terms, sessions), terms in order: whether an event happens after a session, and how.

    `onset_minutes` counts from the session's initial dose; `severity` is a position in the pattern's
    `severity`; `recorded` is whether the site's staff write it down at all.
    """

    occurs: Bools
    onset_minutes: Floats
    duration_minutes: Floats
    severity: Ints
    serious: Bools
    recorded: Bools


@dataclass(frozen=True, slots=True)
class VitalSignDraws:
    """At rest (n, signs), rise at a full dose's peak (n, sessions, signs), noise (…, readings, signs)."""

    resting: Floats
    rise: Floats
    noise: Floats


def draw_adverse_events(
    parameters: Parameters,
    seed: ArrayLike,
    indices: ArrayLike,
    arms: ArrayLike,
    sites: ArrayLike,
    sessions: ArrayLike,
) -> AdverseEventDraws:
    """Which adverse events, favourable ones too, follow which session.

    `indices`, `arms` and `sites` (positions in the parameters) and `sessions` (number received) are (n).
    """
    rules, arm, site = parameters.adverse_events, np.asarray(arms, np.int64), np.asarray(sites, np.int64)
    n, terms, planned = arm.size, len(rules.terms), len(parameters.sessions)
    u, z = draw(seed, indices, "adverse events", terms * (3 + 3 * planned), 2 * terms * planned)
    own = u[:, : 3 * terms].reshape(n, terms, 3)
    each = u[:, 3 * terms :].reshape(n, terms, planned, 3)
    noise = z.reshape(n, terms, planned, 2)
    chance = np.array([[term.chance[name] for term in rules.terms] for name in parameters.arms])[arm]
    if not terms:  # a study that expects no event
        none, nothing = np.zeros((n, 0, planned), np.bool_), np.zeros((n, 0, planned))
        return AdverseEventDraws(none, nothing, nothing, nothing.astype(np.int64), none, none)
    patterns = [rules.patterns[term.pattern] for term in rules.terms]
    first = np.minimum((own[:, :, 1] * planned).astype(np.int64), planned - 1)[..., np.newaxis]
    again = each[..., 0] < np.array([pattern.recurrence for pattern in patterns])[:, np.newaxis]
    number = np.arange(planned)
    had = (number < np.asarray(sessions, np.int64)[:, np.newaxis])[:, np.newaxis, :]
    # Without the draw's first session nothing recurs: recurrence follows it, never precedes it.
    occurs = (
        (own[:, :, :1] < chance[..., np.newaxis]) & had & ((number == first) | ((number > first) & again))
    )
    onset = np.array([[log(item.onset_minutes), item.onset_sigma] for item in patterns])[:, np.newaxis, :]
    duration = np.array([[log(item.duration_minutes), item.duration_sigma] for item in patterns])[
        :, np.newaxis, :
    ]
    grades = np.array([_padded(list(np.cumsum(list(item.severity.values()))[:-1])) for item in patterns])
    recording = np.array([site.adverse_event_recording for site in parameters.sites.by_id.values()])[site]
    favourable = np.array([site.favourable_event_recording for site in parameters.sites.by_id.values()])[site]
    good = np.array([term.valence == "favourable" for term in rules.terms])
    written = recording[:, np.newaxis] * np.where(good, favourable[:, np.newaxis], 1.0)
    return AdverseEventDraws(
        occurs=occurs,
        onset_minutes=np.rint(np.exp(onset[..., 0] + onset[..., 1] * noise[..., 0])),
        duration_minutes=np.maximum(
            np.round(np.exp(duration[..., 0] + duration[..., 1] * noise[..., 1])), 1.0
        ),
        severity=(each[..., 1, np.newaxis] >= grades[:, np.newaxis, :]).sum(axis=-1, dtype=np.int64),
        serious=occurs & (own[:, :, 2] < np.array([term.serious for term in rules.terms]))[..., np.newaxis],
        recorded=occurs & (each[..., 2] < written[..., np.newaxis]),
    )


def draw_vital_signs(
    parameters: Parameters, seed: ArrayLike, indices: ArrayLike, arms: ArrayLike
) -> VitalSignDraws:
    """Vital signs at rest, and how far a full dose of the arm's capsules raises them, by session."""
    model, arm = parameters.vital_signs, np.asarray(arms, np.int64)
    signs, sessions = list(model.signs.values()), len(parameters.sessions)
    n, count = arm.size, len(signs)
    size = 1 + count + 1 + count + sessions * count
    _, z = draw(seed, indices, "vital signs", 0, size + sessions * model.readings * count)
    common, alone = np.sqrt(model.shared), np.sqrt(1.0 - model.shared)
    rest = common * z[:, :1] + alone * z[:, 1 : 1 + count]
    person = common * z[:, 1 + count : 2 + count] + alone * z[:, 2 + count : 2 + 2 * count]
    visit = z[:, 2 + 2 * count : size].reshape(n, sessions, count)
    steady, varying = np.sqrt(1.0 - model.between_sessions), np.sqrt(model.between_sessions)
    deviation = steady * person[:, np.newaxis] + varying * visit
    mean = np.array([[sign.rise[name].mean for sign in signs] for name in parameters.arms])[arm][
        :, np.newaxis
    ]
    spread = np.array([[sign.rise[name].sd for sign in signs] for name in parameters.arms])[arm][
        :, np.newaxis
    ]
    return VitalSignDraws(
        resting=np.array([sign.resting.mean for sign in signs])
        + np.array([sign.resting.sd for sign in signs]) * rest,
        rise=np.maximum(mean + spread * deviation, 0.0),
        noise=z[:, size:].reshape(n, sessions, model.readings, count),
    )


def vital_signs_at(
    parameters: Parameters,
    draws: VitalSignDraws,
    row: int,
    *,
    session: int,
    level: str,
    minutes: float,
    reading: int,
    supplement_minutes: float | None = None,
    drug: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """The reading of every sign at a time, each in its unit.

    `session` counts from 0; `level` is the dose level given; `minutes` since the initial dose (negative
    before it); `reading` numbers the readings of the session from 0; `supplement_minutes` is when the
    supplement was taken, if it was; `drug` is how far the drug raises each sign at that time. Raises
    `ValueError` for a level, session or reading that the parameters do not have.
    """
    model = parameters.vital_signs
    if level not in model.levels:
        raise ValueError(f"dose level {level!r} is not among vital_signs.levels: {', '.join(model.levels)}")
    if not 0 <= session < draws.rise.shape[1] or not 0 <= reading < model.readings:
        raise ValueError(
            f"session {session}, reading {reading}: have {draws.rise.shape[1]} and {model.readings}"
        )
    shape = time_course(parameters, minutes)
    if supplement_minutes is not None:
        shape += model.supplement * time_course(parameters, minutes - supplement_minutes)
    values = {}
    for k, (name, sign) in enumerate(model.signs.items()):
        value = draws.resting[row, k] + model.levels[level] * shape * draws.rise[row, session, k]
        if drug is not None:
            value += drug.get(name, 0.0)
        value += sign.reading_sd * draws.noise[row, session, reading, k]
        values[name] = round(float(min(max(value, sign.limits[0]), sign.limits[1])), sign.decimals)
    return values


def time_course(parameters: Parameters, minutes: float) -> float:
    """The effect of one dose at a time since it, as a fraction of its peak."""
    if minutes <= 0.0:
        return 0.0
    model = parameters.vital_signs
    up, down = model.rise_minutes, model.decline_minutes
    peak = log(down / up) * up * down / (down - up)
    return (exp(-minutes / down) - exp(-minutes / up)) / (exp(-peak / down) - exp(-peak / up))


def _padded(cuts: list[float], size: int = 4) -> list[float]:
    # Patterns may grade on scales of different length; a cut above 1 is never passed.
    return [*cuts, *([2.0] * (size - len(cuts)))]
