"""Golden files of tests/golden/mmrm, and how near to them is near enough."""

from __future__ import annotations

import gzip
import json
import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.mmrm import (
    ML,
    REML,
    AnteDependence,
    AutoRegressive,
    BetweenWithin,
    CompoundSymmetry,
    Covariance,
    Fit,
    KenwardRoger,
    Residual,
    Satterthwaite,
    SpatialExponential,
    SpatialGaussian,
    Toeplitz,
    Unstructured,
    mmrm,
)

FOLDER = Path(__file__).parents[2] / "golden" / "mmrm"

STRUCTURES: dict[str, Covariance] = {
    "us": Unstructured(),
    "cs": CompoundSymmetry(),
    "csh": CompoundSymmetry(heterogeneous=True),
    "ar1": AutoRegressive(),
    "ar1h": AutoRegressive(heterogeneous=True),
    "toep": Toeplitz(),
    "toeph": Toeplitz(heterogeneous=True),
    "ad": AnteDependence(heterogeneous=False),
    "adh": AnteDependence(),
    "sp_exp": SpatialExponential("VISITN"),
    "sp_exp2": SpatialExponential("VISITN", "VISITN2"),
    "sp_gau": SpatialGaussian("VISITN"),
}
SANDWICH = {"Empirical": "CR0", "Empirical-Jackknife": "CR3", "Empirical-Bias-Reduced": "CR2"}


@lru_cache
def load(name: str) -> Any:
    """A golden JSON file."""
    return json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))


@lru_cache
def frame(name: str) -> pl.DataFrame:
    """A golden CSV file."""
    return pl.read_csv(BytesIO(gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes())))


@lru_cache
def fev() -> pl.DataFrame:
    """R mmrm's `fev_data` with its order of levels."""
    levels = json.loads((FOLDER / "fev_levels.json").read_text())
    return frame("fev_data").with_columns(pl.col(name).cast(pl.Enum(own)) for name, own in levels.items())


def error(ours: Any, theirs: Any) -> float:
    """Greatest relative difference."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape
    return float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-300)))


def fit_as(golden: dict[str, Any]) -> Fit:
    """The fit that an R mmrm call describes: `mmrm(<formula>, data = fev_data, <args>)`."""
    match = re.search(r"\+ (\w+)\(([^|]*?)\s*\|\s*(.*?)\)$", golden["formula"])
    assert match
    structure, coordinates, subject = match.groups()
    if "," in coordinates:
        structure += "2"
    args = golden["args"]
    vcov = golden["polished"]["vcov_type"]
    kr = KenwardRoger(linear=True) if vcov.endswith("Linear") else KenwardRoger(convention="mmrm")
    freedom = {
        "Satterthwaite": Satterthwaite(),
        "Kenward-Roger": kr,
        "Residual": Residual(),
        "Between-Within": BetweenWithin(),
    }[args["method"]]
    return mmrm(
        golden["formula"][: match.start()].strip(),
        fev(),
        subject="USUBJID",
        visit="AVISIT",
        covariance=STRUCTURES[structure],
        by="ARMCD" if "ARMCD/" in subject else None,
        weights="WEIGHT" if golden["weighted"] else None,
        method=ML if args.get("reml") == "FALSE" else REML,
        df=freedom,
        sandwich=SANDWICH.get(vcov),
    )


def r_name(name: str) -> str:
    """R's name of a coefficient, its parts sorted because R and formulaic order interactions differently."""
    parts = re.sub(r"\[T\.(.*?)\]", r"\1", name).split(":")
    return ":".join(sorted("(Intercept)" if part == "Intercept" else part for part in parts))
