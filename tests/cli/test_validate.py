"""`entact validate pharmacology`: readable, complete, and it ends with 1 where a check fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Done, Run

from entact.cli.pharmacology.validate import FURTHER, GROUPS, Validation, conclusion, grouped
from entact.pharmacology.check import Check

FEWER = ("validate", "pharmacology", "--persons", "2000")


@pytest.fixture
def printed(run: Run) -> Done:
    return run(*FEWER)


def test_all_pass_and_80_columns_are_enough(printed: Done) -> None:
    assert (printed.code, printed.err) == (0, "")
    assert max(map(len, printed.out.splitlines())) <= 80
    assert "SIMULATED" in printed.out
    assert "research software" in printed.out
    for title in (*(title for title, _ in GROUPS), FURTHER):
        assert f"\n{title}\n" in printed.out
    assert "…" not in printed.out  # nothing is cut


def test_the_page_in_docs_shows_what_is_printed(run: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "pharmacology-checks.md").read_text()
    told = run(*FEWER, "--json").json
    assert told["simulated"]
    assert told["persons"] == 2000
    assert told["failed"] == 0
    for check in told["checks"]:
        if check["id"].startswith("V") and check["id"] != "V17":
            assert f"| {check['id']} | {check['what']} | {check['published']} |" in page
    counts = [check["counts"] for check in told["checks"]]
    assert True in counts
    assert False in counts
    assert {check["passed"] for check in told["checks"] if check["least"] is check["most"] is None} == {None}


def test_too_few_people_to_judge_a_share_fail_a_check_and_end_with_1(run: Run) -> None:
    done = run("validate", "pharmacology", "--persons", "100", "--seed", "1")
    assert done.code == 1
    assert "FAIL V11 temperature above 38, share" in done.out
    told = run("validate", "pharmacology", "--persons", "100", "--seed", "1", "--json")
    assert told.code == 1
    assert told.json["failed"] == 2


def check(status: str, simulated: float, least: float = 1.0) -> Check:
    return Check("V01", f"{status} {simulated}", "1", "2", simulated, least, source="F001", status=status)


def test_a_published_number_that_nobody_read_does_not_count() -> None:
    missed = check("from memory", 0.5)
    found = Validation([check("read", 2.0), missed], 1, 1)
    assert found.failed == []
    assert found.missed == [missed]
    assert "1 of them missed" in " ".join(conclusion(found))
    assert Validation([check("read", 0.5)], 1, 1).failed


def test_what_has_no_limits_is_called_reported_only() -> None:
    found = Validation([check("read", 0.5, least=float("-inf"))], 1, 1)
    assert found.failed == []
    assert conclusion(found)[-1] == "1 are reported only (-), without limits: V01."


def test_every_check_stands_under_one_heading() -> None:
    rows = [Check(one, one, "1", "", 1.0) for one in ("F012", "V17", "V01", "V15", "V10")]
    found = grouped(rows)
    assert [[row.id for row in group] for _, group in found] == [["V01", "V10"], ["V15"], ["V17"], ["F012"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("validate", "cohort"), "there is nothing to validate called 'cohort'; there is: pharmacology"),
        (("validate",), "Missing argument"),
        (("validate", "pharmacology", "--persons", "5"), "greater than or equal to 100"),
    ],
)
def test_a_wrong_line_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_what_was_fitted_held_out_a_direction_or_so_by_construction_is_counted_apart() -> None:
    rows = [
        Check("V01", "fitted", "1", "1", 1.0, 0.5, 1.5),
        Check("V16", "held out", "1", "1", 1.0, 0.5, 1.5, role="held out"),
        Check("V16", "held out and missed", "1", "1", 2.0, 0.5, 1.5, role="held out"),
        Check("V10", "one side", "1", "lower", 0.4, most=0.98, role="held out"),
        Check("V17", "no part of the model", "% change", "unchanged", 1e-9, -10, 10),
    ]
    said = conclusion(Validation(rows, 1, 1))
    assert said[0].startswith("1 of 2 numbers pass that were held out")
    assert said[1].startswith("1 of 1 numbers pass that the model was fitted to")
    assert said[2].startswith("1 of 1 directions")
    assert said[3].startswith("1 of 1 are so by construction")
