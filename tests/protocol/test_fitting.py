# ruff: noqa: E501 (cases as they stand in a file)
"""Whether the plan can be fitted to what the schedule measures: what is said where it cannot.

Each case is one edit of the small study, whose plan is an analysis of covariance. `§` marks the place that the
problem must name, and is taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import StudyError, load_study, shipped_studies
from entact.protocol.fitting import measured_at
from entact.protocol.method_check import EVERY
from entact.protocol.methods import method_words
from entact.protocol.study import Analysis
from entact.protocol.template import new_study_file

PRIMARY = 'set: mitt, method: ancova, fixed: "arm + baseline + site", contrast: mdma - placebo at outcome'
CHANGE = 'value: "symptoms.total - baseline.symptoms.total", at: outcome'
ENDPOINT = "endpoint: change, estimand"


def primary(said: str) -> str:
    return f"set: mitt, {said}"


CASES = {
    "two visits for a mixed model": (
        PRIMARY,
        primary('method: §mmrm, fixed: "arm * visit + baseline + site", contrast: mdma - placebo at outcome'),
        "analysis.primary.method: a model for repeated measures needs two visits, and 'change' is measured at "
        "outcome alone after the first dose; add its form to the `do:` of another, or write 'method: ancova' "
        "with 'fixed: arm + baseline + site'",
    ),
    "visit in an analysis of covariance": (
        PRIMARY,
        primary('method: ancova, fixed: "arm * §visit + baseline", contrast: mdma - placebo at outcome'),
        "analysis.primary.fixed: an analysis of covariance looks at one visit; write 'arm + baseline'",
    ),
    "no model": (
        PRIMARY,
        primary("method: ancova, contrast: mdma - placebo at outcome"),
        "analysis.primary.fixed: is missing; write 'fixed: arm + baseline'",
    ),
    "no arm in the model": (
        PRIMARY,
        primary("method: ancova, fixed: §baseline + site, contrast: mdma - placebo at outcome"),
        "analysis.primary.fixed: the arms are not in the model, so nothing compares them; add 'arm'",
    ),
    "a baseline that there is not": (
        CHANGE,
        'value: "symptoms.total", at: outcome',
        "analysis.primary.fixed: 'change' compares with no earlier value, so there is no baseline; take it "
        "out, or write its value as in 'score.total - baseline.score.total'",
    ),
    "a baseline after the outcome": (
        CHANGE,
        'value: "symptoms.total - §outcome.symptoms.total", at: outcome',
        "endpoints.change.value: outcome comes no earlier than outcome; compare with a visit before it",
    ),
    "pooling without sites": (
        PRIMARY,
        primary(
            "method: ancova, fixed: arm + baseline, pool_sites_below: §4, contrast: mdma - placebo at outcome"
        ),
        "analysis.primary.pool_sites_below: 'site' is not in the model; add it, or take this out",
    ),
    "a covariance without a mixed model": (
        PRIMARY,
        f"{PRIMARY}, §covariance: unstructured",
        "analysis.primary.covariance: belongs to mmrm, dunnett, dose_trend; take it out",
    ),
    "degrees of freedom without a mixed model": (
        PRIMARY,
        f"{PRIMARY}, §df: satterthwaite",
        "analysis.primary.df: belongs to mmrm, dunnett, dose_trend, random_effects; take it out",
    ),
    "a contrast where nothing is measured": (
        PRIMARY,
        PRIMARY.replace("at outcome", "at §closing"),
        "analysis.primary.contrast: 'change' is not measured at closing; there are outcome",
    ),
    "an arm with itself": (
        PRIMARY,
        PRIMARY.replace("- placebo", "- §mdma"),
        "analysis.primary.contrast: compares mdma with itself; name two arms",
    ),
    "means of a yes or no": (
        ENDPOINT,
        "endpoint: remission, estimand",
        "analysis.primary.method: compares means, and this endpoint is no number; write 'proportion' or "
        "'describe'",
    ),
    "shares of a number": (
        PRIMARY,
        primary("method: §proportion, contrast: mdma - placebo at outcome"),
        "analysis.primary.method: counts a yes or no, and this endpoint is a number; write 'ancova', 'mmrm' or "
        "'describe', or say what of it is one, as in 'event: {at_most: -10}'",
    ),
    "a model that only describes": (
        PRIMARY,
        primary("method: describe, §fixed: arm"),
        "analysis.primary.fixed: 'describe' compares nothing; take it out",
    ),
    "a key of another method": (
        PRIMARY,
        f"{PRIMARY}, §strata: site",
        "analysis.primary.strata: belongs to van_elteren, gray, log_rank, cox, proportion, mantel_haenszel, cmh; take "
        "it out",
    ),
    "a word that a key does not know": (
        PRIMARY,
        f"{PRIMARY}, weights: §equl",
        "analysis.primary.weights: there is no weights 'equl'; did you mean 'equal'?",
    ),
    "a column that is none": (
        PRIMARY,
        primary("method: van_elteren, strata: [§sit], contrast: mdma - placebo at outcome"),
        "analysis.primary.strata[1]: there is no column 'sit'; did you mean 'site'?",
    ),
    "a subgroup that is no group": (
        PRIMARY,
        primary("method: subgroups, fixed: arm, by: [§age], contrast: mdma - placebo at outcome"),
        "analysis.primary.by[1]: there is no column of groups 'age'; write one of: can_be_pregnant, sex, site",
    ),
    "a method of tables alone": (
        PRIMARY,
        primary("method: §incidence, contrast: mdma - placebo at outcome"),
        "analysis.primary.method: takes rows of events, and an endpoint is none; the report has every event by "
        "arm",
    ),
    "an anchor that is none": (
        PRIMARY,
        primary("method: anchor, anchor: §remision, improved: {at_least: 1}, a_little: {at_least: 1}"),
        "analysis.primary.anchor: there is no endpoint measured beside it 'remision'; did you mean 'remission'?",
    ),
    "what is better of an anchor": (
        PRIMARY,
        primary("method: anchor, anchor: remission, improved: {§over: 1}, a_little: {at_least: 1}"),
        "analysis.primary.improved.over: there is no key of improved 'over'; write one of: at_least, at_most",
    ),
    "an arm of a reference": (
        PRIMARY,
        primary(
            "method: imputed, fixed: arm * visit, reference: §plcebo, contrast: mdma - placebo at outcome"
        ),
        "analysis.primary.reference: there is no arm 'plcebo'; did you mean 'placebo'?",
    ),
    "a limit of an event": (
        PRIMARY,
        primary("method: proportion, event: {§at_last: -10}, contrast: mdma - placebo at outcome"),
        "analysis.primary.event.at_last: there is no key of event 'at_last'; did you mean 'at_least'?",
    ),
    "a contrast of a method without arms": (
        PRIMARY,
        primary("method: paired_t, §contrast: mdma - placebo at outcome"),
        "analysis.primary.contrast: 'paired_t' compares nothing; take it out",
    ),
    "a time that a study has not": (
        PRIMARY,
        primary("method: §log_rank, contrast: mdma - placebo at outcome"),
        "analysis.primary.method: takes the time until an event, and this endpoint is none; say its 'event' in "
        "place of a 'value'",
    ),
    "a text in the model": (
        PRIMARY,
        primary("method: ancova, fixed: arm + §note, contrast: mdma - placebo at outcome"),
        "analysis.primary.fixed: 'note' is a text; models know numbers, choices, and yes or no",
    ),
}


FINE = (
    "method: van_elteren, strata: [site, sex], contrast: mdma - placebo at outcome",
    "method: t_test, level: 0.9, null: -2, side: less, contrast: mdma - placebo at outcome",
    "method: proportion, event: {at_most: -10}, interval: wald, contrast: mdma - placebo at outcome",
    "method: rerandomisation, procedure: blocks, sizes: [2, 4], seed: 1, contrast: mdma - placebo at outcome",
    "method: ancova, fixed: arm + baseline, variance: HC3, contrast: mdma - placebo at outcome",
    "method: paired_t",
    "method: subgroups, fixed: arm + baseline, by: [site, sex], contrast: mdma - placebo at outcome",
    "method: leave_one_out, fixed: arm + baseline, without: site, contrast: mdma - placebo at outcome",
    "method: random_effects, fixed: arm + baseline, random: site, contrast: mdma - placebo at outcome",
    "method: firth, fixed: arm + baseline, event: {at_most: -10}, contrast: mdma - placebo at outcome",
    "method: distribution, cuts: [-10, -20], contrast: mdma - placebo at outcome",
    "method: anchor, anchor: remission, improved: {at_least: 1}, a_little: {at_least: 1}",
    "method: reliable_change, reliability: 0.9, better: lower",
)


def test_every_word_of_the_vocabulary_may_stand_in_a_study_file(mini: str, tmp_path: Path) -> None:
    lines = [
        f"    said_{place}: {{endpoint: change, estimand: de_facto, set: mitt, {said}}}"
        for place, said in enumerate(FINE)
    ]
    (tmp_path / "study.yaml").write_text("\n".join([mini.rstrip(), "  secondary:", *lines, ""]))
    plan = load_study(str(tmp_path)).newest.file.analysis
    assert len(plan.secondary) == len(FINE)
    assert plan.secondary["said_1"].said["null"] == -2


def test_what_a_method_needs_is_asked_for(mini: str, problems_of: Callable[[str], list[str]]) -> None:
    text = mini.replace(PRIMARY, primary("method: van_elteren, contrast: mdma - placebo at outcome"))
    assert [one.partition(" ")[2] for one in problems_of(text)] == [
        "analysis.primary: van_elteren needs 'strata'"
    ]


def test_an_analysis_has_a_field_for_every_key_of_every_method() -> None:
    keys = {key for word in method_words().values() if word.tables is None for key in word.takes}
    assert set(Analysis.model_fields) - EVERY - {"source", "assumption"} == keys


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_fitted_is_found(
    case: str, mini: str, problems_of: Callable[[str], list[str]], edit_gives: Callable[[str, str, str], None]
) -> None:
    old, new, message = CASES[case]
    if "§" in new and "note" not in new:
        edit_gives(old, new, message)
        return
    text = mini.replace(old, new.replace("§", ""))
    text = text.replace(
        "can_be_pregnant: {type: boolean}", "can_be_pregnant: {type: boolean}\n      note: {type: text}"
    )
    assert [problem.partition(" ")[2] for problem in problems_of(text)] == [message]


def test_a_study_of_one_site_has_no_difference_between_sites(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace("  haifa:  {country: IL, timezone: Asia/Jerusalem}\n", "")
    text = text.replace(', haifa: "+972 555 0100"', "")
    (found,) = problems_of(text)
    assert found.endswith(
        "analysis.primary.fixed: there is one site, so nothing differs between sites; take it out"
    )


def test_where_nobody_is_randomised_no_arms_are_compared(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.replace(mini[mini.index("randomisation: {ratio") : mini.index("roles:")], "")
    text = text.replace("enrolment, randomisation]", "enrolment]").replace(
        "  randomisation:\n    require:\n", "  enrolment:\n    require:\n"
    )
    found = [problem.partition(" ")[2] for problem in problems_of(text)]
    assert found == [
        "analysis.primary.method: nobody is randomised, so 'ancova' has no arms to compare; write 'describe'"
    ]


def test_a_secondary_analysis_is_looked_at_as_well(
    mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = f"{mini}\n  secondary: {{again: {{endpoint: remission, estimand: de_facto, set: mitt, method: mmrm}}}}\n"
    (found,) = problems_of(text)
    assert "analysis.secondary.again.method: compares means" in found


def test_with_a_second_visit_the_mixed_model_is_let_be(mini: str, tmp_path: Path) -> None:
    text = mini.replace(
        PRIMARY,
        primary('method: mmrm, fixed: "arm * visit + baseline + site", contrast: mdma - placebo at outcome'),
    ).replace(
        "do: [suicidality, adverse_events, guess]", "do: [suicidality, symptoms, guess, adverse_events]"
    )
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    release = load_study(path).newest
    rule = release.endpoints["change"].rule
    assert measured_at(rule, "outcome", release.forms, release.visits) == ("outcome", "closing")
    again = "secondary: {again: {endpoint: change, estimand: de_facto, set: mitt, contrast: mdma - placebo at outcome, "
    retrieved = "method: retrieved_dropouts, fixed: arm * visit + baseline, after: stopped}}"
    path.write_text(f"{text}\n  {again}{retrieved}\n", encoding="utf-8")
    assert load_study(path).newest.file.analysis.secondary["again"].after == "stopped"
    lasting = "method: durability, fixed: arm * visit + baseline, follow_up: [closing]}}"
    path.write_text(f"{text}\n  {again}{lasting}\n", encoding="utf-8")
    assert load_study(path).newest.file.analysis.secondary["again"].follow_up == ["closing"]
    mean = "method: mmrm, fixed: arm * visit + baseline, average: [outcome, closing]}}"
    path.write_text(f"{text}\n  {again}{mean}\n", encoding="utf-8")
    assert load_study(path).newest.file.analysis.secondary["again"].average == ["outcome", "closing"]
    for wrong, said in (
        ("[closing]", "the contrast is at outcome, which is none of them"),
        ("[outcome, session_1]", "'change' is not measured at session_1; there are outcome, closing"),
    ):
        own = mean.replace("[outcome, closing]", wrong)
        path.write_text(f"{text}\n  {again}{own}\n", encoding="utf-8")
        with pytest.raises(StudyError, match=said):
            load_study(path)
    for wrong, said in (
        ("outcome", "outcome comes no later than outcome, from which it counts"),
        ("session_1", "'change' is not measured at session_1; there are outcome, closing"),
    ):
        path.write_text(f"{text}\n  {again}{lasting.replace('closing', wrong)}\n", encoding="utf-8")
        with pytest.raises(StudyError, match=said):
            load_study(path)


@pytest.mark.parametrize("name", shipped_studies())
def test_the_plans_of_shipped_studies_can_be_fitted(name: str) -> None:
    assert load_study(name).newest.file.analysis.primary


def test_the_plan_of_a_new_study_can_be_fitted(tmp_path: Path) -> None:
    text = new_study_file("mine")
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_study(path).newest.file.analysis.primary.method == "ancova"
    path.write_text(text.replace("method: ancova, fixed: arm + b", "method: mmrm, fixed: arm * visit + b"))
    with pytest.raises(StudyError, match="needs two visits, and 'pcl5_change' is measured at week_4 alone"):
        load_study(path)


def test_of_a_model_in_one_arm_one_thing_is_told(problems_of: Callable[[str], list[str]]) -> None:
    """Of a study in which nobody is randomised no model can be mended."""
    path = Path(__file__).parents[1] / "studies" / "forms" / "study.yaml"
    text = path.read_text(encoding="utf-8")
    model = "method: mmrm, fixed: visit, covariance: unstructured, df: kenward_roger}"
    assert "set: safety, method: describe}" in text
    (found,) = problems_of(text.replace("set: safety, method: describe}", f"set: safety, {model}"))
    assert found.endswith("nobody is randomised, so 'mmrm' has no arms to compare; write 'describe'")
