"""The published phase 3 study as a file: it says where its values come from, and its gates can be passed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from entact.protocol.instrument import shipped_instruments
from entact.protocol.load import load_study
from entact.protocol.release import Release
from entact.protocol.rule import Unknown

FACTS: dict[str, str] = json.loads(
    Path(__file__).with_name("facts.json").read_text()
)  # fact -> how it was confirmed
UNCONFIRMED = {fact for fact, confidence in FACTS.items() if confidence in ("memory", "mixed")}

TEXT = files("entact").joinpath("studies", "mapp1", "study.yaml").read_text()
DATA: dict[str, Any] = YAML(typ="safe").load(TEXT)
INSTRUMENTS = {
    name: YAML(typ="safe").load(files("entact.protocol").joinpath("instruments", f"{name}.yaml").read_text())
    for name in shipped_instruments()
}

PUBLISHED = [  # V0 to V20 (F027)
    "screening", "preparation_1", "preparation_2", "baseline", "preparation_3",
    "session_1", "integration_1", "integration_2", "integration_3", "assessment_2",
    "session_2", "integration_4", "integration_5", "integration_6", "assessment_3",
    "session_3", "integration_7", "integration_8", "integration_9", "assessment_4", "end",
]  # fmt: skip

# What is collected of somebody well at the visits where gates are asked.
WELL: dict[str, Any] = {
    "participant.childbearing_potential": True,
    "c_ssrs.behaviour": False,
    "c_ssrs.ideation": 1,
    "pregnancy_test.negative": True,
    "drug_screen.negative": True,
    "expectancy.benefit_with_mdma": 7,
    "dosing_readiness.fasted": True,
    "dosing_readiness.medicine_limits_kept": True,
    "dosing_readiness.overnight_stay_arranged": True,
    "tolerability.tolerated": True,
    "tolerability.wanted": True,
    "safety_follow_up.free_of_psychiatric_medicines": True,
    "discharge_readiness.effects_ended": True,
    "discharge_readiness.oriented": True,
    "discharge_readiness.walks_steadily": True,
    "discharge_readiness.emotionally_stable": True,
    "discharge_readiness.distress": 15,
    "discharge_readiness.participant_agrees": True,
    "discharge_readiness.first_therapist_agrees": True,
    "discharge_readiness.second_therapist_agrees": True,
    "discharge_readiness.accompanied": True,
    "vitals.systolic": 128.0,
    "vitals.diastolic": 82.0,
    "vitals.heart_rate": 84.0,
    "vitals.temperature": 37.1,
    "ecg.qtc": 420.0,
    "labs.alt": 20.0,
    "labs.bilirubin": 9.0,
    "labs.sodium": 140.0,
}  # fmt: skip
ELAPSED = {"supplement": timedelta(minutes=95), "discharge": timedelta(hours=8, minutes=5)}
GATES = ["randomisation", "initial_dose", "supplement", "next_session", "discharge"]


@dataclass(frozen=True)
class Room:
    """Two therapists in a room, so long after the initial dose."""

    since: timedelta | None = None

    def present(self, role: str, /) -> int | None:
        return 2 if role == "therapist" else 0

    def given(self, part: str, /) -> bool | None:
        return part == "initial"

    def elapsed(self, part: str, /) -> timedelta | None:
        return self.since

    def doses(self) -> int | None:
        return 1


def room_at(gate: str) -> Room:
    return Room(ELAPSED.get(gate))


@pytest.fixture(scope="module")
def release() -> Release:
    return load_study("mapp1").newest


def cited(data: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every block with a source, and where it stands."""
    if isinstance(data, Mapping):
        if isinstance(data.get("source"), str):
            yield where, data
        for key, value in data.items():
            yield from cited(value, f"{where}.{key}")
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from cited(value, f"{where}[{place}]")


BLOCKS = [*cited(DATA, "mapp1"), *cited(INSTRUMENTS, "instruments")]


