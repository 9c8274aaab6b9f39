"""Agreement with SAS PROC MIXED, whose optimum is coarser than ours: SE 2e-4, df 5e-4, p 1e-2.

proc mixed; class armcd avisit usubjid; model fev1 = armcd / ddfm=kr | kr(linear) | satterthwaite;
repeated avisit / subject=usubjid type=<type>; lsmeans armcd / diff; [empirical] [outpred= outpredm=]
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.analysis.mmrm.golden import STRUCTURES, error, fev, load

from entact.analysis.mmrm import KenwardRoger, Satterthwaite, SpatialExponential, mmrm

SAS = load("sas")
NAMES = {"un": "us", "arh1": "ar1h", "spexp": "sp_exp2", "ar(1)": "ar1", "sp(exp)(VISITN VISITN2)": "sp_exp2"}


def structure(name: str) -> object:
    return STRUCTURES[NAMES.get(name, name)]


@pytest.mark.parametrize("file", [name for name in SAS if name.startswith("ddfm")])
def test_kenward_roger_is_sass(file: str) -> None:
    ddfm, name = file.split("/")[1].split("_")
    linear = (ddfm == "kr1") != (name == "spexp")  # the two labels are exchanged for sp(exp)
    fit = mmrm(
        "FEV1 ~ ARMCD",
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=structure(name),  # type: ignore[arg-type]
        df=KenwardRoger(linear=linear),
    )
    row, theirs = fit.coefficients, SAS[file]
    assert error(row.estimate[1], float(theirs["Estimate"][0])) < 2e-4
    assert error(row.se[1], float(theirs["StdErr"][0])) < 2e-4
    assert error(row.df[1], float(theirs["DF"][0])) < 5e-4
    assert error(row.p[1], float(theirs["Probt"][0])) < 1e-2


@pytest.mark.parametrize("name", ["ar1", "arh1", "adh", "csh", "toeph", "spexp"])
def test_the_second_order_form_is_nearer_to_sas_than_the_linear_one(name: str) -> None:
    # the two differ by less than SAS's own convergence for most: compare differences within each system
    files = {"kr": f"ddfm_covtype/kr_{name}", "kr1": f"ddfm_covtype/kr1_{name}"}
    theirs = {ddfm: float(SAS[file]["StdErr"][0]) for ddfm, file in files.items()}
    if name == "spexp":
        theirs["kr"], theirs["kr1"] = theirs["kr1"], theirs["kr"]
    ours = {}
    for ddfm in files:
        fit = mmrm(
            "FEV1 ~ ARMCD",
            fev(),
            subject="USUBJID",
            visit="AVISIT",
            covariance=structure(name),  # type: ignore[arg-type]
            df=KenwardRoger(linear=ddfm == "kr1"),
        )
        ours[ddfm] = fit.coefficients.se[1]
    assert error(ours["kr"] - ours["kr1"], theirs["kr"] - theirs["kr1"]) < 5e-3


@pytest.mark.parametrize(
    "file", [name for name in SAS if name.startswith("Robust") and name.endswith("covb")]
)
def test_the_empirical_covariance_is_sass(file: str) -> None:
    name = file.split("_")[1]
    fit = mmrm(
        "FEV1 ~ ARMCD",
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=structure(name),  # type: ignore[arg-type]
        weights="WEIGHT" if "weighted" in file else None,
        df=Satterthwaite(),
        sandwich="CR0",
    )
    theirs = SAS[file]
    sas = [[float(theirs[f"Col{i}"][j]) for i in (1, 2)] for j in (0, 1)]
    assert error(fit.coefficient_covariance, sas) < 2e-4


@pytest.mark.parametrize(
    ("model", "formula"),
    [("1", "FEV1 ~ ARMCD * FEV1_BL"), ("2", "FEV1 ~ ARMCD * SEX + ARMCD:FEV1_BL")],
)
@pytest.mark.parametrize("kind", ["II", "III"])
def test_type_two_and_three_tests_are_sass(model: str, formula: str, kind: str) -> None:
    # proc mixed; repeated avisit / subject=usubjid type=ar(1); model ... / ddfm=satterthwaite htype=2,3 chisq
    theirs = SAS[f"anova/test{len(kind)}_{model}"]
    fit = mmrm(
        formula,
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=STRUCTURES["ar1"],
        df=Satterthwaite(),
    )
    ours = {frozenset(row["term"].split(":")): row for row in fit.anova(kind).to_polars().to_dicts()}  # type: ignore[arg-type]
    assert len(ours) == len(theirs["Effect"])
    for i, effect in enumerate(theirs["Effect"]):
        row = ours[frozenset(effect.split("*"))]
        assert row["numerator_df"] == int(theirs["NumDF"][i])
        assert error(row["df"], float(theirs["DenDF"][i])) < 1e-4
        assert error(row["f"], float(theirs["FValue"][i])) < 1e-4
        assert error(row["p"], float(theirs["ProbF"][i])) < 1e-4


@pytest.mark.parametrize("file", [name for name in SAS if name.startswith("predict")])
def test_predictions_are_sass(file: str) -> None:
    name, ddfm = file.split("/")[1].split("_", maxsplit=1)
    freedom = Satterthwaite() if ddfm == "satterthwaite" else KenwardRoger(linear="linear" in ddfm)
    covariance = structure(name)
    fit = mmrm(
        "FEV1 ~ ARMCD",
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=covariance,  # type: ignore[arg-type]
        df=freedom,
    )
    theirs = {
        key: np.array([np.nan if v == "NA" else float(v) for v in own]) for key, own in SAS[file].items()
    }
    own_places = isinstance(covariance, SpatialExponential)
    frame = fit.predict(fev(), conditional=not own_places)
    assert error(frame["estimate"], theirs["PM"]) < 2e-4
    unseen = np.isnan(theirs["FEV1"])
    if not own_places:
        assert error(frame["prediction"].to_numpy()[unseen], theirs["P"][unseen]) < 1e-3
