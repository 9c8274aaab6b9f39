"""What a document of USDM says and no study file takes: each field by its kind of object, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from entact.exchange.usdm.model import Json

_ANY: Final = frozenset({"id", "instanceType", "name", "label", "previousId", "nextId"})
_DESIGN: Final = frozenset(
    {"studyPhase", "encounters", "activities", "arms", "estimands", "indications", "objectives", "population"}
    | {"scheduleTimelines", "eligibilityCriteria", "studyInterventionIds"}
)
_READ: Final = {
    "Study": frozenset({"versions"}),
    "StudyVersion": frozenset(
        {"versionIdentifier", "studyIdentifiers", "studyDesigns", "titles", "eligibilityCriterionItems"}
        | {"studyInterventions", "biomedicalConcepts", "dictionaries"}
    ),
    "InterventionalStudyDesign": _DESIGN,
    "ObservationalStudyDesign": _DESIGN,
    "StudyDesignPopulation": frozenset({"plannedEnrollmentNumber", "criterionIds"}),
    "Encounter": frozenset({"contactModes", "transitionStartRule", "transitionEndRule", "scheduledAtId"}),
    "Activity": frozenset({"biomedicalConceptIds", "timelineId"}),
    "StudyArm": frozenset({"type"}),
    "EligibilityCriterion": frozenset({"category", "criterionItemId", "identifier"}),
    "EligibilityCriterionItem": frozenset({"text", "dictionaryId"}),
    "BiomedicalConcept": frozenset({"properties"}),
    "BiomedicalConceptProperty": frozenset({"isRequired", "isEnabled", "datatype", "responseCodes"}),
}
"""Kind of object -> its fields that are read; of other kinds the field that holds them counts."""
_TOLD: Final = frozenset({"amendments", "conditions", "notes", "abbreviations", "narrativeContentItems"})
"""Of a version, what the command counts by itself."""
_WITHIN: Final = frozenset(
    {"versions", "studyDesigns", "titles", "eligibilityCriterionItems", "biomedicalConcepts", "encounters"}
    | {"activities", "arms", "population", "eligibilityCriteria", "properties"}
)
_SELDOM: Final = {"includesHealthySubjects": False}  # what says no more than nothing


def left_out(document: Json, design: Json) -> Iterator[str]:
    """Each kind of field with something in it that is not read, in one line; and other versions.

    Args:
        design: the one of the newest version that is read.
    """
    study = document["study"]
    if len(study["versions"]) > 1:
        yield f"study.versions: {len(study['versions']) - 1} more; the last is taken"
    more = design.get("indications") or ()
    if len(more) > 1:
        yield f"indications: {len(more) - 1} more; the first is the condition"
    counts: Counter[str] = Counter()
    version = {**study["versions"][-1], "studyDesigns": [design]}
    _count({**study, "versions": [version]}, counts)
    if counts:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        yield f"no study file says, and so it is left out: {told}"


def _count(one: Json, counts: Counter[str]) -> None:
    kind = one.get("instanceType", "")
    read = _READ.get(kind)
    if read is None:
        return
    told = _TOLD if kind == "StudyVersion" else frozenset[str]()
    for name, value in one.items():
        if name in _ANY or name in told or value in (None, "", [], {}) or value is _SELDOM.get(name, ...):
            continue
        if name not in read:
            counts[f"{kind}.{name}"] += len(value) if isinstance(value, list) else 1
        elif name in _WITHIN:
            for inner in value if isinstance(value, list) else [value]:
                _count(inner, counts)
