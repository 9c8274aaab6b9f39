"""Every shipped instrument against a scorer written from its published rule in plain Python.

A scorer says itself which items there are and what they may hold, and reads none of our data. Both score the
same random answers, of which some are missing. Rules quoted from memory are marked in the instruments' files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entact.protocol.instrument import load_instrument, shipped_instruments

Given = Mapping[str, Any]
Scores = dict[str, Any]

YES_NO = (False, True)


def row(stem: str, first: int, last: int) -> list[str]:
    return [f"{stem}{number}" for number in range(first, last + 1)]


def held(answers: Given, names: Iterable[str]) -> list[Any]:
    """The answers that are there."""
    return [answers[name] for name in names if answers.get(name) is not None]


def added(answers: Given, names: Iterable[str]) -> Any:
    """A sum that knows nothing when one is missing."""
    names = list(names)
    found = held(answers, names)
    return sum(found) if len(found) == len(names) else None


def averaged(answers: Given, names: Iterable[str], missing: int = 0) -> Any:
    names = list(names)
    found = held(answers, names)
    return sum(found) / len(found) if found and len(names) - len(found) <= missing else None


def from_on(value: Any, cut: float) -> Any:
    return None if value is None else value >= cut


def reached(present: Iterable[bool | None], needed: int) -> bool | None:
    """Whether so many are present: surely, surely not, or nobody knows."""
    known = list(present)
    sure, possible = sum(one is True for one in known), sum(one is not False for one in known)
    return True if sure >= needed else False if possible < needed else None


def together(*criteria: bool | None) -> bool | None:
    if any(one is False for one in criteria):
        return False
    return None if any(one is None for one in criteria) else True


def present(value: Any, cut: int = 2) -> bool | None:
    return None if value is None else value >= cut


# --- CAPS-5 (Weathers 2018; DSM-5): items 1-5 B, 6-7 C, 8-14 D, 15-20 E; present from 2; items 9 and 11-20
# only if their relation to the event is definite or probable.

CAPS = {1: "b1", 2: "b2", 3: "b3", 4: "b4", 5: "b5", 6: "c1", 7: "c2",
        8: "d1", 9: "d2", 10: "d3", 11: "d4", 12: "d5", 13: "d6", 14: "d7",
        15: "e1", 16: "e2", 17: "e3", 18: "e4", 19: "e5", 20: "e6"}  # fmt: skip
CLUSTERS = {"b": range(1, 6), "c": range(6, 8), "d": range(8, 15), "e": range(15, 21)}
NEEDED = {"b": 1, "c": 1, "d": 2, "e": 2}
RELATED = (9, *range(11, 21))


def caps_symptom(answers: Given, number: int) -> bool | None:
    severity = answers.get(CAPS[number])
    if severity is not None and severity < 2:
        return False
    if number in RELATED:
        relation = answers.get(f"related_{CAPS[number]}")
        if relation == "unlikely":
            return False
        if relation is None:
            return None
    return None if severity is None else True


def caps_items(month: bool) -> dict[str, tuple[Any, ...]]:
    ratings = [
        *CAPS.values(),
        "distress",
        "social_impairment",
        "occupational_impairment",
        "depersonalisation",
        "derealisation",
    ]
    items: dict[str, tuple[Any, ...]] = dict.fromkeys(ratings, (0, 1, 2, 3, 4))
    items |= dict.fromkeys(
        (f"related_{CAPS[number]}" for number in RELATED), ("definite", "probable", "unlikely")
    )
    return items | (dict.fromkeys(("a", "f"), YES_NO) if month else {})


def caps_common(answers: Given) -> Scores:
    scores: Scores = {"total": added(answers, CAPS.values())}
    for letter, numbers in CLUSTERS.items():
        scores[f"severity_{letter}"] = added(answers, [CAPS[number] for number in numbers])
    scores["dissociation"] = reached(
        [present(answers.get("depersonalisation")), present(answers.get("derealisation"))], 1
    )
    return scores


def caps_month(answers: Given) -> Scores:
    scores = caps_common(answers)
    criteria = {}
    for letter, numbers in CLUSTERS.items():
        symptoms = [caps_symptom(answers, number) for number in numbers]
        scores[f"symptoms_{letter}"] = None if None in symptoms else symptoms.count(True)
        criteria[letter] = scores[f"criterion_{letter}"] = reached(symptoms, NEEDED[letter])
    impairments = ("distress", "social_impairment", "occupational_impairment")
    scores["criterion_g"] = reached([present(answers.get(name)) for name in impairments], 1)
    scores["diagnosis"] = together(
        answers.get("a"), *criteria.values(), answers.get("f"), scores["criterion_g"]
    )
    scores["dissociative_subtype"] = together(scores["diagnosis"], scores["dissociation"])
    return scores


def caps_week(answers: Given) -> Scores:
    symptoms = [caps_symptom(answers, number) for number in CAPS]
    return caps_common(answers) | {"symptoms": None if None in symptoms else symptoms.count(True)}


# --- PCL-5 (National Center for PTSD)


def pcl5(answers: Given) -> Scores:
    scores: Scores = {"total": added(answers, row("q", 1, 20))}
    found = []
    for letter, numbers, needed in (
        ("b", range(1, 6), 1),
        ("c", range(6, 8), 1),
        ("d", range(8, 15), 2),
        ("e", range(15, 21), 2),
    ):
        names = [f"q{number}" for number in numbers]
        scores[f"severity_{letter}"] = added(answers, names)
        scores[f"cluster_{letter}"] = reached([present(answers.get(name)) for name in names], needed)
        found.append(scores[f"cluster_{letter}"])
    return scores | {"provisional_diagnosis": together(*found), "above_cut": from_on(scores["total"], 33)}


# --- Depression and anxiety


def bdi2(answers: Given) -> Scores:
    total = added(answers, row("q", 1, 21))
    bands = ((29, "severe"), (20, "moderate"), (14, "mild"), (0, "minimal"))
    return {
        "total": total,
        "severity": None if total is None else next(name for low, name in bands if total >= low),
    }


def prorated(answers: Given, names: list[str], missing: int) -> Any:
    mean = averaged(answers, names, missing)
    return None if mean is None else mean * len(names)


def banded(total: Any, bands: Iterable[tuple[int, str]]) -> Any:
    """A band is one of whole numbers: a prorated total goes to the nearest, a half upwards."""
    return None if total is None else next(name for low, name in bands if math.floor(total + 0.5) >= low)


def phq9(answers: Given) -> Scores:
    total = prorated(answers, row("q", 1, 9), 2)
    bands = ((20, "severe"), (15, "moderately severe"), (10, "moderate"), (5, "mild"), (0, "minimal"))
    return {
        "total": total,
        "severity": banded(total, bands),
        "suicidal_thoughts": present(answers.get("q9"), 1),
    }


def gad7(answers: Given) -> Scores:
    total = prorated(answers, row("q", 1, 7), 2)
    return {
        "total": total,
        "severity": banded(total, ((15, "severe"), (10, "moderate"), (5, "mild"), (0, "minimal"))),
    }


def stai(first: int, reversed_items: set[int]) -> Callable[[Given], Scores]:
    """Spielberger 1983: 1 to 4, anxiety-absent items turned; of one or two omitted: mean x 20, upwards."""
    stem = "s" if first == 1 else "t"

    def score(answers: Given) -> Scores:
        points = []
        for number in range(first, first + 20):
            answer = answers.get(f"{stem}{number}")
            if answer is not None:
                points.append(5 - answer if number in reversed_items else answer)
        if len(points) < 18:
            return {"total": None}
        whole, rest = divmod(sum(points) * 20, len(points))
        return {"total": whole + (rest > 0)}

    return score


# --- Eating


def eat26(answers: Given) -> Scores:
    """Garner 1982; eat-26.com: always 3, usually 2, often 1, else 0, item 26 turned.

    One missing of a subscale is its median, rounded up.
    """

    def points(number: int) -> Any:
        answer = answers.get(f"q{number}")
        if answer is None:
            return None
        return max(0, 3 - answer) if number == 26 else max(0, answer - 2)

    def scale(*numbers: int) -> Any:
        known = [one for one in map(points, numbers) if one is not None]
        if len(numbers) - len(known) > 1:
            return None
        return sum(known) + (len(numbers) - len(known)) * math.ceil(median(known))

    scores = {
        "dieting": scale(1, 6, 7, 10, 11, 12, 14, 16, 17, 22, 23, 24, 26),
        "bulimia": scale(3, 4, 9, 18, 21, 25),
        "oral_control": scale(2, 5, 8, 13, 15, 19, 20),
    }
    total = added(scores, scores)
    return {**scores, "total": total, "refer": from_on(total, 20)}


def edeq(answers: Given) -> Scores:
    """Fairburn and Beglin 2008: means of rated items where these are more than half; global: mean of four."""

    def scale(*numbers: int) -> Any:
        rated = held(answers, [f"q{number}" for number in numbers])
        return sum(rated) / len(rated) if 2 * len(rated) > len(numbers) else None

    scores = {
        "restraint": scale(1, 2, 3, 4, 5),
        "eating_concern": scale(7, 9, 19, 20, 21),
        "shape_concern": scale(6, 8, 10, 11, 23, 26, 27, 28),
        "weight_concern": scale(8, 12, 22, 24, 25),
    }
    return scores | {"global_score": averaged(scores, scores)}


# --- Alcohol and drugs


def audit(answers: Given) -> Scores:
    """Babor 2001: a skipped item is 0: 2 to 8 of who never drinks, 4 to 8 of who scores 0 on 2 and 3."""
    known = {name: answers.get(name) for name in row("q", 1, 10)}
    if known["q1"] == 0:
        for name in ("q2", "q3"):
            known[name] = 0 if known[name] is None else known[name]
        for name in row("q", 4, 8):
            known[name] = 0 if known[name] is None else known[name]
    elif known["q2"] == 0 and known["q3"] == 0:
        for name in row("q", 4, 8):
            known[name] = 0 if known[name] is None else known[name]
    total = added(known, known)
    return {"total": total, "hazardous": from_on(total, 8)}


def dudit(answers: Given) -> Scores:
    total = added(answers, row("q", 1, 11))
    return {"total": total, "above_cut_women": from_on(total, 2), "above_cut_men": from_on(total, 6)}


# --- Suicidality (Posner 2011): levels 3 to 5 are asked after a yes to 2


def c_ssrs(*acts: str) -> Callable[[Given], Scores]:
    def score(answers: Given) -> Scores:
        levels = {level: answers.get(f"ideation_{level}") for level in range(1, 6)}
        if levels[2] is False:
            levels |= {level: bool(levels[level]) for level in (3, 4, 5)}
        ideation: Any = 0
        for level in range(5, 0, -1):
            if levels[level] is not False:
                ideation = None if levels[level] is None else level
                break
        return {"ideation": ideation, "behaviour": reached([answers.get(act) for act in acts], 1)}

    return score


ACTS = ("actual_attempt", "interrupted_attempt", "aborted_attempt", "preparatory_act")


def intensity(answers: Given) -> Scores:
    return {"intensity": added(answers, ("frequency", "duration", "control", "deterrents", "reasons"))}


# --- Trauma and dissociation


def itq(answers: Given) -> Scores:
    """Cloitre 2018: of each cluster one item from 2, one of impairment; complex PTSD replaces PTSD."""

    def one_of(*names: str) -> bool | None:
        return reached([present(answers.get(name)) for name in names], 1)

    scores: Scores = {
        "reexperiencing": one_of("p1", "p2"),
        "avoidance": one_of("p3", "p4"),
        "threat": one_of("p5", "p6"),
        "ptsd_impairment": one_of("p7", "p8", "p9"),
        "affect": one_of("c1", "c2"),
        "self_concept": one_of("c3", "c4"),
        "relationships": one_of("c5", "c6"),
        "dso_impairment": one_of("c7", "c8", "c9"),
        "ptsd_severity": added(answers, row("p", 1, 6)),
        "dso_severity": added(answers, row("c", 1, 6)),
    }
    names = ("reexperiencing", "avoidance", "threat", "ptsd_impairment")
    scores["ptsd_criteria"] = together(*(scores[name] for name in names))
    scores["dso"] = together(
        *(scores[name] for name in ("affect", "self_concept", "relationships", "dso_impairment"))
    )
    scores["complex_ptsd"] = together(scores["ptsd_criteria"], scores["dso"])
    scores["ptsd"] = together(scores["ptsd_criteria"], None if scores["dso"] is None else not scores["dso"])
    return scores


def des2(answers: Given) -> Scores:
    mean = averaged(answers, row("q", 1, 28))
    return {"mean": mean, "high": from_on(mean, 30)}


# --- Function, social anxiety, mystical experience


def sds(answers: Given) -> Scores:
    return {"mean": averaged(answers, ("work", "social", "family"), 1)}


def sds_three_item(answers: Given) -> Scores:
    """Three items added; of whom work does not apply, the two others stand for three."""
    names = ("work", "social", "family")
    three, two = added(answers, names), added(answers, names[1:])
    applies = answers.get("work_applies")
    of_two = None if applies is None else three if applies else None if two is None else two * 1.5
    impaired = reached([present(answers.get(name), 5) for name in names], 1)
    return {
        "of_three": three,
        "of_two": of_two,
        "total": of_two if three is None else three,
        "impaired": impaired,
    }


def lsas(answers: Given) -> Scores:
    scores = {kind: added(answers, row(f"{kind}_", 1, 24)) for kind in ("fear", "avoidance")}
    return scores | {"total": added(scores, scores)}


def meq30(answers: Given) -> Scores:
    """Barrett 2015: means of four factors; complete from 60 % of the greatest on each."""
    factors = {
        "mystical": (4, 5, 6, 9, 14, 15, 16, 18, 20, 21, 23, 24, 25, 26, 28),
        "positive_mood": (2, 8, 12, 17, 27, 30),
        "transcendence": (1, 7, 11, 13, 19, 22),
        "ineffability": (3, 10, 29),
    }
    scores: Scores = {
        name: averaged(answers, [f"q{number}" for number in numbers]) for name, numbers in factors.items()
    }
    complete = together(*(from_on(scores[name], 0.6 * 5) for name in factors))
    return scores | {"total": averaged(answers, row("q", 1, 30)), "complete": complete}


# --- Ours


def expectancy(answers: Given) -> Scores:
    active, control = answers.get("benefit_active"), answers.get("benefit_control")
    return {"difference": None if active is None or control is None else active - control}


ORIENTED = ("oriented_person", "oriented_place", "oriented_time", "oriented_situation")
WORSE = ("drowsiness", "perceptual_change", "anxiety")


def impairment(answers: Given) -> Scores:
    worst = max(held(answers, WORSE)) if len(held(answers, WORSE)) == 3 else None
    oriented = together(*(answers.get(name) for name in ORIENTED))
    small = None if worst is None else worst <= 2
    moves = answers.get("walks_steadily"), answers.get("follows_instructions")
    return {"oriented": oriented, "impairment": worst, "unimpaired": together(oriented, *moves, small)}


RATED = ("inner_direction", "listening", "support_in_distress", "safety_of_setting", "no_interpretation",
         "preparation_content", "closing_content")  # fmt: skip
KEPT = ("present_both", "boundaries_kept", "touch_agreed_beforehand")


def adherence(answers: Given) -> Scores:
    mean = averaged(answers, RATED, 2)
    kept = together(*(answers.get(name) for name in KEPT))
    return {"mean": mean, "boundaries": kept, "adherent": together(from_on(mean, 3), kept)}


@dataclass(frozen=True)
class Scorer:
    """A rule, and the items that it is about with what each may hold."""

    items: Mapping[str, tuple[Any, ...]]
    score: Callable[[Given], Scores]


def alike(names: Iterable[str], most: int, least: int = 0, step: int = 1) -> dict[str, tuple[Any, ...]]:
    return dict.fromkeys(names, tuple(range(least, most + 1, step)))


SUICIDAL = {**dict.fromkeys((*row("ideation_", 1, 5), *ACTS, "self_injury"), YES_NO)}
INTENSE = {
    **alike(("level", "frequency", "duration"), 5, 1),
    **alike(("control", "deterrents", "reasons"), 5),
}
DAYS = alike(("days_lost", "days_unproductive"), 7)

SCORERS: dict[str, Scorer] = {
    "audit": Scorer({**alike(row("q", 1, 8), 4), **alike(("q9", "q10"), 4, step=2)}, audit),
    "bdi2": Scorer(alike(row("q", 1, 21), 3), bdi2),
    "c_ssrs": Scorer({**SUICIDAL, "suicide": YES_NO}, c_ssrs(*ACTS, "suicide")),
    "c_ssrs_intensity": Scorer(INTENSE, intensity),
    "c_ssrs_lifetime": Scorer(SUICIDAL, c_ssrs(*ACTS)),
    "c_ssrs_lifetime_intensity": Scorer(INTENSE, intensity),
    "caps5_past_month": Scorer(caps_items(month=True), caps_month),
    "caps5_past_week": Scorer(caps_items(month=False), caps_week),
    "des2": Scorer(alike(row("q", 1, 28), 100, step=10), des2),
    "dudit": Scorer({**alike(row("q", 1, 9), 4), **alike(("q10", "q11"), 4, step=2)}, dudit),
    "eat26": Scorer(alike(row("q", 1, 26), 5), eat26),
    "edeq": Scorer(
        {
            **alike((*row("q", 1, 12), *row("q", 19, 28)), 6),
            **alike(("q13", "q14", "q16", "q17", "q18"), 30),
            **alike(("q15",), 28),
        },
        edeq,
    ),
    "expectancy": Scorer(
        {
            **alike(("benefit_active", "benefit_control", "wish_active"), 10),
            "heard_of_results": YES_NO,
            "knows_somebody_treated": YES_NO,
        },
        expectancy,
    ),
    "gad7": Scorer(alike(row("q", 1, 7), 3), gad7),
    "guess": Scorer(
        {
            "guesser": ("participant", "therapist", "rater"),
            "arm": ("arm", "do_not_know"),
            "confidence": (0, 50, 100),
            "why": ("because",),
            "clear": (
                *("not_clear", "before_dose", "first_hour", "second_hour"),
                *("later_that_day", "next_days", "at_this_visit"),
            ),
            "told": YES_NO,
        },
        lambda answers: {},
    ),
    "impairment": Scorer(
        {**dict.fromkeys((*ORIENTED, "walks_steadily", "follows_instructions"), YES_NO), **alike(WORSE, 10)},
        impairment,
    ),
    "itq": Scorer(alike((*row("p", 1, 9), *row("c", 1, 9)), 4), itq),
    "lsas": Scorer(alike((*row("fear_", 1, 24), *row("avoidance_", 1, 24)), 3), lsas),
    "meq30": Scorer(alike(row("q", 1, 30), 5), meq30),
    "pcl5": Scorer(alike(row("q", 1, 20), 4), pcl5),
    "phq9": Scorer(alike((*row("q", 1, 9), "difficulty"), 3), phq9),
    "sds": Scorer(alike(("work", "social", "family"), 10), sds),
    "sds_three_item": Scorer(
        {**alike(("work", "social", "family"), 10), **DAYS, "work_applies": YES_NO}, sds_three_item
    ),
    "stai_state": Scorer(alike(row("s", 1, 20), 4, 1), stai(1, {1, 2, 5, 8, 10, 11, 15, 16, 19, 20})),
    "stai_trait": Scorer(alike(row("t", 21, 40), 4, 1), stai(21, {21, 23, 26, 27, 30, 33, 34, 36, 39})),
    "therapist_adherence": Scorer({**dict.fromkeys(KEPT, YES_NO), **alike(RATED, 4)}, adherence),
}


def test_no_instrument_is_without_a_scorer() -> None:
    assert sorted(SCORERS) == shipped_instruments()


@pytest.mark.parametrize("name", SCORERS)
def test_items_and_answers_are_those_of_the_publication(name: str) -> None:
    instrument = load_instrument(name)
    assert set(instrument.items) == set(SCORERS[name].items)
    assert set(instrument.scores) == set(SCORERS[name].score({}))
    for item, possible in SCORERS[name].items.items():
        said = instrument.items[item]
        if said.answers is not None and len(possible) > 3 and item not in ("q13", "q14", "q16", "q17", "q18"):
            assert tuple(said.answers) == possible, item
        if said.type == "choice":
            assert set(possible) == set(said.of or ()), item


@st.composite
def answered(draw: st.DrawFn, items: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Answers of which none, few or many are missing: most rules turn on the first few."""
    names = list(items)
    gone = draw(st.sets(st.sampled_from(names), max_size=draw(st.sampled_from([0, 1, 2, 3, len(names)]))))
    level = draw(st.sampled_from(["any", "low", "high"]))

    def some(possible: tuple[Any, ...]) -> st.SearchStrategy[Any]:
        half = len(possible) // 2
        chosen = {"any": possible, "low": possible[: half or 1], "high": possible[half:]}[level]
        return st.sampled_from(chosen)

    return {name: None if name in gone else draw(some(possible)) for name, possible in items.items()}


