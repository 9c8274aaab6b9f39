"""Epochs, arms, activities and visits of a study file, as a document has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Final

from entact.exchange.usdm.model import Json
from entact.exchange.usdm.writer import Writer, chain, iso
from entact.protocol.release import Release
from entact.protocol.study import Visit
from entact.protocol.timetable import ACTIVITIES

_EPOCHS: Final = {
    "SCREENING": ("C202487", "SCREENING"),
    "TREATMENT": ("C101526", "TREATMENT"),
    "FOLLOW-UP": ("C202578", "FOLLOW-UP"),
}
_CONTACTS: Final = {
    "in_person": ("C175574", "IN PERSON"),
    "telephone": ("C171537", "TELEPHONE CALL"),
    "video": ("C171525", "REMOTE AUDIO VIDEO"),
}


def epochs_of(new: Writer, release: Release) -> tuple[list[Json], dict[str, str]]:
    """The epochs of the file, or screening, treatment and follow-up; and of each visit the id of its own."""
    file, visits = release.file, release.visits
    dosing = [place for place, visit in enumerate(visits.values()) if visit.kind == "dosing"]
    first, last = (dosing[0], dosing[-1]) if dosing else (len(visits), len(visits))

    def usual(place: int) -> str:
        return "SCREENING" if place < first else "TREATMENT" if place <= last else "FOLLOW-UP"

    by_name: dict[str, Json] = {}
    of_visit: dict[str, str] = {}
    titles = {name: str(epoch.title) for name, epoch in file.epochs.items()}
    for place, (name, visit) in enumerate(visits.items()):
        epoch = visit.epoch or usual(place)
        if epoch not in by_name:
            by_name[epoch] = new.make(
                "StudyEpoch",
                name=epoch,
                label=titles.get(epoch, epoch.capitalize()),
                description=titles.get(epoch, epoch.capitalize()),
                type=new.code(_EPOCHS[usual(place)], "sdtm"),
            )
        of_visit[name] = by_name[epoch]["id"]
    order = [name for name in file.epochs if name in by_name]
    epochs = [by_name[name] for name in [*order, *(one for one in by_name if one not in order)]]
    chain(epochs)
    return epochs, of_visit


def cells_of(
    new: Writer, arms: list[Json], epochs: list[Json], release: Release, interventions: list[Json]
) -> tuple[list[Json], list[Json]]:
    """Arms differ in their treatment alone; the elements of other epochs are shared."""
    cells, elements = [], []
    shared: dict[str, Json] = {}
    for arm in arms:
        for epoch in epochs:
            treated = epoch["type"]["code"] == _EPOCHS["TREATMENT"][0]
            element = shared.get(epoch["id"])
            if element is None or treated:
                named = f"{epoch['name']}_{arm['name']}" if treated else epoch["name"]
                label = f"{epoch['label']}: {arm['label']}" if treated else epoch["label"]
                given = release.file.arms[arm["name"]].drug == "given"
                ids = [one["id"] for one in interventions] if treated and given else []
                element = new.make("StudyElement", name=named, label=label, studyInterventionIds=ids)
                elements.append(element)
                if not treated:
                    shared[epoch["id"]] = element
            cells.append(
                new.make("StudyCell", armId=arm["id"], epochId=epoch["id"], elementIds=[element["id"]])
            )
    return cells, elements


def activities_of(new: Writer, release: Release) -> tuple[list[Json], list[Json], dict[str, str]]:
    """What is done at visits: a form has a surrogate for what it asks, as its items are no concepts."""
    activities, surrogates, by_name = [], [], {}
    for visit in release.visits.values():
        for name in visit.activities:
            if name in by_name:
                continue
            form = release.forms.get("vitals" if name == "vital_signs" else name)
            title = str(form.form.title or name) if form is not None else name
            asked = []
            if form is not None:
                asked.append(
                    new.make(
                        "BiomedicalConceptSurrogate",
                        name=name.upper(),
                        label=title.replace("_", " "),
                        description=f"{len(form.items)} items: {', '.join(form.items)}",
                    )
                )
            surrogates += asked
            said = "" if name not in ACTIVITIES else "an act that entact knows by itself"
            activity = new.make(
                "Activity",
                name=name,
                label=title.replace("_", " ").capitalize(),
                description=said or None,
                bcSurrogateIds=[one["id"] for one in asked],
            )
            by_name[name] = activity["id"]
            activities.append(activity)
    chain(activities)
    return activities, surrogates, by_name


def encounter_of(new: Writer, name: str, visit: Visit, visits: Mapping[str, Visit]) -> Json:
    rule = None
    if visit.after is not None and visit.after not in visits:
        within = (
            "" if visit.within is None else f", {iso(visit.within.earliest)} to {iso(visit.within.latest)}"
        )
        rule = new.make("TransitionRule", name=f"{name}_START", text=f"after {visit.after}{within}")
    return new.make(
        "Encounter",
        name=name,
        label=str(visit.title or name.replace("_", " ").capitalize()),
        description=f"{visit.kind}{'' if visit.lasts is None else f', {iso(visit.lasts)}'}",
        type=new.code(("C25716", "Visit")),
        contactModes=[new.code(_CONTACTS[visit.contact], "sdtm")],
        transitionStartRule=rule,
    )


def timeline_of(
    new: Writer,
    release: Release,
    encounters: Mapping[str, Json],
    of_visit: Mapping[str, str],
    activities: Mapping[str, str],
) -> Json:
    exit_ = new.make("ScheduleTimelineExit")
    instances: dict[str, Json] = {}
    for name, visit in release.visits.items():
        instances[name] = new.make(
            "ScheduledActivityInstance",
            name=name,
            label=encounters[name]["label"],
            epochId=of_visit[name],
            activityIds=list(dict.fromkeys(activities[one] for one in visit.activities)),
            encounterId=encounters[name]["id"],
        )
    listed = list(instances.values())
    for one, following in pairwise(listed):
        one["defaultConditionId"] = following["id"]
    listed[-1]["timelineExitId"] = exit_["id"]
    timings = []
    for name, visit in release.visits.items():
        if visit.opens or visit.after not in instances:
            if visit.opens:
                timings.append(_timing(new, name, instances[name], instances[name], None))
            continue
        timings.append(_timing(new, name, instances[name], instances[visit.after], visit))
    for name, encounter in encounters.items():
        found = [one["id"] for one in timings if one["name"] == name]
        encounter["scheduledAtId"] = found[0] if found else None
    return new.make(
        "ScheduleTimeline",
        name="MAIN",
        label="Main timeline",
        description="The visits of the study, in their order",
        mainTimeline=True,
        entryCondition="Informed consent",
        entryId=listed[0]["id"],
        exits=[exit_],
        timings=timings,
        instances=listed,
    )


def _timing(new: Writer, name: str, own: Json, other: Json, visit: Visit | None) -> Json:
    """When a visit is after another: the target where the file says one, else the earliest end."""
    if visit is None or visit.within is None:
        kind = (
            ("C201358", "Fixed Reference Timing Type") if visit is None else ("C201356", "After Timing Type")
        )
        value, lower, upper, label = timedelta(0), None, None, "" if visit is None else "after"
    else:
        kind = ("C201356", "After Timing Type")
        value = visit.target if visit.target is not None else visit.within.earliest
        lower, upper = iso(value - visit.within.earliest), iso(visit.within.latest - value)
        label = f"{iso(visit.within.earliest)} to {iso(visit.within.latest)}"
        label = "the next morning" if visit.within.next_morning else label
    return new.make(
        "Timing",
        name=name,
        label=name,
        type=new.code(kind),
        value=iso(value),
        valueLabel=iso(value),
        relativeToFrom=new.code(("C201355", "Start to Start")),
        relativeFromScheduledInstanceId=own["id"],
        relativeToScheduledInstanceId=other["id"],
        windowLower=lower,
        windowUpper=upper,
        windowLabel=label,
    )
