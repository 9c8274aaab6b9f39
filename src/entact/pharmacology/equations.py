# mypy: disable-error-code="untyped-decorator"
"""The model: one system of differential equations, each equation once, in the order of the physiology.

Time is in hours since the initial dose. Amounts are mg of MDMA base (metabolites: mg of the MDMA base that
became them), so that all amounts add up to what was swallowed. What is faster than about ten minutes
(monoamines in the cleft, oxytocin, vessels, heart, baroreflex) is in balance with what drives it: algebra,
not a state.

`variables` says what a person `p`, a moment `y` and what is observed of it are made of. F numbers are facts
of the reference: docs/pharmacology.md.
Only `+`, `-`, `*`, `/`, `max` and `min` are used, so that the kernel can compile the same lines for eight
persons at once; so exponents are whole numbers written out, and `structure` in parameters.yaml says which,
and why. A division costs as much as many multiplications: fractions that are needed together share one,
`each`, which is multiplied by the other denominators.
"""

from __future__ import annotations

import numpy as np

from entact.pharmacology.variables import *

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Three = tuple[float, float, float]
Five = tuple[float, float, float, float, float]


def _level(t: float, p: Array) -> float:
    """What is left of a medicine that falls, of its level at the initial dose: exp(-x), to 1 % up to 2."""
    x = 0.25 * p[FALLING] * t
    # Of exp(x / 4) the first terms, to the power -4: no call of exp in the inner loop.
    quarter = 1.0 + x * (1.0 + x * (0.5 + x * 0.16666666666666666))
    square = quarter * quarter
    left: float = 1.0 / (square * square)
    return left


def _spared(level: float, p: Array) -> Five:
    """What medicines leave: of 5-HT2A, alpha-1 and D2 receptors, of tone, of the synthesis of cortisol."""
    ht2a = 1.0 + p[HT2A_BLOCK] + p[HT2A_FALLING] * level
    alpha1 = 1.0 + p[ALPHA1_BLOCK] + p[ALPHA1_FALLING] * level
    d2 = 1.0 + p[D2_BLOCK] + p[D2_FALLING] * level
    tone = 1.0 + p[TONE_LESS] * level
    cortisol = 1.0 + p[CORTISOL_FALLING] * level
    receptors, rest = ht2a * alpha1, tone * cortisol
    each = 1.0 / (receptors * d2 * rest)
    of_rest = receptors * d2 * each
    of_receptors = d2 * rest * each
    return (
        alpha1 * of_receptors,
        ht2a * of_receptors,
        receptors * rest * each,
        p[SYMPATHETIC_TONE] * (1.0 + p[TONE_MORE] * level) * cortisol * of_rest,
        p[CORTISOL_SYNTHESIS] * tone * of_rest,
    )


def _pull(y: Array, p: Array, potency_r: int, potency_mda: int, per_ec50: int) -> float:
    """How strongly R, S and MDA draw a monoamine out through its transporter: the square (cooperative)."""
    r, s = y[R_MDMA] * p[PER_VOLUME_R], y[S_MDMA] * p[PER_VOLUME_S]
    mda = 0.001 * p[MDA_PER_MG] * y[MDA]
    strength = (s + p[potency_r] * r + p[potency_mda] * mda) * p[per_ec50]
    squared: float = strength * strength
    return squared


def _hold(block: float) -> float:
    """How strongly a blocker at the transporter, which competes, holds it back (F084-F087)."""
    free = 1.0 + block
    return free * free


def _released(level: float, y: Array, p: Array) -> Three:
    """What leaves the pools of serotonin, norepinephrine and dopamine, of full release from a full pool."""
    serotonin = _pull(y, p, POTENCY_R_SEROTONIN, POTENCY_MDA_SEROTONIN, PER_EC50_SEROTONIN)
    norepinephrine = _pull(
        y, p, POTENCY_R_NOREPINEPHRINE, POTENCY_MDA_NOREPINEPHRINE, PER_EC50_NOREPINEPHRINE
    )
    dopamine = _pull(y, p, POTENCY_R_DOPAMINE, POTENCY_MDA_DOPAMINE, PER_EC50_DOPAMINE)
    sert = serotonin + _hold(p[SERT_BLOCK] + p[SERT_FALLING] * level)
    net = norepinephrine + _hold(p[NET_BLOCK] + p[NET_FALLING] * level)
    dat = dopamine + _hold(p[DAT_BLOCK] + p[DAT_FALLING] * level)
    each = 1.0 / (sert * net * dat)
    return (
        serotonin * y[SEROTONIN_POOL] * net * dat * each,
        norepinephrine * y[NOREPINEPHRINE_POOL] * sert * dat * each,
        dopamine * y[DOPAMINE_POOL] * sert * net * each,
    )


