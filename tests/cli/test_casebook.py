"""`entact casebook`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_everybody_has_a_casebook_in_a_folder(run: Run, own: str, tmp_path: Path) -> None:
    done = run("casebook", "--database", own, "--out", tmp_path, "--json")
    assert (done.code, done.err) == (0, "")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(f"{one['participant']}.pdf" for one in done.json)
    assert len(files) >= 2
    assert all(path.read_bytes().startswith(b"%PDF-") for path in tmp_path.iterdir())


def test_one_casebook_is_a_file_and_the_same_each_time(run: Run, own: str, tmp_path: Path) -> None:
    number = run("casebook", "--database", own, "--out", tmp_path / "all", "--json").json[0]["participant"]
    for name in ("first.pdf", "second.pdf"):
        done = run("casebook", number, "--database", own, "--out", tmp_path / name)
        assert (done.code, done.err) == (0, "")
        assert done.out.split()[0] == number
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_what_cannot_be_written_is_said(run: Run, own: str, tmp_path: Path) -> None:
    for words, said in (
        (["P-none"], "no participant of this record has the number P-none"),
        (["--out", tmp_path / "all.pdf"], "is one file, and a casebook is of one participant"),
        (["--role", "rater"], "the role rater sees no participants"),
        (["--role", "wizard"], "no role 'wizard'"),
    ):
        done = run("casebook", "--database", own, *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


def test_that_it_was_given_out_is_kept_and_said(run: Run, own: str, tmp_path: Path) -> None:
    from hashlib import sha256

    from entact.cli.audit import operator
    from entact.conduct.casebook import casebook, subjects
    from entact.conduct.reader import reader_as
    from entact.conduct.record.opened import Opener

    done = run("casebook", "--database", own, "--role", "monitor", "--sealed", "--out", tmp_path, "--json")
    assert (done.code, done.err) == (0, "")
    kept = run("audit", "--database", own, "--kind", "exported", "--format", "jsonl")
    assert kept.code == 0
    rows = [json.loads(line) for line in kept.out.splitlines()]
    digests = {sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    told = [{one["item"]: one["new"] for one in row["changes"]} for row in rows]
    assert {one["digest"] for one in told} == digests
    assert {one["person"] for one in told} == {row["by"] for row in rows} == {operator()}
    assert all(one["what"].endswith("as monitor, sealed") for one in told)
    reader = reader_as("monitor")
    book = casebook(reader, subjects(reader, [])[0], Opener(), "given out by x").values()
    assert book["given_out"] == "given out by x"
