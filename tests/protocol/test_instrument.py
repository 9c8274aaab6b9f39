"""Instruments: scores against another hand's computation, what is missing, and files that are wrong."""

from __future__ import annotations

import itertools
import pickle
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol import instrument as instrument_module
from entact.protocol.instrument import (
    Instrument,
    InstrumentError,
    InstrumentFile,
    load_instrument,
    read_instrument,
    shipped_instruments,
)
from entact.protocol.study import Item

SYMPTOMS = [
    f"{cluster}{n}" for cluster, size in (("b", 5), ("c", 2), ("d", 7), ("e", 6)) for n in range(1, size + 1)
]
IMPAIRMENT = ["distress", "social_impairment", "occupational_impairment"]
DISSOCIATION = ["depersonalisation", "derealisation"]
RATED = [*SYMPTOMS, *IMPAIRMENT, *DISSOCIATION]

QUALIFIED = ["d2", *(f"d{n}" for n in range(4, 8)), *(f"e{n}" for n in range(1, 7))]
RELATIONS = ("definite", "probable", "unlikely")

ratings = st.fixed_dictionaries(
    {name: st.integers(0, 4) for name in RATED}
    | {"a": st.booleans(), "f": st.booleans()}
    | {f"related_{name}": st.sampled_from(RELATIONS) for name in QUALIFIED}
)
gaps = st.sets(st.sampled_from([*RATED, "a", "f", "related_d4", "related_e1", "related_e5"]), max_size=4)

# The least that is a diagnosis: one symptom of B and of C, two of D and of E, each at 2.
LEAST = dict.fromkeys(RATED, 0) | {
    "a": True,
    "f": True,
    "b3": 2,
    "c1": 2,
    "d2": 2,
    "d7": 2,
    "e1": 2,
    "e5": 2,
    "distress": 2,
    **{f"related_{name}": "probable" for name in QUALIFIED},
}


def has_diagnosis(answers: dict[str, Any]) -> bool:
    """DSM-5 by plain counting over a complete interview."""
    present = {name for name in RATED if answers[name] >= 2 and answers.get(f"related_{name}") != "unlikely"}
    need = {"b": 1, "c": 1, "d": 2, "e": 2}
    clusters = all(
        sum(name in SYMPTOMS and name[0] == letter for name in present) >= n for letter, n in need.items()
    )
    return answers["a"] and answers["f"] and clusters and any(name in present for name in IMPAIRMENT)


def completions(answers: dict[str, Any], missing: set[str]) -> list[dict[str, Any]]:
    """Every way in which the missing answers could have been given; a rating matters only by reaching 2."""
    names = sorted(missing)
    choices = [
        RELATIONS if name.startswith("related") else (False, True) if name in "af" else (0, 4)
        for name in names
    ]
    return [answers | dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*choices)]


def made(scores: dict[str, Any], items: list[dict[str, Any]] | None = None) -> Instrument:
    return Instrument(
        InstrumentFile.model_validate(
            {
                "instrument": "made_up",
                "title": "Made up",
                "recall": "past week",
                "licence": "none",
                "items": items
                or [
                    {"names": "q1 .. q4", "type": "integer", "range": "0 .. 3"},
                    {"names": "yes", "type": "boolean"},
                ],
                "scores": scores,
            }
        )
    )


@given(ratings)
def test_caps5_of_a_complete_interview(answers: dict[str, Any]) -> None:
    scores = load_instrument("caps5_past_month").score(answers)
    assert scores["total"] == sum(answers[name] for name in SYMPTOMS)
    for letter in "bcde":
        members = [name for name in SYMPTOMS if name[0] == letter]
        assert scores[f"severity_{letter}"] == sum(answers[name] for name in members)
        present = [name for name in members if answers[name] > 1]
        counted = [name for name in present if answers.get(f"related_{name}") != "unlikely"]
        assert scores[f"symptoms_{letter}"] == len(counted)
    assert scores["diagnosis"] is has_diagnosis(answers)
    dissociated = max(answers[name] for name in DISSOCIATION) >= 2
    assert scores["dissociative_subtype"] is (has_diagnosis(answers) and dissociated)


