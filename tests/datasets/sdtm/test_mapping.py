"""What a study file sends to a place of its own: SU, SC, PE, FA, CO, MH, DM; and what is wrong with that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.participants import Participant, arms

from entact.datasets.sdtm import Tabulation, strangers, tabulate, wrong_terms
from entact.datasets.sdtm.homes import homes_of, in_ascii
from entact.datasets.sdtm.results import _result
from entact.protocol import StudyError
from entact.protocol.load import load_study, warnings
from entact.protocol.release import Study

MINI = Path(__file__).parents[2] / "studies" / "mini" / "study.yaml"
FORMS = """
  habits:
    lasting: true
    items:
      smokes: {type: boolean, sdtm: {to: SU, name: TOBACCO, category: TOBACCO}}
      cigarettes: {type: integer, range: 0 .. 60, required: false, sdtm: {to: SU, name: TOBACCO}}
      alcohol: {type: choice, of: [never, weekly], sdtm: {to: SU, name: ALCOHOL}}
      education: {type: choice, of: [school, university], sdtm: SC.EDULEVEL}
      race:
        type: choices
        of: [black, white, not_said]
        sdtm: {to: DM.RACE, terms: {black: BLACK OR AFRICAN AMERICAN, not_said: NOT REPORTED}}
      kinds: {type: choices, of: [war, accident]}
      veteran: {type: boolean, sdtm: {to: SUPPDM.VETERAN, name: Served in the armed forces}}
      begun: {type: partial_date}
      height: {type: decimal, unit: cm}
  examination:
    items:
      heart:
        type: choice
        of: [normal, abnormal]
        sdtm: {to: PE.HEART, name: Heart, terms: {normal: NORMAL, abnormal: ABNORMAL}}
      severity:
        type: choice
        of: [mild, severe]
        sdtm: {to: FA.SEV, about: PALPITATIONS, terms: {mild: MILD, severe: SEVERE}}
      epilepsy: {type: boolean, sdtm: {to: MH, category: NEUROLOGY}}
      standing: {type: decimal, unit: "mm[Hg]", sdtm: {to: VS.SYSBP, position: STANDING}}
      lying: {type: decimal, unit: "mm[Hg]", sdtm: {to: VS.SYSBP, position: SUPINE}}
      screen: {type: boolean, sdtm: {to: LB.HCG, terms: {true: POSITIVE, false: NEGATIVE}}}
      sodium: {type: decimal, unit: g}
      remark: {type: text, personal: false, required: false, sdtm: {to: CO, name: Remark on the examination}}
"""
HABITS: dict[str, Any] = {
    "smokes": True,
    "cigarettes": 12,
    "alcohol": "weekly",
    "education": "university",
    "race": ["black", "white"],
    "kinds": ["war", "accident"],
    "veteran": True,
    "begun": "2019-04",
    "height": "171 cm",
}
EXAMINED: dict[str, Any] = {
    "heart": "abnormal",
    "severity": "severe",
    "epilepsy": False,
    "standing": "111 mm[Hg]",
    "lying": "124 mm[Hg]",
    "screen": False,
    "sodium": "3 g",
    "remark": "a" * 450,
}


def study_with(folder: Path, forms: str) -> Path:
    """The small study with further forms, asked at screening."""
    text = MINI.read_text(encoding="utf-8").replace("\nforms:\n", f"\nforms:{forms}", 1)
    names = [line.strip(" :") for line in forms.splitlines() if line.startswith("  ") and line[2] != " "]
    text = text.replace("do: [consent, screening,", f"do: [consent, screening, {', '.join(names)},", 1)
    (folder / "mini").mkdir()
    (folder / "mini" / "study.yaml").write_text(text, encoding="utf-8")
    return folder / "mini"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study with items that say where they go."""
    return load_study(str(study_with(tmp_path_factory.mktemp("mapped"), FORMS)))


def tabulated(
    study: Study, habits: dict[str, Any] = HABITS, examined: dict[str, Any] = EXAMINED
) -> Tabulation:
    person = Participant(study, 2).randomised()
    person.form("habits", habits, day=0, minute=5, encounter="screening#1")
    person.form("examination", examined, day=0, minute=9, encounter="screening#1")
    person.dosed()
    return tabulate(study, [person.course()], arms())


def rows(tabulation: Tabulation, name: str) -> list[dict[str, Any]]:
    return tabulation.tables[name].rows if name in tabulation.tables else []


def test_a_result_in_another_unit_is_told_in_both(mapped: Study) -> None:
    made = tabulated(mapped, examined=EXAMINED | {"standing": "16 kPa"})
    (standing,) = (one for one in rows(made, "VS") if one["VSPOS"] == "STANDING")
    assert (standing["VSORRES"], standing["VSORRESU"]) == ("16", "kPa")
    assert (standing["VSSTRESC"], standing["VSSTRESN"], standing["VSSTRESU"]) == (
        "120.009872",
        pytest.approx(120.009872),
        "mmHg",
    )


