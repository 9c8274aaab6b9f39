"""Subgroups, leave-one-out and durability against R, on published data."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from entact.analysis.continuous import ancova
from entact.analysis.heterogeneity import durability, leave_one_out, subgroups

GOLDEN = Path(__file__).parents[2] / "golden" / "published"
PAIR = ("FT", "Cont")


@pytest.fixture(scope="module")
def anorexia() -> pl.DataFrame:
    rows = pl.read_csv(GOLDEN / "anorexia.csv").rename({"": "participant", "Treat": "arm", "Postwt": "value"})
    return rows.filter(pl.col("arm").is_in(PAIR)).with_columns(light=pl.col("Prewt") < 82)


# R 4.2.2:
# > d <- MASS::anorexia; d <- d[d$Treat != "CBT", ]; d$light <- d$Prewt < 82
# > anova(lm(Postwt ~ Treat + Prewt + light, d), lm(Postwt ~ Treat + Prewt + light + Treat:light, d))
# > confint(lm(Postwt ~ Treat + Prewt, d[d$light, ]))["TreatFT", ]
# > d$site <- (seq_len(nrow(d)) - 1) %% 4 + 1
# > confint(lm(Postwt ~ Treat + Prewt, d[d$site != 1, ]))["TreatFT", ]
def test_subgroups_and_their_interaction_are_those_of_r(anorexia: pl.DataFrame) -> None:
    found = subgroups(anorexia, "arm + Prewt", PAIR, ["light"])
    assert [one.label for one in found] == ["all", "light: interaction", "light: false", "light: true"]
    every, interaction, heavy, light = found
    assert (every.estimate, every.low, every.high) == pytest.approx((9.03357257, 4.92778571, 13.13935944))
    assert interaction.statistic == pytest.approx(14.31592, rel=1e-6)
    assert interaction.p == pytest.approx(0.00053355, rel=1e-4)
    assert "1 and 38 degrees of freedom" in interaction.method
    assert (heavy.estimate, heavy.low, heavy.high) == pytest.approx((14.6771098, 11.1189045, 18.2353152))
    assert (light.estimate, light.low, light.high) == pytest.approx((1.64372749, -4.02612403, 7.31357901))
    assert sum(group.n for group in light.groups) == 21


def test_a_subgroup_of_one_arm_says_so_and_who_has_none_is_counted(anorexia: pl.DataFrame) -> None:
    alone = pl.when(pl.col("participant") < 3).then(None).otherwise(pl.col("arm") == "FT")
    found = subgroups(anorexia.with_columns(kind=alone), "arm + Prewt", PAIR, ["kind"])
    interaction, *levels = found[1:]
    assert interaction.p is None
    assert any("unknown" in note for note in interaction.notes)
    assert [one.estimate for one in levels] == [None, None]
    assert all(one.notes for one in levels)
    assert not found.to_ard()["value"].is_nan().any()


def test_without_each_site_in_turn_as_in_r(anorexia: pl.DataFrame) -> None:
    sited = anorexia.with_row_index("place").with_columns(site=pl.col("place") % 4 + 1)
    found = leave_one_out(sited, "arm + Prewt", PAIR, "site")
    assert [one.label for one in found] == ["all", *(f"without {site}" for site in range(1, 5))]
    assert [one.estimate for one in found[1:]] == pytest.approx(  # type: ignore[index]
        [11.57420218, 7.23628076, 6.21264817, 10.77658514]
    )
    assert found[1].low == pytest.approx(7.18478384)
    assert "without each site in turn: from 6.213 to 11.57" in found[0].notes
    with pytest.raises(ValueError, match="fewer than two groups"):
        leave_one_out(sited.filter(site=1), "arm + Prewt", PAIR, "site")


def test_without_one_of_two_sites_the_other_stands_alone(anorexia: pl.DataFrame) -> None:
    """The site is a constant there, and leaves the model: as in R lm(.., subset = site == "b")."""
    sited = anorexia.with_columns(
        site=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    found = leave_one_out(sited, "arm + Prewt + site", PAIR, "site")
    alone = ancova("value ~ arm + Prewt", sited.filter(site="b"), PAIR)[0]
    assert found[1].label == "without a"
    assert (found[1].estimate, found[1].se) == pytest.approx((alone.estimate, alone.se))
    interacting = leave_one_out(sited, "arm * site", PAIR, "site")
    assert interacting[1].estimate is None
    assert "'site' interacts in `fixed`" in interacting[1].notes[0]


def test_a_site_without_which_an_arm_is_empty_says_so(anorexia: pl.DataFrame) -> None:
    sited = anorexia.with_columns(
        site=pl.when(pl.col("arm") == "FT").then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    found = leave_one_out(sited, "arm + Prewt", PAIR, "site")
    assert [one.estimate for one in found][1:] == [None, None]
    assert "without a: " in found[1].notes[0]


def test_of_complete_data_the_change_of_the_difference_is_a_t_test_of_changes() -> None:
    rows = pl.read_csv(GOLDEN / "orthodont.csv").rename(
        {"Subject": "participant", "Sex": "arm", "distance": "value"}
    )
    rows = rows.with_columns(visit=pl.col("age").cast(pl.String).cast(pl.Enum(["8", "10", "12", "14"])))
    found = durability(rows, "arm * visit", ("Male", "Female"), ["8", "10", "14"])
    assert [one.label for one in found] == [
        *(f"Male - Female at {age}" for age in (8, 10, 14)),
        "10 less 8",
        "14 less 8",
    ]
    # > w <- reshape(as.data.frame(nlme::Orthodont), idvar = "Subject", timevar = "age", direction = "wide",
    # +              v.names = "distance")
    # > t.test(I(distance.14 - distance.8) ~ Sex, w, var.equal = TRUE)
    last = found[-1]
    assert (last.low, last.high) == pytest.approx((-0.115630417, 3.484948599), rel=1e-6)
    assert last.p == pytest.approx(0.0653846, rel=1e-5)
    assert last.df == pytest.approx(25, rel=1e-6)
    assert found[2].se == pytest.approx(0.874561394, rel=1e-7)
    with pytest.raises(ValueError, match="nobody has a value at '16'"):
        durability(rows, "arm * visit", ("Male", "Female"), ["8", "16"])
