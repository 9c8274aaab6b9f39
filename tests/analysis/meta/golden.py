"""Numbers of other people's software, and one way to compare with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from entact.analysis.meta import Counts, Effect, TwoByTwo

FOLDER = Path(__file__).parents[2] / "golden" / "meta"
METAFOR: dict[str, Any] = json.loads((FOLDER / "metafor_bcg_normand.json").read_text())
MORE: dict[str, Any] = json.loads((FOLDER / "more.json").read_text())
SETS = ("bcg_RR", "bcg_OR", "bcg_RD", "normand1999_SMD", "normand1999_MD")


def effects(name: str) -> list[Effect]:
    """The effects of one of the data sets, as they stand in the file."""
    return [Effect(y, v) for y, v in zip(METAFOR[name]["yi"], METAFOR[name]["vi"], strict=True)]


def bcg() -> list[TwoByTwo]:
    """The BCG trials: metafor's dat.bcg."""
    data = METAFOR["bcg_data"]
    rows = zip(data["trial"], data["tpos"], data["tneg"], data["cpos"], data["cneg"], strict=True)
    return [TwoByTwo(Counts(a, a + b), Counts(c, c + d), str(name)) for name, a, b, c, d in rows]


def catheters() -> list[TwoByTwo]:
    """Rare infections, among them a trial without any: metafor's dat.nielweise2007."""
    data = MORE["nielweise"]
    rows = zip(data["study"], data["ai"], data["n1i"], data["ci"], data["n2i"], strict=True)
    return [TwoByTwo(Counts(a, n), Counts(c, m), str(name)) for name, a, n, c, m in rows]


def agrees(own: Sequence[Any], other: Sequence[Any], relative: float = 1e-8) -> None:
    """Fails unless the numbers are equal to a relative tolerance; a p below 1e-250 to its logarithm."""
    np.testing.assert_allclose(np.asarray(own, float), np.asarray(other, float), rtol=relative, atol=1e-13)
