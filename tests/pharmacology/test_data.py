"""Files of concentrations: what is read, what is left out, and what is said of a bad one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from entact.pharmacology.data import NotData, Sample, read_data

HEAD = "ID,TIME,EVID,AMT,FORM,DV,OUTPUT"


def written(tmp_path: Path, *lines: str, head: str = HEAD) -> Path:
    path = tmp_path / "d.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "# a comment",
        "a,9,1,100,HCl,.,.",
        "a,10,0,.,.,80.5,mda",
        "a,11,0,.,.,<1,mda",
        "a,12,0,.,.,0,mdma",
    )
    data = read_data(path)
    [person] = data.subjects
    assert person.doses == ((0.0, pytest.approx(100 * 193.24 / 229.7)),)
    assert person.samples == (Sample(1.0, "mda", 80.5, 4),)
    assert person.covariates == {"weight": 70.0, "female": 0.0, "age": 27.0, "activity": 2.0}
    assert data.notes[0].startswith("2 samples below the limit of quantification")
    assert "d.csv has no WEIGHT: 70 kg is assumed for everyone." in data.notes


def test_small_letters_and_a_form_for_all(tmp_path: Path) -> None:
    path = written(
        tmp_path, "1,0,1,90,.,55,female", "1,2,0,.,130,55,female", head="id,time,evid,amt,dv,wt,sex"
    )
    [person] = read_data(path, form="base").subjects
    assert person.doses == ((0.0, 90.0),)
    assert (person.covariates["weight"], person.covariates["female"]) == (55.0, 1.0)


DOSE = "a,0,1,100,HCl,.,."


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,0,1,100,.,.,."], "line 2, FORM: 100 mg of which form? Add a column FORM with HCl or base, or say --form HCl"),  # noqa: E501
        ([DOSE, "a,2,0,.,.,5,.", "a,1,0,.,.,5,."], "line 4, TIME: 1 h is before 2 h of the row above: order rows by time"),  # noqa: E501
        ([DOSE, "a,2,0,.,.,-5,."], "line 3, DV: -5 ng/mL is negative: a concentration is 0 or more"),
        (["a,0,0,100,HCl,.,."], "line 2, EVID: AMT 100 without EVID 1: write 1 for a dose, or no AMT for a sample"),  # noqa: E501
        ([DOSE, "a,2,0,.,.,5,mdna"], "line 3, OUTPUT: 'mdna' is not known; known: mdma, r_mdma, s_mdma, mda, hmma"),  # noqa: E501
        ([DOSE, "a,2,0,.,.,x,."], "line 3, DV: 'x' is not a number; '.' stands for a missing one"),
        ([DOSE, "a,2,0,.,.,.,."], "line 3, DV: is missing in a sample: write the concentration in ng/mL, or MDV 1"),  # noqa: E501
        ([DOSE, "a,2,7,.,.,.,."], "line 3, EVID: 7 is not supported: 0 (sample), 1 (dose), 2 (neither), 3 (reset), 4 (reset and dose)"),  # noqa: E501
        (["a,2,0,.,.,5,."], "line 2, EVID: participant a has no dose: a row with EVID 1 and AMT says it"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_bad_file(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(NotData) as fault:
        read_data(written(tmp_path, *lines))
    assert str(fault.value) == f"d.csv, {said}"


def test_columns_are_known(tmp_path: Path) -> None:
    with pytest.raises(NotData, match="line 1: column DV is missing"):
        read_data(written(tmp_path, "a,0,1,100", head="ID,TIME,EVID,AMT"))
    with pytest.raises(NotData, match="line 1: column AMT is missing"):
        read_data(written(tmp_path, "a,0,1,100", head="ID,TIME,EVID,DOSE"))


def test_columns_that_the_model_has_no_use_for_are_named_and_passed_over(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "7,0,1,90,HCl,.,Basel,3",
        "7,2,0,.,.,130,Basel,3",
        head="ID,TIME,EVID,AMT,FORM,DV,STUDY,BATCH",
    )
    data = read_data(path)
    assert data.samples == 1
    assert "d.csv: not used, as the model has no such column: STUDY, BATCH." in data.notes


BASE = 193.24 / 229.7
MORE = "ID,TIME,EVID,AMT,FORM,DV,ADDL,II,SS,RATE"


def test_more_doses_and_a_steady_state_are_the_doses_that_they_stand_for(tmp_path: Path) -> None:
    rows = ("a,0,1,100,HCl,.,2,24,0,0", "a,60,0,.,.,80,.,.,.,.")
    [person] = read_data(written(tmp_path, *rows, head=MORE)).subjects
    assert person.doses == tuple((time, pytest.approx(100 * BASE)) for time in (0.0, 24.0, 48.0))
    rows = ("a,0,1,50,HCl,.,1,12,1,0", "a,5,0,.,.,80,.,.,.,.")
    [person] = read_data(written(tmp_path, *rows, head=MORE)).subjects
    assert len(person.doses) == 28 + 1 + 1
    assert {round(later - sooner, 9) for (sooner, _), (later, _) in pairwise(person.doses)} == {12.0}
    assert person.samples[0].time == pytest.approx(28 * 12 + 5)


def test_a_dose_at_a_rate_is_all_of_it_over_its_time(tmp_path: Path) -> None:
    data = read_data(written(tmp_path, "a,0,1,100,HCl,.,0,0,0,50", "a,5,0,.,.,80,.,.,.,.", head=MORE))
    [person] = data.subjects
    assert sum(mg for _, mg in person.doses) == pytest.approx(100 * BASE)
    assert person.doses[-1][0] < 2.0
    assert any("RATE" in note for note in data.notes)


def test_after_a_reset_a_participant_counts_as_another(tmp_path: Path) -> None:
    rows = ("a,0,1,100,HCl,.,.", "a,2,0,.,.,150,.", "a,100,4,50,HCl,.,.", "a,102,0,.,.,60,.")
    data = read_data(written(tmp_path, *rows))
    assert [(one.name, one.doses[0][0], one.samples[0].time) for one in data.subjects] == [
        ("a (1)", 0.0, 2.0),
        ("a (2)", 0.0, 2.0),
    ]
    assert any("counts as 2" in note for note in data.notes)


def test_days_and_clock_times_are_hours(tmp_path: Path) -> None:
    rows = ("a,2026-03-01,22:30,1,100,HCl,.", "a,2026-03-02,01:00,0,.,.,150")
    [person] = read_data(written(tmp_path, *rows, head="ID,DATE,TIME,EVID,AMT,FORM,DV")).subjects
    assert person.samples[0].time == pytest.approx(2.5)
    with pytest.raises(NotData, match="is a time of which day"):
        read_data(written(tmp_path, "a,22:30,1,100,HCl,.,."))


def test_without_evid_an_amount_makes_a_dose_and_a_compartments_number_is_no_name(tmp_path: Path) -> None:
    data = read_data(written(tmp_path, "a,0,100,HCl,.,1", "a,2,0,.,150,2", head="ID,TIME,AMT,FORM,DV,CMT"))
    assert data.subjects[0].samples[0].output == "mdma"
    assert any("has no EVID" in note for note in data.notes)
    with pytest.raises(NotData, match="samples are of 2, 3: say which is which in a column OUTPUT"):
        read_data(
            written(
                tmp_path, "a,0,100,HCl,.,1", "a,2,0,.,150,2", "a,3,0,.,9,3", head="ID,TIME,AMT,FORM,DV,CMT"
            )
        )


@pytest.mark.parametrize(
    "row", ["a,40,0,.,.,<2.5,.,.", "a,40,0,.,.,2.5,1,.", "a,40,0,.,.,.,1,2.5", "a,40,0,.,.,0,.,2.5"]
)
def test_what_is_below_quantification_is_kept_with_its_limit(tmp_path: Path, row: str) -> None:
    head = "ID,TIME,EVID,AMT,FORM,DV,CENS,LLOQ"
    data = read_data(written(tmp_path, "a,0,1,100,HCl,.,.,.", "a,2,0,.,.,150,.,.", row, head=head))
    assert (data.samples, data.censored) == (1, 1)
    assert data.subjects[0].censored[0].value == 2.5
    assert "1 of them have a limit" in data.notes[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,0,1,100,HCl,.,2,.,.,.", "line 2, II: is missing: h between"),
        ("a,0,1,100,HCl,.,-1,24,.,.", "line 2, ADDL: -1: so many more doses"),
        ("a,0,1,100,HCl,.,.,24,3,.", "line 2, SS: 3 is not supported"),
        ("a,0,1,100,HCl,.,.,.,.,-2", "line 2, RATE: -2: a rate that is estimated is not supported"),
    ],
)
def test_what_is_said_of_a_dose_that_cannot_be_meant(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(NotData) as fault:
        read_data(written(tmp_path, line, head=MORE))
    assert said in str(fault.value)


def test_rows_marked_c_are_left_out_and_said(tmp_path: Path) -> None:
    """As files for NONMEM have it (IGNORE=C): once the marked row was taken as a sample, in silence."""
    path = tmp_path / "marked.csv"
    path.write_text("C,ID,TIME,AMT,FORM,DV\n.,1,0,100,HCl,.\n.,1,2,.,.,180\nC,1,24,.,.,400\n")
    data = read_data(path)
    assert data.samples == 1
    assert any(note.startswith("Rows marked C") for note in data.notes)
    assert not any("not used" in note for note in data.notes)
    path.write_text("C,ID,TIME,AMT,FORM,DV\nC,1,0,100,HCl,.\n")
    with pytest.raises(NotData, match="every row is marked C"):
        read_data(path)


PLAIN = ("ID,TIME,EVID,AMT,FORM,DV", "1,0,1,120,HCl,.", "1,2,0,.,.,221.5")
SEMICOLONS = "\n".join(PLAIN).replace(",", ";")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(PLAIN),
        SEMICOLONS.replace(".5", ",5"),
        SEMICOLONS.replace(";", "\t"),
        SEMICOLONS.replace(";", "   "),
        "\ufeff" + "\n".join(PLAIN),
        "#" + "\n".join(PLAIN),
        "sep=;\n" + SEMICOLONS,
        "TABLE NO.  1\n " + SEMICOLONS.replace(";", "  ").replace("221.5", "2.215E+02"),
        "\r\n".join([PLAIN[0], *(line + "," for line in PLAIN[1:]), ",,,,,"]),
        f"{PLAIN[0]}\nC doses were seen\nC,1,1,0,.,.,80\n{PLAIN[1]}\n1.0,2,0,.,.,221.5",
        "\n".join(PLAIN).replace("1,0,1", "1,NaN,1").replace("NaN", "0").replace(",.,.,", ",NA,N/A,"),
        "ID,DAT1,TIME,EVID,AMT,FORM,DV\n1,01/03/2026,22:30:00,1,120,HCl,.\n1,02/03/2026,00:30,0,.,.,221.5",
        "ID,DATE,TIME,EVID,AMT,FORM,DV\n1,01.03.2026,8:30,1,120,HCl,.\n1,01.03.2026,10:30,0,.,.,221.5",
        "\n".join([PLAIN[0], "1,2026-03-01T22:30,1,120,HCl,.", "1,2026-03-02 00:30:00,0,.,.,221.5"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("coded", ["utf-8", "utf-16"])
def test_files_as_people_have_them_are_the_same(tmp_path: Path, text: str, coded: str) -> None:
    path = tmp_path / "ugly.csv"
    path.write_bytes(text.encode(coded))
    [person] = read_data(path).subjects
    assert person.name == "1"
    assert person.doses == ((0.0, pytest.approx(120 * BASE)),)
    assert [(one.time, one.value) for one in person.samples] == [(pytest.approx(2.0), 221.5)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "\n".join(PLAIN).replace("221.5", '"221,5"'),
            "line 3, DV: '221,5' is not a number.*decimals have a point",
        ),
        ("\n".join(PLAIN).replace("221.5", "2_21"), "line 3, DV: '2_21' is not a number"),
        ("\n".join(PLAIN).replace("221.5", "<nan"), "line 3, DV: 'nan' is no limit"),
        ("\n".join(PLAIN).replace("221.5", "<inf"), "line 3, DV: 'inf' is no limit"),
        (
            "ID,TIME,EVID,AMT,FORM,DV,CENS\n1,0,1,120,HCl,.,0\n1,2,0,.,.,400,-1",
            "line 3, BLQ: -1: 1 where.*above",
        ),
        ("ID,TIME,EVID,AMT,FORM,DV,BLQ\n1,0,1,120,HCl,.,0\n1,2,0,.,.,400,2", "line 3, BLQ: 2: 1 where"),
        (
            "ID,TIME,EVID,AMT,FORM,DV,RATE\n1,0,1,120,HCl,.,0.01\n1,2,0,.,.,221,.",
            "line 2, RATE: 0.01 mg/h lets",
        ),
        (
            "ID,TIME,EVID,AMT,FORM,DV,SS,II\n1,0,1,20,HCl,.,1,0.001\n1,2,0,.,.,9,.,.",
            "line 2, II: 0.001 is not",
        ),
        ("ID,DATE,TIME,EVID,AMT,FORM,DV\n1,03/01/2026,8:30,1,120,HCl,.", "line 2, DATE: '03/01/2026'.*DAT1"),
        ("ID,DAT1,TIME,EVID,AMT,FORM,DV\n1,31/02/2026,8:30,1,120,HCl,.", "line 2, DAT1: '31/02/2026'"),
        ("ID,DATE,DAT2,TIME,AMT,DV\n1,.,.,0,120,.", "line 1: days are in one column"),
        ("\n".join(PLAIN).replace(",FORM", ",SEX").replace("HCl", "1"), "SEX: '1': write female or male"),
        ("\x00\x01", "no rows|is missing"),
        ("", "no rows"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "ugly.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotData, match=said):
        read_data(path, form="HCl")


@pytest.mark.parametrize("word", ["BLQ", "bql", "<LLOQ", "ND"])
def test_a_word_for_below_quantification_takes_the_limit_of_its_column(tmp_path: Path, word: str) -> None:
    rows = ("a,0,1,100,HCl,.,2.5", "a,2,0,.,.,150,2.5", f"a,40,0,.,.,{word},2.5")
    path = written(tmp_path, *rows, head="ID,TIME,EVID,AMT,FORM,DV,LLOQ")
    assert [one.value for one in read_data(path).subjects[0].censored] == [2.5]


def test_a_reset_is_no_sample_of_the_compartment_that_it_names(tmp_path: Path) -> None:
    lines = (
        "a,0,1,120,HCl,.,1",
        "a,2,0,.,.,221,2",
        "a,200,3,.,.,.,1",
        "a,300,4,120,HCl,.,1",
        "a,302,0,.,.,220,2",
    )
    found = read_data(written(tmp_path, *lines, head="ID,TIME,EVID,AMT,FORM,DV,CMT"))
    assert [len(subject.samples) for subject in found.subjects] == [1, 1]
