"""Published tables of other people's studies, run as a stranger would: a file, a plan, and R's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.analysis.result import Estimate
from entact.cli.analyse import run

GOLDEN = Path(__file__).parents[1] / "golden" / "published"


def found(folder: Path, table: str, columns: str, analyses: dict[str, str]) -> dict[str, Estimate]:
    """The first estimate of each analysis."""
    plan = folder / "plan.yaml"
    lines = [
        f"columns: {columns}",
        "analyses:",
        *(f"  {name}: {{{said}}}" for name, said in analyses.items()),
    ]
    plan.write_text("\n".join(lines), encoding="utf-8")
    done, notes = run(plan, GOLDEN / table, None, None)
    assert ("the first column has no name, and is called row" in notes) == (table == "anorexia.csv")
    made = {}
    for name, one in done.items():
        assert one.result is not None, one.why
        made[name] = one.result[0]
    return made


# R 4.2.2, d <- MASS::anorexia, FT against Cont:
ANOREXIA = {
    # > confint(pairs(emmeans(lm(Postwt ~ Treat + Prewt, d), "Treat"), adjust = "none"))
    "ancova": ("method: ancova, fixed: arm + baseline", 8.660, 4.284, 13.04),
    # > the same of lm(Postwt ~ Treat * Prewt, d)
    "interacting": ("method: ancova, fixed: arm * baseline", 8.754, 4.612, 12.90),
    # > t.test(Postwt - Prewt)
    "welch": ("method: t_test, change: absolute", 7.715, 2.976597, 12.452815),
    "student": ("method: t_test, variances: equal, change: absolute", 7.715, 2.880164, 12.549248),
    # > wilcox.test(.., conf.int = TRUE, exact = FALSE): 8.08, between two of the shifts that are possible
    "rank": ("method: rank_sum, change: absolute", 8.0, 2.800016, 13.200062),
    # > fisher.test(table(Treat, Postwt - Prewt >= 5))
    "fisher": ("method: fisher, change: absolute, event: {at_least: 5}", 7.54809, 1.676686, 40.502826),
}


def test_family_therapy_of_anorexia(tmp_path: Path) -> None:
    columns = "{participant: row, arm: Treat, value: Postwt, baseline: Prewt}"
    said = {name: f"{one[0]}, contrast: FT - Cont" for name, one in ANOREXIA.items()}
    for name, one in found(tmp_path, "anorexia.csv", columns, said).items():
        assert (one.estimate, one.low, one.high) == pytest.approx(ANOREXIA[name][1:], rel=5e-4)


def test_growth_of_the_jaw(tmp_path: Path) -> None:
    columns = "{participant: Subject, arm: Sex, visit: age, value: distance}"
    model = "method: mmrm, fixed: arm * visit, contrast: Female - Male at 14"
    made = found(
        tmp_path,
        "orthodont.csv",
        columns,
        {"unstructured": model, "alike": f"{model}, covariance: compound_symmetry"},
    )
    # of complete data, by an unstructured covariance, the last visit is a t test of it alone:
    # > t.test(distance.14 ~ Sex, w, var.equal = TRUE)$stderr
    assert made["unstructured"].se == pytest.approx(0.874561394, rel=1e-7)
    assert made["unstructured"].df == pytest.approx(25, rel=1e-6)
    # > emmeans(lmer(distance ~ Sex * a + (1 | Subject)), ~ Sex | a, lmer.df = "kenward-roger"), a = 14
    alike = made["alike"]
    assert (alike.estimate, alike.low, alike.high) == pytest.approx((-3.38, -5.19, -1.570), abs=5e-3)
    assert (alike.se, alike.df) == pytest.approx((0.898, 46.1), rel=1e-3)
