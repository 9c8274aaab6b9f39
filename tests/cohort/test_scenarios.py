"""The scenarios that ship with the study do what they promise, in the ledgers."""

from __future__ import annotations

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse, shipped_scenario
from entact.cohort.trial import shipped_cohort
from entact.protocol import Study

pytestmark = pytest.mark.slow

SCENARIOS = sorted(path.stem for path in (shipped_cohort("mapp1").parent / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def trials(mapp1: Study) -> dict[str, Rehearsed]:
    """30 participants in each scenario, all with the same seed, so with the same draws; `""` is none."""
    made = {
        name: rehearse(mapp1, 30, seed=9, scenario=shipped_scenario("mapp1", name) if name else None)
        for name in ("", *SCENARIOS)
    }
    return {name: Rehearsed(mapp1, trial) for name, trial in made.items()}


def changes(rehearsed: Rehearsed, arm: str) -> list[float]:
    arms = rehearsed.trial.allocation.arms()
    result = []
    for course in rehearsed.randomised.values():
        rated = (
            course.forms.get(("caps5_past_month", f"{visit}#1")) for visit in ("baseline", "assessment_4")
        )
        first, last = (None if answers is None else answers.values["total"] for answers in rated)
        if arms[course.randomisation.number] == arm and first is not None and last is not None:
            result.append(last - first)
    return result


def effect(rehearsed: Rehearsed) -> float:
    active, control = changes(rehearsed, "mdma"), changes(rehearsed, "placebo")
    return sum(active) / len(active) - sum(control) / len(control)


def test_every_scenario_randomises_as_many_and_keeps_its_chains(trials: dict[str, Rehearsed]) -> None:
    assert {"no_effect", "effect_through_guess", "higher_dropout", "one_bad_site"} <= set(trials)
    for name, rehearsed in trials.items():
        assert len(rehearsed.randomised) == 30, name
        assert rehearsed.trial.parameters.scenario == (name or None)


def test_without_effect_the_active_arm_improves_less_than_with_it(trials: dict[str, Rehearsed]) -> None:
    """Same draws: what differs is the scenario alone."""
    assert effect(trials[""]) < effect(trials["no_effect"]) - 3.0
    control = [changes(trials[name], "placebo") for name in ("", "no_effect")]
    assert abs(sum(control[0]) / len(control[0]) - sum(control[1]) / len(control[1])) < 4.0


def test_an_effect_through_the_guess_is_there_though_the_drug_does_nothing(
    trials: dict[str, Rehearsed],
) -> None:
    assert effect(trials["effect_through_guess"]) < effect(trials["no_effect"]) - 2.0


def test_more_stop_where_drop_out_is_higher(trials: dict[str, Rehearsed]) -> None:
    stopped = {
        name: sum("treatment" in course.discontinued for course in trials[name].randomised.values())
        for name in ("", "higher_dropout")
    }
    assert stopped["higher_dropout"] > stopped[""]


def test_the_bad_site_misses_mistypes_and_leaves_out(trials: dict[str, Rehearsed]) -> None:
    def conduct(rehearsed: Rehearsed, bad: bool) -> tuple[float, float]:
        """Missed visits and recorded events for each participant."""
        courses = [one for one in rehearsed.randomised.values() if (one.site == "08") == bad]
        missed = sum(one.status == "missed" for course in courses for one in course.encounters.values())
        return missed / len(courses), sum(len(course.adverse_events) for course in courses) / len(courses)

    at_bad, elsewhere = conduct(trials["one_bad_site"], True), conduct(trials["one_bad_site"], False)
    assert at_bad[0] > elsewhere[0]
    assert at_bad[1] < 0.7 * elsewhere[1]
    favourable = [
        event
        for course in trials["one_bad_site"].randomised.values()
        for event in course.adverse_events.values()
        if event.valence == "favourable" and course.site == "08"
    ]
    assert favourable == []
