"""Every word and option of a plan with an interval stands in the benchmark of coverage."""

from __future__ import annotations

import pytest
from benchmarks.analysis import AT, OF_EVENTS, SAID, TIMES, simulated
from benchmarks.coverage_words import EXACT, STUDIES

from entact.analysis.analyse import analyse
from entact.analysis.words import METHODS

NO_INTERVAL = {
    *("barnard", "boschloo", "van_elteren", "rerandomisation", "gray", "expectancy", "volcano"),
    "dose_day_peaks",
}
"""words of tests alone, and of what is described or counted"""
ALIKE = {"better", "procedure", "fallback"}
"""options that turn a sign or choose what is tested or imputed: each of the last stands with `imputed`"""
MODELS = {"dunnett", "dose_trend"}
"""whose covariances and degrees of freedom are those of `mmrm`"""
TIPPED = {"retrieved_dropouts", "tipping_point"}
"""whose assumptions and inference are those of `imputed`"""


def rows() -> dict[str, list[dict[str, object]]]:
    """Word -> what each row of the benchmark says of it."""
    found: dict[str, list[dict[str, object]]] = {}
    for study in STUDIES.values():
        asked, true = study.asked(study.effects[-1]), study.truths(study.effects[-1])
        for name, said in asked.items():
            if name in true:
                found.setdefault(name.partition(" ")[0], []).append(said)
    return found


def missing(words: dict[str, list[dict[str, object]]]) -> set[str]:
    """What has an interval and no row: a word, or one of its options."""
    out = set()
    for name, word in METHODS.items():
        if name in NO_INTERVAL:
            continue
        if name not in words:
            out.add(name)
            continue
        for key, choices in word.takes.items():
            if not isinstance(choices, tuple) or key in ALIKE or (name in MODELS | TIPPED):
                continue
            seen = {said.get(key) for said in words[name]}
            out |= {f"{name} {key}: {one}" for one in choices if one not in seen}
    return out


def test_every_word_and_option_with_an_interval_has_a_row() -> None:
    assert missing(rows()) == set()


def test_a_word_or_an_option_without_a_row_is_found() -> None:
    words = rows()
    words.pop("cox")
    words["share"] = [one for one in words["share"] if one["interval"] != "wilson"]
    assert missing(words) == {"cox", "share interval: wilson"}


def test_what_is_taken_to_have_no_interval_has_none() -> None:
    frame = simulated()
    for name in sorted(NO_INTERVAL - OF_EVENTS):
        own = {"method": name, "contrast": f"mdma - placebo{AT.get(name, ' at V3')}", **SAID.get(name, {})}
        if name in TIMES:
            own["value"] = "time"
        if name == "rerandomisation":
            own["draws"] = 99
        found = analyse({"visits": ["V1", "V2", "V3"], "analyses": {"one": own}}, frame)["one"]
        assert found.result is not None, (name, found.why)
        assert all(one.low is None and one.high is None for one in found.result), name


def test_what_is_exact_is_called_so_by_its_method() -> None:
    asked = {name for study in STUDIES.values() for name in study.asked(0.0)}
    assert set(EXACT) <= asked


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_each_study_answers_what_it_asks(name: str) -> None:
    """One trial of each: a truth for every row, and an interval or a stated reason."""
    import numpy as np

    study = STUDIES[name]
    effect, people = study.effects[-1], study.sizes[-1]
    plan = study.plan(effect)
    if name == "drawn":
        for own in plan["analyses"].values():
            own["samples"] = 4
        plan["analyses"]["imputed jackknife"].pop("samples")
    found = analyse(plan, study.rows(np.random.default_rng(5), people, effect))
    assert set(study.truths(effect)) <= set(found)
    for one in found.values():
        assert one.result is not None or one.why
    told = [one for one in found.values() if one.result is not None]
    assert len(told) > 0.9 * len(found)
