# mypy: disable-error-code="untyped-decorator"
"""The model: one system of differential equations, each equation once, in the order of the physiology.

Time is in hours since the initial dose. Amounts are mg of MDMA base (metabolites: mg of the MDMA base that
became them), so that all amounts add up to what was swallowed. What is faster than about ten minutes
(monoamines in the cleft, oxytocin, vessels, heart, baroreflex) is in balance with what drives it: algebra,
not a state.

`variables` says what a person `p`, a moment `y` and what is observed of it are made of. F numbers are facts
of the reference: docs/pharmacology.md.
Only `+`, `-`, `*`, `/` and `max` are used, so that the kernel can compile the same lines for eight persons at
once; so exponents are whole numbers written out, and `structure` in parameters.yaml says which, and why.
"""

from __future__ import annotations

import numpy as np

from entact.pharmacology.variables import *

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _release(strength: float, block: float) -> float:
    """Release through a transporter, 0 to 1: cooperative, and competing with a blocker (F084-F087)."""
    # Of strength / (1 + block) the square, over 1 more than it: with one division.
    free = 1.0 + block
    square = strength * strength
    return square / (free * free + square)


def _receptor(agonist: float, half: float, block: float, partial: float) -> float:
    """Stimulation of a receptor by its agonist against a competitor, which may stimulate in part (Gaddum)."""
    taken = half * block
    return (agonist + partial * taken) / (agonist + half + taken)


def _level(t: float, p: Array) -> float:
    """What is left of a medicine that falls, of its level at the initial dose: exp(-x), to 1 % up to 2."""
    x = 0.25 * p[FALLING] * t
    # Of exp(x / 4) the first terms, to the power -4: no call of exp in the inner loop.
    quarter = 1.0 + x * (1.0 + x * (0.5 + x * 0.16666666666666666))
    square = quarter * quarter
    left: float = 1.0 / (square * square)
    return left


def _mda(y: Array, p: Array) -> float:
    """MDA in mg/L of S-MDMA that would release as much."""
    equivalent: float = 0.001 * p[POTENCY_MDA] * p[MDA_PER_MG] * y[MDA]
    return equivalent


def _freed(y: Array, p: Array, potency_r: int, per_ec50: int, block: float, pool: int) -> float:
    """What leaves the full pool of a monoamine, as a fraction of full release: by R, S and MDA."""
    r, s = y[R_MDMA] * p[PER_VOLUME_R], y[S_MDMA] * p[PER_VOLUME_S]
    strength = (s + p[potency_r] * r + _mda(y, p)) * p[per_ec50]
    freed: float = _release(strength, block) * y[pool]
    return freed


def _serotonin(level: float, y: Array, p: Array) -> float:
    """Freed through SERT."""
    block = p[SERT_BLOCK] + p[SERT_FALLING] * level
    return _freed(y, p, POTENCY_R_SEROTONIN, PER_EC50_SEROTONIN, block, SEROTONIN_POOL)


def _norepinephrine(level: float, y: Array, p: Array) -> float:
    """Freed through NET."""
    block = p[NET_BLOCK] + p[NET_FALLING] * level
    return _freed(y, p, POTENCY_R_NOREPINEPHRINE, PER_EC50_NOREPINEPHRINE, block, NOREPINEPHRINE_POOL)


def _dopamine(level: float, y: Array, p: Array) -> float:
    """Freed through DAT."""
    block = p[DAT_BLOCK] + p[DAT_FALLING] * level
    return _freed(y, p, POTENCY_R_DOPAMINE, PER_EC50_DOPAMINE, block, DOPAMINE_POOL)


def _ht2a(level: float, p: Array) -> float:
    """Fraction of 5-HT2A receptors without an antagonist."""
    free: float = 1.0 / (1.0 + p[HT2A_BLOCK] + p[HT2A_FALLING] * level)
    return free


def _feeling(serotonin: float, norepinephrine: float, dopamine: float, level: float, p: Array) -> float:
    """What is felt of the monoamines, through the receptors that antagonists reach (F059, F061, F062)."""
    alpha1 = p[ALPHA1_BLOCK] + p[ALPHA1_FALLING] * level
    felt: float = (
        p[WEIGHT_SEROTONIN] * serotonin * (1.0 - p[HT2A_SHARE] * (1.0 - _ht2a(level, p)))
        + p[WEIGHT_NOREPINEPHRINE] * norepinephrine * (1.0 - p[ALPHA1_SHARE] * alpha1 / (1.0 + alpha1))
        + p[WEIGHT_DOPAMINE] * dopamine / (1.0 + p[D2_BLOCK] + p[D2_FALLING] * level)
    )
    return felt


