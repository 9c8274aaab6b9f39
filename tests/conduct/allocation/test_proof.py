"""A list is proved in a browser: whatever was done to it, or with it, is named."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.conduct.people import client
from tests.console.list_proof import Proof, check, check_all

from entact.course.allocation.allocation import permuted_blocks, seal
from entact.course.allocation.chance import Rehearsed
from entact.store.list_proof import FORMAT
from entact.store.list_use import Use, problems_of_use

START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def at(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


@pytest.fixture(scope="module")
def proof() -> Proof:
    """Of two strata with six rows each; of the first four are used, of the other one."""
    chance = Rehearsed(np.random.default_rng(5))
    rows = permuted_blocks(["S01", "S02"], 6, {"mdma": 1, "placebo": 1}, [2, 4], chance)
    sealed = seal("mini", rows, [], [2, 4], chance)
    texts = [f"{row.number}|{row.stratum}|{row.arm}" for row in rows] + ["method|permuted blocks|2,4"]
    numbers: dict[str, list[str]] = {}
    for row in rows:
        numbers.setdefault(row.stratum, []).append(row.number)
    given = [("S01-001", 1), ("S02-001", 2), ("S01-002", 3), ("S01-003", 4), ("S01-004", 5)]
    return {
        "entact": FORMAT,
        "study": "mini",
        "environment": "training",
        "root": sealed.sealed_list.root,
        "committed_at": at(0),
        "locked_at": at(90_000),
        "release": "mini@1.0",
        "plan": {},
        "numbers": numbers,
        "rows": [
            {"text": text, "salt": opening.salt}
            for text, opening in zip(texts, sealed.sealed_list.openings, strict=True)
        ],
        "used": [{"number": number, "who": who, "at": at(10 * who)} for number, who in given],
        "opened": [{"who": 1, "purpose": "preparation", "at": at(12)}],
        "whole": [
            {"who": 0, "purpose": "code_breaks", "at": at(1)},
            {"who": 0, "purpose": "after_lock", "at": at(90_001)},
        ],
    }


@pytest.mark.requirement("R10")
def test_a_list_that_was_kept_is_called_so(proof: Proof) -> None:
    found = check(proof, proof["root"])
    assert found["problems"] == []
    for words in ("12 rows in 2 strata; 5 of them used", "1 row was opened to prepare a dose", "code-breaks"):
        assert any(words in one for one in found["facts"])


def test_sites_that_are_called_by_a_number_change_nothing() -> None:
    """A script reads the names 10 and 11 before 08 and 09, whatever their order in the file."""
    strata = ["08", "09", "10", "11", "2"]
    chance = Rehearsed(np.random.default_rng(6))
    rows = permuted_blocks(strata, 4, {"mdma": 1, "placebo": 1}, [4], chance)
    sealed = seal("mini", rows, [], [4], chance).sealed_list
    texts = [f"{row.number}|{row.stratum}|{row.arm}" for row in rows] + ["method|permuted blocks|4"]
    proof: Proof = {
        "entact": FORMAT,
        "root": sealed.root,
        "committed_at": at(0),
        "locked_at": at(90),
        "numbers": {one: [row.number for row in rows if row.stratum == one] for one in strata},
        "rows": [
            {"text": text, "salt": opening.salt} for text, opening in zip(texts, sealed.openings, strict=True)
        ],
        "used": [{"number": "10-001", "who": 1, "at": at(10)}],
        "opened": [],
        "whole": [],
    }
    short = json.loads(json.dumps(proof))
    short["numbers"]["10"].append("10-005")
    found, other = check_all([(proof, sealed.root), (short, sealed.root)])
    assert found["problems"] == []
    assert other["problems"] == [
        "row 21 is method|permuted blocks|4, and the order that was committed has no such row",
        "10-005 of 10 is no row of the file",
    ]


def other_arm(proof: Proof) -> None:
    row = proof["rows"][2]
    row["text"] = row["text"].replace("mdma", "X").replace("placebo", "mdma").replace("X", "placebo")


def two_exchanged(proof: Proof) -> None:
    rows = proof["rows"]
    rows[0], rows[1] = rows[1], rows[0]


def later(proof: Proof, number: str, minutes: int) -> None:
    next(one for one in proof["used"] if one["number"] == number)["at"] = at(minutes)


WRONG: dict[str, tuple[Callable[[Proof], object], str]] = {
    "another arm": (other_arm, "a row was changed, added, removed or moved"),
    "two rows exchanged": (two_exchanged, "row 1 is S01-002"),
    "a row removed": (lambda proof: proof["rows"].pop(3), "row 4 is S01-005"),
    "a row added": (lambda proof: proof["rows"].append(proof["rows"][0]), "a row was changed, added"),
    "another salt": (lambda proof: proof["rows"][4].update(salt="00" * 32), "a row was changed, added"),
    "a short salt": (lambda proof: proof["rows"][4].update(salt="00"), "has not its length"),
    "another method": (lambda proof: proof["rows"][12].update(text="method|by hand"), "a row was changed"),
    "the order of numbers": (lambda proof: proof["numbers"]["S01"].reverse(), "row 1 is S01-001"),
    "used out of order": (lambda proof: later(proof, "S01-001", 33), "S01-002 was used out of order"),
    "passed over": (lambda proof: proof["used"].pop(2), "S01-002 was passed over: S01-004 was used"),
    "used twice": (
        lambda proof: proof["used"].append({"number": "S01-004", "who": 6, "at": at(60)}),
        "S01-004 was used twice: for participant 5 and for participant 6",
    ),
    "of no list": (
        lambda proof: proof["used"].append({"number": "R-77", "who": 6, "at": at(60)}),
        "R-77 is no row of the list",
    ),
    "of another stratum": (
        lambda proof: proof["used"][0].update(stratum="S02"),
        "is a row of S01, and participant 1 is of S02",
    ),
    "before it was committed": (
        lambda proof: proof.update(committed_at=at(15)),
        "before the list was committed",
    ),
    "looked at before": (
        lambda proof: proof["opened"].append({"who": 5, "purpose": "preparation", "at": at(49)}),
        "the row of participant 5 was opened",
    ),
    "looked at for nobody": (
        lambda proof: proof["opened"].append({"who": 9, "purpose": "emergency", "at": at(49)}),
        "for participant 9, who had none",
    ),
    "all looked at before the lock": (
        lambda proof: proof["whole"][1].update(at=at(70)),
        "and the study was locked on",
    ),
    "another root": (lambda proof: proof.update(root="00" * 32), "another list than the one"),
    "no time": (lambda proof: proof["used"][0].update(at="yesterday"), "yesterday is no time"),
    "no rows": (lambda proof: proof.update(rows=[]), "cannot be read"),
    "rows of nothing": (lambda proof: proof.update(rows=[None]), "cannot be read"),
    "another format": (lambda proof: proof.update(entact="entact list proof 2"), "is no proof of a list"),
}


def test_whatever_was_done_to_it_is_named(proof: Proof) -> None:
    altered: list[tuple[Any, str]] = []
    for change, _ in WRONG.values():
        copy = json.loads(json.dumps(proof))
        change(copy)
        altered.append((copy, proof["root"]))
    found = check_all([*altered, (None, ""), ([], ""), ("text", "")])
    for (name, (_, words)), said in zip(WRONG.items(), found, strict=False):
        assert any(words in one for one in said["problems"]), (name, said)
    assert all(said["problems"] for said in found)


def test_two_that_were_asked_for_at_once_are_in_order(proof: Proof) -> None:
    together = json.loads(json.dumps(proof))
    later(together, "S01-001", 30)
    later(together, "S01-002", 30)
    together["opened"] = []
    assert check(together)["problems"] == []


def test_of_every_use_the_browser_says_what_the_command_says(proof: Proof) -> None:
    cases, expected = [], []
    chance = random.Random(3)
    numbers = [number for order in proof["numbers"].values() for number in order[:4]]
    for _ in range(300):
        uses = [
            (chance.choice([*numbers, *numbers, "R-77"]), chance.randint(1, 5), at(chance.randint(1, 8)))
            for _ in range(chance.randint(0, 6))
        ]
        uses.sort(key=lambda use: use[2])
        used = [{"number": number, "who": who, "at": when} for number, who, when in uses]
        cases.append(({**proof, "used": used, "opened": []}, ""))
        kept = [Use(number, f"participant {who}", when, "") for number, who, when in uses]
        expected.append(sorted(_plain(one) for one in problems_of_use(proof["numbers"], kept)))
    found = [sorted(_plain(one) for one in said["problems"]) for said in check_all(cases)]
    assert found == expected
    assert sum(map(bool, expected)) > 100
    assert not all(expected)


def _plain(problem: str) -> str:
    return problem.partition(" of participant")[0].replace(" is no row of the list", "")


@pytest.mark.usefixtures("database")
def test_a_record_without_a_list_says_so() -> None:
    answer = client().get("/proof/")
    assert answer.status_code == 200
    assert "No list was sealed" in answer.content.decode()
