"""Sentences of the pure rooms are said in the reader's language, with the same numbers and names in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import gettext, override
from tests.conduct.language.catalogue import CONDUCT, read_words

from entact.conduct.language.findings import FINDINGS
from entact.conduct.language.refusals import REFUSALS
from entact.conduct.language.sentences import SENTENCES, told_again, with_parts
from entact.conduct.timeline import OF_ANSWERS
from entact.conduct.words import words
from entact.course.kinds import KINDS
from entact.course.schedule.washout import _reckoned
from entact.protocol import load_study
from entact.protocol.timetable import ACTIVITIES
from entact.protocol.words.training import event_training

ROOMS = [CONDUCT.parent / "course", CONDUCT.parent / "protocol"]
# What gates say only as a part of another sentence, or to a programmer.
PARTS = ("An entry", "An entry of kind {}", "no session", "second person")


# Where findings are said: the last of what these are given, and what is put into these names before.
FOUND = {"found", "_found", "problem", "Problem", "Finding"}
MESSAGES = {"message", "said", "why", "what"}
# What is found only as a part of another sentence.
FOUND_IN_PARTS = {"was recorded", "an event", "An entry of kind {}"}


def _skeletons(path: Path) -> Iterator[str]:
    """Every text of a module, with {} where something is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in documentation:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _findings(path: Path) -> Iterator[str]:
    """Every message of a module that is found: what is given, put into a name for it, or told as a tuple."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[*_, last]) if (
                name in FOUND
            ):
                yield from _said(last)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in MESSAGES:
                yield from _said(value)
            case ast.Yield(value=ast.Tuple(elts=[_, _, *_, last])):
                yield from _said(last)


def _rules(path: Path) -> Iterator[str]:
    """The name of every rule of a module by which something is found."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Call(
                    func=ast.Attribute(attr="found" | "problem") | ast.Name(id="Problem" | "as_finding"),
                    args=[ast.Constant(value=str(rule)), *_],
                )
                | ast.Call(func=ast.Attribute(attr="_found"), args=[_, ast.Constant(value=str(rule)), *_])
                | ast.Yield(value=ast.Tuple(elts=[ast.Constant(value=str(rule)), _, _, *_]))
            ):
                yield rule


