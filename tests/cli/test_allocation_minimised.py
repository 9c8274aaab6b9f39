"""`entact allocation` of a study that minimises: draws are sealed, arms are reckoned, and reckoned again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import LOCK, Run
from tests.cli.keyed import HOLDS, key_options, opened_with, run_as, signer_of
from tests.cli.test_allocation import enter
from tests.cohort.test_minimised import minimised_study

from entact.store import StoreError

PEOPLE = {
    f"participant:{number * 32}": stratum
    for number, stratum in zip("1234", ("S01/female", "S01/male", "S02/female", "S01/female"), strict=True)
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A training record of mapp1 with minimisation, and a list maker, a pharmacist and a deputy with keys."""
    people = {
        "stat": ("committee", [*HOLDS, "cut"]),
        "pia": ("committee", HOLDS),
        "dan": ("committee", HOLDS),
    }
    folder = minimised_study(tmp_path_factory.mktemp("study"))
    with opened_with(str(folder), f"minimised_{worker_id}", keys, people) as database:
        yield database


@pytest.fixture(scope="module")
def made(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a list of draws that pia and dan hold; three people have numbers."""
    out = tmp_path_factory.mktemp("files") / "list"
    told = make(opened, keys, out, 8)
    assert told["rows"] == {"all": 8}
    for place, (ledger, stratum) in enumerate(list(PEOPLE.items())[:3], start=1):
        randomise(ledger, f"M-{place:03d}", stratum)
    return out


def make(opened: str, keys: Path, out: Path, rows: int, *blocks: int, **more: Any) -> dict[str, Any]:
    from entact.cli.allocation import make_list

    signer = signer_of(opened, keys, "stat")
    holders = more.pop("holders", ["pia", "dan"])
    return make_list(opened, [], rows, list(blocks), None, holders, out, signer, **more)


def randomise(ledger: str, number: str, stratum: str | None) -> None:
    site = (stratum or "S01").split("/")[0]
    screened = {"attempt": 1, "number": f"S-{number}", "site": site, "population": "patients"}
    enter(ledger, "screening", screened)
    enter(ledger, "randomisation", {"number": number} | ({"stratum": stratum} if stratum else {}))


def files(folder: Path, name: str) -> list[object]:
    return ["--list", folder / "sealed-list.json", "--openings", folder / f"openings-{name}.json"]


def test_a_list_of_blocks_or_of_custodians_alone_is_refused(opened: str, keys: Path, tmp_path: Path) -> None:
    for blocks, more, said in (
        ((4,), {}, "the study file minimises: say --rows, and neither blocks nor a list"),
        (
            (),
            {"holders": [], "custodians": ["pia", "dan"], "threshold": 2},
            "somebody holds the list who can open",
        ),
    ):
        with pytest.raises(StoreError, match=said):
            make(opened, keys, tmp_path / "list", 8, *blocks, **more)
    assert not (tmp_path / "list").exists()


@pytest.mark.requirement("R25")
def test_how_well_it_is_foretold_is_said_before(run: Run, opened: str) -> None:
    """R25."""
    asked = [
        "allocation",
        "check",
        "--rows",
        24,
        "--site-to-come",
        "S01",
        "--site-to-come",
        "S02",
        "--database",
        opened,
    ]
    found = run(*asked, "--json").json
    assert found["strata"] == ["site (2)", "participant.sex (2)"]
    assert found["chance"] == 0.8
    assert found["warning"] is True
    assert all(
        one["foretold" if "foretold" in one else "right"] < found["foretold"]["right"]
        for one in found["others"]
    )
    said = run(*asked).out
    assert "by minimisation with a chance of 0.8, 24 people" in said
    assert "WARNING: who guesses at arms can foretell the next one" in said


@pytest.mark.requirement("R08")
def test_one_row_is_opened_and_its_arm_is_that_of_the_draws(
    made: Path, run: Run, opened: str, keys: Path
) -> None:
    """R08, R11: pia learns one arm; the record says no draw and no arm."""
    from entact import store

    arms = []
    for ledger in list(PEOPLE)[:3]:
        own = run_as(run, opened, keys, "pia", "open", ledger, *files(made, "pia"), "--json")
        assert own.code == 0, own.err
        arms.append(own.json["arm"])
        second = run_as(run, opened, keys, "dan", "open", ledger, *files(made, "dan"), "--json")
        assert second.json["arm"] == own.json["arm"]
    assert set(arms) <= {"mdma", "placebo"}
    for ledger in PEOPLE:
        assert not [line for line in store.lines(ledger) if "mdma" in line.text or "draw:" in line.text]
    shown = (made / "sealed-list.json").read_text()
    assert "draw:" not in shown


def test_no_kit_can_be_packed_for_a_row_whose_arm_nobody_knows_yet(
    made: Path, run: Run, opened: str, keys: Path
) -> None:
    done = run_as(run, opened, keys, "stat", "kits", "--list", made / "sealed-list.json")
    assert (done.code, done.out) == (2, "")
    assert "no arm is known before somebody is randomised" in done.err


def test_code_breaks_are_printed_as_people_come(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    from entact.store import acts, standby

    first = run_as(run, opened, keys, "pia", "codebreaks", *files(made, "pia"), "--out", tmp_path / "one.pdf")
    assert "3 code-breaks in" in first.out
    sign = ["countersign", "--list", made / "sealed-list.json", "--place", "safe of the ward", "--sheets"]
    wrong = run_as(run, opened, keys, "dan", *sign, 8)
    assert "8 sheets were counted" in wrong.err
    assert run_as(run, opened, keys, "dan", *sign, 3).code == 0
    randomise(list(PEOPLE)[3], "M-004", PEOPLE[list(PEOPLE)[3]])
    more = run_as(run, opened, keys, "pia", "codebreaks", *files(made, "pia"), "--out", tmp_path / "two.pdf")
    assert "1 code-breaks in" in more.out
    breaks = standby.code_breaks()
    assert breaks is not None
    assert (breaks.sheets, breaks.countersigned, breaks.checked_by) == (4, 3, None)  # three still lie ready
    assert run_as(run, opened, keys, "dan", *sign, 4).code == 0
    assert [one.data["rows"] for one in acts.entries(("list_opened",))] == [3, 4]


def test_an_arm_is_not_reckoned_past_somebody_whose_stratum_nobody_said(
    made: Path, run: Run, opened: str, keys: Path
) -> None:
    """Its test is last but one: from here on one number has none."""
    from entact.store.reckoned import used_strata

    randomise("participant:" + "6" * 32, "M-006", "S02/male")
    ahead = run_as(run, opened, keys, "pia", "open", "participant:" + "6" * 32, *files(made, "pia"))
    assert (ahead.code, ahead.out) == (2, "")
    assert "M-006 cannot be reckoned: the record says no stratum of M-005 before it" in ahead.err
    randomise("participant:" + "5" * 32, "M-005", "S02/male")
    enter("participant:" + "5" * 32, "randomisation", {"number": "M-005", "stratum": "S01/female"})
    assert used_strata()["M-005"] == "S02/male"  # the first word on it stands
    fine = run_as(run, opened, keys, "pia", "open", "participant:" + "6" * 32, *files(made, "pia"), "--json")
    assert fine.json["arm"] in ("mdma", "placebo")


@pytest.mark.requirement("R25")
def test_after_the_lock_all_is_reckoned_again(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """R25: the draws are those that the sealed seed makes, and the arms those that follow from them."""
    from entact.course.allocation.allocation import ListRow
    from entact.course.allocation.minimisation import draw_of, replay
    from entact.store.reckoned import minimising

    locked = run("cut", "make", "final", *LOCK, "--by", "stat", *key_options(keys, opened, "stat"))
    assert locked.code == 0
    asked = ["--out", tmp_path / "list.json", "--proof", tmp_path / "proof.html"]
    done = run_as(run, opened, keys, "pia", "reveal", *files(made, "pia"), *asked)
    assert "made again from the seed that was sealed with it" in done.out
    found = json.loads((tmp_path / "list.json").read_text())
    plan = minimising()
    assert plan is not None
    draws = [draw_of(ListRow(**row)) or 0 for row in found["list"]]
    strata = [*PEOPLE.values(), "S02/male", "S02/male"]
    assert list(found["assigned"].values()) == replay(plan, strata, draws[:6])
    assert "participant:" not in (tmp_path / "proof.html").read_text()