def _drive(norepinephrine: float, serotonin: float, p: Array) -> float:
    """What drives heart and vessels beyond rest: released norepinephrine, and serotonin's central part."""
    drive: float = norepinephrine + p[SYMPATHETIC_SEROTONIN] * serotonin
    return drive


def _tone(drive: float, level: float, y: Array, p: Array) -> float:
    """Sympathetic stimulation: resting tone, and of the drive what desensitisation leaves."""
    left = drive - p[SYMPATHETIC_TOLERANCE_SHARE] * y[SYMPATHETIC_TOLERANCE]
    rest = p[SYMPATHETIC_TONE] * (1.0 + p[TONE_MORE] * level) / (1.0 + p[TONE_LESS] * level)
    tone: float = rest + max(left, 0.0)
    return tone


def _cortisol(level: float, p: Array) -> float:
    """Fraction of the synthesis of cortisol that is left."""
    left: float = p[CORTISOL_SYNTHESIS] / (1.0 + p[CORTISOL_FALLING] * level)
    return left


def _oxytocin(serotonin: float, p: Array) -> float:
    """Rise of oxytocin, multiples of baseline: steep, as half a usual dose hardly moves it (F074)."""
    cube = serotonin * serotonin * serotonin
    half = p[OXYTOCIN_HALF]
    rise: float = p[OXYTOCIN_MAXIMUM] * cube / (half * half * half + cube)
    return rise


def _alpha1(tone: float, level: float, p: Array) -> float:
    """Stimulation of alpha-1 receptors above that at rest."""
    block = p[ALPHA1_BLOCK] + p[ALPHA1_FALLING] * level
    rise: float = _receptor(tone, p[ALPHA1_HALF], block, 0.0) - p[ALPHA1_REST]
    return rise


def _beta1(tone: float, level: float, p: Array) -> float:
    """The same of beta-1 receptors."""
    block = p[BETA1_BLOCK] + p[BETA1_FALLING] * level
    rise: float = _receptor(tone, p[BETA_HALF], block, p[BETA_PARTIAL]) - p[BETA_REST]
    return rise


def _beta2(tone: float, level: float, p: Array) -> float:
    """The same of beta-2 receptors."""
    block = p[BETA2_BLOCK] + p[BETA2_FALLING] * level
    rise: float = _receptor(tone, p[BETA_HALF], block, p[BETA_PARTIAL]) - p[BETA_REST]
    return rise


def _heat(tone: float, serotonin: float, level: float, p: Array) -> float:
    """By how much the core would warm in the end: vessels keep heat (alpha-1), tissue makes it (beta).

    Serotonin does both: by 5-HT2A receptors it warms, by the others it cools (F054, F057, F059, F061).
    """
    warmer: float = (
        p[HEAT_ALPHA1] * _alpha1(tone, level, p)
        + p[HEAT_BETA] * _beta2(tone, level, p)
        + (p[HEAT_HT2A] * _ht2a(level, p) - p[COOLING_SEROTONIN]) * serotonin
    )
    return warmer


def initial(p: Array, y: Array) -> None:
    """Sets `y` to the state before the first dose: nothing swallowed, all pools full, CYP2D6 in balance."""
    y[:] = 0.0
    y[CYP2D6] = p[ENZYME_AT_FIRST]
    y[SEROTONIN_POOL] = 1.0
    y[NOREPINEPHRINE_POOL] = 1.0
    y[DOPAMINE_POOL] = 1.0
    y[PROLACTIN] = 1.0
    y[CORTISOL] = _cortisol(1.0, p)
    y[TEMPERATURE] = _heat(_tone(0.0, 1.0, y, p), 0.0, 1.0, p)


