# ruff: noqa: E501 - lines as REDCap writes them
"""Records of REDCap: each line as it was meant, or named with its line; nothing of a file is read in part."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.course.cases import Case, before

from entact.course import Entry
from entact.course.fold import fold
from entact.exchange.odm import read_clinical
from entact.exchange.records import (
    Planned,
    RecordMapping,
    RecordsError,
    Row,
    Taking,
    plan,
    read_mapping,
)
from entact.exchange.redcap import read_records
from entact.protocol import Release
from entact.protocol.load import load_study

STUDIES = Path(__file__).parents[2] / "studies"
ZONE = ZoneInfo("America/Denver")
MAP = """source: old
visits:
  follow_up_month_12_arm_1: preparation_1
  follow_up_month_12_arm_1b: integration_1
  dosing_arm_1: session_1
forms:
  suicidality: {at: asked}
  demographics: {at: seen, visit: screening}
items: {years: demographics.age, ideen: {to: suicidality.ideation, decimal: comma}}
"""
FILE = (
    '\ufeff"record_id",redcap_event_name,"redcap_repeat_instrument",redcap_repeat_instance,asked,ideen,'
    "behaviour,seen,years,sex,suicidality_complete\r\n"
    "S-1,follow_up_month_12_arm_1,,,2026-03-04 10:30,2,0,,,,2\r\n"
    "S-1,follow_up_month_12_arm_1b,suicidality,2,2026-03-18T09:00:00+01:00,1,1,,,,0\r\n"
)


@pytest.fixture
def case() -> Case:
    """Somebody who was just randomised."""
    return before("randomise").drop("screening ends", "demographics")


def mapped(case: Case, text: str = MAP) -> RecordMapping:
    return read_mapping(text.encode(), "map.yaml", case.study.newest)


def taking(mapping: RecordMapping, **changed: Any) -> Taking:
    now = datetime(2026, 4, 1, tzinfo=ZONE)
    made = Taking(mapping, "ab" * 32, b"k" * 32, ZONE, "ada", "data_manager", now, "rehearsal")
    return replace(made, **changed)


def planned(case: Case, file: str | bytes = FILE, text: str = MAP, **changed: Any) -> Planned:
    mapping = mapped(case, text)
    raw = file if isinstance(file, bytes) else file.encode()
    rows, _ = read_records(raw, mapping, case.study.newest)
    return plan(rows, case.course(), taking(mapping, **changed))


def forms(entries: list[Entry]) -> list[Entry]:
    return [one for one in entries if one.kind in ("form", "vital_signs")]


def test_each_line_becomes_its_form_at_its_visit_and_time(case: Case) -> None:
    done = planned(case)
    assert done.problems == []
    first, second = forms(done.entries)
    assert (first.encounter, first.repeat, first.occurred_at) == (
        "preparation_1#1",
        1,
        "2026-03-04T10:30:00-07:00",
    )
    assert first.data == {"form": "suicidality", "items": {"ideation": 2, "behaviour": False}}
    assert (second.encounter, second.repeat, second.occurred_at) == (
        "integration_1#1",
        2,
        "2026-03-18T09:00:00+01:00",
    )
    assert {one.kind for one in done.entries} == {"encounter", "form", "imported"}
    assert {one.source for one in done.entries} == {"imported"}
    course = fold(case.study, [*case.of("participant:"), *done.entries])
    assert course.values("preparation_1#1", datetime(2026, 4, 1, tzinfo=ZONE))["suicidality.ideation"] == 2
    assert course.encounters["integration_1#1"].status == "ended"


def test_planned_again_on_what_was_kept_it_is_all_there(case: Case) -> None:
    done = planned(case)
    for number, one in enumerate(done.entries):
        case.entries[f"taken {number}"] = one
    again = planned(case)
    assert again.entries == []
    assert [one.outcome for one in again.told] == ["there", "there"]
    assert again.rows == done.rows
    changed = planned(case, FILE.replace(",2,0,", ",3,0,"))
    assert [(one.outcome, one.items) for one in changed.told] == [("conflict", ("ideation",)), ("there", ())]
    assert changed.entries == []


def test_what_people_entered_at_that_visit_is_never_touched(case: Case) -> None:
    file = FILE.replace("follow_up_month_12_arm_1,", "prep_2_arm_1,")
    text = MAP.replace("  dosing", "  prep_2_arm_1: preparation_2\n  dosing")
    done = planned(case, file, text)
    assert next((one.outcome, one.why, one.items) for one in done.told) == (
        "conflict",
        "i-1 entered it here",
        ("ideation",),
    )
    same = planned(case, file.replace(",2,0,", ",1,0,"), text)
    assert [one.outcome for one in same.told] == ["typed", "new"]
    assert all(one.encounter == "integration_1#1" for one in same.entries)


def test_what_is_frozen_or_locked_is_left_alone(case: Case) -> None:
    assert {one.outcome for one in planned(case, locked="lock-1").told} == {"held"}
    case.put(
        "freeze", "freeze", "2026-03-20T09:00:00-06:00", {"of": "encounter"}, encounter="preparation_1#1"
    )
    assert [one.outcome for one in planned(case).told] == ["held", "new"]


def test_a_session_with_a_dose_is_entered_by_people_and_its_day_needs_a_time(case: Case) -> None:
    file = FILE.replace("follow_up_month_12_arm_1,", "dosing_arm_1,")
    assert [one.partition(": ")[2] for one in planned(case, file).problems] == [
        "session_1#1 is a session with a dose that is not in the record: people enter it first"
    ]
    treated = before("discharge")
    day = file.replace("2026-03-04 10:30", "2026-03-16")
    assert "a dose was given on 2026-03-16: say the time" not in str(planned(treated, day).problems)
    other = planned(treated, FILE.replace("2026-03-04 10:30", "2026-03-16"))
    assert "a dose was given on 2026-03-16: say the time of the day" in str(other.problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace(",2,0,", ",two,0,"), "line 2: ideen: 'two' is no number"),
        (lambda text: text.replace(",2,0,", ',"2,5",0,'), "line 2: ideen: '2,5' is no whole number"),
        (
            lambda text: text.replace(",2,0,", ",2,maybe,"),
            "line 2: behaviour: 'maybe' is neither yes (1) nor",
        ),
        (lambda text: text.replace("2026-03-04 10:30", "4/3/2026"), "'4/3/2026' is no day written as ymd"),
        (
            lambda text: text.replace("2026-03-04 10:30", "2026-02-30"),
            "'2026-02-30' is not a date; write it as in '2026-02-28'",
        ),
        (lambda text: text.replace("2026-03-04 10:30", "2026-03-08 02:30"), "was twice, or never"),
        (lambda text: text.replace("2026-03-04 10:30", "2036-03-04"), "lies in the future"),
        (
            lambda text: text.replace("2026-03-04 10:30", ""),
            "line 2: suicidality: when suicidality was filled",
        ),
    ],
)
def test_an_answer_that_cannot_be_read_keeps_all_out(
    case: Case, change: Callable[[str], str], said: str
) -> None:
    assert said in "\n".join(planned(case, change(FILE)).problems)


def test_what_cannot_be_read_is_kept_as_written_only_where_the_mapping_says_so(case: Case) -> None:
    done = planned(case, FILE.replace(",2,0,", ",two,0,"), MAP + "unreadable: keep\n")
    assert done.problems == []
    assert forms(done.entries)[0].data["items"]["ideation"] == "two"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda raw: raw.replace(b"_arm_1,,", b"_arm,,"),
            "no visit is known for the event 'follow_up_month_12_arm'",
        ),
        (lambda raw: raw[:-30], "line 3: 5 cells under 11 names"),
        (lambda raw: raw[:-2], "line 3: it has no line break at its end, so its last answer may be cut off"),
        (lambda raw: raw[:-3], "line 3: it has no line break at its end"),
        (lambda raw: raw + b'"S-1', "line 4: a quote is opened and not closed"),
        (
            lambda raw: raw + raw.splitlines(True)[1],
            "line 4: the same record, event and repetition as on line 2",
        ),
        (lambda raw: raw.replace(b"10:30", b"10:30\xff"), "line 2: byte 0xff is not utf-8"),
        (lambda raw: raw.replace(b"years", b"ideen"), "line 1: there are 2 columns 'ideen'"),
        (
            lambda raw: raw.replace(b",sex,", b",gender,").replace(b",,2\r", b",x,2\r"),
            "'gender' goes nowhere",
        ),
        (
            lambda raw: raw.replace(b"S-1,follow_up_month_12_arm_1,", b",follow_up_month_12_arm_1,"),
            "is blank",
        ),
        (lambda raw: raw.replace(b"suicidality,2,", b"suicidality,two,"), "which is no number from 1 to 999"),
        (lambda raw: raw.splitlines()[0], "there is no record in it"),
        (lambda raw: b"", "there is no record in it"),
        (lambda raw: raw + b"x" * (64 * 1024 * 1024), "at most 67108864 are read"),
    ],
)
def test_a_malformed_file_is_refused_whole(case: Case, change: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(RecordsError) as caught:
        read_records(change(FILE.encode()), mapped(case), case.study.newest)
    assert said in "\n".join(caught.value.problems)


def test_a_last_answer_that_a_quote_closes_is_whole(case: Case) -> None:
    whole = FILE.removesuffix("\r\n")
    quoted = f'{whole[: whole.rindex(",") + 1]}"{whole[whole.rindex(",") + 1 :]}"'
    read = [read_records(one.encode(), mapped(case), case.study.newest) for one in (FILE, quoted)]
    assert read[0] == read[1]


def numbers(release: Release, cells: list[str], more: str = "") -> list[Row]:
    text = f"source: x\nvisits: {{'': screening}}\nforms: {{vitals: {{at: at}}}}\n{more}"
    file = "id;at;systolic;diastolic\n" + "".join(
        f"S-{place};2026-03-02 10:00;{cell};80\n" for place, cell in enumerate(cells)
    )
    return read_records(file.encode(), read_mapping(text.encode(), "m", release), release)[0]


@pytest.mark.parametrize(
    ("cells", "more", "found"),
    [
        (["120", "121.5"], "", ["120 mm[Hg]", "121.5 mm[Hg]"]),
        (["120,5", "121.5"], "", ["120.5 mm[Hg]", "121.5 mm[Hg]"]),
        ([".5", "-.25", ",75"], "", ["0.5 mm[Hg]", "-0.25 mm[Hg]", "0.75 mm[Hg]"]),
        ([".500"], "decimal: comma\n", "no number with a decimal comma"),
        (["0.500"], "decimal: comma\n", "no number with a decimal comma"),
        (["12.5"], "decimal: comma\n", "no number with a decimal comma"),
        (["0,500"], "decimal: point\n", "no number with a decimal point"),
        (["12,5"], "decimal: point\n", "no number with a decimal point"),
        (["1120,5", "0,5", "12"], "decimal: comma\n", ["1120.5 mm[Hg]", "0.5 mm[Hg]", "12 mm[Hg]"]),
        ([".", "-"], "", "is no number"),
        (["1,120"], "", "may be a thousand"),
        (["120,5", "1.120"], "", "may be a thousand"),
        (["1.120"], "decimal: comma\n", ["1120 mm[Hg]"]),
        (["1,120.5"], "decimal: point\n", ["1120.5 mm[Hg]"]),
        (["16 kPa"], "", ["16 kPa"]),
        (["120 mmHg"], "", ["120 mm[Hg]"]),
        (["120 smoots"], "", "is no unit"),
        (["1e3"], "", "is no unit"),
        (["NaN"], "", "is no number"),
    ],
)
def test_decimal_commas_beside_points_and_units(case: Case, cells: list[str], more: str, found: Any) -> None:
    text = f"source: x\nvisits: {{'': screening}}\nforms: {{vitals: {{at: at}}}}\n{more}"
    mapping = mapped(case, text)
    told = [plan([one], case.course(), taking(mapping)) for one in numbers(case.study.newest, cells, more)]
    if isinstance(found, str):
        assert found in "\n".join(problem for one in told for problem in one.problems)
    else:
        assert [forms(one.entries)[0].data["systolic"] for one in told] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("visits: {a: screening}", "source"),
        ("source: x\nvisits: {a: screning}", "did you mean 'screening'?"),
        ("source: x\nitems: {a: randomisation.number}", "entered by people, at a gate"),
        ("source: x\nitems: {a: demographics.agge}", "did you mean 'age'?"),
        ("source: x\nitems: {a: demographics.age, b: demographics.age}", "is that of a already"),
        ("source: x\nvisist: {}", "visist"),
        ("source: x\nmissing: {-9: gone}", "missing"),
        ("source: x\nvisits: {a: 'screening#0'}", "write how often it was as in screening#2"),
        ("source: [", "m:1"),
        ("", "source"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(case: Case, text: str, said: str) -> None:
    with pytest.raises(RecordsError) as caught:
        read_mapping(text.encode(), "m", case.study.newest)
    told = "\n".join(caught.value.problems)
    assert said in told
    assert "m:" in told


def test_boxes_that_are_ticked_are_codes_and_none_ticked_says_nothing() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "forms" / "study.yaml")).newest
    [(form, item, said)] = [
        (name, item, said)
        for name, form in release.forms.items()
        for item, said in form.items.items()
        if said.type == "choices"
    ][:1]
    codes = list(said.of or ())
    boxes = ";".join(f"{item}___{code.lower()}" for code in codes)
    visit = next(iter(release.visits))
    mapping = read_mapping(f"source: x\nvisits: {{'': {visit}}}\n".encode(), "m", release)
    some = ["1", "1", *"0" * len(codes[2:])]
    file = f"id;{boxes}\n1;{';'.join(some)}\n2;{';'.join('0' * len(codes))}\n"
    rows, _ = read_records(file.encode(), mapping, release)
    assert [(row.record, row.form, row.versions[0].cells[item].ticked) for row in rows] == [
        ("1", form, tuple(codes[:2]))
    ]


PROJECT = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org" ODMVersion="1.3.1"
 FileOID="0" FileType="Snapshot"><Study OID="Project.X"/><ClinicalData StudyOID="Project.X" MetaDataVersionOID="M">
<SubjectData SubjectKey="1" redcap:RecordIdField="study_id">
<StudyEventData StudyEventOID="Event.later_arm_1" StudyEventRepeatKey="2" redcap:UniqueEventName="later_arm_1">
<FormData FormOID="Form.one" FormRepeatKey="1">
<ItemGroupData ItemGroupOID="one.study_id"><ItemData ItemOID="study_id" Value="1"/></ItemGroupData>
<ItemGroupData ItemGroupOID="one.hurts"><ItemData ItemOID="hurts___1" Value="1"/>
<ItemData ItemOID="hurts___2" Value="1"/><ItemData ItemOID="hurts___3" Value="0"/></ItemGroupData>
<ItemGroupData ItemGroupOID="one.end"><ItemData ItemOID="one_complete" Value="2"/>
<ItemData ItemOID="redcap_data_access_group" Value="north"/></ItemGroupData>
</FormData></StudyEventData></SubjectData></ClinicalData></ODM>
"""


