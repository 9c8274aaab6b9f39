"""Parameters that do not fit the study are refused with the name of what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from entact.cohort import ParametersError
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import load_parameters, require_fit
from entact.cohort.trial import shipped_cohort
from entact.protocol import Study


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    return load_parameters(shipped_cohort("mapp1")).model_dump()


def test_those_that_ship_fit(mapp1: Study, tree: dict[str, Any]) -> None:
    require_fit(Parameters.model_validate(tree), mapp1.newest)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"study": "other"}, "study: there is no study 'other'"),
        (
            {"sites": lambda sites: sites["by_id"].update({"99": sites["by_id"]["01"]})},
            "sites.by_id.99: there is no site '99'",
        ),
        ({"answers": lambda answers: answers.pop("ecg")}, r"answers\.ecg\.qtc: is missing"),
        (
            {"answers": lambda answers: answers.update({"egc": {}})},
            "answers.egc: there is no form 'egc'; did you mean 'ecg'",
        ),
        (
            {"answers": lambda answers: answers["ecg"].update({"qt": {"value": 1}})},
            "answers.ecg.qt: there is no item of ecg 'qt'; did you mean 'qtc'",
        ),
        ({"timepoints": None}, r"timepoints\[2\]: there is no visit 'week_4'"),
        (
            {"adverse_events": lambda ae: ae["terms"][0].update({"term": "Hiccups"})},
            "adverse_events.terms\\[1\\].term: there is no event term 'Hiccups'",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    mapp1: Study, tree: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    import copy

    changed = copy.deepcopy(tree)
    for name, how in change.items():
        if callable(how):
            how(changed[name])
        elif how is None:
            changed["timepoints"][1] = "week_4"
            changed = _renamed(changed, "assessment_2", "week_4")
        else:
            changed[name] = how
    with pytest.raises(ParametersError, match=message):
        require_fit(Parameters.model_validate(changed), mapp1.newest)


def _renamed(tree: Any, old: str, new: str) -> Any:
    if isinstance(tree, dict):
        return {new if key == old else key: _renamed(value, old, new) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_renamed(value, old, new) for value in tree]
    return new if tree == old else tree


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"late_visit": "late_vist"}, ("conduct.chance.late_vist: ", "did you mean 'late_visit'?")),
        ({"    tapers: 0.45\n": ""}, ("conduct.chance: ", "'tapers' is missing")),
        ({"supplement_taken": "supplement_take"}, ("dosing.chance.supplement_take: ", "did you mean")),
    ],
)
def test_a_chance_that_no_rehearsal_asks_for_and_one_that_is_missing_are_told(
    edit: dict[str, str], said: tuple[str, str], tmp_path: Path
) -> None:
    text = shipped_cohort("mapp1").read_text()
    for old, new in edit.items():
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "cohort.yaml"
    path.write_text(text)
    with pytest.raises(ParametersError) as told:
        load_parameters(path)
    assert f"{path}:" in str(told.value)
    for words in said:
        assert words in str(told.value)