def _felt(
    serotonin: float, norepinephrine: float, dopamine: float, ht2a: float, alpha1: float, d2: float, p: Array
) -> float:
    """What is felt of the monoamines, through what is free of the receptors (F059, F061, F062)."""
    felt: float = (
        p[WEIGHT_SEROTONIN] * serotonin * (1.0 - p[HT2A_SHARE] * (1.0 - ht2a))
        + p[WEIGHT_NOREPINEPHRINE] * norepinephrine * (1.0 - p[ALPHA1_SHARE] * (1.0 - alpha1))
        + p[WEIGHT_DOPAMINE] * dopamine * d2
    )
    return felt


def _drive(norepinephrine: float, serotonin: float, p: Array) -> float:
    """What drives heart and vessels beyond rest: released norepinephrine, and serotonin's central part."""
    drive: float = norepinephrine + p[SYMPATHETIC_SEROTONIN] * serotonin
    return drive


def _tone(drive: float, rest: float, y: Array, p: Array) -> float:
    """Sympathetic stimulation: resting tone, and of the drive what desensitisation leaves.

    It comes to rest without a corner, over the last 0.1: over a corner no integrator keeps its accuracy.
    """
    left = max(drive - p[SYMPATHETIC_TOLERANCE_SHARE] * y[SYMPATHETIC_TOLERANCE], 0.0)
    last = min(left, 0.1)
    tone: float = rest + 10.0 * last * (left - 0.5 * last)
    return tone


def _receptors(tone: float, level: float, p: Array) -> Three:
    """Stimulation of alpha-1, beta-1 and beta-2 receptors above that at rest.

    Their agonist competes with an antagonist, which at beta receptors may stimulate in part (Gaddum).
    """
    alpha1 = p[ALPHA1_HALF] * (p[ALPHA1_BLOCK] + p[ALPHA1_FALLING] * level)
    beta1 = p[BETA_HALF] * (p[BETA1_BLOCK] + p[BETA1_FALLING] * level)
    beta2 = p[BETA_HALF] * (p[BETA2_BLOCK] + p[BETA2_FALLING] * level)
    all_alpha1 = tone + p[ALPHA1_HALF] + alpha1
    all_beta1 = tone + p[BETA_HALF] + beta1
    all_beta2 = tone + p[BETA_HALF] + beta2
    each = 1.0 / (all_alpha1 * all_beta1 * all_beta2)
    return (
        tone * all_beta1 * all_beta2 * each - p[ALPHA1_REST],
        (tone + p[BETA_PARTIAL] * beta1) * all_alpha1 * all_beta2 * each - p[BETA_REST],
        (tone + p[BETA_PARTIAL] * beta2) * all_alpha1 * all_beta1 * each - p[BETA_REST],
    )


