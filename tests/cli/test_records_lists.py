"""`entact import`: events and medicines of projects that nobody here has seen, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_records import Sign, lines_of, number

from entact import store
from entact.course.entry.sealing import is_sealed

__all__ = ["number"]
# Event names cut to near-equal, a mark of byte order before a quoted header, semicolons, line breaks and
# quotes in quotes, Greek and Japanese, decimal commas beside points, German days, checkboxes.
MAP = """source: altes-redcap
visits: {nachsorge_woche_10_arm_1: unscheduled#7, nachsorge_woche_10_arm_1b: unscheduled#8}
forms:
  participant: {at: am}
  adverse_event: {at: gemeldet}
  medication: {at: gemeldet, visit: screening}
items:
  gewicht: participant.weight
  ereignis: {to: adverse_event.term, values: {"1": nausea, "2": decreased_appetite}}
  eigene_worte: adverse_event.verbatim
  beginn: adverse_event.onset
  ende: adverse_event.resolved
  schwere: {to: adverse_event.severity, values: {"1": mild, "2": moderate, "3": severe}}
  ernst: adverse_event.serious
  gruende: {to: adverse_event.seriousness, values: {"1": hospitalisation, "2": death}}
  mittel: medication.name
  seit: medication.started
leave_out: [notiz]
dates: dmy
"""
HEADER = (
    '"record_id";redcap_event_name;redcap_repeat_instrument;redcap_repeat_instance;am;gewicht;gemeldet;ereignis;'
    "eigene_worte;beginn;ende;schwere;ernst;gruende___1;gruende___2;mittel;seit;notiz"
)


def rows(number: str, *more: str, onset: str = "01.10.2026", how: int = 2) -> bytes:
    event = f"{number};nachsorge_woche_10_arm_1;unerwunschtes"
    lines = [
        HEADER,
        f"{number};nachsorge_woche_10_arm_1;;;01.10.2026 09:30;71,5;;;;;;;;;;;;",
        f"{number};nachsorge_woche_10_arm_1b;;;02.10.2026 09:30;70.9;;;;;;;;;;;;",
        f"{event};1;;;02.10.2026 10:00;1;;{onset} 14:10;03.10.2026;{how};0;0;0;;;",
        f'{event};2;;;03.10.2026;;"ναυτία; ""stark""\n痛み";10.2026;;3;1;1;0;;;x',
        f"{number};nachsorge_woche_10_arm_1;medikamente;1;;;;;;;;;;0;0;Sertralin;2019;",
        *more,
    ]
    return "\ufeff".encode() + "".join(f"{one}\r\n" for one in lines).encode()


@pytest.mark.requirement("R21")
def test_r21_events_and_medicines_are_tried_then_there_once_and_nothing_of_people_is_overwritten(
    run: Run, sign: Sign, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    file.write_bytes(rows(number))
    mapping.write_text(MAP)
    before = lines_of(number)
    tried = run("import", file, "--map", mapping, "--database", own)
    assert (tried.code, tried.err) == (0, "")
    assert "5 would be taken in" in tried.out
    assert lines_of(number) == before
    done = sign("import", file, "--map", mapping, "--write", "--json", by="ada")
    assert (done.code, done.err) == (0, "")
    assert done.json["counts"]["new"] == 5
    assert done.json["rows_sha256"] == done.json["record_sha256"]
    added = lines_of(number)[len(before) :]
    weights = [one.data["items"]["weight"] for one in added if one.kind == "form"]
    assert weights == ["71.5 kg", "70.9 kg"]
    first, second = (one for one in added if one.kind == "adverse_event")
    assert (first.encounter, first.about, first.source) == (None, None, "imported")
    assert (first.data["term"], first.data["resolved"], first.data["severity"], first.data["serious"]) == (
        "nausea", "2026-10-03", "moderate", False,
    )  # fmt: skip
    assert first.data["onset"][:16] == "2026-10-01T14:10"
    assert len(first.data["onset"]) == len("2026-10-01T14:10:00-07:00")
    assert (second.data["term"], second.data["onset"], second.data["seriousness"]) == (
        "other", "2026-10", ["hospitalisation"],
    )  # fmt: skip
    assert is_sealed(second.data["verbatim"])
    [medicine] = (one for one in added if one.kind == "medication")
    assert medicine.data["started"] == "2019"
    screened = next(one for one in before if one.kind == "encounter" and one.encounter == "screening#1")
    assert medicine.occurred_at == screened.occurred_at
    again = sign("import", file, "--map", mapping, "--write", "--json", by="ada")
    assert (again.code, again.json["counts"]["there"], again.json["counts"]["new"]) == (0, 5, 0)
    file.write_bytes(rows(number, onset="02.10.2026"))
    other = sign("import", file, "--map", mapping, "--write", by="ada")
    assert other.code == 1
    assert (
        "adverse_event at no visit: the source says something else than when it was taken in (onset)"
        in other.out
    )
    assert lines_of(number) == [*before, *added]
    file.write_bytes(rows(number, how=3))
    mapping.write_text(MAP.replace("altes-redcap", "noch-eines"))  # another project that tells of the same
    twice = sign("import", file, "--map", mapping, "--write", "--json", by="ada")
    told = [(one["form"], one["outcome"]) for one in twice.json["conflicts"]]
    assert told == [("adverse_event", "conflict")]
    assert (twice.json["counts"]["typed"], twice.json["counts"]["new"]) == (4, 0)
    assert store.verify().breaks == ()


@pytest.mark.requirement("R21")
def test_r21_what_is_wrong_with_one_row_of_a_list_keeps_every_row_out(
    run: Run, sign: Sign, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    before = lines_of(number)
    row = f"{number};nachsorge_woche_10_arm_1;unerwunschtes;3;;;"
    for more, said in (
        (
            row + "03.10.2026;7;;10.2026;;3;1;1;0;;;",
            "line 8: ereignis: '7' is none of the `values:` of ereignis",
        ),
        (row + "03.10.2026;;;10.2026;;3;1;1;0;;;", "line 8: adverse_event: it says no event"),
        (row + "10.2026;1;;10.2026;;3;1;0;0;;;", "line 8: adverse_event: when it was told is not known"),
        (row + "03.10.2026;1;;31.02.2026;;3;1;0;0;;;", "line 8: beginn: '31.02.2026' is no day"),
        (row + "03.10.2099;1;;10.2026;;3;1;0;0;;;", "line 8: adverse_event: '03.10.2099' lies in the future"),
        (
            row.replace(";3;", ";2;") + "03.10.2026;1;;10.2026;;3;1;0;0;;;",
            "line 8: the same record, event and",
        ),
        (
            f"{number};nachsorge_woche_10_arm_2;;;01.10.2026;5;;;;;;;;;;;;",
            "known for the event 'nachsorge_woche_10_arm_2' ('nachsorge_woche_10_arm_1' is another",
        ),
        (f"{number};nachsorge_woche_10_arm_1b;;2;01.10.2026;1.250;;;;;;;;;;;;", "'1.250' may be a thousand"),
    ):
        file.write_bytes(rows(number, more))
        mapping.write_text(MAP)
        done = sign("import", file, "--map", mapping, "--write", by="ada")
        assert (done.code, done.out) == (2, ""), said
        assert said in done.err
        assert done.err.endswith("nothing was written\n")
        assert lines_of(number) == before


def test_what_a_list_cannot_say_is_told_with_its_place(
    run: Run, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    file.write_bytes(rows(number))
    mapping.write_text(
        MAP.replace("adverse_event.onset", "adverse_event.begin").replace("medication.name", "medicine.name")
    )
    done = run("import", file, "--map", mapping, "--database", own)
    assert done.code == 2
    assert "item of adverse_event" in done.err
    assert "there is no form 'medicine'; did you mean 'medication'?" in done.err
