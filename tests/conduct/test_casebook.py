"""The casebook: all that a role sees of one participant and nothing else, with changes and signatures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.record import HIDDEN, KEY, SEES_ALL, keep, telling_story
from tests.course.conftest import Story

from entact.conduct.casebook import Casebook, casebook, subjects
from entact.conduct.error import ConductError
from entact.conduct.reader import reader_as
from entact.conduct.record.opened import Opener
from entact.course import fold
from entact.course.found.attested import version_of
from entact.course.kinds import KINDS
from entact.protocol import Study
from entact.report.casebook import draw_casebook

BLIND = [role for role, hidden in HIDDEN.items() if {"rater_scores", "guesses"} <= {*hidden}]


def made(role: str = SEES_ALL, key: bytes | None = KEY) -> Casebook:
    reader = reader_as(role)
    (standing,) = subjects(reader, [])
    return casebook(reader, standing, Opener(key))


def text_of(book: Casebook) -> str:
    return json.dumps(book.values(), ensure_ascii=False, default=str)


@pytest.fixture
def told(study: Study, database: str) -> Story:
    story = telling_story(study)
    keep(study, story)
    return story


def test_every_entry_is_in_the_trail_with_its_hash(told: Story) -> None:
    book = made()
    assert len(book.trail) == len(told.entries)
    assert len({step.place for step in book.trail}) == len(told.entries)
    assert all(step.arrived and step.happened and step.by for step in book.trail)
    assert [step.what.partition(" · ")[0] for step in book.trail] == [
        KINDS[entry.kind].title if entry.kind in KINDS else "Void" for entry in told.entries
    ]


def test_a_change_stands_with_both_values_who_and_why(told: Story) -> None:
    changes = [
        (change.label, change.old, change.new, corrected.by)
        for stop in made().timeline.stops
        for account in stop.accounts
        for corrected in account.corrections
        for change in corrected.changes
    ]
    assert ("Total", "46", "47", "rater-1, rater") in changes


def test_texts_are_open_with_the_key_and_sealed_without(told: Story) -> None:
    assert "said she floated" in text_of(made())
    closed = text_of(made(key=None))
    assert "said she floated" not in closed
    assert "sealed" in closed


@pytest.mark.parametrize("role", BLIND)
def test_what_is_hidden_from_a_role_changes_nothing_in_its_casebook(
    study: Study, database: str, role: str
) -> None:
    keep(
        study,
        telling_story(study),
        telling_story(study, total=20, diagnosis=False, arm="placebo", confidence=5),
    )
    reader = reader_as(role)
    books = [text_of(casebook(reader, one, Opener(KEY))) for one in subjects(reader, [])]
    alike = [_without_numbers(book) for book in books]
    assert alike[0] == alike[1]
    assert json.loads(books[0])["head"] == ""


def _without_numbers(text: str) -> Any:
    """Without what differs between any two participants: numbers and hashes."""
    book = json.loads(text)
    for step in book["trail"]:
        step["place"] = ""
        step["what"] = step["what"].partition("corrects")[0]
    told = json.dumps(book)
    for number in ("1-001", "1-002", "S-1", "S-2"):
        told = told.replace(number, "N")
    return _unplaced(json.loads(told))


def _unplaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _unplaced(inner)
            for name, inner in value.items()
            if name not in ("places", "anchor", "ledger", "key")
        }
    return [_unplaced(inner) for inner in value] if isinstance(value, list) else value


def test_a_signature_says_when_what_was_signed_is_changed(study: Study, database: str) -> None:
    story = Story(study)
    story.whole()
    weighed = next(one for one in story.entries if one.kind == "vital_signs")
    standing = {one.id: one for one in fold(study, story.entries).effective}
    story.write(
        "signature",
        {"meaning": "approval", "entries": [weighed.id], "versions": [version_of(standing[weighed.id])]},
        day=90,
        role="investigator",
        by="dr-1",
    )
    story.correct(weighed, {"systolic": "121 mm[Hg]"}, day=91)
    keep(study, story)
    (signed,) = made().signatures
    assert (signed.by, signed.meaning, signed.entries) == ("dr-1", "approval", 1)
    assert "is not what was signed" in signed.broken[0]


def test_nobody_else_has_a_casebook(told: Story) -> None:
    reader = reader_as(SEES_ALL)
    with pytest.raises(ConductError, match="no participant of this record has the number 1-777"):
        subjects(reader, ["1-001", "1-777"])
    with pytest.raises(ConductError, match="the role rater sees no participants"):
        subjects(reader_as("rater"), [])


def test_it_is_drawn(told: Story, tmp_path: Path) -> None:
    assert draw_casebook(made().values()).startswith(b"%PDF-")
