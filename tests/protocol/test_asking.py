"""Conditions and calculated values of items: every fault with its place, and what rules give."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol import load_study
from entact.protocol.form import CompiledForm
from entact.protocol.release import Release

FORMS = Path(__file__).parents[1] / "studies" / "forms" / "study.yaml"
TEXT = FORMS.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study(FORMS).newest


@pytest.fixture(scope="module")
def body(release: Release) -> CompiledForm:
    return release.forms["body"]


def placed(old: str, new: str, text: str = TEXT) -> tuple[str, str]:
    """The study of forms, or another, with one edit, and where the `§` stands in it."""
    assert text.count(old) == 1, old
    marked = text.replace(old, new)
    before = marked[: marked.index("§")]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    return marked.replace("§", ""), place


FAULTS = {
    "condition on a name that does not exist": (
        "when: pain > 0",
        "when: §pian > 0",
        "forms.body.items.pain_where.when: unknown name 'pian'; did you mean 'pain'?",
    ),
    "condition on the full name of a neighbour": (
        "when: pain > 0",
        "when: §body.pain > 0",
        "forms.body.items.pain_where.when: within its form an item is named alone; write 'pain'",
    ),
    "condition that is no yes or no": (
        "when: pain > 0",
        "when: §pain + 1",
        "forms.body.items.pain_where.when: the rule gives int, but bool is needed",
    ),
    "condition on text": (
        "done: {type: boolean, when: participant.can_be_pregnant}",
        "why: {type: text}, done: {type: boolean, when: §why == 'no'}",
        "forms.pregnancy_test.items.done.when: 'why' is a text, and rules know no text, "
        "dates, times or files",
    ),
    "condition on what is asked later": (
        "since:      {type: partial_date, section: smoking,",
        "since:      {type: partial_date, section: smoking, when: §pain > 2,",
        "forms.body.items.since.when: waits for 'pain', which is asked later; name an item above it",
    ),
    "condition on itself": (
        "when: pain > 0",
        "when: size(§pain_where) > 0",
        "forms.body.items.pain_where.when: asks for itself; name an item above it",
    ),
    "condition of a section": (
        "when: smokes,",
        "when: §smoke,",
        "forms.body.sections.smoking.when: unknown name 'smoke'; did you mean 'smokes'?",
    ),
    "condition within a row": (
        "when: weeks >= 4",
        "when: §week >= 4",
        "forms.history.items.treatments.items.helped.when: unknown name 'week'; did you mean 'weeks'?",
    ),
    "condition in a row on what comes after the rows": (
        "when: weeks >= 4",
        "when: §many",
        "forms.history.items.treatments.items.helped.when: unknown name 'many'",
    ),
    "condition on a role that does not exist": (
        "when: given('initial')",
        "when: §present('nurse') > 0",
        "forms.after_session.items.slept.when: unknown argument 'nurse' of present; "
        "known are coordinator, investigator, participant, rater, therapist",
    ),
    "division by what may be zero": (
        "height:          {type: decimal, unit: m, range: 1.0 .. 2.3,",
        "height:          {type: decimal, unit: m, range: 0.0 .. 2.3,",
        "forms.body.items.bmi.calculated: division by what may be zero; "
        "divide by items whose `range:` leaves out 0",
    ),
    "calculation of another type": (
        "calculated: treatments > 3",
        "calculated: §treatments",
        "forms.history.items.many.calculated: the rule gives int, but bool is needed",
    ),
}


DIARY = Path(__file__).parents[1] / "studies" / "shapes" / "daily_diary" / "study.yaml"
MOOD = "mood:     {type: decimal, range: 0 .. 10, over: {of: diary.mood, gives: mean, days: 28, least: 14}"
OVER = {
    "of no item": (
        MOOD,
        MOOD.replace("of: diary.mood", "of: §diary.moood"),
        "forms.month.items.mood.over.of: there is no number, or yes or no, of another form 'diary.moood'; "
        "did you mean 'diary.mood'?",
    ),
    "a share of a number": (
        MOOD,
        MOOD.replace("decimal, range: 0 .. 10", "decimal, range: 0 .. 10, unit: '%'").replace(
            "mean", "§share"
        ),
        "forms.month.items.mood.over.gives: diary.mood is a number; write 'mean', 'sum', 'lowest' or "
        "'highest'",
    ),
    "a mean of a yes or no": (
        "gives: share, days: 28",
        "gives: §mean, days: 28",
        "forms.month.items.low_days.over.gives: diary.low is a yes or no; write 'share' or 'days'",
    ),
    "within a row": (
        MOOD,
        f"weeks: {{type: rows, title: {{en: Weeks, de: Wochen}}, items: {{{MOOD.replace('over:', '§over:')}, "
        "title: {en: Mood, de: Stimmung}}}}\n      "
        f"{MOOD}",
        "forms.month.items.weeks.items.mood.over: does not belong into a row; take it out",
    ),
}


@pytest.mark.parametrize("case", OVER)
def test_a_value_over_days_is_of_an_item_that_has_one_each_day(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    text, place = placed(*OVER[case][:2], DIARY.read_text(encoding="utf-8"))
    assert problems_of(text) == [f"study.yaml:{place} {OVER[case][2]}"]


def test_what_is_no_whole_number_gives_none_over_days(
    problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    text = DIARY.read_text(encoding="utf-8")
    whole = text.replace(MOOD, MOOD.replace("decimal", "integer").replace("mean", "highest"))
    path = tmp_path / "whole.yaml"
    path.write_text(whole, encoding="utf-8")
    assert load_study(path).newest.forms["month"].items["mood"].type == "integer"
    of_tenths = "steps: {type: decimal, range: 0 .. 10, title: {en: Steps, de: Schritte}}"
    halves = whole.replace("      low:  {type", f"      {of_tenths}\n      low:  {{type")
    halves = halves.replace("of: diary.mood", "of: diary.steps")
    assert [one.split(" ", 1)[1] for one in problems_of(halves)] == [
        "forms.month.items.mood.type: diary.steps is no whole number, and this item is one; "
        "write 'type: decimal'"
    ]


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_with_a_rule_is_named_with_its_place(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    old, new, message = FAULTS[case]
    if "§" in new:
        text, place = placed(old, new)
        assert problems_of(text) == [f"study.yaml:{place} {message}"]
    else:
        (problem,) = problems_of(TEXT.replace(old, new))
        assert problem.endswith(f" {message}")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("score || smokes", "needs itself; name items that are entered"),
        ("other", "score, other need one another; name items that are entered"),
        ("given('initial')", "unknown function 'given'"),
    ],
)
def test_calculations_rest_on_what_is_entered(
    rule: str, message: str, problems_of: Callable[[str], list[str]]
) -> None:
    new = (
        f'smokes: {{type: boolean}}\n      score: {{type: boolean, calculated: "{rule}"}}\n'
        "      other: {type: boolean, calculated: score}"
    )
    problem = problems_of(TEXT.replace("smokes:     {type: boolean}", new))[0]
    assert f"forms.body.items.score.calculated: {message}" in problem


def test_an_item_called_like_a_form_is_no_name_for_a_rule(problems_of: Callable[[str], list[str]]) -> None:
    text, place = placed(
        "smokes:     {type: boolean}", "smokes: {type: boolean}\n      §history: {type: boolean}"
    )
    (problem,) = problems_of(text)
    assert problem.startswith(f"study.yaml:{place} forms.body.items.history: 'history' is a form too")


def test_a_code_that_a_calculation_gives_is_one_of_the_item(problems_of: Callable[[str], list[str]]) -> None:
    item = "kind: {type: choice, of: [heavy, light], calculated: \"weight > 90.0 ? 'heavy' : '§ligth'\"}"
    text, place = placed("smokes:     {type: boolean}", f"smokes: {{type: boolean}}\n      {item}")
    message = "gives 'ligth', which is no code of this item; write one of: heavy, light"
    assert problems_of(text) == [f"study.yaml:{place} forms.body.items.kind.calculated: {message}"]


def test_a_condition_decides_what_is_absent_and_what_is_too_much(body: CompiledForm) -> None:
    def wrong(**items: Any) -> dict[str, str]:
        given = {"weight": "80 kg", "measured_at": "08:00", "smokes": False, "pain": 0}
        found = body.check({**given, **items})
        # From a device answers come one at a time: what is not there yet is told from what is wrong.
        assert all(one.absent is one.message.startswith("is absent") for one in found)
        return {one.item: one.message for one in found}

    assert wrong() == {}
    assert wrong(smokes=True) == dict.fromkeys(
        ("cigarettes", "since"), "is absent; answer it, or say why it is missing"
    )
    assert wrong(cigarettes=5) == {"cigarettes": "was answered, and is asked only when smokes"}
    assert wrong(cigarettes={"missing": "not_asked"}) == {}
    assert wrong(pain=3) == {"pain_where": "is absent; answer it, or say why it is missing"}
    # While it is not known whether an item is asked, neither is found: what decides it is.
    for items in ({}, {"cigarettes": 5, "since": "2001"}):
        assert wrong(smokes={"missing": "refused"}, **items) == {}


def test_what_cannot_be_true_decides_nothing(body: CompiledForm) -> None:
    found = body.read({"weight": "80 kg", "measured_at": "08:00", "smokes": False, "pain": 11})
    assert [one.item for one in found.problems] == ["pain"]
    assert (found.values["pain"], found.beyond) == (None, {"pain": 11})
    assert body.is_asked("pain_where", found.values, {}) is None
    assert body.is_asked("pain_where", {"pain": 0}, {}) is False


def test_conditions_elsewhere_are_judged_by_what_is_known_there(release: Release) -> None:
    test = release.forms["pregnancy_test"]
    assert test.check({}) == []  # whether it is asked is not known from here
    for can_be, items, said in (
        (True, {}, {"done": "is absent; answer it, or say why it is missing"}),
        (True, {"done": True, "negative": True}, {}),
        (False, {}, {}),
        (False, {"done": True}, {"done": "was answered, and is asked only when participant.can_be_pregnant"}),
        (None, {"done": True}, {}),
    ):
        around = {"participant.can_be_pregnant": can_be}
        found = test.contradictions(items, around, None)
        assert {one.item: one.message for one in found} == said
        assert all(one.absent is one.message.startswith("is absent") for one in found)


def test_a_calculated_value_is_that_of_the_rule_whatever_is_entered(body: CompiledForm) -> None:
    around = {"participant.height": 1.8}
    given = {"weight": "81 kg", "measured_at": "08:00", "smokes": False, "pain": 0}
    for entered, said in (
        (None, []),
        ("25.0 kg/m2", []),
        ("25 kg/m2", []),
        ("25.04 kg/m2", ["bmi: is 25.04 kg/m2, and the other answers give 25 kg/m2"]),
        ("24 kg/m2", ["bmi: is 24 kg/m2, and the other answers give 25 kg/m2"]),
    ):
        values, _, problems = body.read({**given, **({"bmi": entered} if entered else {})}, around)
        assert values["bmi"] == pytest.approx(25.0)
        assert [f"{one.item}: {one.message}" for one in problems] == said
    for unknown in ({}, {"participant.height": None}):
        values, _, problems = body.read({**given, "bmi": "25 kg/m2"}, unknown)
        assert values["bmi"] is None
        assert [one.message for one in problems] == [
            "is 25 kg/m2, and what it is calculated from is not known"
        ]
    values, _, problems = body.read({**given, "weight": "200 kg"}, around)
    assert [(one.item, one.unusual) for one in problems] == [("weight", True), ("bmi", True)]


def test_rows_are_read_as_forms_of_their_own(release: Release) -> None:
    history = release.forms["history"]
    row = {"kind": "medicine", "name": "sealed:1:x", "begun": "2019", "weeks": 12, "helped": True}
    other = {"kind": "psychotherapy", "begun": "2020-05", "weeks": 2}
    values, _, (problem,) = history.read({"treatments": [row, other]})
    assert values == {"treatments": 2, "many": False, "letter": None}
    assert (problem.item, problem.unusual) == ("treatments[2].weeks", True)
    wrong = history.check(
        {"treatments": [{**row, "weeks": 2001, "dose": "5 mg"}, {**other, "name": "sealed:1:y"}]}
    )
    assert [(one.item, one.message) for one in wrong if not one.unusual] == [
        ("treatments[1].weeks", "2001 is out of range; this item goes from 1 to 2000"),
        ("treatments[1].dose", "there is no item of history.treatments 'dose'; "
         "write one of: begun, helped, kind, name, weeks"),
        ("treatments[2].name", "was answered, and is asked only when kind == 'medicine'"),
    ]  # fmt: skip
    assert history.values({"treatments": [other] * 4})["many"] is True
    assert history.check({"treatments": [other] * 13})[0].message == (
        "the number of rows, 13, is out of range; this item goes from 0 to 12"
    )
    for nonsense in ("x", [1], {"kind": "medicine"}, 3):
        values, _, problems = history.read({"treatments": nonsense})
        assert (values["treatments"], values["many"]) == (None, None)
        assert [one.item for one in problems] == ["treatments"]


def test_rules_travel_with_their_form(body: CompiledForm) -> None:
    again = pickle.loads(pickle.dumps(body))
    assert again.rules == body.rules
    assert again.read({"pain": 0, "pain_where": ["jaw"]}) == body.read({"pain": 0, "pain_where": ["jaw"]})


CELLS = st.dictionaries(
    st.sampled_from(["kind", "name", "begun", "weeks", "helped", "x"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just({"missing": "refused"}),
)
FILES = st.sampled_from(["missing", "file", "media", "size"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
ANSWERS = SCALARS | st.lists(CELLS, max_size=3) | st.dictionaries(FILES, st.text(max_size=4) | st.integers())


@given(data=st.data())
def test_any_answer_gives_values_and_problems(data: st.DataObject, release: Release) -> None:
    """What a device sends never breaks a form, and what a rule cannot know is no value."""
    form = release.forms[data.draw(st.sampled_from(sorted(release.forms)))]
    items = data.draw(
        st.dictionaries(st.sampled_from(list(form.items)) | st.text("abc", max_size=4), ANSWERS)
    )
    around = data.draw(st.dictionaries(st.sampled_from(sorted(form.rules.elsewhere) or ["-"]), ANSWERS))
    values, _, problems = form.read(items, around)
    assert list(values) == list(form.items)
    assert {one.item.partition("[")[0] for one in problems} <= {*form.items, *items}
    form.contradictions(items, around, None)


@cache
def with_conditions() -> list[CompiledForm]:
    """Forms whose items hang on items, on other forms, on scores and on what is calculated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(TEXT.replace("when: pain > 0", "when: bmi > 20.0"), encoding="utf-8")
        changed = load_study(path)
        studies = [load_study(FORMS), changed, load_study("mapp1"), load_study("eating-disorders")]
        forms = [form for study in studies for form in study.newest.forms.values() if form.rules.conditions]
    assert {form._hangs_on_items for form in forms} == {True, False}
    return forms


