"""Published tables as strangers keep them: read right, or refused with the place; never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import fisher_exact
from tests.cli.conftest import Run

from entact.analysis.analyse import Analyses
from entact.cli.analyse import run as analysed
from entact.cli.tables import TableError


def found(folder: Path, table: str, plan: str, name: str = "trial.csv") -> tuple[Analyses, tuple[str, ...]]:
    """What a plan says of a table."""
    (folder / name).write_bytes(table.encode())
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    return analysed(folder / "plan.yaml", folder / name, None, None)


# Medical Research Council 1948, British Medical Journal 2:769, table II (from memory, `assumption`; sums and
# percentages agree): radiological appearance at six months compared with that on admission, of 55 on
# streptomycin and bed-rest, and 52 on bed-rest alone.
STREPTOMYCIN = {
    "considerable improvement": (28, 4),
    "moderate or slight improvement": (10, 13),
    "no material change": (2, 3),
    "moderate or slight deterioration": (5, 12),
    "considerable deterioration": (6, 6),
    "deaths": (4, 14),
}


def streptomycin() -> str:
    """As a hospital's spreadsheet: BOM, semicolons, names over two lines, arms 0 and 1, dates, unsorted."""
    rows = []
    for outcome, counts in STREPTOMYCIN.items():
        for arm, many in zip((1, 0), counts, strict=True):
            rows += [(arm, outcome)] * many
    rows = rows[::2] + rows[1::2]
    lines = ['\ufeff"Case\nno.";"Group (1 = S,\n0 = C)";"Admitted";"X-ray;\nsix months"']
    lines += [f"{n:03d};{arm};{1 + n % 28}/0{1 + n % 9}/1947;{said}" for n, (arm, said) in enumerate(rows)]
    return "\r\n".join(lines) + "\r\n"


def test_streptomycin_of_1948(tmp_path: Path) -> None:
    plan = (
        'columns: {participant: Case no., arm: "Group (1 = S, 0 = C)", value: X-ray; six months}\n'
        "analyses:\n"
        "  improved: {method: fisher, event: considerable improvement, contrast: 1 - 0}\n"
        "  died: {method: fisher, event: deaths, contrast: 1 - 0}\n"
        "  difference: {method: proportion, event: considerable improvement, contrast: 1 - 0}\n"
        "  misspelt: {method: proportion, event: death, contrast: 1 - 0}\n"
    )
    done, notes = found(tmp_path, streptomycin(), plan)
    assert notes == (
        "'Case no.': the line break in the column's name is read as a blank",
        "'Group (1 = S, 0 = C)': the line break in the column's name is read as a blank",
        "'X-ray; six months': the line break in the column's name is read as a blank",
        "cells are separated by a semicolon",
    )
    # published: by chance less than one in a million; of deaths, less than one in a hundred
    for name, counts, limit in (("improved", (28, 4), 1e-6), ("died", (4, 14), 0.01)):
        p = done[name].p
        table = [[counts[0], 55 - counts[0]], [counts[1], 52 - counts[1]]]
        assert p == pytest.approx(fisher_exact(table).pvalue)
        assert p is not None
        assert p < limit
    result = done["difference"].result
    assert result is not None
    assert [(group.name, group.events, group.n) for group in result[0].groups] == [
        ("1", 28, 55),
        ("0", 4, 52),
    ]
    assert any("'death', which stands in no row" in note for note in done["misspelt"].entered.notes)


# Freireich and others 1963, Blood 21:699, weeks of remission (R has it as MASS::gehan); * is censored.
MERCAPTOPURINE = "6 6 6 6* 7 9* 10 10* 11* 13 16 17* 19* 20* 22 23 25* 32* 32* 34* 35*"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
REMISSION = """\
columns: {participant: patient, arm: treatment, value: weeks}
arms: [6-MP, placebo]
analyses:
  ranks: {method: log_rank, ended: {state: relapse}, contrast: 6-MP - placebo}
  hazards: {method: cox, ended: {state: relapse}, contrast: placebo - 6-MP}
  median: {method: median_time, ended: {state: relapse}}
  left: {method: kaplan_meier, ended: {state: relapse}, at_times: [10]}
"""


def remission(censored: str = "in remission") -> str:
    both = [("6-MP", one) for one in MERCAPTOPURINE.split()] + [("placebo", one) for one in PLACEBO.split()]
    lines = ["patient,treatment,weeks,state"]
    lines += [
        f"{n},{arm},{one.strip('*')},{censored if '*' in one else 'relapse'}"
        for n, (arm, one) in enumerate(both, start=1)
    ]
    return "\n".join([*lines, "43,placebo,NA,NA", ""])


def test_remission_of_1963(tmp_path: Path) -> None:
    """R: survdiff chi 16.8, p 4.17e-05; coxph (Efron) 4.817 (2.147 to 10.81); medians 23 and 8."""
    done, notes = found(tmp_path, remission(), REMISSION)
    assert "weeks: NA in 1 of 43 cells, taken as missing" in notes
    ranks, hazards, median, left = (done[name].result for name in ("ranks", "hazards", "median", "left"))
    assert done["ranks"].p == pytest.approx(4.17e-05, rel=2e-3)
    assert ranks is not None
    assert [(group.n, group.events) for group in ranks[0].groups] == [(21, 9), (21, 21)]
    assert hazards is not None
    assert (hazards[0].estimate, hazards[0].low, hazards[0].high) == pytest.approx(
        (4.817, 2.147, 10.81), rel=5e-4
    )
    assert median is not None
    assert [one.estimate for one in median] == [23, 8]
    assert left is not None
    # > summary(survfit(Surv(time, cens) ~ treat, gehan), times = 10)$surv
    assert [one.estimate for one in left] == pytest.approx([0.7529412, 8 / 21])
    assert str(done["ranks"].entered.left_out[0]) == "1 row left out, value unknown (all of 1 participant)"


