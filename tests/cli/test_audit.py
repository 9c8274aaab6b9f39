"""`entact audit`."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.mark.requirement("R09")
def test_everything_is_given_out_complete_and_to_be_filtered(run: Run, own: str, tmp_path: Path) -> None:
    from entact import store
    from entact.cli.database import open_record

    open_record(own)
    kept = {line.hash: line.text for _, lines in store.chains() for line in lines}
    done = run("audit", "--database", own, "--format", "jsonl", "--out", tmp_path / "all.jsonl")
    assert (done.code, done.err) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert {row["hash"]: row["text"] for row in rows} == kept
    *_, last = [json.loads(line.text) for line in store.lines("system")]
    assert last["data"]["what"] == "audit trail, jsonl"
    assert done.out.startswith(f"{len(rows)} entries in ")

    given = run("audit", "--database", own, "--kind", "dose")
    doses = list(csv.DictReader(StringIO(given.out)))
    assert {row["kind"] for row in doses} == {"dose"}
    assert {row["item"] for row in doses} >= {"kit", "taken"}
    first = min(doses, key=lambda row: row["received_utc"])
    day = first["received_utc"][:10]
    until = run("audit", "--database", own, "--kind", "dose", "--to", day, "--who", first["by"])
    found = list(csv.DictReader(StringIO(until.out)))
    assert {row["received_utc"][:10] for row in found} == {day}


def test_what_cannot_be_looked_for_is_said(run: Run, own: str) -> None:
    for words, said in (
        (["--participant", "P-none"], "no participant of this record has the number P-none"),
        (["--from", "30.4.2026"], "'30.4.2026' is no day: write it as 2026-04-30"),
        (["--role", "wizard"], "no role 'wizard'"),
    ):
        done = run("audit", "--database", own, *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
