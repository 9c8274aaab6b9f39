"""Records of ClinicalTrials.gov: what stands in them, what is missing, and what is wrong with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from entact.datasets.posted import Comparison, PostedResults
from entact.exchange.registries import clinicaltrials, problems
from entact.exchange.registries.required import LONGEST, REQUIRED
from entact.exchange.registries.xml import number
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Release, canonical

UNSAID = {
    *("id_info/org_name", "sponsors/lead_sponsor/agency", "sponsors/resp_party/resp_party_type"),
    *("oversight_info/irb_info/approval_status", "oversight_info/fda_regulated_drug"),
    *("oversight_info/fda_regulated_device", "is_ind_study", "brief_summary/textblock", "overall_status"),
    *("verification_date", "start_date", "primary_compl_date", "last_follow_up_date"),
    *("eligibility/healthy_volunteers", "overall_contact/last_name", "location/facility/name"),
}
STUDIES = sorted(map(str, (Path(__file__).parents[2] / "studies").iterdir()))
STUDIES = [one for one in STUDIES if (Path(one) / "study.yaml").exists()]


def text(raw: bytes, place: str) -> list[str]:
    return [one.text or "" for one in etree.fromstring(raw).iterfind(f"clinical_study/{place}")]


@pytest.mark.parametrize("name", [*shipped_studies(), *STUDIES], ids=lambda name: Path(name).name)
def test_a_protocol_keeps_to_the_lists_and_invents_nothing(name: str) -> None:
    record = clinicaltrials(load_study(name).newest)
    assert list(problems(record.raw)) == []
    assert set(record.missing) - UNSAID <= {"eligibility/minimum_age", "eligibility/maximum_age"}
    assert set(record.missing) >= UNSAID
    for place in UNSAID:
        assert not any(text(record.raw, place)), place
    assert b"rrs" not in record.raw  # no results, nor a place for them


def test_what_a_study_file_says_stands_in_its_place() -> None:
    release = load_study("mapp1").newest
    raw = clinicaltrials(release).raw
    said = {
        "id_info/org_study_id": ["MAPP1"],
        "acronym": ["MAPP1"],
        "brief_title": ["MDMA-assisted therapy for severe PTSD"],
        "study_design/interventional_design/phase": ["Phase 3"],
        "study_design/interventional_design/allocation": ["Randomized"],
        "study_design/interventional_design/no_masking": ["No"],
        "study_design/interventional_design/masked_assessor": ["Yes"],
        "primary_outcome/outcome_measure": ["Change of CAPS-5 total severity"],
        "enrollment": ["100"],
        "enrollment_type": ["Anticipated"],
        "arm_group/arm_type": ["Experimental", "Placebo Comparator"],
        "intervention/intervention_name": ["MDMA", "Placebo for MDMA", "Therapy"],
        "eligibility/gender": ["All"],
        "eligibility/minimum_age": ["18 Years"],
        "eligibility/maximum_age": ["N/A"],
        "oversight_info/has_dmc": ["Yes"],
    }
    assert {place: text(raw, place) for place in said} == said
    (criteria,) = text(raw, "eligibility/criteria/textblock")
    assert all(str(one.text).rstrip(".") in criteria for one in release.file.eligibility.values())
    assert len(text(raw, "location/facility/address/country")) == len(release.file.sites)


def test_of_several_populations_the_widest_limits_count() -> None:
    raw = clinicaltrials(load_study("eating-disorders").newest).raw
    assert text(raw, "eligibility/minimum_age") == ["18 Years"]  # patients from 21 to 65, carers from 18
    assert text(raw, "eligibility/maximum_age") == ["N/A"]
    assert text(raw, "eligibility/gender") == ["All"]


def test_what_is_too_long_is_left_out_and_told_and_never_cut(release: Release) -> None:
    data = {**release.data, "title": "A study " * 60}
    record = clinicaltrials(Release.from_text(canonical(data)))
    assert text(record.raw, "brief_title") == [""]
    assert text(record.raw, "official_title") == ["A study " * 60]
    ((place, said),) = record.too_long.items()
    assert (place.endswith("brief_title"), said) == (True, "it has 480 letters, and at most 300 are taken")
    assert "brief_title" in record.missing


@pytest.mark.parametrize(
    ("of", "most"),
    [
        ("outcomeMeasure/timeFrame", 255),
        ("outcomeMeasure/title", 255),
        ("reportedEvents/timeFrame", 500),
        ("flowGroup/title", 100),
        ("interventionGroup/title", 100),
        ("unitOfMeasure", 40),
        ("titleOther", 40),
        ("term", 100),
    ],
)
def test_how_long_results_may_be_is_known_of_elements_that_are_there(
    release: Release, results: PostedResults, of: str, most: int
) -> None:
    """The registry's definitions of results: the time frame of an outcome is half that of events."""
    assert LONGEST[of] == most
    assert etree.fromstring(clinicaltrials(release, results).raw).find(f".//{of}") is not None


