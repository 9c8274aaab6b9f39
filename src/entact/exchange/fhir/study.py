"""What a study file says, as ResearchStudy, PlanDefinition and Questionnaire.

Source: HL7 FHIR R5 (5.0.0), the pages of these resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from entact.protocol.form import CompiledForm
from entact.protocol.release import Release, Study
from entact.protocol.study import Item

Resource = dict[str, Any]
_PHASES: Final = {"1": "phase-1", "2": "phase-2", "3": "phase-3", "4": "phase-4"}
_ARMS: Final = {
    "experimental": "experimental",
    "placebo": "placebo-comparator",
    "active_comparator": "active-comparator",
    "no_intervention": "no-intervention",
}
_TYPES: Final = {
    "boolean": "boolean",
    "integer": "integer",
    "decimal": "decimal",
    "choice": "coding",
    "choices": "coding",
    "text": "text",
    "date": "date",
    "partial_date": "date",
    "time": "time",
    "datetime": "dateTime",
    "file": "attachment",
    "rows": "group",
}
_TERMS: Final = "http://terminology.hl7.org/CodeSystem/"


def name_of(text: str) -> str:
    """A name of a study file as the id of a resource, in which there is no underscore."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", text)[:64]


def urn(study: str, what: str, name: str) -> str:
    """The address of what a study defines; it leads nowhere, and is nobody else's."""
    return f"urn:entact:{study}:{what}:{name}"


def quantity_type(item: Item) -> str:
    """The type of a question: a number with a unit is a quantity."""
    return "quantity" if item.unit and item.type in ("integer", "decimal") else _TYPES[item.type]


def study_resources(release: Release, *, simulated: bool) -> Iterator[Resource]:
    """The study, its plan and its forms.

    Args:
        simulated: whether no person stands behind the data that go with it.
    """
    yield _study(release, simulated=simulated)
    yield _plan(release)
    for name, form in release.forms.items():
        yield _questionnaire(release, name, form)


def earlier_forms(study: Study) -> Iterator[Resource]:
    """The forms of releases before the newest, which answers of that time name with its version."""
    known = {study.newest.file.release}
    for release in reversed(study.releases):
        if release.file.release not in known:
            known.add(release.file.release)
            for name, form in release.forms.items():
                found = _questionnaire(release, name, form)
                id = name_of(f"{release.file.release}-{release.file.study}-{name}")
                yield found | {"id": id, "status": "retired"}


def form_url(release: Release, form: str) -> str:
    """The canonical of a form as it was in a release."""
    return f"{urn(release.file.study, 'form', form)}|{release.file.release}"


def _study(release: Release, *, simulated: bool) -> Resource:
    file = release.file
    phase = _PHASES.get(str(file.phase))
    planned = [one.planned for one in file.populations.values() if one.planned is not None]
    found: Resource = {
        "resourceType": "ResearchStudy",
        "id": name_of(file.study),
        "version": file.release,
        "name": file.study,
        "title": str(file.title),
        "status": "active",
        "protocol": [{"reference": f"PlanDefinition/{name_of(file.study)}"}],
        "condition": [{"text": str(file.condition)}],
        "comparisonGroup": [
            {
                "linkId": name,
                "name": str(arm.title),
                "type": _coded("research-study-arm-type", _ARMS[arm.role]),
            }
            for name, arm in file.arms.items()
        ],
        "outcomeMeasure": [
            {"name": name, "description": str(one.title or name.replace("_", " "))}
            for name, one in file.endpoints.items()
        ],
    }
    if file.registry:
        found["identifier"] = [{"value": file.registry}]
    if phase is not None:
        found["phase"] = _coded("research-study-phase", phase)
    if planned:
        found["recruitment"] = {"targetNumber": sum(planned)}
    if simulated:
        found["note"] = [{"text": "SIMULATED DATA: no person stands behind them."}]
    return found


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_TERMS}{system}", "code": code}]}


def _plan(release: Release) -> Resource:
    """Visits as actions, and what is done at each of them within."""
    study = release.file.study
    actions = []
    for name, visit in release.visits.items():
        done = []
        for activity in dict.fromkeys([*visit.activities, *(reading.do for reading in visit.timed)]):
            one: Resource = {"linkId": f"{name}.{activity}", "title": activity.replace("_", " ")}
            form = "vitals" if activity == "vital_signs" else activity
            if form in release.forms:
                one["definitionCanonical"] = form_url(release, form)
            done.append(one)
        action: Resource = {
            "linkId": name,
            "title": str(visit.title or "") or name.replace("_", " "),
            "code": {"text": visit.kind},
        }
        actions.append(action | ({"action": done} if done else {}))
    return {
        "resourceType": "PlanDefinition",
        "id": name_of(study),
        "url": urn(study, "plan", "schedule"),
        "version": release.file.release,
        "title": f"Schedule of {release.file.title}",
        "type": _coded("plan-definition-type", "protocol"),
        "status": "active",
        "action": actions,
    }


def _questionnaire(release: Release, name: str, form: CompiledForm) -> Resource:
    study = release.file.study
    return {
        "resourceType": "Questionnaire",
        "id": name_of(f"{study}-{name}"),
        "url": urn(study, "form", name),
        "version": release.file.release,
        "name": name,
        "title": str(form.form.title or "") or name.replace("_", " "),
        "status": "active",
        "subjectType": ["Patient"],
        "item": list(_items(form, name, form.items)),
    }


def _items(form: CompiledForm, at: str, items: Mapping[str, Item]) -> Iterator[Resource]:
    for name, said in items.items():
        found: Resource = {
            "linkId": f"{at}.{name}",
            "text": str(said.title or "") or name.replace("_", " "),
            "type": quantity_type(said),
            "required": bool(said.required and said.when is None and said.is_entered),
        }
        if said.type in ("choices", "rows"):
            found["repeats"] = True
        if not said.is_entered:
            found["readOnly"] = True
        if said.type in ("choice", "choices"):
            found["answerOption"] = [
                {"valueCoding": {"code": code, "display": _label(said, code)}} for code in said.of or ()
            ]
        if said.type == "rows":
            row = form.rows[name]
            found["item"] = list(_items(row, f"{at}.{name}", row.items))
        yield found


def _label(item: Item, code: str) -> str:
    return str(item.labels.get(code, "")) or code.replace("_", " ")