def boxed(release: Release, visits: str) -> RecordMapping:
    [(place, codes), *_] = [
        (f"{name}.{item}", list(said.of or ()))
        for name, form in release.forms.items()
        for item, said in form.items.items()
        if said.type == "choices"
    ]
    values = {str(number): code for number, code in enumerate(codes[:3], start=1)}
    text = f"source: x\nvisits: {visits}\nitems: {{hurts: {{to: {place}, values: {values}}}}}\n"
    return read_mapping(text.encode(), "m", release)


def test_the_xml_of_a_project_says_what_its_csv_says() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "forms")).newest
    visit = next(iter(release.visits))
    mapping = boxed(release, f"{{later_arm_1: {visit}}}")
    in_xml, left_out = read_clinical(PROJECT.encode(), mapping, release)
    csv = (
        "study_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,"
        "hurts___1,hurts___2,hurts___3\n1,later_arm_1,,2,north,1,1,0\n"
    )
    in_csv, _ = read_records(csv.encode(), mapping, release)
    assert left_out == []

    def said(rows: list[Row]) -> list[tuple[Any, ...]]:
        return [
            (one.record, one.event, one.event_repeat, one.form, one.repeat, cell.ticked)
            for one in rows
            for cell in one.versions[0].cells.values()
        ]

    assert said(in_xml) == said(in_csv)
    assert said(in_xml)[0][:3] + said(in_xml)[0][-1:] == ("1", "later_arm_1", 2, ("1", "2"))