def derivatives(t: float, y: Array, p: Array, dy: Array) -> None:
    """Sets `dy` to the rate of change of every state, per hour."""
    level = _level(t, p)

    # Absorption: first order (F020), after the lag (F021) that the kernel adds to the time of a dose.
    absorbed_r = p[KA] * y[DEPOT_R]
    absorbed_s = p[KA] * y[DEPOT_S]
    dy[DEPOT_R] = -absorbed_r
    dy[DEPOT_S] = -absorbed_s

    # Disposition: one compartment an enantiomer; mg/L. CYP2D6 is shared: each saturates it for the other.
    r = y[R_MDMA] * p[PER_VOLUME_R]
    s = y[S_MDMA] * p[PER_VOLUME_S]
    block = p[ENZYME_BLOCK] + p[ENZYME_BLOCK_FALLING] * level
    free_enzyme = y[CYP2D6] / (1.0 + r * p[PER_KM_R] + s * p[PER_KM_S] + block)
    by_cyp2d6 = (p[CYP2D6_R] * r + p[CYP2D6_S] * s) * free_enzyme
    to_mda = p[DEMETHYLATION_R] * r + p[DEMETHYLATION_S] * s
    by_other = p[OTHER_R] * r + p[OTHER_S] * s
    by_kidney = p[RENAL_R] * r + p[RENAL_S] * s
    dy[R_MDMA] = absorbed_r - (p[CYP2D6_R] * free_enzyme + p[DEMETHYLATION_R] + p[OTHER_R] + p[RENAL_R]) * r
    dy[S_MDMA] = absorbed_s - (p[CYP2D6_S] * free_enzyme + p[DEMETHYLATION_S] + p[OTHER_S] + p[RENAL_S]) * s
    from_mda = p[MDA_ELIMINATION] * y[MDA]
    from_hmma = p[HMMA_ELIMINATION] * y[HMMA]
    other_to_hmma = p[OTHER_TO_HMMA] * by_other
    dy[MDA] = to_mda - from_mda
    dy[HMMA] = by_cyp2d6 + other_to_hmma - from_hmma
    dy[ELIMINATED] = by_kidney + (by_other - other_to_hmma) + from_mda + from_hmma

    # CYP2D6: made and lost (F042); inactivated by both enantiomers (F035-F040), less where an inhibitor sits.
    inhibitor = (r + s) * p[PER_KI]
    inactivation = p[KINACT] * inhibitor / (1.0 + inhibitor + block)
    loss = p[ENZYME_LOSS] + p[ENZYME_LOSS_FALLING] * level
    dy[CYP2D6] = p[ENZYME_TURNOVER] - (p[ENZYME_TURNOVER] + loss + inactivation) * y[CYP2D6]

    # Monoamines: what is released leaves a pool that refills slowly, hence acute tolerance (F072).
    released_serotonin = _serotonin(level, y, p)
    released_norepinephrine = _norepinephrine(level, y, p)
    released_dopamine = _dopamine(level, y, p)
    dy[SEROTONIN_POOL] = p[REFILL] * (1.0 - y[SEROTONIN_POOL]) - p[DEPLETION_SEROTONIN] * released_serotonin
    dy[NOREPINEPHRINE_POOL] = (
        p[REFILL] * (1.0 - y[NOREPINEPHRINE_POOL]) - p[DEPLETION_NOREPINEPHRINE] * released_norepinephrine
    )
    dy[DOPAMINE_POOL] = p[REFILL] * (1.0 - y[DOPAMINE_POOL]) - p[DEPLETION_DOPAMINE] * released_dopamine
    rise_serotonin = p[RELEASE_SEROTONIN] * released_serotonin
    rise_norepinephrine = p[RELEASE_NOREPINEPHRINE] * released_norepinephrine
    rise_dopamine = p[RELEASE_DOPAMINE] * released_dopamine

    # Tolerance within hours beyond what depletion explains: it is gone a day later (F007, F012, F067).
    feeling = _feeling(rise_serotonin, rise_norepinephrine, rise_dopamine, level, p)
    dy[TOLERANCE] = p[TOLERANCE_RATE] * (feeling - y[TOLERANCE])

    # Heart and vessels too: they are at rest again by the end of a session, with plasma near its highest.
    drive = _drive(rise_norepinephrine, rise_serotonin, p)
    dy[SYMPATHETIC_TOLERANCE] = p[SYMPATHETIC_TOLERANCE_RATE] * (drive - y[SYMPATHETIC_TOLERANCE])

    # Hormones: serotonin drives prolactin and the adrenal axis (F064, F068, F076).
    dy[PROLACTIN] = p[PROLACTIN_TURNOVER] * (1.0 + p[PROLACTIN_GAIN] * rise_serotonin - y[PROLACTIN])
    dy[CORTISOL] = p[CORTISOL_TURNOVER] * (
        _cortisol(level, p) * (1.0 + p[CORTISOL_GAIN] * rise_serotonin) - y[CORTISOL]
    )

    # Water: the drug makes thirsty, and oxytocin holds the water back (F078, F080).
    oxytocin = _oxytocin(rise_serotonin, p)
    dy[WATER] = p[DRINKING] * drive / (1.0 + drive) - p[DIURESIS] * y[WATER] * p[ANTIDIURESIS_HALF] / (
        p[ANTIDIURESIS_HALF] + oxytocin
    )

    # Temperature: follows its end slowly, by the heat capacity of the body.
    heat = _heat(_tone(drive, level, y, p), rise_serotonin, level, p)
    dy[TEMPERATURE] = p[TEMPERATURE_RATE] * (heat - y[TEMPERATURE])


