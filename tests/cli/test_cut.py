"""`entact cut`, `entact unlock`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl
from tests.cli.conftest import LOCK, Done, Run

Sign = Callable[..., Done]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_datasets_of_a_cut_are_the_same_bytes_whatever_arrives_later(
    run: Run, sign: Sign, own: str, tmp_path: Path
) -> None:
    made = sign("cut", "make", "lock-1", *LOCK, by="ada")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("locked: lock-1 covers ")
    first = run("cut", "datasets", "lock-1", "--out", tmp_path / "first", "--database", own)
    assert "mapp1 · cut lock-1 · blinded · SIMULATED DATA" in first.out
    from entact import store

    participant = store.ledgers("participant:")[0].ledger
    sign("erase", "request", participant, by="ada")
    sign("erase", "confirm", participant, by="ben")
    later = run("cut", "datasets", "lock-1", "--out", tmp_path / "later", "--database", own)
    assert later.code == 0
    assert digests(tmp_path / "later") == digests(tmp_path / "first")
    index = json.loads((tmp_path / "first" / "datasets.json").read_text())
    assert (index["simulated"], index["unblinded"], index["environment"]) == (True, False, "rehearsal")
    for name, one in index["files"].items():
        assert name.startswith("SIMULATED-")
        assert digests(tmp_path / "first")[name] == one["sha256"]
    subjects = pl.read_ndjson(tmp_path / "first" / "SIMULATED-subjects.jsonl")
    assert subjects["USUBJID"].n_unique() >= 2
    assert "TRT01P" not in subjects.columns
    again = run("cut", "datasets", "lock-1", "--out", tmp_path / "first", "--database", own)
    assert again.code == 2
    assert "is not empty" in again.err


def test_an_allocation_unblinds_and_another_studys_does_not(
    run: Run, sign: Sign, own: str, rehearsal: str, tmp_path: Path
) -> None:
    sign("cut", "make", "lock-1", *LOCK, by="ada")
    file = Path(os.environ["ENTACT_DATA"]) / rehearsal / "allocation.json"
    options = ["--database", own, "--json"]
    done = run("cut", "datasets", "lock-1", "--out", tmp_path / "open", "--allocation", file, *options)
    assert done.json["unblinded"] is True
    subjects = pl.read_ndjson(tmp_path / "open" / "SIMULATED-subjects.jsonl")
    arms = subjects["TRT01P"].drop_nulls()
    assert len(arms) > 0
    assert set(arms) <= {"mdma", "placebo"}
    other = tmp_path / "other.json"
    other.write_text(file.read_text().replace('"mapp1"', '"mapp2"'))
    wrong = run("cut", "datasets", "lock-1", "--out", tmp_path / "x", "--allocation", other, *options)
    assert "is the allocation of mapp2, not of mapp1" in wrong.err
    for damaged in (b"{}", b'{"study":"\xff"}', b'{"x":' + b"[" * 100_000):
        other.write_bytes(damaged)
        wrong = run("cut", "datasets", "lock-1", "--out", tmp_path / "x", "--allocation", other, *options)
        assert (wrong.code, wrong.out) == (2, "")
        assert "holds no allocation" in wrong.err
    assert not (tmp_path / "x").exists()


def test_a_manifest_is_shown_and_checked(run: Run, sign: Sign, own: str, tmp_path: Path) -> None:
    sign("cut", "make", "interim-1", by="ada")
    file = tmp_path / "manifest.json"
    file.write_text(run("cut", "show", "interim-1", "--database", own).out)
    checked = run("cut", "check", file, "--database", own)
    assert checked.code == 0
    assert checked.out.startswith("interim-1 is as it was signed, and the record holds its ")
    with_file = ["--manifest", file, "--database", own, "--json"]
    done = run("cut", "datasets", "interim-1", "--out", tmp_path / "out", *with_file)
    assert done.json["cut"] == "interim-1"
    file.write_text(file.read_text().replace('"interim"', '"lock"'))
    altered = run("cut", "check", file, "--database", own)
    assert (altered.code, altered.out) == (2, "")
    assert "is not the cut 'interim-1' that was signed: its purpose was altered" in altered.err
    whole = file.read_bytes()
    for damaged in (whole[:100], whole.replace(b'"name":"i', b'"name":"\xe9'), b'{"name":"\xff"}'):
        file.write_bytes(damaged)
        assert "no whole manifest" in run("cut", "check", file, "--database", own).err
    unknown = run("cut", "show", "none", "--database", own)
    assert (unknown.code, unknown.out) == (2, "")
    assert "there is no cut 'none' of this study; there are: interim-1" in unknown.err


def test_two_persons_unlock(run: Run, sign: Sign, own: str) -> None:
    bare = sign("cut", "make", "lock-1", "--lock", by="ada")
    assert bare.code == 2
    assert "something is still open (0 of 4 participants are locked; findings of rules" in bare.err
    assert "say with --reason why" in bare.err
    odd = sign("cut", "make", "interim-1", "--reason", "the study has ended", by="ada")
    assert (odd.code, "a reason is that of a lock" in odd.err) == (2, True)
    early = sign("unlock", "request", "unlock-1", "--reason", "a late coding", by="ada")
    assert early.code == 2
    assert "the study is not locked" in early.err
    sign("cut", "make", "lock-1", *LOCK, by="ada")
    twice = sign("cut", "make", "lock-2", *LOCK, by="ben")
    assert "`entact unlock` takes its place" in twice.err
    asked = sign("unlock", "request", "unlock-1", "--reason", "a late coding", by="ada")
    assert "entact unlock confirm unlock-1" in asked.out
    assert "another person confirms it" in sign("unlock", "confirm", "unlock-1", by="ada").err
    done = sign("unlock", "confirm", "unlock-1", by="ben")
    assert done.code == 0
    assert "signed by ada and ben: a late coding" in done.out
    listed = run("cut", "list", "--database", own, "--json").json
    assert [(one["name"], one["purpose"], one["in_force"]) for one in listed["cuts"]] == [
        ("lock-1", "lock", False),
        ("unlock-1", "unlock", True),
    ]
    assert listed["problems"] == []
    assert "unlock-1  unlock · in force" in run("cut", "list", "--database", own).out
