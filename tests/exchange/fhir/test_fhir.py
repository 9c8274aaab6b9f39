"""FHIR R5: every resource keeps to the model and its required codes, and knows no arm unless it is opened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.participants import Participant, arms, trial

from entact.datasets.sdtm import Tabulator
from entact.exchange.fhir import FhirRecord, study_resources
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Release, Study, canonical

Resources = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(str(Path(__file__).parents[2] / "studies" / "mini"))


def made(study: Study, people: list[Participant], allocation: Mapping[str, str] | None) -> Resources:
    found: Resources = {}
    record = FhirRecord(study, write=lambda kind, line: found.setdefault(kind, []).append(json.loads(line)))
    tabulator = Tabulator(study, allocation, record)
    for one in people:
        tabulator.add(one.course())
    record.finish(simulated=True)
    assert record.counts == {kind: len(several) for kind, several in found.items()}
    return found


@pytest.fixture(scope="module")
def opened(study: Study) -> Resources:
    return made(study, list(trial(study)), arms())


def problems(kind: str, resource: dict[str, Any]) -> Iterator[str]:
    """What a model of FHIR refuses, and codes that a required binding does not have."""
    model = getattr(import_module(f"fhir.resources.{kind.lower()}"), kind)
    yield from strange(model.model_validate(resource))


def strange(value: Any) -> Iterator[str]:
    for name, field in type(value).model_fields.items():
        said = getattr(value, name, None)
        allowed = (field.json_schema_extra or {}).get("enum_values")
        if allowed and "+" not in allowed and said is not None:
            yield from (f"{name}: {one}" for one in [said] if one not in allowed)
        for one in said if isinstance(said, list) else [said]:
            if hasattr(type(one), "model_fields"):
                yield from strange(one)


def test_every_resource_keeps_to_the_model_and_to_required_codes(opened: Resources) -> None:
    assert set(opened) == {
        *("ResearchStudy", "PlanDefinition", "Questionnaire", "Patient", "ResearchSubject"),
        *("QuestionnaireResponse", "Observation", "AdverseEvent"),
    }
    for kind, several in opened.items():
        for one in several:
            assert list(problems(kind, one)) == []
    wrong = {**opened["AdverseEvent"][0], "actuality": "perhaps"}
    assert list(problems("AdverseEvent", wrong)) == ["actuality: perhaps"]


@pytest.mark.parametrize("name", shipped_studies())
def test_every_shipped_study_keeps_to_the_model(name: str) -> None:
    for one in study_resources(load_study(name).newest, simulated=False):
        assert list(problems(one["resourceType"], one)) == []


def test_ids_are_unique_and_references_lead_to_what_is_there(opened: Resources) -> None:
    known = {f"{kind}/{one['id']}" for kind, several in opened.items() for one in several}
    assert len(known) == sum(map(len, opened.values()))

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from [value["reference"]] if "reference" in value else []
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from references(one)

    found = set(references(list(opened.values())))
    assert found
    assert found <= known
    questions = {item["linkId"]: item["type"] for one in opened["Questionnaire"] for item in one["item"]}
    for one in opened["QuestionnaireResponse"]:
        assert one["questionnaire"] in set(map(canonical_of, opened["Questionnaire"]))
        assert {item["linkId"] for item in one.get("item", [])} <= questions.keys()


def canonical_of(resource: dict[str, Any]) -> str:
    return f"{resource['url']}|{resource['version']}"


def test_after_an_amendment_answers_name_the_form_as_it_was(study: Study) -> None:
    """What was asked then is in the export, whether or not the newest release still asks it."""
    old = Participant(study, 2).randomised(41)
    data = json.loads(canonical(study.newest.data)) | {"release": "9.9"}
    data["forms"]["symptoms"]["items"] = {
        name: item for name, item in data["forms"]["symptoms"]["items"].items() if name != "remarks"
    }
    amended = Study(study.name, (study.newest, Release.from_text(canonical(data))))
    old.form("symptoms", {"total": 9, "remarks": "well"}, day=44, encounter="unscheduled#1", role="rater")
    old.study = amended
    old.form("symptoms", {"total": 7}, day=46, encounter="unscheduled#2", role="rater", timepoint="later")
    found = made(amended, [old], arms())
    asked = {canonical_of(one): one for one in found["Questionnaire"]}
    assert len({one["id"] for one in asked.values()}) == len(asked) == len(found["Questionnaire"])
    for one in found["QuestionnaireResponse"]:
        known = {item["linkId"] for item in asked[one["questionnaire"]]["item"]}
        assert {item["linkId"] for item in one.get("item", [])} <= known
    last, new = found["QuestionnaireResponse"][-2:]
    assert (last["questionnaire"], new["questionnaire"]) == (
        f"urn:entact:mini:form:symptoms|{study.newest.file.release}",
        "urn:entact:mini:form:symptoms|9.9",
    )
    assert [one["valueString"] for one in new["extension"]] == ["unscheduled#2", "later"]
    assert {one["status"] for one in asked.values()} == {"active", "retired"}
    assert [problem for one in asked.values() for problem in problems("Questionnaire", one)] == []


def test_readings_are_those_of_the_ledger_with_their_loinc_code(study: Study) -> None:
    person = Participant(study, 2).randomised(41).dosed(150)
    found = made(study, [person], arms())
    entered = [one for one in person.entries if one.kind == "vital_signs"]
    systolic = {
        one["id"].partition(".")[0]: one["valueQuantity"]
        for one in found["Observation"]
        if {"system": "http://loinc.org", "code": "8480-6"} in one["code"]["coding"]
    }
    said = [one.data["systolic"].partition(" ")[0] for one in entered]
    assert sorted(str(one["value"]) for one in systolic.values()) == sorted(said)
    assert {one["code"] for one in systolic.values()} == {"mm[Hg]"}
    rated = next(one for one in person.entries if one.data.get("form") == "symptoms")
    response = next(one for one in found["QuestionnaireResponse"] if one["id"] == rated.id)
    assert {"linkId": "symptoms.total", "answer": [{"valueInteger": 41}]} in response["item"]


def test_what_is_missing_or_personal_says_so_and_no_more(study: Study) -> None:
    person = Participant(study, 2).randomised(41)
    person.rate(None, True, day=40, visit="outcome")
    items = {"total": 9, "remarks": "slept badly at Anna's"}
    person.form("symptoms", items, day=44, encounter="unscheduled#1", role="rater")
    found = made(study, [person], arms())
    text = json.dumps(found)
    assert "Anna" not in text
    assert '"valueCode": "masked"' in text
    assert '"valueCode": "asked-declined"' in text


def test_with_arms_swapped_a_blinded_export_stays_as_it_is(study: Study) -> None:
    people = list(trial(study))
    blinded = made(study, people, None)
    assert "assignedComparisonGroup" not in json.dumps(blinded)
    other = {"mdma": "placebo", "placebo": "mdma"}
    first = made(study, people, arms())
    swapped = made(study, people, {number: other[arm] for number, arm in arms().items()})
    assert first != swapped
    for found in (first, swapped):
        for one in found["ResearchSubject"]:
            one.pop("assignedComparisonGroup", None)
        assert found == blinded