def test_a_calculated_value_has_no_noise_of_binary_fractions() -> None:
    home = next(
        home for form in homes_of(load_study("mapp1").newest).by_form.values() for home in form.values()
    )
    noisy, mean = (_result(replace(home, derived=True), None, value) for value in (0.1 + 0.2, 7 / 3))
    assert noisy == {"ORRES": "0.3", "STRESC": "0.3", "STRESN": 0.3}
    assert mean == {"ORRES": "2.33333333333", "STRESC": "2.33333333333", "STRESN": 2.33333333333}
    large = _result(replace(home, derived=True), None, 1234567890123456.0)
    assert large is not None
    assert large["STRESN"] == 1234567890123456.0


def test_each_item_is_where_the_study_file_sends_it(mapped: Study) -> None:
    made = tabulated(mapped)
    substances = {one["SUTRT"]: one for one in rows(made, "SU")}
    tobacco = substances["TOBACCO"]
    assert (tobacco["SUCAT"], tobacco["SUOCCUR"], tobacco["SUDOSE"], tobacco["SUPRESP"]) == (
        "TOBACCO",
        "Y",
        12.0,
        "Y",
    )
    alcohol = substances["ALCOHOL"]
    assert (alcohol["SUDOSTXT"], alcohol["SUPRESP"]) == ("weekly", None)  # whether was not asked
    (education,) = rows(made, "SC")
    assert (education["SCTEST"], education["SCSTRESC"]) == ("Level of Education Attained", "university")
    (heart,) = rows(made, "PE")
    assert (heart["PETESTCD"], heart["PEORRES"], heart["PESTRESC"]) == ("HEART", "abnormal", "ABNORMAL")
    (severity,) = rows(made, "FA")
    assert (severity["FATEST"], severity["FAOBJ"], severity["FASTRESC"]) == (
        "Severity/Intensity", "PALPITATIONS", "SEVERE",
    )  # fmt: skip
    assert [(one["MHTERM"], one["MHCAT"], one["MHOCCUR"]) for one in rows(made, "MH")] == [
        ("EPILEPSY", "NEUROLOGY", "N")
    ]
    (screen,) = [one for one in rows(made, "LB") if one["LBTESTCD"] == "HCG"]
    assert screen["LBSTRESC"] == "NEGATIVE"  # false is what the file says it is
    (remark,) = rows(made, "CO")
    assert [len(remark[f"COVAL{n}"]) for n in ("", 1, 2)] == [200, 200, 50]
    assert remark["COREF"] == "Remark on the examination"
    assert [str(one) for one in strangers(made) if not one.extensible] == []
    with_entries = [
        entries for name in ("SU", "SC", "PE", "FA", "CO") for entries in made.tables[name].entries
    ]
    assert all(with_entries)


def test_positions_are_apart_and_each_has_its_last_before_the_dose(mapped: Study) -> None:
    made = [one for one in rows(tabulated(mapped), "VS") if one.get("VSPOS")]
    assert {(one["VSPOS"], one["VSSTRESN"], one.get("VSLOBXFL")) for one in made} == {
        ("STANDING", 111.0, "Y"),
        ("SUPINE", 124.0, "Y"),
    }


def test_what_has_no_variable_goes_to_suppdm_and_several_races_too(mapped: Study) -> None:
    made = tabulated(mapped)
    (person,) = rows(made, "DM")
    assert person["RACE"] == "MULTIPLE"
    beside = {one["QNAM"]: one["QVAL"] for one in rows(made, "SUPPDM")}
    assert (beside["RACE1"], beside["RACE2"]) == ("BLACK OR AFRICAN AMERICAN", "WHITE")
    assert (beside["VETERAN"], beside["KINDS"], beside["BEGUN"]) == ("Y", "war, accident", "2019-04")
    one = tabulated(mapped, {**HABITS, "race": ["white"]})
    assert rows(one, "DM")[0]["RACE"] == "WHITE"
    assert "RACE1" not in {row["QNAM"] for row in rows(one, "SUPPDM")}


def test_a_name_alone_is_no_measurement_where_the_unit_is_of_something_else(mapped: Study) -> None:
    """Three grams of sodium in a diet are no sodium in the blood."""
    home = homes_of(mapped.newest).by_form["examination"]["sodium"]
    assert (home.domain, home.own) == ("QS", True)
    assert homes_of(mapped.newest).by_form["habits"]["height"].code == "HEIGHT"


def test_what_was_not_asked_or_refused_of_a_substance_says_so(mapped: Study) -> None:
    refused = {**HABITS, "smokes": {"missing": "refused"}, "cigarettes": None}
    tobacco = next(one for one in rows(tabulated(mapped, refused), "SU") if one["SUTRT"] == "TOBACCO")
    assert (tobacco["SUSTAT"], tobacco["SUREASND"], tobacco.get("SUOCCUR")) == (
        "NOT DONE",
        "SUBJECT REFUSED",
        None,
    )


