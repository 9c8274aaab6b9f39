"""Slips of the pen in YAML: a missing colon is told as that, a decimal comma too, each at its place.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from entact.protocol.slips import decimal_comma, without_value

COLON = {
    "of a text": (
        "condition: PTSD",
        "§condition PTSD",
        ": 'condition' lacks its colon; write 'condition: PTSD'",
    ),
    "of the first key": ("study: mini", "§study mini", ": 'study' lacks its colon; write 'study: mini'"),
    "of the last key": (
        "  primary: {endpoint: change",
        "  §primary {endpoint: change",
        ": 'primary' lacks its colon; write 'primary: {endpoint: change, estimand: de_jure, se…'",
    ),
    "of a block": ("arms:\n", "§arms\n", ": 'arms' lacks its colon; write 'arms:'"),
    "of a named block": (
        "  initial_dose:\n",
        "  §initial_dose\n",
        ": 'initial_dose' lacks its colon; write 'initial_dose:'",
    ),
    "before a brace": (
        "  readiness: {items:",
        "  §readiness {items:",
        ": 'readiness' lacks its colon; write 'readiness: {items: {oriented: {type: boolean}, esco…'",
    ),
    "before a bracket": (
        "    do: [suicidality, pregnancy_test",
        "    §do [suicidality, pregnancy_test",
        ": 'do' lacks its colon; write 'do: [suicidality, pregnancy_test, dose, gues…'",
    ),
    "of a window": (
        "    within: 1 .. 7 d\n",
        "    §within 1 .. 7 d\n",
        ": 'within' lacks its colon; write 'within: 1 .. 7 d'",
    ),
    "of a member of a list": (
        "  - visit: session_1\n",
        "  - §visit session_1\n",
        ": 'visit' lacks its colon; write 'visit: session_1'",
    ),
    "space after it": (
        "study: mini",
        "§study:mini",
        ": 'study' lacks the space after its colon; write 'study: mini'",
    ),
    "space after it, with a comment": (
        "doses: 1\n",
        "§doses:1   # of the main track\n",
        ": 'doses' lacks the space after its colon; write 'doses: 1'",
    ),
    "another sign": ("doses: 1\n", "§doses = 1\n", ": 'doses' has '=' instead of a colon; write 'doses: 1'"),
    "within braces": (
        "nausea:    {title: Nausea}",
        "nausea:    {§title Nausea}",
        "adverse_events.terms.nausea.title: 'title' lacks its colon; write 'title: Nausea'",
    ),
    "space within braces": (
        "nausea:    {title: Nausea}",
        "nausea:    {§title:Nausea}",
        "adverse_events.terms.nausea.title: 'title' lacks the space after its colon; write 'title: Nausea'",
    ),
}

COMMA = {
    "of a strength": (
        "strengths: [40 mg, 60 mg]",
        "strengths: [§62,5 mg, 60 mg]",
        "products.capsule.strengths[1]: a decimal comma; write 62.5 mg, with a point",
    ),
    "of a dose": (
        "full: {initial: 2 x 60 mg",
        "full: {initial: §2 x 62,5 mg",
        "regimens.full.initial: a decimal comma; write initial: 2 x 62.5 mg, with a point",
    ),
    "of a number": (
        "information: 0.6",
        "information: §0,6",
        "analysis.interim.information: a decimal comma; write information: 0.6, with a point",
    ),
    "of a range": (
        "unit: Cel, range: 30 .. 45",
        "unit: Cel, range: §30,5 .. 45",
        "forms.vitals.items.temperature.range: a decimal comma; write range: 30.5 .. 45, with a point",
    ),
    "outside braces": (
        "half_lives: 5",
        "half_lives: §5,5",
        "washout.half_lives: '5,5' is not a number; there is no decimal comma here; write 5.5",
    ),
    "in a rule": (
        "vitals.systolic <= 140.0 &&",
        "vitals.systolic <= 140§,0 &&",
        "gates.initial_dose.require[2].require: a decimal comma is no part of rules; write 140.0",
    ),
}

NUMBERS = {
    "thousands with a point": ("planned: 8", "planned: §1.000", "1.000 is not a whole number; write 1000"),
    "thousands with a line": ("planned: 8", "planned: §1_000", "'1_000' is not a whole number; write 1000"),
    "an exponent": ("planned: 8", "planned: §1e3", "1e3 is not a whole number; write 1000"),
    "a word behind": ("planned: 8", "planned: §8 people", "'8 people' is not a whole number; write 8"),
    "a word": ("planned: 8", "planned: §eight", "'eight' is not a whole number; write one in digits"),
    "quotes": ("planned: 8", 'planned: §"8"', "'8' is not a whole number; write one without quotes"),
    "a half": ("planned: 8", "planned: §8.5", "8.5 is not a whole number; write one in digits"),
}


@pytest.mark.parametrize(
    ("old", "new", "message"), [pytest.param(*case, id=name) for name, case in (COLON | COMMA).items()]
)
def test_a_slip_is_told_as_what_it_is(
    edit_gives: Callable[[str, str, str], None], old: str, new: str, message: str
) -> None:
    edit_gives(old, new, message)


@pytest.mark.parametrize(
    ("old", "new", "said"), [pytest.param(*case, id=name) for name, case in NUMBERS.items()]
)
def test_a_number_is_offered_in_digits(
    edit_gives: Callable[[str, str, str], None], old: str, new: str, said: str
) -> None:
    edit_gives(old, new, f"populations.patient.planned: {said}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("yes", "true"), ("no", "false"), ("on", "true"), ("1", "true"), ("maybe", "one of them")],
)
def test_a_truth_is_offered_as_yaml_has_it(
    mini: str, problems_of: Callable[[str], list[str]], written: str, meant: str
) -> None:
    (found,) = problems_of(mini.replace("lasting: true", f"lasting: {written}"))
    assert found.endswith(f"is neither true nor false; write {meant} without quotes")


@pytest.mark.parametrize(
    "text",
    ["    within: 1 .. 7 d\n   after: x\n", "title: a: b\n", "a: [1, 2\nb: 3\n"],
)
def test_what_lacks_no_colon_is_not_told_so(text: str, problems_of: Callable[[str], list[str]]) -> None:
    assert "colon" not in problems_of(text)[0].replace("a ': '", "")


NEW_KEY = "has no value; a comma within { } begins a new key: put a text that has one in quotes"
NO_VALUE = "has no value; write one, or take the key out"
KEYS: list[tuple[str, tuple[str, str] | None, bool, str, str | None]] = [
    ("5", ("x", "62"), True, "a decimal comma; write x: 62.5, with a point", "x"),
    ("5", ("x", "-62"), True, "a decimal comma; write x: -62.5, with a point", "x"),
    ("5", ("x", "2 x 62"), True, "a decimal comma; write x: 2 x 62.5, with a point", "x"),
    ("5", ("x", "mg"), True, f"'5' {NEW_KEY}", None),
    ("5", None, True, f"'5' {NEW_KEY}", None),
    ("5", ("x", "62"), False, f"'5' {NO_VALUE}", None),
    ("five", ("x", "62"), True, f"'five' {NEW_KEY}", None),
    (
        "and supper",
        ("note", "rest"),
        True,
        f"'and supper' {NEW_KEY}, or write 'and: supper' where a colon is missing",
        None,
    ),
    ("and supper", None, True, "'and' lacks its colon; write 'and: supper'", "and"),
    ("and supper", ("note", "rest"), False, f"'and supper' {NO_VALUE}", None),
    ("a:b", ("x", "y"), True, "'a' lacks the space after its colon; write 'a: b'", "a"),
    ("a=b", None, True, "'a' has '=' instead of a colon; write 'a: b'", "a"),
    ("a:b", None, False, f"'a:b' {NO_VALUE}", None),
]


@pytest.mark.parametrize(("key", "before", "in_flow", "message", "meant"), KEYS)
def test_a_key_without_a_value_is_what_somebody_meant_by_it(
    key: str, before: tuple[str, str] | None, in_flow: bool, message: str, meant: str | None
) -> None:
    assert without_value(key, before, in_flow=in_flow) == (message, meant)


@pytest.mark.parametrize(
    ("one", "other", "between", "is_comma"),
    [
        ("62", "5 mg", ",", True),
        ("-62", "5 mg", ",", True),
        ("62", "5 mg", ", ", False),
        ("62", "5", ",", False),
        ("62.1", "5 mg", ",", False),
        ("mg", "5 mg", ",", False),
        ("62", "mg", ",", False),
        ("mg", "mg", "", False),
    ],
)
def test_two_members_of_a_list_were_one_number_where_a_comma_alone_stands_between_them(
    one: str, other: str, between: str, is_comma: bool
) -> None:
    said = f"a decimal comma; write {one}.{other}, with a point"
    assert decimal_comma(one, other, between) == (said if is_comma else None)
