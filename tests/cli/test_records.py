"""`entact import`: tried first, taken in once, told where it disagrees, and never half."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Done, Run

from entact import store
from entact.course import Kept, read
from entact.course.entry.sealing import is_sealed

Sign = Callable[..., Done]
MAP = """source: old-redcap
visits: {later_arm_1: unscheduled, even_later_arm_1: unscheduled#8}
forms:
  participant: {at: seen_on}
  therapy_session: {at: seen_on}
items:
  kilos: {to: participant.weight, decimal: comma}
  prior_ssri: participant.prior_ssri
  geschlecht: {to: participant.sex, values: {"1": female, "2": male}}
  minutes: therapy_session.minutes
  remark: {to: therapy_session.note}
leave_out: [nickname]
missing: {"-99": refused}
dates: dmy
"""
HEADER = (
    '"record_id";redcap_event_name;redcap_repeat_instrument;redcap_repeat_instance;seen_on;kilos;prior_ssri;'
    "geschlecht;minutes;remark;nickname"
)


def rows(number: str, kilos: str = "71,5", more: str = "") -> bytes:
    text = [
        HEADER,
        f"{number};later_arm_1;;7;01.10.2026 09:30;{kilos};1;2;;;Pia",
        f'{number};even_later_arm_1;therapy_session;2;"02.10.2026";;;;90;"sie sagte; ""gut""\n痛み";',
        *([more] if more else []),
    ]
    return "\ufeff".encode() + "".join(f"{one}\r\n" for one in text).encode()


@pytest.fixture
def number(own: str) -> str:
    """The screening number of a participant of the rehearsal."""
    from entact.store import lists

    store.setup(database=own)
    return str(lists.participants()[0].number)


def lines_of(number: str) -> list[Kept]:
    from entact.store import lists

    row = lists.participant(number, sites=None) or lists.participant_screened_as(number, sites=None)
    assert row is not None
    return [read(line.text) for line in store.lines(row.ledger)]


@pytest.mark.requirement("R21")
def test_r21_records_are_tried_then_there_once_and_hashes_of_file_and_record_agree(
    run: Run, sign: Sign, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    file.write_bytes(rows(number))
    mapping.write_text(MAP)
    before = lines_of(number)
    tried = run("import", file, "--map", mapping, "--database", own)
    assert (tried.code, tried.err) == (0, "")
    assert "2 would be taken in · 0 there from before" in tried.out
    assert "left out: nickname: as the mapping says" in tried.out
    assert "nothing was written" in tried.out
    assert "Pia" not in tried.out
    assert lines_of(number) == before
    done = sign("import", file, "--map", mapping, "--write", "--json", by="ada")
    assert (done.code, done.err) == (0, "")
    assert done.json["counts"] == {"new": 2, "there": 0, "typed": 0, "conflict": 0, "held": 0}
    assert done.json["rows_sha256"] == done.json["record_sha256"]
    added = lines_of(number)[len(before) :]
    assert {(one.by, one.role, one.source) for one in added} == {("ada", "data_manager", "imported")}
    assert {one.authenticated.how for one in added if one.authenticated} == {"person_key"}
    first, second = (one for one in added if one.kind == "form")
    assert (first.encounter, first.occurred_at[:16]) == ("unscheduled#7", "2026-10-01T09:30")
    assert first.data["items"] == {"weight": "71.5 kg", "prior_ssri": True, "sex": "male"}
    assert (second.encounter, second.repeat, second.data["items"]["minutes"]) == ("unscheduled#8", 2, 90)
    assert is_sealed(second.data["items"]["note"])
    note = next(one for one in added if one.kind == "imported" and one.about == first.id)
    assert (note.data["system"], note.data["place"]) == ("old-redcap", "line:2")
    assert is_sealed(note.data["record"])
    again = sign("import", file, "--map", mapping, "--write", "--json", by="ada")
    assert (again.code, again.json["counts"]["there"], again.json["counts"]["new"]) == (0, 2, 0)
    assert again.json["record_sha256"] == done.json["record_sha256"]
    assert lines_of(number) == [*before, *added]
    assert store.verify().breaks == ()
    noted = [read(line.text).data for line in store.lines("system") if '"taken_in"' in line.text]
    assert [(one["status"], one["new"], one["there"]) for one in noted] == [
        ("begun", 0, 0),
        ("done", 2, 0),
        ("begun", 0, 0),
        ("done", 0, 2),
    ]


@pytest.mark.requirement("R21")
def test_r21_what_the_source_says_otherwise_later_is_told_and_overwrites_nothing(
    run: Run, sign: Sign, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    mapping.write_text(MAP)
    file.write_bytes(rows(number))
    sign("import", file, "--map", mapping, "--write", by="ada")
    before = lines_of(number)
    file.write_bytes(rows(number, kilos="75"))
    done = sign("import", file, "--map", mapping, "--write", by="ada")
    assert done.code == 1
    assert "line 2: participant at unscheduled#7: the source says something else" in done.out
    assert "(weight)" in done.out
    assert "75" not in done.out.replace(done.out.partition("SHA-256")[2], "")
    assert lines_of(number) == before


@pytest.mark.requirement("R21")
def test_r21_what_is_wrong_with_one_line_keeps_every_line_out(
    run: Run, sign: Sign, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    mapping.write_text(MAP)
    before = lines_of(number)
    for wrong, said in (
        (rows(number).replace(b";90;", b";ninety;"), "line 3: minutes: 'ninety' is no number"),
        (rows(number, more="X-404;later_arm_1;;7;01.10.2026;5;;;;;"), "line 5: nobody in this record has"),
        (rows(number)[:-11], "line 3: a quote is opened and not closed"),
    ):
        file.write_bytes(wrong)
        done = sign("import", file, "--map", mapping, "--write", by="ada")
        assert (done.code, done.out) == (2, "")
        assert said in done.err
        assert done.err.endswith("nothing was written\n")
        assert lines_of(number) == before
    assert "taken_in" not in "".join(line.text for line in store.lines("system"))


def test_a_mapping_is_held_against_the_study_with_file_and_line(
    run: Run, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    file.write_bytes(rows(number))
    mapping.write_text(MAP.replace("participant.prior_ssri", "dose.kit").replace("unscheduled#8", "sesion_1"))
    done = run("import", file, "--map", mapping, "--database", own)
    assert done.code == 2
    assert "map.yaml:2:" in done.err
    assert "did you mean 'session_1'?" in done.err
    assert "there is no form 'dose'" in done.err
    assert "at a gate" in done.err


def test_who_may_not_and_who_does_not_say_who_they_are_takes_nothing_in(
    run: Run, own: str, number: str, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "records.csv", tmp_path / "map.yaml"
    file.write_bytes(rows(number))
    mapping.write_text(MAP)
    unnamed = run("import", file, "--map", mapping, "--write", "--database", own)
    assert (unnamed.code, "say with --by" in unnamed.err) == (2, True)
    words = tmp_path / "words"
    words.write_text("seven green bottles\n")
    options = ["--key", tmp_path / "eve.key", "--passphrase-file", words, "--database", own]
    run("sign-key", "new", "eve", "--role", "monitor", "--power", "cut", *options)
    refused = run("import", file, "--map", mapping, "--write", "--by", "eve", *options)
    assert refused.code == 2
    assert "eve acts as monitor, who does not take records in" in refused.err
