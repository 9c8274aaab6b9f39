"""Machine code that is kept, lost, spoilt and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from entact.pharmacology import Person, Regimen, engine, machine, simulate


def test_what_was_kept_is_what_is_read_and_only_whole(tmp_path: Path) -> None:
    kept = machine.keep("abc-cpu", b"\x00code\n\nof it", "name", [tmp_path])
    assert kept is not None
    assert machine.read("abc-cpu", [tmp_path / "none", tmp_path]) == (b"\x00code\n\nof it", "name")
    assert machine.read("abd-cpu", [tmp_path]) is None
    kept.write_bytes(kept.read_bytes()[:-1])
    assert machine.read("abc-cpu", [tmp_path]) is None
    kept.write_bytes(b"")
    assert machine.read("abc-cpu", [tmp_path]) is None


def test_code_of_older_sources_goes_and_that_of_other_processors_stays(tmp_path: Path) -> None:
    for key in ("old-here", "old-there", "new-here"):
        machine.keep(key, b"code", "name", [tmp_path])
    assert {path.name for path in tmp_path.iterdir()} == {"kernel-old-there.bin", "kernel-new-here.bin"}


def test_where_no_folder_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert machine.keep("abc-cpu", b"code", "name", [tmp_path / "file"]) is None
    second = machine.keep("abc-cpu", b"code", "name", [tmp_path / "file", tmp_path / "home"])
    assert second == tmp_path / "home" / "kernel-abc-cpu.bin"


def test_compiled_once_and_the_same_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regimen = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
    before = simulate(regimen, Person()).raw
    engine.machine_code([tmp_path])

    def none() -> Any:
        raise AssertionError("compiled again")

    monkeypatch.setattr(engine, "compile_model", none)
    again = engine.machine_code([tmp_path])
    monkeypatch.setattr(engine, "_loaded", lambda: again)
    assert (simulate(regimen, Person()).raw == before).all()
    monkeypatch.setattr(engine, "digest", lambda: "other sources")
    with pytest.raises(AssertionError, match="compiled again"):
        engine.machine_code([tmp_path])


def test_every_source_of_the_code_is_in_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(engine.SOURCES) == len(set(engine.SOURCES)) == 8
    before = engine.digest()
    monkeypatch.setattr(engine, "SOURCES", engine.SOURCES[:-1])
    assert engine.digest() != before
