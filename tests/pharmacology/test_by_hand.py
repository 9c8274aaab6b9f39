"""Each equation once more, as the page and the sources write it: in umol/L, litres and hours, by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.pharmacology import equations
from entact.pharmacology.individual import vectors
from entact.pharmacology.medicine import Medicine, combine
from entact.pharmacology.parameters import FILE, read_yaml, shipped_model
from entact.pharmacology.prescription import find_medicines
from entact.pharmacology.variables import OUTPUTS, STATES

M = shipped_model()
EXPONENT = {name: row["value"] for name, row in read_yaml(FILE)["structure"].items()}
AMINES = {"serotonin": "sert", "norepinephrine": "net", "dopamine": "dat"}
states = st.fixed_dictionaries(
    {
        state.name: st.floats(0.01, 90.0 if state.unit == "mg" else 3.0 if "_pool" not in state.name else 1.0)
        for state in STATES
    }
)
BOARDS = (
    *((), ("paroxetine",), ("fluoxetine",), ("duloxetine",), ("bupropion",), ("carvedilol",)),
    *(("propranolol",), ("clonidine",), ("doxazosin",), ("ketanserin",), ("haloperidol",)),
    *(("metyrapone",), ("citalopram", "carvedilol")),
)


def acts_at_first(board: tuple[Medicine, ...]) -> dict[str, float]:
    """What is on board at the initial dose: of what is given on the day, sizes are of 1.5 h later."""
    acts = combine(one for one in board if not one.falls)
    for one in board:
        if not one.falls:
            continue
        factor = 2 ** (1.5 / one.half_life)
        for action, size in one.actions.items():
            if action == "beta_partial":
                acts[action] = size
            elif action not in ("tone", "cortisol"):
                acts[action] += size * factor
            elif size > 1:
                acts[action] *= 1 + (size - 1) * factor
            else:
                acts[action] /= 1 + (1 / size - 1) * factor
    return acts


class Hand:
    """A woman or man of 82 kg and 41 years with some state and some medicines, everything in its own unit."""

    def __init__(self, y: dict[str, float], activity: float, female: bool, board: tuple[str, ...]) -> None:
        self.y, self.female = y, female
        self.acts = acts_at_first(find_medicines(board))
        self.volume = 82 / 70
        self.clearance = self.volume**0.75
        self.gene = activity / 2
        # mg/L, and umol/L of the unbound
        self.r, self.s = (y[f"{form}_mdma"] / (M[f"volume_{form}"] * self.volume) for form in "rs")
        self.free_r, self.free_s = (M["unbound"] * 1000 * mg / 193.24 for mg in (self.r, self.s))
        self.mda = y["mda"] * 179.22 / 193.24 / (M["mda_volume"] * self.volume)
        self.rise = {amine: M[f"release_{amine}"] * self.released(amine) for amine in AMINES}

    def released(self, amine: str) -> float:
        potency = M[f"potency_r_{amine}"]
        level = 1000 / 193.24 * (self.s + potency * self.r + M[f"potency_mda_{amine}"] * self.mda)
        # Of a racemate at its EC50 half is S; R counts as potency times S.
        of_s = M[f"ec50_{amine}"] * (1 + potency) / 2
        half = of_s * M["plasma_per_medium"] * (1 + self.acts[AMINES[amine]])
        steep = EXPONENT["release"]
        return level**steep / (half**steep + level**steep) * self.y[f"{amine}_pool"]

    def cyp2d6(self, form: str, mg: float) -> float:
        saturation = 1 + self.free_r / M["km_r"] + self.free_s / M["km_s"] + self.acts["cyp2d6"]
        intrinsic = M[f"cyp2d6_clearance_{form}"] * self.clearance * self.gene
        return intrinsic * self.y["cyp2d6"] / saturation * mg

    def feeling(self) -> float:
        taken = {target: self.acts[target] / (1 + self.acts[target]) for target in ("ht2a", "alpha1", "d2")}
        return (
            M["weight_serotonin"] * self.rise["serotonin"] * (1 - M["ht2a_share"] * taken["ht2a"])
            + M["weight_norepinephrine"]
            * self.rise["norepinephrine"]
            * (1 - M["alpha1_share"] * taken["alpha1"])
            + M["weight_dopamine"] * self.rise["dopamine"] * (1 - taken["d2"])
        )

    def receptor(self, name: str) -> float:
        """Stimulation above that at rest without medicines."""
        half = M["alpha1_half" if name == "alpha1" else "beta_half"]
        left = max(self.drive() - M["sympathetic_tolerance_share"] * self.y["sympathetic_tolerance"], 0)
        # Rounded below a width: there a parabola, above it the line that touches it.
        width = EXPONENT["rest"]
        tone = self.acts["tone"] + (left**2 / (2 * width) if left < width else left - width / 2)
        # A partial agonist takes beta receptors and stimulates them in part.
        own = 0 if name == "alpha1" else self.acts["beta_partial"] * half * self.acts[name]
        return (tone + own) / (tone + half * (1 + self.acts[name])) - 1 / (1 + half)

    def drive(self) -> float:
        return self.rise["norepinephrine"] + M["sympathetic_serotonin"] * self.rise["serotonin"]

    def oxytocin(self) -> float:
        """Rise, multiples of baseline."""
        return M["oxytocin_maximum"] / (
            1 + (M["oxytocin_half"] / self.rise["serotonin"]) ** EXPONENT["oxytocin"]
        )

    def factor(self, name: str) -> float:
        return M[f"{name}_woman"] if self.female else 1.0

    def rates(self) -> dict[str, float]:
        y, cl = self.y, self.clearance
        ka = M["absorption_rate"]
        to_mda = {f: M[f"demethylation_{f}"] * cl * mg for f, mg in (("r", self.r), ("s", self.s))}
        other = {f: M[f"other_clearance_{f}"] * cl * mg for f, mg in (("r", self.r), ("s", self.s))}
        kidney = {f: M["renal_clearance"] * cl * mg for f, mg in (("r", self.r), ("s", self.s))}
        enzyme = {f: self.cyp2d6(f, mg) for f, mg in (("r", self.r), ("s", self.s))}
        slower = cl / self.volume * math.log(2)
        mda_out, hmma_out = (slower / M[f"{x}_half_life"] * y[x] for x in ("mda", "hmma"))
        k = math.log(2) / 46.6
        w = (self.free_r + self.free_s) / M["ki"]
        found = {
            "depot_r": -ka * y["depot_r"],
            "depot_s": -ka * y["depot_s"],
            "mda": sum(to_mda.values()) + M["first_pass_mda"] * ka * (y["depot_r"] + y["depot_s"]) - mda_out,
            "hmma": sum(enzyme.values()) + M["other_to_hmma"] * sum(other.values()) - hmma_out,
            "eliminated": sum(kidney.values())
            + (1 - M["other_to_hmma"]) * sum(other.values())
            + mda_out
            + hmma_out,
            "cyp2d6": k * (1 - y["cyp2d6"])
            - k * self.acts["cyp2d6_loss"] * y["cyp2d6"]
            - 60 * M["kinact"] * w / (1 + w + self.acts["cyp2d6"]) * y["cyp2d6"],
        }
        for form in "rs":
            lost = to_mda[form] + other[form] + kidney[form] + enzyme[form]
            found[f"{form}_mdma"] = (1 - M["first_pass_mda"]) * ka * y[f"depot_{form}"] - lost
        for amine in AMINES:
            pool = f"{amine}_pool"
            refilled = math.log(2) / M["refill_half_life"] * (1 - y[pool])
            found[pool] = refilled - M[f"depletion_{amine}"] * self.released(amine)
        serotonin = self.rise["serotonin"]
        found["tolerance"] = math.log(2) / M["tolerance_half_life"] * (self.feeling() - y["tolerance"])
        heard = serotonin / (1 + y["tolerance"] / M["tolerance_half"])
        to_prolactin = 1 + M["prolactin_gain"] * heard
        found["prolactin"] = math.log(2) / M["prolactin_half_life"] * (to_prolactin - y["prolactin"])
        to_cortisol = self.acts["cortisol"] * (1 + M["cortisol_gain"] * heard)
        found["cortisol"] = math.log(2) / M["cortisol_half_life"] * (to_cortisol - y["cortisol"])
        drive = self.drive()
        rate = math.log(2) / M["sympathetic_tolerance_half_life"]
        found["sympathetic_tolerance"] = rate * (drive - y["sympathetic_tolerance"])
        held = 1 + self.oxytocin() / M["antidiuresis_half"]
        passed = math.log(2) / M["diuresis_half_life"] * y["water"] / held
        found["water"] = M["drinking"] * drive / (1 + drive) - passed
        heat = M["heat_alpha1"] * self.receptor("alpha1") + M["heat_beta"] * self.receptor("beta2")
        heat += (M["heat_ht2a"] / (1 + self.acts["ht2a"]) - M["cooling_serotonin"]) * serotonin
        heat *= self.factor("thermogenic")
        found["temperature"] = math.log(2) / M["temperature_half_life"] * (heat - y["temperature"])
        return found

    def observed(self) -> dict[str, float]:
        y, woman = self.y, self.female
        serotonin = self.rise["serotonin"]
        oxytocin = self.oxytocin()
        felt = self.feeling() / (1 + y["tolerance"] / M["tolerance_half"])
        body = M["body_water_woman" if woman else "body_water_man"] * 82
        alpha1, beta1, beta2 = (self.receptor(name) for name in ("alpha1", "beta1", "beta2"))
        pressor = self.factor("pressor")
        systolic = pressor * (M["systolic_alpha1"] * alpha1 + M["systolic_beta1"] * beta1)
        diastolic = pressor * M["diastolic_alpha1"] * alpha1 - M["diastolic_beta2"] * beta2
        faster = self.factor("chronotropic") * M["heart_rate_beta1"] * beta1
        rest = {
            name: M[f"{name}_baseline"] + (M[f"{name}_woman"] if woman else 0)
            for name in ("systolic", "diastolic", "heart_rate")
        }
        return {
            "r_mdma": 1000 * self.r,
            "s_mdma": 1000 * self.s,
            "mdma": 1000 * (self.r + self.s),
            "mda": 1000 * self.mda,
            "hmma": 1000 * y["hmma"] * 195.22 / 193.24 / (M["hmma_volume"] * self.volume),
            "cyp2d6": y["cyp2d6"],
            **{amine: 1 + rise for amine, rise in self.rise.items()},
            "oxytocin": M["oxytocin_baseline"] * (1 + oxytocin),
            "prolactin": M["prolactin_baseline"] * y["prolactin"],
            "cortisol": M["cortisol_baseline"] * y["cortisol"],
            "sodium": M["sodium_baseline"] * body / (body + y["water"]),
            "amygdala": 100
            - 100 * M["amygdala_maximum"] / (1 + (M["amygdala_half"] / serotonin) ** EXPONENT["amygdala"]),
            "subjective": 100
            / (1 + (M["subjective_half"] / (self.factor("feeling") * felt)) ** EXPONENT["feeling"]),
            "closeness": 100
            / (
                1
                + (M["closeness_half"] / self.factor("feeling")) ** 2
                / ((oxytocin + M["closeness_feeling"] * felt) * felt)
            ),
            "systolic": rest["systolic"] + (41 - 27) * M["systolic_year"] + systolic,
            "diastolic": rest["diastolic"] + diastolic,
            "heart_rate": rest["heart_rate"]
            + rest["heart_rate"]
            / M["heart_rate_baseline"]
            * (faster - M["baroreflex"] * (systolic + 2 * diastolic) / 3),
            "temperature": M["temperature_baseline"] + y["temperature"],
        }


@pytest.mark.parametrize("board", BOARDS, ids="+".join)
@settings(max_examples=10, deadline=None)
@given(states, st.floats(0.0, 3.0), st.booleans())
def test_every_equation_is_what_the_page_says(
    board: tuple[str, ...], y: dict[str, float], activity: float, female: bool
) -> None:
    covariates = {"weight": 82.0, "female": float(female), "age": 41.0, "activity": activity}
    p = vectors(
        M,
        {name: np.array([value]) for name, value in covariates.items()},
        np.zeros((1, len(M.random))),
        medicines=find_medicines(board),
    )[0]
    hand = Hand(y, activity, female, board)
    dy, out = np.full(len(STATES), np.nan), np.full(len(OUTPUTS), np.nan)
    moment = np.array([y[state.name] for state in STATES])
    equations.derivatives(0.0, moment, p, dy)
    equations.observe(0.0, moment, p, out)
    assert dict(zip((s.name for s in STATES), dy, strict=True)) == pytest.approx(
        hand.rates(), rel=1e-9, abs=1e-9
    )
    assert dict(zip((v.name for v in OUTPUTS), out, strict=True)) == pytest.approx(hand.observed(), rel=1e-9)