@pytest.mark.parametrize(("where", "block"), BLOCKS, ids=[where for where, _ in BLOCKS])
def test_sources_are_known_and_what_is_unconfirmed_is_an_assumption(
    where: str, block: Mapping[str, Any]
) -> None:
    ids = set(re.findall(r"F\d{3}", block["source"]))
    assert ids or block.get("assumption"), f"{where} names no fact"
    assert ids <= FACTS.keys(), f"{where} names a fact that does not exist"
    if where.startswith("mapp1"):
        publications = set(re.sub(r"F\d{3}", "", block["source"]).split())
        assert publications
        assert publications <= DATA["sources"].keys()
    if ids & UNCONFIRMED:
        assert block.get("assumption"), f"{where}: {sorted(ids & UNCONFIRMED)} is not confirmed"


def test_every_fact_kept_for_this_test_is_cited_and_every_source_is_used() -> None:
    studies = files("entact").joinpath("studies")
    kept = [entry for study in studies.iterdir() for entry in study.iterdir() if entry.name.endswith(".yaml")]
    everywhere = str(INSTRUMENTS) + "".join(entry.read_text() for entry in kept)
    assert {fact for fact in FACTS if fact not in everywhere} == set()
    assert {name for name in DATA["sources"] if len(re.findall(rf"\b{name}\b", TEXT)) < 2} == set()


@pytest.mark.parametrize("part", ["sites", "arms", "products", "regimens", "eligibility", "endpoints"])
def test_each_value_of_these_parts_says_where_it_comes_from(part: str) -> None:
    assert {name for name, block in DATA[part].items() if "source" not in block} == set()


@pytest.mark.parametrize("part", ["alerts", "forms"])
def test_each_value_of_these_parts_has_a_source_or_is_an_assumption(part: str) -> None:
    unsourced = {name for name, block in DATA[part].items() if not block.keys() & {"source", "assumption"}}
    assert unsourced <= {"participant", "index_event"}


def test_each_requirement_and_visit_and_term_has_a_source_or_is_an_assumption() -> None:
    blocks = [requirement for gate in DATA["gates"].values() for requirement in gate["require"]]
    blocks += [*DATA["schedule"], *DATA["adverse_events"]["terms"].values(), *DATA["blinding"]]
    assert [block for block in blocks if not block.keys() & {"source", "assumption"}] == []


def test_published_visits_in_order(release: Release) -> None:
    assert [name for name in release.visits if not name.startswith("call_")] == PUBLISHED
    assert len(release.visits) == 21 + 9


def test_sessions_assessments_and_contacts(release: Release) -> None:
    kinds = [visit.kind for visit in release.visits.values()]
    assert (kinds.count("preparatory"), kinds.count("dosing"), kinds.count("integration")) == (3, 3, 9)
    rated = [name for name, visit in release.visits.items() if "caps5_past_month" in visit.do]
    assert rated == ["baseline", "assessment_2", "assessment_3", "assessment_4"]
    assert all(release.visits[name].by == "rater" for name in rated)
    for session in (1, 2, 3):
        first = release.visits[f"integration_{3 * session - 2}"]
        assert first.within is not None
        assert first.within.next_morning
        after = [
            visit
            for visit in release.visits.values()
            if visit.after == f"session_{session}" and "safety_call" in visit.do
        ]
        assert len(after) == 4  # days 1, 2, 4 and 7 (F028)
    for session in (2, 3):
        within = release.visits[f"session_{session}"].within
        assert within is not None
        assert (within.earliest.days, within.latest.days) == (21, 35)  # F023


def test_doses_are_those_published_and_the_levels_look_alike(release: Release) -> None:
    levels = release.file.regimens
    milligrams = {
        name: [dose.count * int(dose.strength.split()[0]) for dose in (level.initial, level.supplement.give)]
        for name, level in levels.items()
        if level.supplement is not None
    }
    assert milligrams == {"low": [80, 40], "full": [120, 60]}  # F025
    assert (
        len(
            {
                (level.initial.count, level.supplement.give.count)
                for level in levels.values()
                if level.supplement
            }
        )
        == 1
    )
    assert [release.visits[f"session_{n}"].levels for n in (1, 2, 3)] == [
        ("low",),
        ("full", "low"),
        ("full", "low"),
    ]


