# ruff: noqa: E501 (cases as they stand in a file)
"""Analyses that a study file tests together, guesses and times in its plan: what is said of each mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study
from entact.protocol.plan_data import plan_data

LOOK = "  interim: {information: 0.6, alpha: 0.0001, decides: sample size}\n"
MORE = """
  secondary:
    ranks: {endpoint: change, estimand: de_jure, set: mitt, method: rank_sum, contrast: mdma - placebo at outcome, alpha: 0.0499}
    size: {endpoint: change, estimand: de_jure, set: mitt, method: effect_size, contrast: mdma - placebo at outcome, alpha: 0.0499}
    shift: {endpoint: change, estimand: de_jure, set: mitt, method: rank_sum, side: less, contrast: mdma - placebo at outcome, alpha: 0.0499}
    strict: {endpoint: change, estimand: de_jure, set: mitt, method: t_test, contrast: mdma - placebo at outcome, alpha: 0.01}
"""
TESTED = {
    "a name that means two": (
        "{procedure: §hierarchical, of: [primary, ranks]}",
        "procedure: there is no procedure 'hierarchical'; 'fixed_sequence' tests each once the one before it is "
        "rejected, 'graphical' hands levels on as its graph says",
    ),
    "an unknown procedure": (
        "{procedure: §fixed_sequense, of: [primary, ranks]}",
        "procedure: there is no procedure 'fixed_sequense'; did you mean 'fixed_sequence'?",
    ),
    "no procedure": ("§multiplicity: {of: [primary, ranks]}", "procedure: is missing; write 'procedure: …'"),
    "one alone": (
        "{procedure: holm, §of: [primary]}",
        "of: one analysis alone needs no procedure; name two or more, or take the block out",
    ),
    "an analysis that is none": (
        "{procedure: holm, of: [primary, §rank]}",
        "of[2]: there is no analysis 'rank'; did you mean 'ranks'?",
    ),
    "the same twice": ("{procedure: holm, of: [ranks, §ranks]}", "of[2]: 'ranks' stands twice; take one out"),
    "one without a p": (
        "{procedure: holm, of: [primary, §size]}",
        "of[2]: 'size' is 'effect_size', which gives no one p; take it out",
    ),
    "another level": (
        "{procedure: holm, of: [primary, §strict]}",
        "of[2]: 'strict' is tested at 0.01, and all together at 0.0499; write the same",
    ),
    "another side": (
        "{procedure: holm, of: [primary, §shift]}",
        "of[2]: 'shift' is tested on another side than 'primary'; write one for all",
    ),
    "weights without a graph": (
        "{procedure: holm, of: [primary, ranks], §weights: {primary: 1}}",
        "weights: belongs to 'procedure: graphical'; take it out",
    ),
    "a graph without weights": (
        "§multiplicity: {procedure: graphical, of: [primary, ranks]}",
        ": graphical needs 'weights'; write them, as in {primary: 1}",
    ),
    "weights of more than all": (
        "{procedure: graphical, of: [primary, ranks], §weights: {primary: 0.7, ranks: 0.7}}",
        "weights: these are 1.4 together, and at most 1 can be given",
    ),
    "a share handed to itself": (
        "{procedure: graphical, of: [primary, ranks], weights: {primary: 1}, hand_on: {primary: {§primary: 1}}}",
        "hand_on.primary.primary: hands its share to itself; name another",
    ),
    "a share handed to nobody": (
        "{procedure: graphical, of: [primary, ranks], weights: {primary: 1}, hand_on: {primary: {§strict: 1}}}",
        "hand_on.primary.strict: there is no analysis of the graph 'strict'; write one of: primary, ranks",
    ),
    "a procedure that knows no looks": (
        "{procedure: §hochberg, of: [primary, ranks]}",
        "procedure: hochberg is not known to hold with looks before the end; write holm or graphical",
    ),
}


@pytest.mark.parametrize("case", TESTED)
def test_what_keeps_analyses_from_being_tested_together_is_found(
    case: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    said, message = TESTED[case]
    line = said if "multiplicity:" in said else f"multiplicity: {said}"
    marked = mini.rstrip().replace(LOOK, f"{LOOK}  {line}\n") + MORE
    before = marked[: marked.index("§")]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    field = "analysis.multiplicity" + (message if message[0] == ":" else f".{message}")
    assert f"study.yaml:{place} {field}" in problems_of(marked.replace("§", ""))


PLANNED = {
    "nobody who guesses": (
        "method: by_guess, guess: §therapst, contrast: mdma - placebo at outcome",
        "guess: there is no one who guesses 'therapst'; did you mean 'therapist'?",
    ),
    "a number as a guess": (
        "method: by_guess, guess: §age, contrast: mdma - placebo at outcome",
        "guess: there is no one who guesses 'age'; write one of: ",
    ),
    "no guess": (
        "§method: by_guess, contrast: mdma - placebo at outcome",
        ": by_guess needs 'guess'",
    ),
    "the dose of no arm": (
        "method: dose_trend, fixed: arm + baseline, doses: {mdma: 1, placebo: 0, §mdm: 1}",
        "doses.mdm: there is no arm 'mdm'; did you mean 'mdma'?",
    ),
    "a visit at which arms are equal": (
        "method: mmrm, fixed: arm * visit + baseline, §equal_at: baseline, contrast: mdma - placebo at outcome",
        "equal_at: the rows of a study file are of visits after the first dose; take it out",
    ),
    "what ends a time": (
        "method: cox, §ended: sex, contrast: mdma - placebo at outcome",
        "ended: the endpoint says what ends its time; take it out",
    ),
}


@pytest.mark.parametrize("case", PLANNED)
def test_what_a_guess_or_a_time_cannot_be_is_found(
    case: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    said, message = PLANNED[case]
    more = f"  secondary:\n    more: {{endpoint: change, estimand: de_facto, set: mitt, {said.replace('§', '')}}}\n"
    problems = problems_of(f"{mini.rstrip()}\n{more}")
    if message[0] != ":":  # what is missing is placed at the whole
        line = mini.rstrip().count("\n") + 3
        before = "    more: {endpoint: change, estimand: de_facto, set: mitt, " + said[: said.index("§")]
        message = message.replace("§", "")
        assert any(one.startswith(f"study.yaml:{line}:{len(before) + 1} ") for one in problems), problems
    assert any(
        f"analysis.secondary.more{message if message[0] == ':' else '.' + message}" in one for one in problems
    )


TIMES = {
    "neither a value nor an event": ("worse: {at: closing}", "worse: says neither 'value' nor 'event'"),
    "both": (
        "worse: {value: suicidality.ideation, event: suicidality.behaviour, at: closing}",
        "worse: says a 'value' and an 'event'; take one of them out",
    ),
    "an event that is a number": ("worse: {event: suicidality.ideation, at: closing}", "worse.event:"),
    "counted from no visit": (
        "worse: {event: suicidality.behaviour, after: sesion_1, at: closing}",
        "worse.after: there is no visit 'sesion_1'; did you mean 'session_1'?",
    ),
    "counted from its end": (
        "worse: {event: suicidality.behaviour, after: closing, at: closing}",
        "worse.after: comes no earlier than closing; count from a visit before it",
    ),
    "a value that is counted from somewhere": (
        "worse: {value: suicidality.ideation, after: session_1, at: closing}",
        "worse.after: belongs to the time until an 'event'; take it out",
    ),
}


@pytest.mark.parametrize("case", TIMES)
def test_what_a_time_until_an_event_cannot_be_is_found(
    case: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    said, message = TIMES[case]
    problems = problems_of(mini.replace("endpoints:\n", f"endpoints:\n  {said}\n"))
    assert any(f"endpoints.{message}" in one for one in problems)


UNTIL = "until: {event: suicidality.behaviour, after: session_1, at: closing}"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "estimand: de_jure, set: mitt, method: cox",
            "estimand: a time stands whatever happened; write 'de_facto'",
        ),
        (
            "estimand: de_facto, set: mitt, method: gray, competing: untill",
            "there is no time until another event 'untill'",
        ),
        ("estimand: de_facto, set: mitt, method: gray", "gray needs 'competing'"),
        (
            "estimand: de_facto, set: mitt, method: t_test",
            "method: takes no time, and this endpoint is one; write",
        ),
    ],
)
def test_a_time_is_taken_as_it_is_and_by_methods_for_times(
    said: str, message: str, mini: str, problems_of: Callable[[str], list[str]]
) -> None:
    text = mini.rstrip().replace("endpoints:\n", f"endpoints:\n  {UNTIL}\n")
    text += f"\n  secondary:\n    until: {{endpoint: until, {said}, contrast: mdma - placebo at closing}}\n"
    assert any("analysis.secondary.until" in one and message in one for one in problems_of(text))


def test_words_of_a_plan_become_what_is_run(mini: str, tmp_path: Path) -> None:
    text = mini.rstrip().replace("endpoints:\n", f"endpoints:\n  {UNTIL}\n")
    text = (
        text.replace(LOOK, f"{LOOK}  multiplicity: {{procedure: fixed_sequence, of: [primary, ranks]}}\n")
        + MORE
    )
    text += (
        "    until: {endpoint: until, estimand: de_facto, set: mitt, method: restricted_mean, until: 20, contrast: mdma - placebo at closing}\n"
        "    guessed: {endpoint: change, estimand: de_facto, set: mitt, method: by_guess, guess: rater, contrast: mdma - placebo at outcome}\n"
    )
    (tmp_path / "study.yaml").write_text(text)
    release = load_study(tmp_path).newest
    data = plan_data(release.file, list(release.visits))
    assert data["analyses"]["until"]["ended"] == "ended"
    assert data["analyses"]["guessed"]["guess"] == "guess of rater"
    assert data["multiplicity"]["alpha"] == pytest.approx(0.05)
    assert data["looks"] == {"information": [0.6], "spent": [0.0001], "spending": None}
    assert {name for name, one in data["relies"].items() if "multiplicity" in one} == {"primary", "ranks"}
