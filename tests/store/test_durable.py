"""What is said to be kept is on the disk then, contents and name; and what was destroyed is so there too."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.store.conftest import entry
from tests.store.living import enter_study

from entact import store
from entact.store.anchor import append_to_file, read_anchors
from entact.store.anchoring import take_anchor
from entact.store.erasure_register import Act, add_to_register
from entact.store.keychain import Keychain
from entact.store.private import write_new
from entact.store.received import LOG, RECEIVED, SEGMENT_BYTES, SUMS, Notebook, segment_of

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
KEYS = {f"participant:{number}": bytes([number]) * 32 for number in (1, 2)}


class Disk:
    """What would be there after a power cut: of each file what was synced, of each folder its names then."""

    def __init__(self) -> None:
        self.contents: dict[int, bytes] = {}
        self.names: dict[Path, dict[str, int]] = {}

    def sync(self, descriptor: int) -> None:
        path, inode = Path(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor).st_ino
        if path.is_dir():
            self.names[path.resolve()] = {one.name: one.stat().st_ino for one in path.iterdir()}
        else:
            self.contents[inode] = path.read_bytes()

    def read(self, path: Path) -> bytes:
        return self.contents[self.names[path.parent.resolve()][path.name]]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


def chain_of(folder: Path) -> Keychain:
    chain = Keychain(folder)
    chain.add(KEYS)
    return chain


def added(folder: Path) -> list[Path]:
    return [chain_of(folder).path]


def set_aside(folder: Path) -> list[Path]:
    chain = chain_of(folder)
    chain.set_aside(["participant:1"], AT)
    return [chain.path, chain.path_aside]


def returned(folder: Path) -> list[Path]:
    set_aside(folder)
    chain = Keychain(folder)
    chain.bring_back("participant:1")
    return [chain.path, chain.path_aside]


def erased(folder: Path) -> list[Path]:
    add_to_register(folder / "register.jsonl", Act("participant:a", [entry()]))
    add_to_register(folder / "register.jsonl", Act("participant:b", [entry("participant:b")]))
    return [folder / "register.jsonl"]


def written(folder: Path) -> list[Path]:
    folder.mkdir()
    write_new(folder / "list.json", b"rows", "the list")
    return [folder / "list.json"]


@pytest.mark.parametrize("act", [added, set_aside, returned, erased, written])
def test_what_is_kept_outlives_a_power_cut(
    act: Callable[[Path], list[Path]], disk: Disk, tmp_path: Path
) -> None:
    for path in act(tmp_path / "folder"):
        assert disk.read(path) == path.read_bytes()


def test_a_key_that_was_destroyed_is_overwritten_on_the_disk(disk: Disk, tmp_path: Path) -> None:
    chain = chain_of(tmp_path)
    before = chain.path.stat()
    chain.remove(["participant:1"])
    assert disk.contents[before.st_ino] == bytes(before.st_size)
    assert KEYS["participant:1"].hex().encode() not in disk.read(chain.path)


def test_an_archive_and_a_line_of_anchors_outlive_a_power_cut(
    database: str, disk: Disk, tmp_path: Path
) -> None:
    enter_study()
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    assert disk.names[tmp_path.resolve()]["archive"] == folder.stat().st_ino
    for path in (one for one in folder.rglob("*") if one.is_file()):
        assert disk.contents[path.stat().st_ino] == path.read_bytes()
    anchors = tmp_path / "outside" / "anchors"
    anchors.parent.mkdir()
    append_to_file(anchors, *take_anchor())
    assert disk.read(anchors) == anchors.read_bytes()


def test_what_is_noted_of_a_log_outlives_a_power_cut(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / LOG).mkdir()
    for number in (1, 2):
        (tmp_path / LOG / segment_of(number * SEGMENT_BYTES, "00000001")).write_bytes(b"part")
        Notebook(tmp_path).note_place(f"0/{number}000004")
        for name in (RECEIVED, SUMS):
            assert disk.read(tmp_path / name) == (tmp_path / name).read_bytes()


def test_a_place_that_cannot_be_asked_about_its_names_still_takes_an_anchor(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that knows no sync of a folder, as some do not: the line itself is on the disk."""
    enter_study()

    def refuse(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    append_to_file(tmp_path / "anchors", *take_anchor())
    assert len(read_anchors(tmp_path / "anchors").anchors) == 1
