"""Results as Europe's registers take them: adverse events for EudraCT, and the summary for CTIS.

Source: European Medicines Agency, schema of adverse events of EudraCT results, version 1.1, against which
what is written was held; headings of the summary: Regulation (EU) 536/2014, annex IV, from memory, an
assumption. CTIS takes the summary as a document, and no schema of it is public: this one is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf
from typing import Final

from lxml import etree

from entact.datasets.posted import EventCount, EventRow, Number, Outcome, PostedResults
from entact.exchange.registries import words
from entact.exchange.registries.posted_results import NOTE, events_frame
from entact.exchange.registries.xml import NIL, add, as_bytes, number
from entact.protocol.release import Release

_EVENTS: Final = "http://eudract.ema.europa.eu/schema/clinical_trial_result/adverse_events"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SUMMARY: Final = "urn:entact:summary-of-results"
_SYSTEMATIC: Final = {
    True: "ADV_EVT_ASSESS_TYPE.systematic",
    False: "ADV_EVT_ASSESS_TYPE.non_systematic",
}
_LONGEST_TITLE: Final = 62
_LONGEST_TERM: Final = 100
UNSAID: Final = "not stated"


def adverse_events(results: PostedResults) -> bytes:
    """The adverse events of a study for EudraCT.

    Raises:
        ValueError: when the title of an arm or of a term is longer than the schema allows.
    """
    long = [title for title in results.arms.values() if not 2 <= len(title) <= _LONGEST_TITLE]
    long += [row.term for row in results.events if not 2 <= len(row.term) <= _LONGEST_TERM]
    if long:
        raise ValueError(
            f"EudraCT takes titles of arms of 2 to {_LONGEST_TITLE} letters, terms of 2 to {_LONGEST_TERM}: "
            f"{'; '.join(map(repr, long))}"
        )
    root = etree.Element(f"{{{_EVENTS}}}adverseEvents", nsmap={"aev": _EVENTS, "xsi": _XSI})
    notes = [NOTE] if results.simulated else []
    if results.unknown_seriousness:
        notes.append(
            f"Not known whether serious, and among the others: {results.unknown_seriousness} events."
        )
    add(root, "description", " ".join(notes))
    add(root, "nonSeriousEventFrequencyThreshold", number(results.threshold))
    add(root, "timeFrame", events_frame(results))
    add(add(root, "assessmentMethod"), "value", _SYSTEMATIC[False])
    dictionary = add(root, "dictionary")
    add(dictionary, "otherName", "Study's own list")
    for name in ("version", "name"):
        add(dictionary, name).set(NIL, "true")
    groups = add(root, "reportingGroups")
    ids = {arm: f"G{place}" for place, arm in enumerate(results.arms, start=1)}
    for arm, title in results.arms.items():
        of = results.events_of[arm]
        group = etree.SubElement(groups, "reportingGroup", id=ids[arm])
        add(group, "title", title)
        add(group, "description").set(NIL, "true")
        add(group, "subjectsAffectedByNonSeriousAdverseEvents", str(of.with_other))
        add(group, "subjectsAffectedBySeriousAdverseEvents", str(of.with_serious))
        exposed = add(group, "subjectsExposed")
        if of.at_risk:
            exposed.text = str(of.at_risk)
        else:
            exposed.set(NIL, "true")  # the schema has no group of nobody
        add(group, "deathsAllCauses", str(of.deaths))
        add(group, "deathsResultingFromAdverseEvents", str(of.deaths_of_events))
    for serious, name in ((False, "nonSeriousAdverseEvent"), (True, "seriousAdverseEvent")):
        several = add(root, f"{name}s")
        for row in results.events:
            if row.serious == serious:
                _event(add(several, name), row, results, ids)
    return as_bytes(root)


def _event(event: etree._Element, row: EventRow, results: PostedResults, ids: Mapping[str, str]) -> None:
    add(event, "term", row.term)
    add(add(event, "assessmentMethod"), "value", _SYSTEMATIC[row.asked])
    add(event, "dictionaryOverridden", "false")
    values = add(event, "values")
    for arm, id in ids.items():
        found, at_risk = row.arms[arm], results.events_of[arm].at_risk
        value = etree.SubElement(values, "value", reportingGroupId=id)
        add(value, "occurrences", str(found.events))
        add(value, "subjectsAffected", str(found.people))
        if at_risk:
            add(value, "subjectsExposed", str(at_risk))
        if row.serious:
            _serious(value, found)


def _serious(value: etree._Element, found: EventCount) -> None:
    add(value, "occurrencesCausallyRelatedToTreatment", str(found.related))
    deaths = add(value, "fatalities")
    add(deaths, "deaths", str(found.fatal))
    add(deaths, "deathsCausallyRelatedToTreatment", str(found.fatal_related))


def results_summary(release: Release, results: PostedResults) -> bytes:
    """The summary of results under the headings of the regulation's annex IV.

    Raises:
        ValueError: when the results are of another release.
    """
    if results.release != release.id:
        raise ValueError(f"the results are of {results.release}, the study file is {release.id}")
    root = etree.Element(f"{{{_SUMMARY}}}summary", nsmap={None: _SUMMARY})
    if results.simulated:
        add(root, "note", NOTE)
    _trial(_headed(root, "A", "Clinical trial information"), release)
    _disposition(_headed(root, "B", "Subject disposition"), results)
    baseline = _headed(root, "C", "Baseline characteristics")
    for one in results.baseline:
        _numbers(baseline, one, results, "characteristic")
    ends = _headed(root, "D", "End points")
    for one in results.outcomes:
        _numbers(ends, one, results, "endPoint", words.measured(release, one.endpoint))
    events = _headed(root, "E", "Adverse events")
    add(events, "timeFrame", events_frame(results))
    for arm, title in results.arms.items():
        of = results.events_of[arm]
        group = etree.SubElement(events, "group", title=title)
        add(group, "exposed", str(of.at_risk))
        add(group, "withSeriousEvents", str(of.with_serious))
        add(group, "withOtherListedEvents", str(of.with_other))
        add(group, "deaths", str(of.deaths))
    more = _headed(root, "F", "Additional information")
    amendment = release.file.amendment
    text = (
        "none in this release" if amendment is None else f"amends release {amendment.of}: {amendment.reason}"
    )
    add(more, "substantialModifications", text)
    add(more, "interruptions", UNSAID)
    add(more, "limitations", UNSAID)
    for what, why in results.left_out.items():
        etree.SubElement(more, "leftOut", what=what).text = why
    return as_bytes(root)


def _headed(root: etree._Element, letter: str, title: str) -> etree._Element:
    return etree.SubElement(root, "section", letter=letter, title=title)


def _trial(section: etree._Element, release: Release) -> None:
    file = release.file
    said = {
        "title": str(file.title),
        "sponsorCode": file.study.upper(),
        "version": file.release,
        "identifier": file.registry or UNSAID,
        "sponsor": UNSAID,
        "condition": str(file.condition),
        "phase": UNSAID if file.phase is None else str(file.phase),
        "investigationalProduct": "; ".join(
            f"{one.substance} {one.salt.replace('_', ' ')}" for one in file.products.values()
        ),
        "allocation": words.allocation_of(release),
        "masking": words.masking_words(release) or "open",
        "countries": ", ".join(sorted({one.country for one in file.sites.values()})) or UNSAID,
        "inclusionAndExclusion": words.criteria_words(release),
        "dates": UNSAID,
    }
    for name, text in said.items():
        add(section, name, text)


def _disposition(section: etree._Element, results: PostedResults) -> None:
    for arm, title in results.arms.items():
        of = results.flow[arm]
        group = etree.SubElement(section, "group", title=title)
        add(group, "started", str(of.started))
        for what, count in of.milestones.items():
            etree.SubElement(group, "milestone", title=what).text = str(count)
        add(group, "completed", str(of.completed))
        for why, count in of.reasons.items():
            etree.SubElement(group, "notCompleted", reason=why).text = str(count)


def _numbers(
    section: etree._Element, one: Outcome, results: PostedResults, name: str, described: str = ""
) -> None:
    element = etree.SubElement(section, name, title=one.title, unit=one.unit)
    if one.level is not None:
        element.set("level", one.level)
    if described:
        add(element, "definition", described)
    for category, arms in one.categories.items():
        for arm, title in results.arms.items():
            if arm in arms:
                _value(etree.SubElement(element, "value", group=title, category=category), arms[arm])
    for comparison in one.comparisons:
        told = etree.SubElement(element, "analysis", method=comparison.title, measure=comparison.measure)
        add(told, "notes", comparison.notes)
        for what in ("estimate", "se", "low", "high", "level", "p"):
            found = getattr(comparison, what)
            if found is not None:
                add(told, what, "open" if isinf(found) else number(found))


def _value(element: etree._Element, found: Number) -> None:
    element.set("analysed", str(found.n))
    for what in ("value", "sd"):
        one = getattr(found, what)
        if one is not None:
            element.set(what, number(one))
