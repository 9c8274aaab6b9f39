"""The results section of a record of ClinicalTrials.gov."""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf
from typing import Final

from lxml import etree

from entact.datasets.posted import Comparison, EventRow, Number, Outcome, PostedResults
from entact.exchange.registries import words
from entact.exchange.registries.xml import add, number, say
from entact.protocol.release import Release

_REASONS: Final = {
    "death": "Death",
    "adverse event": "Adverse Event",
    "lost to follow up": "Lost to Follow-up",
    "pregnancy": "Pregnancy",
    "protocol deviation": "Protocol Violation",
    "investigator decision": "Physician Decision",
    "physician decision": "Physician Decision",
    "participant choice": "Withdrawal by Subject",
    "withdrawal by subject": "Withdrawal by Subject",
    "lack of efficacy": "Lack of Efficacy",
}
NOTE: Final = "SIMULATED DATA: no person stands behind these numbers."
_LEVELS: Final = {"primary": "Primary", "secondary": "Secondary", "other": "Other Pre-specified"}
_PARAMETERS: Final = {"mean": "Mean", "median": "Median", "participants": "Count of Participants"}
_METHODS: Final = {
    "mmrm": "Mixed Models Analysis",
    "random_effects": "Mixed Models Analysis",
    "ancova": "ANCOVA",
    "t_test": "t-test, 2 sided",
    "fisher": "Fisher Exact",
    "cmh": "Cochran-Mantel-Haenszel",
    "log_rank": "Log Rank",
    "rank_sum": "Wilcoxon (Mann-Whitney)",
    "cox": "Regression, Cox",
}
_MEASURES: Final = (
    ("risk difference", "Risk Difference (RD)"),
    ("risk ratio", "Risk Ratio (RR)"),
    ("odds ratio", "Odds Ratio (OR)"),
    ("hazard ratio", "Hazard Ratio (HR)"),
)
_MEAN_METHODS: Final = ("mmrm", "ancova", "t_test", "random_effects", "standardised_linear", "imputed")


def add_results(result: etree._Element, release: Release, results: PostedResults) -> None:
    """Adds flow, baseline, outcome measures with their analyses, and events."""
    _baseline(result, results)
    if results.simulated:
        add(add(result, "limitationsAndCaveats"), "description", NOTE)
    measures = add(result, "outcomeMeasures")
    for place, one in enumerate(results.outcomes, start=1):
        _outcome(measures, release, results, one, f"O{place}")
    _flow(result, release, results)
    _events(result, results)


def _group(parent: etree._Element, name: str, id: str, title: str, n: int | None) -> None:
    one = etree.SubElement(parent, name, id=id)
    if n is not None:
        add(one, "subjectsAnalyzed", str(n))
    add(one, "title", title)


def _baseline(result: etree._Element, results: PostedResults) -> None:
    baseline = add(result, "baseline")
    measures = add(baseline, "baselineMeasures")
    for one in results.baseline:
        _measure(add(measures, "baselineMeasure"), one, results, "B")
        other = one.endpoint not in ("age", "sex")
        measure = measures[-1]
        add(measure, "title", "Study Specific Characteristic" if other else one.title)
        add(measure, "unitOfMeasure", one.unit)
        if other:
            add(measure, "otherTitle", one.title)
    groups = add(baseline, "baselineReportingGroups")
    for place, (arm, title) in enumerate(results.arms.items(), start=1):
        _group(groups, "baselineReportingGroup", f"B{place}", title, results.flow[arm].started)


def _measure(measure: etree._Element, one: Outcome, results: PostedResults, id: str) -> None:
    """What every measure begins with: how its numbers spread, and the numbers."""
    has_spread = one.parameter == "mean"
    add(measure, "dispersionType", "Standard Deviation" if has_spread else "Not Applicable")
    row = add(add(measure, "measureRows"), "measureRow")
    values = add(row, "reportedValues")
    for place, arm in enumerate(results.arms, start=1):
        value = add(values, "reportedValue")
        add(value, "reportingGroupId", f"{id}{place}")
        entries = add(value, "reportedEntries")
        known: Mapping[str, Number | None] = {title: arms.get(arm) for title, arms in one.categories.items()}
        for title, found in known.items():
            entry = add(entries, "reportedEntry")
            say(entry, "catName", title)
            _entry(entry, found)
        analysed = max((found.n for found in known.values() if found is not None), default=0)
        add(value, "subjectsAnalyzed", str(analysed))
    add(measure, "parameterType", _PARAMETERS[one.parameter])
    say(measure, "populationAnalysisDescription", one.population)


