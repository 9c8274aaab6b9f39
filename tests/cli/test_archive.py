"""`entact archive`, `entact restore`, `entact verify --archive`, `entact backup` and `entact recover`."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture
def folder(run: Run, rehearsal: str, tmp_path: Path) -> Path:
    """An archive of the rehearsal."""
    folder = tmp_path / "kept" / "archive"
    done = run("archive", folder, "--database", rehearsal)
    assert (done.code, done.err) == (0, "")
    manifest = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert f"to be kept elsewhere: {manifest}\n" in done.out
    return folder


def test_what_was_archived_is_restored(run: Run, folder: Path, fresh: str) -> None:
    told = run("restore", folder, "--database", f"{fresh}_restored", "--json").json
    assert told["entries"] > 300
    assert (told["erased"], told["new"]) == (0, told["entries"])
    assert run("verify", "--database", f"{fresh}_restored", "--json").json["breaks"] == []
    again = run("restore", folder, "--database", f"{fresh}_restored")
    assert "nothing was new, verified" in again.out


def test_a_damaged_archive_is_named_with_exit_code_1_and_not_restored(
    run: Run, folder: Path, fresh: str
) -> None:
    done = run("verify", "--archive", folder)
    assert (done.code, done.err) == (0, "")
    assert "are as they were archived" in done.out
    path = folder / "entries.jsonl"
    lines = path.read_bytes().split(b"\n")
    del lines[40]
    path.write_bytes(b"\n".join(lines))
    done = run("verify", "--archive", folder)
    assert (done.code, done.err) == (1, "")
    assert "entries.jsonl, line 41: entry " in done.out
    assert len(run("verify", "--archive", folder, "--json").json["breaks"]) == 1
    done = run("restore", folder, "--database", f"{fresh}_damaged")
    assert (done.code, done.out) == (2, "")
    assert "entries.jsonl, line 41: entry " in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["archive", "{folder}"], "is there already: an archive goes into a new folder"),
        (["archive", "{folder}/new", "--database", "nowhere"], "there is no database 'nowhere'"),
        (["restore", "{folder}/columns", "--database", "x"], "is no archive: it has no manifest.json"),
        (["verify", "--archive", "{folder}/columns"], "is no archive: it has no manifest.json"),
        (["recover", "{folder}", "--into", "{folder}/x"], "no backup in"),
        (["recover", "{folder}", "--into", "{folder}/x", "--until", "yesterday"], "'yesterday' is no time"),
        (["recover", "{folder}", "--into", "{folder}/x", "--until", "2026-11-23T03:00"], "has no offset"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, folder: Path, rehearsal: str, words: list[str], message: str
) -> None:
    said = [word.format(folder=folder) for word in words]
    if "archive" in words[:1] and "--database" not in words:
        said += ["--database", rehearsal]
    done = run(*said)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert json.loads((folder / "manifest.json").read_text())["study"] == "mapp1"
