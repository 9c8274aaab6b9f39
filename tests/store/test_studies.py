"""Which releases the record is kept under: entered, and not withdrawn; nobody says otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from tests.store.living import NOW, enter_persons, enter_study, fact

from entact import store
from entact.protocol import Release, Study
from entact.store import acts
from entact.store.cut import make_cut, study_of
from entact.store.studies import study_of_record

pytestmark = pytest.mark.usefixtures("database")


def amended(study: Study) -> Release:
    """The same study under another number."""
    text = json.loads(study.newest.text) | {"release": "2.0"}
    return Study.from_texts([rfc8785.dumps(text)]).newest


def enter(study: Study, number: int, kind: str, data: dict[str, Any], **more: Any) -> str:
    entry = fact(study, number, kind, data, ledger=f"study:{study.name}", role="sponsor", **more)
    assert store.append(entry, received_at=NOW).outcome == "kept"
    return entry.id


def in_force() -> list[str]:
    """The newest release by each way of asking for it."""
    _, study = study_of_record()
    assert study is not None
    return [acts.here().release, acts.releases_here()[-1].id, study.newest.id]


def test_a_withdrawn_release_is_in_force_for_nobody() -> None:
    study = enter_study()
    first, second = study.newest, amended(study)
    signer, *_ = enter_persons("ada", "ben")
    assert in_force() == [first.id] * 3
    entered = enter(study, 50, "release", {"id": second.id, "text": second.text.decode()})
    assert in_force() == [second.id] * 3
    withdrawal = enter(study, 60, "void", {}, replaces=entered, reason="entered_in_error")
    assert in_force() == [first.id] * 3
    manifest = make_cut("after", signer)
    assert manifest.release == first.id
    assert [release.id for release in study_of(manifest).releases] == [first.id]
    enter(study, 70, "void", {}, replaces=withdrawal, reason="entered_in_error")
    assert in_force() == [second.id] * 3


def test_without_a_release_that_stands_nobody_signs_anything() -> None:
    study = enter_study()
    first = acts.entries(("release",))[0].id
    enter(study, 50, "void", {}, replaces=first, reason="entered_in_error")
    with pytest.raises(store.StoreError, match="holds no release yet: enter one"):
        acts.here()


def test_a_release_that_cannot_be_read_is_an_error_with_what_is_wrong() -> None:
    study = enter_study()
    enter(study, 50, "release", {"id": "mini"})
    with pytest.raises(store.StoreError, match=r"a release in the study's ledger cannot be read.*text"):
        acts.here()
