"""All faults of a file at once, whichever round of reading finds them, and nothing that follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations

import pytest

from entact.protocol.partial import read_partly
from entact.protocol.problem import Fault
from entact.protocol.source import read_source

# Edits in different blocks, each found in another round: YAML, types, names, the rules, what they reach.
EDITS = {
    "a key twice": ("phase: 2\n", "phase: 2\nphase: 3\n"),
    "a decimal comma": ("initial: 2 x 60 mg, supp", "initial: 2 x 62,5 mg, supp"),
    "no number": ("planned: 8", "planned: eight"),
    "no window": ("within: 18 .. 34 d", "within: 18 - 34 d"),
    "no such role": ("role: therapist, hidden", "role: nurse, hidden"),
    "no such arm": ("placebo: 1}, method", "placebo: 1, sham: 1}, method"),
    "no such unit": ("unit: Cel", "unit: °C"),
    "no such country": ("country: IL", "country: Israel"),
    "no such name in a rule": ("vitals.systolic <= 160.0", "vitals.sistolic <= 160.0"),
    "no such code": ("demographics.age >= 18", "demographics.sex == 'f'"),
    "yes in a rule": ("|| suicidality.behaviour", "|| suicidality.behaviour == 'yes'"),
    "no such estimand": ("estimand: de_jure", "estimand: de_jur"),
    "no such term": ("solicited: [nausea, euphoria]", "solicited: [nausea, euphory]"),
}


def messages(problems: list[str]) -> set[str]:
    """Problems without line and column, which an edit above moves."""
    return {re.sub(r"^study\.yaml(:\d+:\d+)? ?", "", problem) for problem in problems}


@pytest.mark.parametrize(("one", "other"), [*combinations(EDITS, 2)])
def test_two_faults_are_told_at_once(
    one: str, other: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    alone = [messages(problems_of(mini.replace(*EDITS[name]))) for name in (one, other)]
    both = mini.replace(*EDITS[one]).replace(*EDITS[other])
    assert messages(problems_of(both)) == alone[0] | alone[1]


def test_all_of_them_are_told_at_once_each_at_its_line(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text, alone = mini, set()
    for old, new in EDITS.values():
        alone |= messages(problems_of(mini.replace(old, new)))
        text = text.replace(old, new)
    found = problems_of(text)
    assert messages(found) == alone
    lines = text.splitlines()
    assert "°C" in lines[int(next(one for one in found if "°C" in one).split(":")[1]) - 1]
    assert "'yes'" in lines[int(next(one for one in found if ".when: ==" in one).split(":")[1]) - 1]


def test_what_follows_from_a_fault_is_not_told(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    """A form that is left out takes along the visits that do it, the rules that name it, and the endpoint."""
    text = mini.replace("      total:     {type: integer, range: 0 .. 80}", "      total:     {type: integr}")
    assert messages(problems_of(text)) == {
        "forms.symptoms.items.total.type: there is no value 'integr'; did you mean 'integer'?"
    }
    text = mini.replace("  - visit: session_1\n", "  - visit: Session 1\n")
    (found,) = messages(problems_of(text))
    assert found.startswith("schedule.Session 1.visit: 'Session 1' is no name; write 'session_1'")


def test_a_block_that_is_missing_keeps_no_other_fault_back(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("title: A small study for tests\n", "").replace("country: IL", "country: Israel")
    assert messages(problems_of(text)) == {
        ":1:1 title: is missing; write 'title: …'".partition(" ")[2],
        "sites.haifa.country: there is no country 'Israel'; did you mean 'IL'?",
    }


def test_of_a_file_without_its_forms_or_schedule_nothing_more_is_said(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    for block in ("forms", "schedule", "arms"):
        text = re.sub(rf"^{block}:\n(?:[ #].*\n|\n)*", "", mini, flags=re.MULTILINE)
        (found,) = messages(problems_of(text))
        assert found == f"{block}: is missing; write '{block}: …'"


def test_faults_of_the_rest_are_placed_in_the_whole(mini: str) -> None:
    data = read_source(mini.encode(), "study.yaml").data
    rest = read_partly(data, [("schedule", 0), ("schedule", 2), ("blinding",)])
    assert rest is not None
    assert [visit["visit"] for visit in rest.data["schedule"]][:2] == ["preparation_1", "preparation_2"]
    assert rest.placed(Fault(("schedule", 1, "within"), "")).path == ("schedule", 3, "within")
    assert rest.placed(Fault(("forms", "vitals"), "")).path == ("forms", "vitals")


def test_what_is_left_out_in_a_later_round_is_placed_in_the_whole(mini: str) -> None:
    data = read_source(mini.encode(), "study.yaml").data
    data["schedule"][3]["within"] = ["no window"]
    data["schedule"][5]["kind"] = "none"
    data["forms"]["vitals"] = "no form"
    rest = read_partly(data, [("schedule", 0), ("schedule", 2), ("languages",)])
    assert rest is not None
    assert rest.left_out == [
        ("schedule", 2),
        ("schedule", 0),  # and from here on each visit stands elsewhere than it did
        ("forms", "vitals"),
        ("schedule", 5, "kind"),
        ("schedule", 3, "within"),
    ]
    visits = {visit["visit"]: visit for visit in rest.data["schedule"]}
    assert "within" not in visits["preparation_2"]
    assert "kind" not in visits["integration_1"]


def test_a_fault_in_an_instrument_is_not_told_of_its_forms(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    own = (
        "instruments:\n  calm:\n    {instrument: calm, title: Calm, recall: today, licence: ours,\n"
        "     items: [{names: c1 .. c3, type: integer, range: 0 .. 4}],\n"
        "     scores: {total: {sum: c1 .. c3, may_miss: 1}, much: {rule: total >= 8}}}\nforms:\n"
        "  serene: {instrument: calm}\n"
    )
    text = mini.replace("\nforms:\n", f"\n{own}").replace("do: [symptoms]}", "do: [symptoms, serene]}", 1)
    text = text.replace('value: "symptoms.total - ', 'value: "serene.total - ')
    (found,) = problems_of(text)
    assert "instruments.calm.scores.much" in found
    assert "write 8.0" in found


@pytest.mark.parametrize(
    ("block", "field"),
    [("method: permuted_blocks", "method"), ("strata: [site]", "strata"), ("at: enrolment", "at")],
)
def test_a_fault_in_a_field_keeps_back_no_other_that_says_the_same_word(
    block: str, field: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    edits = (block, f"{field}: nonsense"), ("vitals.systolic <= 160.0", f"vitals.{field} <= 160.0")
    alone = [messages(problems_of(mini.replace(*edit))) for edit in edits]
    assert all(alone)
    assert messages(problems_of(mini.replace(*edits[0]).replace(*edits[1]))) == alone[0] | alone[1]
