"""Persons as the equations want them: a row of inputs each, from covariates, random effects, medicines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import numpy as np

from entact.pharmacology.medicine import PARTIAL, Medicine, combine, combine_falling, enzyme_at_first
from entact.pharmacology.parameters import Model, ModelError
from entact.pharmacology.quantity import Drug

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Drawn = dict[str, Any]
"""parameters of n persons by name: an array where persons differ, else a number"""

NEEDED: Final = ("weight", "female", "age", "activity")
"""covariates without which nobody can be simulated"""
WEIGHT: Final = 70.0
"""kg of the reference person"""
AGE: Final = 27.0
"""years of the reference person"""
ACTIVITY: Final = 2.0
"""CYP2D6 activity score of the reference person: two normal alleles"""
MOLAR: Final = {"mdma": 193.24, "mda": 179.22, "hmma": 195.22}
"""g/mol of the bases (F088; MDA and HMMA from their formulas)"""


def vectors(
    model: Model,
    covariates: Mapping[str, Array],
    etas: Array,
    *,
    medicines: Iterable[Medicine] = (),
    food: Literal["fasted", "fed"] = "fasted",
    water: Literal["free", "restricted"] = "free",
    factors: Mapping[str, Array] | None = None,
    drug: Drug = "MDMA",
) -> Array:
    """The input vectors of persons.

    Args:
        model: the numbers.
        covariates: arrays of n: `weight` (kg), `female` (0 or 1), `age` (years), `activity` (CYP2D6 activity
            score, 0 poor to 3 ultrarapid). A measured baseline replaces the drawn one: `systolic_baseline`,
            `diastolic_baseline` (mmHg), `heart_rate_baseline` (1/min), `temperature_baseline` (Cel),
            `sodium_baseline` (mmol/L).
        etas: n x len(model.random) standard normal numbers; zeros for the typical person.
        medicines: what is on board throughout.
        food: whether the dose is taken after a meal.
        water: whether persons drink as they like or only what they lose.
        factors: what a parameter is multiplied by in each person, where its number is not sure.
        drug: what is swallowed.

    Returns:
        n x len(INPUTS), C-contiguous.

    Raises:
        ModelError: a covariate that is missing, or etas of another shape.
    """
    from entact.pharmacology.variables import INPUTS

    for name in NEEDED:
        if name not in covariates:
            raise ModelError(f"covariate {name!r} is missing; needed: {', '.join(NEEDED)}")
    n = len(covariates["weight"])
    if etas.shape != (n, len(model.random)):
        raise ModelError(f"etas must be {n} persons x {len(model.random)} parameters, not {etas.shape}")
    known = _rows(np.asarray(values, np.float64) for values in covariates.values())
    own, body = _drawn(model, etas, factors or {}), dict(zip(covariates, known, strict=True))
    inputs = {
        **_absorption(own, food, drug),
        **_disposition(own, body),
        **_monoamines(own),
        **_hormones(own, body, water),
        **_feeling(own, body),
        **_circulation(model, own, body),
        **_on_board(own, medicines),
    }
    if n == 1:
        return np.array([[inputs[name] for name in INPUTS]])
    out = np.empty((n, len(INPUTS)))
    for index, name in enumerate(INPUTS):
        out[:, index] = inputs[name]
    return out


def _rows(values: Iterable[Array]) -> list[Any]:
    # One person's as plain numbers: the same to the last bit, and many times as fast as arrays of one.
    return [row.item() if len(row) == 1 else row for row in values]


def _drawn(model: Model, etas: Array, sure: Mapping[str, Array]) -> Drawn:
    own: Drawn = dict(model.values)
    for name, factor in zip(sure, _rows(sure.values()), strict=True):
        own[name] = own[name] * factor
    moves = np.multiply(model.sigmas[:, None], etas.T, order="C")
    factors = dict(zip(model.random, _rows(np.exp(moves)), strict=True))
    for name, move in zip(model.random, _rows(moves), strict=True):
        own[name] = own[name] + move if model.parameters[name].sd else own[name] * factors[name]
    # What varies with another: the same factor.
    for name, leader in FOLLOWS.items():
        own[name] = own[name] * factors.get(leader, 1.0)
    return own


FOLLOWS: Final = {
    "volume_s": "volume_r",
    "other_clearance_s": "other_clearance_r",
    "demethylation_s": "demethylation_r",
    "cyp2d6_clearance_s": "cyp2d6_clearance_r",
    "depletion_norepinephrine": "depletion_serotonin",
    "depletion_dopamine": "depletion_serotonin",
    "diastolic_alpha1": "systolic_alpha1",
    "systolic_beta1": "systolic_alpha1",
    "heat_beta": "heat_alpha1",
    "heat_ht2a": "heat_alpha1",
    "cooling_serotonin": "heat_alpha1",
}
"""parameters that vary between persons by the same factor as another"""


def _absorption(own: Drawn, food: str, drug: Drug) -> Drawn:
    slower = own["food_absorption"] if food == "fed" else 1.0
    mda = 1.0 if drug == "MDA" else own["first_pass_mda"]
    return {"ka": own["absorption_rate"] * slower, "lag": own["lag"], "arrives_as_mda": mda}


def _disposition(own: Drawn, body: Drawn) -> Drawn:
    size = body["weight"] / WEIGHT
    clearance = np.power(size, own["clearance_exponent"])
    volume = np.power(size, own["volume_exponent"])
    gene = body["activity"] / ACTIVITY
    mg_per_umol = 0.001 * MOLAR["mdma"]
    unbound = own["unbound"] / mg_per_umol
    return {
        "per_volume_r": 1.0 / (own["volume_r"] * volume),
        "per_volume_s": 1.0 / (own["volume_s"] * volume),
        "renal_r": own["renal_clearance"] * clearance,
        "renal_s": own["renal_clearance"] * clearance,
        "other_r": own["other_clearance_r"] * clearance,
        "other_s": own["other_clearance_s"] * clearance,
        "demethylation_r": own["demethylation_r"] * clearance,
        "demethylation_s": own["demethylation_s"] * clearance,
        "other_to_hmma": own["other_to_hmma"],
        "cyp2d6_r": own["cyp2d6_clearance_r"] * clearance * gene,
        "cyp2d6_s": own["cyp2d6_clearance_s"] * clearance * gene,
        "per_km_r": unbound / own["km_r"],
        "per_km_s": unbound / own["km_s"],
        "per_ki": unbound / own["ki"],
        "kinact": 60.0 * own["kinact"],
        "enzyme_turnover": math.log(2.0) / own["enzyme_half_life"],
        "mda_elimination": math.log(2.0) / own["mda_half_life"] * clearance / volume,
        "hmma_elimination": math.log(2.0) / own["hmma_half_life"] * clearance / volume,
        "mda_per_mg": 1000.0 * MOLAR["mda"] / MOLAR["mdma"] / (own["mda_volume"] * volume),
        "hmma_per_mg": 1000.0 * MOLAR["hmma"] / MOLAR["mdma"] / (own["hmma_volume"] * volume),
    }


def _monoamines(own: Drawn) -> Drawn:
    inputs: Drawn = {
        "refill": math.log(2.0) / own["refill_half_life"],
        "tolerance_rate": math.log(2.0) / own["tolerance_half_life"],
        "tolerance_half": own["tolerance_half"],
        "sympathetic_tolerance_rate": math.log(2.0) / own["sympathetic_tolerance_half_life"],
        "sympathetic_tolerance_share": own["sympathetic_tolerance_share"],
    }
    mg_per_umol = 0.001 * MOLAR["mdma"]
    for amine in ("serotonin", "norepinephrine", "dopamine"):
        inputs[f"potency_r_{amine}"] = own[f"potency_r_{amine}"]
        inputs[f"potency_mda_{amine}"] = own[f"potency_mda_{amine}"]
        # F084 is of the racemate: half of it is S, the other R, which counts as potency_r of S.
        racemate = 0.5 * (1.0 + own[f"potency_r_{amine}"])
        half = own[f"ec50_{amine}"] * racemate * mg_per_umol
        inputs[f"per_ec50_{amine}"] = 1.0 / (half * own["plasma_per_medium"])
        inputs[f"release_{amine}"] = own[f"release_{amine}"]
        inputs[f"depletion_{amine}"] = own[f"depletion_{amine}"]
    return inputs


def _hormones(own: Drawn, body: Drawn, water: str) -> Drawn:
    female = body["female"]
    share = own["body_water_man"] + female * (own["body_water_woman"] - own["body_water_man"])
    return {
        "oxytocin_baseline": own["oxytocin_baseline"],
        "oxytocin_maximum": own["oxytocin_maximum"],
        "oxytocin_half": own["oxytocin_half"],
        "prolactin_baseline": own["prolactin_baseline"],
        "prolactin_gain": own["prolactin_gain"],
        "prolactin_turnover": math.log(2.0) / own["prolactin_half_life"],
        "cortisol_baseline": own["cortisol_baseline"],
        "cortisol_gain": own["cortisol_gain"],
        "cortisol_turnover": math.log(2.0) / own["cortisol_half_life"],
        "drinking": own["drinking"] if water == "free" else 0.0,
        "diuresis": math.log(2.0) / own["diuresis_half_life"],
        "antidiuresis_half": own["antidiuresis_half"],
        "body_water": share * body["weight"],
        "sodium_baseline": body.get("sodium_baseline", own["sodium_baseline"]),
    }


def _feeling(own: Drawn, body: Drawn) -> Drawn:
    more = 1.0 + body["female"] * (own["feeling_woman"] - 1.0)
    names = (
        *(
            "amygdala_maximum",
            "amygdala_half",
            "weight_serotonin",
            "weight_norepinephrine",
            "weight_dopamine",
        ),
        *("ht2a_share", "alpha1_share", "closeness_feeling"),
    )
    halves = {name: own[name] / more for name in ("subjective_half", "closeness_half")}
    return {**{name: own[name] for name in names}, **halves}


def _circulation(model: Model, own: Drawn, body: Drawn) -> Drawn:
    female = body["female"]
    older = body["age"] - AGE
    systolic = own["systolic_baseline"] + female * own["systolic_woman"] + older * own["systolic_year"]
    diastolic = own["diastolic_baseline"] + female * own["diastolic_woman"]
    rate = own["heart_rate_baseline"] + female * own["heart_rate_woman"]
    beat, typical = body.get("heart_rate_baseline", rate), model["heart_rate_baseline"]
    pressor = 1.0 + female * (own["pressor_woman"] - 1.0)
    chronotropic = 1.0 + female * (own["chronotropic_woman"] - 1.0)
    thermogenic = 1.0 + female * (own["thermogenic_woman"] - 1.0)
    return {
        "sympathetic_serotonin": own["sympathetic_serotonin"],
        "alpha1_half": own["alpha1_half"],
        "beta_half": own["beta_half"],
        "alpha1_rest": 1.0 / (1.0 + own["alpha1_half"]),
        "beta_rest": 1.0 / (1.0 + own["beta_half"]),
        "systolic_baseline": body.get("systolic_baseline", systolic),
        "diastolic_baseline": body.get("diastolic_baseline", diastolic),
        "heart_rate_baseline": beat,
        "systolic_alpha1": own["systolic_alpha1"] * pressor,
        "diastolic_alpha1": own["diastolic_alpha1"] * pressor,
        "systolic_beta1": own["systolic_beta1"] * pressor,
        "diastolic_beta2": own["diastolic_beta2"],
        # A slow heart has less to lose to a beta-blocker or the baroreflex: both act on a person's own rate.
        "heart_rate_beta1": own["heart_rate_beta1"] * chronotropic * beat / typical,
        "baroreflex": own["baroreflex"] * beat / typical,
        "temperature_baseline": body.get("temperature_baseline", own["temperature_baseline"]),
        "temperature_rate": math.log(2.0) / own["temperature_half_life"],
        "heat_alpha1": own["heat_alpha1"] * thermogenic,
        "heat_beta": own["heat_beta"] * thermogenic,
        "heat_ht2a": own["heat_ht2a"] * thermogenic,
        "cooling_serotonin": own["cooling_serotonin"] * thermogenic,
    }


def _on_board(own: Drawn, medicines: Iterable[Medicine]) -> Drawn:
    on_board = tuple(medicines)
    acts, turnover = (
        combine(one for one in on_board if not one.falls),
        math.log(2.0) / own["enzyme_half_life"],
    )
    falls, rate = combine_falling(one for one in on_board if one.falls)

    def falling(action: str) -> float:
        return falls.get(action, 0.0)

    return {
        "sert_block": acts["sert"],
        "net_block": acts["net"],
        "dat_block": acts["dat"],
        "alpha1_block": acts["alpha1"],
        "beta1_block": acts["beta1"],
        "beta2_block": acts["beta2"],
        "ht2a_block": acts["ht2a"],
        "d2_block": acts["d2"],
        "enzyme_block": acts["cyp2d6"],
        "enzyme_at_first": enzyme_at_first(on_board, turnover),
        "beta_partial": max((one.actions.get(PARTIAL, 0.0) for one in on_board), default=0.0),
        "enzyme_loss": acts["cyp2d6_loss"] * turnover,
        "sympathetic_tone": acts["tone"],
        "cortisol_synthesis": acts["cortisol"],
        "falling": rate,
        "sert_falling": falling("sert"),
        "net_falling": falling("net"),
        "dat_falling": falling("dat"),
        "alpha1_falling": falling("alpha1"),
        "beta1_falling": falling("beta1"),
        "beta2_falling": falling("beta2"),
        "ht2a_falling": falling("ht2a"),
        "d2_falling": falling("d2"),
        "enzyme_block_falling": falling("cyp2d6"),
        "enzyme_loss_falling": falling("cyp2d6_loss") * turnover,
        "tone_more": falling("tone_more"),
        "tone_less": falling("tone_less"),
        "cortisol_falling": falling("cortisol_less"),
    }
