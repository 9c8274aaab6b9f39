"""`entact trace`: from a value to who signed it, and from an entry to every row that was made of it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.cli.conftest import Run

from entact import store
from entact.cli.trace import row_number, trace_lines
from entact.course.entry import Authenticated, instant, read
from entact.course.entry.entry import SecondProof
from entact.datasets.sdtm import Table


@pytest.mark.requirement("R21")
def test_a_value_leads_to_its_signature_and_an_entry_to_all_rows_of_it(
    run: Run, own: str, tmp_path: Path
) -> None:
    from entact.store.signing import sign_entries

    options = ["--blinded", "--database", own]
    out = tmp_path / "out"
    assert run("export", "mapp1", *options, "--as", "sdtm,adam", "--format", "csv", "--out", out).code == 0
    scored = pl.read_csv(out / "adam" / "adqs.csv").filter(pl.col("AVAL").is_not_null())
    row = scored.filter(pl.col("CHG").is_not_null()).row(0, named=True)
    key = f"ADQS:{row['USUBJID']}:{row['ASEQ']:g}"
    found = run("trace", "mapp1", f"{key}:AVAL", *options, "--json").json
    (entry,) = found["entries"]
    assert (found["values"], found["signatures"]) == ({"AVAL": row["AVAL"]}, [])
    assert run("trace", "mapp1", key, *options).out.endswith("not signed\n")

    held = next(read(line.text) for line in store.lines(entry["ledger"]) if read(line.text).id == entry["id"])
    at = instant(held.received_at or held.recorded_at).isoformat()
    by = Authenticated(how="session", who="dr-1", second=SecondProof("password", at))
    sign_entries(
        entry["ledger"],
        [entry["id"]],
        "approval",
        by="dr-1",
        role="investigator",
        received_at=at,
        authenticated=by,
        name="Dr Ada Ashby",
    )
    found = run("trace", "mapp1", f"{key}:AVAL", *options, "--json").json
    (signed,) = found["signatures"]
    assert (signed["by"], signed["name"], signed["meaning"]) == ("dr-1", "Dr Ada Ashby", "approval")
    assert signed["signs"] == [entry["id"]]
    words = run("trace", "mapp1", key, *options).out
    assert "by Dr Ada Ashby: approval" in words

    lines = [json.loads(line) for line in (out / "trace.jsonl").read_text().splitlines()]
    of_entry = [line["row"] for line in lines if entry["id"] in line["entries"]]
    assert {one.partition(":")[0] for one in of_entry} >= {"ADQS"}
    assert key in of_entry
    for one in of_entry[:3]:
        back = run("trace", "mapp1", one, *options, "--json").json
        assert entry["id"] in [said["id"] for said in back["entries"]]
        assert [said["name"] for said in back["signatures"]] == ["Dr Ada Ashby"]


def test_a_line_says_a_visit_that_was_repeated_and_any_name_as_json() -> None:
    visits = Table("SV")
    visits.add({"STUDYID": "S", "DOMAIN": "SV", "USUBJID": 'S-"ü\\', "VISITNUM": 2.01}, ("e1", "e2"))
    visits.add({"STUDYID": "S", "DOMAIN": "SV", "USUBJID": "S-2", "VISITNUM": 900}, ())
    [text] = trace_lines({"SV": visits})
    assert [json.loads(line) for line in text.splitlines()] == [
        {"row": 'SV:S-"ü\\:2.01', "entries": ["e1", "e2"]},
        {"row": "SV:S-2:900", "entries": []},
    ]
    assert row_number("SV", {"VISITNUM": 2.01}) == "2.01"
