"""Rules: the shared corpus, Kleene's logic by another hand, faults on load, refused values."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entact.protocol.portable import portable
from entact.protocol.rule import FUNCTIONS, Rule, RuleError, Unknown, Vocabulary

CORPUS: list[dict[str, Any]] = json.loads(
    resources.files("entact.protocol").joinpath("rule_cases.json").read_text("utf-8")
)
CASES = [case for case in CORPUS if "drawn" not in case]


@dataclass(frozen=True)
class Told:
    """Facts by the text of a call; seconds for durations, as in the corpus."""

    facts: Mapping[str, Any]

    def present(self, role: str, /) -> int | None:
        return self.facts.get(f"present('{role}')")

    def given(self, part: str, /) -> bool | None:
        return self.facts.get(f"given('{part}')")

    def elapsed(self, part: str, /) -> timedelta | None:
        seconds = self.facts.get(f"elapsed('{part}')")
        return None if seconds is None else timedelta(seconds=seconds)

    def doses(self) -> int | None:
        return self.facts.get("doses()")


def _value(kind: str, written: Any) -> Any:
    return timedelta(seconds=written) if kind == "duration" and isinstance(written, int | float) else written


def _answer(case: Mapping[str, Any]) -> Any:
    values = {name: _value(case["names"][name], written) for name, written in case["values"].items()}
    facts = Told(case["facts"]) if "facts" in case else None
    rule = Vocabulary(case["names"], case.get("arguments")).compile(case["rule"], returns=None)
    answer = rule.evaluate(values, facts)
    return answer.total_seconds() if isinstance(answer, timedelta) else answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['rule']} {case['values']}")
def test_corpus(case: Mapping[str, Any]) -> None:
    match case["result"]:
        case {"unknown": missing}:
            assert _answer(case) == Unknown(frozenset(missing))
        case {"error": said}:
            with pytest.raises(ValueError, match=re.escape(said)):
                _answer(case)
        case known:
            answer = _answer(case)
            assert answer == known
            # 1, 1.0 and true are equal in Python, and are not the same answer; durations are seconds.
            assert isinstance(answer, bool) == isinstance(known, bool)


def test_the_drawn_part_of_the_corpus() -> None:
    for case in CORPUS:
        if "drawn" in case:
            test_corpus(case)


def test_corpus_uses_every_operator_and_function() -> None:
    rules = " ".join(case["rule"] for case in CASES if "error" not in str(case["result"]))
    for symbol in "&& || ! ?: == != < <= > >= + - * / % in".replace("?:", "?").split():
        assert (
            f" {symbol} " in f" {rules.replace('!', ' ! ').replace(' !  =', '!=').replace('! =', '!=')} "
        ), symbol
    for function in (*FUNCTIONS, "double", "int", "duration", "size"):
        assert f"{function}(" in rules


# --- Kleene's logic, computed by minimum and maximum over 0, 1/2, 1, which CEL has no part in -----

NAMES = ("a", "b.c", "d.e_f", "g")
COUNTS = ("n", "m.count")
LOGIC = Vocabulary({**dict.fromkeys(NAMES, "bool"), **dict.fromkeys(COUNTS, "int")})
Values = dict[str, Any]


@dataclass(frozen=True)
class Expression:
    text: str
    truth: Callable[[Values], float]
    names: frozenset[str]


def _truth(value: bool | None) -> float:
    return 0.5 if value is None else float(value)


def _leaf(name: str) -> Expression:
    return Expression(name, lambda values: _truth(values.get(name)), frozenset({name}))


def _limit(name: str, symbol: str, limit: int) -> Expression:
    def truth(values: Values) -> float:
        count = values.get(name)
        if count is None:
            return 0.5
        return float({"<": count < limit, ">=": count >= limit, "==": count == limit}[symbol])

    return Expression(f"{name} {symbol} {limit}", truth, frozenset({name}))


def _not(one: Expression) -> Expression:
    return Expression(f"!({one.text})", lambda values: 1.0 - one.truth(values), one.names)


def _and(one: Expression, other: Expression) -> Expression:
    return Expression(
        f"({one.text}) && ({other.text})",
        lambda values: min(one.truth(values), other.truth(values)),
        one.names | other.names,
    )


def _or(one: Expression, other: Expression) -> Expression:
    return Expression(
        f"({one.text}) || ({other.text})",
        lambda values: max(one.truth(values), other.truth(values)),
        one.names | other.names,
    )


def _equal(one: Expression, other: Expression) -> Expression:
    def truth(values: Values) -> float:
        pair = one.truth(values), other.truth(values)
        return 0.5 if 0.5 in pair else float(pair[0] == pair[1])

    return Expression(f"({one.text}) == ({other.text})", truth, one.names | other.names)


def _choice(condition: Expression, one: Expression, other: Expression) -> Expression:
    def truth(values: Values) -> float:
        chosen = condition.truth(values)
        return 0.5 if chosen == 0.5 else one.truth(values) if chosen else other.truth(values)

    names = condition.names | one.names | other.names
    return Expression(f"({condition.text}) ? ({one.text}) : ({other.text})", truth, names)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(_not, inner),
        st.builds(_and, inner, inner),
        st.builds(_or, inner, inner),
        st.builds(_equal, inner, inner),
        st.builds(_choice, inner, inner, inner),
    )


leaves = st.builds(_leaf, st.sampled_from(NAMES)) | st.builds(
    _limit, st.sampled_from(COUNTS), st.sampled_from(["<", ">=", "=="]), st.integers(0, 3)
)
# CEL reads at most 32 levels of brackets; twelve leaves stay below.
expressions = st.recursive(leaves, _grown, max_leaves=12)
known_values = st.fixed_dictionaries(
    {**dict.fromkeys(NAMES, st.booleans()), **dict.fromkeys(COUNTS, st.integers(0, 3))}
)
hidden_names = st.frozensets(st.sampled_from((*NAMES, *COUNTS)))


def _as_truth(answer: Any) -> float:
    assert isinstance(answer, bool | Unknown)
    return 0.5 if isinstance(answer, Unknown) else float(answer)


@given(expressions, known_values, hidden_names)
def test_logic_is_kleenes(expression: Expression, values: Values, hidden: frozenset[str]) -> None:
    rule = LOGIC.compile(expression.text)
    some = {name: value for name, value in values.items() if name not in hidden}
    answer = rule.evaluate(some)
    assert _as_truth(answer) == expression.truth(some)
    assert rule.names == expression.names
    if isinstance(answer, Unknown):
        assert answer.missing == expression.names & hidden
    assert rule.evaluate({**some, **dict.fromkeys(hidden)}) == answer


@given(expressions, known_values, st.permutations((*NAMES, *COUNTS)))
def test_filling_in_never_changes_what_is_known(
    expression: Expression, values: Values, order: list[str]
) -> None:
    rule = LOGIC.compile(expression.text)
    steps = [{name: values[name] for name in order[:count]} for count in range(len(order) + 1)]
    answers = [_as_truth(rule.evaluate(step)) for step in steps]
    assert answers[-1] != 0.5
    for before, after in pairwise(answers):
        assert before in (0.5, after)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@example(140.0, 140.0)
@example(0.1 + 0.2, 0.3)
@example(-0.0, 0.0)
def test_doubles_compare_as_they_are(x: float, limit: float) -> None:
    vocabulary = Vocabulary({"x": "double", "limit": "double"})
    for symbol, expected in (("<=", x <= limit), ("<", x < limit), ("==", x == limit), (">", x > limit)):
        assert vocabulary.compile(f"x {symbol} limit").evaluate({"x": x, "limit": limit}) is expected


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.data())
def test_texts_compare_as_they_are(text: str, data: st.DataObject) -> None:
    other = data.draw(
        st.just(text) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    )
    rule = Vocabulary({"s": "string", "t": "list[string]"}).compile("s in t")
    assert rule.evaluate({"s": text, "t": [other]}) is (text == other)


# --- faults on load -------------------------------------------------------------------------------

VITALS = Vocabulary(
    {
        "vitals.systolic": "double",
        "vitals.diastolic": "double",
        "c_ssrs.ideation": "int",
        "sex": "string",
        "races": "list[string]",
        "flag": "bool",
    },
    {"present": {"therapist", "night attendant"}, "given": {"initial"}, "elapsed": {"initial"}},
)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("vitals.sistolic <= 140.0", 1, 1, "unknown name 'vitals.sistolic' at column 1; did you"),
        ("flag && vitals.sistolic <= 140.0", 1, 9, "did you mean 'vitals.systolic'?"),
        ("flag &&\n  flog", 2, 3, "unknown name 'flog' at line 2, column 3; did you mean 'flag'?"),
        ("sex == 'é' && flog", 1, 15, "did you mean 'flag'?"),
        ("vitals <= 140.0", 1, 1, "did you mean 'vitals."),
        ("vitals.systolic <= 140", 1, 17, "<= does not apply to double and int at column 17; write 140.0"),
        ("140 <= vitals.systolic", 1, 5, "write 140.0"),
        ("c_ssrs.ideation < 4.0", 1, 17, "write 4"),
        ("c_ssrs.ideation < 3.5", 1, 17, "put double(...) around the int"),
        ("vitals.systolic in [120, 140]", 1, 17, "write numbers with a point"),
        ("vitals.systolic <=", 1, 19, "ends too early"),
        ("", 1, 1, "ends too early"),
        ("flag flag", 1, 6, "Syntax error"),
        ("present('terapist') >= 2", 1, 1, "unknown argument 'terapist' of present at column 1; did"),
        ("flag && elapsed('xyz') > duration('1h')", 1, 9, "known are initial"),
        ("presnt('therapist') >= 2", 1, 1, "did you mean 'present'?"),
        ("given(sex)", 1, 6, "write it out, in quotes"),
        ("given(1)", 1, 6, "given takes one text in quotes"),
        ("given('initial', 'initial')", 1, 1, "exactly one argument"),
        ("elapsed('initial') > duration('8 hours')", 1, 30, "'8 hours' is no duration"),
        ("vitals.systolic / vitals.diastolic > 1.0", 1, 17, "divide by a number written out"),
        ("vitals.systolic / 0.0 > 1.0", 1, 17, "division by what may be zero"),
        ("c_ssrs.ideation == null", 1, 17, "a missing value is unknown"),
        ("races[0] == 'white'", 1, 6, "[...] is no part of rules"),
        ("c_ssrs.ideation", 1, 1, "the rule gives int, but bool is needed"),
        ("1e400 > vitals.systolic", 1, 1, "too large"),
        ("vitals.systolic < -1e400", 1, 19, "too large"),
        ("_call_0 > 1", 1, 1, "unknown name '_call_0'"),
        ("(" * 40 + "flag" + ")" * 40, 1, 1, "nested too deeply"),
        ("flag\0", 1, 1, "characters that cannot be printed"),
        ("sex == '\ud800'", 1, 1, "characters that cannot be printed"),
    ],
)  # fmt: skip
def test_fault_is_found_on_load_with_its_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        VITALS.compile(text)
    assert said in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.line, again.column) == (str(caught.value), line, column)


_TEXTS = "'initial' 'therapist' \"8h\" r'8h' b'' '''x'''"
_NAMES = "flag sex races vitals systolic .systolic vitals.systolic c_ssrs.ideation _call_0 google.protobuf"
_CALLED = "present given elapsed doses duration int double size timestamp dyn type has all"
_MARKS = "( ) [ ] { } , : ? . ! - + * / % == != < <= && || in 0 1 2.0 1e400 1u null true // `"
TOKENS = [*f"{_TEXTS} {_NAMES} {_CALLED} {_MARKS}".split(), "\n"]


@given(st.text(max_size=30) | st.lists(st.sampled_from(TOKENS), max_size=9).map(" ".join))
@example("vitals.systolic / /**/ 2.0 > 1.0")
@example("given('''initial''')")
@example("given(r'initial')")
@example("// nothing")
@example("flag // a word at the end")
@example("c_ssrs.ideation in [0x4]")
@example("sex == r'male'")
@example("sex == '''male'''")
@example("`flag`")
def test_any_text_is_a_rule_or_a_rule_error(text: str) -> None:
    try:
        rule = VITALS.compile(text, returns=None)
    except RuleError as error:
        line, column = error.line, error.column or 0
    else:
        line = column = 1
        assert rule.evaluate({}) is not None
        assert json.loads(json.dumps(portable(rule)))["text"] == text
    assert 1 <= line <= text.count("\n") + 1
    assert 1 <= column <= len(text) + 2


@pytest.mark.parametrize(
    ("returns", "text"),
    [("bool", "flag"), ("int", "c_ssrs.ideation"), ("double", "vitals.systolic"), ("string", "sex")],
)
def test_the_kind_of_answer_is_declared(returns: Any, text: str) -> None:
    assert (
        VITALS.compile(text, returns=returns).returns == VITALS.compile(text, returns=None).returns == returns
    )
    with pytest.raises(RuleError, match=f"gives {returns}, but duration is needed"):
        VITALS.compile(text, returns="duration")
    with pytest.raises(RuleError, match="gives a list"):
        VITALS.compile("races", returns=None)


@pytest.mark.parametrize(
    "name", ["", "a b", "true", "x.in", "int", "1a", "_a", "a..b", "a.", "for", "é", "a.1", "a\n"]
)
def test_a_name_that_no_rule_could_use_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        Vocabulary({name: "bool"})


WORDS = "as break const continue else for function if import let loop package namespace return var void while"


@given(
    st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,4}", fullmatch=True), min_size=1, max_size=3).map(
        ".".join
    )
)
@example("x.type")
@example("x.for")
@example("duration")
@example("size.present")
@example("present")
def test_a_name_that_is_taken_can_be_used(name: str) -> None:
    try:
        vocabulary = Vocabulary({name: "bool"}, {"present": {"therapist"}})
    except ValueError:
        return
    assert vocabulary.compile(f"!{name} && present('therapist') > 0").evaluate({name: True}) is False


@pytest.mark.parametrize("word", [*WORDS.split(), "type", "list", "duration", "size"])
def test_words_of_cel_may_end_a_name(word: str) -> None:
    assert (
        Vocabulary({f"event.{word}": "bool"}).compile(f"event.{word}").evaluate({f"event.{word}": True})
        is True
    )


def test_vocabulary_knows_its_kinds_and_functions() -> None:
    kind: Any = "number"
    with pytest.raises(ValueError, match="no kind of value"):
        Vocabulary({"x": kind})
    with pytest.raises(ValueError, match="no function of rules"):
        Vocabulary({}, {"absent": {"x"}})


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vitals.systolic", float("nan")),
        ("vitals.systolic", float("inf")),
        ("vitals.systolic", -float("inf")),
        ("vitals.systolic", True),
        ("vitals.systolic", "140"),
        ("vitals.systolic", 2**53),
        ("c_ssrs.ideation", True),
        ("c_ssrs.ideation", 1.0),
        ("c_ssrs.ideation", -(2**53)),
        ("flag", 1),
        ("flag", "true"),
        ("sex", 1),
        ("sex", "F\0"),
        ("sex", "\ud800"),
        ("races", "white"),
        ("races", ["white", None]),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(name: str, value: Any) -> None:
    text = {"flag": "flag", "races": "'white' in races"}.get(name, f"{name} == {name}")
    with pytest.raises(ValueError, match=f"^{re.escape(name)} is .*declared"):
        VITALS.compile(text).evaluate({name: value})


def test_facts_are_checked_like_values() -> None:
    with pytest.raises(ValueError, match="is True, but a whole number"):
        VITALS.compile("present('therapist') > 0").evaluate({}, Told({"present('therapist')": True}))


def test_a_text_cannot_be_taken_for_an_error() -> None:
    rule = VITALS.compile("sex", returns="string")
    text = 'UNKNOWN: No value with name "sex" found in Activation'
    assert rule.evaluate({"sex": text}) == text


def test_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="missing: flag"):
        bool(VITALS.compile("flag").evaluate({}))


def test_names_and_calls_are_those_of_the_text() -> None:
    rule = VITALS.compile(
        "present('night attendant') > 0 && sex == \"given('initial')\" // elapsed('initial')\n"
        " && !given( \"initial\" ) && present('night attendant') < 3 && (flag ? vitals.systolic : 1.0) > 0.0"
    )
    assert rule.calls == (("present", ("night attendant",)), ("given", ("initial",)))
    assert [str(call) for call in rule.calls] == ["present('night attendant')", "given('initial')"]
    assert rule.names == {"sex", "flag", "vitals.systolic"}
    facts = {"present('night attendant')": 1, "given('initial')": False}
    values = {"sex": "given('initial')", "flag": True, "vitals.systolic": 120}
    assert rule.evaluate(values, Told(facts)) is True
    assert rule.evaluate(values) == Unknown(frozenset(facts))


def test_only_what_a_rule_names_is_asked_for() -> None:
    class Watched(dict[str, Any]):
        def __init__(self, known: dict[str, Any]) -> None:
            super().__init__(known)
            self.asked: set[str] = set()

        def get(self, name: str, default: Any = None) -> Any:
            self.asked.add(name)
            return super().get(name, default)

    values = Watched({"flag": True, "vitals.systolic": float("nan")})
    assert VITALS.compile("flag || sex == 'F'").evaluate(values) is True
    assert values.asked == {"flag", "sex"}


# --- one rule in many places ----------------------------------------------------------------------


def _copies(rule: Rule) -> Iterable[Rule]:
    return (pickle.loads(pickle.dumps(rule)), copy.copy(rule), copy.deepcopy(rule))


def test_a_rule_is_the_same_after_pickling() -> None:
    rule = VITALS.compile("vitals.systolic <= 140.0 && present('therapist') >= 2")
    for again in _copies(rule):
        assert again == rule
        assert hash(again) == hash(rule)
        assert (again.names, again.calls, again.returns) == (rule.names, rule.calls, rule.returns)
        assert again.evaluate({"vitals.systolic": 140.0}, Told({"present('therapist')": 2})) is True
    assert pickle.loads(pickle.dumps(VITALS)) == VITALS
    assert rule != VITALS.compile("vitals.systolic <= 140.0")


def test_threads_share_a_rule() -> None:
    rule = VITALS.compile("vitals.systolic <= 140.0 && present('therapist') >= 2")

    def ask(limit: int) -> list[Any]:
        facts = Told({"present('therapist')": limit % 4})
        return [rule.evaluate({"vitals.systolic": 139 + limit % 3}, facts) for _ in range(300)]

    with ThreadPoolExecutor(8) as pool:
        for limit, answers in enumerate(pool.map(ask, range(24))):
            assert answers == [limit % 3 < 2 and limit % 4 >= 2] * 300