def test_results_stand_with_their_numbers(release: Release, results: PostedResults) -> None:
    record = clinicaltrials(release, results)
    assert list(problems(record.raw)) == []
    (result,) = etree.fromstring(record.raw).iter("{http://clinicaltrials.gov/rrs}result")
    started = [int(one.text or "") for one in result.iterfind(".//startedMilestone//subjectsAchieve")]
    assert started == [one.started for one in results.flow.values()] == [3, 2]
    assert text(record.raw, "enrollment") == ["5"]
    assert text(record.raw, "enrollment_type") == ["Actual"]
    (reason,) = result.iterfind(".//dropWithdrawReason")
    assert reason.findtext("reasonType") == "Withdrawal by Subject"
    primary = result.find("outcomeMeasures/outcomeMeasure")
    assert primary is not None
    assert [one.text for one in primary.iter("parameterValue")] == ["-29", "-9"]
    assert [one.text for one in primary.iter("dispersionSpread")] == ["9.8995", "5.6569"]
    serious = result.findall(".//seriousEvent")
    assert [one.findtext("term") for one in serious] == ["Nausea"]
    assert [one.findtext("numEvents") for one in serious[0].iter("eventStats")] == ["1", "0"]
    deaths = [one.findtext("numDeaths") for one in result.iter("interventionGroup")]
    assert deaths == [str(one.deaths) for one in results.events_of.values()]
    assert text(record.raw, "start_date") == ["2026-03-10"]  # of the first enrolment
    assert set(record.missing) == UNSAID - {"start_date"} | {
        "result/certainAgreement/piSponsorEmployee",
        "result/pointOfContact/title",
        "result/reportedEvents//organSystemName",
    }


def test_simulated_numbers_say_so_where_a_registry_would_print_them(
    release: Release, results: PostedResults
) -> None:
    raw = clinicaltrials(release, results).raw
    assert text(raw, "brief_title")[0].startswith("SIMULATED DATA: ")
    assert raw.count(b"SIMULATED DATA") == 3
    assert b"SIMULATED" not in clinicaltrials(release, replace(results, simulated=False)).raw


def test_an_analysis_says_estimate_interval_p_and_whether_it_was_planned(
    release: Release, results: PostedResults
) -> None:
    one = Comparison(
        name="primary", arms=("mdma", "placebo"), method="mmrm", title="mixed model", measure="difference",
        estimate=-9.25, se=0.5, low=float("-inf"), high=-8.0, level=0.975, p=0.00003, sides=1, null=0.0,
        standing="as planned", notes="in whom",
    )  # fmt: skip
    ratio = replace(one, method="log_rank", measure="hazard ratio", null=0.8, p=0.04567, standing="", low=0.0)
    first = replace(results.outcomes[0], comparisons=(one, ratio, replace(one, method="gee", estimate=None)))
    record = clinicaltrials(release, replace(results, outcomes=(first, *results.outcomes[1:])))
    assert list(problems(record.raw)) == []
    found = [
        {element.tag: element.text for element in analysis}
        for analysis in etree.fromstring(record.raw).iter("measureAnalysis")
    ]
    assert "ciLowerLimit" not in found[0]  # the interval is open there
    said = ("ciUpperLimit", "ciNumSides", "ciPctValue", "parameterValue", "pValue", "statisticalMethod")
    assert [found[0][one] for one in said] == [
        *("-8", "1-Sided", "97.5", "-9.25", "<0.0001", "Mixed Models Analysis")
    ]
    assert found[0]["statisticalTestComment"].endswith("opened: as planned")
    kinds = ("parameterType", "statisticalTestType", "statisticalMethod", "pValue", "ciLowerLimit")
    assert [found[1][one] for one in kinds] == ["Hazard Ratio (HR)", "Other", "Log Rank", "0.0457", "0"]
    assert (found[2]["statisticalMethod"], "parameterValue" in found[2]) == ("Other", False)


def test_results_of_another_release_are_refused(release: Release, results: PostedResults) -> None:
    with pytest.raises(ValueError, match="the results are of other@"):
        clinicaltrials(release, replace(results, release="other@sha256:1"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<phase>Phase 3", b"<phase>Phase III", "'Phase III' is none of"),
        (b"<arm_type>Experimental", b"<arm_type>experimental", "'experimental' is none of"),
        (b'id="P1"', b'id="P2"', "'P2' is the id of 2 groups"),
        (b"<reportingGroupId>E1", b"<reportingGroupId>E9", "there is no group 'E9'"),
        (b"<numSubjectsAffected>2", b"<numSubjectsAffected>9", "9 people of 3 had 2 events"),
        (b"<subjectsAchieve>2", b"<subjectsAchieve>1", "started, "),
    ],
)
def test_a_wrong_record_is_named_with_its_place(
    release: Release, results: PostedResults, old: bytes, new: bytes, said: str
) -> None:
    phased = Release.from_text(canonical({**release.data, "phase": 3}))
    raw = clinicaltrials(phased, replace(results, release=phased.id)).raw
    assert old in raw
    found = list(problems(raw.replace(old, new, 1)))
    assert any(said in one for one in found), found
    assert all(one.startswith(("/", "'")) for one in found)


def test_a_number_that_is_there_never_becomes_nothing() -> None:
    assert [number(one) for one in (1.0, -29.0, 0.125, 1 / 3, 0.00002, 0.0)] == [
        *("1", "-29", "0.125", "0.3333", "2e-05", "0")
    ]


def test_every_required_place_is_one_that_can_be_said() -> None:
    assert all(what and place for place, what in REQUIRED.items())
