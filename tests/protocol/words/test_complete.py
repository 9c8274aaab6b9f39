"""`entact show` leaves out nothing of a study file: each field that a study sets is looked at to say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from entact.protocol import Release, load_study, shipped_studies
from entact.protocol.words import account

TESTS = Path(__file__).parents[2] / "studies"
STUDIES = [
    *shipped_studies(),
    *(folder.parent for folder in sorted(TESTS.glob("**/study.yaml"))),
]
# Beside what is said of each block: what is no part of what a study means, or is said otherwise.
UNSAID = {
    ("StudyFile", "format"),
    ("StudyFile", "order"),
    ("StudyFile", "sources"),  # citations, which each block names
    ("StudyFile", "instruments"),  # said where a form is one
    ("StudyFile", "languages"),
    ("Track", "opens_on"),  # read as `openings`
    ("Item", "sdtm"),  # where answers go in datasets, which is no part of a protocol
    ("Tabulated", "*"),
    ("Analysis", "*"),  # said key by key
    ("*", "source"),
    ("*", "assumption"),
    ("StudyFile", "doses"),  # counted in the schedule, with which the check compares it
}


def blocks(value: Any) -> Iterator[BaseModel]:
    """Every block of a file, with those within."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from blocks(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from blocks(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from blocks(inner)


def set_in(release: Release) -> set[tuple[str, str]]:
    """The fields that a study file says, by the kind of block."""
    return {(type(block).__name__, name) for block in blocks(release.file) for name in block.model_fields_set}


def test_every_field_that_is_set_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: set[tuple[str, str]] = set()
    said: set[tuple[str, str]] = set()
    releases = [load_study(name).newest for name in STUDIES]
    for release in releases:
        said |= set_in(release)

    def look(block: Any, name: str) -> Any:
        looked.add((type(block).__name__, name))
        return object.__getattribute__(block, name)

    with monkeypatch.context() as patched:
        patched.setattr(BaseModel, "__getattribute__", look, raising=False)
        for release in releases:
            account(release)
    left_out = {
        (kind, name) for kind, name in said - looked if not {(kind, name), (kind, "*"), ("*", name)} & UNSAID
    }
    assert left_out == set()


def words_of(name: str) -> str:
    told = account(load_study(name).newest)
    return "\n".join(
        " ".join((line.term, line.text, *line.notes)) for section in told.sections for line in section.lines
    )


def test_what_readers_missed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said = words_of("mapp3")
    for text in (
        "Told to",
        "Intercurrent event:",
        "Summary:",
        "guess participant",
        "Controlled in US: schedule",
        "Site: ",
        "Class of data: ",
        "What it says stays true of a person.",
    ):
        assert text in said, text


def test_keys_of_every_analysis_are_said() -> None:
    for name in STUDIES:
        release = load_study(name).newest
        said = words_of(str(name)) if isinstance(name, Path) else words_of(name)
        for analysis in release.file.analysis.analyses.values():
            for key in analysis.said:
                if key not in ("endpoint", "estimand", "set", "method", "contrast", "alpha", "side", "fixed"):
                    shown = {"df": "degrees of freedom", "pool_sites_below": "sites with fewer than"}
                    assert shown.get(key, key.replace("_", " ")) in said, (name, key)