def observe(t: float, y: Array, p: Array, out: Array) -> None:
    """Sets `out` to the OUTPUTS at one moment."""
    level = _level(t, p)
    r = y[R_MDMA] * p[PER_VOLUME_R]
    s = y[S_MDMA] * p[PER_VOLUME_S]
    out[0] = 1000.0 * r
    out[1] = 1000.0 * s
    out[2] = 1000.0 * (r + s)
    out[3] = p[MDA_PER_MG] * y[MDA]
    out[4] = p[HMMA_PER_MG] * y[HMMA]
    out[5] = y[CYP2D6]

    serotonin = p[RELEASE_SEROTONIN] * _serotonin(level, y, p)
    norepinephrine = p[RELEASE_NOREPINEPHRINE] * _norepinephrine(level, y, p)
    dopamine = p[RELEASE_DOPAMINE] * _dopamine(level, y, p)
    out[6] = 1.0 + serotonin
    out[7] = 1.0 + norepinephrine
    out[8] = 1.0 + dopamine

    oxytocin = _oxytocin(serotonin, p)
    out[9] = p[OXYTOCIN_BASELINE] * (1.0 + oxytocin)
    out[10] = p[PROLACTIN_BASELINE] * y[PROLACTIN]
    out[11] = p[CORTISOL_BASELINE] * y[CORTISOL]
    out[12] = p[SODIUM_BASELINE] * p[BODY_WATER] / (p[BODY_WATER] + y[WATER])

    # Brain and feeling: serotonin calms the amygdala (F081, F083); closeness follows oxytocin
    # (F075) and feeling: a blocker that keeps oxytocin down dulls it, and does not end it (F052, F053).
    calm = serotonin * serotonin
    out[13] = 100.0 * (1.0 - p[AMYGDALA_MAXIMUM] * calm / (p[AMYGDALA_HALF] * p[AMYGDALA_HALF] + calm))
    feeling = _feeling(serotonin, norepinephrine, dopamine, level, p) / (
        1.0 + y[TOLERANCE] / p[TOLERANCE_HALF]
    )
    cube = feeling * feeling * feeling
    half = p[SUBJECTIVE_HALF]
    out[14] = 100.0 * cube / (half * half * half + cube)
    warmth = (oxytocin + p[CLOSENESS_FEELING] * feeling) * feeling
    out[15] = 100.0 * warmth / (p[CLOSENESS_HALF] * p[CLOSENESS_HALF] + warmth)

    # Circulation: resistance (alpha-1, less beta-2), output and rate (beta-1), baroreflex on the rate.
    tone = _tone(_drive(norepinephrine, serotonin, p), level, y, p)
    alpha1, beta1, beta2 = _alpha1(tone, level, p), _beta1(tone, level, p), _beta2(tone, level, p)
    systolic = p[SYSTOLIC_ALPHA1] * alpha1 + p[SYSTOLIC_BETA1] * beta1
    diastolic = p[DIASTOLIC_ALPHA1] * alpha1 - p[DIASTOLIC_BETA2] * beta2
    mean = 0.3333333333333333 * (systolic + 2.0 * diastolic)
    out[16] = p[SYSTOLIC_BASELINE] + systolic
    out[17] = p[DIASTOLIC_BASELINE] + diastolic
    out[18] = p[HEART_RATE_BASELINE] + p[HEART_RATE_BETA1] * beta1 - p[BAROREFLEX] * mean
    out[19] = p[TEMPERATURE_BASELINE] + y[TEMPERATURE]
