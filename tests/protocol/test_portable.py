"""Rules on a device: one corpus holds the evaluator in JavaScript to the answers of the one in Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.console.deno import run
from tests.protocol.rule_drawing import CASES, drawn

from entact.protocol import load_study
from entact.protocol.portable import nanoseconds, portable
from entact.protocol.rule import LARGEST_INT, RuleError, Vocabulary

STUDIES = ("mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access", "life-threatening-illness")
EVALUATE = "return given.map(([rule, values, facts]) => it.evaluate(rule, values, facts));"


def _answers(cases: list[dict[str, Any]]) -> list[Any]:
    asked = [
        [
            portable(Vocabulary(case["names"], case.get("arguments")).compile(case["rule"], returns=None)),
            case["values"],
            case.get("facts", {}),
        ]
        for case in cases
    ]
    return [{"error": "error"} if "error" in answer else answer for answer in run("rule.js", EVALUATE, asked)]


def _expected(result: Any) -> Any:
    match result:
        case {"unknown": missing}:
            return {"unknown": sorted(missing)}
        case {"error": _}:
            return {"error": "error"}
        case int() if abs(result) > LARGEST_INT:
            return {"value": str(result)}
    return {"value": result}


def _compiles(case: dict[str, Any]) -> bool:
    try:
        Vocabulary(case["names"], case.get("arguments")).compile(case["rule"], returns=None)
    except RuleError:
        return False
    return True


def _same(one: Any, other: Any) -> bool:
    """1, 1.0 and true are equal in Python; true is another answer than 1."""
    return bool(one == other) and (isinstance(one.get("value"), bool) == isinstance(other.get("value"), bool))


def test_the_names_of_a_rule_are_sent_in_one_order() -> None:
    names: dict[str, Any] = {f"f.{letter}": "bool" for letter in "zyxabc"}
    sent = portable(Vocabulary(names).compile(" || ".join(names)))
    assert list(sent["names"]) == sorted(names)


def test_the_corpus_is_answered_alike_in_javascript() -> None:
    # JSON has no 1.0 beside 1, so that a double given for a whole number can't be told on a device.
    cases = [
        case
        for case in json.loads(CASES.read_text("utf-8"))
        if _compiles(case) and case["values"] != {"v": 1.0}
    ]
    assert sum("drawn" in case for case in cases) >= 500
    wrong = [
        (case, answer)
        for case, answer in zip(cases, _answers(cases), strict=True)
        if not _same(answer, _expected(case["result"]))
    ]
    assert wrong == []


def test_rules_that_the_corpus_has_not_are_answered_alike_too() -> None:
    cases = list(drawn(2026, 500))
    wrong = [
        (case, answer)
        for case, answer in zip(cases, _answers(cases), strict=True)
        if not _same(answer, _expected(case["result"]))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", STUDIES)
def test_each_rule_of_a_session_can_be_sent(name: str) -> None:
    release = load_study(name).newest
    rules = [one.rule for gate in release.gates.values() for one in gate.requirements]
    rules += [gate.applies_when for gate in release.gates.values() if gate.applies_when is not None]
    for alert in release.alerts.values():
        rules += [rule for rule in (alert.rule, alert.rearm, *alert.worse) if rule is not None]
    assert rules
    for rule in rules:
        sent = portable(rule)
        assert json.loads(json.dumps(sent)) == sent
        assert sent["names"].keys() == rule.names


def test_whole_numbers_and_durations_are_text() -> None:
    rule = Vocabulary({"n": "int", "d": "duration"}).compile("n < 9007199254740993 && d > duration('1h30m')")
    assert portable(rule)["tree"] == [
        "&&",
        ["<", ["name", "n"], ["int", "9007199254740993"]],
        [">", ["name", "d"], ["duration", "5400000000000"]],
    ]


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", 0), ("1.5h", 5_400_000_000_000), ("-30m", -1_800_000_000_000), ("1h0m1s", 3_601_000_000_000),
     ("250ms", 250_000_000), ("1.5ns", 1), ("2us", 2000)],
)  # fmt: skip
def test_the_length_of_a_duration(text: str, length: int) -> None:
    assert nanoseconds(text) == length


@pytest.mark.parametrize("text", ["", "8x", "h", "8 h", "1h-"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        nanoseconds(text)


def test_an_escape_in_a_text_means_what_it_says() -> None:
    rule = Vocabulary({"s": "string"}).compile(r"s == 'a\tb\u00e4\x41\X42\'\\'")
    assert portable(rule)["tree"] == ["==", ["name", "s"], ["string", "a\tbäAB'\\"]]
    assert rule.evaluate({"s": "a\tbäAB'\\"}) is True