def test_the_xml_of_a_project_without_events_belongs_to_the_empty_one_and_bad_boxes_have_their_line() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "forms")).newest
    mapping = boxed(release, f"{{'': {next(iter(release.visits))}}}")
    assert [one.event for one in read_clinical(PROJECT.encode(), mapping, release)[0]] == [""]
    bare = re.sub(r"</?StudyEventData[^>]*>", "", PROJECT)  # as REDCap writes a project without events
    assert [one.event for one in read_clinical(bare.encode(), mapping, release)[0]] == [""]
    with pytest.raises(RecordsError, match="line 8: no visit is known for the event ''; say it under `vis"):
        read_clinical(bare.encode(), boxed(release, "{}"), release)
    wrong = PROJECT.replace('"hurts___3" Value="0"', '"hurts___3" Value="yes"')
    with pytest.raises(RecordsError, match="line 9: hurts___3 is 'yes'; a box is 1 or 0"):
        read_clinical(wrong.encode(), mapping, release)
    strange = PROJECT.replace("hurts___3", "harms___3")
    with pytest.raises(RecordsError, match="line 9: 'harms___3' goes nowhere"):
        read_clinical(strange.encode(), mapping, release)


def test_an_event_that_repeats_goes_on_from_the_visit_that_is_said(case: Case) -> None:
    text = MAP.replace("preparation_1", "'unscheduled#20'").replace("dosing_arm_1: session_1", "")
    file = FILE.replace("12_arm_1,,,2026", "12_arm_1,,3,2026")
    done = planned(case, file, text)
    assert done.problems == []
    assert "unscheduled#22" in {one.encounter for one in forms(done.entries)}


