"""Files of concentrations: what is read, what is left out, and what is said of a bad one."""

from __future__ import annotations

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
        ([DOSE, "a,2,4,.,.,.,."], "line 3, EVID: 4 is not supported: 0 (sample), 1 (dose), 2 (neither)"),
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