@given(ratings, gaps)
def test_caps5_is_known_exactly_when_what_is_missing_cannot_change_it(
    answers: dict[str, Any], missing: set[str]
) -> None:
    partly = {name: None if name in missing else answer for name, answer in answers.items()}
    scores = load_instrument("caps5_past_month").score(partly)
    possible = {has_diagnosis(whole) for whole in completions(answers, missing)}
    assert scores["diagnosis"] is (possible.pop() if len(possible) == 1 else None)
    assert (scores["total"] is None) == bool(missing & set(SYMPTOMS))


def test_least_total_with_a_diagnosis_is_12() -> None:
    caps5 = load_instrument("caps5_past_month")
    scores = caps5.score(LEAST)
    assert (scores["total"], scores["diagnosis"]) == (12, True)
    for name in ("b3", "c1", "d2", "d7", "e1", "e5", "distress"):
        assert caps5.score(LEAST | {name: 1})["diagnosis"] is False, name
    assert caps5.score(LEAST | {"a": False})["diagnosis"] is False
    assert caps5.score(LEAST | {"f": False})["diagnosis"] is False


@given(ratings)
def test_no_diagnosis_below_12(answers: dict[str, Any]) -> None:
    scores = load_instrument("caps5_past_month").score(
        {name: answer // 2 if name in SYMPTOMS else answer for name, answer in answers.items()}
    )
    assert scores["diagnosis"] is False or scores["total"] >= 12


def test_total_of_80_at_most() -> None:
    assert load_instrument("caps5_past_month").score(dict.fromkeys(RATED, 4))["total"] == 80


def test_a_diagnosis_that_is_decided_does_not_wait_for_a_missing_item() -> None:
    caps5 = load_instrument("caps5_past_month")
    assert caps5.score({"a": False}) | {} == {
        **dict.fromkeys(caps5.scores),
        "diagnosis": False,
        "dissociative_subtype": False,
    }
    scores = caps5.score(LEAST | {"b1": None})
    assert scores["diagnosis"] is True
    assert scores["total"] is None
    assert scores["symptoms_b"] is None
    assert caps5.score(LEAST | {"b3": None})["diagnosis"] is None


@pytest.mark.parametrize("wrong", [5, -1, "2", 2.0, True, {"missing": "refused"}, None])
def test_an_answer_outside_range_or_type_is_missing(wrong: Any) -> None:
    scores = load_instrument("caps5_past_month").score(LEAST | {"b3": wrong})
    assert scores["total"] is None
    assert scores["diagnosis"] is None


@given(st.lists(st.none() | st.integers(0, 10), min_size=3, max_size=3))
def test_sds_is_the_mean_of_the_answered_and_lacks_one_at_most(answers: list[int | None]) -> None:
    sds = load_instrument("sds")
    answered = [answer for answer in answers if answer is not None]
    expected = sum(answered) / len(answered) if len(answered) >= 2 else None
    assert sds.score(dict(zip(sds.items, answers, strict=True)))["mean"] == expected


@given(st.lists(st.integers(0, 3), min_size=21, max_size=21), st.none() | st.integers(0, 20))
def test_bdi2_lacks_no_item(answers: list[int], gap: int | None) -> None:
    bdi2 = load_instrument("bdi2")
    given_answers = {
        name: answer
        for place, (name, answer) in enumerate(zip(bdi2.items, answers, strict=True))
        if place != gap
    }
    assert bdi2.score(given_answers)["total"] == (sum(answers) if gap is None else None)


IDEATION = [f"ideation_{level}" for level in range(1, 6)]
ACTS = ["actual_attempt", "interrupted_attempt", "aborted_attempt", "preparatory_act"]
BEHAVIOUR = {"c_ssrs": [*ACTS, "suicide"], "c_ssrs_lifetime": ACTS}


@pytest.mark.parametrize("name", ["c_ssrs", "c_ssrs_lifetime"])
class TestSuicidality:
    @given(
        levels=st.lists(st.booleans(), min_size=5, max_size=5),
        acts=st.lists(st.booleans(), min_size=5, max_size=5),
    )
    def test_highest_level_and_any_behaviour(self, name: str, levels: list[bool], acts: list[bool]) -> None:
        asked = dict(zip(BEHAVIOUR[name], acts, strict=False))
        answers = dict(zip(IDEATION, levels, strict=True)) | asked
        scores = load_instrument(name).score(answers)
        assert scores["ideation"] == max((level for level, yes in enumerate(levels, 1) if yes), default=0)
        assert scores["behaviour"] is any(asked.values())

    def test_self_injury_without_intent_is_no_behaviour(self, name: str) -> None:
        assert (
            load_instrument(name).score(dict.fromkeys(BEHAVIOUR[name], False) | {"self_injury": True})[
                "behaviour"
            ]
            is False
        )

    def test_levels_3_to_5_need_not_be_asked_after_a_no_to_2(self, name: str) -> None:
        scale = load_instrument(name)
        assert scale.score({"ideation_1": True, "ideation_2": False})["ideation"] == 1
        assert scale.score({"ideation_1": False, "ideation_2": False})["ideation"] == 0

    def test_a_level_that_should_have_been_asked_is_unknown(self, name: str) -> None:
        scale = load_instrument(name)
        assert scale.score({"ideation_1": True, "ideation_2": True})["ideation"] is None
        assert scale.score({"ideation_1": True})["ideation"] is None
        assert scale.score({"ideation_1": True, "ideation_2": False, "ideation_4": True})["ideation"] == 4

    def test_one_act_decides_and_silence_does_not(self, name: str) -> None:
        scale = load_instrument(name)
        assert scale.score({"aborted_attempt": True})["behaviour"] is True
        assert scale.score({"aborted_attempt": False})["behaviour"] is None
        assert scale.score({})["behaviour"] is None


@given(st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=4))
def test_a_prorated_sum_is_the_mean_times_the_number_of_items(answers: list[int | None]) -> None:
    instrument = made({"total": {"sum": "q1 .. q4", "may_miss": 2}})
    answered = [answer for answer in answers if answer is not None]
    score = instrument.score(dict(zip(["q1", "q2", "q3", "q4"], answers, strict=True)))["total"]
    if len(answered) < 2:
        assert score is None
    else:
        assert isinstance(score, float)
        assert score == pytest.approx(4 * sum(answered) / len(answered))