def test_a_first_column_without_a_name_is_told(case: Case) -> None:
    file = FILE.replace('"record_id"', '""', 1)
    with pytest.raises(RecordsError, match="line 1: the first column has no name; say under `record:`"):
        read_records(file.encode(), mapped(case), case.study.newest)


def test_the_state_of_a_form_that_is_called_otherwise_here_is_redcaps_own(tmp_path: Path) -> None:
    """`medication` of REDCap is `medication_` here: its columns are those of the form all the same."""
    path = tmp_path / "study.yaml"
    path.write_text((STUDIES / "mini" / "study.yaml").read_text().replace("demographics", "demographics_"))
    release = load_study(str(path)).newest
    mapping = read_mapping(b"source: x\nvisits: {'': screening}\n", "m", release)
    head = "id,age,demographics_complete,demographics_timestamp"
    rows, _ = read_records(f"{head}\n1,40,2,2026-03-04 10:30\n".encode(), mapping, release)
    assert [(row.form, row.versions[0].at) for row in rows] == [("demographics_", "2026-03-04 10:30")]
    with pytest.raises(RecordsError, match="line 2: 'other_complete' goes nowhere"):
        read_records(f"{head.replace('demographics_c', 'other_c')}\n1,40,2,\n".encode(), mapping, release)