@given(data=st.data())
def test_answers_are_kept_to_what_is_asked_by_those_before(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(with_conditions()), label="form")
    answers = st.one_of(
        st.booleans(), st.integers(-1, 12), st.sampled_from(["", "80 kg", "1.8 m", "12 min", "female", "a"])
    )
    items = {
        name: data.draw(answers, label=name)
        for name in form.items
        if data.draw(st.integers(0, 9), label=f"{name} is there")
    }
    around = {name: data.draw(st.booleans() | st.just(1.8), label=name) for name in form.rules.elsewhere}
    kept: dict[str, Any] = {}
    for name in form.items:
        if name in items and form.is_asked(name, form.read(kept, around).values, around):
            kept[name] = items[name]
    assert form.asked_of(items, around) == kept


def test_an_unusual_answer_decides_what_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    text = TEXT.replace(
        "pain:       {type: integer, range: 0 .. 10,",
        "pain: {type: integer, expected: 0 .. 3, range: 0 .. 10,",
    )
    assert text != TEXT
    path.write_text(text, encoding="utf-8")
    form = load_study(path).newest.forms["body"]
    for pain, asked in ((0, False), (9, True), (11, False)):
        items = {"pain": pain, "pain_where": ["head"]}
        assert ("pain_where" in form.asked_of(items, {})) is asked, pain


def test_whether_a_form_asks_by_what_is_known_elsewhere_its_rows_included(
    release: Release, tmp_path: Path
) -> None:
    elsewhere = {name for name, form in release.forms.items() if form.looks_elsewhere}
    assert elsewhere == {"pregnancy_test", "after_session"}
    path = tmp_path / "study.yaml"
    row = "begun:   {type: partial_date}"
    assert TEXT.count(row) == 1
    path.write_text(TEXT.replace(row, "begun: {type: partial_date, when: participant.can_be_pregnant}"))
    history = load_study(path).newest.forms["history"]
    assert history.looks_elsewhere
    assert history.rows["treatments"].looks_elsewhere
