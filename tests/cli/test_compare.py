"""`entact compare`: regimens side by side, the supplement's time, limits by covariate."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.pharmacology import Population, simulate
from entact.pharmacology.notation import read_regimen
from entact.pharmacology.uncertain import Uncertain

FULL, HALF = "120 mg HCl + 60 mg HCl @ 2 h", "80 mg HCl + 40 mg HCl @ 2 h"
FEW = ("--population", 60, "--seed", 2)


def test_regimens_stand_side_by_side_in_the_same_people(run: Run) -> None:
    told = run("compare", FULL, HALF, *FEW, "--limit", "systolic=150", "--json").json
    assert [one["letter"] for one in told["regimens"]] == ["A", "B"]
    for one, text in zip(told["regimens"], (FULL, HALF), strict=True):
        truth = simulate(read_regimen(text), Uncertain(Population.healthy(60, seed=2))).peak("mdma")
        assert one["outputs"]["mdma"]["peak"][1] == pytest.approx(truth.median())
    assert [one["regimen"] for one in told["crossings"]] == ["A", "B"]
    assert told["simulated"] is True
    printed = run("compare", FULL, HALF, *FEW, "--limit", "systolic=150").out
    assert "A  MDMA 120 mg HCl, 60 mg HCl at 2 h\nB  MDMA 80 mg HCl, 40 mg HCl at 2 h" in printed
    shares = [f"{100 * one['probability']:.1f} (" for one in told["crossings"]]
    [row] = [line for line in printed.splitlines() if line.startswith("systolic > 150 mmHg")]
    assert all(share in row for share in shares)
    assert "SIMULATED" in printed
    assert "research software" in printed
    assert "…" not in printed


def test_the_supplement_is_tried_at_other_times(run: Run) -> None:
    words = ("--at", "1.5 h", "--at", "2 h", "--at", "2.5 h")
    told = run("compare", FULL, *words, *FEW, "--json").json
    assert [one["regimen"] for one in told["regimens"]] == [
        f"MDMA 120 mg HCl, 60 mg HCl at {at} h" for at in ("1.5", "2", "2.5")
    ]
    peaks = [one["outputs"]["mdma"]["peak"][1] for one in told["regimens"]]
    assert peaks == sorted(peaks, reverse=True)


def test_limits_are_asked_by_covariate_and_a_level_without_human_data_says_so(
    run: Run, tmp_path: Path
) -> None:
    drawn = tmp_path / "compared.svg"
    done = run(
        "compare", FULL, *FEW, "--limit", "systolic=150", "--by", "cyp2d6", "--by", "weight=50 kg,100 kg",
        "--by", "with=none,mirtazapine", "--plot", drawn,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    for level in (
        "cyp2d6 poor",
        "cyp2d6 ultrarapid",
        "weight 50 kg",
        "weight 100 kg",
        "with none",
        "with mirtazapine",
    ):
        assert f"\n  {level} " in done.out
    assert "mirtazapine with MDMA: no human data" in done.out
    words = {"".join(node.itertext()) for node in ET.parse(drawn).iter() if node.tag.endswith("text")}
    assert {"systolic > 150 mmHg", "weight 50 kg", "with mirtazapine", "% of the people"} <= words
    assert any("no human data" in word for word in words)
    assert any("SIMULATED" in word for word in words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("120 mg",), "does not say which form"),
        ((FULL, "--by", "sex"), "name a --limit as well"),
        ((FULL, "--limit", "systolic=150", "--by", "height=2 m"), "'height' is not known"),
        ((FULL, "--limit", "systolic=150", "--by", "weight="), "write levels after the sign"),
        ((FULL, "--limit", "systolic=150", "--by", "weight=80"), "write a number and kg"),
        ((FULL, "--limit", "systolic=150", "--by", "with=moclobemide"), "moclobemide is refused"),
        ((FULL, "--with", "unheard"), "does not know 'unheard'"),
        (("120 mg HCl", "--at", "2 h"), "has no supplement"),
        ((*[FULL] * 9,), "1 to 8 can stand beside each other"),
        ((FULL, "--plot", "x.gif"), "a picture is .svg, .png or .html"),
    ],
)
def test_nonsense_is_refused_in_one_line(run: Run, words: tuple[object, ...], said: str) -> None:
    done = run("compare", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
