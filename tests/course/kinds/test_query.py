"""Queries are raised, answered and closed; what is said of none is kept, and found."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from tests.course.cases import Case, before

from entact.conduct.sight import SeenCourse, Sight
from entact.course import Ledger, fold, record
from entact.course.disclosure import Disclosure, form_named
from entact.course.entry.sealing import is_sealed
from entact.course.kinds.kind import UNSURE
from entact.course.kinds.query import queries_of

KEY = bytes(range(32))


def at(minute: int) -> str:
    return f"2026-03-20T10:{minute:02d}:00-06:00"


def asked() -> Case:
    case = before("discharge")
    about = next(name for name, one in case.entries.items() if one.kind == "form")
    data = {"said": "raised", "entry": about, "item": "ideation", "text": "Is this what was written?"}
    return case.put("query", "query", at(1), data, role="monitor")


def then(case: Case, name: str, said: str, minute: int, **more: Any) -> Case:
    return case.put(name, "query", at(minute), {"said": said}, about="query", **more)


def standing(case: Case) -> list[tuple[str, str]]:
    return [(one.entry, one.status) for one in queries_of(case.course())]


def test_a_query_is_open_until_it_is_answered_and_closed() -> None:
    case = asked()
    assert standing(case) == [("query", "open")]
    assert standing(then(case, "answer", "answered", 2)) == [("query", "answered")]
    assert standing(then(case, "close", "closed", 3)) == [("query", "closed")]
    assert standing(then(case, "again", "raised", 4)) == [("query", "open")]
    (query,) = queries_of(case.course())
    assert query.entries == ("query", "answer", "close", "again")
    assert (query.raised_at.minute, query.since.minute, query.item) == (1, 4, "ideation")
    assert not [one for one in case.course().findings.values() if one.entry in query.entries]


def test_what_is_said_of_a_finding_begins_a_query_of_its_rule_which_nobody_raised() -> None:
    case = asked()
    about = case.entries["query"].data["entry"]
    data = {"said": "answered", "entry": about, "rule": "value_unusual", "text": "It was measured twice."}
    case.put("of a rule", "query", at(5), data, role="coordinator", by="carla")
    raised, found = queries_of(case.course())
    assert (raised.entry, raised.rule, raised.item) == ("query", "", "ideation")
    assert (found.entry, found.about, found.rule, found.item) == ("of a rule", about, "value_unusual", "")
    assert (found.status, found.by, found.entries) == ("answered", "carla", ("of a rule",))
    assert not [one for one in case.course().findings.values() if one.entry == "of a rule"]


def test_it_stands_as_the_times_say_in_whatever_order_it_arrives() -> None:
    case = then(then(asked(), "answer", "answered", 2), "close", "closed", 3)
    own = [case.entries[name] for name in ("query", "answer", "close")]
    rest = [one for one in case.entries.values() if one not in own and one.ledger.startswith("participant:")]
    for order in permutations(own):
        (query,) = queries_of(fold(case.study, [*rest, *order]))
        assert (query.status, query.entries) == ("closed", ("query", "answer", "close"))


@pytest.mark.parametrize(
    ("data", "about", "rule", "item"),
    [
        ({"said": "answered"}, None, "about_missing", "about"),
        ({"said": "closed"}, None, "about_missing", "about"),
        ({"said": "raised"}, None, "about_missing", "entry"),
        ({"said": "answered"}, "nothing", "about_unknown", "about"),
        ({"said": "raised"}, "nothing", "about_unknown", "about"),
    ],
)
def test_what_is_said_of_no_query_is_kept_and_found(
    data: dict[str, Any], about: str | None, rule: str, item: str
) -> None:
    case = before("discharge").put("odd", "query", at(1), data, about=about)
    course = case.course()
    assert f"{rule}:odd:{item}" in course.findings
    assert course.noted["query"][0].said.said == data["said"]
    assert queries_of(course) == []


def test_a_withdrawn_answer_leaves_it_open() -> None:
    case = then(asked(), "answer", "answered", 2)
    case.put("wrong", "void", at(5), {}, replaces="answer", reason="entered_in_error")
    assert standing(case) == [("query", "open")]


def test_its_words_are_sealed_and_what_it_is_about_is_not() -> None:
    case = asked()
    ledger = Ledger("participant:0a")
    record(case.study, ledger, fold(case.study, ()), case.entries["query"], received_at=at(1), key=KEY)
    (kept,) = ledger.entries()
    assert is_sealed(kept.data["text"])
    assert kept.data["item"] == "ideation"
    assert kept.data["entry"] == case.entries["query"].data["entry"]


def test_who_may_not_see_what_a_query_is_about_does_not_see_the_query() -> None:
    case = then(asked(), "answer", "answered", 2)
    about = case.entries[case.entries["query"].data["entry"]]
    course = case.course()
    disclosure = Disclosure(case.study.releases)
    for entry in course.entries:
        disclosure.add(entry)
    for name in ("query", "answer"):
        assert form_named(about.data["form"]) in disclosure.of_entry(name)
        assert UNSURE not in disclosure.of_entry(name)
    assert form_named(about.data["form"]) in disclosure.of_entry(about.id)
    # A query about what was not entered may name it.
    named = case.put("other", "query", at(6), {"said": "raised", "entry": "consent", "item": "symptoms"})
    disclosure.add(named.entries["other"])
    assert form_named("symptoms") in disclosure.of_entry("other")
    assert form_named("symptoms") not in disclosure.of_entry("consent")
    for role in case.study.newest.file.roles:
        if role != "participant":
            entries = SeenCourse(Sight(case.study, role), case.course()).entries
            assert ("query" in entries) is (about.id in entries)
