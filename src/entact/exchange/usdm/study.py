"""USDM as a study file: the one that its extensions keep, or one made of what the model says in data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import rfc8785

from entact.exchange.kept import FromDocument, differences, kept_study
from entact.exchange.names import Names, plain, shortened
from entact.exchange.usdm.export import KEPT, usdm_of
from entact.exchange.usdm.left import left_out
from entact.exchange.usdm.model import Json, UsdmError, objects
from entact.exchange.usdm.schedule import UNSAID, visits_of
from entact.protocol import Release, StudyError

_ARMS: Final = {
    "C174266": "experimental",
    "C174267": "active_comparator",
    "C174268": "placebo",
    "C174269": "placebo",
    "C174226": "active_comparator",
    "C174270": "no_intervention",
}
_PHASES: Final = {"C15600": 1, "C15601": 2, "C15602": 3, "C15603": 4, "C15693": "1/2", "C15694": "2/3"}
_TYPES: Final = {"boolean": "boolean", "integer": "integer", "decimal": "decimal", "float": "decimal"}
ASSUMED: Final = "not in the USDM document; to be said by who runs the study"


def study_of(document: Json) -> FromDocument:
    """The study of a document that `read_usdm` read.

    Raises:
        UsdmError: when it has no version or design, keeps a study file that cannot be used, or a reference
            leads to another kind of object.
    """
    versions = document["study"].get("versions") or []
    if not versions:
        raise UsdmError(["study.versions: there is none, and so no study"])
    version = versions[-1]
    kept = {
        one["url"].removeprefix(KEPT): one.get("valueString")
        for one in version.get("extensionAttributes") or ()
        if one["url"].startswith(KEPT)
    }
    if kept:
        return _kept(document, kept)
    designs = version.get("studyDesigns") or []
    if not designs:
        raise UsdmError([f"study.versions[{len(versions)}].studyDesigns: there is none, and so no study"])
    try:
        return _Maker(document, version, designs[0]).make()
    except KeyError as error:  # each reference leads somewhere, and this one to another kind of object
        raise UsdmError(
            [f"a reference leads to an object that has no {error}, and so is of another kind"]
        ) from None


def _kept(document: Json, kept: Mapping[str, str | None]) -> FromDocument:
    data: dict[str, Any] = {}
    for key, text in kept.items():
        try:
            data[key] = json.loads(text or "")
        except json.JSONDecodeError as error:
            raise UsdmError([f"the extension {KEPT}{key} is no JSON: {error}"]) from None
    try:
        release = Release.from_text(rfc8785.dumps(data))
    except StudyError as error:
        problems = [f"the study file in the extensions: {one.field}: {one.message}" for one in error.problems]
        raise UsdmError(problems) from None
    again = usdm_of(release, version=document.get("systemVersion") or "")
    return kept_study(release, differences(document, again))


class _Maker:
    """Makes a study file of a document of another system."""

    def __init__(self, document: Json, version: Json, design: Json) -> None:
        self.document, self.version, self.design = document, version, design
        self.names = Names()
        self.by_id = {one["id"]: one for _, one in objects(document) if isinstance(one.get("id"), str)}
        self.prose: list[str] = []

    def make(self) -> FromDocument:
        """The study file, and what could not be carried over."""
        forms, of_activity = self._forms()
        schedule, notes = visits_of(self.design, self.by_id, of_activity, self.names)
        self.prose += notes
        done = {one for row in schedule for one in row["do"]}
        for name in [one for one in forms if one not in done]:
            title = forms.pop(name)["title"]
            self.prose.append(f"activities: {title}: at no encounter of the main timeline, left out")
        last = schedule[-1]["visit"]
        forms["primary_outcome"] = {
            "title": "Primary outcome",
            "assumption": ASSUMED,
            "items": {"outcome": {"type": "decimal", "title": self._primary()}},
        }
        schedule[-1].setdefault("do", []).append("primary_outcome")
        arms = self._arms()
        data: dict[str, Any] = {
            "study": self.names.study(self.document["study"]["name"]),
            "title": self._title(),
            **self._registered(),
            "release": self.version["versionIdentifier"],
            "condition": self._condition(),
            "populations": {"participant": {"planned": self._planned()}},
            "arms": arms,
            "roles": {"investigator": "Investigator"},
            **self._drug(),
            "consent": {"participation": "Taking part in the study"},
            "forms": forms,
            "schedule": schedule,
            "eligibility": self._criteria(),
            "gates": {},
            "adverse_events": {"terms": {}},
            "endpoints": {
                "primary_outcome": {
                    "title": self._primary(),
                    "value": "primary_outcome.outcome",
                    "at": last,
                    "assumption": ASSUMED,
                }
            },
            "analysis": {
                "sets": {"randomised": "Everybody who entered the study"},
                "primary": {
                    "endpoint": "primary_outcome",
                    "estimand": "de_facto",
                    "set": "randomised",
                    "method": "describe",
                },
            },
        }
        self.prose += self._untold()
        return FromDocument(data, False, "", tuple(self.prose), ())

    def _title(self) -> str:
        titles = {one["type"]["decode"]: one["text"] for one in self.version["titles"]}
        said = next((text for kind, text in titles.items() if "Official" in kind), None)
        return plain(said or next(iter(titles.values()), self.document["study"]["name"]))

    def _registered(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in self.version["studyIdentifiers"]:
            if re.fullmatch(r"NCT\d{8}", one["text"]):
                found["registry"] = one["text"]
        phase = (self.design.get("studyPhase") or {}).get("standardCode", {})
        if phase.get("code") in _PHASES:
            found["phase"] = _PHASES[phase["code"]]
        return found

    def _condition(self) -> str:
        indications = self.design.get("indications") or []
        said = [one.get("label") or one.get("description") or one["name"] for one in indications]
        return plain(said[0] if said else self.design["population"]["name"])

    def _planned(self) -> int:
        said = self.design["population"].get("plannedEnrollmentNumber") or {}
        value = said.get("value", (said.get("maxValue") or {}).get("value"))
        if isinstance(value, int | float) and value >= 1:
            return int(value)
        self.prose.append("population.plannedEnrollmentNumber: it is not said; 1 stands in the study file")
        return 1

    def _drug(self) -> dict[str, Any]:
        """What a study file has to say and the document does not: no release of it can go into use."""
        given = self.version.get("studyInterventions") or []
        name = plain(given[0].get("label") or given[0]["name"]) if given else "not said"
        dose = "strength, salt and number of doses: " + ASSUMED
        return {
            "products": {
                "product": {
                    "substance": name,
                    "salt": "hydrochloride",
                    "strengths": ["1 mg"],
                    "assumption": dose,
                }
            },
            "regimens": {UNSAID: {"initial": "1 x 1 mg", "assumption": dose}},
            "doses": 1,
        }

    def _arms(self) -> dict[str, Any]:
        found = {}
        for number, arm in enumerate(self.design["arms"], start=1):
            role = _ARMS.get(arm["type"]["code"], "experimental")
            title = plain(arm.get("label") or arm["name"])
            found[self.names.of(arm["name"], "arms")] = {"title": title, "role": role}
            if arm["type"]["code"] not in _ARMS:
                decode = arm["type"]["decode"]
                self.prose.append(
                    f"arms[{number}].type: {decode!r} is no kind of arm here; experimental stands"
                )
        return found

    def _forms(self) -> tuple[dict[str, Any], dict[str, str]]:
        """A form for each activity: its concepts as items, or whether it was done, where there are none."""
        forms: dict[str, Any] = {}
        of_activity: dict[str, str] = {}
        for activity in self.design.get("activities") or ():
            name = self.names.of(activity["name"], "forms")
            items: dict[str, Any] = {}
            for concept in activity.get("biomedicalConceptIds") or ():
                items |= self._items(self.by_id[concept], name)
            if not items:
                title = plain(activity.get("label") or activity["name"])
                items["done"] = {"type": "boolean", "title": f"{title}: done"}
            forms[name] = {"title": plain(activity.get("label") or activity["name"]), "items": items}
            of_activity[activity["id"]] = name
        return forms, of_activity

    def _items(self, concept: Json, form: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in concept.get("properties") or ():
            if not one["isEnabled"]:
                continue
            said: dict[str, Any] = {"title": plain(f"{concept['name']}: {one.get('label') or one['name']}")}
            codes: dict[str, str] = {}
            for answer in one.get("responseCodes") or ():
                if answer["isEnabled"]:
                    code = self.names.of(answer["code"]["decode"], f"{form}.{concept['id']}.{one['id']}")
                    codes[code] = plain(answer["code"]["decode"])
            kind = "date" if "date" in one["name"].lower() and one["datatype"] == "string" else ""
            if codes:
                said |= {"type": "choice", "of": list(codes), "labels": codes}
            else:
                said["type"] = kind or _TYPES.get(one["datatype"], "text")
            if not one["isRequired"]:
                said["required"] = False
            found[self.names.of(f"{concept['name']} {one['name']}", f"items of {form}")] = said
        return found

    def _criteria(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, one in enumerate(self.design["eligibilityCriteria"], start=1):
            item = self.by_id[one["criterionItemId"]]
            words = one["category"]["decode"].lower()
            text = plain(self._filled(item))
            found[self.names.of(one["name"], "eligibility")] = {
                "kind": "exclusion" if "exclusion" in words else "inclusion",
                "text": text,
            }
            self.prose.append(
                f"eligibilityCriteria[{number}]: in words alone, no rule: {shortened(text, 80)}"
            )
        return found

    def _filled(self, item: Json) -> str:
        """The text with what its dictionary says in the place of each tag."""
        dictionary = self.by_id.get(item.get("dictionaryId") or "", {})
        maps = {one["tag"]: one["reference"] for one in dictionary.get("parameterMaps") or ()}

        def value(found: re.Match[str]) -> str:
            reference = maps.get(found[1], "")
            said = dict(re.findall(r'(\w+)="([^"]*)"', reference))
            known = self.by_id.get(said.get("id", ""), {}).get(said.get("attribute", ""))
            return f"[{found[1]}]" if known is None else _number(known)

        return re.sub(r'<usdm:tag\s+name="([^"]*)"\s*(?:/>|>\s*</usdm:tag>)', value, item["text"])

    def _primary(self) -> str:
        for objective in self.design.get("objectives") or ():
            for endpoint in objective.get("endpoints") or ():
                if "primary" in endpoint["level"]["decode"].lower():
                    return plain(self._filled(endpoint))
        return "Primary outcome"

    def _untold(self) -> Iterator[str]:
        """What a study file has in rules and units, and the document in words."""
        for number, one in enumerate(self.design.get("objectives") or (), start=1):
            yield f"objectives[{number}]: in words alone: {shortened(plain(self._filled(one)), 80)}"
            for place, endpoint in enumerate(one.get("endpoints") or (), start=1):
                text = shortened(plain(self._filled(endpoint)), 80)
                yield f"objectives[{number}].endpoints[{place}]: in words alone, no rule: {text}"
        for number, one in enumerate(self.design.get("estimands") or (), start=1):
            yield f"estimands[{number}]: in words alone: {shortened(plain(one['populationSummary']), 80)}"
        for number, one in enumerate(self.version.get("studyInterventions") or (), start=1):
            label = plain(one.get("label") or one["name"])
            yield (
                f"studyInterventions[{number}]: {label}: no dose is taken over, as none says whole units and "
                "the salt; one of 1 mg stands in its place, and keeps the release out of production"
            )
        if len(self.design["arms"]) > 1:
            yield "arms: how people are randomised is not said; write `randomisation:`"
        for name, what in (
            ("amendments", "an amendment"),
            ("conditions", "a condition"),
            ("notes", "a note"),
            ("abbreviations", "an abbreviation"),
            ("narrativeContentItems", "a section of the protocol"),
        ):
            count = len(self.version.get(name) or ())
            if count:
                yield f"{name}: {count} times {what}, in words alone"
        others = len(self.version["studyDesigns"]) - 1
        if others:
            yield f"studyDesigns: {others} more; the first is taken"
        yield from left_out(self.document, self.design)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
