"""What a record of ClinicalTrials.gov has to say, how long it may be, and which values its lists have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

LONGEST: Final = {
    "org_study_id": 30,
    "brief_title": 300,
    "acronym": 14,
    "official_title": 600,
    "condition": 160,
    "outcome_measure": 254,
    "outcome_time_frame": 254,
    "arm_group_label": 100,
    "intervention_name": 200,
    "outcome_description/textblock": 999,
    "arm_group_description/textblock": 999,
    "intervention_description/textblock": 1000,
    "criteria/textblock": 20_000,
    "masking_description/textblock": 1000,
    "model_description/textblock": 1000,
    "brief_summary/textblock": 5_000,
    "detailed_description/textblock": 32_000,
    **dict.fromkeys(
        (
            f"{group}/title"
            for group in ("flowGroup", "baselineReportingGroup", "outcomeReportingGroup", "interventionGroup")
        ),
        100,
    ),
    "flowGroup/description": 1500,
    "period/title": 40,
    "titleOther": 40,
    "otherReasonName": 100,
    "outcomeMeasure/title": 255,
    "outcomeMeasure/description": 999,
    "outcomeMeasure/timeFrame": 255,
    "populationDescription": 500,
    "unitOfMeasure": 40,
    "reportedEvents/timeFrame": 500,
    "term": 100,
}
"""Element -> letters.