def test_line_breaks_that_xml_takes_for_spaces_are_told() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "forms")).newest
    mapping = boxed(release, f"{{'': {next(iter(release.visits))}}}")
    said = PROJECT.replace('Value="north"', 'Value="north\nand south"')
    assert read_clinical(said.encode(), mapping, release)[1] == [
        "line breaks in 1 answers: where they stand XML has spaces; REDCap's CSV keeps them"
    ]


ONE_VALUE = (
    "record,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_name,value\n"
    "S-1,follow_up_month_12_arm_1,,,asked,2026-03-04 10:30\n"
    "S-1,follow_up_month_12_arm_1b,suicidality,2,ideen,1\n"
    "S-1,follow_up_month_12_arm_1,,,ideen,2\n"
    "S-1,follow_up_month_12_arm_1,,,behaviour,0\n"
    "S-1,follow_up_month_12_arm_1,,,suicidality_complete,2\n"
    "S-1,follow_up_month_12_arm_1b,suicidality,2,asked,2026-03-18T09:00:00+01:00\n"
    "S-1,follow_up_month_12_arm_1b,suicidality,2,behaviour,1\n"
)
ITS_MAP = MAP.replace("  demographics: {at: seen, visit: screening}\n", "").replace(
    "years: demographics.age, ", ""
)


