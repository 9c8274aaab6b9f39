"""A list for people: it follows from the sealed seed alone, and its length tells no length of a block."""

import secrets
from collections import Counter

import pytest

from entact.course.allocation.allocation import commitment_of, prove, row_of
from entact.course.allocation.chance import Drawn, Replayed
from entact.course.allocation.making import ListPlan, draw_list, import_list, list_again

RATIO = {"active": 1, "control": 1}
PLAN = ListPlan(("S01", "S02"), 11, RATIO, (2, 4))
DRAWN = Drawn(secrets.token_bytes)


def test_the_sealed_seed_makes_the_same_list_again() -> None:
    """R25: whoever opens the seed afterwards makes the list again."""
    made = draw_list("mini", PLAN, DRAWN)
    root = made.sealed_list.root
    said = [prove(made.sealed_list, place, root) for place in range(len(made.sealed_list.rows))]
    *rows, method, seed = said
    assert method == "method|permuted blocks|2,4"
    assert seed.startswith("seed|")
    assert [row_of(text) for text in rows] == made.rows == list_again(PLAN, bytes.fromhex(seed[5:]))
    assert made.rows != draw_list("mini", PLAN, DRAWN).rows


def test_a_stratum_has_exactly_the_rows_that_were_asked_for_with_numbers_in_order() -> None:
    made = draw_list("mini", PLAN, DRAWN)
    numbers = commitment_of(made, "production")["numbers"]
    assert numbers == {site: [f"{site}-{place:03d}" for place in range(1, 12)] for site in ("S01", "S02")}
    assert not made.simulated


def test_a_stratum_of_words_has_numbers_that_can_stand_on_a_label() -> None:
    made = draw_list("mini", ListPlan(("S01 severe female",), 3, RATIO, (2,)), DRAWN)
    assert [row.number for row in made.rows] == ["L01-001", "L01-002", "L01-003"]


def test_chance_of_a_seed_is_even_and_the_same_however_it_is_asked() -> None:
    one, other = Replayed(bytes(32)), Replayed(bytes(32))
    assert one.bytes(3000) == b"".join(other.bytes(1) for _ in range(3000))
    counted = Counter(Replayed(bytes(range(32))).shuffled(6)[0] for _ in range(3))
    assert len(counted) == 1  # the same seed, the same order
    first = Counter(
        list_again(ListPlan(("S01",), 1, RATIO, (4,)), seed.to_bytes(32, "big"))[0].arm for seed in range(800)
    )
    assert abs(first["active"] / 800 - 0.5) < 4 * 0.5 / 800**0.5
    with pytest.raises(ValueError, match="32 bytes"):
        Replayed(b"short")


@pytest.mark.parametrize(
    "plan",
    [
        ListPlan((), 4, RATIO, (2,)),
        ListPlan(("S01",), 0, RATIO, (2,)),
        ListPlan(("S01", "S01"), 4, RATIO, (2,)),
        ListPlan(("S|01",), 4, RATIO, (2,)),
        ListPlan(("S01",), 4, RATIO, (3,)),
    ],
)
def test_a_plan_of_which_no_list_can_be_made_is_refused(plan: ListPlan) -> None:
    with pytest.raises(ValueError, match=r"list of|named twice|multiples"):
        draw_list("mini", plan, DRAWN)


GOOD = "number,stratum,arm\nR-001,S01,active\nR-002,S01,control\n"


def test_a_statisticians_list_is_sealed_as_it_is() -> None:
    made = import_list(
        "mini",
        "\ufeffStratum,Number,Arm\r\nS01,R-001,active\r\n\r\nS01,R-002,control\r\n",
        RATIO,
        ["S01"],
        DRAWN,
    )
    assert [(row.number, row.arm) for row in made.rows] == [("R-001", "active"), ("R-002", "control")]
    assert prove(made.sealed_list, 2, made.sealed_list.root).startswith("method|imported|sha256 ")
    assert commitment_of(made, "production")["numbers"] == {"S01": ["R-001", "R-002"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("arm", "group"), "line 1: the columns are number, stratum, group"),
        ("", "line 1: the columns are none"),
        (GOOD.replace("control", "contrl"), "line 3, arm: 'contrl'; the study has active, control"),
        (GOOD.replace("R-002,S01", "R-002,S09"), "line 3, stratum: 'S09'"),
        (GOOD.replace("R-002", "r-001"), "line 3, number: r-001 stands in line 2 too"),
        (GOOD.replace("R-002", "R-001"), "line 3, number: R-001 stands in line 2 too"),
        (
            GOOD.replace("R-002", "Ada Lovelace"),
            "line 3, number: 'Ada Lovelace' is not written like a number",
        ),
        (GOOD + "R-003,S01\n", "line 4: 2 cells under 3 columns"),
        ("number,stratum,arm\n", "no row for the stratum 'S01'"),
    ],
)
def test_what_is_no_list_of_the_study_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        import_list("mini", text, RATIO, ["S01"], DRAWN)