def _heat(alpha1: float, beta2: float, serotonin: float, ht2a: float, p: Array) -> float:
    """By how much the core would warm in the end: vessels keep heat (alpha-1), tissue makes it (beta).

    Serotonin does both: by 5-HT2A receptors it warms, by the others it cools (F054, F057, F059, F061).
    """
    warmer: float = (
        p[HEAT_ALPHA1] * alpha1
        + p[HEAT_BETA] * beta2
        + (p[HEAT_HT2A] * ht2a - p[COOLING_SEROTONIN]) * serotonin
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
    ht2a, _, _, rest, cortisol = _spared(1.0, p)
    y[CORTISOL] = cortisol
    alpha1, _, beta2 = _receptors(rest, 1.0, p)
    y[TEMPERATURE] = _heat(alpha1, beta2, 0.0, ht2a, p)


def derivatives(t: float, y: Array, p: Array, dy: Array) -> None:
    """Sets `dy` to the rate of change of every state, per hour."""
    level = _level(t, p)
    free_ht2a, free_alpha1, free_d2, rest, synthesis = _spared(level, p)

    # Absorption: first order (F020), after the lag (F021) that the kernel adds to the time of a dose.
    absorbed_r = p[KA] * y[DEPOT_R]
    absorbed_s = p[KA] * y[DEPOT_S]
    dy[DEPOT_R] = -absorbed_r
    dy[DEPOT_S] = -absorbed_s

    # Disposition: one compartment an enantiomer; mg/L. CYP2D6 is shared: each saturates it for the other.
    # It is made and lost (F042), and inactivated by both (F035-F040), less where an inhibitor sits.
    r = y[R_MDMA] * p[PER_VOLUME_R]
    s = y[S_MDMA] * p[PER_VOLUME_S]
    block = 1.0 + p[ENZYME_BLOCK] + p[ENZYME_BLOCK_FALLING] * level
    inhibitor = (r + s) * p[PER_KI]
    occupied = block + r * p[PER_KM_R] + s * p[PER_KM_S]
    attacked = block + inhibitor
    each = 1.0 / (occupied * attacked)
    free_enzyme = y[CYP2D6] * attacked * each
    inactivation = p[KINACT] * inhibitor * occupied * each
    loss = p[ENZYME_LOSS] + p[ENZYME_LOSS_FALLING] * level
    dy[CYP2D6] = p[ENZYME_TURNOVER] - (p[ENZYME_TURNOVER] + loss + inactivation) * y[CYP2D6]
    by_cyp2d6 = (p[CYP2D6_R] * r + p[CYP2D6_S] * s) * free_enzyme
    to_mda = p[DEMETHYLATION_R] * r + p[DEMETHYLATION_S] * s
    by_other = p[OTHER_R] * r + p[OTHER_S] * s
    by_kidney = p[RENAL_R] * r + p[RENAL_S] * s
    as_mdma = 1.0 - p[ARRIVES_AS_MDA]
    first_mda = p[ARRIVES_AS_MDA] * (absorbed_r + absorbed_s)
    cleared_r = p[CYP2D6_R] * free_enzyme + p[DEMETHYLATION_R] + p[OTHER_R] + p[RENAL_R]
    cleared_s = p[CYP2D6_S] * free_enzyme + p[DEMETHYLATION_S] + p[OTHER_S] + p[RENAL_S]
    dy[R_MDMA] = as_mdma * absorbed_r - cleared_r * r
    dy[S_MDMA] = as_mdma * absorbed_s - cleared_s * s
    from_mda = p[MDA_ELIMINATION] * y[MDA]
    from_hmma = p[HMMA_ELIMINATION] * y[HMMA]
    other_to_hmma = p[OTHER_TO_HMMA] * by_other
    dy[MDA] = first_mda + to_mda - from_mda
    dy[HMMA] = by_cyp2d6 + other_to_hmma - from_hmma
    dy[ELIMINATED] = by_kidney + (by_other - other_to_hmma) + from_mda + from_hmma

    # Monoamines: what is released leaves a pool that refills slowly, hence acute tolerance (F072).
    serotonin, norepinephrine, dopamine = _released(level, y, p)
    dy[SEROTONIN_POOL] = p[REFILL] * (1.0 - y[SEROTONIN_POOL]) - p[DEPLETION_SEROTONIN] * serotonin
    dy[NOREPINEPHRINE_POOL] = (
        p[REFILL] * (1.0 - y[NOREPINEPHRINE_POOL]) - p[DEPLETION_NOREPINEPHRINE] * norepinephrine
    )
    dy[DOPAMINE_POOL] = p[REFILL] * (1.0 - y[DOPAMINE_POOL]) - p[DEPLETION_DOPAMINE] * dopamine
    serotonin = p[RELEASE_SEROTONIN] * serotonin
    norepinephrine = p[RELEASE_NOREPINEPHRINE] * norepinephrine
    dopamine = p[RELEASE_DOPAMINE] * dopamine

    # Tolerance within hours beyond what depletion explains: it is gone a day later (F007, F012, F067).
    feeling = _felt(serotonin, norepinephrine, dopamine, free_ht2a, free_alpha1, free_d2, p)
    dy[TOLERANCE] = p[TOLERANCE_RATE] * (feeling - y[TOLERANCE])

    # Heart and vessels too: they are at rest again by the end of a session, with plasma near its highest.
    drive = _drive(norepinephrine, serotonin, p)
    dy[SYMPATHETIC_TOLERANCE] = p[SYMPATHETIC_TOLERANCE_RATE] * (drive - y[SYMPATHETIC_TOLERANCE])

    # Hormones: serotonin drives prolactin and the adrenal axis (F064, F068, F076).
    # Tolerance leaves less of it, as of feeling: a second dose a day later does hardly more (F101). Water:
    # the drug makes thirsty, and oxytocin (see `observe`) holds the water back (F078, F080): it is lost at
    # 1 / (1 + oxytocin / half) of the usual rate.
    cube = serotonin * serotonin * serotonin
    half = p[OXYTOCIN_HALF] * p[OXYTOCIN_HALF] * p[OXYTOCIN_HALF]
    freely = p[ANTIDIURESIS_HALF] * (half + cube)
    held = freely + p[OXYTOCIN_MAXIMUM] * cube
    thirst = 1.0 + drive
    used_to = p[TOLERANCE_HALF] + y[TOLERANCE]
    each = 1.0 / (held * thirst * used_to)
    heard = serotonin * p[TOLERANCE_HALF] * held * thirst * each
    dy[PROLACTIN] = p[PROLACTIN_TURNOVER] * (1.0 + p[PROLACTIN_GAIN] * heard - y[PROLACTIN])
    dy[CORTISOL] = p[CORTISOL_TURNOVER] * (synthesis * (1.0 + p[CORTISOL_GAIN] * heard) - y[CORTISOL])
    dy[WATER] = (p[DRINKING] * drive * held - p[DIURESIS] * y[WATER] * freely * thirst) * used_to * each

    # Temperature: follows its end slowly, by the heat capacity of the body.
    tone = _tone(drive, rest, y, p)
    alpha1, _, beta2 = _receptors(tone, level, p)
    dy[TEMPERATURE] = p[TEMPERATURE_RATE] * (_heat(alpha1, beta2, serotonin, free_ht2a, p) - y[TEMPERATURE])


def observe(t: float, y: Array, p: Array, out: Array) -> None:
    """Sets `out` to the OUTPUTS at one moment."""
    level = _level(t, p)
    free_ht2a, free_alpha1, free_d2, rest, _ = _spared(level, p)
    r = y[R_MDMA] * p[PER_VOLUME_R]
    s = y[S_MDMA] * p[PER_VOLUME_S]
    out[0] = 1000.0 * r
    out[1] = 1000.0 * s
    out[2] = 1000.0 * (r + s)
    out[3] = p[MDA_PER_MG] * y[MDA]
    out[4] = p[HMMA_PER_MG] * y[HMMA]
    out[5] = y[CYP2D6]

    serotonin, norepinephrine, dopamine = _released(level, y, p)
    serotonin = p[RELEASE_SEROTONIN] * serotonin
    norepinephrine = p[RELEASE_NOREPINEPHRINE] * norepinephrine
    dopamine = p[RELEASE_DOPAMINE] * dopamine
    out[6] = 1.0 + serotonin
    out[7] = 1.0 + norepinephrine
    out[8] = 1.0 + dopamine

    # Oxytocin rises steeply with serotonin: half a usual dose hardly moves it (F074). Serotonin calms the
    # amygdala (F081, F083). What is felt is less by tolerance.
    calm = serotonin * serotonin
    cube = calm * serotonin
    half = p[OXYTOCIN_HALF] * p[OXYTOCIN_HALF] * p[OXYTOCIN_HALF]
    full_oxytocin = half + cube
    full_calm = p[AMYGDALA_HALF] * p[AMYGDALA_HALF] + calm
    full_feeling = p[TOLERANCE_HALF] + y[TOLERANCE]
    full_water = p[BODY_WATER] + y[WATER]
    rises, falls = full_oxytocin * full_calm, full_feeling * full_water
    each = 1.0 / (rises * falls)
    oxytocin = p[OXYTOCIN_MAXIMUM] * cube * full_calm * falls * each
    feeling = _felt(serotonin, norepinephrine, dopamine, free_ht2a, free_alpha1, free_d2, p)
    feeling = feeling * p[TOLERANCE_HALF] * full_water * rises * each
    out[9] = p[OXYTOCIN_BASELINE] * (1.0 + oxytocin)
    out[10] = p[PROLACTIN_BASELINE] * y[PROLACTIN]
    out[11] = p[CORTISOL_BASELINE] * y[CORTISOL]
    out[12] = p[SODIUM_BASELINE] * p[BODY_WATER] * full_feeling * rises * each
    out[13] = 100.0 * (1.0 - p[AMYGDALA_MAXIMUM] * calm * full_oxytocin * falls * each)

    # Closeness follows oxytocin (F075) and feeling: a blocker that keeps oxytocin down dulls it, and does not
    # end it (F052, F053).
    effect = feeling * feeling * feeling
    half = p[SUBJECTIVE_HALF]
    warmth = (oxytocin + p[CLOSENESS_FEELING] * feeling) * feeling
    full_effect = half * half * half + effect
    full_warmth = p[CLOSENESS_HALF] * p[CLOSENESS_HALF] + warmth
    each = 1.0 / (full_effect * full_warmth)
    out[14] = 100.0 * effect * full_warmth * each
    out[15] = 100.0 * warmth * full_effect * each

    # Circulation: resistance (alpha-1, less beta-2), output and rate (beta-1), baroreflex on the rate.
    tone = _tone(_drive(norepinephrine, serotonin, p), rest, y, p)
    alpha1, beta1, beta2 = _receptors(tone, level, p)
    systolic = p[SYSTOLIC_ALPHA1] * alpha1 + p[SYSTOLIC_BETA1] * beta1
    diastolic = p[DIASTOLIC_ALPHA1] * alpha1 - p[DIASTOLIC_BETA2] * beta2
    mean = 0.3333333333333333 * (systolic + 2.0 * diastolic)
    out[16] = p[SYSTOLIC_BASELINE] + systolic
    out[17] = p[DIASTOLIC_BASELINE] + diastolic
    out[18] = p[HEART_RATE_BASELINE] + p[HEART_RATE_BETA1] * beta1 - p[BAROREFLEX] * mean
    out[19] = p[TEMPERATURE_BASELINE] + y[TEMPERATURE]
