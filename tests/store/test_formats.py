"""An entry of an old format reads for ever: frozen ledgers say today what they said when they were frozen."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.golden.ledgers import freeze
from tests.store import frozen

import entact
from entact import store
from entact.course import read, verify
from entact.course.entry.effective import VOID
from entact.course.kinds import KINDS, UNPARSED
from entact.course.setting import SITE_KINDS, STUDY_KINDS
from entact.course.signed.cut import cuts
from entact.course.signed.erasure import erasures
from entact.course.signed.signature import keyring
from entact.store.archive_folder import FORMAT

FOLDERS = frozen.folders()
ARCHIVES = sorted(
    path.parent for path in (frozen.GOLDEN.parent / "archives").glob("format-*/*/manifest.json")
)
PARTICIPANTS_OWN = {*KINDS, VOID, UNPARSED}


def title(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@lru_cache
def entries(folder: Path) -> dict[str, list[Any]]:
    ledgers = frozen.read_frozen(folder).ledgers
    return {name: [read(line.text) for line in lines] for name, lines in ledgers.items()}


def kinds(prefix: str) -> set[str]:
    return {
        entry.kind
        for folder in FOLDERS
        for name, kept in entries(folder).items()
        if name.startswith(prefix)
        for entry in kept
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=title)
def test_the_chains_hold(folder: Path) -> None:
    heads = json.loads((folder / frozen.SUMMARY).read_text())["heads"]
    ledgers = frozen.read_frozen(folder).ledgers
    assert heads.keys() == ledgers.keys()
    for name, lines in ledgers.items():
        assert verify(name, lines, head=heads[name], length=len(lines)) is None


@pytest.mark.parametrize("folder", FOLDERS, ids=title)
def test_they_say_what_they_said(folder: Path) -> None:
    then = json.loads((folder / frozen.SUMMARY).read_text())
    assert frozen.missing(then, frozen.summarise(frozen.read_frozen(folder))) == []


RELEASED = json.loads((frozen.GOLDEN / "kinds.json").read_text())  # in a version that others may use


def test_each_kind_that_was_released_stands_in_a_frozen_ledger() -> None:
    """A kind that is new may still change; before a version is released it is frozen, and added there."""
    told = "add a story to tests/golden/ledgers/freeze.py and freeze it; what is frozen stays as it is"
    assert RELEASED["version"] == entact.__version__, f"{told}, and its kinds stand in kinds.json"
    assert {*RELEASED["participant"], VOID, UNPARSED} - kinds("participant:") == set(), told
    assert set(RELEASED["study"]) - kinds("study:") == set(), told
    assert set(RELEASED["site"]) - kinds("site:") == set(), told


def test_no_kind_that_was_released_is_gone() -> None:
    assert set(RELEASED["participant"]) <= set(KINDS)
    assert set(RELEASED["study"]) <= set(STUDY_KINDS)
    assert set(RELEASED["site"]) <= set(SITE_KINDS)


def test_what_can_befall_an_entry_stands_in_a_frozen_ledger() -> None:
    kept = [entry for folder in FOLDERS for found in entries(folder).values() for entry in found]
    ids = [entry.id for entry in kept]
    assert any(entry.replaces and entry.kind != VOID for entry in kept)
    assert any(entry.kind == VOID for entry in kept)
    assert len(set(ids)) < len(ids)  # a conflict: both were kept
    assert any(entry.clock_offset_ms for entry in kept)
    assert any(entry.about for entry in kept)
    assert any(entry.basis for entry in kept)
    assert any("sealed:1:" in str(entry.data) for entry in kept)
    assert any(entry.kind not in (PARTICIPANTS_OWN | set(STUDY_KINDS) | set(SITE_KINDS)) for entry in kept)
    assert {entry.format for entry in kept} == {int(folder.parent.name.split("-")[1]) for folder in FOLDERS}


def test_signatures_that_were_frozen_still_count() -> None:
    own = entries(frozen.GOLDEN / "format-1" / "every-kind")["study:mini"]
    assert (keyring(own).problems, erasures(own).problems, cuts(own).problems) == ((), (), ())
    assert set(erasures(own).done) == {freeze.B}
    assert list(cuts(own).manifests) == ["final", "final-2"]


@pytest.mark.parametrize("folder", FOLDERS, ids=title)
def test_personal_items_open_with_their_key_alone(folder: Path) -> None:
    then = json.loads((folder / frozen.SUMMARY).read_text())
    opened = {name: told["opened"] for name, told in then.items() if name.startswith("participant:")}
    assert all(opened.values())
    found = frozen.read_frozen(folder)
    other = found._replace(keys=dict.fromkeys(found.keys, bytes(32)))
    with pytest.raises(ValueError, match="cannot be opened with this key"):
        frozen.summarise(other)


@pytest.mark.parametrize("change", ["data", "hash", "kind"])
def test_a_changed_line_is_seen(change: str) -> None:
    folder = FOLDERS[0]
    then = json.loads((folder / frozen.SUMMARY).read_text())
    found = frozen.read_frozen(folder)
    name = next(name for name in found.ledgers if name.startswith("participant:"))
    before, after = {"data": ("mild", "severe"), "hash": ("K-1", "K-2"), "kind": ('"guess"', '"guest"')}[
        change
    ]
    lines = [
        msgspec.structs.replace(line, text=line.text.replace(before, after)) for line in found.ledgers[name]
    ]
    assert frozen.missing(then, frozen.summarise(found._replace(ledgers={**found.ledgers, name: lines})))


@pytest.mark.requirement("R19")
@pytest.mark.requirement("R20")
@pytest.mark.parametrize("folder", ARCHIVES, ids=title)
def test_an_archive_of_an_old_format_is_read_by_its_script_and_restored(folder: Path, worker_id: str) -> None:
    command = [sys.executable, "-I", "-S", str(folder / "read.py")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    restored = store.restore(folder, f"frozen_{worker_id}_{folder.parent.name[-1]}")
    texts = [line.text for _, lines in store.chains() for line in lines]
    assert "".join(f"{text}\n" for text in texts) == (folder / "entries.jsonl").read_text()
    assert (restored.entries, restored.new) == (len(texts), len(texts))


def test_every_format_of_an_archive_is_frozen() -> None:
    assert FORMAT in {int(folder.parent.name.split("-")[1]) for folder in ARCHIVES}


def test_nothing_frozen_is_written_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert freeze.main(["conflicts"]) == 2
    assert "frozen already" in capsys.readouterr().err
