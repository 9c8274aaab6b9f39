"""The validation pack of a study: made of evidence and study file, worked off, signed, named by `open`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Done, Run

from entact import __version__, store
from entact.cli.validation import CHECKLIST, COLUMNS, PACK, SIGNATURES, accepted_for, make_pack, read_pack
from entact.course import read
from entact.protocol import load_study
from entact.store import StoreError

Lines = list[dict[str, str]]


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Evidence as `make evidence` writes it (`tests/evidence.py`)."""
    from tests.evidence import read_requirements, write_matrix

    known = read_requirements()
    known["R02"].tests["tests/store/test_record.py::test_r02"] = "passed"
    write_matrix(known.values(), tmp_path)
    return tmp_path / "evidence.json"


@pytest.fixture
def pack(run: Run, evidence: Path, tmp_path: Path) -> Path:
    """A pack of the published study, of which nothing was tried yet."""
    folder = tmp_path / "pack"
    done = run("validation-pack", "mapp1", "--out", folder, "--evidence", evidence)
    assert (done.code, done.err) == (0, "")
    assert "1 passed" in done.out
    return folder


def work_off(folder: Path, change: Callable[[Lines], object] = lambda lines: None) -> None:
    """Fills in the checklist: everything passed, but for what `change` does to its lines."""
    lines = list(csv.DictReader(StringIO((folder / CHECKLIST).read_text("utf-8-sig"), newline="")))
    for line in lines:
        line |= {"result": "passed", "by": "ada", "on": "2026-11-20"}
    change(lines)
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(lines)
    (folder / CHECKLIST).write_text(text.getvalue(), "utf-8-sig")


def test_a_pack_names_requirements_with_their_tests_and_every_part_of_the_study(pack: Path) -> None:
    content = json.loads((pack / PACK).read_text())
    release = load_study("mapp1").newest
    shown = {one["id"]: (one["result"], list(one["tests"])) for one in content["requirements"]}
    assert shown["R02"] == ("passed", ["tests/store/test_record.py::test_r02"])
    assert shown["R01"] == ("not shown", [])  # it is there, as one that is not shown
    assert (content["digest"], content["entact"]) == (release.digest, __version__)
    ids = [one["id"] for one in content["checklist"]]
    assert len(ids) == len(set(ids))
    file = release.file
    planned = {
        *(f"role.{name}" for name in file.roles if name != "participant"),
        *(f"consent.{name}" for name in file.consent),
        *(f"criterion.{name}" for name in file.eligibility),
        *(f"visit.{name}" for name in release.visits),
        *(f"alert.{name}" for name in file.alerts),
        *(f"gate.{name}.{n}" for name, one in file.gates.items() for n in range(1, len(one.require) + 1)),
    }
    assert planned <= set(ids)
    assert (pack / "pack.pdf").read_bytes().startswith(b"%PDF")


WRONG: dict[str, tuple[Callable[[Lines], object], str]] = {
    "not tried": (lambda lines: lines[3].update(result=""), "not tried"),
    "failed": (lambda lines: lines[0].update(result="failed", note="the arm shows"), "failed: the arm shows"),
    "by nobody": (lambda lines: lines[1].update(by=""), "say by whom"),
    "without a day": (lambda lines: lines[1].update(on=""), "on which day"),
    "left out without a word": (
        lambda lines: lines[2].update(result="not applicable"),
        "say in the note why",
    ),
    "another word": (lambda lines: lines[2].update(result="ok"), "say passed, failed or not applicable"),
    "a line gone": (lambda lines: lines.pop(5), "the line is gone"),
    "a line rewritten": (lambda lines: lines[4].update(see="whatever"), "reads otherwise"),
    "a line of another pack": (
        lambda lines: lines.append(lines[0] | {"id": "role.x"}),
        "no line of this pack",
    ),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_was_not_tried_or_did_not_pass_is_named(
    how: str, run: Run, evidence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entact.report.typeset.as_pdf", lambda name, values: b"")  # it is looked at above
    make_pack("mapp1", evidence, tmp_path / "pack")
    change, said = WRONG[how]
    work_off(tmp_path / "pack", change)
    found = read_pack(tmp_path / "pack")
    assert [one for one in found.problems if said in one] == list(found.problems) != []


def test_a_signed_pack_counts_for_its_release_and_program_alone_and_is_broken_by_any_change(
    pack: Path, run: Run, own: str, sign: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = load_study("mapp1").newest
    refused = sign("validation-pack", "sign", pack, by="ada")
    assert refused.code == 2
    assert "role.coordinator: not tried" in refused.err
    work_off(pack)
    with pytest.raises(StoreError, match="nobody has signed it"):
        accepted_for(pack, release)
    assert run("validation-pack", "check", pack).code == 1
    assert sign("validation-pack", "sign", pack, by="ada").code == 0
    assert sign("validation-pack", "sign", pack, by="ben").code == 0
    checked = run("validation-pack", "check", pack, "--json")
    assert checked.code == 0
    assert [one.partition(",")[0] for one in checked.json["signed_by"]] == ["ada", "ben"]
    assert accepted_for(pack, release).accepted

    entered = run("validation-pack", "enter", pack, "--database", own, "--json")
    assert entered.code == 0, entered.err
    *_, last = (read(line.text) for line in store.lines("system"))
    assert (last.kind, last.data["release"]) == ("validated", release.id)
    assert last.data["statement"] == entered.json["statement"]

    from entact.conduct.upkeep.reports import upkeep

    assert [one.partition(",")[0] for one in upkeep().validated] == ["ada", "ben"]
    with pytest.raises(StoreError, match="it is of the release mapp1@"):
        accepted_for(pack, load_study("mapp2").newest)
    monkeypatch.setattr(import_module("entact.cli.validation"), "__version__", "9.9")
    with pytest.raises(StoreError, match=r"and this is 9\.9"):
        accepted_for(pack, release)
    monkeypatch.undo()
    whole = (pack / CHECKLIST).read_bytes()
    for name in (CHECKLIST, PACK):
        raw = (pack / name).read_bytes()
        (pack / name).write_bytes(raw.replace(b"passed", b"passed ", 1))
        assert not read_pack(pack).signatures
        (pack / name).write_bytes(raw)
    assert (pack / CHECKLIST).read_bytes() == whole
    assert len(json.loads((pack / SIGNATURES).read_text())) == 2


def test_evidence_of_another_version_or_none_is_refused(run: Run, evidence: Path, tmp_path: Path) -> None:
    missing = run("validation-pack", "mapp1", "--out", tmp_path / "a", "--evidence", tmp_path / "none.json")
    assert missing.code == 2
    assert "`make evidence` makes it" in missing.err
    told: dict[str, Any] = json.loads(evidence.read_text())
    told["made_with"]["entact"] = "0.0.9"
    evidence.write_text(json.dumps(told))
    old = run("validation-pack", "mapp1", "--out", tmp_path / "b", "--evidence", evidence)
    assert old.code == 2
    assert "is of entact 0.0.9" in old.err
    evidence.write_text("[]")
    assert run("validation-pack", "mapp1", "--out", tmp_path / "c", "--evidence", evidence).code == 2
    assert not list(tmp_path.glob("[abc]"))
