"""Rules in words, by hand; and that no rule of a shipped study is without them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol import Release, load_study, shipped_studies
from entact.protocol.names import EVENT, PERSON, STUDY
from entact.protocol.rule import Vocabulary
from entact.protocol.words import Labels, rule_words
from entact.protocol.words.label import COUNTS, FACTS, abbreviated, begun


@pytest.fixture(scope="module")
def labels() -> Labels:
    return Labels(load_study("mapp1").newest.forms)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("vitals.systolic <= 140.0", "systolic (vital signs) is at most 140 mmHg"),
        ("140.0 >= vitals.systolic", "systolic (vital signs) is at most 140 mmHg"),
        ("!(vitals.systolic > 140.0)", "systolic (vital signs) is at most 140 mmHg"),
        (
            "vitals.systolic <= 140.0 && vitals.temperature < 38.5",
            "systolic (vital signs) is at most 140 mmHg and temperature is below 38.5 °C",
        ),
        ("drug_screen.negative", "negative (urine drug screen) is yes"),
        ("drug_screen.negative == false", "negative (urine drug screen) is no"),
        ("drug_screen.negative != false", "negative (urine drug screen) is yes"),
        ("!!drug_screen.negative", "negative (urine drug screen) is yes"),
        ("participant.sex == 'male'", "sex (participant) is male"),
        ("participant.sex in ['male', 'female']", "sex (participant) is one of male, female"),
        ("!(participant.sex in ['male'])", "sex (participant) is none of male"),
        (
            "!participant.childbearing_potential || pregnancy_test.negative",
            "childbearing potential (participant) is no or negative (pregnancy test) is yes",
        ),
        (
            "!(participant.childbearing_potential && pregnancy_test.negative)",
            "childbearing potential (participant) is no or negative (pregnancy test) is no",
        ),
        (
            "drug_screen.negative && (!participant.childbearing_potential || pregnancy_test.negative)",
            "negative (urine drug screen) is yes, and either childbearing potential (participant) is no or "
            "negative (pregnancy test) is yes",
        ),
        (
            "vitals.systolic > 9.0 || drug_screen.negative && pregnancy_test.negative",
            "systolic (vital signs) is above 9 mmHg, or negative (urine drug screen) is yes and negative "
            "(pregnancy test) is yes",
        ),
        ("present('therapist') >= 2", "at least 2 therapists are in the room"),
        ("present('medical_monitor') < 1", "fewer than 1 medical monitor is in the room"),
        ("given('initial')", "the initial dose was given at this visit"),
        ("!given('supplement')", "the supplement dose was not given at this visit"),
        ("elapsed('initial') >= duration('8h')", "at least 8 h have passed since the initial dose"),
        ("elapsed('initial') < duration('1h30m')", "less than 90 min have passed since the initial dose"),
        ("doses() <= 2", "at most 2 sessions had a dose"),
        (
            "baseline.caps5_past_month.total - caps5_past_month.total >= 10",
            "total (CAPS-5) at baseline minus total is at least 10",
        ),
        ("vitals.systolic - (vitals.diastolic - 5.0)", "systolic (vital signs) minus (diastolic minus 5)"),
        ("double(participant.age) / 2.0", "age (participant) divided by 2"),
        ("drug_screen.negative ? 1 : 0", "1 if negative (urine drug screen) is yes, else 0"),
        ("event.serious && !event.expected", "the event is serious and it is unexpected"),
        ("study.deaths >= 1", "the number of deaths in the study is at least 1"),
        (
            "person.doses >= person.planned_doses",
            "the person's number of sessions with a dose is at least the planned number",
        ),
        ("event.special_interest != ''", "the event's kind of special interest is not none"),
    ],
)
def test_a_rule_in_words(labels: Labels, rule: str, words: str) -> None:
    assert rule_words(rule, labels) == words


def test_every_fact_of_rules_has_words() -> None:
    known = {**PERSON, **EVENT, **STUDY}
    assert {name for name, kind in known.items() if kind == "bool"} == FACTS.keys()
    assert {name for name, kind in known.items() if kind != "bool"} == COUNTS.keys()


def rules_of(release: Release) -> Iterator[str]:
    file = release.file
    for gate in file.gates.values():
        yield from filter(None, [gate.applies_when])
        yield from (requirement.require for requirement in gate.require)
    for block in (file.alerts, file.stopping, file.holds, file.reports):
        yield from (one.when for one in block.values())  # type: ignore[attr-defined]
    yield from (one.rule for one in file.eligibility.values() if one.rule)
    yield from (one.rule for one in file.endpoints.values())


@pytest.mark.parametrize("name", shipped_studies())
def test_no_rule_of_a_study_shows_its_signs(name: str) -> None:
    release = load_study(name).newest
    known = Labels(release.forms)
    told = {rule: rule_words(rule, known) for rule in rules_of(release)}
    assert len(told) > 10
    for rule, words in told.items():
        assert not any(sign in words for sign in ("&&", "||", "==", ">=", "<=", "_", "'initial'")), (
            rule,
            words,
        )
        assert words == rule_words(rule, known)


def test_titles_are_shortened_where_they_say_how() -> None:
    assert abbreviated("Some Scale (C-SSRS), lifetime") == "C-SSRS, lifetime"
    assert abbreviated("Vital signs") == "Vital signs"
    assert begun("systolic") == "Systolic"
    assert begun("QTc above") == "QTc above"


COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
COUNT = Vocabulary({"participant.age": "int"})


def answers(rule: str) -> list[object]:
    return [COUNT.compile(rule).evaluate({"participant.age": age}) for age in (2, 3, 4)]


@pytest.mark.parametrize("sign", COMPARISONS)
def test_words_of_a_turned_or_denied_comparison_are_those_of_the_same_comparison(
    labels: Labels, sign: str
) -> None:
    """Two rules with the same words have the same answers, by the engine that evaluates them."""
    said = {rule_words(f"participant.age {one} 3", labels): f"participant.age {one} 3" for one in COMPARISONS}
    assert len(said) == len(COMPARISONS)
    for rule in (f"!(participant.age {sign} 3)", f"3 {sign} participant.age", f"!(3 {sign} participant.age)"):
        assert answers(said[rule_words(rule, labels)]) == answers(rule), rule


LEAVES = (
    "drug_screen.negative",
    "pregnancy_test.negative",
    "vitals.systolic > 140.0",
    "participant.age >= 18",
)
DENIED = (
    "!drug_screen.negative",
    "!pregnancy_test.negative",
    "vitals.systolic <= 140.0",
    "participant.age < 18",
)
Logic = tuple[str, str]  # an expression, and its denial written out with `!` at the leaves alone


def joined(sign: str, parts: list[Logic]) -> Logic:
    other = {"&&": "||", "||": "&&"}[sign]
    return (
        f" {sign} ".join(f"({said})" for said, _ in parts),
        f" {other} ".join(f"({denied})" for _, denied in parts),
    )


logic = st.recursive(
    st.sampled_from(list(zip(LEAVES, DENIED, strict=True))),
    lambda inner: st.builds(joined, st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=6,
)


@given(logic)
def test_what_does_not_hold_is_said_by_de_morgan(pair: Logic) -> None:
    said, denied = pair
    known = Labels(load_study("mapp1").newest.forms)
    assert rule_words(f"!({said})", known) == rule_words(denied, known)
    assert rule_words(f"!!({said})", known) == rule_words(said, known)
    assert rule_words(said, known) != rule_words(denied, known)
