"""A study as ClinicalTrials.gov takes it in: its protocol, and its results once arms are opened.

Source: U.S. National Library of Medicine, Protocol Registration and Results System, ProtocolRecordSchema
(2018-05-08) and RRSUploadSchema (2017-04-18). Values of pick lists stand in comments of the first; those of
results are from memory of published records, an assumption. What is written was held against both schemas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from entact.datasets.posted import PostedResults
from entact.exchange.m11.statistics import levels_of
from entact.exchange.registries import words
from entact.exchange.registries.posted_results import add_results
from entact.exchange.registries.required import LONGEST, absent
from entact.exchange.registries.xml import add, as_bytes, block, say
from entact.protocol.release import Release

_PRS: Final = "http://clinicaltrials.gov/prs"
_RRS: Final = "http://clinicaltrials.gov/rrs"
_EUDRACT: Final = r"20\d\d-\d{6}-\d\d"
ASSUMED: Final = {"primary purpose": "Treatment", "study type": "Interventional"}
_OUTCOMES: Final = {
    "primary": "primary_outcome",
    "secondary": "secondary_outcome",
    "exploratory": "other_outcome",
}


@dataclass(frozen=True)
class Record:
    """A record for upload.

    Attributes:
        raw: the file. missing: what the registry needs and neither study file nor results say, by its place.
        too_long: place -> how long a text is, and how long it may be; it was left out, not cut.
        assumed: what no study file says and is taken to be so.
    """

    raw: bytes
    missing: Mapping[str, str]
    too_long: Mapping[str, str]
    assumed: Mapping[str, str]


def clinicaltrials(release: Release, results: PostedResults | None = None) -> Record:
    """The record of a study.

    Args:
        results: once arms are opened; without them the protocol alone, which depends on nobody's data.
    Raises:
        ValueError: when the results are of another release.
    """
    if results is not None and results.release != release.id:
        raise ValueError(f"the results are of {results.release}, the study file is {release.id}")
    root = etree.Element(f"{{{_PRS}}}study_collection", nsmap={"prs": _PRS})
    study = etree.SubElement(root, "clinical_study")
    too_long: dict[str, str] = {}
    simulated = results is not None and results.simulated
    _identified(study, release, simulated=simulated)
    if results is not None and results.first is not None:
        add(study, "start_date", results.first.isoformat())
        add(study, "start_date_type", "Actual")
    _designed(study, release)
    _outcomes(study, release)
    _people(study, release, results)
    if results is not None:
        result = etree.SubElement(study, f"{{{_RRS}}}result", nsmap={"rrs": _RRS})
        add_results(result, release, results)
    for element in list(study.iter()):
        most = LONGEST.get(f"{_of(element)}/{element.tag}", LONGEST.get(str(element.tag)))
        if most is not None and len(element.text or "") > most:
            place = study.getroottree().getelementpath(element) or str(element.tag)
            too_long[place] = f"it has {len(element.text or '')} letters, and at most {most} are taken"
            element.text = None
    return Record(as_bytes(root), absent(study), too_long, ASSUMED)


def _of(element: etree._Element) -> str:
    """The name of the element above, by which the textblocks of different fields are told apart."""
    above = element.getparent()
    return "" if above is None else str(above.tag)


def _identified(study: etree._Element, release: Release, *, simulated: bool) -> None:
    file = release.file
    mark = "SIMULATED DATA: " if simulated else ""
    ids = add(study, "id_info")
    add(ids, "org_name")
    add(ids, "org_study_id", file.study.upper())
    if file.registry and not file.registry.startswith("NCT"):
        other = add(ids, "secondary_id")
        add(other, "id", file.registry)
        is_eudract = re.fullmatch(_EUDRACT, file.registry) is not None
        add(other, "id_type", "EudraCT Number" if is_eudract else "Registry Identifier")
    add(study, "brief_title", f"{mark}{file.title}")
    if len(file.study) <= LONGEST["acronym"]:
        add(study, "acronym", file.study.upper())
    add(study, "official_title", f"{mark}{file.title}")
    if "committee" in file.roles:
        add(add(study, "oversight_info"), "has_dmc", "Yes")


def _designed(study: etree._Element, release: Release) -> None:
    file = release.file
    design = add(study, "study_design")
    add(design, "study_type", "Interventional")
    how = add(design, "interventional_design")
    add(how, "interventional_subtype", "Treatment")
    add(how, "phase", words.PHASES.get(str(file.phase), "N/A"))
    add(how, "assignment", words.model_of(release))
    tracks = "; ".join(str(track.title) for track in file.tracks.values())
    block(how, "model_description", f"Further parts: {tracks}." if tracks else "")
    add(how, "allocation", words.allocation_of(release))
    parties = words.masked(release)
    add(how, "no_masking", "No" if any(parties.values()) else "Yes")
    for party, is_masked in parties.items():
        add(how, party, "Yes" if is_masked else "No")
    block(how, "masking_description", words.masking_words(release))
    add(how, "number_of_arms", str(len(file.arms)))


def _outcomes(study: etree._Element, release: Release) -> None:
    levels = levels_of(release)
    for level, name in _OUTCOMES.items():
        for endpoint, said in release.file.endpoints.items():
            if levels[endpoint] == level:
                one = add(study, name)
                add(one, "outcome_measure", str(said.title or endpoint.replace("_", " ").capitalize()))
                add(one, "outcome_time_frame", words.time_frame(release, said.at))
                block(one, "outcome_description", words.measured(release, endpoint))


def _people(study: etree._Element, release: Release, results: PostedResults | None) -> None:
    file = release.file
    started = None if results is None else sum(one.started for one in results.flow.values())
    planned = sum(one.planned for one in file.populations.values())
    add(study, "enrollment", str(planned if started is None else started))
    add(study, "enrollment_type", "Anticipated" if started is None else "Actual")
    add(study, "condition", str(file.condition))
    for name, arm in file.arms.items():
        group = add(study, "arm_group")
        add(group, "arm_group_label", str(arm.title))
        add(group, "arm_type", words.ARM_TYPES[arm.role])
        block(group, "arm_group_description", words.arm_words(release, name))
    for kind, name, text, arms in words.interventions(release):
        one = add(study, "intervention")
        add(one, "intervention_type", kind)
        add(one, "intervention_name", name)
        block(one, "intervention_description", text)
        for label in arms:
            add(one, "arm_group_label", label)
    eligibility = add(study, "eligibility")
    block(eligibility, "criteria", words.criteria_words(release))
    lowest, highest = words.ages(release)
    add(eligibility, "gender", words.sex(release))
    add(eligibility, "minimum_age", lowest)
    add(eligibility, "maximum_age", highest)
    for name, site in file.sites.items():
        facility = add(add(study, "location"), "facility")
        add(facility, "name")
        say(add(facility, "address"), "country", site.country)
        facility.append(etree.Comment(f" site {name} of the study file "))
