"""Rules that lead nowhere for any possible answer: what is said, and that nothing else is said.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.protocol import load_study, shipped_studies
from entact.protocol.extent import Extent, Numbers, Texts, Truth
from entact.protocol.reach import narrowed
from entact.protocol.rule import Unknown, Vocabulary
from entact.protocol.tree import parse

ADULT = 'rule: "demographics.age >= 18"'
IDEATION = 'when: "suicidality.ideation >= 4 || suicidality.behaviour"'
READY = '- {require: "readiness.oriented && readiness.escort"'
SETS = '  sets: {mitt: "Randomised, dosed, and rated at least once after the dose"}'
ROLES = "roles: {investigator"
NO_VALUES = "nothing can open this gate: no possible values meet it"


def sets(rule: str) -> str:
    return f"  sets: {{mitt: {{text: women, rule: {rule}}}}}"


CODES = {
    "criterion": (
        ADULT,
        "rule: demographics.sex == §'femal'",
        "eligibility.adult.rule: there is no code of demographics.sex 'femal'; did you mean 'female'?",
    ),
    "turned round, in a gate": (
        READY,
        "- {require: \"§'m' == demographics.sex\"",
        "gates.discharge.require[2].require: there is no code of demographics.sex 'm'; write one of: "
        "female, male",
    ),
    "not equal, in an alert": (
        IDEATION,
        "when: demographics.sex != §'men' && suicidality.behaviour",
        "alerts.ideation.when: there is no code of demographics.sex 'men'; write one of: female, male",
    ),
    "member of a list, in a condition of a gate": (
        "applies_when: \"given('initial')\"",
        "applies_when: \"given('initial') && demographics.sex in ['female', §'Male']\"",
        "gates.discharge.applies_when: there is no code of demographics.sex 'Male'; did you mean 'male'?",
    ),
    "endpoint": (
        'value: "!symptoms.diagnosis && symptoms.total <= 11"',
        "value: demographics.sex == §'femal' && symptoms.total <= 11",
        "endpoints.remission.value: there is no code of demographics.sex 'femal'; did you mean 'female'?",
    ),
    "analysis set": (
        SETS,
        sets("demographics.sex == §'femal'"),
        "analysis.sets.mitt.rule: there is no code of demographics.sex 'femal'; did you mean 'female'?",
    ),
    "population of an analysis set": (
        SETS,
        sets("person.population == §'patients'"),
        "analysis.sets.mitt.rule: there is no population 'patients'; did you mean 'patient'?",
    ),
    "stopping rule": (
        ROLES,
        "stopping: {one: {title: One, when: demographics.sex == §'femal'}}\nroles: {investigator",
        "stopping.one.when: there is no code of demographics.sex 'femal'; did you mean 'female'?",
    ),
    "quota": (
        ROLES,
        "quotas: {one: {most: 4, when: demographics.sex == §'femal'}}\nroles: {investigator",
        "quotas.one.when: there is no code of demographics.sex 'femal'; did you mean 'female'?",
    ),
    "term of a report": (
        ROLES,
        "reports: {one: {title: One, when: event.term == §'nausia', within: 7 d, to: FDA}}\n"
        "roles: {investigator",
        "reports.one.when: there is no event term 'nausia'; did you mean 'nausea'?",
    ),
    "special interest of a report": (
        ROLES,
        "reports: {one: {title: One, when: event.special_interest == §'abuse', within: 7 d, to: FDA}}\n"
        "roles: {investigator",
        "reports.one.when: there is no kind of special interest 'abuse'; write one of: abuse potential, "
        "suicidality",
    ),
    "what a choice between two gives": (
        ADULT,
        "rule: \"(demographics.age >= 65 ? 'old' : 'young') == §'ancient'\"",
        "eligibility.adult.rule: there is no code of this 'ancient'; write one of: old, young",
    ),
}

NUMBERS = {
    "age of nobody": (
        ADULT,
        'rule: "demographics.age >= §210"',
        "eligibility.adult.rule: 210 is beyond what demographics.age can be, 18 to 100: this always comes "
        "out the same",
    ),
    "limit of a gate that closes for nobody": (
        "vitals.systolic <= 140.0 && vitals.diastolic <= 90.0",
        "vitals.systolic <= §1400.0 && vitals.diastolic <= 90.0",
        "gates.initial_dose.require[2].require: 1400 is beyond what vitals.systolic can be, 50 to 300: this "
        "always comes out the same",
    ),
    "limit of an alert beyond the range": (
        "vitals.systolic >= 180.0 || vitals.diastolic >= 110.0",
        "vitals.systolic >= 180.0 || vitals.diastolic >= §1100.0",
        "alerts.hypertension.when: 1100 is beyond what vitals.diastolic can be, 30 to 200: this always comes "
        "out the same",
    ),
    "below the range, turned round": (
        ADULT,
        'rule: "§7 <= demographics.age"',
        "eligibility.adult.rule: 7 is beyond what demographics.age can be, 18 to 100: this always comes out "
        "the same",
    ),
    "more sessions than there are": (
        READY,
        '- {require: "doses() >= §3"',
        "gates.discharge.require[2].require: 3 is beyond what doses() can be, 0 to 1: this always comes out "
        "the same",
    ),
    "fewer than nobody": (
        "present('therapist') >= 2",
        "present('therapist') >= §-2",
        "gates.initial_dose.require[3].require: -2 is beyond what present('therapist') can be, at least 0: "
        "this always comes out the same",
    ),
    "as many as nobody": (
        "\"present('therapist') >= 2\"",
        "§\"present('therapist') >= 0\"",
        "gates.initial_dose.require[3].require: holds whatever happens, so it keeps nobody out",
    ),
    "equal to what is beyond": (
        IDEATION,
        'when: "suicidality.ideation == §9 || suicidality.behaviour"',
        "alerts.ideation.when: 9 is beyond what suicidality.ideation can be, 0 to 5: this always comes out "
        "the same",
    ),
    "difference of what is measured": (
        'value: "!symptoms.diagnosis && symptoms.total <= 11"',
        'value: "baseline.symptoms.total - symptoms.total >= §100"',
        "endpoints.remission.value: 100 is beyond what this can be, -80 to 80: this always comes out the "
        "same",
    ),
}

NOWHERE = {
    "gate that nothing opens": (
        READY,
        '- {require: §"suicidality.ideation > 5"',
        f"gates.discharge.require[2].require: {NO_VALUES}",
    ),
    "gate that contradicts itself": (
        '"vitals.systolic <= 160.0", within',
        '§"vitals.systolic <= 100.0 && vitals.systolic >= 110.0", within',
        f"gates.supplement.require[1].require: {NO_VALUES}",
    ),
    "requirements that contradict each other": (
        "- {require: \"elapsed('initial') <= duration('2h')\"",
        '- {require: §"vitals.systolic > 160.0", within: 30 min, else: too low}\n'
        "      - {require: \"elapsed('initial') <= duration('2h')\"",
        "gates.supplement.require[2].require: contradicts the requirements above: no possible values meet "
        "all of them",
    ),
    "time that is over before it begins": (
        "- {require: \"elapsed('initial') <= duration('2h')\"",
        "- {require: §\"elapsed('initial') <= duration('90m') && elapsed('initial') > duration('1h30m')\"",
        f"gates.supplement.require[2].require: {NO_VALUES}",
    ),
    "both sexes at once": (
        READY,
        "- {require: §\"demographics.sex == 'male' && demographics.sex == 'female'\"",
        f"gates.discharge.require[2].require: {NO_VALUES}",
    ),
    "gate that is never asked": (
        "applies_when: \"given('initial')\"",
        "applies_when: §\"given('initial') && !given('initial') && demographics.age < 18\"",
        "gates.discharge.applies_when: can never hold, so this gate is never asked",
    ),
    "alert for nobody": (
        IDEATION,
        'when: §"suicidality.ideation > 5"',
        "alerts.ideation.when: can never hold, so nobody is ever called",
    ),
    "alert for everybody": (
        IDEATION,
        'when: §"suicidality.ideation >= 0 || suicidality.behaviour"',
        "alerts.ideation.when: holds of all possible values, so it calls for everybody; say from which "
        "value on",
    ),
    "criterion that nobody meets": (
        ADULT,
        'rule: §"demographics.age > 100"',
        "eligibility.adult.rule: nobody can meet this criterion",
    ),
    "criterion that keeps everybody out": (
        "psychosis: {kind: exclusion, text: A psychotic disorder}",
        'psychosis: {kind: exclusion, text: Age, rule: §"demographics.age <= 100"}',
        "eligibility.psychosis.rule: applies to everybody, so nobody is let in",
    ),
    "endpoint that is alike for all": (
        'value: "!symptoms.diagnosis && symptoms.total <= 11"',
        'value: §"symptoms.total <= 80"',
        "endpoints.remission.value: comes out the same for everybody, whatever is measured",
    ),
    "hold from the beginning": (
        ROLES,
        "holds: {one: {title: One, when: §study.deaths >= 0, stops: [dosing], lifted_by: investigator}}\n"
        "roles: {investigator",
        "holds.one.when: holds from the beginning, before anybody takes part; say from which number on",
    ),
    "quota of nobody": (
        ROLES,
        "quotas: {one: {most: 4, when: §demographics.age < 18}}\nroles: {investigator",
        "quotas.one.when: can never hold, so nobody counts",
    ),
    "set of nobody": (
        SETS,
        sets("§person.doses > 1"),
        "analysis.sets.mitt.rule: nobody can belong to this set",
    ),
    "stopping rule for everybody": (
        ROLES,
        "stopping: {one: {title: One, when: §suicidality.ideation <= 5}}\nroles: {investigator",
        "stopping.one.when: holds of all possible values, so it stops everybody",
    ),
}

FINE = {
    "one beyond the end says the same": (ADULT, 'rule: "demographics.age > 17"'),
    "that it was measured": (READY, '- {require: "suicidality.ideation >= 0"'),
    "an old value and one of today": (
        '- {require: "symptoms.total >= 35", ever: true',
        '- {require: "vitals.systolic <= 100.0", within: 60 min, else: high}\n'
        '      - {require: "vitals.systolic > 100.0", ever: true',
    ),
    "two codes of a list": (ADULT, "rule: \"demographics.sex in ['female', 'male']\""),
    "code of an event without special interest": (
        ROLES,
        "reports: {one: {title: One, when: event.special_interest == '', within: 7 d, to: FDA}}\n"
        "roles: {investigator",
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [pytest.param(*case, id=name) for name, case in (CODES | NUMBERS | NOWHERE).items()],
)
def test_a_rule_that_leads_nowhere_is_found(
    edit_gives: Callable[[str, str, str], None], old: str, new: str, message: str
) -> None:
    edit_gives(old, new, message)


@pytest.mark.parametrize(("old", "new"), [pytest.param(*case, id=name) for name, case in FINE.items()])
def test_a_rule_that_can_come_out_both_ways_is_let_be(mini: str, tmp_path: Any, old: str, new: str) -> None:
    assert mini.count(old) == 1
    path = tmp_path / "study.yaml"
    path.write_text(mini.replace(old, new), encoding="utf-8")
    load_study(path)


@pytest.mark.parametrize("name", shipped_studies())
def test_no_rule_of_a_shipped_study_leads_nowhere(name: str) -> None:
    assert load_study(name).newest.rules.gates


def test_scores_have_ends_too(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = mini.replace(
        "  suicidality: {items:",
        "  pcl5: {instrument: pcl5}\n  bdi2: {instrument: bdi2}\n  suicidality: {items:",
    )
    text = text.replace("do: [symptoms]}\n  - {visit: prep", "do: [symptoms, pcl5, bdi2]}\n  - {visit: prep")
    text = text.replace(
        "  severe: ",
        "  much: {kind: inclusion, text: Much, rule: pcl5.total >= 330}\n"
        "  mood: {kind: exclusion, text: Mood, rule: bdi2.severity == 'sever'}\n  severe: ",
    )
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    assert found == [
        "eligibility.much.rule: 330 is beyond what pcl5.total can be, 0 to 80: this always comes out "
        "the same",
        "eligibility.mood.rule: there is no code of bdi2.severity 'sever'; did you mean 'severe'?",
    ]


def test_the_rules_of_a_study_s_own_instrument_are_looked_at(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    own = (
        "instruments:\n  own:\n    instrument: own\n    title: Own\n    recall: now\n    licence: free\n"
        "    items:\n      - {names: mood, type: choice, of: [good, bad]}\n"
        "      - {names: [a, b], type: integer, range: 0 .. 4}\n"
        "    scores:\n      total: {sum: [a, b]}\n      low: {rule: mood == 'bed' && total >= 3}\n"
        "      high: {rule: total >= 80}\nroles:"
    )
    text = mini.replace("roles:", own, 1).replace(
        "  suicidality: {items:", "  own: {instrument: own}\n  suicidality: {items:"
    )
    text = text.replace("do: [symptoms]}\n  - {visit: prep", "do: [symptoms, own]}\n  - {visit: prep")
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    assert found == [
        "instruments.own.scores.low.rule: there is no code of mood 'bed'; did you mean 'bad'?",
        "instruments.own.scores.high.rule: 80 is beyond what total can be, 0 to 8: this always comes "
        "out the same",
    ]


NAMES: dict[str, tuple[str, Extent]] = {
    "a.age": ("int", Numbers(18, 24, whole=True)),
    "a.dose": ("double", Numbers(-1.0, 2.0)),
    "a.sex": ("string", Texts(frozenset({"f", "m", "x"}))),
    "a.yes": ("bool", Truth()),
}
VOCABULARY = Vocabulary({name: kind for name, (kind, _) in NAMES.items()}, {"given": ["initial"]})  # type: ignore[misc]

numbers = st.integers(15, 27).map(str)
comparison = st.one_of(
    st.tuples(st.sampled_from(["a.age"]), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers),
    st.tuples(
        st.sampled_from(["a.dose", "a.dose * 2.0", "a.dose - 1.5"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from(["-2.0", "-1.0", "0.0", "0.5", "2.0", "4.5"]),
    ),
    st.tuples(st.just("a.sex"), st.sampled_from(["==", "!="]), st.sampled_from(["'f'", "'m'", "'y'"])),
    st.tuples(st.just("a.sex"), st.just("in"), st.sampled_from(["['f']", "['m', 'x']"])),
).map(" ".join)
statement = st.recursive(
    st.one_of(comparison, st.just("a.yes"), st.just("given('initial')")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} ? {three[1]} : {three[2]})"),
    ),
    max_leaves=6,
)


class Given:
    """A dose that was, or was not, given."""

    def __init__(self, given: bool) -> None:
        self.was = given

    def given(self, part: str) -> bool:
        return self.was

    def present(self, role: str) -> int:
        raise NotImplementedError

    def elapsed(self, part: str) -> timedelta:
        raise NotImplementedError

    def doses(self) -> int:
        raise NotImplementedError


@settings(max_examples=200, deadline=None)
@given(
    text=statement,
    age=st.integers(18, 24),
    dose=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0]),
    sex=st.sampled_from(["f", "m", "x"]),
    yes=st.booleans(),
    was=st.booleans(),
)
def test_what_possible_values_give_is_never_called_impossible(
    text: str, age: int, dose: float, sex: str, yes: bool, was: bool
) -> None:
    """The law on which every message of this kind rests: nothing that can happen is denied."""
    rule = VOCABULARY.compile(text)
    answer = rule.evaluate({"a.age": age, "a.dose": dose, "a.sex": sex, "a.yes": yes}, Given(was))
    assert not isinstance(answer, Unknown)
    known = {name: extent for name, (_, extent) in NAMES.items()}
    assert narrowed(parse(text), bool(answer), known) is not None


@pytest.mark.parametrize("said", [True, False])
def test_what_is_said_outright_comes_out_no_other_way(said: bool) -> None:
    rule = parse(str(said).lower())
    assert narrowed(rule, said, {}) == {}
    assert narrowed(rule, not said, {}) is None
