"""Every shipped study: its values have sources, its gates can be passed, its visits can happen."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from entact.course.schedule import Progress, due
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.problem import StudyError
from entact.protocol.release import Release, assumptions, bars_from_production
from entact.protocol.rule import Unknown

FACTS: dict[str, str] = json.loads(Path(__file__).with_name("facts.json").read_text())
UNCONFIRMED = {fact for fact, confidence in FACTS.items() if confidence in ("memory", "mixed")}
STUDIES = shipped_studies()
FOLDER = files("entact").joinpath("studies")


@cache
def data_of(name: str) -> dict[str, Any]:
    """What a study's file says; read when a test asks, since every process of a run imports this module."""
    found: dict[str, Any] = YAML(typ="safe").load(FOLDER.joinpath(name, "study.yaml").read_text())
    return found


@pytest.fixture(scope="module", params=STUDIES)
def release(request: pytest.FixtureRequest) -> Release:
    return load_study(request.param).newest


def test_there_are_six_studies_each_in_a_folder_of_its_name() -> None:
    published = ["eating-disorders", "expanded-access", "life-threatening-illness", "mapp1", "mapp2"]
    assert [*published, "mapp3"] == STUDIES
    assert [data_of(name)["study"] for name in STUDIES] == STUDIES


def cited(data: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(data, Mapping):
        if isinstance(data.get("source"), str):
            yield where, data
        for key, value in data.items():
            yield from cited(value, f"{where}.{key}")
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from cited(value, f"{where}[{place}]")


@pytest.mark.parametrize("name", STUDIES)
def test_sources_are_known_and_what_is_unconfirmed_is_an_assumption(name: str) -> None:
    for where, block in cited(data_of(name), name):
        ids = set(re.findall(r"F\d{3}", block["source"]))
        assert ids, f"{where} names no fact"
        assert ids <= FACTS.keys(), f"{where} names a fact that does not exist"
        publications = set(re.sub(r"F\d{3}", "", block["source"]).split())
        assert publications, f"{where} names no publication"
        assert publications <= data_of(name)["sources"].keys(), where
        if ids & UNCONFIRMED:
            assert block.get("assumption"), f"{where}: {sorted(ids & UNCONFIRMED)} is not confirmed"


@pytest.mark.parametrize("name", STUDIES)
def test_every_source_that_a_file_lists_is_used(name: str) -> None:
    text = FOLDER.joinpath(name, "study.yaml").read_text()
    assert {key for key in data_of(name)["sources"] if len(re.findall(rf"\b{key}\b", text)) < 2} == set()


def blocks(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every block that decides something, and where it stands."""
    for part in (
        *(
            "populations",
            "sites",
            "arms",
            "products",
            "regimens",
            "eligibility",
            "alerts",
            "stopping",
            "holds",
        ),
        *("quotas", "reports", "tracks", "endpoints"),
    ):
        for key, block in data.get(part, {}).items():
            yield f"{part}.{key}", block
    for gate, said in data["gates"].items():
        for number, block in enumerate(said["require"]):
            yield f"gates.{gate}[{number}]", block
    for part in ("schedule", "blinding"):
        for number, block in enumerate(data[part]):
            yield f"{part}[{number}]", block
    for term, block in data["adverse_events"]["terms"].items():
        yield f"adverse_events.terms.{term}", block
    for part in ("sets", "windows", "intercurrent", "estimands", "secondary"):
        for key, block in data["analysis"].get(part, {}).items():
            if isinstance(block, Mapping):
                yield f"analysis.{part}.{key}", block


@pytest.mark.parametrize("name", STUDIES)
def test_each_value_has_a_source_or_is_an_assumption(name: str) -> None:
    silent = {where for where, block in blocks(data_of(name)) if not block.keys() & {"source", "assumption"}}
    assert silent == set()


def test_no_study_bars_from_production_while_its_limits_are_assumptions(release: Release) -> None:
    assert bars_from_production(release)
    assert len(assumptions(release)) > 50


@dataclass(frozen=True)
class Room:
    """Two therapists in a room, so long after the initial dose."""

    since: timedelta

    def present(self, role: str, /) -> int | None:
        return 2 if role == "therapist" else 0

    def given(self, part: str, /) -> bool | None:
        return part == "initial"

    def elapsed(self, part: str, /) -> timedelta | None:
        return self.since

    def doses(self) -> int | None:
        return 1


# Of somebody well: what no gate of any study minds; everything else is true.
WELL: dict[str, Any] = {
    "c_ssrs.behaviour": False,
    "c_ssrs.ideation": 0,
    "expectancy.benefit_with_mdma": 7,
    "expectancy.expected_benefit_full": 7,
    "expectancy_therapist.difference": 3,
    "vitals.systolic": 124.0,
    "vitals.diastolic": 80.0,
    "vitals.heart_rate": 80.0,
    "vitals.temperature": 36.8,
    "labs.alt": 20.0,
    "labs.bilirubin": 9.0,
    "labs.sodium": 140.0,
    "ecg.qtc": 420.0,
    "ecg.qtcf": 420.0,
    "conduct_of_therapists.boundary_crossed": False,
    "conduct_of_therapists.wants_to_talk": False,
    "pcl5.total": 40,
    "discharge_readiness.distress": 15,
    "suds.suds": 15,
    "body.weight": 55.0,
    "body.body_mass_index": 19.0,
    "body.postural_fall": False,
    "person.related_serious_events": 0,
}
HOURS = {"supplement": 1.6, "discharge": 8.1}


def well(names: frozenset[str]) -> dict[str, Any]:
    return {name: WELL.get(name, True) for name in names}


def test_somebody_well_passes_every_gate_and_nothing_known_passes_none(release: Release) -> None:
    for gate, compiled in release.gates.items():
        room = Room(timedelta(hours=HOURS.get(gate, 0)))
        for requirement in compiled.requirements:
            answer = requirement.rule.evaluate(well(requirement.rule.names), room)
            assert answer is True, (gate, requirement.rule.text)
            assert isinstance(requirement.rule.evaluate({}), Unknown)


LEAVING = {  # what has to be known before somebody is let go -> what closes the gate
    "vitals.systolic": 170.0,
    "vitals.temperature": 38.4,
    "c_ssrs.behaviour": True,
    "c_ssrs.ideation": 4,
    "discharge_readiness.participant_agrees": False,
    "discharge_readiness.first_therapist_agrees": False,
    "discharge_readiness.second_therapist_agrees": False,
    "discharge_readiness.accompanied": False,
}


def test_nobody_is_discharged_before_all_that_the_day_asks_is_there(release: Release) -> None:
    """Time, vital signs, orientation, distress, suicidality, escort, and that all agree; of this hour."""
    needs = release.gates["discharge"].requirements
    names = {name for need in needs for name in need.rule.names}
    oriented = {"discharge_readiness.oriented", "impairment.unimpaired"} & names
    distress = {"discharge_readiness.distress", "suds.suds"} & names
    assert oriented
    assert distress
    closed = LEAVING | dict.fromkeys(oriented, False) | dict.fromkeys(distress, 80)

    def holds(hours: float, **worse: Any) -> bool:
        room = Room(timedelta(hours=hours))
        return all(need.rule.evaluate(well(need.rule.names) | worse, room) is True for need in needs)

    assert holds(8.1)
    assert not holds(7.9)
    for name, value in closed.items():
        assert not holds(8.1, **{name: value}), name
    stale = {name for need in needs if need.within is None for name in need.rule.names}
    assert stale <= {"discharge_readiness.accompanied"}
    asked = {
        one.do
        for visit in release.visits.values()
        if visit.kind == "dosing"
        for one in visit.timed
        if "end" in one.at
    }
    assert {"vital_signs", "c_ssrs"} <= asked


def test_somebody_well_raises_no_alert_and_meets_no_stopping_rule(release: Release) -> None:
    for name, alert in release.alerts.items():
        assert alert.rule.evaluate(well(alert.rule.names)) is False, name
    for name, ruled in release.rules.stopping.items():
        assert ruled.rule.evaluate(well(ruled.rule.names)) is False, name


def test_a_study_without_events_is_on_no_hold(release: Release) -> None:
    for name, ruled in release.rules.holds.items():
        assert ruled.rule.evaluate(dict.fromkeys(ruled.rule.names, 0)) is False, name
        assert ruled.rule.evaluate(dict.fromkeys(ruled.rule.names, 100)) is True, name


SAE: dict[str, Any] = {
    "event.term": "nausea",
    "event.special_interest": "",
    "event.serious": True,
    "event.related": True,
    "event.expected": False,
    "event.fatal": False,
    "event.life_threatening": True,
    "event.severe": True,
}


REPORTING = [name for name in STUDIES if name != "mapp1"]


def test_every_study_but_the_oldest_says_when_safety_reports_are_due() -> None:
    assert [name for name in STUDIES if "reports" in data_of(name)] == REPORTING


@pytest.mark.parametrize("name", REPORTING)
def test_a_life_threatening_unexpected_reaction_is_reported_to_the_authority_in_seven_days(name: str) -> None:
    reports = load_study(name).newest.rules.reports
    due_within = {
        report: ruled.said.within
        for report, ruled in reports.items()
        if ruled.rule.evaluate({key: SAE[key] for key in ruled.rule.names}) is True
    }
    assert due_within["us_fatal"] == timedelta(days=7)  # 21 CFR 312.32(c)(2)
    assert due_within["us"] == timedelta(days=15)  # 21 CFR 312.32(c)(1)
    assert due_within["sponsor"] <= timedelta(days=1)
    for ruled in reports.values():
        not_serious = {key: SAE[key] for key in ruled.rule.names} | {"event.serious": False}
        assert ruled.rule.evaluate(not_serious) is False


def test_each_visit_comes_in_its_turn_for_somebody_who_misses_none(release: Release) -> None:
    """Walks through the schedule of each population and each track, every visit on its target day."""
    for population in release.file.populations:
        for track in [(), *((name,) for name in release.file.tracks)]:
            visits = release.visits_of(population, track)
            now = datetime(2026, 1, 5, 15, tzinfo=UTC)
            anchors: dict[str, Any] = {"consent": now, "washout_end": now.date()}
            while True:
                waiting = [
                    one
                    for one in due(visits, Progress(zone=UTC, anchors=anchors), now)
                    if one.status not in ("done", "missed", "not_reachable")
                ]
                if not waiting:
                    break
                ready = [one for one in waiting if one.target is not None or visits[one.visit].opens]
                assert ready, (population, track, [one.visit for one in waiting])
                first = min(ready, key=lambda one: str(one.target or now.date()))
                if first.target is not None:
                    when = first.opens or datetime(*first.target.timetuple()[:3], 15, tzinfo=UTC)
                    now = max(now, when)
                anchors[first.visit] = now
                for activity in visits[first.visit].activities:
                    if activity in ("enrolment", "randomisation", "unblinding"):
                        anchors[activity] = now
                    if activity == "dose":
                        anchors["initial"] = now
            assert anchors.keys() >= visits.keys(), (population, track, visits.keys() - anchors.keys())


def test_whoever_stops_treatment_is_still_assessed_for_the_primary_endpoint(release: Release) -> None:
    """After the first session treatment stops; the visit of the primary endpoint comes all the same."""
    at = release.file.endpoints[release.file.analysis.primary.endpoint].at
    population = next(iter(release.file.populations))
    visits = release.visits_of(population)
    begun = datetime(2026, 1, 5, 15, tzinfo=UTC)
    names = list(visits)
    first = next(place for place, name in enumerate(names) if visits[name].kind == "dosing")
    anchors: dict[str, Any] = {
        name: begun + timedelta(days=7 * n) for n, name in enumerate(names[: first + 1])
    }
    anchors |= {"consent": begun, "enrolment": begun + timedelta(days=7 * first)}
    stopped = {"treatment": anchors[names[first]] + timedelta(days=1)}
    progress = Progress(zone=UTC, anchors=anchors, stopped=stopped)
    (found,) = (one for one in due(visits, progress, stopped["treatment"]) if one.visit == at)
    assert found.status == "expected"
    assert found.target is not None


def parts(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict | list):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from parts(data[key])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(draw=st.data())
def test_no_exchange_of_parts_gives_anything_but_a_study_or_problems(
    draw: st.DataObject, tmp_path: Path
) -> None:
    """As with the small study, but among the blocks that it lacks."""
    smaller = [name for name in REPORTING if name != "mapp3"]  # has no block that these lack
    data = copy.deepcopy(data_of(draw.draw(st.sampled_from(smaller))))
    blocks = ("epochs", "tracks", "populations", "quotas", "holds", "stopping", "reports", "washout")
    more = ("unblinding", "analysis", "standards", "adverse_events", "schedule")
    for _ in range(draw.draw(st.integers(1, 3))):
        places = [place for block in (*blocks, *more) for place in parts({block: data.get(block)})]
        holder, key = draw.draw(st.sampled_from(places))
        other, place = draw.draw(st.sampled_from(places))
        if draw.draw(st.booleans()):
            holder[key] = copy.deepcopy(other[place])
        else:
            del holder[key]
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        release = load_study(path).newest
    except StudyError:
        return
    assert release.rules.reports.keys() >= release.file.reports.keys()


def test_what_is_no_name_is_no_term_of_a_checklist(tmp_path: Path) -> None:
    data = copy.deepcopy(data_of("mapp2"))
    name = next(iter(data["adverse_events"]["checklists"]))
    data["adverse_events"]["checklists"][name]["terms"][0] = "F138 crl2024"
    (tmp_path / "study.yaml").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(StudyError, match=rf"adverse_events.checklists.{name}.terms"):
        load_study(tmp_path / "study.yaml")
