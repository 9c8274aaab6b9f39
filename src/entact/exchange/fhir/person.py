"""One participant in FHIR R5: ResearchSubject, what was answered, readings with their codes, adverse events.

Whoever adds participants hands over what an export may show: in a blinded one nothing here knows an arm.

Source: HL7 FHIR R5 (5.0.0): QuestionnaireResponse, Observation, ResearchSubject, AdverseEvent; LOINC codes of
vital signs from the value set `observation-vitalsignresult`. LOINC is copyright Regenstrief Institute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from entact.course.entry.dates import read_date
from entact.course.entry.sealing import is_sealed
from entact.course.state.form import Answers
from entact.course.state.safety import AdverseEventState
from entact.datasets.sdtm.build import Made
from entact.datasets.sdtm.homes import homes_of
from entact.datasets.sdtm.row import Row
from entact.datasets.sdtm.subject import Subject
from entact.exchange.fhir.study import (
    Resource,
    earlier_forms,
    form_url,
    name_of,
    quantity_type,
    study_resources,
    urn,
)
from entact.protocol.form import CompiledForm
from entact.protocol.quantity import parse_quantity
from entact.protocol.release import Release, Study
from entact.protocol.study import Item

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CDISC: Final = "urn:entact:cdisc-test-code"
# Only where test, specimen and unit are those of the code; whatever else has CDISC's code alone.
CODES: Final[Mapping[tuple[str, str, str], str]] = {
    ("VS", "SYSBP", "mm[Hg]"): "8480-6",
    ("VS", "DIABP", "mm[Hg]"): "8462-4",
    ("VS", "HR", "/min"): "8867-4",
    ("VS", "RESP", "/min"): "9279-1",
    ("VS", "TEMP", "Cel"): "8310-5",
    ("VS", "OXYSAT", "%"): "2708-6",
    ("VS", "WEIGHT", "kg"): "29463-7",
    ("VS", "HEIGHT", "cm"): "8302-2",
    ("LB", "SODIUM", "mmol/L"): "2951-2",
    ("LB", "K", "mmol/L"): "2823-3",
    ("LB", "CREAT", "umol/L"): "14682-9",
}
_CATEGORIES: Final = {"VS": "vital-signs", "LB": "laboratory", "EG": "procedure"}
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_REASONS: Final = {"not_asked": "not-asked", "not_done": "not-performed", "refused": "asked-declined"}
_UNNAMED: Final = "event not in the study's list"
FILES: Final = (
    *("ResearchStudy", "PlanDefinition", "Questionnaire", "Patient", "ResearchSubject"),
    *("QuestionnaireResponse", "Observation", "AdverseEvent"),
)


class FhirRecord:
    """Takes participants one at a time; each resource is given away at once, as a line of JSON.

    Args:
        study: all releases. write: takes the type of a resource and its line; a file of lines for each type
            is what FHIR calls bulk data (NDJSON).
    Attributes:
        counts: resources by type.
    """

    def __init__(self, study: Study, *, write: Callable[[str, str], object]) -> None:
        self.study, self.release = study, study.newest
        self.counts: dict[str, int] = {}
        self._write = write

    def finish(self, *, simulated: bool) -> None:
        """Adds the study itself.

        Args:
            simulated: whether no person stands behind the data.
        """
        for resource in study_resources(self.release, simulated=simulated):
            self._give(resource)
        for resource in earlier_forms(self.study):
            self._give(resource)

    def add(self, subject: Subject, made: Made) -> None:
        """Adds a participant, with the rows of SDTM that were made of them."""
        demographics = next(row for row in made.rows if row.domain == "DM")
        person = subject.person.usubjid.rpartition("-")[2]
        self._give(_patient(person, demographics))
        self._give(_research_subject(self.release.file.study, person, subject, demographics, made.rows))
        for name, filled in subject.person.course.answers.items():
            for answers in filled:
                release = _release_of(self.study, subject, answers)
                form = None if release is None else release.forms.get(answers.form)
                if (
                    release is None
                    or form is None
                    or answers.status != "done"
                    or not subject.person.may_use(answers.at)
                ):
                    continue
                self._give(_response(release, person, form, answers))
                for one in _observations(person, subject, name, form, answers):
                    self._give(one)
        shown = {row["AESPID"]: row for row in made.rows if row.domain == "AE"}
        for event in subject.person.course.adverse_events.values():
            if event.entry in shown:
                self._give(_event(self.release.file.study, person, subject, event, shown[event.entry]))

    def _give(self, resource: Resource) -> None:
        kind = str(resource["resourceType"])
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._write(kind, json.dumps(resource, ensure_ascii=False, allow_nan=False) + "\n")


def _release_of(study: Study, subject: Subject, answers: Answers) -> Release | None:
    standing = next((one for one in subject.person.course.effective if one.id == answers.entry), None)
    if standing is None:
        return None
    return next((one for one in study.releases if one.id == standing.entry.release), study.newest)


def _patient(person: str, demographics: Row) -> Resource:
    """Somebody under an opaque id: no name, no day of birth."""
    found: Resource = {"resourceType": "Patient", "id": person}
    sex = {"F": "female", "M": "male", "U": "unknown"}.get(str(demographics["SEX"]))
    return found | ({"gender": sex} if sex is not None else {})


def _research_subject(
    study: str, person: str, subject: Subject, demographics: Row, rows: Iterable[Row]
) -> Resource:
    progress = [
        {"milestone": {"text": str(row["DSDECOD"])}} | _since(row["DSSTDTC"])
        for row in rows
        if row.domain == "DS"
    ]
    found: Resource = {
        "resourceType": "ResearchSubject",
        "id": person,
        "identifier": [{"value": str(demographics["SUBJID"] or demographics["USUBJID"])}],
        "status": "active",
        "study": {"reference": f"ResearchStudy/{name_of(study)}"},
        "subject": {"reference": f"Patient/{person}"},
    }
    if progress:
        found["progress"] = progress
    if subject.arm is not None and not subject.blinded:
        found["assignedComparisonGroup"] = subject.arm
    return found


def _since(text: Any) -> Resource:
    return {"startDate": str(text)[:10]} if text else {}


def _response(release: Release, person: str, form: CompiledForm, answers: Answers) -> Resource:
    study = release.file.study
    found: Resource = {
        "resourceType": "QuestionnaireResponse",
        "id": _id(answers.entry),
        "questionnaire": form_url(release, form.name),
        "status": "amended" if answers.origins else "completed",
        "subject": {"reference": f"Patient/{person}"},
        "authored": moment(answers.at),
        "item": list(_items(form, form.name, answers.items)),
    }
    places = {"encounter": answers.encounter, "timepoint": answers.timepoint}
    said = [{"url": urn(study, "extension", key), "valueString": one} for key, one in places.items() if one]
    if said:
        found["extension"] = said
    if not found["item"]:
        del found["item"]
    return found


def _items(form: CompiledForm, at: str, items: Mapping[str, Any]) -> Iterator[Resource]:
    for name, said in form.items.items():
        answer = items.get(name)
        if answer is None:
            continue
        link = f"{at}.{name}"
        if name in form.personal:
            yield {"linkId": link, "extension": [{"url": _ABSENT, "valueCode": "masked"}]}
        elif said.type == "rows" and isinstance(answer, list):
            for cells in answer:
                inner = list(_items(form.rows[name], link, cells)) if isinstance(cells, dict) else []
                if inner:
                    yield {"linkId": link, "item": inner}
        else:
            yield {"linkId": link} | _answered(said, answer)


def _answered(item: Item, answer: Any) -> Resource:
    """An answer, or why there is none."""
    if isinstance(answer, Mapping):
        code = _REASONS.get(str(answer.get("missing")), "unknown")
        return {"extension": [{"url": _ABSENT, "valueCode": code}]}
    if isinstance(answer, str) and is_sealed(answer):
        return {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}
    several = answer if isinstance(answer, list) else [answer]
    return {"answer": [_value(item, one) for one in several]} if several else {}


def _value(item: Item, answer: Any) -> Resource:
    """One value by the type of its question; what is none of that type stands as it was written."""
    kind = quantity_type(item)
    if kind == "boolean" and isinstance(answer, bool):
        return {"valueBoolean": answer}
    if kind in ("integer", "decimal", "quantity") and not isinstance(answer, bool):
        try:
            found = parse_quantity(str(answer))
        except ValueError:
            return {"valueString": str(answer)}
        number = int(found.value) if found.value == found.value.to_integral_value() else float(found.value)
        if kind == "quantity":
            return {"valueQuantity": _quantity(number, found.unit or item.unit)}
        return {"valueInteger": number} if kind == "integer" else {"valueDecimal": number}
    if kind == "coding" and isinstance(answer, str) and answer in (item.of or ()):
        return {"valueCoding": {"code": answer}}
    if kind == "date" and isinstance(answer, str) and read_date(answer) is not None:
        return {"valueDate": answer[:10]}
    if kind == "dateTime" and isinstance(answer, str):
        written = read_date(answer)
        if written is not None and written.at is not None:
            return {"valueDateTime": moment(written.at)}
    if kind == "time" and isinstance(answer, str) and len(answer) in (5, 8):
        return {"valueTime": answer if len(answer) == 8 else f"{answer}:00"}
    return {"valueString": str(answer)}


def _quantity(number: float, unit: str) -> Resource:
    return {"value": number, "unit": unit, "system": UCUM, "code": unit}


def _observations(
    person: str, subject: Subject, name: str, form: CompiledForm, answers: Answers
) -> Iterator[Resource]:
    """Readings, laboratory and electrocardiogram: what is a measurement by itself."""
    homes = homes_of(subject.person.course.release).by_form.get(name, {})
    for item, home in homes.items():
        said, entered = form.items.get(item), answers.items.get(item)
        if home.domain not in _CATEGORIES or said is None or entered is None or item in form.personal:
            continue
        coding = [{"system": CDISC, "code": f"{home.domain}.{home.code}", "display": home.name}]
        loinc = CODES.get((home.domain, home.code, said.unit or ""))
        if loinc is not None:
            coding.insert(0, {"system": LOINC, "code": loinc})
        found: Resource = {
            "resourceType": "Observation",
            "id": _id(f"{answers.entry}.{item}"),
            "status": "corrected" if item in answers.origins else "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": _CATEGORIES[home.domain],
                        }
                    ]
                }
            ],
            "code": {"coding": coding},
            "subject": {"reference": f"Patient/{person}"},
            "effectiveDateTime": moment(answers.at),
            "derivedFrom": [{"reference": f"QuestionnaireResponse/{_id(answers.entry)}"}],
        }
        value = answers.values.get(item)
        if isinstance(value, bool):
            found["valueBoolean"] = value
        elif isinstance(value, int | float):
            number = int(value) if float(value).is_integer() else value
            found["valueQuantity"] = _quantity(number, said.unit or "1")
        elif isinstance(value, str):
            found["valueString"] = value
        else:
            missing = entered.get("missing") if isinstance(entered, Mapping) else ""
            code = _REASONS.get(str(missing), "unknown")
            found["dataAbsentReason"] = {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}
                ]
            }
        yield found


def _event(study: str, person: str, subject: Subject, event: AdverseEventState, row: Row) -> Resource:
    """An adverse event. What may have caused it is called the study treatment, whatever the arm."""
    term = subject.person.book.terms.get(event.term or "")
    found: Resource = {
        "resourceType": "AdverseEvent",
        "id": _id(event.entry),
        "status": "completed" if event.resolved else "in-progress",
        "actuality": "actual",
        "code": {"text": str(term.title) if term is not None else _UNNAMED},
        "subject": {"reference": f"Patient/{person}"},
        "study": [{"reference": f"ResearchStudy/{name_of(study)}"}],
    }
    period = {"start": _written(event.onset), "end": _written(event.resolved)}
    period = {name: said for name, said in period.items() if said is not None}
    if period:
        found["occurrencePeriod"] = period
    if event.begun is not None:
        found["recordedDate"] = moment(event.begun)
    if event.serious is not None:
        system = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness"
        code = "serious" if event.serious else "non-serious"
        found["seriousness"] = {"coding": [{"system": system, "code": code}]}
    if row["AEOUT"]:
        found["outcome"] = [{"text": str(row["AEOUT"])}]
    if row["AEREL"]:
        found["suspectEntity"] = [
            {
                "instanceCodeableConcept": {"text": "study treatment"},
                "causality": {"entityRelatedness": {"text": str(row["AEREL"])}},
            }
        ]
    return found


def _written(text: str | None) -> str | None:
    """A clinical date as far as it is known; None of what is none."""
    found = read_date(text)
    if found is None or text is None:
        return None
    return moment(found.at) if found.at is not None else text


def moment(at: datetime) -> str:
    """An instant with seconds and offset, as FHIR wants it."""
    return at.isoformat(timespec="seconds")


def _id(text: str) -> str:
    """The id of a resource: that of its entry, or what follows from it where that is none."""
    return (
        text if len(text) <= 64 and name_of(text) == text else hashlib.sha256(text.encode()).hexdigest()[:32]
    )
