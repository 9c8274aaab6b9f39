"""`entact sensitivity`: what a result hangs on, in a table, as data and as a picture."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.report.lettering import width_of

REGIMEN = ("--initial", "120 mg HCl", "--supplement", "60 mg HCl @ 2 h")
LOCAL = ("sensitivity", *REGIMEN)
GLOBAL = (*LOCAL, "--global", "16", "--parameters", "systolic_baseline,volume_r,sex")


def test_the_table_names_what_changes_most_first_and_says_that_it_is_simulated(run: Run) -> None:
    done = run(*LOCAL, "--of", "peak:systolic", "--of", "area:mdma")
    assert (done.code, done.err) == (0, "")
    assert "SIMULATED" in done.out
    assert "research software" in done.out
    pressure, area = done.out.split("\narea:mdma: ")
    assert "systolic_baseline, mmHg" in pressure
    assert "systolic_baseline" not in area  # what changes nothing is not shown
    assert area.index("\nvolume_r, L") < area.index("\nlag, h")


def test_the_data_have_units_and_notes(run: Run) -> None:
    told = run(
        *LOCAL, "--parameters", "volume_r, weight", "--change", "10 %", "--with", "citalopram", "--json"
    ).json
    assert told["simulated"]
    assert "research software" in told["notes"][0]
    assert told["method"] == "each factor by 10 %, one at a time"
    assert "citalopram" in told["who"]
    [weight] = [row for row in told["rows"] if row["factor"] == "weight"]
    assert (weight["unit"], weight["factor_unit"]) == ("mmHg", "kg")
    assert (weight["low"], weight["base"], weight["high"]) == pytest.approx((63, 70, 77))
    assert weight["at_low"] > weight["at_base"] > weight["at_high"]


def test_shares_of_the_variance_follow_from_the_seed(run: Run) -> None:
    first, again = run(*GLOBAL, "--json").json, run(*GLOBAL, "--json").json
    assert first == again
    assert first != run(*GLOBAL, "--seed", "2", "--json").json
    assert {row["factor"] for row in first["rows"]} == {"systolic_baseline", "volume_r", "sex"}
    assert "with interactions" in run(*GLOBAL).out


@pytest.mark.parametrize("words", [LOCAL, GLOBAL])
@pytest.mark.parametrize("suffix", [".svg", ".png", ".html"])
def test_the_picture_is_written(run: Run, tmp_path: Path, words: tuple[str, ...], suffix: str) -> None:
    picture = tmp_path / f"tornado{suffix}"
    done = run(*words, "--plot", picture)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(f"{picture}\n")
    drawn = picture.read_bytes()
    if suffix == ".png":
        assert drawn.startswith(b"\x89PNG")
    else:
        text = drawn.decode().lower()
        assert "systolic_baseline" in text
        assert "simulated" in text
        assert "research software" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*LOCAL, "--of", "peak:sistolic"), "the nearest is 'systolic'"),
        ((*LOCAL, "--parameters", "volum_r"), "the nearest is 'volume_r'"),
        ((*LOCAL, "--parameters", "km_r"), "change each by per cent"),
        ((*LOCAL, "--change", "ten"), "write 'sd'"),
        ((*LOCAL, "--global", "500"), "nearest is 512"),
        ((*GLOBAL, "--change", "10 %"), "leave --change out"),
        ((*LOCAL, "--plot", "tornado.gif"), ".svg, .png or .html"),
        (("sensitivity", "--initial", "120 mg"), "does not say which form"),
        ((*LOCAL, "--with", "phenelzine"), "phenelzine"),
    ],
)
def test_a_wrong_line_is_refused_in_words(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_plotting_libraries_of_other_kinds_stay_away() -> None:
    listing = (
        f"import sys; sys.argv = {['entact', *GLOBAL]!r}\n"
        "from entact.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "SALib.analyze.sobol" in loaded
    assert loaded & {"matplotlib", "django", "psycopg"} == set()


@pytest.mark.parametrize("measure", ["peak:temperature", "area:mdma", "trough:sodium", "area:subjective"])
@pytest.mark.parametrize("words", [LOCAL, GLOBAL])
def test_numbers_along_an_axis_do_not_run_into_each_other(
    run: Run, tmp_path: Path, words: tuple[str, ...], measure: str
) -> None:
    picture = tmp_path / "tornado.svg"
    assert run(*words, "--of", measure, "--plot", picture).code == 0
    pattern = (
        r'text-anchor="middle" transform="translate\(([\d.]+),16\)"[^>]*font-size="([\d.]+)px"[^>]*>([^<]+)<'
    )
    labels = re.findall(pattern, picture.read_text("utf-8"))
    assert len(labels) > 2
    places = [(float(x), 0.5 * width_of(text, float(size))) for x, size, text in labels]
    for (x, half), (next_x, next_half) in pairwise(places):
        assert next_x < x or x + half <= next_x - next_half  # a smaller x begins another panel