def test_an_age_that_two_forms_tell_differently_is_in_no_row(tmp_path: Path) -> None:
    """The age at which an illness began is no age of the person: which one is meant, the file says."""
    forms = "\n  illness:\n    lasting: true\n    items:\n      age: {{type: integer, unit: a{}}}\n"
    (tmp_path / "guessed").mkdir()
    (tmp_path / "said").mkdir()
    guessed = study_with(tmp_path / "guessed", forms.format(""))
    assert any("which is DM.AGE is not said" in str(one) for one in warnings(guessed))
    for folder, age in (
        (guessed, None),
        (study_with(tmp_path / "said", forms.format(", sdtm: SUPPDM.ONSETAGE")), 32),
    ):
        study = load_study(str(folder))
        person = Participant(study, 2).randomised()
        person.form("illness", {"age": 17}, day=0, minute=5, encounter="screening#1")
        made = tabulate(study, [person.course()], arms())
        assert rows(made, "DM")[0]["AGE"] == age


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ("x: {type: integer, sdtm: XX.FOO}", "'XX' is no dataset that an item can go to"),
        ("x: {type: integer, sdtm: LB}", "names no test"),
        ("x: {type: integer, sdtm: LB.toolongcode}", "names no test"),
        ("x: {type: integer, sdtm: SU.TOBACCO}", "SU has no tests"),
        ("x: {type: integer, sdtm: FA.SEV}", "FA needs what the finding is about"),
        ("x: {type: integer, sdtm: {to: LB.K, about: X}}", "'about' belongs to FA"),
        ("x: {type: integer, sdtm: {to: LB.K, position: STANDING}}", "'position' belongs to VS"),
        ("x: {type: text, sdtm: CO}", "a personal answer is sealed"),
        ("x: {type: boolean, sdtm: CO}", "CO takes a text"),
        ("x: {type: boolean, sdtm: LB.HCG}", "a yes or no is no result of a laboratory"),
        ("x: {type: integer, sdtm: DM.HEIGHT}", "is no variable of DM that is asked"),
        ("x: {type: integer, unit: a, sdtm: DM.AGE}", "is about the person"),
        ("x: {type: choice, of: [a, b], sdtm: {to: QS.X1, terms: {c: C}}}", "'c' in 'terms' is no answer"),
        (
            "x: {type: integer, sdtm: LB.K}\n      y: {type: integer, sdtm: LB.K}",
            "extra.x goes to LB.K already",
        ),
        ("x: {type: integer, sdtm: {to: LB.K, name: ä}}", "cannot stand in a transport file"),
        ("x: {type: rows, items: {y: {type: integer, sdtm: LB.K}}}", "does not belong into a row"),
    ],
)
def test_what_leads_nowhere_is_named_with_its_place(tmp_path: Path, item: str, wrong: str) -> None:
    folder = study_with(tmp_path, f"\n  extra:\n    items:\n      {item}\n")
    with pytest.raises(StudyError) as error:
        load_study(str(folder))
    (problem, *_) = [one for one in error.value.problems if wrong in one.message]
    assert problem.line > 0
    assert problem.field.startswith("forms.extra.items")


def test_an_answer_that_no_export_could_hold_is_said_before_anybody_gives_it(tmp_path: Path) -> None:
    item = "race: {type: choice, of: [white, blue], sdtm: DM.RACE}"
    folder = study_with(tmp_path, f"\n  extra:\n    lasting: true\n    items:\n      {item}\n")
    (fault,) = wrong_terms(load_study(str(folder)).newest)
    assert "blue becomes 'BLUE' in DM.RACE" in fault.message
    assert fault.path == ("forms", "extra", "items", "race")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Größe der Ängste", "Groesse der Aengste"),
        ("„Zwang“ – café, naïve, Łódź", '"Zwang" - cafe, naive, Lodz'),
        ("≥ 5 µg", ">= 5 ug"),
        ("痛み", "??"),
    ],
)
def test_letters_lose_their_marks_and_no_more(written: str, plain: str) -> None:
    assert in_ascii(written) == plain


def test_a_title_keeps_its_own_spelling(tmp_path: Path) -> None:
    """German nouns are capitals, and so is QTc."""
    asked = """
  mood:
    items:
      fear: {type: boolean, title: Angst vor Nähe}
      rhythm: {type: boolean, title: normal QTc}
      low_mood: {type: boolean}
"""
    homes = homes_of(load_study(str(study_with(tmp_path, asked))).newest).by_form["mood"]
    names = {item: home.name.partition("-")[2] for item, home in homes.items()}
    assert names == {"fear": "Angst vor Naehe", "rhythm": "normal QTc", "low_mood": "Low mood"}