def test_maximum_and_rule_over_items_and_earlier_scores() -> None:
    instrument = made(
        {
            "worst": {"max": "q1 .. q4"},
            "total": {"sum": "q1 .. q4"},
            "grave": {"rule": "yes || worst == 3 && total > 5"},
            "band": {"rule": "total > 5 ? 'high' : 'low'"},
        }
    )
    assert instrument.scores == {"worst": int, "total": int, "grave": bool, "band": str}
    answers = {"q1": 3, "q2": 1, "q3": 2, "q4": 0, "yes": False}
    assert instrument.score(answers) == {"worst": 3, "total": 6, "grave": True, "band": "high"}
    assert instrument.score({"yes": True}) == {"worst": None, "total": None, "grave": True, "band": None}
    assert instrument.score({"yes": False})["grave"] is None


def test_scoring_leaves_the_answers_alone() -> None:
    answers = {"ideation_1": False, "ideation_2": False}
    load_instrument("c_ssrs").score(answers)
    assert answers == {"ideation_1": False, "ideation_2": False}


@pytest.mark.parametrize("name", shipped_instruments())
def test_every_shipped_instrument_says_where_it_comes_from_and_survives_pickling_and_json(name: str) -> None:
    instrument = load_instrument(name)
    assert instrument.name == name
    assert instrument.source
    assert instrument.licence
    again = Instrument(InstrumentFile.model_validate_json(instrument.file.model_dump_json()))
    highest = {item: highest_answer(said) for item, said in instrument.items.items()}
    assert None not in highest.values()
    scores = instrument.score(highest)
    assert None not in scores.values()
    assert {name: type(score) for name, score in scores.items()} == instrument.scores
    assert again.score(highest) == pickle.loads(pickle.dumps(instrument)).score(highest) == scores