@pytest.mark.parametrize("name", SCORERS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_both_score_alike(name: str, data: st.DataObject) -> None:
    answers = data.draw(answered(SCORERS[name].items))
    ours = load_instrument(name).score(answers)
    for score, expected in SCORERS[name].score(answers).items():
        if isinstance(expected, float) and ours[score] is not None:
            assert ours[score] == pytest.approx(expected), (score, answers)
        else:
            assert ours[score] == expected, (score, answers)
            assert (ours[score] is None) == (expected is None)


@pytest.mark.parametrize("name", SCORERS)
def test_every_formula_has_its_source_beside_it(name: str) -> None:
    for score, said in load_instrument(name).file.scores.items():
        assert said.source, score


def test_three_symptoms_that_the_event_did_not_cause_make_no_diagnosis() -> None:
    caps5 = load_instrument("caps5_past_month")
    answers: dict[str, Any] = dict.fromkeys(CAPS.values(), 0)
    answers |= {"a": True, "f": True, "b1": 2, "c1": 2, "d1": 2, "d3": 2, "e1": 2, "e2": 2, "distress": 2}
    answers |= {
        "social_impairment": 0,
        "occupational_impairment": 0,
        "depersonalisation": 0,
        "derealisation": 0,
    }
    caused = {"related_e1": "definite", "related_e2": "probable"}
    assert caps5.score(answers | caused)["diagnosis"] is True
    assert caps5.score(answers | caused | {"related_e2": "unlikely"})["diagnosis"] is False
    assert (
        caps5.score(answers | {"related_e1": "definite"})["diagnosis"] is None
    )  # nobody said what caused E2
    assert (
        caps5.score(answers | caused | {"related_e2": "unlikely"})["total"] == 12
    )  # severity counts whatever it is
    # D1 and D3 are of the event by what they are.
    assert "related_d1" not in caps5.items
    assert "related_d3" not in caps5.items


@pytest.mark.parametrize(
    ("name", "answers", "score", "expected"),
    [
        ("edeq", {"q6": 2, "q8": 2, "q10": 2, "q11": 2}, "shape_concern", None),
        ("edeq", {"q6": 2, "q8": 2, "q10": 2, "q11": 2, "q23": 4}, "shape_concern", 2.4),
        ("audit", {"q1": 0, "q9": 0, "q10": 2}, "total", 2),
        ("audit", {"q1": 1, "q2": 0, "q3": 0, "q9": 0, "q10": 0}, "total", 1),
        ("audit", {"q1": 1, "q2": 0, "q3": 1, "q9": 0, "q10": 0}, "total", None),
        ("stai_state", {f"s{number}": 2 for number in range(1, 20)}, "total", 50),
        ("stai_state", {f"s{number}": 1 for number in range(2, 21)}, "total", 49),
        ("c_ssrs_lifetime", dict.fromkeys(ACTS, False), "behaviour", False),
        ("phq9", {**dict.fromkeys(row("q", 1, 7), 1), "q8": 2}, "severity", "moderate"),
        ("phq9", {**dict.fromkeys(row("q", 1, 7), 1), "q8": 1}, "severity", "mild"),
        ("gad7", {**dict.fromkeys(row("q", 1, 5), 2), "q6": 2}, "severity", "moderate"),
        ("sds_three_item", {"work_applies": False, "social": 6, "family": 4}, "total", 15),
        ("sds_three_item", {"work_applies": True, "social": 6, "family": 4}, "total", None),
        ("sds_three_item", {"social": 6, "family": 4}, "total", None),
        ("sds_three_item", {"work": 5, "social": 6, "family": 4}, "total", 15),
    ],
)
def test_what_hangs_on_a_missing_item(name: str, answers: dict[str, Any], score: str, expected: Any) -> None:
    assert load_instrument(name).score(answers)[score] == expected
    assert SCORERS[name].score(answers)[score] == expected
