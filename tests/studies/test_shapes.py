"""Shapes that a study file can say without a line of Python: each is checked, and rehearsed by a few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.analysis.analyse import analyse
from entact.analysis.plan import read_study_plan
from entact.cohort import rehearse
from entact.course import Kept, Refused, findings, fold, fold_setting, may
from entact.course.kinds.periodic import late_periodic_reports
from entact.course.state.encounter import visit_of
from entact.course.state.numbers import row_number, unit_of
from entact.datasets import analysis_frames, build
from entact.protocol import Release, StudyError, load_study, warnings
from entact.protocol.words import account
from entact.report.outcomes import outcome_table

SHAPES = Path(__file__).with_name("shapes")
NAMES = sorted(folder.name for folder in SHAPES.iterdir())
FEW = {
    "register": 1,
    "sub_studies": 9,
    "factorial": 12,
    "waiting_list": 8,
    "therapy_alone": 6,
    "couples_randomised": 12,
    "dose_finding": 8,
}


@lru_cache
def rehearsed(name: str) -> Rehearsed:
    study = load_study(SHAPES / name)
    return Rehearsed(study, rehearse(study, FEW.get(name, 4), seed=1))


def release(name: str) -> Release:
    return load_study(SHAPES / name).newest


def said(name: str) -> str:
    """What `entact show` says of a shape."""
    lines = (line for section in account(release(name)).sections for line in section.lines)
    return "\n".join(f"{line.term}: {line.text} {' '.join(line.notes)}" for line in lines)


def test_there_are_thirteen_shapes() -> None:
    assert len(NAMES) == 13


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_is_a_study_file_that_can_be_rehearsed(name: str) -> None:
    assert warnings(SHAPES / name) is not None
    trial = rehearsed(name).trial
    assert trial.findings == []
    assert trial.randomised == FEW.get(name, 4)


@pytest.mark.parametrize("name", [one for one in NAMES if one != "register"])  # of thirty years
def test_every_shape_comes_to_its_table(name: str) -> None:
    found = rehearsed(name)
    datasets = build(found.study, found.courses.values(), found.trial.allocation.arms())
    rows = {row.id for row in outcome_table(datasets).rows}
    primary = found.study.newest.file.analysis.primary
    assert any(one.startswith(f"change/{primary.endpoint}/") for one in rows), rows
    assert "disposition/treated" in rows
    if primary.contrast is not None:
        found_out = analyse(read_study_plan(datasets.book.plan), analysis_frames(datasets))["primary"]
        assert found_out.result is not None, found_out.why


def test_a_group_holds_its_sessions_in_one_room() -> None:
    assert release("group_sessions").visits["session_1"].together == (3, 6)
    assert "Together: session 1: held by 3 to 6 participants in one room" in said("group_sessions")


def refused(name: str, keep: Callable[[Kept], bool]) -> set[str]:
    """What speaks against the first dose of somebody of a shape, as the gate would say of some entries."""
    found = rehearsed(name)
    ledger, dose = next(
        (ledger, one)
        for ledger, entries in found.entries.items()
        for one in entries
        if one.kind == "dose" and one.data["part"] == "initial"
    )
    known = [one for one in found.entries[ledger] if one.seq < dose.seq and keep(one)]
    course = fold(found.study, known)
    setting = fold_setting(
        found.study, found.entries[f"study:{found.study.name}"], found.entries[f"site:{course.site}"]
    )
    at = datetime.fromisoformat(dose.occurred_at)
    answer = may("initial_dose", found.study, setting, course, by=dose.by, at=at, kit=dose.data["kit"])
    reasons = answer.reasons if isinstance(answer, Refused) else ()
    return {one.message for one in reasons if one.code.startswith("initial_dose")}


def is_other(entry: Kept) -> bool:
    return entry.kind == "presence" and entry.data["role"] == "participant"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("group_sessions", "Fewer than three or more than six participants in the room."),
        ("couple_therapy", "Not both of the couple in the room."),
    ],
)
def test_who_is_held_together_is_given_no_dose_alone(name: str, said: str) -> None:
    assert refused(name, lambda entry: True) == set()
    assert refused(name, lambda entry: not is_other(entry)) == {said}


@pytest.mark.parametrize("name", ["group_sessions", "couple_therapy"])
def test_a_dose_of_whoever_was_there_alone_is_found(name: str) -> None:
    found = rehearsed(name)
    for course in found.courses.values():
        assert "held_apart" not in {one.rule for one in findings(course, course.effective[-1].at)}
    ledger, entries = next(
        (ledger, entries) for ledger, entries in found.entries.items() if any(map(is_other, entries))
    )
    alone = fold(found.study, [one for one in entries if not is_other(one)])
    (one,) = (one for one in findings(alone, alone.effective[-1].at) if one.rule == "held_apart")
    low, high = found.study.newest.visits["session_1"].together or (0, 0)
    many = low if low == high else f"{low} to {high}"
    assert one.message == f"session_1 is held by {many} participants in one room, and 1 were there", ledger


def test_what_a_rehearsal_does_not_try_of_a_group_is_said() -> None:
    assert any("rehearsed by each alone" in one for one in rehearsed("group_sessions").trial.remarks)
    assert any(
        "a group can meet on one day is not tried" in one.message
        for one in warnings(SHAPES / "group_sessions")
    )


def test_both_of_a_couple_are_dosed_and_linked() -> None:
    courses = rehearsed("couple_therapy").courses.values()
    dosed = {course.population for course in courses if course.doses}
    assert dosed == {"patient", "partner"}
    assert any(course.links for course in courses if course.population == "partner")


def test_an_active_comparator_is_another_product_in_as_many_units() -> None:
    (regimen,) = release("active_comparator").file.regimens.values()
    assert regimen.arms["amphetamine"].product == "amphetamine_capsule"
    assert regimen.arms["amphetamine"].initial.count == regimen.initial.count
    assert "of amphetamine capsule" in said("active_comparator")


@pytest.mark.parametrize(("name", "without"), [("waiting_list", "waiting"), ("therapy_alone", "therapy")])
def test_who_is_of_an_arm_without_a_drug_has_neither_session_nor_kit_and_is_compared(
    name: str, without: str
) -> None:
    found = rehearsed(name)
    arms = found.trial.allocation.arms()
    for course in found.randomised.values():
        assert course.randomisation is not None
        is_dosed = any(one.session == "session_1" for one in course.doses)
        assert is_dosed == (arms[course.randomisation.number] != without)
        if course.told is None:  # who waited is treated later
            assert bool(course.kits) == is_dosed
        rules = {one.rule for one in findings(course, course.effective[-1].at) if one.holds}
        assert rules <= {"out_of_window", "visit_missed", "entry_late"}
    datasets = build(found.study, found.courses.values(), arms)
    people = datasets.subjects.filter(pl.col("RANDFL"))
    of_arm = people.filter(pl.col("TRT01P") == without)
    assert of_arm["SAFFL"].all()
    assert of_arm["MITTFL"].all()
    first = datasets.doses.filter(pl.col("AVISIT") == "session_1")
    assert first.join(of_arm, on="USUBJID", how="semi").is_empty()
    assert first.height == people.height - of_arm.height
    primary = analyse(read_study_plan(datasets.book.plan), analysis_frames(datasets))["primary"]
    assert primary.planned.question.pair() == ("mdma", without)
    assert primary.result is not None
    assert any(f"mdma − {without} at week 6" in row.label for row in outcome_table(datasets).rows)
    if name == "therapy_alone":
        assert of_arm["NDOSED"].sum() == 0
        (treated,) = (row for row in outcome_table(datasets).rows if row.id == "disposition/treated")
        assert treated.cells[without].text.startswith("0/")


def test_an_assignment_that_is_not_of_the_list_is_found_once_the_list_is_open() -> None:
    found = rehearsed("therapy_alone")
    arms = found.trial.allocation.arms()
    assert "assignment_contradicts" not in build(found.study, found.courses.values(), arms).findings["RULE"]
    swapped = {number: "therapy" if arm != "therapy" else "mdma" for number, arm in arms.items()}
    wrong = build(found.study, found.courses.values(), swapped).findings
    assert wrong.filter(pl.col("RULE") == "assignment_contradicts").height == len(found.randomised)


def test_a_couple_has_one_row_of_the_list_and_one_arm() -> None:
    found = rehearsed("couples_randomised")
    arms = found.trial.allocation.arms()
    couples: dict[str, list[tuple[str, str]]] = {}
    for name, course in found.randomised.items():
        assert course.randomisation is not None
        couple = unit_of(course) or name
        couples.setdefault(couple, []).append((course.randomisation.number, course.population or ""))
        assert not {one.rule for one in findings(course, course.effective[-1].at)} & {"randomised_apart"}
    assert len(couples) == 6
    for row, other in (sorted(one) for one in couples.values()):
        assert (row[1], other) == ("patient", (f"{row[0]}+2", "partner"))
    used = [row_number(number) for couple in couples.values() for number, _ in couple]
    assert {one: used.count(one) for one in used} == dict.fromkeys(list(arms)[:6], 2)
    datasets = build(found.study, found.courses.values(), arms)
    by_couple = (
        datasets.subjects.filter(pl.col("RANDFL"))
        .group_by("UNITID")
        .agg(pl.col("TRT01P").n_unique(), pl.len())
    )
    assert by_couple.select("TRT01P", "len").unique().rows() == [(1, 2)]
    assert "randomised_apart" not in datasets.findings["RULE"]
    primary = analyse(read_study_plan(datasets.book.plan), analysis_frames(datasets))["primary"]
    assert primary.result is not None
    assert "(1 | unit)" in str(primary.result)
    assert "Couple: patient and partner, 2 together, take one row of the list and get one arm" in said(
        "couples_randomised"
    )


def test_a_number_of_another_couple_is_found() -> None:
    found = rehearsed("couples_randomised")
    wrong = []
    for name, entries in found.entries.items():
        if name.startswith("participant:"):
            mixed = [
                msgspec.structs.replace(one, data={"number": "ghent-001+2"})
                if one.kind == "randomisation" and "+2" in one.data["number"]
                else one
                for one in entries
            ]
            wrong.append(fold(found.study, mixed))
    rules = build(found.study, wrong).findings.filter(pl.col("RULE") == "randomised_apart")
    assert rules.height == 5


@pytest.mark.parametrize(
    ("population", "number", "is_found"),
    [
        ("partner", "ghent-001+2", False),
        ("partner", "ghent-001+3", True),
        ("partner", "ghent-004", True),
        ("patient", "ghent-004", False),
        ("patient", "ghent-004+2", True),
    ],
)
def test_who_has_a_draw_of_their_own_is_found(population: str, number: str, is_found: bool) -> None:
    found = rehearsed("couples_randomised")
    name = next(name for name, course in found.randomised.items() if course.population == population)
    entries = [
        msgspec.structs.replace(one, data={"number": number}) if one.kind == "randomisation" else one
        for one in found.entries[name]
    ]
    course = fold(found.study, entries)
    rules = {one.rule for one in findings(course, course.effective[-1].at)}
    assert ("randomised_apart" in rules) is is_found


def test_nobody_of_a_couple_is_taken_in_where_one_is_not_eligible() -> None:
    found = rehearsed("couples_randomised")
    ready = [one for one in found.courses.values() if one.enrolment is not None and one.randomisation is None]
    for course in ready:
        assert course.status == "not_entered"
    partners = {unit_of(one) for one in found.courses.values() if one.population == "partner"}
    assert {name for name, one in found.randomised.items() if one.population == "patient"} <= partners


def test_the_arms_of_a_factorial_are_every_combination() -> None:
    factors = [arm.factors for arm in release("factorial").file.arms.values()]
    assert {(one["drug"], one["therapy"]) for one in factors} == {
        (drug, therapy) for drug in ("mdma", "placebo") for therapy in ("exposure", "support")
    }
    assert "Drug: MDMA, therapy: exposure." in said("factorial")


def test_the_factors_of_a_factorial_are_what_its_plan_compares() -> None:
    trial = rehearsed("factorial")
    datasets = build(trial.study, trial.courses.values(), trial.trial.allocation.arms())
    found = analyse(read_study_plan(datasets.book.plan), analysis_frames(datasets))
    assert {name: one.planned.question.pair() for name, one in found.items()} == {
        "primary": ("mdma", "placebo"),
        "therapy": ("exposure", "support"),
        "interaction": ("exposure less support in mdma", "exposure less support in placebo"),
        "both": ("mdma_exposure", "placebo_support"),
    }
    assert all(one.result is not None for one in found.values()), [one.why for one in found.values()]
    rows = {row.id: row.label for row in outcome_table(datasets).rows}
    assert "mdma − placebo at week 6, by ANCOVA" in rows["effect/pcl5_change/model"]
    assert "together/interaction" in rows


def test_there_is_exposure_on_the_dosing_day_and_every_day_before() -> None:
    assert [name for name, visit in release("massed_exposure").visits.items() if "exposure" in visit.do] == [
        *(f"exposure_{number}" for number in range(1, 5)),
        "session_1",
    ]


def test_another_substance_is_given_four_times_a_week_apart() -> None:
    days = [
        [dose.at.date() for dose in course.doses if dose.part == "initial"]
        for course in rehearsed("methylone").courses.values()
    ]
    whole = [one for one in days if len(one) == 4]
    assert whole
    assert all(6 <= (later - before).days <= 9 for one in whole for before, later in pairwise(one))


def test_a_register_goes_on_and_reports_every_half_year() -> None:
    assert list(release("register").visits)[-1] == "half_year_60"
    assert "every 26 weeks from the first enrolment, to the authority" in said("register")
    found = rehearsed("register")
    setting = fold_setting(found.study, found.entries["study:register"], ())
    assert setting.problems == ()
    assert len(setting.study.sent) >= 58  # of thirty years
    last = max(course.effective[-1].at for course in found.courses.values()).date()
    assert list(late_periodic_reports(found.study.newest, setting.study, last)) == []


def test_of_a_drug_that_the_model_does_not_know_it_is_said() -> None:
    (said,) = (one for one in rehearsed("methylone").trial.remarks if "does not know" in one)
    assert said.startswith(
        "the model of the drug does not know methylone: signs after a dose are those at rest"
    )
    assert not any("does not know" in one for one in rehearsed("group_sessions").trial.remarks)


def test_a_diary_becomes_a_value_of_its_endpoint() -> None:
    found = rehearsed("daily_diary")
    for course in found.randomised.values():
        (week_6,) = (one for one in course.answers.get("month", ()) if one.encounter == "week_6#1")
        zone = ZoneInfo(found.study.newest.file.sites[course.site or ""].timezone)
        today = week_6.at.astimezone(zone).date()
        days = {one.at.astimezone(zone).date(): one.values["low"] for one in course.answers["diary"]}
        last = [days.get(today - timedelta(days=back)) for back in range(1, 29)]
        known = [one for one in last if one is not None]
        assert len(known) >= 14
        assert week_6.values["low_days"] == pytest.approx(100 * sum(known) / len(known))
    datasets = build(found.study, found.courses.values(), found.trial.allocation.arms())
    rows = datasets.endpoints.filter(pl.col("PARAMCD") == "low_days", pl.col("AVISIT") == "week_6")
    assert rows.height == len(found.randomised) == 4
    assert rows["AVAL"].null_count() == 0


def test_a_sub_study_is_of_those_at_its_sites() -> None:
    seen = {
        (visit_of(encounter), course.site)
        for course in rehearsed("sub_studies").courses.values()
        for encounter in course.encounters
    }
    assert {site for visit, site in seen if visit == "blood_draw"} == {"ghent"}
    assert {site for visit, site in seen if visit == "night"} <= {"lyon", "porto"}
    assert any(visit == "session_1" and site != "ghent" for visit, site in seen)


def test_everybody_of_a_crossover_has_every_dose() -> None:
    regimens = release("dose_finding").file.regimens.values()
    for arm in release("dose_finding").file.arms:
        strengths = {one.arms.get(arm, one).initial.strength for one in regimens}
        assert strengths == {"20 mg", "40 mg", "60 mg"}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "group_sessions",
            ("together: 3 .. 6, do: [c_ssrs]}", "together: 6 .. 3, do: [c_ssrs]}"),
            "is no group: from 2 participants on, the smaller number first",
        ),
        (
            "active_comparator",
            ("product: amphetamine_capsule", "product: mdma_capsul"),
            "there is no product 'mdma_capsul'; did you mean 'mdma_capsule'?",
        ),
        (
            "active_comparator",
            (
                "product: mdma_capsule, arms: {amphetamine: {initial: 2 x 20 mg, product: amphetamine_cap"
                "sule",
                "arms: {amphetamine: {initial: 2 x 20 mg",
            ),
            "'20 mg' is a strength of mdma_capsule and of amphetamine_capsule; add `product:`",
        ),
        (
            "factorial",
            ("factors: {drug: placebo, therapy: support}", "factors: {drug: placebo, therapy: exposure}"),
            "are those of placebo_exposure too; each combination of levels is one arm",
        ),
        (
            "factorial",
            (", factors: {drug: placebo, therapy: support}", ""),
            "says no level of drug, therapy; each arm says one of each factor",
        ),
    ],
)
def test_what_contradicts_a_shape_is_refused(
    name: str, change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    text = (SHAPES / name / "study.yaml").read_text()
    assert change[0] in text
    (tmp_path / "study.yaml").write_text(text.replace(*change))
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert message in str(caught.value)
