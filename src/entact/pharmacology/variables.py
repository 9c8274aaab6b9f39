"""What the model is made of: its states, what makes a person, and what can be observed. Places and units.

A person is a vector `p` of INPUTS (`individual.vectors` makes it), a moment is a vector `y` of STATES, and
what can be observed is a vector of OUTPUTS. Each name in capitals is a place in one of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Variable(NamedTuple):
    """One state or observed series: its name in code, its unit, and what it is called on paper."""

    name: str
    unit: str
    title: str


# --- states

STATES: Final = (
    Variable("r_mdma", "mg", "R-MDMA in the body"),
    Variable("s_mdma", "mg", "S-MDMA in the body"),
    Variable("mda", "mg", "MDA in the body"),
    Variable("hmma", "mg", "HMMA and its conjugates in the body"),
    Variable("cyp2d6", "1", "Active CYP2D6, as a fraction of the person's own"),
    Variable("serotonin_pool", "1", "Releasable serotonin, as a fraction of the full pool"),
    Variable("norepinephrine_pool", "1", "Releasable norepinephrine, as a fraction of the full pool"),
    Variable("dopamine_pool", "1", "Releasable dopamine, as a fraction of the full pool"),
    Variable("tolerance", "1", "Desensitisation of what is felt"),
    Variable("sympathetic_tolerance", "1", "Desensitisation of heart and vessels to what drives them"),
    Variable("prolactin", "1", "Prolactin, as a multiple of baseline"),
    Variable("cortisol", "1", "Cortisol, as a multiple of baseline"),
    Variable("water", "L", "Water retained"),
    Variable("temperature", "Cel", "Rise of the core temperature"),
    # What no output is made of stands last: it need not be known at the times of outputs.
    Variable("depot_r", "mg", "R-MDMA in the gut"),
    Variable("depot_s", "mg", "S-MDMA in the gut"),
    Variable("eliminated", "mg", "Left the body, or became what the model does not follow"),
)
UNOBSERVED: Final = 3
"""states at the end of which no output is made"""
(
    R_MDMA,
    S_MDMA,
    MDA,
    HMMA,
    CYP2D6,
    SEROTONIN_POOL,
    NOREPINEPHRINE_POOL,
    DOPAMINE_POOL,
    TOLERANCE,
    SYMPATHETIC_TOLERANCE,
    PROLACTIN,
    CORTISOL,
    WATER,
    TEMPERATURE,
    DEPOT_R,
    DEPOT_S,
    ELIMINATED,
) = range(len(STATES))

# --- what makes a person (and what is on board)

# Each name is a place in `p`; INPUTS are the same names in small letters.
(
    # absorption
    KA,  # 1/h
    LAG,  # h; used by the kernel: a dose reaches the depot this much later
    ARRIVES_AS_MDA,  # fraction of what is absorbed: by first pass, or all of it where MDA is swallowed
    # disposition; 1/L so that the system multiplies and never divides
    PER_VOLUME_R,
    PER_VOLUME_S,
    RENAL_R,  # L/h
    RENAL_S,
    OTHER_R,  # L/h, routes other than CYP2D6, kidney and N-demethylation
    OTHER_S,
    DEMETHYLATION_R,  # L/h, to MDA
    DEMETHYLATION_S,
    OTHER_TO_HMMA,  # fraction of the other routes
    CYP2D6_R,  # L/h at full enzyme and low concentration
    CYP2D6_S,
    PER_KM_R,  # L/mg: fraction unbound over Km
    PER_KM_S,
    PER_KI,  # L/mg: fraction unbound over KI
    KINACT,  # 1/h
    ENZYME_TURNOVER,  # 1/h
    ENZYME_LOSS,  # 1/h, inactivation by a co-medication
    ENZYME_BLOCK,  # I/Ki of a reversible inhibitor
    ENZYME_LOSS_FALLING,  # the same of what falls from the initial dose on, at its level then
    ENZYME_BLOCK_FALLING,
    ENZYME_AT_FIRST,  # fraction that is active before the initial dose
    MDA_ELIMINATION,  # 1/h
    HMMA_ELIMINATION,  # 1/h
    MDA_PER_MG,  # ng/mL per mg
    HMMA_PER_MG,
    # monoamines
    POTENCY_R_SEROTONIN,  # R relative to S
    POTENCY_R_NOREPINEPHRINE,
    POTENCY_R_DOPAMINE,
    POTENCY_MDA_SEROTONIN,  # ng/mL of MDA relative to S-MDMA
    POTENCY_MDA_NOREPINEPHRINE,
    POTENCY_MDA_DOPAMINE,
    PER_EC50_SEROTONIN,  # L/mg of S-MDMA
    PER_EC50_NOREPINEPHRINE,
    PER_EC50_DOPAMINE,
    SERT_BLOCK,  # I/Ki of a blocker at the transporter
    NET_BLOCK,
    DAT_BLOCK,
    SERT_FALLING,
    NET_FALLING,
    DAT_FALLING,
    FALLING,  # 1/h, at which a medicine on board falls
    RELEASE_SEROTONIN,  # multiple of baseline at full release from a full pool
    RELEASE_NOREPINEPHRINE,
    RELEASE_DOPAMINE,
    DEPLETION_SEROTONIN,  # 1/h at full release
    DEPLETION_NOREPINEPHRINE,
    DEPLETION_DOPAMINE,
    REFILL,  # 1/h
    TOLERANCE_RATE,  # 1/h
    TOLERANCE_HALF,  # of the sum of monoamines that is felt
    SYMPATHETIC_TOLERANCE_RATE,  # 1/h
    SYMPATHETIC_TOLERANCE_SHARE,  # of a drive that lasts
    # hormones and water
    OXYTOCIN_BASELINE,  # pg/mL
    OXYTOCIN_MAXIMUM,  # multiple of baseline above it
    OXYTOCIN_HALF,  # of the rise of serotonin
    PROLACTIN_BASELINE,  # ng/mL
    PROLACTIN_GAIN,
    PROLACTIN_TURNOVER,  # 1/h
    CORTISOL_BASELINE,  # nmol/L
    CORTISOL_GAIN,
    CORTISOL_TURNOVER,  # 1/h
    CORTISOL_SYNTHESIS,  # fraction left by an inhibitor of synthesis
    CORTISOL_FALLING,  # I/Ki of one that falls
    DRINKING,  # L/h beyond losses at full effect
    DIURESIS,  # 1/h
    ANTIDIURESIS_HALF,  # multiple of baseline oxytocin above it
    BODY_WATER,  # L
    SODIUM_BASELINE,  # mmol/L
    # brain and feeling
    AMYGDALA_MAXIMUM,  # fraction
    AMYGDALA_HALF,
    WEIGHT_SEROTONIN,
    WEIGHT_NOREPINEPHRINE,
    WEIGHT_DOPAMINE,
    SUBJECTIVE_HALF,
    CLOSENESS_HALF,
    CLOSENESS_FEELING,  # of what is felt without oxytocin
    HT2A_BLOCK,  # I/Ki of an antagonist
    HT2A_FALLING,
    HT2A_SHARE,
    ALPHA1_SHARE,
    D2_BLOCK,
    D2_FALLING,
    # body
    SYMPATHETIC_TONE,  # 1, less under an alpha-2 agonist
    TONE_MORE,  # by a stimulant that falls
    TONE_LESS,  # by an alpha-2 agonist that falls
    SYMPATHETIC_SEROTONIN,  # central sympathetic drive by serotonin
    ALPHA1_HALF,
    BETA_HALF,
    ALPHA1_REST,  # stimulation at rest
    BETA_REST,
    ALPHA1_BLOCK,  # I/Ki
    BETA1_BLOCK,
    BETA2_BLOCK,
    ALPHA1_FALLING,
    BETA1_FALLING,
    BETA2_FALLING,
    BETA_PARTIAL,  # what a partial agonist does at the beta receptors that it takes, beside full stimulation
    SYSTOLIC_BASELINE,  # mmHg
    DIASTOLIC_BASELINE,
    HEART_RATE_BASELINE,  # 1/min
    SYSTOLIC_ALPHA1,
    DIASTOLIC_ALPHA1,
    SYSTOLIC_BETA1,
    DIASTOLIC_BETA2,
    HEART_RATE_BETA1,
    BAROREFLEX,  # 1/min per mmHg
    TEMPERATURE_BASELINE,  # Cel
    TEMPERATURE_RATE,  # 1/h
    HEAT_ALPHA1,  # Cel
    HEAT_BETA,
    HEAT_HT2A,
    COOLING_SEROTONIN,
) = range(115)
INPUTS: Final = tuple(name.lower() for name in [*globals()][[*globals()].index("KA") :])

# --- what can be observed

OUTPUTS: Final = (
    Variable("r_mdma", "ng/mL", "R-MDMA in plasma (base)"),
    Variable("s_mdma", "ng/mL", "S-MDMA in plasma (base)"),
    Variable("mdma", "ng/mL", "MDMA in plasma (base)"),
    Variable("mda", "ng/mL", "MDA in plasma (base)"),
    Variable("hmma", "ng/mL", "HMMA in plasma, conjugates included"),
    Variable("cyp2d6", "1", "Active CYP2D6, fraction of the person's own"),
    Variable("serotonin", "1", "Extracellular serotonin, multiple of baseline"),
    Variable("norepinephrine", "1", "Extracellular norepinephrine, multiple of baseline"),
    Variable("dopamine", "1", "Extracellular dopamine, multiple of baseline"),
    Variable("oxytocin", "pg/mL", "Oxytocin in plasma"),
    Variable("prolactin", "ng/mL", "Prolactin in plasma"),
    Variable("cortisol", "nmol/L", "Cortisol in plasma"),
    Variable("sodium", "mmol/L", "Sodium in plasma"),
    Variable("amygdala", "%", "Amygdala's reaction to threat, of that without drug"),
    Variable("subjective", "%", "Any drug effect, of the scale"),
    Variable("closeness", "%", "Closeness and openness, of the scale"),
    Variable("systolic", "mmHg", "Systolic blood pressure"),
    Variable("diastolic", "mmHg", "Diastolic blood pressure"),
    Variable("heart_rate", "1/min", "Heart rate"),
    Variable("temperature", "Cel", "Core temperature"),
)