def test_lines_of_one_value_each_say_what_a_flat_export_says(case: Case) -> None:
    flat, told = planned(case), planned(case, ONE_VALUE, ITS_MAP)
    assert told.problems == []
    assert [one.data for one in forms(told.entries)] == [one.data for one in forms(flat.entries)]
    assert [one.occurred_at for one in forms(told.entries)] == [
        one.occurred_at for one in forms(flat.entries)
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("ideen,2", "ideen,two"), "line 4: ideen: 'two'"),
        (("behaviour,1", "other,1"), "line 8: 'other' goes nowhere"),
        (("behaviour,1", "ideen,1"), "line 8: ideen stands on line 3 too"),
        (("behaviour,1\n", "behaviour"), "line 8: 5 cells under 6 names"),
        ((",behaviour,1", ",,1"), "line 8: field_name is blank"),
    ],
)
def test_what_is_wrong_among_lines_of_one_value_is_named_with_its_own_line(
    case: Case, change: tuple[str, str], said: str
) -> None:
    text = (
        ONE_VALUE.replace(*change)
        if "5 cells" not in said
        else ONE_VALUE.replace(",behaviour,1\n", ",behaviour\n")
    )
    try:
        found = planned(case, text, ITS_MAP).problems
    except RecordsError as error:
        found = list(error.problems)
    assert said in "\n".join(found)


def test_boxes_among_lines_of_one_value_are_lines_of_their_own() -> None:
    release = load_study(str(Path(__file__).parents[2] / "studies" / "forms" / "study.yaml")).newest
    mapping = boxed(release, f"{{'': {next(iter(release.visits))}}}")
    item = mapping.items["hurts"].to.partition(".")[2]
    told = "record,field_name,value\n1,study_id,1\n1,hurts,1\n2,study_id,2\n1,hurts,3\n2,hurts,2\n"
    flat = "id;hurts___1;hurts___2;hurts___3\n1;1;0;1\n2;0;1;0\n"
    rows, _ = read_records(told.encode(), mapping, release)
    others, _ = read_records(flat.encode(), mapping, release)
    ticked = [[(row.record, row.versions[0].cells[item].ticked) for row in some] for some in (rows, others)]
    assert ticked[0] == ticked[1]
    assert [len(codes or ()) for _, codes in ticked[0]] == [2, 1]