def test_how_a_time_ended_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"trial.csv:22, column weeks: '35\+' is no number, and 41 of 42"):
        found(tmp_path, remission().replace(",35,", ",35+,"), REMISSION)
    plain = REMISSION.replace("{state: relapse}", "state")
    done, _ = found(tmp_path, remission(), plain)
    assert "say what of it is one, as in 'ended: {state: relapse}'" in (done["ranks"].why or "")
    done, _ = found(tmp_path, remission(), REMISSION.replace("{state: relapse}", "{state: Relapse}"))
    assert "'ended' of 'state' is 'Relapse', which stands in no row" in done["ranks"].entered.notes[0]


# Cushny and Peebles 1905, hours of sleep gained (Student 1908; R has it as datasets::sleep).
SLEEP = {
    "one": "0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0",
    "two": "1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4",
}


def test_sleep_of_1905(tmp_path: Path) -> None:
    """R: t.test(extra ~ group) -3.3654832 to 0.2054832; paired 0.7001142 to 2.4598858, p 0.002833."""
    told = {arm: own.replace(".", ",").split() for arm, own in SLEEP.items()}
    long = ["id;drug;extra"] + [f"{n};{arm};{one}" for arm in told for n, one in enumerate(told[arm])]
    plan = "columns: {participant: id, arm: drug, value: extra}\nanalyses:\n"
    plan += "  welch: {method: t_test, contrast: one - two}\n"
    done, _ = found(tmp_path, "\n".join(long), plan)
    assert "participant 0 has 2 rows here, where one is meant" in (done["welch"].why or "")
    apart = [long[0]] + [f"{line.split(';')[1]} {line}" for line in long[1:]]
    done, notes = found(tmp_path, "\n".join(apart), plan)
    assert notes == ("cells are separated by a semicolon", "extra: decimal commas read as decimals")
    welch = done["welch"].result
    assert welch is not None
    assert (welch[0].low, welch[0].high, welch[0].p) == pytest.approx(
        (-3.3654832, 0.2054832, 0.07939), rel=1e-4
    )
    wide = ["id;first;second"] + [f"{n};{a};{b}" for n, (a, b) in enumerate(zip(*told.values(), strict=True))]
    plan = "columns: {participant: id, baseline: first, value: second}\nanalyses:\n"
    done, _ = found(tmp_path, "\n".join(wide), plan + "  pairs: {method: paired_t, change: absolute}\n")
    pairs = done["pairs"].result
    assert pairs is not None
    assert (pairs[0].low, pairs[0].high, pairs[0].p) == pytest.approx(
        (0.7001142, 2.4598858, 0.002833), rel=1e-4
    )


def test_visits_as_text_out_of_order_need_their_order_where_it_matters(run: Run, tmp_path: Path) -> None:
    rows = ["id,group,seen,score"]
    for n in range(24):
        for place, visit in enumerate(("week 12", "week 4", "week 8")):
            rows.append(f"p{n},{'ab'[n % 2]},{visit},{20 + n % 5 + place * (n % 3) + 2 * (n % 2)}.5")
    plan = "columns: {participant: id, arm: group, visit: seen, value: score}\nanalyses:\n"
    model = (
        "  one: {method: mmrm, fixed: arm * visit, covariance: auto_regressive, contrast: a - b at week 12}\n"
    )
    table = "\n".join(rows)
    done, _ = found(tmp_path, table, plan + model)
    assert "the order of the visits in 'visit' is unclear" in (done["one"].why or "")
    done, _ = found(tmp_path, table, f"visits: [week 4, week 8, week 12]\n{plan}{model}")
    result = done["one"].result
    assert result is not None
    turned, _ = found(
        tmp_path, table, f"visits: [week 4, week 8, week 12]\n{plan}{model}".replace("a - b", "b - a")
    )
    other = turned["one"].result
    assert other is not None
    assert result[0].estimate == pytest.approx(-(other[0].estimate or 0.0))  # no level is a hidden reference
    twice = "\n".join([*rows, rows[1]])
    done, _ = found(tmp_path, twice, f"visits: [week 4, week 8, week 12]\n{plan}{model}")
    assert "p0" in (done["one"].why or "")


def test_a_number_that_may_mean_missing_is_said(tmp_path: Path) -> None:
    rows = [f"p{n};{'ab'[n % 2]};{20 + n % 7},5;{30 + n % 4}" for n in range(20)]
    table = "\n".join(["id;group;score;before", *rows, "x;a;-99;31", "y;b;21,5;999"])
    plan = "columns: {participant: id, arm: group, value: score, baseline: before}\nanalyses:\n"
    _, notes = found(tmp_path, table, plan + "  one: {method: t_test, contrast: a - b}\n")
    said = [note for note in notes if "far from all others" in note]
    assert [note.partition(",")[0] for note in said] == [
        "score: -99 in 1 of 22 cells",
        "before: 999 in 1 of 22 cells",
    ]
    _, notes = found(
        tmp_path, table.replace("-99", "19").replace("999", "33"), plan + "  one: {method: describe}\n"
    )
    assert not any("far from" in note for note in notes)