def _said(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.JoinedStr():
            yield "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)  # type: ignore[misc]
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _said(node.body)
            yield from _said(node.orelse)


# What the page of the lock comes by on its way to a lock; all else of these modules stands before commands.
REACHED = {
    *("make_cut", "request_unlock", "confirm_unlock", "_taken", "_manifest", "_counted", "open_key_file"),
    *("require_own_passphrase", "require", "require_holder", "open_bytes"),
}


def _refused(path: Path, functions: set[str]) -> Iterator[str]:
    """Every message that some functions of a module refuse with."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            for one in ast.walk(node):
                match one:
                    case (
                        ast.Call(func=ast.Name(id="StoreError"), args=[said])
                        | ast.Return(value=ast.JoinedStr() as said)
                    ):
                        yield from _said(said)


def test_every_finding_has_its_pattern() -> None:
    known = {re.sub(r"\{\w+\}", "{}", one) for one in (*SENTENCES, *FINDINGS)}
    said = {one for path in ROOMS[0].rglob("*.py") for one in _findings(path)}
    sentences = {one for one in said if len(re.findall("[a-z]{2,}", one)) > 1} - FOUND_IN_PARTS
    assert len(sentences) > 150
    assert sorted(one for one in sentences if one not in known) == []


def test_every_rule_and_activity_is_called_in_german() -> None:
    known = {one.id for one in read_words("de") if one.string}
    rules = {
        str(OF_ANSWERS.get(one, one.replace("_", " ")))
        for path in ROOMS[0].rglob("*.py")
        for one in _rules(path)
    }
    assert len(rules) > 150
    assert sorted(rules - known) == []
    assert sorted({words(one) for one in ACTIVITIES} - known) == []


def test_each_pattern_is_a_sentence_that_is_said() -> None:
    said = {one for room in ROOMS for path in room.rglob("*.py") for one in _skeletons(path)}
    assert [one for one in (*SENTENCES, *FINDINGS) if re.sub(r"\{\w+\}", "{}", one) not in said] == []


def test_what_the_record_refuses_to_who_locks_it_has_its_pattern() -> None:
    known = {re.sub(r"\{\w+\}", "{}", one) for one in REFUSALS}
    modules = [CONDUCT.parent / "store" / f"{name}.py" for name in ("cut", "signature", "passphrase")]
    said = {one for path in modules for one in _skeletons(path)}
    assert sorted(known - said) == []
    refused = {one for path in modules for one in _refused(path, REACHED)}
    assert len(refused) >= 18
    of_commands = {"a request stands for more than nothing and at most {} days"}  # pages ask for no length
    assert sorted(refused - known - of_commands) == []


@pytest.mark.parametrize(
    "module", ["core", "person", "place", "dose", "bounds", "unit", "override", "ahead", "drift"]
)
def test_every_reason_of_a_gate_has_its_pattern(module: str) -> None:
    known = {re.sub(r"\{\w+\}", "{}", one) for one in (*SENTENCES, *FINDINGS)}
    said = _skeletons(CONDUCT.parent / "course" / "gates" / f"{module}.py")
    reasons = [one for one in said if re.match(r"[A-Z{].* .*\.$", one) and "\n" not in one]
    reasons = [one for one in reasons if one not in PARTS and len(re.findall("[a-z]{2,}", one)) > 2]
    assert [one for one in reasons if one not in known] == []


@pytest.mark.parametrize("name", ["mapp1", "mapp2", "mapp3", "eating-disorders", "expanded-access"])
def test_the_training_on_events_is_told_in_german(name: str) -> None:
    """All but the study's own words: titles of its terms, checklists and reports."""
    release = load_study(name).newest
    terms = {one.title for one in release.file.adverse_events.terms.values()}
    told, same = event_training(release).passages, []
    with override("de"):
        for one in told:
            own = set(re.split(", | and ", one.text)) <= terms
            texts = [*([] if own else [one.text]), *one.notes]
            same += [
                text for text in texts if told_again(text) == text or re.search(r"\bis\b", told_again(text))
            ]
        general = [one.term for one in told[:6] if told_again(one.term) == one.term]
    assert (same, general) == ([], [])


def test_how_a_washout_is_reckoned_is_told_in_german() -> None:
    washout = load_study("mapp1").newest.file.washout
    assert washout is not None
    with override("de"):
        for known in washout.classes.values():
            told = told_again(f"last taken on 2027-04-01; {_reckoned(known, washout)}")
            assert told.startswith("zuletzt genommen am 2027-04-01; ")
            assert "Halbwertszeiten von" in told
            assert not re.search("half|stable|class|days", told)


def test_what_is_put_in_stays_as_it_is() -> None:
    sentence = "The certificate GCP of ada held until 2026-03-02."
    assert told_again(sentence) == sentence
    with override("de"):
        assert told_again(sentence) == "Das Zertifikat GCP von ada galt bis 2026-03-02."
        assert told_again("Lot A1 of kit 4812 was recalled.") == "Charge A1 von Kit 4812 wurde zurückgerufen."
        assert told_again("170 mmHg is out of range; this item goes from 50 to 160 mmHg").startswith(
            "170 mmHg liegt"
        )


def test_what_is_put_in_is_called_otherwise_by_its_place() -> None:
    def part(place: str, text: str) -> str:
        return f"{place}: {text}" if place in ("person", "by") else text

    held = "The certificate GCP of ada held until 2026-03-02."
    assert with_parts(held, part) == "The certificate GCP of person: ada held until 2026-03-02."
    inner = "bo asks, and is not the second person."
    assert with_parts(f"It cannot be overridden: {inner}", part) == f"It cannot be overridden: by: {inner}"
    for own in ("Call ada before 2026-03-02", "ada", ""):
        assert with_parts(own, part) == own


def test_a_study_s_own_words_and_what_nobody_knows_stay_as_they_are() -> None:
    for sentence in (
        "",
        "At most 2 h have passed since the initial dose",
        "The visit is over.",
        "{x} and {y}",
    ):
        with override("de"):
            assert told_again(sentence) == sentence


def test_no_sentence_is_told_as_another() -> None:
    """With names put in, each is found by its own pattern."""
    with override("de"):
        for one in (*SENTENCES, *FINDINGS):
            names = re.findall(r"\{(\w+)\}", one)
            filled = one.format(**{name: f"<{name}>" for name in names})
            told = told_again(filled)
            assert told != filled, one
            assert all(f"<{name}>" in told for name in names), one


def test_a_kind_of_entry_is_called_by_its_title() -> None:
    with override("de"):
        assert told_again("dose_level after the death entered in one").startswith(
            f"{gettext(KINDS['dose_level'].title)} nach dem"
        )
        assert "dose_level" not in told_again("an entry of kind dose_level does not belong in this ledger")