Source: the registry's definitions of data elements for registrations (1 October 2020) and for results, those
of criteria and masking_description as its structure of study data has them; those of outcomes and of results
as public systems quote the definitions. That of condition is from memory, and so an assumption: the
definitions set none.
"""

_YES_NO: Final = frozenset({"Yes", "No"})
LISTS: Final = {
    "study_type": frozenset({"Interventional"}),
    "interventional_subtype": frozenset(
        {"Treatment", "Prevention", "Diagnostic", "Basic Science", "Supportive Care", "Screening"}
        | {"Health Services Research", "Device Feasibility", "Other"}
    ),
    "phase": frozenset(
        {"Early Phase 1", "Phase 1", "Phase 1/Phase 2", "Phase 2", "Phase 2/Phase 3", "Phase 3", "Phase 4"}
        | {"N/A"}
    ),
    "assignment": frozenset(
        f"{one} Assignment" for one in ("Single Group", "Parallel", "Crossover", "Factorial", "Sequential")
    ),
    "allocation": frozenset({"Randomized", "Non-Randomized", "N/A"}),
    **dict.fromkeys(
        ("no_masking", "masked_subject", "masked_caregiver", "masked_investigator", "masked_assessor"),
        _YES_NO,
    ),
    "has_dmc": _YES_NO,
    "enrollment_type": frozenset({"Anticipated", "Actual"}),
    "arm_type": frozenset(
        {"Experimental", "Active Comparator", "Placebo Comparator", "Sham Comparator", "No Intervention"}
        | {"Other"}
    ),
    "intervention_type": frozenset(
        {"Drug", "Device", "Biological/Vaccine", "Procedure/Surgery", "Radiation", "Behavioral", "Genetic"}
        | {"Dietary Supplement", "Other"}
    ),
    "gender": frozenset({"All", "Female", "Male"}),
    "id_type": frozenset({"EudraCT Number", "Registry Identifier", "Other Identifier"}),
    "measureType": frozenset({"Primary", "Secondary", "Other Pre-specified", "Post-Hoc"}),
    "parameterType": frozenset(
        {"Mean", "Median", "Count of Participants", "Number"}
        | {"Mean Difference (Net)", "Risk Difference (RD)", "Risk Ratio (RR)", "Odds Ratio (OR)"}
        | {"Hazard Ratio (HR)", "Other"}
    ),
    "dispersionType": frozenset(
        {"Standard Deviation", "95% Confidence Interval", "Standard Error of the Mean", "Not Applicable"}
    ),
    "reasonType": frozenset(
        {"Adverse Event", "Death", "Lack of Efficacy", "Lost to Follow-up", "Physician Decision", "Pregnancy"}
        | {"Protocol Violation", "Withdrawal by Subject", "Other"}
    ),
    "assessmentType": frozenset({"Systematic Assessment", "Non-systematic Assessment"}),
    "ciNumSides": frozenset({"1-Sided", "2-Sided"}),
    "statisticalTestType": frozenset({"Superiority", "Other"}),
}
"""Element -> values of its list, as far as they are written here; those of results are an assumption."""

REQUIRED: Final = {
    "id_info/org_name": "the organisation's name in the registry's own system",
    "brief_title": "a short title",
    "sponsors/lead_sponsor/agency": "the sponsor",
    "sponsors/resp_party/resp_party_type": "who is the responsible party",
    "oversight_info/irb_info/approval_status": "the approval of the ethics board",
    "oversight_info/fda_regulated_drug": "whether the FDA regulates the drug",
    "oversight_info/fda_regulated_device": "whether the FDA regulates a device",
    "is_ind_study": "whether there is an IND, and its number",
    "brief_summary/textblock": "a summary for everybody",
    "overall_status": "the status of recruitment",
    "verification_date": "when the record was verified",
    "start_date": "when the study starts",
    "primary_compl_date": "when the primary outcome is known of everybody",
    "last_follow_up_date": "when the study ends",
    "primary_outcome/outcome_time_frame": "when the primary outcome is measured",
    "enrollment": "how many take part",
    "condition": "the condition",
    "eligibility/criteria/textblock": "the criteria",
    "eligibility/gender": "whose sex is admitted",
    "eligibility/healthy_volunteers": "whether healthy people may take part",
    "eligibility/minimum_age": "the youngest age",
    "eligibility/maximum_age": "the oldest age, or that there is none",
    "overall_contact/last_name": "whom to ask, while people are recruited",
    "location/facility/name": "names and cities of the sites",
}
"""Place -> what it is: the data elements of a registration (42 CFR 11.28), from memory, an assumption."""

REQUIRED_OF_RESULTS: Final = {
    "baseline": "baseline characteristics",
    "outcomeMeasures/outcomeMeasure": "outcome measures",
    "participantFlow": "the flow of participants",
    "certainAgreement/piSponsorEmployee": "whether investigators are employed by the sponsor, and agreements",
    "pointOfContact/title": "whom to ask about results, and the organisation, telephone and address",
    "reportedEvents/timeFrame": "over which time events were collected",
}
"""The same of results (42 CFR 11.48)."""


def absent(study: etree._Element) -> dict[str, str]:
    """What a record has to say and does not: place -> what it is."""
    found = {place: what for place, what in REQUIRED.items() if not _said(study, place)}
    for result in study.iter("{http://clinicaltrials.gov/rrs}result"):
        found |= {
            f"result/{place}": what for place, what in REQUIRED_OF_RESULTS.items() if not _said(result, place)
        }
        if result.findall(".//eventStats") and not _said(result, ".//organSystemName"):
            found["result/reportedEvents//organSystemName"] = (
                "the organ class of each event: there is no dictionary of terms in entact"
            )
    return found


def problems(raw: bytes) -> Iterator[str]:
    """What is wrong with a record: values that a list does not have, groups that nobody is of, and counts
    that do not add up."""
    root = etree.fromstring(raw)
    for element in root.iter():
        allowed = LISTS.get(str(element.tag))
        if allowed is not None and element.text and element.text not in allowed:
            yield f"{_place(element)}: {element.text!r} is none of {', '.join(sorted(allowed))}"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    yield from (f"{one!r} is the id of {ids.count(one)} groups" for one in set(ids) if ids.count(one) > 1)
    for name in ("reportingGroupId", "outcomeReportingGroupId"):
        for element in root.iter(name):
            if element.text not in ids:
                yield f"{_place(element)}: there is no group {element.text!r}"
    for stats in root.iter("eventStats"):
        people, at_risk = (int(stats.findtext(one) or 0) for one in ("numSubjectsAffected", "numSubjects"))
        events = int(stats.findtext("numEvents") or 0)
        if people > at_risk or people > events:
            yield f"{_place(stats)}: {people} people of {at_risk} had {events} events"
    for period in root.iter("period"):
        yield from _adding_up(period)


def _adding_up(period: etree._Element) -> Iterator[str]:
    """Who started either completed or has a reason."""
    started, completed = (
        {
            str(one.findtext("reportingGroupId")): int(one.findtext("subjectsAchieve") or 0)
            for one in period.iterfind(f"{name}//milestoneAchievement")
        }
        for name in ("startedMilestone", "completedMilestone")
    )
    for arm, count in started.items():
        reasons = sum(
            int(one.findtext("subjectsAffected") or 0)
            for one in period.iter("reasonDetail")
            if one.findtext("reportingGroupId") == arm
        )
        if count != completed.get(arm, 0) + reasons:
            yield (
                f"{_place(period)}: {count} of {arm} started, {completed.get(arm, 0)} completed, "
                f"and {reasons} have a reason"
            )


def _said(study: etree._Element, place: str) -> bool:
    found = study.findall(place)
    return any((one.text or "").strip() or len(one) for one in found)


def _place(element: etree._Element) -> str:
    return str(element.getroottree().getpath(element))
