"""What a role may not see is on no page, in no form, though the record is full of it."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.record import (
    HIDDEN,
    RECEIVED,
    SEES_ALL,
    blinded_study,
    fresh,
    keep,
    telling_story,
    without_hashes,
)
from tests.course.conftest import Story

import entact.conduct
from entact.course import fold, read
from entact.course.entry import instant
from entact.course.findings import findings
from entact.protocol import Study

Get = Callable[..., str]

ADDRESSES = (
    *("/", "/participants/", "/participants/1-001/", "/dashboard/", "/screening/"),
    *("/participants/1-001/screening/", "/participants/1-001/consent/"),
)
# Of the same participant, for who sees everything.
ALSO = (
    *("/participants/1-001/visits/", "/participants/1-001/eligibility/", "/participants/1-001/medication/"),
)

# What a page says of each class of data in this record; a role that sees it finds all of them.
TELLS = {
    "rater_scores": [
        ">46<",
        ">47<",
        ">12<",
        "rater-1",
        "Symptoms withdrawn",
        "Severe symptoms",
    ],
    "guesses": ["93 %", "MDMA with therapy</dd>", "Guess of treatment"],
    "dosing": ["K-1", "nominally 2 ×", "Dose level decided", "initial</text>", "came in", "2 × 40 mg"],
    "adverse_events": [
        "Euphoric mood",
        "favourable",
        "Adverse event:",
        "Events heard",
        ">41<",
        "moved away",
        " entries in ",
    ],
    "clinical": [
        "187 mmHg",
        "Systolic",
        "Very high blood pressure",
        "sertraline",
        "Suicidal intent",
        "Ideation",
    ],
    "schedule": [
        "Session 1",
        "Preparation 1",
        "1-001",
        "denver",
        "target",
        "R-17",
        '<table class="matrix">',
        "Waits for you</h2>\n<ul",
    ],
}


@pytest.fixture
def told(study: Study, database: str) -> None:
    """One participant of whom the record tells everything."""
    keep(study, telling_story(study))


def pages(get: Get, role: str) -> str:
    """All that a role can see, in one text."""
    hides_all = "schedule" in HIDDEN.get(role, ())
    return without_hashes(
        "".join(
            get(address, role, status=404 if hides_all and address != "/" else 200) for address in ADDRESSES
        )
    )


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("kind", list(TELLS))
def test_who_sees_a_class_of_data_finds_it(get: Get, kind: str) -> None:
    whole = pages(get, SEES_ALL)
    absent = [text for text in TELLS[kind] if text not in whole]
    assert absent == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("role", "kind"), [(role, kind) for role, hidden in HIDDEN.items() for kind in hidden if kind in TELLS]
)
def test_a_hidden_class_of_data_is_on_no_page(get: Get, role: str, kind: str) -> None:
    whole = pages(get, role)
    assert [text for text in TELLS[kind] if text in whole] == []
    assert f"hidden from {role} until lock" in whole


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("role", [*HIDDEN, SEES_ALL])
def test_what_is_personal_is_on_no_page(get: Get, role: str) -> None:
    whole = pages(get, role)
    for text in (
        "spoke of the accident",
        "felt warm",
        "said she floated",
        "sealed:1:",
        "sealed:2:",
        "missed the bus",
        "all was fine",
    ):
        assert text not in whole


@pytest.mark.usefixtures("told")
def test_personal_items_are_said_to_be_sealed(get: Get) -> None:
    page = get("/participants/1-001/", SEES_ALL)
    assert re.search(r"<dt>Verbatim</dt><dd><span class=\"chip sealed\">sealed</span>", page)


HIDDEN_CHANGES: dict[str, dict[str, object]] = {
    "ratings": {"total": 11, "diagnosis": False},
    "guesses": {"arm": "placebo", "confidence": 8},
    "both": {"total": 80, "arm": "do_not_know", "confidence": 0},
}


@pytest.mark.parametrize("change", HIDDEN_CHANGES)
def test_pages_do_not_depend_on_what_is_hidden(get: Get, study: Study, template: str, change: str) -> None:
    seen = []
    for values in ({}, HIDDEN_CHANGES[change]):
        fresh(template)
        keep(study, telling_story(study, **values))  # type: ignore[arg-type]
        seen.append(pages(get, "monitor"))
    assert seen[0] == seen[1]


def test_the_same_change_shows_to_who_may_see_it(get: Get, study: Study, template: str) -> None:
    seen = []
    for values in ({}, HIDDEN_CHANGES["ratings"]):
        fresh(template)
        keep(study, telling_story(study, **values))  # type: ignore[arg-type]
        seen.append(pages(get, SEES_ALL))
    assert seen[0] != seen[1]


@pytest.mark.parametrize("role", [role for role in HIDDEN if role != "rater"])
def test_a_participants_page_does_not_depend_on_how_much_is_hidden(
    get: Get, study: Study, template: str, role: str
) -> None:
    seen = []
    for more in (False, True):
        fresh(template)
        story = telling_story(study)
        if more:
            write_hidden(story, role)
        keep(study, story)
        seen.append([without_hashes(get(address, role)) for address in ADDRESSES[1:]])
    assert seen[0] == seen[1]


def write_hidden(story: Story, role: str) -> None:
    """More entries of what a role does not see, some of them with findings and alerts, at times of visits."""
    where = {"day": 12, "minute": 300, "encounter": "session_1#1"}
    if "guesses" in HIDDEN[role]:
        guess = story.write("guess", {"guesser": "therapist", "arm": "neither", "confidence": 400}, **where)
        story.correct(guess, {"confidence": 40}, day=13)
    if "rater_scores" in HIDDEN[role]:
        rated = story.rate(999, True, day=13)
        story.void(rated, day=14, reason="wrong_visit")
    if "adverse_events" in HIDDEN[role]:
        story.write("adverse_event", {"term": "unheard_of", "severity": "severe"}, **where)
        story.write("safety_call", {"reached": False}, day=15)
    if "clinical" in HIDDEN[role]:
        story.vitals(230, 150, **where)
        story.write("medication", {"name": "lithium", "psychiatric": False}, day=16)
    if "dosing" in HIDDEN[role]:
        given = {"part": "supplement", "kit": "K-666", "level": "full", "dispensed": 9, "taken": 2}
        story.write("dose", given, **where)


def test_a_finding_with_a_hidden_value_is_not_counted(get: Get, study: Study, database: str) -> None:
    (ledger,) = keep(study, telling_story(study, total=11))
    course = fold(study, [read(line.text) for line in ledger.lines])
    rules = {found.rule for found in findings(course, instant(RECEIVED))}
    assert "criterion_contradicts" in rules  # the record has what could leak
    for role in ("monitor", "pharmacist"):
        assert "record says" not in pages(get, role)
    assert "record says" in pages(get, SEES_ALL)


def test_a_correction_of_the_decision_does_not_name_hidden_criteria(
    get: Get, study: Study, database: str
) -> None:
    story = telling_story(study)
    decided = next(one for one in story.entries if one.kind == "eligibility")
    changed = {"criteria": {"severe": False}, "decision": "not_eligible"}
    story.correct(decided, changed, day=9, by="investigator-1")
    keep(study, story)
    page = get("/participants/1-001/", "monitor")
    assert "not eligible" in page
    assert "Severe" not in page
    assert "Severe" in get("/participants/1-001/", SEES_ALL)


def test_an_alert_computed_from_hidden_data_is_named_nowhere(get: Get, database: str) -> None:

    def alarm(data: dict[str, Any]) -> None:
        data["alerts"]["scores"] = {
            "when": "symptoms.total >= 40",
            "title": "Grave symptoms",
            "urgency": "today",
            "tell": ["investigator"],
        }

    alarmed = blinded_study(alarm)
    keep(alarmed, telling_story(alarmed))
    assert "Grave symptoms" in pages(get, SEES_ALL)
    assert "Grave symptoms" not in pages(get, "monitor")
    assert "1 alert hidden from monitor until lock" in pages(get, "monitor")


def test_the_threshold_for_entry_is_hidden_from_raters_though_they_see_scores(
    get: Get, study: Study, database: str
) -> None:
    keep(study, telling_story(study))
    page = get("/", "rater")
    assert "below 35" not in page
    assert ">= 35" not in page


def test_what_no_release_knows_is_hidden_from_who_does_not_see_everything(
    get: Get, study: Study, database: str
) -> None:
    story = telling_story(study)
    story.form("gossip", {"heard": "arm was obvious"}, day=21)
    story.write("rumour", {"content": "placebo"}, day=21)
    keep(study, story)
    assert "Gossip" not in pages(get, "monitor")
    assert "Rumour" not in pages(get, "monitor")
    assert "Gossip" in pages(get, SEES_ALL)


def test_numbers_in_the_chain_are_for_who_sees_everything(get: Get, study: Study, database: str) -> None:
    keep(study, telling_story(study))
    assert "#1 ·" in get("/participants/1-001/", SEES_ALL)
    assert not re.search(r"#\d+ ·", get("/participants/1-001/", "monitor"))


def test_who_may_not_know_the_schedule_learns_not_even_who_exists(
    get: Get, study: Study, database: str
) -> None:
    keep(study, telling_story(study))
    known = get("/participants/1-001/", "rater", status=404)
    assert known == get("/participants/nobody/", "rater", status=404)
    assert known == get("/participants/", "rater", status=404)
    assert known == get("/nowhere", "rater", status=404)


def test_swapping_the_allocation_changes_no_byte(get: Get, study: Study, database: str) -> None:
    keep(study, telling_story(study))
    file = Path(os.environ["ENTACT_DATA"]) / "allocation.json"
    seen = []
    for arm in ("mdma", "placebo"):
        file.write_text(
            json.dumps({"study": "mini", "list": {"R-17": {"arm": arm}}, "kits": {"K-1": {"arm": arm}}})
        )
        seen.append([get(address, SEES_ALL) for address in (*ADDRESSES, *ALSO)])
    file.unlink()
    assert seen[0] == seen[1]


def test_the_pages_import_nothing_that_knows_an_allocation_and_open_no_file() -> None:
    for source in Path(entact.conduct.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            )
            module = (getattr(node, "module", None) or "") if names else ""
            if module == "entact.conduct.allocation.waiting":
                continue  # how many rows are asked for, and since when: of nobody, and no arm
            assert not any("allocation" in name or "cohort" in name for name in (module, *names)), source.name
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                may_read = source.name == "configuration.py"  # the server's own secret, and nothing else
                assert may_read or name not in {"open", "read_text", "read_bytes"}, source.name
