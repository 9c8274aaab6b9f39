"""A plan that cannot answer: endpoints, strata, doses, analysis sets, windows, estimands, models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study

END = "psychosis: {kind: exclusion, text: A psychotic disorder}\n"
SETS = 'sets: {mitt: "Randomised, dosed, and rated at least once after the dose"}\n'
FULL = "full: {initial: 2 x 60 mg, supplement: {give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}}"
PRIMARY = 'method: ancova, fixed: "arm + baseline + site"'


def full(arms: str) -> str:
    return f"{FULL[:-1]}, arms: {arms}}}"


def plan(more: str) -> str:
    return f"{SETS}  {more}\n"


LOOK = "interim: {information: 0.6, alpha: 0.0001, decides: sample size}"


def look(said: str) -> str:
    return f"interim: {{{said}, decides: sample size}}"


CASES = {
    "looks that do not rise": (
        LOOK,
        look("§information: [0.75, 0.5], spending: pocock"),
        "analysis.interim.information: the looks have to rise, and 0.75, 0.5 do not; write them in order",
    ),
    "a look without what it spends": (
        LOOK,
        "§interim: {information: 0.6, decides: sample size}",
        "analysis.interim: says not what is spent; write 'alpha: 0.0001' for each look, or 'spending: "
        "obrien_fleming'",
    ),
    "a look that spends twice": (
        LOOK,
        look("information: 0.6, §alpha: 0.0001, spending: pocock"),
        "analysis.interim.alpha: is said by 'spending' too; take one of them out",
    ),
    "less spent than looked": (
        LOOK,
        look("information: [0.5, 0.75], alpha: §0.0001"),
        "analysis.interim.alpha: 0.0001 for looks at 0.5, 0.75; write one for each",
    ),
    "an unknown way to spend": (
        LOOK,
        look("information: 0.6, spending: §obrien_flemming"),
        "analysis.interim.spending: there is no way to spend 'obrien_flemming'; did you mean "
        "'obrien_fleming'?",
    ),
    "a way to spend without its parameter": (
        LOOK,
        look("information: 0.6, spending: §kim_demets"),
        "analysis.interim.spending: kim_demets has a parameter; write '{kim_demets: 3}'",
    ),
    "a way to spend with a parameter too many": (
        LOOK,
        look("information: 0.6, §spending: {pocock: 3}"),
        "analysis.interim.spending: pocock has no parameter; write 'pocock' alone",
    ),
    "a parameter beyond its limits": (
        LOOK,
        look("information: 0.6, §spending: {kim_demets: -1}"),
        "analysis.interim.spending: -1 is outside 0.01 to 100; write '{kim_demets: 3}'",
    ),
    "a parameter in words": (
        LOOK,
        look("information: 0.6, §spending: {kim_demets: three}"),
        "analysis.interim.spending: 'three' is no parameter of kim_demets; write a number, as in "
        "'kim_demets: 3'",
    ),
    "a share beyond the whole": (
        LOOK,
        look("information: §60, alpha: 0.0001"),
        "analysis.interim.information: 60 is no share: it lies above 0 and below 1, as in 0.6",
    ),
    "a boundary for futility": (
        LOOK,
        look("information: 0.6, spending: pocock, futility: §haybittle_peto"),
        "analysis.interim.futility: there is no way to spend 'haybittle_peto'; write one of: "
        "hwang_shih_decani, kim_demets, obrien_fleming, pocock",
    ),
    "a bound of futility in quotes": (
        LOOK,
        look("information: 0.6, spending: pocock, §futility: ['0.5']"),
        "analysis.interim.futility: '0.5' is not a number; write Z below which the trial stops, as in [0.0]",
    ),
    "a bound of futility that is a yes": (
        LOOK,
        look("information: 0.6, spending: pocock, §futility: [true]"),
        "analysis.interim.futility: True is not a number; write Z below which the trial stops, as in [0.0]",
    ),
    "a parameter of spending in quotes": (
        LOOK,
        look("information: 0.6, §spending: {kim_demets: '3'}"),
        "analysis.interim.spending: '3' is no parameter of kim_demets; write a number, as in 'kim_demets: 3'",
    ),
    "bounds of futility for other looks": (
        LOOK,
        look("information: 0.6, spending: pocock, §futility: [0.0, 0.5]"),
        "analysis.interim.futility: 0, 0.5 for looks at 0.6; write one for each",
    ),
    "nothing to bind": (
        LOOK,
        look("information: 0.6, spending: pocock, binding: §true"),
        "analysis.interim.binding: there is no futility to bind; add 'futility', or take it out",
    ),
    "no fallback for an endpoint": (
        'remission: {value: "!symptoms.diagnosis && symptoms.total <= 11", at: outcome}',
        'remission: {value: "!symptoms.diagnosis && symptoms.total <= 11", at: outcome}\n'
        "  calm: {value: suicidality.ideation, at: §integration_2}",
        "endpoints.calm.at: integration_2 is counted from integration_1 and has no fallback: whoever stops "
        "treatment would not be assessed; give it an `or:`, as in 'baseline + 18 wk'",
    ),
    "an endpoint that nothing measures": (
        'value: "!symptoms.diagnosis && symptoms.total <= 11"',
        "value: §1 < 2",
        "endpoints.remission.value: nothing measures this endpoint: it names no item of a form",
    ),
    "a stratum that is a number": (
        "strata: [site]",
        "strata: [site, §demographics.age]",
        "randomisation.strata[2]: has the type integer, and a stratum is one of a few codes; name a choice",
    ),
    "a stratum recorded too late": (
        "strata: [site]",
        "strata: [site, §readiness.escort]",
        "randomisation.strata[2]: nobody records it before randomisation; add 'readiness' to the `do:` of "
        "a visit up to then",
    ),
    "more units in one arm": (
        FULL,
        full("{placebo: {initial: §3 x 40 mg, supplement: 1 x 40 mg}}"),
        "regimens.full.arms.placebo.initial: 3 units, and 2 in other arms, would unblind; "
        "write 2 x another strength",
    ),
    "half a unit in one arm": (
        FULL,
        full("{placebo: {initial: §1.5 x 40 mg, supplement: 1 x 40 mg}}"),
        "regimens.full.arms.placebo.initial: '1.5 x 40 mg' is not a dose in whole units; write it as "
        "'2 x 40 mg'",
    ),
    "a strength that no product has in one arm": (
        FULL,
        full("{placebo: {initial: 2 x 40 mg, supplement: §1 x 20 mg}}"),
        "regimens.full.arms.placebo.supplement: no product has the strength '20 mg'; there are 40 mg, 60 mg: "
        "choose one, or add it to the product's `strengths:`",
    ),
    "a supplement in one arm alone": (
        FULL,
        full("{§placebo: {initial: 2 x 40 mg}}"),
        "regimens.full.arms.placebo: a level has a supplement in every arm or in none; write it in both, or "
        "take it out",
    ),
    "another supplement in one arm": (
        FULL,
        full("{placebo: {initial: 2 x 40 mg, supplement: §2 x 40 mg}}"),
        "regimens.full.arms.placebo.supplement: 2 units, and 1 in other arms, would unblind; "
        "write 1 x another strength",
    ),
    "a dose of no arm": (
        FULL,
        full("{§placbo: {initial: 2 x 40 mg, supplement: 1 x 40 mg}}"),
        "regimens.full.arms.placbo: there is no arm 'placbo'; did you mean 'placebo'?",
    ),
    "a set of whom nobody knows": (
        SETS,
        f"{SETS[:-2]}, §completers: All who came}}\n",
        "analysis.sets.completers: who belongs to 'completers' is not said as a rule; write 'completers: "
        "{text: …, rule: …}' (without one: itt, mitt, per_protocol, randomised, safety)",
    ),
    "a rule of a set": (
        SETS,
        f"{SETS[:-2]}, dosed: {{text: Dosed, rule: §person.dose >= 1}}}}\n",
        "analysis.sets.dosed.rule: unknown name 'person.dose'; did you mean 'person.doses'?",
    ),
    "a rule of a set about an unknown visit": (
        SETS,
        f"{SETS[:-2]}, rated: {{text: Rated, rule: §screening.symptoms.total >= 1}}}}\n",
        "analysis.sets.rated.rule: 'symptoms' is not filled at screening; add it to its `do:`, or choose "
        "another visit",
    ),
    "an effect": (
        PRIMARY,
        'method: ancova, fixed: "arm + §basline + site"',
        "analysis.primary.fixed: there is no effect 'basline'; did you mean 'baseline'?",
    ),
    "a method": (
        PRIMARY,
        'method: §mrmm, fixed: "arm + baseline + site"',
        "analysis.primary.method: there is no method 'mrmm'; did you mean 'mmrm'?",
    ),
    "a covariance": (
        PRIMARY,
        f"{PRIMARY}, covariance: §unstructred".replace("ancova", "mmrm"),
        "analysis.primary.covariance: there is no covariance 'unstructred'; did you mean 'unstructured'?",
    ),
    "degrees of freedom": (
        PRIMARY,
        f"{PRIMARY}, df: §kenward".replace("ancova", "mmrm"),
        "analysis.primary.df: there is no method for degrees of freedom 'kenward'; "
        "did you mean 'kenward_roger'?",
    ),
    "a window of no visit": (
        SETS,
        plan("windows: {late: {visit: §outcomes, after: baseline, within: 30 .. 60 d}}"),
        "analysis.windows.late.visit: there is no visit 'outcomes'; did you mean 'outcome'?",
    ),
    "a window after nothing": (
        SETS,
        plan("windows: {late: {visit: outcome, after: §base, within: 30 .. 60 d}}"),
        "analysis.windows.late.after: there is no visit 'base'; did you mean 'baseline'?",
    ),
    "a window that contradicts that of the visit": (
        SETS,
        plan("windows: {late: {visit: outcome, after: session_1, within: §35 .. 60 d}}"),
        "analysis.windows.late.within: contradicts the window of outcome: no day lies in both; change one of "
        "them",
    ),
    "windows that overlap": (
        SETS,
        plan(
            "windows: {early: {visit: outcome, after: baseline, within: 20 .. 40 d}, "
            "late: {visit: outcome, after: baseline, within: §40 .. 60 d}}"
        ),
        "analysis.windows.late.within: overlaps with that of early: an assessment would count twice; "
        "change one",
    ),
    "windows that overlap, the later one first": (
        SETS,
        plan(
            "windows: {late: {visit: outcome, after: baseline, within: 40 .. 60 d}, "
            "early: {visit: outcome, after: baseline, within: §20 .. 40 d}}"
        ),
        "analysis.windows.early.within: overlaps with that of late: an assessment would count twice; "
        "change one",
    ),
    "one event under two names": (
        SETS,
        plan(
            "intercurrent: {stopped: {title: Stopped, on: treatment_stopped}, "
            "separated: {title: Separated, on: §treatment_stopped}}"
        ),
        "analysis.intercurrent.separated.on: is what 'stopped' is, and would be dealt with in two ways; take "
        "one of them out",
    ),
    "an intercurrent event of another kind": (
        SETS,
        plan("intercurrent: {stopped: {title: Stopped, on: §treatment_stop}}"),
        "analysis.intercurrent.stopped.on: there is no value 'treatment_stop'; did you mean "
        "'treatment_stopped'?",
    ),
    "classes of what is no medicine": (
        SETS,
        plan("intercurrent: {died: {title: Died, on: died, §classes: [ssri]}}"),
        "analysis.intercurrent.died.classes: belongs to 'on: medicine_begun'; take it out",
    ),
    "a class of medicines": (
        SETS,
        plan("intercurrent: {medicine: {title: Begun, on: medicine_begun, classes: [§ssris]}}"),
        "analysis.intercurrent.medicine.classes[1]: there is no class of medicines 'ssris'; did you "
        "mean 'ssri'?",
    ),
    "a strategy for no event": (
        SETS,
        plan("estimands: {de_jure: {title: As assigned, strategies: {§stopped: hypothetical}}}"),
        "analysis.estimands.de_jure.strategies.stopped: there is no intercurrent event 'stopped'; the study "
        "has none",
    ),
    "another strategy": (
        SETS,
        plan(
            "intercurrent: {stopped: {title: Stopped, on: treatment_stopped}}\n"
            "  estimands: {de_jure: {title: As assigned, strategies: {stopped: §hypothetic}}}"
        ),
        "analysis.estimands.de_jure.strategies.stopped: there is no value 'hypothetic'; did you mean "
        "'hypothetical'?",
    ),
    "an event without a strategy": (
        SETS,
        plan(
            "intercurrent: {stopped: {title: Stopped, on: treatment_stopped}, died: {title: Died, "
            "on: died}}\n"
            "  estimands: {de_jure: {title: A, strategies: {stopped: hypothetical, died: composite}}, "
            "other: {title: B, §strategies: {died: composite}}}"
        ),
        "analysis.estimands.other.strategies: has no strategy for 'stopped'; write one, as in "
        "'treatment_policy'",
    ),
    "an event that no estimand heeds": (
        SETS,
        plan(
            "intercurrent: {§stopped: {title: Stopped, on: treatment_stopped}}\n"
            "  estimands: {de_jure: {title: A, strategies: {}}}"
        ),
        "analysis.intercurrent.stopped: no estimand has a strategy for it; add one, or take it out",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_names_the_place(case: str, edit_gives: Callable[[str, str, str], None]) -> None:
    edit_gives(*CASES[case])


def test_an_analysis_names_an_estimand_of_the_plan(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(SETS, plan("estimands: {de_facto: {title: Whatever happened, strategies: {}}}"))
    (found,) = problems_of(text)
    assert found.endswith(
        " analysis.primary.estimand: there is no estimand 'de_jure'; write one of: de_facto"
    )


def test_the_same_number_of_units_of_another_strength_is_a_dose(mini: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    arms = "{placebo: {initial: 2 x 40 mg, supplement: 1 x 40 mg}}"
    path.write_text(mini.replace(FULL, full(arms)), encoding="utf-8")
    level = load_study(path).newest.file.regimens["full"]
    assert str(level.arms["placebo"].initial.strength) == "40 mg"


@pytest.mark.parametrize("first", ["20 .. 39 d", "40 .. 60 d"])
def test_windows_that_follow_each_other_in_any_order_are_no_contradiction(
    first: str, mini: str, tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    second = {"20 .. 39 d": "40 .. 60 d", "40 .. 60 d": "20 .. 39 d"}[first]
    windows = (
        f"windows: {{one: {{visit: outcome, after: baseline, within: {first}}}, "
        f"other: {{visit: outcome, after: baseline, within: {second}}}}}"
    )
    path.write_text(mini.replace(SETS, plan(windows)), encoding="utf-8")
    assert list(load_study(path).newest.file.analysis.windows) == ["one", "other"]


@pytest.mark.parametrize("visit", ["preparation_1", "closing"])
def test_an_endpoint_that_no_stop_of_treatment_takes_away_needs_no_fallback(
    visit: str, mini: str, tmp_path: Path
) -> None:
    # One is counted from the consent, the other from a visit that has a fallback itself.
    path = tmp_path / "study.yaml"
    calm = f"calm: {{value: suicidality.ideation, at: {visit}}}"
    path.write_text(mini.replace("endpoints:\n", f"endpoints:\n  {calm}\n"), encoding="utf-8")
    assert load_study(path).newest.file.endpoints["calm"].at == visit