def _entry(entry: etree._Element, found: Number | None) -> None:
    if found is None or found.value is None:
        add(entry, "naComment", "Nobody of this group has a known value")
        add(entry, "parameterValue", "NA")
        return
    if found.sd is not None:
        add(entry, "dispersionSpread", number(found.sd))
    add(entry, "parameterValue", number(found.value))


def _outcome(
    measures: etree._Element, release: Release, results: PostedResults, one: Outcome, id: str
) -> None:
    measure = add(measures, "outcomeMeasure")
    _measure(measure, one, results, f"{id}G")
    described = etree.Element("measureDescription")
    described.text = words.measured(release, one.endpoint)
    measure.insert(2, described)
    add(measure, "timeFrame", words.time_frame(release, release.file.endpoints[one.endpoint].at))
    add(measure, "title", one.title)
    add(measure, "unitOfMeasure", one.unit)
    add(measure, "measureType", _LEVELS[one.level or "other"])
    analyses = add(measure, "outcomeMeasureAnalyses")
    ids = {arm: f"{id}G{place}" for place, arm in enumerate(results.arms, start=1)}
    for comparison in one.comparisons:
        _analysis(analyses, comparison, ids)
    groups = add(measure, "outcomeReportingGroups")
    for arm, title in results.arms.items():
        known = [arms[arm].n for arms in one.categories.values() if arm in arms]
        _group(groups, "outcomeReportingGroup", ids[arm], title, max(known, default=0))


def _analysis(analyses: etree._Element, one: Comparison, ids: Mapping[str, str]) -> None:
    analysis = add(analyses, "measureAnalysis")
    groups = add(analysis, "outcomeReportingGroups")
    for arm in one.arms:
        if arm in ids:
            add(groups, "outcomeReportingGroupId", ids[arm])
    low, high = _end(one.low), _end(one.high)
    if low or high:
        say(analysis, "ciLowerLimit", low)
        add(analysis, "ciNumSides", "2-Sided" if one.sides == 2 else "1-Sided")
        add(analysis, "ciPctValue", number(100 * one.level))
        say(analysis, "ciUpperLimit", high)
    if one.se is not None:
        add(analysis, "dispersionType", "Standard Error of the Mean")
        add(analysis, "dispersionValue", number(one.se))
    add(analysis, "estimateComment", one.notes)
    known = _METHODS.get(one.method)
    say(analysis, "otherMethodName", None if known else one.title)
    kind = _kind(one)
    say(analysis, "otherTypeName", one.measure if kind == "Other" else None)
    add(analysis, "parameterType", kind)
    if one.estimate is not None:
        add(analysis, "parameterValue", number(one.estimate))
    if one.p is not None:
        add(analysis, "pValue", "<0.0001" if one.p < 0.0001 else number(one.p))
    add(analysis, "statisticalMethod", known or "Other")
    standing = (
        f"By the plan that was committed before arms were opened: {one.standing}" if one.standing else ""
    )
    say(analysis, "statisticalTestComment", standing)
    add(analysis, "statisticalTestType", "Superiority" if one.null in (None, 0, 1) else "Other")


def _end(end: float | None) -> str | None:
    """An end of an interval; one that is open has no number."""
    return None if end is None or isinf(end) else number(end)


def _kind(one: Comparison) -> str:
    for text, kind in _MEASURES:
        if text in one.measure:
            return kind
    return "Mean Difference (Net)" if one.method in _MEAN_METHODS else "Other"


