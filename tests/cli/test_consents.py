"""What became of an amendment, as the notes of an outcome table say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from entact.cli.consents import Consents
from entact.protocol import load_study


@dataclass(frozen=True)
class Said:
    release: str


def course(first: str | None, last: str | None = None) -> Any:
    said = None if first is None else Said(first)
    return SimpleNamespace(first_consent=said, consent=said if last is None else Said(last))


def amended() -> Any:
    """A study of two releases that one site of its fifteen has approved."""
    study = load_study("mapp1")
    later = SimpleNamespace(id="later", file=SimpleNamespace(release="1.1", sites=study.newest.file.sites))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return SimpleNamespace(
        releases=(study.newest, later),
        newest=later,
        approvals=(("01", ((at, "later"),)),),
        number=lambda release: int(release == "later"),
    )


def test_who_consented_again_is_told_from_who_is_new_and_who_never_consented() -> None:
    study = amended()
    consents = Consents(study)
    first = study.releases[0].id
    for one in (course(first), course(first, "later"), course("later"), course("later"), course(None)):
        consents.add(one)
    assert list(consents.remarks()) == [
        "Release 1.1: approved at 1 of 15 sites from 2026-03-02 to 2026-03-02; of 2 who had consented "
        "before, 1 consented again; 2 gave their first consent to it or a later one."
    ]


def test_a_study_without_amendments_has_nothing_to_say() -> None:
    assert list(Consents(load_study("mapp1")).remarks()) == []
