"""`entact dose`: a table, data and a picture; what cannot be meant is refused in a line."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.cli.pharmacology.dose import FALLING
from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.uncertain import SETS, Uncertain

ONE = ("dose", "--initial", "120 mg HCl", "--supplement", "60 mg HCl @ 2h")
RESEARCH = "research software"
NO_DATA = "no human data"


def test_one_person_in_a_table(run: Run) -> None:
    done = run(*ONE, "--limit", "systolic=160", "--limit", "sodium<135")
    assert (done.code, done.err) == (0, "")
    truth = simulate(Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h"), Person())
    cell = r" +([\d.,]+) \([\d.,]+-[\d.,]+\)"  # each with how sure it is
    [row] = re.findall(rf"^MDMA{cell}{cell}{cell}{cell}$", done.out, re.MULTILINE)
    shown = [float(cell.replace(",", "")) for cell in row]
    expected = [found("mdma")[0] for found in (truth.peak, truth.peak_time, truth.area, truth.half_life)]
    assert shown == pytest.approx(expected, rel=5e-3)
    assert re.search(rf"Systolic blood pressure, mmHg +123 +{truth.peak('systolic')[0]:.0f} \(", done.out)
    assert "systolic > 160 mmHg" in done.out
    assert "sodium < 135 mmol/L" in done.out
    assert "SIMULATED" in done.out
    assert RESEARCH in done.out


def test_people_as_median_and_quantiles_and_how_many_cross_a_limit(run: Run) -> None:
    told = run(*ONE, "--population", 300, "--seed", 4, "--limit", "systolic=150", "--json").json
    regimen = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
    truth = simulate(regimen, Uncertain(Population.healthy(300, seed=4)), limits={"systolic": 150})
    outputs = {row["output"]: row for row in told["outputs"]}
    peaks = truth.peak("systolic")
    assert outputs["systolic"]["peak"] == pytest.approx(
        [peaks.quantile(q, "linear") for q in (0.05, 0.5, 0.95)]
    )
    [limit] = told["limits"]
    assert limit["probability"] == truth.probability_above("systolic", 150)
    assert limit["interval_95"][0] < limit["probability"] < limit["interval_95"][1]
    assert "half_life" not in outputs["systolic"]
    assert told["simulated"] is True
    assert RESEARCH in told["notes"][0]
    printed = run(*ONE, "--population", 300, "--seed", 4, "--limit", "systolic=150").out
    assert f"{100 * limit['probability']:.1f} %" in printed
    assert "…" not in printed


def test_every_option_reaches_the_model(run: Run) -> None:
    def peak(*words: object, output: str = "mdma") -> float:
        told = run("dose", "--initial", "100 mg HCl", *words, "--json").json
        return float(next(row["peak"] for row in told["outputs"] if row["output"] == output))

    usual = peak()
    assert peak("--weight", "100 kg") < usual < peak("--weight", "50 kg")
    assert peak("--cyp2d6", "poor") > usual
    assert peak("--cyp2d6", "0.5") > usual
    assert peak("--with", "paroxetine") > usual
    assert peak("--then", "100 mg HCl @ 24 h") > usual
    assert peak("--enantiomer", "R", output="s_mdma") == 0.0
    assert peak("--food", "fed") < usual
    assert peak("--water", "restricted", output="sodium") == pytest.approx(140, abs=0.01)
    assert (
        peak("--sex", "female", output="systolic")
        < peak(output="systolic")
        < peak("--age", 60, output="systolic")
    )
    assert run("dose", "--initial", "100 mg HCl", "--until", "2 d", "--json").json["until_h"] == 48.0


def test_baselines_and_the_kind_of_people_reach_the_model(run: Run) -> None:
    told = run(
        "dose", "--initial", "100 mg HCl", "--pressure", "135/85 mmHg", "--heart-rate", 80, "--json"
    ).json
    rest = {row["output"]: row["rest"] for row in told["outputs"]}
    assert (rest["systolic"], rest["diastolic"], rest["heart_rate"]) == (135.0, 85.0, 80.0)
    many = ("dose", "--initial", "100 mg HCl", "--population", 200, "--json")
    rates = [
        next(row["rest"][1] for row in run(*many, *words).json["outputs"] if row["output"] == "heart_rate")
        for words in ((), ("--people", "patients"))
    ]
    assert rates[1] > rates[0] + 3
    assert "200 patients" in run(*many, "--people", "patients").json["who"]


def test_one_person_has_the_uncertainty_of_the_fitted_numbers_beside_each_number(run: Run) -> None:
    told = run(*ONE, "--limit", "systolic=160", "--json").json
    for row in told["outputs"]:
        low, high = row["uncertainty_90"]["peak"]
        assert low <= row["peak"] <= high, row["output"]
        assert low < high or row["output"] in FALLING, row["output"]
    assert 0.0 <= told["limits"][0]["of_parameter_sets"] <= 1.0
    assert any(f"{SETS} sets" in note for note in told["notes"])


def test_what_mdma_does_to_what_cyp2d6_clears_is_said(run: Run) -> None:
    done = run("dose", "--initial", "100 mg HCl", "--substrate", "metoprolol", "--substrate", "Toprol")
    assert done.out.count("metoprolol: exposure") == 2
    assert run("dose", "--initial", "100 mg HCl", "--substrate", "aspirin").code == 2


@pytest.mark.parametrize("extra", [(), ("--population", 20), ("--json",)])
def test_no_output_leaves_out_that_there_are_no_human_data(
    run: Run, tmp_path: Path, extra: tuple[object, ...]
) -> None:
    drawn = tmp_path / "drawn.svg"
    done = run("dose", "--initial", "100 mg HCl", "--with", "mirtazapine", "--plot", drawn, *extra)
    assert done.code == 0
    assert NO_DATA in done.out
    assert RESEARCH in done.out
    words = " ".join("".join(node.itertext()) for node in ET.parse(drawn).iter() if node.tag.endswith("text"))
    assert NO_DATA in words
    assert RESEARCH in words
    assert "SIMULATED" in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--initial", "120 mg"), "does not say which form is meant"),
        (("--initial", "300 mg HCl"), "no such dose was studied"),
        (
            ("--initial", "120 mg HCl", "--supplement", "60 mg HCl @ 2 h", "--until", "1 h"),
            "would not be seen",
        ),
        (("--initial", "120 mg HCl", "--pressure", "135"), "write systolic/diastolic"),
        (("--initial", "120 mg HCl", "--pressure", "85/135"), "diastolic 40 to 130 and below"),
        (("--initial", "120 mg HCl", "--heart-rate", "300"), "at rest it is 30 to 150"),
        (("--initial", "120 mg HCl", "--people", "patients"), "say how many, like --population"),
        (("--initial", "120 mg HCl", "--people", "giants", "--population", "9"), "known: healthy, patients"),
        (("--initial", "-5 mg HCl"), "a dose is 0 mg or more"),
        (("--initial", "120 mg HCl", "--supplement", "60 mg HCl @ -1 h"), "is before the initial dose"),
        (("--initial", "120 mg HCl", "--supplement", "60 mg HCl"), "needs a time since the initial dose"),
        (("--initial", "120 mg HCl", "--weight", "0 kg"), "an adult weighs 30 to 250 kg"),
        (("--initial", "120 mg HCl", "--weight", "70"), "write a number and kg"),
        (("--initial", "120 mg HCl", "--with", "aspirine"), "does not know 'aspirine'"),
        (("--initial", "120 mg HCl", "--with", "moclobemide"), "moclobemide is refused: monoamine-oxidase"),
        (("--initial", "120 mg HCl", "--with", "moclobemide", "--population", 9), "moclobemide is refused"),
        (("--initial", "120 mg HCl", "--cyp2d6", "fast"), "CYP2D6 'fast' is not known"),
        (("--initial", "120 mg HCl", "--sex", "x"), "sex 'x' is not known"),
        (("--initial", "120 mg HCl", "--age", "5"), "18 to 100 years"),
        (("--initial", "120 mg HCl", "--food", "much"), "food 'much' is not known"),
        (("--initial", "120 mg HCl", "--limit", "pulse=100"), "output 'pulse' is not known"),
        (("--initial", "120 mg HCl", "--until", "24"), "write a number and d, h, min or s"),
        (("--initial", "120 mg HCl", "--plot", "dose.pdf"), "a picture is .svg, .png or .html"),
        (("--initial", "120 mg HCl", "--plot", "no/such/dose.svg"), "there is no folder"),
    ],
)
def test_nonsense_is_refused_in_one_line(run: Run, words: tuple[object, ...], said: str) -> None:
    done = run("dose", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from entact.cli.pharmacology.dose import answer, to_be_drawn
    from entact.cli.pharmacology.question import Question
    from entact.report.pictures.dose import dose_sheet
    from entact.report.pictures.sheet import write_sheet

    folder = tmp_path_factory.mktemp("pictures")
    limits = ["systolic=160", "sodium<135", "cortisol=900"]
    found = answer(Question("120 mg HCl", "60 mg HCl @ 2 h", limits=limits), picture=True)
    sheet = dose_sheet(to_be_drawn(found))
    paths = {suffix: folder / f"dose.{suffix}" for suffix in ("svg", "png", "html")}
    for path in paths.values():
        write_sheet(sheet, path)
    return paths


@pytest.mark.parametrize(("end", "hours"), [(3.0, ("0.5", "1.5", "3")), (49.0, ("12", "24", "36", "48"))])
def test_hours_on_an_axis_are_what_they_are(tmp_path: Path, end: float, hours: tuple[str, ...]) -> None:
    """The axis of a course of two days said 1e+1, 2e+1, 4e+1, 5e+1."""
    from entact.report.pictures.sheet import Sheet, chart, hours_axis, layer, numeric, panel, write_sheet

    points = layer("point", [{"hours": 1.0, "y": 1.0}], {"x": hours_axis(end), "y": numeric("y", [0, 2], {})})
    one = panel(chart([points], 300, 100), "one", "one", name="one", key={})
    write_sheet(Sheet("title", "caption", [], [one], 1), tmp_path / "hours.svg")
    drawn = (tmp_path / "hours.svg").read_text()
    assert all(f">{hour}</text>" in drawn for hour in hours)
    assert "e+" not in drawn


def test_a_picture_has_every_panel_and_each_limit(pictures: dict[str, Path]) -> None:
    drawn = pictures["svg"].read_text()
    root = ET.fromstring(drawn)
    words = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("text")]
    for title in (
        *(
            "MDMA in plasma, ng/mL",
            "Monoamines, extracellular, times baseline",
            "Hormones in plasma, times baseline",
        ),
        *("Blood pressure, mmHg", "Heart rate, 1/min", "Core temperature, °C"),
        *("Sodium in plasma, mmol/L", "Cortisol in plasma, nmol/L"),
    ):
        assert title in words
    for limit in ("160", "135", "900"):
        assert limit in words
    ids = re.findall(r'\bid="([^"]+)"', drawn)
    assert len(ids) == len(set(ids))
    assert pictures["png"].read_bytes().startswith(b"\x89PNG")


def test_a_page_needs_nothing_but_itself_and_turns_dark(pictures: dict[str, Path]) -> None:
    page = pictures["html"].read_text()
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    # Every colour that is drawn has its dark one, or a panel would vanish on a dark page.
    from entact.report.palette import DARK

    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', page))
    assert used <= set(DARK)
    assert RESEARCH in page


def test_a_band_surrounds_the_line() -> None:

    from entact.cli.pharmacology.dose import answer, to_be_drawn
    from entact.cli.pharmacology.question import Question

    found = answer(Question("120 mg HCl", weight="80 kg", medicines=["carvedilol"]), picture=True)
    assert found.drawn is not None
    assert found.drawn.who.medicines == ("carvedilol",)
    assert set(found.drawn.who.covariates(0, 5)["weight"]) == {80.0}
    drawn = to_be_drawn(found)
    course = drawn.courses["systolic"]
    points = zip(course.low, course.line, course.high, strict=True)
    assert all(low < line < high for low, line, high in points)
    top = max(course.line)
    assert (top, drawn.times[course.line.index(top)]) == (
        pytest.approx(found.everyone.peak("systolic")[0]),
        found.everyone.peak_time("systolic")[0],
    )


def test_a_large_population_is_drawn_from_its_first_people() -> None:
    from entact.cli.pharmacology import dose

    people = dose.around(Population.healthy(5000, seed=2), 9)
    assert (people.n, people.seed) == (dose.DRAWN, 2)


def test_the_second_dose_of_one_person_compiles_nothing() -> None:
    said = "import atexit, sys; atexit.register(lambda: print('numba' in sys.modules, file=sys.stderr))"
    line = [sys.executable, "-c", f"{said}; from entact.cli import main; main()", *ONE]
    subprocess.run(line, check=True, capture_output=True)
    second = subprocess.run(line, check=True, capture_output=True, text=True)
    assert second.stderr == "False\n"


def test_a_study_is_asked_how_often_its_limits_will_be_crossed(run: Run, tmp_path: Path) -> None:
    drawn = tmp_path / "limits.svg"
    words = ("dose", "--study", "mapp1", "--population", 64, "--people", "patients")
    done = run(*words, "--plot", drawn)
    assert (done.code, done.err) == (0, "")
    for said in (
        "SIMULATED",
        "blood_pressure is crossed in",
        "readings of the study: before initial",
        RESEARCH,
    ):
        assert said in done.out
    text = " ".join("".join(node.itertext()) for node in ET.parse(drawn).iter() if node.tag.endswith("text"))
    assert "seen by the study" in text
    assert "SIMULATED" in text
    told = run(*words, "--json").json
    assert {row["session"] for row in told["rows"]} == {"session_1", "session_2", "session_3"}
    assert told["simulated"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--study", "mapp1", "--initial", "120 mg HCl"), "leave those options out"),
        (("--study", "no_such_study"), "no_such_study"),
        ((), "say --initial"),
    ],
)
def test_a_question_about_a_study_that_cannot_be_meant_is_refused(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    done = run("dose", *words)
    assert done.code == 2
    assert said in done.err