def test_sites(release: Release) -> None:
    assert list(release.file.sites) == [f"{number:02d}" for number in range(1, 16)]
    countries = [site.country for site in release.file.sites.values()]
    assert {country: countries.count(country) for country in set(countries)} == {
        "US": 11,
        "CA": 2,
        "IL": 2,
    }  # F002


def test_block_sizes_are_not_in_the_file() -> None:
    assert not re.search(r"block.?size|blocks of", TEXT, re.IGNORECASE)
    assert set(DATA["randomisation"]) == {"ratio", "method", "strata", "at", "source", "assumption"}


@pytest.mark.parametrize("gate", GATES)
def test_somebody_well_passes_each_gate(release: Release, gate: str) -> None:
    for requirement in release.gates[gate].requirements:
        assert requirement.rule.evaluate(WELL, room_at(gate)) is True, requirement.otherwise


@pytest.mark.parametrize("gate", GATES)
def test_nothing_known_passes_no_requirement(release: Release, gate: str) -> None:
    for requirement in release.gates[gate].requirements:
        answer = requirement.rule.evaluate({})
        assert isinstance(answer, Unknown)
        assert answer.missing == {*requirement.rule.names, *map(str, requirement.rule.calls)}


@pytest.mark.parametrize("gate", GATES)
def test_each_thing_that_a_gate_names_can_close_it(release: Release, gate: str) -> None:
    requirements = release.gates[gate].requirements
    for name in {name for requirement in requirements for name in requirement.rule.names} - {
        "participant.childbearing_potential"
    }:
        well = WELL[name]
        bad = (
            not well
            if isinstance(well, bool)
            else -1
            if name.startswith("expectancy")
            else 100
            if isinstance(well, int)
            else 300.0
        )
        answers = [
            requirement.rule.evaluate(WELL | {name: bad}, room_at(gate)) for requirement in requirements
        ]
        assert False in answers, name


def test_who_cannot_become_pregnant_needs_no_test(release: Release) -> None:
    values = WELL | {"participant.childbearing_potential": False, "pregnancy_test.negative": None}
    assert all(
        need.rule.evaluate(values, room_at("initial_dose")) is True
        for need in release.gates["initial_dose"].requirements
    )
    assert release.alerts["pregnancy"].rule.evaluate(values) is False


def test_each_gate_has_what_it_asks_for_collected_in_time(release: Release) -> None:
    activities = {
        name: {*visit.activities, *("vitals",)} if "vital_signs" in visit.activities else {*visit.activities}
        for name, visit in release.visits.items()
    }
    sessions = ["session_1", "session_2", "session_3"]
    for gate, visits in {
        "randomisation": ["preparation_3"],
        "initial_dose": sessions,
        "supplement": sessions,
        "discharge": sessions,
        "next_session": ["integration_3", "integration_6"],
    }.items():
        asked = {name.split(".")[0] for need in release.gates[gate].requirements for name in need.rule.names}
        for visit in visits:
            assert asked - {"participant"} <= activities[visit], (gate, visit)


def test_next_session_can_use_the_last_integration_visit_however_the_windows_fall(release: Release) -> None:
    last = sum(
        (release.visits[name].within.earliest for name in ("integration_2", "integration_3")),
        timedelta(days=1),
    )  # type: ignore[union-attr]
    latest = release.visits["session_2"].within.latest  # type: ignore[union-attr]
    for requirement in release.gates["next_session"].requirements:
        assert requirement.within is not None
        assert requirement.within >= latest - last


def test_nobody_well_raises_an_alert(release: Release) -> None:
    assert {name: alert.rule.evaluate(WELL) for name, alert in release.alerts.items()} == dict.fromkeys(
        release.alerts, False
    )


