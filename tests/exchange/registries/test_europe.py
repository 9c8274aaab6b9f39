"""Adverse events for EudraCT, and the summary of results."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from entact.datasets.posted import PostedResults
from entact.exchange.registries import adverse_events, results_summary
from entact.protocol.release import Release

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def test_events_stand_with_their_counts(results: PostedResults) -> None:
    root = etree.fromstring(adverse_events(results))
    groups = root.findall(".//reportingGroup")
    assert [one.findtext("title") for one in groups] == list(results.arms.values())
    assert [one.findtext("subjectsExposed") for one in groups] == ["3", "2"]
    assert [one.findtext("subjectsAffectedBySeriousAdverseEvents") for one in groups] == ["1", "0"]
    assert [one.findtext("deathsResultingFromAdverseEvents") for one in groups] == ["1", "0"]
    (serious,) = root.iter("seriousAdverseEvent")
    first, second = serious.findall("values/value")
    assert (first.get("reportingGroupId"), first.findtext("occurrences")) == ("G1", "1")
    assert first.findtext("occurrencesCausallyRelatedToTreatment") == "1"
    assert first.findtext("fatalities/deathsCausallyRelatedToTreatment") == "1"
    assert second.findtext("subjectsAffected") == "0"
    (other,) = root.iter("nonSeriousAdverseEvent")
    assert other.find("values/value/fatalities") is None
    assert root.findtext("dictionary/otherName") == "Study's own list"
    assert root.find("dictionary/name").get(NIL) == "true"
    assert root.findtext("description").startswith("SIMULATED DATA")
    assert not any(event.find("organSystem") is not None for event in root.iter())  # there is no dictionary


def test_an_arm_in_which_nobody_took_a_dose_has_no_number_exposed(results: PostedResults) -> None:
    of = {arm: replace(one, at_risk=0) for arm, one in results.events_of.items()}
    root = etree.fromstring(adverse_events(replace(results, events_of=of)))
    assert {one.get(NIL) for one in root.iter("subjectsExposed")} == {"true"}


def test_a_title_that_the_schema_does_not_take_is_refused(results: PostedResults) -> None:
    with pytest.raises(ValueError, match="of 2 to 62 letters"):
        adverse_events(replace(results, arms={"mdma": "M" * 63, "placebo": "Placebo"}))


def test_the_summary_has_every_heading_and_the_same_numbers(release: Release, results: PostedResults) -> None:
    root = etree.fromstring(results_summary(release, results))
    name = {"s": "urn:entact:summary-of-results"}
    sections = root.findall("s:section", name)
    assert [one.get("letter") for one in sections] == list("ABCDEF")
    assert [one.text for one in root.iterfind(".//s:group/s:started", name)] == ["3", "2"]
    values = root.findall(".//s:endPoint[@level='primary']/s:value", name)
    assert [one.get("value") for one in values] == ["-29", "-9"]
    assert root.findtext(".//s:sponsor", namespaces=name) == "not stated"
    (left_out,) = root.iterfind(".//s:leftOut", name)
    assert left_out.get("what") == "analysis: primary"
    with pytest.raises(ValueError, match="the results are of"):
        results_summary(release, replace(results, release="other@sha256:1"))