def highest_answer(item: Item) -> Any:
    match item.type:
        case "boolean":
            return True
        case "choice":
            return item.of[-1]
        case "text":
            return "because"
        case _:
            return item.bounds and int(item.bounds[1])


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ({"s": {"sum": "q1 .. q9"}}, "there is no item or earlier score 'q9'"),
        (
            {"s": {"sum": ["q1", "later"]}, "later": {"sum": "q1 .. q4"}},
            "there is no item or earlier score 'later'",
        ),
        ({"s": {"sum": ["q1", "yes"]}}, "`sum` works on numbers alone"),
        ({"s": {"all": ["q1"]}}, "`all` works on yes or no alone"),
        ({"s": {"sum": "q4 .. q1"}}, "names no item"),
        ({"q1": {"sum": "q1 .. q4"}}, "the name 'q1' is taken"),
        ({"s": {"rule": "q7 > 1"}}, "q7"),
    ],
)
def test_a_score_that_cannot_work_names_the_place(scores: dict[str, Any], says: str) -> None:
    with pytest.raises(InstrumentError, match=r"^made_up\.yaml: scores\.") as error:
        made(scores)
    assert says in str(error.value)


@pytest.mark.parametrize(
    "score",
    [
        {},
        {"sum": "q1 .. q4", "max": "q1 .. q4"},
        {"at_least": 2, "reaching": 1},
        {"count": "q1 .. q4"},
        {"sum": "q1 .. q4", "reaching": 2},
        {"max": "q1 .. q4", "may_miss": 1},
        {"sum": "q1 .. q4", "prorate": True},
    ],
)
def test_a_score_is_exactly_one_operation(score: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="score"):
        made({"s": score})


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([{"names": "q1 .. p3", "type": "integer"}], "does not count up"),
        ([{"names": "q3 .. q1", "type": "integer"}], "does not count up"),
        ([{"names": ["q", "q"], "type": "boolean"}], "there twice"),
        ([{"names": "q", "type": "boolean", "asked_if": "r"}], "there is no item or earlier score 'r'"),
        (
            [{"names": "n", "type": "integer"}, {"names": "q", "type": "boolean", "asked_if": "n"}],
            "yes-or-no",
        ),
        (
            [{"names": "q1 .. q3", "type": "integer", "range": "0 .. 3", "codes": "A1 .. A2"}],
            "3 items and 2 codes",
        ),
        (
            [{"names": "q1 .. q3", "type": "integer", "range": "0 .. 3", "reversed": ["q4"]}],
            "there is no item of this row 'q4'",
        ),
        ([{"names": "q", "type": "integer", "range": "0 .. 3", "points": [0, 1]}], "4 answers and 2 points"),
        ([{"names": "q", "type": "boolean", "reversed": ["q"]}], "whole numbers with a range"),
        (
            [{"names": "q", "type": "decimal", "range": "0 .. 3", "step": 2}],
            "'step' belongs to a whole number",
        ),
    ],
)
def test_items_that_cannot_be_name_the_place(items: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(InstrumentError, match=r"^made_up\.yaml: items") as error:
        made({}, items)
    assert says in str(error.value)


def test_a_file_that_is_wrong_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "instruments"
    folder.mkdir()
    shipped = resources.files("entact.protocol").joinpath("instruments", "sds.yaml").read_text()
    (folder / "sds.yaml").write_text(shipped.replace("may_miss: 1", "may_mis: 1"))
    monkeypatch.setattr(instrument_module, "files", lambda _: tmp_path)
    with pytest.raises(InstrumentError, match=r"sds\.yaml:11:\d+ scores\.mean\.may_mis: .*'may_miss'"):
        read_instrument("sds")


def test_an_unknown_instrument_names_the_nearest() -> None:
    with pytest.raises(InstrumentError, match="did you mean 'caps5_past_month'"):
        read_instrument("caps_past_month")