@pytest.mark.parametrize(
    ("alert", "reading", "fires"),
    [
        ("blood_pressure", {"vitals.systolic": 180.0, "vitals.diastolic": None}, True),
        ("blood_pressure", {"vitals.systolic": 179.0, "vitals.diastolic": 109.0}, False),
        ("suicidality", {"c_ssrs.ideation": 4}, True),
        ("suicidality", {"c_ssrs.behaviour": True, "c_ssrs.ideation": None}, True),
        ("pregnancy", {"pregnancy_test.negative": False}, True),
        ("long_qt", {"ecg.qtc": 500.0}, True),
    ],
)
def test_alerts_at_their_limits(release: Release, alert: str, reading: dict[str, Any], fires: bool) -> None:
    assert release.alerts[alert].rule.evaluate(WELL | reading) is fires


@pytest.mark.parametrize(
    ("total", "diagnosis", "remission", "response", "change"),
    [
        (11, False, True, True, -33),
        (12, False, False, True, -32),
        (11, True, False, True, -33),
        (34, True, False, True, -10),
        (35, True, False, False, -9),
    ],
)
def test_endpoints(
    release: Release, total: int, diagnosis: bool, remission: bool, response: bool, change: int
) -> None:
    values = {
        "caps5_past_month.total": total,
        "caps5_past_month.diagnosis": diagnosis,
        "baseline.caps5_past_month.total": 44,
    }
    found = {
        name: endpoint.rule.evaluate(values)
        for name, endpoint in release.endpoints.items()
        if "caps5" in endpoint.rule.text
    }
    assert found == {
        "caps5_change": change,
        "loss_of_diagnosis": not diagnosis,
        "remission": remission,
        "response": response,
    }


@pytest.mark.parametrize(
    ("criterion", "values", "answer"),
    [
        ("severe", {"caps5_past_month.total": 35}, True),
        ("severe", {"caps5_past_month.total": 34}, False),
        ("adult", {"participant.age": 17}, False),
        ("six_months", {"participant.ptsd_duration": 0.4}, False),
        ("long_qt", {"participant.sex": "female", "ecg.qtc": 455.0}, False),
        ("long_qt", {"participant.sex": "male", "ecg.qtc": 455.0}, True),
        ("underweight", {"participant.weight": 47.9}, True),
        ("pregnant", {"participant.childbearing_potential": True, "pregnancy_test.negative": False}, True),
    ],
)
def test_criteria(release: Release, criterion: str, values: dict[str, Any], answer: bool) -> None:
    rule = release.criteria[criterion].rule
    assert rule is not None
    assert rule.evaluate(values) is answer


def test_events_of_special_interest_and_favourable_ones_are_in_the_codelist(release: Release) -> None:
    terms = release.file.adverse_events.terms
    assert {term.special_interest for term in terms.values()} == {
        None,
        "suicidality",
        "cardiac",
        "abuse potential",
    }
    assert terms["euphoric_mood"].valence == "favourable"
    published = [
        name
        for name, block in DATA["adverse_events"]["terms"].items()
        if re.search(r"F0(5[2-9]|6\d|7[01])\b", block.get("source", ""))
    ]
    assert len(published) == 20  # F052 to F071


def test_events_of_virtual_participants_are_in_the_codelist(release: Release) -> None:
    cohort = YAML(typ="safe").load(files("entact").joinpath("studies", "mapp1", "cohort.yaml").read_text())
    titles = {term.title for term in release.file.adverse_events.terms.values()}
    assert {event["term"] for event in cohort["adverse_events"]["terms"]} - titles == set()


def test_site_staff_see_no_scores_of_raters_and_raters_see_nothing_else(release: Release) -> None:
    hidden = {row.role: set(row.hidden) for row in release.file.blinding}
    assert {role for role, classes in hidden.items() if "allocation" not in classes} == {"committee"}
    for role in ("participant", "therapist", "investigator", "coordinator"):
        assert "rater_scores" in hidden[role]
    engine = {"schedule", "dosing", "adverse_events", "guesses"}
    of_forms = {form.data_class for form in release.file.forms.values()} - {"rater_scores", "rater_brief"}
    assert hidden["rater"] == {"allocation", *engine, *of_forms}
