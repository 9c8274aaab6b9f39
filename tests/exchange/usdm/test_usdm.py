"""USDM: what a study file becomes and comes back as, and documents that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entact.exchange.kept import study_file
from entact.exchange.usdm import UsdmError, read_usdm, study_of, usdm_of, write_usdm
from entact.exchange.usdm.model import make, objects
from entact.exchange.usdm.schedule import length
from entact.protocol.load import load_study
from entact.protocol.release import Release

MINI = Path(__file__).parents[2] / "studies" / "mini"


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study(str(MINI)).newest


@pytest.fixture
def document(release: Release) -> dict[str, Any]:
    return json.loads(json.dumps(usdm_of(release, version="1")))


@pytest.fixture
def foreign(document: dict[str, Any]) -> dict[str, Any]:
    """The same as another system would say it: without what entact keeps, and with concepts and marks."""
    for _, one in objects(document):
        if "extensionAttributes" in one:
            one["extensionAttributes"] = []
    version = document["study"]["versions"][0]
    design = version["studyDesigns"][0]
    code = make("Code", "C1", code="C2", codeSystem="x", codeSystemVersion="1", decode="Very bad")
    answer = make("ResponseCode", "R1", name="bad", isEnabled=True, code=code)
    alias = make("AliasCode", "A1", standardCode={**code, "id": "C3"})
    named = {"isRequired": True, "isEnabled": True, "datatype": "string"}
    rated = make(
        "BiomedicalConceptProperty", "P1", name="How bad", responseCodes=[answer], code=alias, **named
    )
    other = {**alias, "id": "A2", "standardCode": {**code, "id": "C4"}}
    counted = make(
        "BiomedicalConceptProperty", "P2", name="How often", code=other,
        **{**named, "datatype": "integer", "isRequired": False},
    )  # fmt: skip
    concept = make(
        "BiomedicalConcept", "B1", name="Pain", reference="none", properties=[rated, counted],
        code={**alias, "id": "A3", "standardCode": {**code, "id": "C5"}},
    )  # fmt: skip
    version["biomedicalConcepts"] = [concept]
    design["activities"][2] |= {"biomedicalConceptIds": ["B1"], "name": "Pain today"}
    version["eligibilityCriterionItems"][0]["text"] = (
        '<p>At least <usdm:tag name="age"/> years &amp; more</p>'
    )
    version["eligibilityCriterionItems"][0]["dictionaryId"] = "D1"
    reference = '<usdm:ref klass="Quantity" id="Quantity_1" attribute="value"></usdm:ref>'
    tag = make("ParameterMap", "M1", tag="age", reference=reference)
    version["dictionaries"] = [make("SyntaxTemplateDictionary", "D1", name="D", parameterMaps=[tag])]
    return document


def saved(text: str, folder: Path, name: str) -> Release:
    (folder / name).mkdir()
    (folder / name / "study.yaml").write_text(text, encoding="utf-8")
    return load_study(str(folder / name)).newest


@pytest.mark.parametrize("study", ["mapp1", "mapp3", "eating-disorders"])
def test_a_study_comes_back_as_the_same_release(study: str, tmp_path: Path) -> None:
    release = load_study(study).newest
    raw = write_usdm(usdm_of(release, version="1"))
    made = study_of(read_usdm(raw))
    assert (made.kept, made.differences, made.prose) == (True, (), ())
    assert saved(study_file(made), tmp_path, study).digest == release.digest == made.digest


def test_a_document_is_written_as_it_was_read(document: dict[str, Any]) -> None:
    raw = write_usdm(document)
    assert write_usdm(read_usdm(raw)) == raw
    assert read_usdm(b"\xef\xbb\xbf" + raw) == document


def test_what_the_model_has_places_for_is_in_them(document: dict[str, Any], release: Release) -> None:
    version = document["study"]["versions"][0]
    design = version["studyDesigns"][0]
    assert [one["name"] for one in design["encounters"]] == list(release.visits)
    assert [one["text"] for one in version["eligibilityCriterionItems"]] == [
        str(one.text) for one in release.file.eligibility.values()
    ]
    assert {one["type"]["decode"] for one in design["arms"]} == {"Investigational Arm", "Placebo Control Arm"}
    assert len(design["studyCells"]) == len(design["arms"]) * len(design["epochs"])
    timing = next(one for one in design["scheduleTimelines"][0]["timings"] if one["name"] == "session_1")
    assert (timing["value"], timing["windowLower"], timing["windowUpper"]) == ("P1D", "P0D", "P6D")
    rules = [one["extensionAttributes"][0]["valueString"] for one in design["eligibilityCriteria"][:2]]
    assert rules[0] == '"demographics.age >= 18"'
    masked = {one["name"] for one in version["roles"] if one["masking"]}
    hidden = {row.role for row in release.file.blinding if "allocation" in row.hidden}
    assert masked == hidden & {one["name"] for one in version["roles"]}


def test_what_was_changed_outside_is_said_and_not_taken_over(
    document: dict[str, Any], release: Release
) -> None:
    document["study"]["versions"][0]["titles"][0]["text"] = "A better title"
    made = study_of(read_usdm(write_usdm(document)))
    (difference,) = made.differences
    assert difference.startswith("study.versions[1].titles[1].text: 'A better title' here, ")
    assert made.digest == release.digest


def test_a_document_of_another_system_becomes_a_study_file_that_passes_the_check(
    foreign: dict[str, Any], tmp_path: Path
) -> None:
    made = study_of(read_usdm(write_usdm(foreign)))
    assert not made.kept
    release = saved(study_file(made), tmp_path, "mini")
    form = release.forms["pain_today"]
    assert (form.items["pain_how_bad"].of, form.items["pain_how_bad"].labels) == (
        ["very_bad"],
        {"very_bad": "Very bad"},
    )
    assert (form.items["pain_how_often"].type, form.items["pain_how_often"].required) == ("integer", False)
    planned = sum(one.planned for one in load_study(str(MINI)).newest.file.populations.values())
    assert str(next(iter(release.file.eligibility.values())).text) == f"At least {planned} years & more"
    prose = "\n".join(made.prose)
    for said in ("in words alone, no rule", "no dose is taken over", "how people are randomised is not said"):
        assert said in prose
    assert "products.product" in str(
        [*_barred(release)]
    )  # the dose that stands in its place stays out of use


def renamed(version: dict[str, Any]) -> dict[str, Any]:
    """The same with other ids, as an older version of a study has them."""
    text = json.dumps(version)
    for one in sorted({str(one["id"]) for _, one in objects(version) if "id" in one}, key=len, reverse=True):
        text = text.replace(json.dumps(one), json.dumps(f"old-{one}"))
    found: dict[str, Any] = json.loads(text)
    return found


def test_every_field_that_no_study_file_takes_is_counted(foreign: dict[str, Any]) -> None:
    """Ages, cohorts and procedures went in silence; so did whatever stood in another version."""
    version = foreign["study"]["versions"][-1]
    design = version["studyDesigns"][0]
    before = study_of(read_usdm(write_usdm(foreign))).prose
    assert [one for one in before if one.startswith("study.versions:")] == []
    (either,) = design["population"]["plannedSex"]
    design["population"]["plannedSex"].append(either | {"id": "sex-2"})
    design["population"]["plannedAge"] = None
    design["rationale"] = "It is not known"
    foreign["study"]["versions"].insert(0, renamed(version) | {"versionIdentifier": "0.9"})
    made = study_of(read_usdm(write_usdm(foreign)))
    (told,) = [one for one in made.prose if one.startswith("no study file says, and so it is left out: ")]
    assert "StudyDesignPopulation.plannedSex (2)" in told
    assert "plannedAge" not in told  # there is nothing in it
    assert "study.versions: 1 more; the last is taken" in made.prose
    (then,) = [one for one in before if one.startswith("no study file says")]
    assert "StudyDesignPopulation.plannedSex (1)" in then


def _barred(release: Release) -> list[str]:
    from entact.protocol import bars_from_production

    return [str(one) for one in bars_from_production(release)]


def test_windows_are_those_of_the_timeline(foreign: dict[str, Any]) -> None:
    made = study_of(read_usdm(write_usdm(foreign)))
    rows = {row["visit"]: row for row in made.data["schedule"]}
    assert rows["session_1"]["within"] == "1 d .. 7 d"
    assert rows["session_1"]["after"] == "preparation_2"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda d: d.update(usdmVersion="3.6"), "usdmVersion: '3.6' is not read"),
        (lambda d: d["study"].update(colour="red"), "study.colour: Study has no field 'colour'"),
        (lambda d: d["study"]["versions"][0].pop("titles"), "study.versions[1].titles: it is missing"),
        (
            lambda d: d["study"]["versions"][0].update(rationale=3),
            "study.versions[1].rationale: 3 is no string",
        ),
        (
            lambda d: d["study"]["versions"][0]["studyDesigns"][0]["arms"][0].update(id="Code_1"),
            "'Code_1' is the id of",
        ),
        (
            lambda d: d["study"]["versions"][0]["studyDesigns"][0]["studyCells"][0].update(armId="nobody"),
            "studyCells[1].armId: there is no 'nobody'",
        ),
        (
            lambda d: d["study"]["versions"][0]["studyDesigns"][0].update(instanceType="Arm"),
            "is none of InterventionalStudyDesign, ObservationalStudyDesign",
        ),
    ],
)
def test_a_document_that_breaks_the_model_is_refused_with_its_place(
    document: dict[str, Any], change: Callable[[dict[str, Any]], Any], wrong: str
) -> None:
    change(document)
    with pytest.raises(UsdmError) as error:
        read_usdm(json.dumps(document).encode())
    assert any(wrong in one for one in error.value.problems)


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"", "line 1, column 1: no JSON"),
        (b'{"study": {"name": "x"', "no JSON"),
        ('{"study": "ä"}'.encode("latin-1"), "is no UTF-8"),
        (b'{"study":\n {"text": "{",\n  "at": {"name": "a", "name": "b"}}}', "line 3: 'name' stands twice"),
        (b'{"study":\n{"a": "NaN", "b": [1, NaN]}}', "line 2: NaN is no number"),
        (b'{"study": ' + b"1" * 5_000 + b"}", "is a number of 5000 digits"),
        (b'{"a": ' + b"[" * 100_000, "nested too deeply"),
        (b"[]", "it has no `study`"),
        (b'{"resourceType": "Bundle"}', "`entact m11 import` takes a protocol in"),
        (b'{"study": null, "usdmVersion": "4.0.0"}', "study: null is no Study"),
    ],
)
def test_what_is_no_document_is_refused(raw: bytes, wrong: str) -> None:
    with pytest.raises(UsdmError) as error:
        read_usdm(raw)
    assert wrong in str(error.value)


def test_the_same_object_at_two_places_is_no_other_one(foreign: dict[str, Any]) -> None:
    version = foreign["study"]["versions"][0]
    same = version["titles"][0]["type"]
    version["studyDesigns"][0]["characteristics"] = [same]
    assert study_of(read_usdm(json.dumps(foreign).encode()))
    version["studyDesigns"][0]["characteristics"] = [{**same, "decode": "Something else"}]
    with pytest.raises(UsdmError, match="which says something else"):
        read_usdm(json.dumps(foreign).encode())


def test_a_kept_study_file_that_was_damaged_is_refused(document: dict[str, Any]) -> None:
    for one in document["study"]["versions"][0]["extensionAttributes"]:
        if one["url"].endswith(":arms"):
            one["valueString"] = "3"
    with pytest.raises(UsdmError, match="the study file in the extensions"):
        study_of(read_usdm(write_usdm(document)))


def test_a_reference_to_another_kind_of_object_is_refused(foreign: dict[str, Any]) -> None:
    design = foreign["study"]["versions"][0]["studyDesigns"][0]
    design["eligibilityCriteria"][0]["criterionItemId"] = design["arms"][0]["id"]
    with pytest.raises(UsdmError, match="has no 'text', and so is of another kind"):
        study_of(read_usdm(write_usdm(foreign)))


def test_a_month_is_no_length() -> None:
    assert [length(text) for text in ("P1M", "P1Y", "P", "PT", "x", "P99999999999D")] == [None] * 6
    assert str(length("P2W")) == "14 days, 0:00:00"
    assert str(length("-PT4H")) == "-1 day, 20:00:00"
