"""Which releases the record is kept under: entered, and not withdrawn; nobody says otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import rfc8785
from tests.store.living import MINI, NOW, enter_persons, enter_study, fact

from entact import store
from entact.course import Entry, Ledger
from entact.protocol import Release, Study, load_study
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


@pytest.fixture
def production(database: str) -> Iterator[str]:
    """A database of a study in production."""
    name = f"{database}_production"
    store.create_database(name, "production", "mini")
    yield name
    store.setup(database=database)


def production_release(study: Study, release: Release) -> Entry:
    data = {"id": release.id, "text": release.text.decode()}
    entry = fact(study, 0, "release", data, ledger="study:mini", role="sponsor")
    return msgspec.structs.replace(entry, environment="production")


@pytest.mark.usefixtures("production")
def test_production_takes_no_release_of_which_a_limit_is_an_assumption() -> None:
    study = load_study(MINI)
    entry = production_release(study, study.newest)
    with pytest.raises(
        store.StoreError, match=r"may not go into production: alerts.hypertension is still an"
    ):
        store.append(entry, received_at=NOW)
    chain = Ledger("study:mini")
    chain.append(entry, received_at=NOW)
    with pytest.raises(store.StoreError, match=r"gates.initial_dose.require\[2\] is still an assumption"):
        store.append_many(("study:mini", line) for line in chain.lines)
    assert store.ledgers() == []
    text = re.sub(r',"assumption":"[^"]*"|"assumption":"[^"]*",', "", study.newest.text.decode())
    confirmed = Study.from_texts([text.encode()])
    assert store.append(production_release(confirmed, confirmed.newest), received_at=NOW).outcome == "kept"
    assert acts.here().release == confirmed.newest.id
