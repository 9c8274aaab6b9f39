# ruff: noqa: E501 (a line a case)
"""What people write in rules who know another language, and that what is offered instead compiles."""

from __future__ import annotations

import re

import pytest

from entact.protocol.rule import RuleError, Vocabulary

VOCABULARY = Vocabulary(
    {"a.age": "int", "a.pressure": "double", "a.sex": "string", "a.yes": "bool", "a.signs": "list[string]"},
    {"present": ["therapist"], "given": ["initial"], "elapsed": ["initial"]},
)

SAID = {
    "a.pressure <= 140,0": "a decimal comma is no part of rules at column 18; write 140.0",
    "a.pressure >= 180 mmHg": "'mmHg' is no part of rules at column 19; write the number alone: it is in the "
    "unit of its item",
    "a.pressure >= 180mm[Hg]": "'mm[Hg]' is no part of rules at column 18; write the number alone: it is in the "
    "unit of its item",
    "elapsed('initial') >= 8 h": "a time is no number with 'h' at column 25; write duration('8h')",
    "elapsed('initial') >= '8h'": ">= does not apply to duration and string at column 20; write duration('8h')",
    "elapsed('initial') >= 8": ">= does not apply to duration and int at column 20; write duration('8h')",
    "elapsed('initial') >= duration('1 d')": "'1 d' is no duration at column 31; write duration('24h')",
    "elapsed('initial') >= duration('90 min')": "'90 min' is no duration at column 31; write duration('90m')",
    "elapsed('initial') >= duration('late')": "'late' is no duration at column 31; write hours, minutes and "
    "seconds, such as '1h30m'",
    "a.yes == 'yes'": "== does not apply to bool and string at column 7; a.yes is yes or no: write a.yes",
    "a.yes == 'no'": "== does not apply to bool and string at column 7; a.yes is yes or no: write !a.yes",
    "a.yes != 'yes'": "!= does not apply to bool and string at column 7; a.yes is yes or no: write !a.yes",
    "'yes' == a.yes": "== does not apply to string and bool at column 7; a.yes is yes or no: write a.yes",
    "a.yes == 1": "== does not apply to bool and int at column 7; a.yes is yes or no: write a.yes",
    "a.yes == 0": "== does not apply to bool and int at column 7; a.yes is yes or no: write !a.yes",
    "a.yes == 'positive'": "== does not apply to bool and string at column 7; a.yes is yes or no: write a.yes, "
    "or !a.yes for no",
    "a.yes > 0": "> does not apply to bool and int at column 7; a.yes is yes or no: write a.yes, or !a.yes for no",
    "given('initial') == 'yes'": "== does not apply to bool and string at column 18; given('initial') is yes or "
    "no: write given('initial')",
    "a.yes == yes": "unknown name 'yes' at column 10; write true",
    "a.yes == False": "unknown name 'False' at column 10; write false",
    "a.age == '5'": "== does not apply to int and string at column 7; write 5 without quotes",
    "a.pressure >= '140'": ">= does not apply to double and string at column 12; write 140.0 without quotes",
    "a.sex == 1": "== does not apply to string and int at column 7; compare a text with one of its codes, in quotes",
    "a.sex > 'a'": "> does not apply to string and string at column 7; texts have no order; compare them with "
    "== or !=",
    "a.sex in 'x'": "in does not apply to string and string at column 7; write a.sex == 'x', or a list in "
    "brackets, as in ['x']",
    "a.signs == 'x'": "== does not apply to a list and string at column 9; write 'x' in a.signs",
    "18 <= a.age <= 65": "<= does not apply to bool and int at column 13; write 18 <= a.age && a.age <= 65",
    "18.0 < a.pressure < 20.0": "< does not apply to bool and double at column 19; write 18.0 < a.pressure && "
    "a.pressure < 20.0",
    "a.age in 1 .. 5": "a range is no part of rules at column 13; write one comparison for each end, joined by &&",
    "a.age between 1 and 5": "'between' is no part of rules at column 7; write one comparison for each end, "
    "joined by &&",
    "a.age =< 5": "'=<' is no part of rules at column 7; write <=",
    "a.age => 5": "'=>' is no part of rules at column 7; write >=",
    "a.yes === true": "'===' is no part of rules at column 7; write ==",
    "a.age > 5 and a.yes": "'and' is no part of rules at column 11; write &&",
    "not a.yes": "'not' is no part of rules at column 1; write ! before what is negated",
    "a.sex not in ['x']": "'not in' is no part of rules at column 7; write !(… in […])",
    "a.sex == \N{LEFT SINGLE QUOTATION MARK}x\N{RIGHT SINGLE QUOTATION MARK}": "'\N{LEFT SINGLE QUOTATION MARK}' "
    "is no part of rules at column 10; write straight quotes",
    "a.sex == 'x": "a quote is never closed at column 10; write ' where the text ends",
    "(a.age > 5": "a bracket is never closed at column 11; write ) where it ends",
    "a.age > 5)": "a bracket is closed that was never opened at column 10; take it out",
    "a.age > 5;": "Syntax error: ';' does not belong here at column 10; take it out",
    "a.age > ": "the rule ends too early at column 9",
    "present(therapist) >= 2": "unknown name 'therapist' at column 9; put it in quotes: 'therapist'",
    "doses >= 2": "unknown name 'doses' at column 1; write doses()",
    "a.age == true": "== does not apply to int and bool at column 7; a.age is not yes or no",
    "(a.age) == true": "== does not apply to int and bool at column 9",
    "(a.yes) == 1": "== does not apply to bool and int at column 9",
    "a.yes != 'no'": "!= does not apply to bool and string at column 7; a.yes is yes or no: write a.yes",
    "a.signs != 'x'": "!= does not apply to a list and string at column 9; write !('x' in a.signs)",
    "'x' == a.signs": "== does not apply to string and a list at column 5; write 'x' in a.signs",
    "8 <= elapsed('initial')": "<= does not apply to int and duration at column 3; write duration('8h')",
    "elapsed('initial') >= '8 weeks'": ">= does not apply to duration and string at column 20; write a time as "
    "duration('8h')",
    "a.age == 'x'": "== does not apply to int and string at column 7",
    "'-5' == a.age": "== does not apply to string and int at column 6; write -5 without quotes",
    "'5.5' < a.pressure": "< does not apply to string and double at column 7; write 5.5 without quotes",
    "a.pressure > '5.5.5'": "> does not apply to double and string at column 12",
    'a.yes == "yes': 'a quote is never closed at column 10; write " where the text ends',
    "1 < a.age < 3 < 5": "< does not apply to bool and int at column 11; write 1 < a.age && a.age < 3",
    "a.yes & a.yes": "'&' is no part of rules at column 7; write &&",
    "a.yes | a.yes": "'|' is no part of rules at column 7; write ||",
    "a.yes or a.yes": "'or' is no part of rules at column 7; write ||",
    "a.yes NOT a.yes": "'NOT' is no part of rules at column 7; write ! before what is negated",
    "a.age ^ 2": "'^' is no part of rules at column 7; write a product, with *",
    "a.age <> 3": "'<>' is no part of rules at column 7; write !=",
    "a.age = 5": "'=' is no part of rules at column 7; write ==",
    "a.age \N{LESS-THAN OR EQUAL TO} 3": "'\N{LESS-THAN OR EQUAL TO}' is no part of rules at column 7; write <=",
    "a.age \N{GREATER-THAN OR EQUAL TO} 3": "'\N{GREATER-THAN OR EQUAL TO}' is no part of rules at column 7; write >=",
    "a.age \N{NOT EQUAL TO} 3": "'\N{NOT EQUAL TO}' is no part of rules at column 7; write !=",
    "a.yes # note": "'#' is no part of rules at column 7; write what it is for in a comment of YAML",
    "a.yes then a.age": "'then' is no part of rules at column 7; write condition ? value : other",
    "a.sex contains 'x'": "'contains' is no part of rules at column 7; write … in …, with the code before the list",
    "a.sex is 'x'": "'is' is no part of rules at column 7; write ==",
    "a.pressure > 1.": "a number ends in a point at column 15; write a digit after it, as in 1.0",
}


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_what_was_meant_is_said(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        VOCABULARY.compile(text)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "text",
    ["18 <= a.age <= 65", "18.0 < a.pressure < 20.0", "a.yes == 'no'", "a.signs == 'x'", "a.signs != 'x'"],
)
def test_what_is_offered_for_a_whole_rule_compiles(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        VOCABULARY.compile(text)
    offered = re.search(r"write (.*)$", str(caught.value))
    assert offered is not None
    assert VOCABULARY.compile(offered[1]).returns == "bool"


@pytest.mark.parametrize("word", ["d", "day", "days", "Days", "w", "wk", "week", "weeks"])
def test_days_and_weeks_are_told_in_hours(word: str) -> None:
    with pytest.raises(RuleError) as caught:
        VOCABULARY.compile(f"elapsed('initial') >= duration('2 {word}')")
    hours = 336 if word.startswith("w") else 48
    assert str(caught.value) == f"'2 {word}' is no duration at column 31; write duration('{hours}h')"
