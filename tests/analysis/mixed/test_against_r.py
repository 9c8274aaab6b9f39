"""Models with random effects against lme4, lmerTest (Satterthwaite) and pbkrtest (Kenward-Roger).

lme4 stops within about 1e-8 of the optimum. lmerTest takes the observed information of the variances by
numerical
differences (good to about six digits), pbkrtest the expected one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.analysis.mmrm.golden import error

from entact.analysis.mixed import MixedFit, RandomEffect, mixed
from entact.analysis.mmrm import Satterthwaite

GOLDEN = Path(__file__).parents[2] / "golden" / "mixed"
SLEEP = pl.read_csv(GOLDEN / "sleep.csv")
# > s <- sleepstudy; s$row <- seq_len(nrow(s)); s <- s[s$row %% 7 != 3 & !(s$row %% 11 == 5), ]
# > s$arm <- factor(c("c", "a", "b")[as.integer(s$Subject) %% 3 + 1]); s$site <- as.integer(s$Subject) %% 5
ROW, PERSON = pl.int_range(1, 181), pl.col("Subject").rank("dense").cast(pl.Int64)
HOLES = SLEEP.filter((ROW % 7 != 3) & (ROW % 11 != 5)).with_columns(
    arm=(PERSON % 3).replace_strict({0: "c", 1: "a", 2: "b"}), site=PERSON % 5
)


def table(fit: MixedFit) -> list[list[float]]:
    rows = fit.coefficients
    return [list(rows.estimate), list(rows.se), list(rows.df)]


def variances(fit: MixedFit) -> dict[str, float]:
    return dict(fit.variances.to_polars().select("parameter", "estimate").iter_rows())


def test_correlated_intercepts_and_slopes() -> None:
    # > m <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy); VarCorr(m); logLik(m); summary(m, ddf =
    # ...)
    fit = mixed("Reaction ~ Days", SLEEP, random=RandomEffect("Subject", "1 + Days"))
    assert (
        error(table(fit), [[251.4051048485, 10.4672859596], [6.82455577628, 1.54578893243], [17, 17]]) < 2e-7
    )
    assert error(fit.deviance, 1743.62827196) < 1e-11
    expected = [612.089748275, 9.604335475, 35.071662344, 654.941040682]
    assert error(list(variances(fit).values()), expected) < 1e-5
    assert list(variances(fit)) == [
        "var(1 | Subject)",
        "cov(1, Days | Subject)",
        "var(Days | Subject)",
        "residual",
    ]


@pytest.mark.parametrize(("information", "df"), [("observed", 18.1562), ("expected", 18.1874762198)])
def test_uncorrelated_effects_and_both_informations(information: str, df: float) -> None:
    # > m <- lmer(Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), sleepstudy)
    # > summary(m, ddf = "Satterthwaite") has df 18.15620, summary(m, ddf = "Kenward-Roger") 18.1874762198
    random = RandomEffect("Subject", "1 + Days", correlated=False)
    fit = mixed("Reaction ~ Days", SLEEP, random=random, information=information)  # type: ignore[arg-type]
    assert error(fit.coefficients.df, [df, df]) < (1e-6 if information == "observed" else 1e-7)
    assert error(fit.coefficients.se, [6.88538150715, 1.55956599589]) < 1e-7
    assert error(list(variances(fit).values()), [627.56911673, 35.85820178, 653.58380495]) < 1e-7


def test_holes_in_the_data_by_satterthwaite() -> None:
    # > A <- lmer(Reaction ~ Days * arm + (1 | Subject), s); summary(A, ddf = "Satterthwaite")
    fit = mixed("Reaction ~ Days * arm", HOLES, random=RandomEffect("Subject"), df=Satterthwaite())
    expected = {
        "Intercept": (259.99154042391, 17.59496477849, 20.1174339905),
        "Days": (12.84869696088, 1.46158473421, 119.2752404091),
        "arm[T.b]": (-12.47780666306, 24.90946665157, 20.1984863939),
        "arm[T.c]": (-15.68851391168, 24.90235318837, 20.1799510625),
        "Days:arm[T.b]": (-3.95178836092, 2.08642578944, 119.2798161643),
        "Days:arm[T.c]": (-2.55725578301, 2.09891472985, 119.3014275135),
    }
    found = dict(zip(fit.coefficients.labels["term"], np.array(table(fit)).T, strict=True))
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        assert error(found[name][:2], row[:2]) < 1e-7
        assert error(found[name][2], row[2]) < 1e-5
    assert fit.model.n == 140
    assert error(list(variances(fit).values()), [1495.447630955, 829.131737727]) < 1e-7


def test_holes_in_the_data_by_kenward_and_roger() -> None:
    # > summary(A, ddf = "Kenward-Roger"); A0 <- lmer(Reaction ~ Days + arm + (1 | Subject), s); KRmodcomp(A,
    # A0)
    fit = mixed("Reaction ~ Days * arm", HOLES, random=RandomEffect("Subject"), information="expected")
    se = [17.59535721090, 1.46180501883, 24.91022409031, 24.90278725819, 2.08674537275, 2.09926497982]
    df = [20.0695337709, 119.2384447512, 20.1504273441, 20.1319283119, 119.2430305160, 119.2646892088]
    names = ["Intercept", "Days", "arm[T.b]", "arm[T.c]", "Days:arm[T.b]", "Days:arm[T.c]"]
    place = [fit.coefficients.labels["term"].index(name) for name in names]
    assert error(fit.coefficients.se[place], se) < 1e-7
    assert error(fit.coefficients.df[place], df) < 1e-7
    interaction = dict(zip(fit.anova().terms, fit.anova().tests, strict=True))["Days:arm"]
    assert (interaction.numerator_df, error(interaction.df, 119.258671604) < 1e-7) == (2, True)
    assert error([interaction.f, interaction.p], [1.85002153981, 0.161717731097]) < 1e-7


def test_means_and_contrasts_are_emmeans() -> None:
    # > pairs(emmeans(A0, ~ arm, lmer.df = "kenward-roger"), reverse = TRUE, adjust = "none"); KRmodcomp(A0,
    # A00)
    fit = mixed("Reaction ~ Days + arm", HOLES, random=RandomEffect("Subject"), information="expected")
    found = fit.lsmeans("arm").contrast("pairwise")
    assert found.labels["contrast"] == ["b - a", "c - a", "c - b"]
    assert error(found.estimate, [-30.06298888264, -27.06977118912, 2.99321769352]) < 1e-7
    assert error(found.se, [23.2351806322, 23.2282482043, 23.2352119905]) < 1e-7
    assert error(found.df, [15.0033487827, 14.9851423082, 15.0034047748]) < 1e-7
    arm = dict(zip(fit.anova().terms, fit.anova().tests, strict=True))["arm"]
    assert error([arm.f, arm.df, arm.p], [1.01632682590, 14.9972910374, 0.385541944283]) < 1e-7


def test_correlated_effects_with_holes() -> None:
    # > B <- lmer(Reaction ~ Days + arm + (Days | Subject), s); summary(B, ddf = ...); logLik(B)
    random = RandomEffect("Subject", "1 + Days")
    plain = mixed("Reaction ~ Days + arm", HOLES, random=random, df=Satterthwaite())
    order = [
        plain.coefficients.labels["term"].index(name)
        for name in ("Intercept", "Days", "arm[T.b]", "arm[T.c]")
    ]
    assert (
        error(plain.coefficients.se[order], [12.36756346345, 1.53617050079, 17.50068424238, 17.47080294117])
        < 1e-5
    )
    assert (
        error(plain.coefficients.df[order], [15.4567042356, 16.9613002711, 15.4708123675, 15.4274275320])
        < 1e-4
    )
    assert error(plain.deviance, 1324.95362779) < 1e-10
    adjusted = mixed("Reaction ~ Days + arm", HOLES, random=random, information="expected")
    expected = [12.91445329683, 1.53771592454, 18.66200978115, 18.61334413217]
    assert error(adjusted.coefficients.se[order], expected) < 1e-5
    expected = [14.8820368854, 16.9285763499, 14.9292853134, 14.8880980739]
    assert error(adjusted.coefficients.df[order], expected) < 1e-5


def test_crossed_effects_and_what_is_predicted_of_them() -> None:
    # > P <- Penicillin[-c(3, 10, 11, 40, 41, 42, 77, 100, 101, 130), ]; P$new <- factor(as.integer(P$plate)
    # %% 2)
    # > D <- lmer(diameter ~ new + (1 | plate) + (1 | sample), P); summary(D, ddf = ...); ranef(D)$sample
    data = pl.read_csv(GOLDEN / "penicillin.csv")
    new = pl.col("plate").rank("dense").cast(pl.Int64) % 2
    gone = [3, 10, 11, 40, 41, 42, 77, 100, 101, 130]
    holes = data.with_columns(new=new, row=pl.int_range(1, 145)).filter(~pl.col("row").is_in(gone))
    random = [RandomEffect("plate"), RandomEffect("sample")]
    plain = mixed("diameter ~ C(new)", holes, random=random, df=Satterthwaite())
    expected = [
        [23.097180391364, -0.247683098414],
        [0.832700861519, 0.371537726272],
        [6.1033213275, 21.7713764436],
    ]
    assert error(table(plain)[:2], expected[:2]) < 1e-7
    assert error(table(plain)[2], expected[2]) < 1e-5
    assert error(list(variances(plain).values()), [0.774073702057, 3.747352502866, 0.293417713978]) < 1e-7
    effects = plain.effects().filter(pl.col("effect") == "sample")
    assert effects["group"].to_list() == list("ABCDEF")
    expected_effects = [
        2.1861953618,
        -1.0117048217,
        1.9220827154,
        -0.0208686964,
        -0.0475223171,
        -3.0281822420,
    ]
    np.testing.assert_allclose(effects["estimate"], expected_effects, atol=1e-7)
    adjusted = mixed("diameter ~ C(new)", holes, random=random, information="expected")
    assert error(adjusted.coefficients.se, [0.832701618463, 0.371544992728]) < 1e-7
    assert error(adjusted.coefficients.df, [6.10214136114, 21.98965750759]) < 1e-7


def test_nested_effects() -> None:
    # > N <- lmer(strength ~ 1 + (1 | batch / cask), Pastes)
    data = pl.read_csv(GOLDEN / "pastes.csv")
    random = [RandomEffect(("batch", "cask")), RandomEffect("batch")]
    fit = mixed("strength ~ 1", data, random=random)
    assert error(table(fit), [[60.053333333335], [0.676870097254], [9.0]]) < 1e-7
    expected = {
        "var(1 | batch:cask)": 8.433666620439,
        "var(1 | batch)": 1.657309081407,
        "residual": 0.677999984085,
    }
    assert error([variances(fit)[name] for name in expected], list(expected.values())) < 1e-6
    shares = dict(fit.intraclass().iter_rows())
    assert error(shares["batch"], 1.657309081407 / sum(expected.values())) < 1e-6


def test_maximum_likelihood() -> None:
    # > M <- lmer(Reaction ~ Days + arm + (1 | Subject), s, REML = FALSE)
    fit = mixed(
        "Reaction ~ Days + arm", HOLES, random=RandomEffect("Subject"), method="ML", df=Satterthwaite()
    )
    assert error(fit.deviance, 1384.33229393) < 1e-11
    assert error(list(variances(fit).values()), [1242.18792781, 832.79863739]) < 1e-7
    place = fit.coefficients.labels["term"].index("arm[T.b]")
    assert (
        error([fit.coefficients.se[place], fit.coefficients.df[place]], [21.215033372096, 18.0592748540])
        < 1e-5
    )


def test_a_variance_of_zero_leaves_the_model_and_is_said() -> None:
    # > lmer(Reaction ~ factor(Days) + (1 | Subject) + (1 | site), s): boundary (singular) fit
    random = [RandomEffect("Subject"), RandomEffect("site")]
    fit = mixed("Reaction ~ C(Days)", HOLES, random=random, df=Satterthwaite())
    assert error(variances(fit)["var(1 | Subject)"], 1506.322352) < 1e-6
    assert error(variances(fit)["residual"], 877.0262901) < 1e-6
    assert variances(fit)["var(1 | site)"] == 0.0
    assert any("var(1 | site) is zero" in note for note in fit.notes)
    place = fit.coefficients.labels["term"].index("C(Days)[T.1]")
    assert (
        error([fit.coefficients.estimate[place], fit.coefficients.se[place]], [9.749739287, 11.17963622])
        < 1e-6
    )
    assert dict(fit.intraclass().iter_rows())["site"] == 0.0