def _flow(result: etree._Element, release: Release, results: PostedResults) -> None:
    flow = add(result, "participantFlow")
    groups = add(flow, "participantFlowGroups")
    ids = {arm: f"P{place}" for place, arm in enumerate(results.arms, start=1)}
    for arm, title in results.arms.items():
        group = etree.SubElement(groups, "flowGroup", id=ids[arm])
        if arm in release.file.arms:
            add(group, "description", words.arm_words(release, arm))
        add(group, "title", title)
    period = add(add(flow, "periods"), "period")
    _milestone(period, "completedMilestone", {ids[arm]: results.flow[arm].completed for arm in ids})
    reasons = add(period, "dropWithdrawReasons")
    for text in dict.fromkeys(reason for arm in ids for reason in results.flow[arm].reasons):
        reason = add(reasons, "dropWithdrawReason")
        details = add(reason, "dropWithdrawReasonDetails")
        for arm, id in ids.items():
            detail = add(details, "reasonDetail")
            add(detail, "reportingGroupId", id)
            add(detail, "subjectsAffected", str(results.flow[arm].reasons.get(text, 0)))
        known = _REASONS.get(text)
        say(reason, "otherReasonName", None if known else text)
        add(reason, "reasonType", known or "Other")
    milestones = add(period, "milestones")
    for title in dict.fromkeys(one for arm in ids for one in results.flow[arm].milestones):
        reached = {ids[arm]: results.flow[arm].milestones.get(title, 0) for arm in ids}
        add(_milestone(milestones, "milestone", reached), "titleOther", title)
    _milestone(period, "startedMilestone", {ids[arm]: results.flow[arm].started for arm in ids})
    add(period, "title", "Overall Study")


def _milestone(parent: etree._Element, name: str, reached: Mapping[str, int]) -> etree._Element:
    one = add(parent, name)
    achieved = add(one, "milestoneAchievements")
    for id, count in reached.items():
        row = add(achieved, "milestoneAchievement")
        add(row, "reportingGroupId", id)
        add(row, "subjectsAchieve", str(count))
    return one


def events_frame(results: PostedResults) -> str:
    """Which events count."""
    return (
        "From the first dose on: treatment-emergent events; other than serious ones where more than "
        f"{results.threshold:g} % had them in any arm"
    )


def _events(result: etree._Element, results: PostedResults) -> None:
    events = add(result, "reportedEvents")
    add(events, "assessmentType", "Non-systematic Assessment")
    add(events, "frequencyReportingThreshold", number(results.threshold))
    ids = {arm: f"E{place}" for place, arm in enumerate(results.arms, start=1)}
    listed = [row for row in results.events if not row.serious]
    _rows(add(events, "frequentAdverseEvents"), "frequentEvent", listed, results, ids)
    groups = add(events, "interventionGroups")
    for arm, title in results.arms.items():
        of = results.events_of[arm]
        group = etree.SubElement(groups, "interventionGroup", id=ids[arm])
        add(group, "numDeaths", str(of.deaths))
        add(group, "numSubjectsFrequentEvents", str(of.with_other))
        add(group, "numSubjectsSeriousEvents", str(of.with_serious))
        add(group, "partAtRiskAllCauseMort", str(of.started))
        add(group, "partAtRiskFrequentEvents", str(of.at_risk))
        add(group, "partAtRiskSeriousEvents", str(of.at_risk))
        add(group, "title", title)
    notes = []
    if results.unknown_seriousness:
        notes.append(
            f"Of {results.unknown_seriousness} events it is not known whether they are serious; "
            "they are among the others."
        )
    say(events, "notes", " ".join(notes))
    serious = [row for row in results.events if row.serious]
    _rows(add(events, "seriousAdverseEvents"), "seriousEvent", serious, results, ids)
    add(events, "timeFrame", events_frame(results))


def _rows(
    parent: etree._Element, name: str, rows: list[EventRow], results: PostedResults, ids: Mapping[str, str]
) -> None:
    for row in rows:
        event = add(parent, name)
        stats = add(event, "adverseEventStats")
        for arm, id in ids.items():
            one = add(stats, "eventStats")
            add(one, "reportingGroupId", id)
            add(one, "numEvents", str(row.arms[arm].events))
            add(one, "numSubjectsAffected", str(row.arms[arm].people))
            add(one, "numSubjects", str(results.events_of[arm].at_risk))
        add(event, "assessmentType", "Systematic Assessment" if row.asked else "Non-systematic Assessment")
        add(event, "term", row.term)
