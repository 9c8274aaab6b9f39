"""Branching logic means the same as the rule that is made of it, or no rule is made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.exchange.redcap.logic import Known, Untold, logic_of, number_of, rule_of

VARIABLES = {
    "smokes": Known("smokes", "boolean"),
    "age": Known("demographics.age", "integer"),
    "weight": Known("weight", "decimal"),
    "pain": Known("pain", "choice", ("0", "1", "2", "3")),
    "where": Known("where", "choices", ("head", "back")),
    "on": Known("on", "date"),
}
NAMED = {known.name: Known(variable, known.kind, known.codes) for variable, known in VARIABLES.items()}


@pytest.mark.parametrize(
    ("logic", "rule"),
    [
        ("[smokes] = '1'", "smokes"),
        ('[smokes]="0"', "!smokes"),
        ("[smokes] <> 1", "!smokes"),
        ("[age] >= 18 and [age]<65", "demographics.age >= 18 && demographics.age < 65"),
        ("18 <= [age]", "demographics.age >= 18"),
        ("[age] > 17.5", "double(demographics.age) > 17.5"),
        ("[weight] < '80'", "weight < 80.0"),
        ("[pain] = '2' or [pain] = '3'", "pain == '2' || pain == '3'"),
        ("[pain] > 1", "pain in ['2', '3']"),
        ("[where(head)] = '1'", "'head' in where"),
        ("[where(back)] = '0'", "!('back' in where)"),
        ("[smokes] = '1' and ([pain] = '1' or [pain] = '2')", "smokes && (pain == '1' || pain == '2')"),
        ("[pain] <> '' and [pain] <> '0'", "pain != '0'"),
        ("[age] > -1", "demographics.age > -1"),
    ],
)
def test_a_condition_is_a_rule(logic: str, rule: str) -> None:
    assert rule_of(logic, VARIABLES) == rule


@pytest.mark.parametrize(
    ("logic", "why"),
    [
        ("[pain] = ''", "unknown is not false"),
        ("[pain] <> ''", "unknown is not false"),
        ("[smokes] = '1' or [pain] <> ''", "unknown is not false"),
        ("[baseline_arm_1][pain] = '1'", "names another event"),
        ("[user-name] = 'x'", "smart variable"),
        ("[later] = '1'", "does not stand above"),
        ("datediff([on], 'today', 'y') > 18", "functions"),
        ("[on] > '2020-01-01'", "is a date"),
        ("[pain] = '7'", "has no code '7'"),
        ("[pain] >= 0", "every code"),
        ("[where(neck)] = '1'", "has no box 'neck'"),
        ("[smokes] = '2'", "is yes or no"),
        ("[age] = 'old'", "is a number"),
        ("([smokes] = '1'", "ends too early"),
        ("[smokes] = '1') and", "not understood there"),
        ("[smokes]", "ends too early"),
        ("[smokes] = '1' {", "is not understood"),
    ],
)
def test_what_would_mean_something_else_is_refused(logic: str, why: str) -> None:
    with pytest.raises(Untold, match=why):
        rule_of(logic, VARIABLES)


@pytest.mark.parametrize(
    ("calculation", "rule"),
    [
        ("[weight] * 2 + [age]", "weight * 2.0 + double(demographics.age)"),
        ("([weight] - 3) / 2", "(weight - 3.0) / 2.0"),
    ],
)
def test_a_calculation_is_a_rule(calculation: str, rule: str) -> None:
    assert number_of(calculation, VARIABLES) == rule


@pytest.mark.parametrize(
    "calculation", ["round([weight], 1)", "[weight] / [age]", "sum([weight], 1)", "[pain] * 2"]
)
def test_functions_and_quotients_that_may_fail_are_not(calculation: str) -> None:
    with pytest.raises(Untold):
        number_of(calculation, VARIABLES)


ATOMS = st.sampled_from(
    [
        *("smokes", "!smokes", "'head' in where", "pain == '2'", "pain != '0'", "weight <= 80.5"),
        *("demographics.age >= 18", "demographics.age != 40"),
    ]
)
RULES = st.recursive(
    ATOMS,
    lambda inner: st.tuples(st.lists(inner, min_size=2, max_size=3), st.sampled_from([" && ", " || "])).map(
        lambda said: said[1].join(f"({one})" for one in said[0])
    ),
    max_leaves=5,
)
ANSWERS = {
    "smokes": st.booleans(),
    "where": st.sampled_from([[], ["head"], ["back", "head"]]),
    "pain": st.sampled_from(["0", "1", "2", "3"]),
    "weight": st.sampled_from([80.0, 80.5, 81.0]),
    "demographics.age": st.sampled_from([17, 18, 40]),
}


@given(RULES, st.fixed_dictionaries(ANSWERS))
def test_a_rule_told_to_redcap_and_taken_back_says_the_same(rule: str, answers: dict[str, object]) -> None:
    from entact.protocol.rule import Vocabulary

    kinds = {
        "boolean": "bool",
        "integer": "int",
        "decimal": "double",
        "choice": "string",
        "choices": "list[string]",
    }
    names = {one.name: kinds[one.kind] for one in VARIABLES.values() if one.kind in kinds}
    vocabulary = Vocabulary(names)  # type: ignore[arg-type]
    again = rule_of(logic_of(rule, NAMED), VARIABLES)
    assert vocabulary.compile(again).evaluate(answers) == vocabulary.compile(rule).evaluate(answers)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["given('initial')", "!(smokes && smokes)", "weight + 1.0 > 3.0"])
def test_rules_for_which_there_are_no_words_are_refused(rule: str) -> None:
    with pytest.raises(Untold):
        logic_of(rule, NAMED)
